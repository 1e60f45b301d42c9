//! `agency score`: learns a scorecard from a table and applies it to another.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use dealwright_discovery::facts::FactName;
use dealwright_discovery::score::train::{
    ColumnKind, TrainParams, TrainReport, TrainingColumn, TrainingTable, train,
};
use dealwright_discovery::score::{BannedInputs, RowScore, Scorecard};

use crate::files::replace;

/// `agency score ...`
#[derive(Debug, Args)]
pub(crate) struct ScoreArgs {
    #[command(subcommand)]
    command: ScoreCommand,
}

#[derive(Debug, Subcommand)]
enum ScoreCommand {
    /// Learn a scorecard from a table of outcomes
    Train(TrainArgs),
    /// Score the rows of a table
    Apply(ApplyArgs),
}

#[derive(Debug, Args)]
struct TrainArgs {
    /// The table, CSV with a header; an empty field is a missing value
    #[arg(long, value_name = "F.csv")]
    data: PathBuf,
    /// The column with the outcome: 1 or 0, yes or no, true or false
    #[arg(long, value_name = "COL")]
    target: String,
    /// Where the scorecard goes
    #[arg(long, value_name = "MODEL.json")]
    out: PathBuf,
    /// Columns to read as numbers, whatever they look like
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    numeric: Vec<String>,
    /// Columns to read as words, whatever they look like
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    categorical: Vec<String>,
    /// Columns to leave out
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    ignore: Vec<String>,
    /// Decides the folds of the cross-validation
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Args)]
struct ApplyArgs {
    /// A scorecard that `score train` wrote
    #[arg(long, value_name = "MODEL.json")]
    model: PathBuf,
    /// The table, CSV with a header; columns the scorecard does not read are passed over
    #[arg(long, value_name = "F.csv")]
    data: PathBuf,
    /// Where the scores go
    #[arg(long, value_name = "S.csv")]
    out: PathBuf,
    /// Write the points of every feature as well
    #[arg(long)]
    reasons: bool,
}

/// Runs `agency score` and returns what goes to stdout.
///
/// # Errors
///
/// One line: what, where, what to do. Nothing is written then.
pub(crate) fn run(args: &ScoreArgs, json: bool) -> Result<String, String> {
    match &args.command {
        ScoreCommand::Train(args) => learn(args, json),
        ScoreCommand::Apply(args) => apply(args, json),
    }
}

fn learn(args: &TrainArgs, json: bool) -> Result<String, String> {
    let table = read_table(args)?;
    let mut params = TrainParams::default();
    params.seed = args.seed;
    let told = |error: &dyn std::fmt::Display| format!("{error}, in {}", args.data.display());
    let params = params.check().map_err(|error| error.to_string())?;
    let (card, report) = train(&args.target, &table, &params)
        .map_err(|error| told(&error))?
        .into_parts();
    for (input, because) in card.banned_inputs(&BannedInputs::standard()) {
        eprintln!(
            "warning: column `{input}` stands for a protected trait ({because}); leads will not be scored with this card, leave it out with --ignore"
        );
    }
    replace(&args.out, |out| {
        serde_json::to_writer_pretty(&mut *out, &card).map_err(|error| error.to_string())?;
        writeln!(out).map_err(|error| error.to_string())
    })?;
    if json {
        return serde_json::to_string(&report)
            .map(|line| line + "\n")
            .map_err(|error| error.to_string());
    }
    Ok(describe(&report, &args.out))
}

fn describe(report: &TrainReport, out: &Path) -> String {
    let mut text = format!(
        "learnt from {} of {} rows, {} with the outcome, {} features\n",
        report.used, report.rows, report.positives, report.features
    );
    if !report.left_out.is_empty() {
        text += &format!(
            "left out, since they do not vary: {}\n",
            report.left_out.join(", ")
        );
    }
    text += "on rows that the model had not seen (cross-validated):\n";
    text += &format!("  AUC       {}\n", decimal(report.auc_ppm, 4));
    text += &format!("  log loss  {}\n", decimal(report.log_loss_micro, 4));
    text += "  calibration, by rising probability:\n      rows  foretold      seen\n";
    for row in &report.calibration {
        let (foretold, seen) = (decimal(row.foretold_ppm, 4), decimal(row.seen_ppm, 4));
        text += &format!("  {:>8}  {foretold:>8}  {seen:>8}\n", row.rows);
    }
    text + &format!("wrote {}\n", out.display())
}

/// Millionths as a decimal with that many digits, halves up.
fn decimal(millionths: u32, digits: u32) -> String {
    let unit = 10_u64.pow(6 - digits);
    let rounded = (u64::from(millionths) + unit / 2) / unit;
    let one = 10_u64.pow(digits);
    let width = digits as usize;
    format!("{}.{:0width$}", rounded / one, rounded % one)
}

fn read_table(args: &TrainArgs) -> Result<TrainingTable, String> {
    let path = args.data.display();
    let (mut reader, header) = open(&args.data)?;
    let target = header
        .iter()
        .position(|name| *name == args.target)
        .ok_or_else(|| {
            format!(
                "target column `{}` is missing, in {path}, name one of: {}",
                args.target,
                header.join(", ")
            )
        })?;
    let numeric: BTreeSet<&str> = args.numeric.iter().map(|name| name.trim()).collect();
    let categorical: BTreeSet<&str> = args.categorical.iter().map(|name| name.trim()).collect();
    let ignored: BTreeSet<&str> = args.ignore.iter().map(|name| name.trim()).collect();
    for name in numeric.iter().chain(&categorical).chain(&ignored) {
        if !header.iter().any(|column| column == name) {
            return Err(format!(
                "column `{name}` is missing, in {path}, name columns of its header"
            ));
        }
    }
    if let Some(name) = numeric.intersection(&categorical).next() {
        return Err(format!(
            "column `{name}` is declared numeric and categorical, on the command line, choose one"
        ));
    }
    let mut values: Vec<Vec<String>> = vec![Vec::new(); header.len()];
    let mut outcomes = Vec::new();
    let mut record = csv::StringRecord::new();
    while read(&mut reader, &mut record, &args.data)? {
        let line = record.position().map_or(0, csv::Position::line);
        let text = record.get(target).unwrap_or("");
        outcomes.push(outcome(text).ok_or_else(|| {
            format!(
                "`{text}` in target column `{}` is no outcome, in {path} line {line}, write 1 or 0",
                args.target
            )
        })?);
        for (column, field) in values.iter_mut().zip(&record) {
            column.push(field.to_owned());
        }
    }
    if outcomes.is_empty() {
        return Err(format!(
            "there are no rows, in {path}, add rows below the header"
        ));
    }
    let columns = header
        .iter()
        .zip(values)
        .enumerate()
        .filter(|(index, (name, _))| *index != target && !ignored.contains(name.as_str()))
        .map(|(_, (name, values))| {
            let column = FactName::parse(name.as_str())
                .map(|fact| TrainingColumn::new(fact, values))
                .map_err(|error| format!("{error}, in the header of {path}"))?;
            Ok(
                match (
                    numeric.contains(name.as_str()),
                    categorical.contains(name.as_str()),
                ) {
                    (true, _) => column.with_kind(ColumnKind::Numeric),
                    (false, true) => column.with_kind(ColumnKind::Categorical),
                    (false, false) => column,
                },
            )
        })
        .collect::<Result<_, String>>()?;
    TrainingTable::new(columns, outcomes).map_err(|error| format!("{error}, in {path}"))
}

fn outcome(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "1.0" | "yes" | "y" | "true" | "t" => Some(true),
        "0" | "0.0" | "no" | "n" | "false" | "f" => Some(false),
        _ => None,
    }
}

fn apply(args: &ApplyArgs, json: bool) -> Result<String, String> {
    let model = args.model.display();
    let text = fs::read_to_string(&args.model)
        .map_err(|error| format!("cannot read the scorecard ({error}), {model}, give a file that `agency score train` wrote"))?;
    let card: Scorecard = serde_json::from_str(&text).map_err(|error| {
        format!("not a scorecard ({error}), {model}, give a file that `agency score train` wrote")
    })?;
    let (mut reader, header) = open(&args.data)?;
    let bound = card
        .bind(&header)
        .map_err(|error| format!("{error}, in {}", args.data.display()))?;
    let mut rows = 0_u64;
    replace(&args.out, |out| {
        let failed = |error: csv::Error| format!("cannot write ({error})");
        let mut writer = csv::Writer::from_writer(out);
        let mut head = vec!["row", "probability", "score"];
        head.extend(args.reasons.then_some("reasons"));
        writer.write_record(&head).map_err(failed)?;
        let mut record = csv::StringRecord::new();
        while read(&mut reader, &mut record, &args.data)? {
            let scored = bound.score(|column| record.get(column));
            let mut fields = vec![
                rows.to_string(),
                decimal(scored.probability_ppm(), 6),
                scored.total().to_string(),
            ];
            fields.extend(args.reasons.then(|| reasons(&scored)));
            writer.write_record(&fields).map_err(failed)?;
            rows += 1;
        }
        writer
            .flush()
            .map_err(|error| format!("cannot write ({error})"))
    })?;
    Ok(if json {
        serde_json::json!({"rows": rows, "out": args.out.display().to_string()}).to_string() + "\n"
    } else {
        format!("scored {rows} rows, wrote {}\n", args.out.display())
    })
}

/// `feature=points` joined by `;`. A `;` in a name becomes a comma, so that the parts can be told apart.
fn reasons(scored: &RowScore<'_>) -> String {
    let parts: Vec<String> = scored
        .parts()
        .map(|(name, points)| format!("{}={points}", name.replace(';', ",")))
        .collect();
    parts.join(";")
}

type Reader = csv::Reader<BufReader<File>>;

/// Opens a table and reads its header, without a byte order mark and blanks around the names.
fn open(path: &Path) -> Result<(Reader, Vec<String>), String> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| {
        format!("cannot open the table ({error}), {shown}, give a CSV file with a header")
    })?;
    let mut reader = csv::ReaderBuilder::new().from_reader(BufReader::new(file));
    let header = reader.headers().map_err(|error| unreadable(&error, path))?;
    let names: Vec<String> = header
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').trim().to_owned())
        .collect();
    if names.is_empty() {
        return Err(format!(
            "the table is empty, {shown}, give a CSV file with a header"
        ));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
        return Err(format!(
            "column `{twice}` stands twice, in the header of {shown}, rename one"
        ));
    }
    Ok((reader, names))
}

fn read(reader: &mut Reader, record: &mut csv::StringRecord, path: &Path) -> Result<bool, String> {
    reader
        .read_record(record)
        .map_err(|error| unreadable(&error, path))
}

fn unreadable(error: &csv::Error, path: &Path) -> String {
    let path = path.display();
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => {
            format!("the text is not UTF-8, in {path} line {line}, save the table as UTF-8")
        }
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!(
                "the row has {len} fields, the header {expected_len}, in {path} line {line}, mend the row"
            )
        }
        _ => {
            format!("the table cannot be read ({error}), in {path}, give a CSV file with a header")
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        score: ScoreArgs,
    }

    fn call(folder: &Path, line: &str) -> Result<String, String> {
        let line = line.replace("@", &format!("{}/", folder.display()));
        let program = Program::try_parse_from(std::iter::once("score").chain(line.split(' ')));
        run(&program.map_err(|error| error.to_string())?.score, false)
    }

    fn table(rows: u32) -> String {
        let mut text = "visits,sector,y\n".to_owned();
        for row in 0..rows {
            let sector = ["dentist", "florist", ""][row as usize % 3];
            text += &format!(
                "{},{sector},{}\n",
                row % 17,
                u32::from(row % 17 + row % 5 > 11)
            );
        }
        text
    }

    #[test]
    fn reasons_of_every_row_sum_to_its_score() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("t.csv"), table(600)).unwrap();
        let told = call(
            folder.path(),
            "train --data @t.csv --target y --out @m.json",
        )
        .unwrap();
        assert!(told.contains("AUC") && told.contains("log loss"), "{told}");
        call(
            folder.path(),
            "apply --model @m.json --data @t.csv --out @s.csv --reasons",
        )
        .unwrap();
        let mut scores = csv::Reader::from_path(folder.path().join("s.csv")).unwrap();
        assert_eq!(
            scores.headers().unwrap(),
            vec!["row", "probability", "score", "reasons"]
        );
        let mut rows = 0;
        for record in scores.records() {
            let record = record.unwrap();
            assert_eq!(record[0], rows.to_string());
            let sum: i64 = record[3]
                .split(';')
                .map(|r| r.rsplit('=').next().unwrap().parse::<i64>().unwrap())
                .sum();
            assert_eq!(sum, record[2].parse::<i64>().unwrap());
            rows += 1;
        }
        assert_eq!(rows, 600);
        call(
            folder.path(),
            "apply --model @m.json --data @t.csv --out @s.csv",
        )
        .unwrap();
        let bare = fs::read_to_string(folder.path().join("s.csv")).unwrap();
        assert!(
            bare.starts_with("row,probability,score\n0,0."),
            "{bare:.60}"
        );
    }

    #[test]
    fn bad_input_is_one_line_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
        put("t.csv", table(60).as_bytes());
        put("maybe.csv", b"x,y\n1,1\n2,maybe\n");
        put("ragged.csv", b"x,y\n1,1\n2\n");
        put("latin.csv", b"x,y\nM\xfcller,1\n");
        put("twice.csv", b"x,x,y\n1,1,1\n");
        put("one.csv", b"x,y\n1,1\n2,1\n");
        put("empty.csv", b"");
        put("m.json", b"{\"format\": \"other\"}");
        let before = fs::read_dir(folder.path()).unwrap().count();
        for (line, said) in [
            (
                "train --data @t.csv --target z --out @o",
                "target column `z` is missing",
            ),
            ("train --data @maybe.csv --target y --out @o", "line 3"),
            (
                "train --data @ragged.csv --target y --out @o",
                "1 fields, the header 2",
            ),
            ("train --data @latin.csv --target y --out @o", "UTF-8"),
            (
                "train --data @twice.csv --target y --out @o",
                "column `x` stands twice",
            ),
            (
                "train --data @one.csv --target y --out @o",
                "0 without the outcome",
            ),
            ("train --data @empty.csv --target y --out @o", "empty"),
            ("train --data @none.csv --target y --out @o", "cannot open"),
            (
                "train --data @t.csv --target y --out @o --numeric sector",
                "declared numeric",
            ),
            (
                "train --data @t.csv --target y --out @o --numeric a,b",
                "column `a` is missing",
            ),
            (
                "train --data @t.csv --target y --out @o --numeric visits --categorical visits",
                "choose one",
            ),
            (
                "apply --model @m.json --data @t.csv --out @o",
                "not a scorecard",
            ),
        ] {
            let error = call(folder.path(), line).unwrap_err();
            assert!(
                error.contains(said) && !error.trim().contains('\n'),
                "{line}: {error}"
            );
        }
        call(
            folder.path(),
            "train --data @t.csv --target y --out @m.json",
        )
        .unwrap();
        let error = call(
            folder.path(),
            "apply --model @m.json --data @maybe.csv --out @o",
        )
        .unwrap_err();
        assert!(error.contains("column `visits`"), "{error}");
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            before,
            "something was left behind"
        );
    }

    #[test]
    fn learns_real_leads_better_than_a_plain_regression() {
        let data = std::env::var("DEALWRIGHT_DATA").map_or_else(
            |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
            PathBuf::from,
        );
        let data = data.join("scoring/x_education");
        if !data.join("test.csv").exists() {
            println!("skipped: no data at {}", data.display());
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let from = data.display();
        call(
            folder.path(),
            &format!("train --data {from}/train.csv --target y --out @m.json"),
        )
        .unwrap();
        call(
            folder.path(),
            &format!("apply --model @m.json --data {from}/test.csv --out @s.csv --reasons"),
        )
        .unwrap();
        let column = |path: &Path, name: &str| -> Vec<String> {
            let mut table = csv::Reader::from_path(path).unwrap();
            let at = table
                .headers()
                .unwrap()
                .iter()
                .position(|h| h == name)
                .unwrap();
            table.records().map(|r| r.unwrap()[at].to_owned()).collect()
        };
        let scores = column(&folder.path().join("s.csv"), "score");
        let reasons = column(&folder.path().join("s.csv"), "reasons");
        let truth = column(&data.join("test.csv"), "y");
        let (mut won, mut lost) = (Vec::new(), Vec::new());
        for ((score, reasons), y) in scores.iter().zip(&reasons).zip(&truth) {
            let score: i64 = score.parse().unwrap();
            let sum: i64 = reasons
                .split(';')
                .map(|r| r.rsplit('=').next().unwrap().parse::<i64>().unwrap())
                .sum();
            assert_eq!(sum, score);
            if y == "1" {
                won.push(score)
            } else {
                lost.push(score)
            }
        }
        lost.sort_unstable();
        let halves: usize = won
            .iter()
            .map(|score| lost.partition_point(|l| l < score) + lost.partition_point(|l| l <= score))
            .sum();
        let ppm = halves * 500_000 / (won.len() * lost.len());
        assert!(ppm >= 885_000, "AUC {ppm} ppm");
    }
}
