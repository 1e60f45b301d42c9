//! Learning and scoring on a folder with `train.csv` and `test.csv` (target column `y`): one JSON line a figure.
//!
//! `cargo bench -p dealwright-discovery --bench score -- ../shared/data/scoring/x_education`

#![expect(
    clippy::disallowed_methods,
    reason = "a bench reads files and the clock"
)]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use dealwright_discovery::facts::FactName;
use dealwright_discovery::score::train::{TrainParams, TrainingColumn, TrainingTable, train};

fn main() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::args()
        .skip(1)
        .find(|a| !a.starts_with('-'))
        .map(PathBuf::from)
    else {
        println!("skipped: name a folder with train.csv and test.csv");
        return Ok(());
    };
    let (header, columns, outcomes) = read(&folder.join("train.csv"))?;
    let named = header.iter().zip(&columns).filter(|(name, _)| *name != "y");
    let columns = named
        .map(|(name, values)| {
            Ok(TrainingColumn::new(
                FactName::parse(name.as_str())?,
                values.clone(),
            ))
        })
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let table = TrainingTable::new(columns, outcomes)?;
    let begun = Instant::now();
    let (card, report) = train("y", &table, &TrainParams::default().check()?)?.into_parts();
    line("train_ms", begun.elapsed().as_millis(), "ms");
    line("cross_validated_auc_ppm", report.auc_ppm, "ppm");
    line(
        "cross_validated_log_loss_micro",
        report.log_loss_micro,
        "micronats",
    );

    let (header, columns, outcomes) = read(&folder.join("test.csv"))?;
    let bound = card.bind(&header)?;
    let field = |row: usize| {
        let columns = &columns;
        move |column: usize| {
            columns
                .get(column)
                .and_then(|c| c.get(row))
                .map(String::as_str)
        }
    };
    let begun = Instant::now();
    let mut scores: Vec<(i64, bool)> = outcomes
        .iter()
        .enumerate()
        .map(|(row, y)| (bound.score(field(row)).total(), *y))
        .collect();
    let micros = begun.elapsed().as_micros().max(1);
    line(
        "rows_per_second",
        outcomes.len() as u128 * 1_000_000 / micros,
        "rows/s",
    );
    scores.sort_unstable();
    let (mut below, mut halves) = (0_usize, 0_usize);
    for tied in scores.chunk_by(|a, b| a.0 == b.0) {
        let positives = tied.iter().filter(|(_, y)| *y).count();
        halves += positives * (2 * below + tied.len() - positives);
        below += tied.len() - positives;
    }
    let pairs = (2 * below * (scores.len() - below)).max(1);
    line("test_auc_ppm", halves * 1_000_000 / pairs, "ppm");
    Ok(())
}

fn line(figure: &str, value: impl std::fmt::Display, unit: &str) {
    println!(r#"{{"bench":"score","figure":"{figure}","value":{value},"unit":"{unit}"}}"#);
}

type Table = (Vec<String>, Vec<Vec<String>>, Vec<bool>);

fn read(path: &std::path::Path) -> Result<Table, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(path)?;
    let header: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let target = header
        .iter()
        .position(|name| name == "y")
        .ok_or("no column `y`")?;
    let mut columns = vec![Vec::new(); header.len()];
    let mut outcomes = Vec::new();
    for record in reader.records() {
        let record = record?;
        outcomes.push(record.get(target) == Some("1"));
        for (column, field) in columns.iter_mut().zip(&record) {
            column.push(field.to_owned());
        }
    }
    Ok((header, columns, outcomes))
}
