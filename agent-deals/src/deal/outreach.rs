use chrono::Duration;
use dealwright_core::handoff::LeadQualified;
use dealwright_core::id::DealId;
use dealwright_core::party::DomainName;
use dealwright_core::process::{Decision, Process, Refusal};
use dealwright_core::time::{Timestamp, WorkingDays};
use dealwright_core::trust::{LeaveCompany, LetterClass, SendAnswer, SendOutcome};

use super::letters::{self, LetterSpec};
use super::{Answer, Cx, Deal, DealEvent, DealState, Reminder, assess, close};
use crate::outreach::{Sequence, SequenceEvent, SequenceInput, decide};

/// The recipient's working days.
fn working_days(lead: Option<&LeadQualified>) -> WorkingDays {
    let parts = lead.map(LeadQualified::parts);
    WorkingDays::of(
        parts.and_then(|p| p.country),
        parts.and_then(|p| p.zone.as_deref()),
    )
}

/// The instant `days` working days after `from`, in the recipient's calendar, at the same hour.
pub(super) fn working_days_after(state: &DealState, from: Timestamp, days: u16) -> Timestamp {
    working_days(state.lead()).after(from, days)
}

/// The deal begins, and with it the outreach.
pub(super) fn begin(state: &DealState, deal: DealId, lead: &LeadQualified, cx: &Cx<'_>) -> Answer {
    let outreach = Sequence::start(&cx.policy().playbook, &working_days(Some(lead)), cx.now());
    let due = outreach.due();
    let opened = DealEvent::Opened {
        deal,
        lead: Box::new(lead.clone()),
        outreach,
    };
    let next = Deal::apply(state.clone(), &opened);
    let decision: Decision<Deal> = Decision::nothing().event(opened);
    Ok(decision.and(match due {
        Some(due) if due > cx.now() => wake(0, due, cx),
        _ => touch(&next, 0, cx)?,
    }))
}

fn wake(place: usize, due: Timestamp, cx: &Cx<'_>) -> Decision<Deal> {
    let place = u32::try_from(place).unwrap_or(u32::MAX);
    Decision::nothing().timer(
        cx.step(&format!("touch-{place}")),
        due,
        Reminder::Touch(place).into(),
    )
}

/// The letter at `place` has its time.
pub(super) fn touch(state: &DealState, place: u32, cx: &Cx<'_>) -> Answer {
    let Some(Sequence::Waiting { place: next, .. }) = state.outreach() else {
        return Ok(Decision::nothing());
    };
    if usize::try_from(place) != Ok(*next) || state.stage().is_closed() {
        return Ok(Decision::nothing());
    }
    let asked = advance(state, &SequenceInput::Due, cx.now(), cx);
    if asked.events().is_empty() {
        // The timer is of a time that was put off.
        return Ok(asked);
    }
    let step = format!("touch-{place}");
    let tries = state
        .touches()
        .get(&step)
        .map_or(0, |touch| touch.tries.saturating_add(1));
    let inbound = state.lead().is_some_and(|l| l.parts().inbound);
    if inbound && place == 0 {
        return Ok(asked.and(inquiry(state, &step, tries, cx)?));
    }
    let Some(template) = cx.policy().playbook.step(*next).map(|s| &s.template) else {
        return Ok(Decision::nothing());
    };
    let spec = LetterSpec::new(template.as_str(), LetterClass::Marketing);
    Ok(asked.and(letters::ask(state, &step, spec, tries, cx)?))
}

/// Moves the outreach on; nothing where it is over or does not take the input.
pub(super) fn advance(
    state: &DealState,
    input: &SequenceInput,
    at: Timestamp,
    cx: &Cx<'_>,
) -> Decision<Deal> {
    let policy = cx.policy();
    let Some(sequence) = state.outreach() else {
        return Decision::nothing();
    };
    let days = working_days(state.lead());
    let events = decide(sequence, input, &policy.playbook, &days, at).unwrap_or_default();
    let mut decision = Decision::nothing();
    for event in events {
        let follows = match &event {
            SequenceEvent::Scheduled { place, due } => wake(*place, *due, cx),
            SequenceEvent::Finished => patience(state, cx),
            SequenceEvent::Stopped { stop } if stop.for_company => leave(state, &stop.reason, cx),
            _ => Decision::nothing(),
        };
        decision = decision.event(DealEvent::Outreach(event)).and(follows);
    }
    decision
}

/// Nobody at their company is to get advertising.
fn leave(state: &DealState, reason: &str, cx: &Cx<'_>) -> Decision<Deal> {
    let website = state.lead().and_then(|l| l.parts().website.as_deref());
    let Some(company) = website.and_then(|site| DomainName::parse(site).ok()) else {
        return Decision::nothing();
    };
    let reason = reason.to_owned();
    Decision::nothing().tell(
        cx.peer("desk", cx.policy().desk.clone()),
        "leave-company",
        &LeaveCompany { company, reason },
    )
}

/// They wrote first: they get an answer, and with it the first question that the price needs.
fn inquiry(state: &DealState, step: &str, tries: u32, cx: &Cx<'_>) -> Answer {
    let spec = LetterSpec::new("inquiry", LetterClass::Answer);
    let (spec, asked) = match assess::open_question(state, cx)? {
        Some((about, question)) => (
            spec.value("question", question),
            Decision::nothing().event(DealEvent::Questioned { about }),
        ),
        None => (spec.value("question", ""), Decision::nothing()),
    };
    Ok(asked.and(letters::ask(state, step, spec, tries, cx)?))
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
            Ok(if is_touch(&step) {
                sent.and(advance(state, &SequenceInput::Left, *at, cx))
            } else {
                sent
            })
        }
        SendOutcome::Deferred { until, .. } => {
            let tries = letter.tries.saturating_add(1);
            let deferred = Decision::nothing().event(DealEvent::LetterDeferred {
                step: step.clone(),
                until: *until,
            });
            Ok(if is_touch(&step) {
                let later = SequenceInput::Deferred { until: *until };
                deferred.and(advance(state, &later, cx.now(), cx))
            } else {
                deferred.timer(
                    format!("again-{step}~{tries}"),
                    *until,
                    Reminder::AskAgain { step, tries }.into(),
                )
            })
        }
        SendOutcome::Refused { rule, why } => Ok(stopped(state, &step, rule, why, cx)),
        SendOutcome::Failed { why } => Ok(stopped(state, &step, "failed", why, cx)),
    }
}

pub(super) fn ask_again(state: &DealState, step: &str, tries: u32, cx: &Cx<'_>) -> Answer {
    let Some(letter) = state.touches().get(step) else {
        return Ok(Decision::nothing());
    };
    if letter.sent.is_some() || letter.stopped.is_some() || state.stage().is_closed() {
        return Ok(Decision::nothing());
    }
    letters::ask(state, step, letter.spec.clone(), tries, cx)
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
    let refused = SequenceInput::Refused {
        rule: rule.to_owned(),
    };
    decision
        .and(advance(state, &refused, cx.now(), cx))
        .and(close::lost(state, &reason, cx))
}

/// Whether a step is a letter of the sequence.
fn is_touch(step: &str) -> bool {
    step.starts_with("touch-")
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
