use std::collections::BTreeMap;

use dealwright_core::process::Envelope;
use dealwright_core::trust::{Phase, RecipientEvent, RecipientInput, SlotVerdict};

use super::{LetterStanding, LetterView, letter_id};

/// The letters of one recipient, as its log is read.
#[derive(Debug, Default)]
pub(super) struct Letters {
    pub(super) all: Vec<LetterView>,
    latest: BTreeMap<String, usize>,
}

impl Letters {
    pub(super) fn take(
        &mut self,
        envelope: &Envelope,
        input: &RecipientInput,
        event: RecipientEvent,
    ) {
        let at = envelope.at;
        match event {
            RecipientEvent::Asked { intent, record, .. } => {
                let RecipientInput::Ask { ask, .. } = input else {
                    return;
                };
                let standing = match record.phase {
                    Phase::AwaitsApproval { expires } => LetterStanding::AwaitsApproval { expires },
                    _ => LetterStanding::AwaitsPlace,
                };
                if let Some(known) = self.of(&intent).filter(|l| l.hash == record.hash) {
                    (known.standing, known.since) = (standing, at);
                    known.passed = once(record.passed);
                    known.findings.clear();
                    return;
                }
                let id = letter_id(record.hash);
                if let Some(earlier) = self.of(&intent) {
                    let by = id.clone();
                    (earlier.standing, earlier.since) = (LetterStanding::Replaced { by }, at);
                }
                self.latest.insert(intent.clone(), self.all.len());
                self.all.push(LetterView {
                    id,
                    recipient: envelope.process.clone(),
                    intent,
                    asker: record.asker,
                    step: record.step,
                    hash: record.hash,
                    class: record.class,
                    draft: ask.draft.clone(),
                    passed: once(record.passed),
                    findings: Vec::new(),
                    approval: None,
                    standing,
                    since: at,
                    asked_at: at,
                    word: None,
                });
            }
            RecipientEvent::Refused {
                intent, findings, ..
            } => {
                if let Some(letter) = self.of(&intent) {
                    let first = findings.first().cloned();
                    let (rule, why) = first.map_or_else(Default::default, |f| (f.rule, f.what));
                    letter.findings = findings;
                    (letter.standing, letter.since) = (LetterStanding::Refused { rule, why }, at);
                }
            }
            RecipientEvent::Approved { intent, approval } => {
                if let Some(letter) = self.of(&intent) {
                    letter.approval = Some(approval);
                    (letter.standing, letter.since) = (LetterStanding::AwaitsPlace, at);
                }
            }
            RecipientEvent::Dropped { intent, rule } => {
                if let Some(letter) = self.of(&intent) {
                    let why = dropped(input, &letter.standing);
                    (letter.standing, letter.since) = (LetterStanding::Refused { rule, why }, at);
                }
            }
            other => {
                if let Some((intent, standing)) = moved(input, other)
                    && let Some(letter) = self.of(&intent)
                {
                    if let (Some(approval), LetterStanding::Sent { .. }) =
                        (&mut letter.approval, &standing)
                    {
                        approval.used = true;
                    }
                    (letter.standing, letter.since) = (standing, at);
                }
            }
        }
    }

    fn of(&mut self, intent: &str) -> Option<&mut LetterView> {
        let at = *self.latest.get(intent)?;
        self.all.get_mut(at)
    }
}

/// Where the other events leave a letter.
fn moved(input: &RecipientInput, event: RecipientEvent) -> Option<(String, LetterStanding)> {
    Some(match event {
        RecipientEvent::Booked {
            intent, expires, ..
        } => (intent, LetterStanding::Leaving { expires }),
        RecipientEvent::Deferred { intent, until } => {
            let why = match input {
                RecipientInput::Slot(answer) => match &answer.verdict {
                    SlotVerdict::Deferred { why, .. } => why.clone(),
                    _ => String::new(),
                },
                _ => "it was not begun in time".to_owned(),
            };
            (intent, LetterStanding::PutOff { until, why })
        }
        RecipientEvent::Returned { intent } => (intent, LetterStanding::AwaitsPlace),
        RecipientEvent::Stopping { intent, rule, why } => {
            (intent, LetterStanding::Stopping { rule, why })
        }
        RecipientEvent::Sent {
            intent,
            at,
            message_id,
            ..
        } => (intent, LetterStanding::Sent { at, message_id }),
        RecipientEvent::Failed { intent, .. } => (intent, LetterStanding::Failed),
        _ => return None,
    })
}

/// Why a letter is off, as whoever took it off said.
pub(in crate::views) fn dropped(input: &RecipientInput, standing: &LetterStanding) -> String {
    match (input, standing) {
        (RecipientInput::Refuse { why, .. }, _) | (_, LetterStanding::Stopping { why, .. }) => {
            why.clone()
        }
        (RecipientInput::Slot(answer), _) => match &answer.verdict {
            SlotVerdict::Denied { why, .. } => why.clone(),
            _ => String::new(),
        },
        (RecipientInput::Withdraw(withdraw), _) => withdraw.why.clone(),
        (RecipientInput::ApprovalLapsed { .. }, _) => "nobody said yes or no in time".to_owned(),
        (RecipientInput::Received { news, .. }, _) => news.word().to_owned(),
        _ => String::new(),
    }
}

/// Rules that speak for several bodies of law stand once.
fn once(ids: Vec<String>) -> Vec<String> {
    let mut seen = Vec::with_capacity(ids.len());
    for id in ids {
        if !seen.contains(&id) {
            seen.push(id);
        }
    }
    seen
}
