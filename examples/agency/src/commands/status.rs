//! `agency status`.

use std::collections::BTreeMap;
use std::path::Path;

use dealwright_core::access::Action;
use dealwright_core::trust::{Recipient, RecipientEvent};
use dealwright_discovery::lead::{Lead, LeadPhase};
use dealwright_simulation::{processes, unknown_works};
use futures::executor::block_on;
use serde_json::json;

use crate::commands::drafts::drafts;
use crate::home::{self, told};

/// How far everything is.
pub(crate) fn status(home: &Path, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::ReadCase)?;
    let host = agency.host();
    block_on(async {
        let keys = processes(host).await.map_err(told)?;
        let mut phases: BTreeMap<&'static str, u64> = BTreeMap::new();
        let (mut leads, mut qualified, mut no_address, mut sent) = (0u64, 0u64, 0u64, 0u64);
        let mut refused: BTreeMap<String, u64> = BTreeMap::new();
        for key in &keys {
            match key.kind() {
                "lead" => {
                    let Some((_, state)) = host.state::<Lead>(key).await.map_err(told)? else {
                        continue;
                    };
                    leads += 1;
                    *phases.entry(state.phase().word()).or_default() += 1;
                    let good = !matches!(
                        state.phase(),
                        LeadPhase::NotQualified | LeadPhase::NeedsReview | LeadPhase::New
                    );
                    qualified += u64::from(good);
                    no_address += u64::from(*state.phase() == LeadPhase::NoAddress);
                }
                "recipient" => {
                    for envelope in host.store().history(key).await.map_err(told)? {
                        for event in host.events::<Recipient>(&envelope).map_err(told)? {
                            match event {
                                RecipientEvent::Sent { .. } => sent += 1,
                                RecipientEvent::Refused { findings, .. } => {
                                    if let Some(first) = findings.first() {
                                        *refused.entry(first.rule.clone()).or_default() += 1;
                                    }
                                }
                                _ => {}
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        let waiting = drafts(host, &keys).await?;
        let unknown = unknown_works(host).await.map_err(told)?.len();
        if json {
            return Ok(json!({
                "leads": leads, "qualified": qualified, "drafts": waiting.len(),
                "refused_by_rule": refused, "no_address": no_address, "sent": sent,
                "unknown": unknown,
            })
            .to_string());
        }
        let mut text = format!("{leads} leads, {qualified} of them qualified\n");
        for (phase, count) in phases {
            text.push_str(&format!("  {count:>6}  {phase}\n"));
        }
        text.push_str(&format!("{sent} letters sent, {unknown} effects unknown\n"));
        for (rule, count) in refused {
            text.push_str(&format!("  {count:>6}  letters refused by rule {rule}\n"));
        }
        text.push_str(&format!("{} drafts wait for approval\n", waiting.len()));
        for draft in waiting.iter().take(10) {
            text.push_str(&format!("  {}  {}\n", draft.id, draft.subject));
        }
        Ok(text)
    })
}
