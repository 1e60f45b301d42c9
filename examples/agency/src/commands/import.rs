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
use dealwright_system::files::{CsvFile, ImportMap, RawRow};
use futures::executor::block_on;
use serde_json::json;

use crate::cli::ImportArgs;
use crate::home;

/// How many refused rows are named one by one.
const NAMED: usize = 20;

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
    let Table {
        read,
        records,
        refused,
    } = table(&file, &map, given.as_ref(), now)?;
    let agency = home::open(home, true)?;
    let params = Params::default().check().map_err(|e| e.to_string())?;
    let import = ImportLeads::new(agency.host().clone(), params);
    let report = block_on(import.run(&Actor::person(by), records, now)).map_err(home::told)?;
    for why in refused.iter().take(NAMED) {
        eprintln!("refused, {why}");
    }
    if refused.len() > NAMED {
        eprintln!("refused, {} more of them", refused.len() - NAMED);
    }
    Ok(if json {
        json!({
            "rows": read, "new": report.new, "merged": report.merged,
            "refused": refused.len(), "leads": report.leads,
        })
        .to_string()
    } else {
        format!(
            "{read} rows: {} new leads, {} joined one, {} known already, {} refused\n{} leads in the store\nnext: agency --home {} run --until-idle",
            report.new,
            report.merged,
            report.known,
            refused.len(),
            report.leads,
            home.display()
        )
    })
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
    map.check_columns(file).map_err(|e| e.to_string())?;
    let mut refused: Vec<String> = Vec::new();
    let mut rows: Vec<RawRow> = Vec::new();
    for row in file.rows() {
        match row {
            Ok(row) => rows.push(row),
            Err(error) => refused.push(format!("`{}`, {error}", file.path().display())),
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
            Err(why) => {
                let (path, line) = (file.path().display(), row.line());
                refused.push(format!("`{path}`, line {line}: {why}"));
            }
        }
    }
    Ok(Table {
        read,
        records,
        refused,
    })
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
