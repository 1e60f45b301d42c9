use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::error::PortError;
use dealwright_core::process::{Envelope, Host, ProcessKey, event_log_hash};
use serde_json::Value;

/// Commits of one case beyond which something goes round in circles. The desk and the market
/// serve everybody.
const MOST: u64 = 2_000;

/// I9, I10, I11, I13, I17: what can be told of the log row by row.
pub(super) async fn feed(
    violations: &mut Vec<String>,
    host: &Host,
    addresses: &BTreeSet<String>,
) -> Result<(), PortError> {
    if let Err(error) = event_log_hash(&**host.store()).await {
        violations.push(format!("I10: the log does not fit its chain: {error}"));
    }
    let mut consumed: BTreeSet<String> = BTreeSet::new();
    let mut commits: BTreeMap<ProcessKey, u64> = BTreeMap::new();
    let mut leaks = 0_u32;
    let mut after = None;
    loop {
        let (page, next) = host.store().feed(after, 1_000).await?;
        if page.is_empty() {
            break;
        }
        for envelope in page {
            if envelope.process.tenant() != host.tenant() {
                violations.push(format!("I13: {} is another tenant's", envelope.process));
            }
            if !consumed.insert(envelope.input.key.as_str().to_owned()) {
                violations.push(format!("I9: {} was applied twice", envelope.input.key));
            }
            *commits.entry(envelope.process.clone()).or_default() += 1;
            leaks += u32::from(leaks_in(&envelope, addresses));
        }
        after = next;
    }
    if leaks > 0 {
        violations.push(format!("I11: {leaks} rows of the log show an address"));
    }
    for (process, count) in commits {
        let shared = matches!(process.kind(), "desk" | "market");
        if count > MOST && !shared {
            violations.push(format!("I17: {process} took {count} steps"));
        }
    }
    Ok(())
}

/// Whether a person's address stands in what is stored in the open.
fn leaks_in(envelope: &Envelope, addresses: &BTreeSet<String>) -> bool {
    let shows = |value: &Value| shows(value, addresses);
    let outcome = serde_json::to_value(&envelope.outcome).unwrap_or_default();
    shows(&envelope.input.body) || shows(&outcome)
}

fn shows(value: &Value, addresses: &BTreeSet<String>) -> bool {
    match value {
        Value::String(text) => {
            text.contains('@')
                && text
                    .split(|c: char| c.is_whitespace() || "<>,;:\"'()[]".contains(c))
                    .any(|word| addresses.contains(word))
        }
        Value::Array(items) => items.iter().any(|item| shows(item, addresses)),
        Value::Object(fields) => fields.values().any(|field| shows(field, addresses)),
        _ => false,
    }
}
