//! What letters may say: each kind of letter with the values that are at hand when it is written.
//!
//! Letters are written long after a business was read, in the midst of a deal. A misspelt name would
//! stop the deal there, so it is found here, before anything is opened.

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::knowledge::{OutputKind, Playbook, RenderError, Templates, TemplatesParams};
use dealwright_core::party::Language;
use dealwright_deals::contract::DunningSchedule;
use serde_json::{Map, Value};

use super::BusinessError;

/// In every letter.
const ALWAYS: [&str; 5] = [
    "business",
    "registered",
    "greeting",
    "sender",
    "organisation",
];
/// In letters of deals: what is offered.
const OFFERED: [&str; 4] = ["service", "service_summary", "outcome", "findings"];
const TERMS: [&str; 3] = ["total", "reply_by", "valid_until"];
const INVOICE: [&str; 3] = ["number", "amount", "due"];

/// Letters of deals that have names of their own, with what they know besides.
const DEALS: [(&str, &[&str]); 8] = [
    ("inquiry", &["question"]),
    ("question", &["question"]),
    ("proposal", &["total", "reply_by", "valid_until", "given"]),
    (
        "counter-offer",
        &["total", "reply_by", "valid_until", "given"],
    ),
    ("about-ai", &[]),
    ("about-proposal", &[]),
    ("contract", &["document"]),
    ("invoice", &INVOICE),
];

const PROJECTS: [(&str, &[&str]); 8] = [
    ("project-plan", &["end"]),
    ("project-input", &["input"]),
    (
        "project-handover",
        &["milestone", "deliverables", "answer_by"],
    ),
    ("project-status", &["done", "tasks", "end"]),
    ("project-change-order", &[]),
    ("project-deemed", &["milestone", "days"]),
    ("project-report", &[]),
    ("project-feedback-reminder", &[]),
];

/// Where a template stands: its file, the whole text of it, and where in that it begins.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) text: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Where each template stands, by name and kind.
pub(super) type Places = BTreeMap<(String, OutputKind), Place>;

impl Place {
    /// Line and column, from 1, of the first tag that names `variable`, else of the template.
    fn of(&self, variable: &str) -> (usize, usize) {
        let own = self.text.get(self.start..self.end).unwrap_or_default();
        let tag = own.match_indices("{{").find_map(|(open, _)| {
            let inside = own.get(open + 2..)?.split("}}").next()?;
            let word = |c: char| !(c.is_alphanumeric() || "_.@".contains(c));
            let named = !variable.is_empty() && inside.split(word).any(|w| w == variable);
            named.then_some(open)
        });
        line_and_column(&self.text, self.start + tag.unwrap_or(0))
    }
}

/// Line and column, from 1, of a place in a text.
pub(super) fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let last = before.rsplit('\n').next().unwrap_or_default();
    (line, last.chars().count() + 1)
}

/// Compiles the templates, and writes every letter once with the values it will have.
///
/// A name that stands only where a condition leads otherwise is found when the letter is written.
pub(super) fn check(
    sources: &TemplatesParams,
    places: &Places,
    playbook: &Playbook,
    dunning: &DunningSchedule,
) -> Result<Templates, BusinessError> {
    let told = |id: &str, kind: OutputKind, variable: &str, what: String| {
        let place = places.get(&(id.to_owned(), kind));
        BusinessError::Template {
            place: place.map_or_else(
                || "`templates/`".to_owned(),
                |place| {
                    let (line, column) = place.of(variable);
                    format!("`{}`, line {line}, column {column}", place.file)
                },
            ),
            what,
        }
    };
    for source in &sources.templates {
        let alone = TemplatesParams {
            templates: vec![source.clone()],
        };
        alone
            .check()
            .map_err(|e| told(&source.id, source.kind, "", e.to_string()))?;
    }
    let templates = sources.clone().check().map_err(|e| BusinessError::Part {
        part: "templates",
        what: e.to_string(),
    })?;
    let needed = letters(playbook, dunning);
    // The same letters in other languages.
    let ids = needed.keys().cloned().collect();
    let translated: BTreeMap<String, Vec<&str>> = translated(sources, &ids)
        .filter_map(|(id, own, _)| Some((id.to_owned(), needed.get(own)?.clone())))
        .collect();
    for (id, known) in needed.iter().chain(&translated) {
        for kind in [OutputKind::Header, OutputKind::Text] {
            write(&templates, kind, id, known).map_err(|error| match &error {
                RenderError::Missing { variable, .. } => told(
                    id,
                    kind,
                    variable,
                    format!(
                        "the letter `{id}` ({kind}) has no `{variable}`; it knows {}, and `fact_...`",
                        known.join(", ")
                    ),
                ),
                _ => told(id, kind, "", error.to_string()),
            })?;
        }
    }
    Ok(templates)
}

/// The names of the letters that will be written.
pub(super) fn needed(playbook: &Playbook, dunning: &DunningSchedule) -> BTreeSet<String> {
    letters(playbook, dunning).into_keys().collect()
}

/// The templates that are one of `needed` in another language: its name, that of the letter, and
/// the language.
pub(super) fn translated<'a>(
    sources: &'a TemplatesParams,
    needed: &BTreeSet<String>,
) -> impl Iterator<Item = (&'a str, &'a str, Language)> {
    sources.templates.iter().filter_map(|source| {
        let (own, tag) = source.id.as_str().rsplit_once('-')?;
        let language = Language::parse(tag).ok()?;
        needed
            .contains(own)
            .then_some((source.id.as_str(), own, language))
    })
}

/// The letters that will be written, with the names of the values that each has.
fn letters(playbook: &Playbook, dunning: &DunningSchedule) -> BTreeMap<String, Vec<&'static str>> {
    let with = |more: &[&[&'static str]]| -> Vec<&'static str> {
        let own = more.iter().flat_map(|names| names.iter().copied());
        ALWAYS.into_iter().chain(own).collect()
    };
    let mut letters = BTreeMap::new();
    for (id, own) in PROJECTS {
        letters.insert(id.to_owned(), with(&[own]));
    }
    for (id, own) in DEALS {
        letters.insert(id.to_owned(), with(&[&OFFERED, own]));
    }
    for step in playbook.steps() {
        letters.insert(step.template.to_string(), with(&[&OFFERED]));
    }
    let reminder = playbook.proposal().template.to_string();
    letters.insert(reminder, with(&[&OFFERED, &TERMS]));
    for step in dunning.steps().iter().filter(|step| !step.person) {
        letters.insert(step.template.to_string(), with(&[&OFFERED, &INVOICE]));
    }
    letters
}

/// Writes a letter with an example of each value. Facts differ from lead to lead: any may be
/// asked for.
fn write(
    templates: &Templates,
    kind: OutputKind,
    id: &str,
    known: &[&str],
) -> Result<(), RenderError> {
    let mut values: Map<String, Value> = known
        .iter()
        .map(|name| ((*name).to_owned(), Value::from("2026-01-01")))
        .collect();
    loop {
        match templates.render(kind, id, &Value::Object(values.clone())) {
            Ok(_) => return Ok(()),
            Err(RenderError::Missing { variable, .. })
                if variable.starts_with("fact_") && !values.contains_key(&variable) =>
            {
                values.insert(variable, Value::from("2026-01-01"));
            }
            Err(error @ (RenderError::Missing { .. } | RenderError::NoTemplate { .. })) => {
                return Err(error);
            }
            // An example is not the value: its form and length say nothing.
            Err(_) => return Ok(()),
        }
    }
}
