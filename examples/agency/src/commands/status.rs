//! `agency status`.

use std::collections::BTreeMap;
use std::path::Path;

use dealwright_core::access::Action;
use dealwright_core::process::Actor;
use dealwright_core::time::Clock;
use dealwright_core::trust::{Recipient, RecipientEvent};
use dealwright_discovery::lead::{Lead, LeadPhase};
use dealwright_runtime::unknown_works;
use dealwright_simulation::processes;
use dealwright_system::SystemClock;
use futures::executor::block_on;
use serde_json::json;

use crate::commands::drafts::line;
use crate::commands::words::{counted, minute};
use crate::home::{self, told};

/// How many waiting drafts are named.
const LISTED: usize = 10;

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
        let (actor, now) = (Actor::person(by), SystemClock.now());
        let counts = agency.letter_counts(&actor, now).await.map_err(told)?;
        let unknown = unknown_works(host).await.map_err(told)?.len();
        if json {
            return Ok(json!({
                "leads": leads, "qualified": qualified, "drafts": counts.waiting,
                "refused_by_rule": refused, "no_address": no_address, "sent": sent,
                "unknown": unknown, "waiting_to_leave": counts.leaving, "opens": counts.opens,
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
        if let Some(opens) = counts.opens {
            text.push_str(&format!(
                "{} waiting to leave, the first from {}: agency --home {} drafts --approved\n",
                counted(counts.leaving, "letter"),
                minute(opens),
                home.display()
            ));
        }
        text.push_str(&format!("{} drafts wait for approval\n", counts.waiting));
        // Who may not see persons is told how many there are.
        let letters = agency.waiting_letters(&actor).await.unwrap_or_default();
        for letter in letters.iter().take(LISTED) {
            text.push_str(&format!("  {}\n", line(letter, now)));
        }
        if letters.len() > LISTED {
            text.push_str(&format!(
                "… and {} more: agency --home {} drafts\n",
                letters.len() - LISTED,
                home.display()
            ));
        }
        Ok(text)
    })
}
