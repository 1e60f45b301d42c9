//! Commands on a kept agency: run, look, approve.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use dealwright_core::access::Action;
use dealwright_core::audit::MerkleTree;
use dealwright_core::canonical::Digest32;
use dealwright_core::party::Channel;
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Actor, EventLogHash, Host, ProcessKey, WorkKey};
use dealwright_core::time::Clock;
use dealwright_core::trust::{Phase, Recipient, RecipientEvent};
use dealwright_deals::deal::Deal;
use dealwright_discovery::lead::{Lead, LeadPhase};
use dealwright_runtime::{Agency, Runtime, RuntimeOptions};
use dealwright_simulation::{processes, unknown_works};
use dealwright_system::SystemClock;
use futures::executor::block_on;
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::home::{self, told};

/// Works on what is due.
pub(crate) fn run(home: &Path, until_idle: bool, json: bool) -> Result<String, String> {
    let business = home::read(home)?;
    let read_websites = business.read_websites;
    let agency = home::wire(home, business, true)?;
    let bar = ProgressBar::new_spinner();
    let runtime = Runtime::new(
        agency.host().clone(),
        Arc::new(SystemClock),
        RuntimeOptions::default(),
    );
    let stop = runtime.stopper();
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| format!("the runtime cannot start: {e}"))?;
    let progress = tokio.block_on(async {
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.store(true, Ordering::SeqCst);
            }
        });
        runtime
            .run(until_idle, |p| {
                if p.steps % 100 == 0 {
                    bar.set_message(format!("{} steps", p.steps));
                    bar.tick();
                }
            })
            .await
    });
    bar.finish_and_clear();
    let progress = progress.map_err(told)?;
    if read_websites {
        eprintln!(
            "note: `read_websites` is on, but this program reads no websites yet: letters rest on what the directories say"
        );
    }
    Ok(if json {
        json!({"steps": progress.steps, "performed": progress.performed, "unknown": progress.unknown}).to_string()
    } else {
        format!(
            "{} steps, {} effects performed, {} to be tried again, {} unknown\nnext: agency --home {} status",
            progress.steps,
            progress.performed,
            progress.retried,
            progress.unknown,
            home.display()
        )
    })
}

/// A letter that waits for a person.
struct WaitingDraft {
    id: String,
    recipient: ProcessKey,
    intent: String,
    hash: Digest32,
    subject: String,
    text: String,
}

async fn drafts(
    host: &Host,
    keys: impl IntoIterator<Item = &ProcessKey>,
) -> Result<Vec<WaitingDraft>, String> {
    let mut waiting = Vec::new();
    for key in keys {
        if key.kind() != "recipient" {
            continue;
        }
        let Some((_, state)) = host.state::<Recipient>(key).await.map_err(told)? else {
            continue;
        };
        for (name, intent) in state.intents() {
            if let (Phase::AwaitsApproval { .. }, Some(draft)) = (&intent.phase, &intent.draft) {
                let content = draft.letter.content.reveal(Purpose::Contact);
                waiting.push(WaitingDraft {
                    id: intent.hash.to_hex().chars().take(12).collect(),
                    recipient: key.clone(),
                    intent: name.clone(),
                    hash: intent.hash,
                    subject: content.subject.clone(),
                    text: draft.letter.text(),
                });
            }
        }
    }
    Ok(waiting)
}

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

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Deals.
pub(crate) fn deals(home: &Path, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::ReadMoney)?;
    let host = agency.host();
    block_on(async {
        let mut rows = Vec::new();
        for key in processes(host).await.map_err(told)? {
            if key.kind() != "deal" {
                continue;
            }
            let Some((_, state)) = host.state::<Deal>(&key).await.map_err(told)? else {
                continue;
            };
            rows.push(json!({
                "id": key.id(),
                "stage": state.stage().word(),
                "client": state.lead().and_then(|l| l.parts().account_name.clone()),
                "total": state.current_offer().map(|v| v.quote().totals().gross.to_string()),
                "needs_person": state.needs_person(),
            }));
        }
        if json {
            return Ok(Value::Array(rows).to_string());
        }
        let mut text = format!("{} deals\n", rows.len());
        for row in rows {
            let word = |name: &str| {
                row.get(name)
                    .filter(|v| !v.is_null())
                    .map(plain)
                    .unwrap_or_default()
            };
            text.push_str(&format!(
                "{:<12} {:<30} {:<14} {}\n             {}\n",
                word("stage"),
                word("client"),
                word("total"),
                word("needs_person"),
                word("id")
            ));
        }
        Ok(text)
    })
}

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

/// A person lets a letter go.
pub(crate) fn approve(home: &Path, id: &str, by: &str) -> Result<String, String> {
    let agency = home::open(home, false)?;
    let now = SystemClock.now();
    block_on(async {
        let draft = draft(&agency, id).await?;
        agency
            .approve_letter(
                &Actor::person(by),
                &draft.recipient,
                &draft.intent,
                draft.hash,
                now,
            )
            .await
            .map_err(told)
    })?;
    Ok(format!(
        "approved {id}; it leaves with `agency run`, in the recipient's office hours"
    ))
}

/// A person refuses a letter.
pub(crate) fn refuse(home: &Path, id: &str, why: &str, by: &str) -> Result<String, String> {
    let agency = home::open(home, false)?;
    let now = SystemClock.now();
    block_on(async {
        let draft = draft(&agency, id).await?;
        agency
            .refuse_letter(
                &Actor::person(by),
                &draft.recipient,
                &draft.intent,
                why,
                now,
            )
            .await
            .map_err(told)
    })?;
    Ok(format!("refused {id}"))
}

async fn draft(agency: &Agency, id: &str) -> Result<WaitingDraft, String> {
    let host = agency.host();
    let keys = processes(host).await.map_err(told)?;
    let all = drafts(host, &keys).await?;
    all.into_iter().find(|d| d.id == id).ok_or_else(|| {
        format!("no draft `{id}` waits for approval; `agency status` lists those that do")
    })
}

/// Effects whose outcome is not known.
pub(crate) fn unknown(home: &Path, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::ReadCase)?;
    let works = block_on(unknown_works(agency.host())).map_err(told)?;
    if json {
        let keys: Vec<&str> = works.iter().map(|w| w.key.as_str()).collect();
        return Ok(json!(keys).to_string());
    }
    let mut text = format!("{} effects are unknown\n", works.len());
    for work in works {
        text.push_str(&format!(
            "  {}  {}\n",
            work.key,
            work.note.unwrap_or_default()
        ));
    }
    Ok(text)
}

/// A person's word on an effect.
pub(crate) fn reconcile(home: &Path, id: &str, sent: bool, by: &str) -> Result<String, String> {
    let agency = home::open(home, false)?;
    block_on(async {
        let key = WorkKey::from_stored(id);
        let works = unknown_works(agency.host()).await.map_err(told)?;
        let work = works.iter().find(|w| w.key == key).ok_or_else(|| {
            format!("`{id}` is not unknown; `agency unknown` lists those that are")
        })?;
        agency
            .reconcile(&Actor::person(by), work, sent, SystemClock.now())
            .await
            .map_err(told)
    })?;
    let what = if sent { "sent" } else { "not sent" };
    Ok(format!("{id} is settled as {what}"))
}

/// The kill switch and its release.
pub(crate) fn switch(
    home: &Path,
    stop: bool,
    channel: Option<&str>,
    by: &str,
) -> Result<String, String> {
    let channel = channel
        .map(|name| {
            serde_json::from_value::<Channel>(Value::String(name.to_owned()))
                .map_err(|_| format!("`{name}` is no channel; say for example `--channel email`"))
        })
        .transpose()?;
    let agency = home::open(home, false)?;
    let (by, now) = (Actor::person(by), SystemClock.now());
    block_on(async {
        if stop {
            agency.stop_sending(&by, channel, now).await
        } else {
            agency.resume_sending(&by, channel, now).await
        }
    })
    .map_err(told)?;
    Ok(if stop { "stopped" } else { "resumed" }.to_owned())
}

/// The log's chains and its Merkle tree.
pub(crate) fn verify_audit(home: &Path, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::VerifyAudit)?;
    let host = agency.host();
    block_on(async {
        let mut chains = EventLogHash::default();
        let mut tree = MerkleTree::default();
        let mut after = None;
        loop {
            let (page, next) = host.store().feed(after, 1_000).await.map_err(told)?;
            if page.is_empty() {
                break;
            }
            for envelope in page {
                chains.add(&envelope).map_err(told)?;
                tree.append(dealwright_core::audit::leaf_hash(envelope.chain.as_bytes()));
            }
            after = next;
        }
        let (hash, root) = (chains.finish().to_hex(), tree.root().to_hex());
        Ok(if json {
            json!({"envelopes": chains.envelopes(), "hash": hash, "root": root}).to_string()
        } else {
            format!(
                "{} envelopes fit their chains\nlog hash    {hash}\nmerkle root {root}",
                chains.envelopes()
            )
        })
    })
}
