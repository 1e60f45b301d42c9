//! Letters that wait for a person, and their word on them.

use std::path::Path;

use dealwright_core::canonical::Digest32;
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Actor, Host, ProcessKey};
use dealwright_core::time::Clock;
use dealwright_core::trust::{Phase, Recipient};
use dealwright_runtime::Agency;
use dealwright_simulation::processes;
use dealwright_system::SystemClock;
use futures::executor::block_on;

use crate::home::{self, told};

/// A letter that waits for a person.
pub(crate) struct WaitingDraft {
    pub(crate) id: String,
    pub(crate) recipient: ProcessKey,
    pub(crate) intent: String,
    pub(crate) hash: Digest32,
    pub(crate) subject: String,
    pub(crate) text: String,
}

pub(crate) async fn drafts(
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
