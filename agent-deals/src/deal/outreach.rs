use chrono::Duration;
use dealwright_core::process::{Decision, Refusal};
use dealwright_core::time::{Calendar, Timestamp, Zone, zones_for};
use dealwright_core::trust::{LetterClass, SendAnswer, SendOutcome};

use super::letters::{self, LetterSpec};
use super::{Answer, Cx, Deal, DealEvent, DealState, Reminder, assess, close};

/// The instant `days` working days after `from`, in the recipient's calendar, at the same hour.
pub(super) fn working_days_after(state: &DealState, from: Timestamp, days: u16) -> Timestamp {
    let country = state.lead().and_then(|l| l.parts().country);
    let zone = state
        .lead()
        .and_then(|l| l.parts().zone.as_deref())
        .and_then(|name| Zone::parse(name).ok())
        .or_else(|| zones_for(country, None).0.into_iter().next())
        .unwrap_or(Zone::UTC);
    let calendar = Calendar::of(country);
    let day = calendar.add_working_days(zone.date(from), i32::from(days));
    let time = zone.local(from).time();
    zone.instant(day, time).max(from)
}

/// The first or next letter of the sequence.
pub(super) fn touch(state: &DealState, place: u32, cx: &Cx<'_>) -> Answer {
    if state.sequence_stopped().is_some() || state.stage() != super::DealStage::Contacting {
        return Ok(Decision::nothing());
    }
    if let Some(until) = state.snoozed_until().filter(|until| *until > cx.now()) {
        return Ok(Decision::nothing().timer(
            cx.step("touch"),
            until,
            Reminder::Touch(place).into(),
        ));
    }
    let Some(step) = usize::try_from(place)
        .ok()
        .and_then(|p| cx.policy().playbook.step(p))
    else {
        return Ok(close::lost(state, "no-answer", cx));
    };
    let inbound = state.lead().is_some_and(|l| l.parts().inbound);
    if inbound && place == 0 {
        return inquiry(state, cx);
    }
    let spec = LetterSpec::new(step.template.as_str(), LetterClass::Marketing);
    letters::ask(state, &format!("touch-{place}"), spec, 0, cx)
}

/// They wrote first: they get an answer, and with it the first question that the price needs.
fn inquiry(state: &DealState, cx: &Cx<'_>) -> Answer {
    let spec = LetterSpec::new("inquiry", LetterClass::Answer);
    let (spec, asked) = match assess::open_question(state, cx)? {
        Some((about, question)) => (
            spec.value("question", question),
            Decision::nothing().event(DealEvent::Questioned { about }),
        ),
        None => (spec.value("question", ""), Decision::nothing()),
    };
    Ok(asked.and(letters::ask(state, "touch-0", spec, 0, cx)?))
}

/// What the gate's answer to a letter means.
pub(super) fn answered(state: &DealState, answer: &SendAnswer, cx: &Cx<'_>) -> Answer {
    let step = answer.step.clone();
    let Some(letter) = state.touches().get(&step) else {
        return Err(Refusal::new(
            "I7",
            "an answer to a letter that was not asked for",
        ));
    };
    match &answer.outcome {
        SendOutcome::AwaitsApproval => {
            Ok(Decision::nothing().event(DealEvent::AwaitsApproval { step }))
        }
        SendOutcome::Sent { at, message_id, .. } => {
            let sent = Decision::nothing().event(DealEvent::LetterSent {
                step: step.clone(),
                at: *at,
                message_id: message_id.clone(),
            });
            Ok(match place_of(&step) {
                Some(place) => sent.and(next_touch(state, place, *at, cx)),
                None => sent,
            })
        }
        SendOutcome::Deferred { until, .. } => {
            let tries = letter.tries.saturating_add(1);
            Ok(Decision::nothing()
                .event(DealEvent::LetterDeferred {
                    step: step.clone(),
                    until: *until,
                })
                .timer(
                    format!("again-{step}~{tries}"),
                    *until,
                    Reminder::AskAgain { step, tries }.into(),
                ))
        }
        SendOutcome::Refused { rule, why } => Ok(stopped(state, &step, rule, why, cx)),
        SendOutcome::Failed { why } => Ok(stopped(state, &step, "failed", why, cx)),
    }
}

pub(super) fn ask_again(state: &DealState, step: &str, tries: u32, cx: &Cx<'_>) -> Answer {
    let Some(letter) = state.touches().get(step) else {
        return Ok(Decision::nothing());
    };
    let over = letter.sent.is_some() || letter.stopped.is_some() || state.stage().is_closed();
    let outdated = place_of(step).is_some()
        && (state.sequence_stopped().is_some() || state.stage() != super::DealStage::Contacting);
    if over || outdated {
        return Ok(Decision::nothing());
    }
    letters::ask(state, step, letter.spec.clone(), tries, cx)
}

fn next_touch(state: &DealState, place: u32, at: Timestamp, cx: &Cx<'_>) -> Decision<Deal> {
    let next = place.saturating_add(1);
    let wait = usize::try_from(next)
        .ok()
        .and_then(|p| cx.policy().playbook.step(p))
        .map_or(cx.policy().patience_days, |step| step.delay);
    let due = working_days_after(state, at, wait.max(1));
    Decision::nothing().timer(format!("touch-{next}"), due, Reminder::Touch(next).into())
}

fn stopped(state: &DealState, step: &str, rule: &str, why: &str, cx: &Cx<'_>) -> Decision<Deal> {
    let decision = Decision::nothing().event(DealEvent::LetterStopped {
        step: step.to_owned(),
        rule: rule.to_owned(),
        why: why.to_owned(),
    });
    let suppressed = rule == "CS-6a";
    if state.stage().is_closed() {
        return decision;
    }
    if state.stage().is_won() || state.stage() == super::DealStage::Contracting {
        // What a contract needs must reach the client by another way.
        return decision.event(DealEvent::NeedsPerson {
            why: format!(
                "letter `{step}` could not be sent ({rule}): reach the client another way"
            ),
        });
    }
    let reason = if suppressed {
        "opt-out".to_owned()
    } else {
        format!("refused-{rule}")
    };
    decision
        .event(DealEvent::SequenceStopped {
            cause: rule.to_owned(),
        })
        .and(close::lost(state, &reason, cx))
}

/// The place in the sequence that a step's name tells.
fn place_of(step: &str) -> Option<u32> {
    step.strip_prefix("touch-").and_then(|n| n.parse().ok())
}

/// How long a client of a running sale may be silent.
pub(super) fn patience(state: &DealState, cx: &Cx<'_>) -> Decision<Deal> {
    let heard = state.heard_count().saturating_add(1);
    let due = working_days_after(state, cx.now(), cx.policy().patience_days.max(1));
    Decision::nothing().timer(
        cx.step("silence"),
        due + Duration::hours(1),
        Reminder::Silence(heard).into(),
    )
}
