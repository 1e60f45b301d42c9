//! `agency projects`.

use std::path::Path;

use dealwright_core::access::Action;
use dealwright_delivery::project::{Project, TaskStatus};
use dealwright_simulation::processes;
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::home::{self, told};

/// Projects with how far they are and what waits for a person.
pub(crate) fn list(home: &Path, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::ReadCase)?;
    let host = agency.host();
    block_on(async {
        let mut rows = Vec::new();
        for key in processes(host).await.map_err(told)? {
            if key.kind() != "project" {
                continue;
            }
            let Some((_, state)) = host.state::<Project>(&key).await.map_err(told)? else {
                continue;
            };
            let done = state
                .tasks()
                .iter()
                .filter(|task| {
                    state
                        .run(task.id())
                        .is_some_and(|run| run.status == TaskStatus::Done)
                })
                .count();
            rows.push(json!({
                "id": key.id(),
                "phase": state.phase().word(),
                "tasks": state.tasks().len(),
                "done": done,
                "ends": state.schedule().map(|s| s.end.to_rfc3339()),
                "satisfaction": state.satisfaction(),
                "needs_person": state.needs_person(),
            }));
        }
        if json {
            return Ok(Value::Array(rows).to_string());
        }
        let mut text = format!("{} projects\n", rows.len());
        for row in &rows {
            let word = |name: &str| match row.get(name) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            text.push_str(&format!(
                "{:<10} {} of {} tasks done, planned until {}\n           {}\n",
                word("phase"),
                word("done"),
                word("tasks"),
                word("ends"),
                word("id"),
            ));
            if !word("needs_person").is_empty() {
                text.push_str(&format!(
                    "           waits for you: {}\n",
                    word("needs_person")
                ));
            }
        }
        Ok(text)
    })
}
