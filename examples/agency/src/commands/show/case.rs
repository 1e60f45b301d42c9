//! A lead, a deal or a project: what belongs to it, how it ended and why, and what happened.

use dealwright_core::process::{Actor, Process, ProcessKey};
use dealwright_deals::deal::Deal;
use dealwright_delivery::project::{Project, TaskStatus};
use dealwright_discovery::lead::{Lead, LeadState};
use dealwright_runtime::{Agency, Case, CaseEnd};
use serde_json::{Value, json};

use super::letter::{reason, record, record_json, rows_of};
use crate::commands::words::plain;
use crate::home::told;

pub(super) async fn show(
    agency: &Agency,
    by: &Actor,
    key: &ProcessKey,
    json: bool,
) -> Result<String, String> {
    let case = agency.case(by, key).await.map_err(told)?;
    let host = agency.host();
    let (mut name, mut standing, mut lead) = (None, String::new(), None);
    match key.kind() {
        Lead::KIND => {
            if let Some((_, state)) = host.state::<Lead>(key).await.map_err(told)? {
                name = Some(state.profile().display_name());
                standing = state.phase().word().to_owned();
                lead = Some(state);
            }
        }
        Deal::KIND => {
            if let Some((_, state)) = host.state::<Deal>(key).await.map_err(told)? {
                name = state.lead().and_then(|l| l.parts().account_name.clone());
                standing = state.stage().word().to_owned();
            }
        }
        _ => {
            if let Some((_, state)) = host.state::<Project>(key).await.map_err(told)? {
                name = state.deal().and_then(|d| d.parts().client.clone());
                let of = state.tasks().len();
                let runs = state.tasks().iter().filter_map(|t| state.run(t.id()));
                let done = runs.filter(|r| r.status == TaskStatus::Done).count();
                standing = format!("{}, {done} of {of} tasks done", state.phase().word());
            }
        }
    }
    let name = name.unwrap_or_default();
    if json {
        let mut shown = json!({
            "id": key.id(), "kind": key.kind(), "name": name, "standing": standing,
            "links": case.links, "end": case.end, "timeline": case.steps,
            "history": raw(agency, key).await?,
        });
        if let (Some(state), Some(shown)) = (&lead, shown.as_object_mut()) {
            shown.extend(of_lead(state));
        }
        return Ok(shown.to_string());
    }
    Ok(text(key, &name, &standing, lead.as_ref(), &case))
}

fn of_lead(state: &LeadState) -> [(String, Value); 4] {
    let records: Vec<Value> = state.records().iter().map(record_json).collect();
    [
        ("score".to_owned(), json!(state.score())),
        ("tier".to_owned(), json!(state.tier())),
        ("reasons".to_owned(), json!(state.reasons())),
        ("records".to_owned(), json!(records)),
    ]
}

fn text(
    key: &ProcessKey,
    name: &str,
    standing: &str,
    lead: Option<&LeadState>,
    case: &Case,
) -> String {
    let mut rows = vec![(key.kind(), format!("{}  {name}", key.id()))];
    rows.push(("stands", standing.to_owned()));
    if let Some(end) = &case.end {
        rows.push(("because", because(end)));
        rows.extend(end.why.iter().map(|why| ("", why.clone())));
    }
    if let Some(state) = lead {
        let tier = state
            .tier()
            .map_or_else(String::new, |t| format!(", tier {t}"));
        rows.push(("score", format!("{}{tier}", state.score())));
        rows.extend(state.reasons().iter().map(|r| ("", reason(r))));
        rows.push(("rows", rows_of(state)));
        rows.extend(state.records().iter().map(|r| ("", record(r))));
    }
    let links = &case.links;
    if let Some(lead) = links.lead.filter(|_| key.kind() != Lead::KIND) {
        rows.push(("lead", lead.to_string()));
    }
    if key.kind() != Deal::KIND {
        rows.extend(links.deals.iter().map(|d| ("deal", d.to_string())));
    }
    if key.kind() != Project::KIND {
        rows.extend(links.projects.iter().map(|p| ("project", p.to_string())));
    }
    if !links.letters.is_empty() {
        rows.push(("letters", links.letters.join(", ")));
    }
    let mut text = String::new();
    for (name, value) in rows {
        text.push_str(&format!("{name:<9} {value}\n"));
    }
    text.push('\n');
    let wide = case.steps.iter().map(|s| s.event.len()).max().unwrap_or(0);
    for step in &case.steps {
        let by = match step.by.as_str() {
            "system" => String::new(),
            by => format!(" [{by}]"),
        };
        let at = step.at.format("%Y-%m-%d %H:%M:%S");
        text.push_str(&format!("{at}  {:<wide$}  {}{by}\n", step.event, step.what));
    }
    text
}

/// The reason, the rule and what it rests on, and the event that says so.
fn because(end: &CaseEnd) -> String {
    let mut text = end.reason.clone();
    if let Some(title) = &end.title {
        text.push_str(&format!(", {title}"));
    }
    if let Some(source) = &end.source {
        text.push_str(&format!(" ({source})"));
    }
    if let Some(event) = &end.event {
        text.push_str(&format!(" [{event}]"));
    }
    text
}

/// The steps of the process itself, as they are kept.
async fn raw(agency: &Agency, key: &ProcessKey) -> Result<Vec<Value>, String> {
    let mut steps = Vec::new();
    for envelope in agency.host().store().history(key).await.map_err(told)? {
        let outcome = serde_json::to_value(&envelope.outcome).map_err(|e| e.to_string())?;
        steps.push(json!({
            "revision": envelope.revision, "at": envelope.at,
            "input": envelope.input.key.as_str(), "actor": envelope.input.actor,
            "events": names(&outcome),
        }));
    }
    Ok(steps)
}

/// The names of what a step recorded.
fn names(outcome: &Value) -> String {
    if let Some(refused) = outcome.get("refused") {
        let rule = refused.get("rule").map(plain).unwrap_or_default();
        let reason = refused.get("reason").map(plain).unwrap_or_default();
        return format!("refused by {rule}: {reason}");
    }
    let events = outcome.get("decided").and_then(Value::as_array);
    let named = events.into_iter().flatten().filter_map(|e| e.get("body"));
    let named = named.map(|body| match body {
        Value::Object(map) => map.keys().next().cloned().unwrap_or_default(),
        other => plain(other),
    });
    named.collect::<Vec<_>>().join(", ")
}
