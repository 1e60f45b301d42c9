//! `agency leads`.

use std::path::Path;

use dealwright_core::access::Action;
use dealwright_discovery::lead::Lead;
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::commands::words::plain;
use crate::home::{self, told};

/// Leads, best first.
pub(crate) fn leads(home: &Path, top: usize, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::ReadPersons)?;
    let host = agency.host();
    block_on(async {
        let (found, _) = host
            .store()
            .find(dealwright_core::process::Find {
                tenant: host.tenant().clone(),
                kind: "lead".to_owned(),
                index: "score".to_owned(),
                range: dealwright_core::process::IndexRange {
                    prefix: Vec::new(),
                    descending: true,
                },
                after: None,
                n: top,
            })
            .await
            .map_err(told)?;
        let mut rows = Vec::new();
        for lead in found {
            let Some((_, state)) = host.state::<Lead>(&lead.process).await.map_err(told)? else {
                continue;
            };
            let reasons: Vec<String> = state
                .reasons()
                .iter()
                .map(|r| format!("{} {:+}", r.rule, r.points))
                .collect();
            rows.push(json!({
                "id": lead.process.id(), "name": state.profile().display_name(),
                "score": state.score(), "tier": state.tier(), "phase": state.phase().word(),
                "reasons": reasons,
            }));
        }
        if json {
            return Ok(Value::Array(rows).to_string());
        }
        let mut text = String::new();
        for row in rows {
            let word = |name: &str| row.get(name).map(plain).unwrap_or_default();
            let reasons = row
                .get("reasons")
                .and_then(Value::as_array)
                .map(|r| r.iter().map(plain).collect::<Vec<_>>().join(", "))
                .unwrap_or_default();
            text.push_str(&format!(
                "{:>5}  {:<14} {}\n       {}\n       {}\n",
                word("score"),
                word("phase"),
                word("name"),
                reasons,
                word("id")
            ));
        }
        Ok(text)
    })
}
