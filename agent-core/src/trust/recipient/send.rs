use super::ask::ask_slot;
use super::messages::RecipientEvent;
use super::{
    Answer, Cx, Phase, RecipientState, SendEffect, answer, desk, drop_it, hours_from, stop,
};
use crate::canonical::Digest32;
use crate::process::{Actor, Decision, Refusal, Unsettled};
use crate::time::Timestamp;
use crate::trust::contracts::grant_life;
use crate::trust::{Approval, Receipt, SendOutcome, SlotAnswer, SlotDone, SlotVerdict, Withdraw};

pub(super) fn slot(state: &RecipientState, answer_: &SlotAnswer, cx: &Cx<'_>) -> Answer {
    let name = &answer_.intent;
    let give_back = || {
        Decision::nothing().tell(
            desk(cx),
            cx.step(name),
            &SlotDone {
                intent: name.clone(),
                attempt: answer_.attempt,
                used: false,
            },
        )
    };
    let waiting = state
        .intents
        .get(name)
        .filter(|i| i.phase == Phase::AwaitsSlot && i.attempt.saturating_add(1) == answer_.attempt);
    let Some(intent) = waiting else {
        // Taken back while the desk was thinking: the place goes back.
        return Ok(match answer_.verdict {
            SlotVerdict::Granted { .. } | SlotVerdict::Deferred { .. } => give_back(),
            SlotVerdict::Denied { .. } => Decision::nothing(),
        });
    };
    match &answer_.verdict {
        SlotVerdict::Granted { expires } => {
            let Some(draft) = &intent.draft else {
                return Ok(give_back());
            };
            let mut letter = draft.letter.clone();
            letter.approved = state
                .approvals
                .get(name)
                .is_some_and(|a| a.hash == intent.hash);
            let expires = (*expires).min(cx.now() + grant_life());
            Ok(Decision::nothing()
                .event(RecipientEvent::Booked {
                    intent: name.clone(),
                    attempt: answer_.attempt,
                    expires,
                })
                .effect_with(
                    name.clone(),
                    answer_.attempt,
                    intent.lane,
                    None,
                    Some(expires),
                    SendEffect {
                        intent: name.clone(),
                        attempt: answer_.attempt,
                        letter,
                    },
                ))
        }
        SlotVerdict::Deferred { until, why } => Ok(Decision::nothing()
            .event(RecipientEvent::Deferred {
                intent: name.clone(),
                until: *until,
            })
            .and(answer(
                &intent.asker,
                &intent.step,
                cx,
                SendOutcome::Deferred {
                    until: *until,
                    why: why.clone(),
                },
            ))),
        SlotVerdict::Denied { rule, why } => Ok(drop_it(name, intent, rule, why, cx)),
    }
}

pub(super) fn withdrawn(state: &RecipientState, withdraw: &Withdraw, cx: &Cx<'_>) -> Answer {
    let name = &withdraw.intent;
    let give_back = Decision::nothing().tell(
        desk(cx),
        cx.step(name),
        &SlotDone {
            intent: name.clone(),
            attempt: withdraw.attempt,
            used: false,
        },
    );
    let overtaken = state.intents.get(name).filter(|i| {
        i.phase == Phase::AwaitsSlot && i.attempt.saturating_add(1) == withdraw.attempt
    });
    if let Some(intent) = overtaken {
        // The withdrawal is urgent and came before the grant it takes back: the grant must find
        // nothing that waits for it.
        return Ok(give_back.and(drop_it(name, intent, &withdraw.rule, &withdraw.why, cx)));
    }
    let intent = state
        .intents
        .get(name)
        .filter(|i| i.attempt == withdraw.attempt);
    match intent.map(|i| (i, &i.phase)) {
        Some((_, Phase::Booked { .. })) => {
            Ok(stop(name, withdraw.attempt, &withdraw.rule, &withdraw.why))
        }
        // Its end is on the way and acknowledges by itself.
        Some((_, Phase::Stopping { .. } | Phase::Sent { .. })) => Ok(Decision::nothing()),
        _ => Ok(give_back),
    }
}

pub(super) fn approve(state: &RecipientState, name: &str, hash: Digest32, cx: &Cx<'_>) -> Answer {
    let Actor::Person(by) = cx.actor() else {
        return Err(Refusal::new("I14", "only a person may approve"));
    };
    let Some(intent) = state.intents.get(name) else {
        return Err(Refusal::new("OR-6", "there is no such letter"));
    };
    let Phase::AwaitsApproval { expires } = intent.phase else {
        return Err(Refusal::new("OR-6", "it does not wait for approval"));
    };
    if cx.now() >= expires {
        return Err(Refusal::new("OR-6", "the time to approve it is over"));
    }
    if intent.hash != hash {
        return Err(Refusal::new(
            "OR-6",
            "the letter has changed since it was looked at",
        ));
    }
    let approval = Approval {
        by: by.clone(),
        at: cx.now(),
        expires: hours_from(cx.now(), cx.policy().approval_hours),
        hash,
        used: false,
    };
    Ok(Decision::nothing()
        .event(RecipientEvent::Approved {
            intent: name.to_owned(),
            approval,
        })
        .and(ask_slot(name, intent, cx)))
}

pub(super) fn refuse(state: &RecipientState, name: &str, why: &str, cx: &Cx<'_>) -> Answer {
    if !cx.actor().is_person() {
        return Err(Refusal::new("I14", "only a person may refuse"));
    }
    match state.intents.get(name) {
        Some(intent) if matches!(intent.phase, Phase::AwaitsApproval { .. }) => {
            Ok(drop_it(name, intent, "refused-by-person", why, cx))
        }
        _ => Err(Refusal::new("OR-6", "it does not wait for approval")),
    }
}

pub(super) fn lapsed(state: &RecipientState, name: &str, expires: Timestamp) -> Answer {
    match state.intents.get(name) {
        Some(intent) if intent.phase == (Phase::AwaitsApproval { expires }) => {
            Ok(Decision::nothing().event(RecipientEvent::Dropped {
                intent: name.to_owned(),
                rule: "approval-lapsed".to_owned(),
            }))
        }
        _ => Ok(Decision::nothing()),
    }
}

pub(super) fn sent(
    state: &RecipientState,
    name: &str,
    attempt: u32,
    receipt: &Receipt,
    cx: &Cx<'_>,
) -> Answer {
    let Some(intent) = state.intents.get(name) else {
        return Err(Refusal::new(
            "I7",
            "a receipt for a letter that was never asked for",
        ));
    };
    if matches!(intent.phase, Phase::Sent { .. }) {
        return Err(Refusal::new("I7", "a second receipt for the same letter"));
    }
    let message_id = intent
        .draft
        .as_ref()
        .map_or_else(String::new, |d| d.letter.message_id.clone());
    Ok(Decision::nothing()
        .event(RecipientEvent::Sent {
            intent: name.to_owned(),
            attempt,
            at: receipt.at,
            message_id: message_id.clone(),
            provider_id: receipt.provider_id.clone(),
        })
        .tell(
            desk(cx),
            cx.step(name),
            &SlotDone {
                intent: name.to_owned(),
                attempt,
                used: true,
            },
        )
        .and(answer(
            &intent.asker,
            &intent.step,
            cx,
            SendOutcome::Sent {
                at: receipt.at,
                message_id,
                provider_id: receipt.provider_id.clone(),
            },
        )))
}

pub(super) fn unsent(
    state: &RecipientState,
    name: &str,
    attempt: u32,
    how: Unsettled,
    cx: &Cx<'_>,
) -> Answer {
    let Some(intent) = state.intents.get(name).filter(|i| i.attempt == attempt) else {
        return Err(Refusal::new(
            "I7",
            "an outcome for a letter that is not on its way",
        ));
    };
    let done = Decision::nothing().tell(
        desk(cx),
        cx.step(name),
        &SlotDone {
            intent: name.to_owned(),
            attempt,
            used: false,
        },
    );
    if let Phase::Stopping { rule, why } = &intent.phase {
        return Ok(done.and(drop_it(name, intent, rule, why, cx)));
    }
    if !matches!(intent.phase, Phase::Booked { .. }) {
        return Err(Refusal::new(
            "I7",
            "an outcome for a letter that is not on its way",
        ));
    }
    if how == Unsettled::NotPerformed && intent.draft.is_some() {
        // Proof that it never left: it goes again, as the next booking on the same place.
        return Ok(Decision::nothing()
            .event(RecipientEvent::Returned {
                intent: name.to_owned(),
            })
            .and(ask_slot(name, intent, cx)));
    }
    Ok(done.and(match how {
        Unsettled::Expired | Unsettled::NotPerformed | Unsettled::Cancelled => {
            let until = cx.now() + grant_life();
            Decision::nothing()
                .event(RecipientEvent::Deferred {
                    intent: name.to_owned(),
                    until,
                })
                .and(answer(
                    &intent.asker,
                    &intent.step,
                    cx,
                    SendOutcome::Deferred {
                        until,
                        why: "it was not begun in time".to_owned(),
                    },
                ))
        }
        Unsettled::Exhausted => Decision::nothing()
            .event(RecipientEvent::Failed {
                intent: name.to_owned(),
                attempt,
            })
            .and(answer(
                &intent.asker,
                &intent.step,
                cx,
                SendOutcome::Failed {
                    why: "the provider did not take it".to_owned(),
                },
            )),
    }))
}
