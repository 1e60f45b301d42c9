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

#[cfg(test)]
mod tests;

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
