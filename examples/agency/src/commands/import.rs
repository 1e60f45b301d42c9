//! `agency import`.

use std::fs;
use std::path::Path;

use dealwright_core::page::{FetchPurpose, SourceName};
use dealwright_core::party::{DomainName, EmailAddress, LegalForm, PhoneNumber};
use dealwright_core::personal::Personal;
use dealwright_core::process::Actor;
use dealwright_core::time::{Clock, Timestamp};
use dealwright_discovery::client::ImportLeads;
use dealwright_discovery::lead::IntakeRecord;
use dealwright_discovery::resolve::{CheckedPlan, Params, Role};
use dealwright_system::SystemClock;
use dealwright_system::files::{CsvFile, ImportMap, RawRow, RowError};
use futures::executor::block_on;
use serde_json::json;

use crate::cli::ImportArgs;
use crate::home;

/// How many reasons are told, the most frequent first.
const REASONS: usize = 20;
/// How many rows are named where they have one reason.
const ROWS: usize = 3;

pub(crate) fn run(home: &Path, args: &ImportArgs, by: &str, json: bool) -> Result<String, String> {
    let map = match &args.map {
        Some(path) => {
            let text = fs::read_to_string(path)
                .map_err(|e| format!("`{}` cannot be read: {e}", path.display()))?;
            ImportMap::parse(&text).map_err(|e| format!("`{}`: {e}", path.display()))?
        }
        None => ImportMap::default(),
    };
    let given = args
        .source
        .as_deref()
        .map(SourceName::parse)
        .transpose()
        .map_err(|e| e.to_string())?;
    let file = CsvFile::open(&args.file, map.format()).map_err(|e| e.to_string())?;
    let now = SystemClock.now();
    let (read, records, refused) = rows(&file, &map, given.as_ref(), now)?;
    if read > 0 && records.is_empty() {
        return Err(none(&args.file, read, &refused));
    }
    let agency = home::open(home, true)?;
    let params = Params::default().check().map_err(|e| e.to_string())?;
    let import = ImportLeads::new(agency.host().clone(), params);
    let report = block_on(import.run(&Actor::person(by), records, now)).map_err(home::told)?;
    let file = args.file.display();
    let reasons = by_reason(&refused);
    for (why, lines) in reasons.iter().take(REASONS) {
        match lines.as_slice() {
            // Few are named one by one, so that each line of the file is found by its number.
            few if few.len() <= ROWS => {
                for line in few {
                    eprintln!("refused, `{file}`, line {line}: {why}");
                }
            }
            many => eprintln!(
                "refused, `{file}`, {} rows ({}): {why}",
                many.len(),
                first_of(many)
            ),
        }
    }
    if reasons.len() > REASONS {
        eprintln!("refused, for {} more reasons", reasons.len() - REASONS);
    }
    if json {
        return Ok(json!({
            "rows": read, "new": report.new, "merged": report.merged,
            "refused": refused.len(), "leads": report.leads, "alike": report.doubts,
        })
        .to_string());
    }
    let mut text = format!(
        "{read} rows: {} new leads, {} joined one, {} known already, {} refused\n{} leads in the store\n",
        report.new,
        report.merged,
        report.known,
        refused.len(),
        report.leads
    );
    if report.doubts > 0 {
        text.push_str(&format!(
            "{} pairs look alike and were not joined: `agency show` tells it of each, `agency join` joins them\n",
            report.doubts
        ));
    }
    if report.leads > 0 {
        text.push_str(&format!(
            "next: agency --home {} run --until-idle",
            home.display()
        ));
    }
    Ok(text)
}

/// Why no row of a table can be taken in, in one line; nothing was begun then.
fn none(file: &Path, read: usize, refused: &[RowError]) -> String {
    let reasons = by_reason(refused);
    let (why, lines) = reasons
        .first()
        .map_or(("", &[][..]), |(why, lines)| (*why, lines.as_slice()));
    let others = match reasons.len().saturating_sub(1) {
        0 => String::new(),
        1 => "; the others have one other reason".to_owned(),
        n => format!("; the others have {n} other reasons"),
    };
    let of = if lines.len() == read {
        format!("none of the {read} rows")
    } else {
        format!(
            "none of the {read} rows, {} of them for this reason,",
            lines.len()
        )
    };
    format!(
        "{of} of `{}` can be taken in ({}): {why}{others}; nothing was taken in",
        file.display(),
        first_of(lines)
    )
}

/// Reasons with the lines they are about, the most frequent first.
fn by_reason(refused: &[RowError]) -> Vec<(&str, Vec<u64>)> {
    let mut reasons: Vec<(&str, Vec<u64>)> = Vec::new();
    for row in refused {
        match reasons.iter_mut().find(|(why, _)| *why == row.why) {
            Some((_, lines)) => lines.push(row.line),
            None => reasons.push((&row.why, vec![row.line])),
        }
    }
    reasons.sort_by_key(|(_, lines)| std::cmp::Reverse(lines.len()));
    reasons
}

/// `line 2`, `lines 2, 3 and 4`, `lines 2, 3, 4 and 17 more`.
fn first_of(lines: &[u64]) -> String {
    let first: Vec<String> = lines.iter().take(ROWS).map(u64::to_string).collect();
    match lines.len().saturating_sub(ROWS) {
        0 if lines.len() == 1 => format!("line {}", first.join("")),
        0 => format!("lines {}", first.join(", ")),
        more => format!("lines {} and {more} more", first.join(", ")),
    }
}

/// What a table holds: its rows as records, and those that cannot be read or used.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) read: usize,
    pub(crate) records: Vec<IntakeRecord>,
    pub(crate) refused: Vec<String>,
}

/// Reads a table by its map.
pub(crate) fn table(
    file: &CsvFile,
    map: &ImportMap,
    given: Option<&SourceName>,
    now: Timestamp,
) -> Result<Table, String> {
    let (read, records, refused) = rows(file, map, given, now)?;
    let path = file.path().display();
    Ok(Table {
        read,
        records,
        refused: refused.iter().map(|e| format!("`{path}`, {e}")).collect(),
    })
}

/// How many rows there are, those that can be used as records, and the others.
type Rows = (usize, Vec<IntakeRecord>, Vec<RowError>);

fn rows(
    file: &CsvFile,
    map: &ImportMap,
    given: Option<&SourceName>,
    now: Timestamp,
) -> Result<Rows, String> {
    map.check_columns(file).map_err(|e| e.to_string())?;
    let mut refused: Vec<RowError> = Vec::new();
    let mut rows: Vec<RawRow> = Vec::new();
    for row in file.rows() {
        match row {
            Ok(row) => rows.push(row),
            Err(error) => refused.push(error),
        }
    }
    let read = rows.len() + refused.len();
    let plan = map
        .plan(file.headings(), &rows, &[])
        .map_err(|e| e.to_string())?;
    let mut records = Vec::new();
    for row in &rows {
        match record(map, &plan, row, given, now) {
            Ok(record) => records.push(record),
            Err(why) => refused.push(RowError {
                line: row.line(),
                why,
            }),
        }
    }
    Ok((read, records, refused))
}

fn record(
    map: &ImportMap,
    plan: &CheckedPlan,
    row: &RawRow,
    given: Option<&SourceName>,
    now: Timestamp,
) -> Result<IntakeRecord, String> {
    let source = map.source_of(row, given).map_err(|e| e.to_string())?;
    let terms = map
        .terms()
        .permit(&source, FetchPurpose::FindLeads, false, now)
        .map_err(|e| e.to_string())?;
    let found = plan.record(map.key_of(row), row.values());
    let first = |role| found.values(role).first().cloned();
    let defaults = map.defaults_of(row);
    let key = map.key_of(row);
    let subject = format!("{}#{key}", source.as_str());
    let mut record = IntakeRecord::new(source.clone(), key, now);
    record.name = first(Role::Name).or_else(|| first(Role::NamePart));
    record.legal_form = record
        .name
        .as_deref()
        .map_or(LegalForm::Unknown, LegalForm::from_name);
    record.street = first(Role::Street);
    record.postal_code = first(Role::PostalCode);
    record.locality = first(Role::City);
    record.country = defaults.country;
    record.zone = defaults.zone.map(|z| z.name().to_owned());
    record.sector = defaults
        .sector
        .clone()
        .or_else(|| first(Role::Category).map(|sector| sector.to_lowercase()));
    // Addresses are taken by validity, whatever the heading says.
    record.email = row
        .values()
        .iter()
        .find_map(|cell| EmailAddress::parse(cell.trim()).ok())
        .map(|e| Personal::new(e, subject.clone()));
    record.phone = found
        .values(Role::Phone)
        .iter()
        .find_map(|p| {
            PhoneNumber::parse(p, defaults.country)
                .or_else(|_| PhoneNumber::parse(p, None))
                .ok()
        })
        .map(|p| Personal::new(p, subject));
    record.website = found
        .values(Role::Website)
        .iter()
        .find_map(|w| DomainName::of_url(w).or_else(|_| DomainName::parse(w)).ok());
    for (name, value) in [
        ("street", &record.street),
        ("postal-code", &record.postal_code),
    ] {
        if let Some(value) = value {
            record.facts.insert(name.to_owned(), value.clone());
        }
    }
    record.attribution = Some(terms.attribution().to_owned());
    record.contact_allowed = true;
    if record.name.is_none() {
        return Err("there is no name in it".to_owned());
    }
    Ok(record)
}
