//! `agency show`.

use std::path::Path;

use dealwright_core::access::Action;
use dealwright_discovery::lead::Lead;
use dealwright_simulation::processes;
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::commands::drafts::drafts;
use crate::commands::leads::plain;
use crate::home::{self, told};

/// One lead, deal or draft with its history.
pub(crate) fn show(home: &Path, id: &str, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::ReadPersons)?;
    let host = agency.host();
    block_on(async {
        let keys = processes(host).await.map_err(told)?;
        let all = drafts(host, &keys).await?;
        if let Some(draft) = all.iter().find(|d| d.id == id) {
            return Ok(if json {
                json!({"id": draft.id, "intent": draft.intent, "subject": draft.subject, "text": draft.text}).to_string()
            } else {
                format!("Subject: {}\n\n{}", draft.subject, draft.text)
            });
        }
        let key = keys.iter().find(|k| k.id() == id).ok_or_else(|| {
            format!("there is no `{id}`; `agency leads`, `deals` and `status` list what there is")
        })?;
        let mut lines = Vec::new();
        for envelope in host.store().history(key).await.map_err(told)? {
            let outcome = serde_json::to_value(&envelope.outcome).map_err(|e| e.to_string())?;
            lines.push(json!({
                "revision": envelope.revision, "at": envelope.at,
                "input": envelope.input.key.as_str(), "actor": envelope.input.actor,
                "events": names(&outcome),
            }));
        }
        if json {
            return Ok(json!({"id": id, "kind": key.kind(), "history": lines}).to_string());
        }
        let mut text = format!("{} {id}\n", key.kind());
        if let Some((_, state)) = host
            .state::<Lead>(key)
            .await
            .ok()
            .flatten()
            .filter(|_| key.kind() == "lead")
        {
            text.push_str(&format!(
                "{}\n{}, score {}\n",
                state.profile().display_name(),
                state.phase().word(),
                state.score()
            ));
            for reason in state.reasons() {
                text.push_str(&format!(
                    "  {:>+5}  {} ({})\n",
                    reason.points, reason.rule, reason.because
                ));
            }
            for record in state.records() {
                text.push_str(&format!("  record {}\n", record.natural_key()));
            }
        }
        for line in lines {
            let word = |name: &str| line.get(name).map(plain).unwrap_or_default();
            text.push_str(&format!(
                "{}  {}  {}\n",
                word("at"),
                word("revision"),
                word("events")
            ));
        }
        Ok(text)
    })
}

/// The names of what a step recorded.
fn names(outcome: &Value) -> String {
    if let Some(refused) = outcome.get("refused") {
        let rule = refused.get("rule").map(plain).unwrap_or_default();
        let reason = refused.get("reason").map(plain).unwrap_or_default();
        return format!("refused by {rule}: {reason}");
    }
    outcome
        .get("decided")
        .and_then(Value::as_array)
        .map(|events| {
            events
                .iter()
                .filter_map(|e| e.get("body"))
                .map(|body| match body {
                    Value::Object(map) => map.keys().next().cloned().unwrap_or_default(),
                    other => plain(other),
                })
                .collect::<Vec<_>>()
                .join(", ")
        })
        .unwrap_or_default()
}
