use chrono::Duration;

use super::messages::{RecipientEvent, RecipientInput};
use super::{Answer, Cx, Intent, Phase, Recipient, RecipientState, answer, desk, hours_from};
use crate::process::{Bug, Decision, ProcessKey, Refusal, bug};
use crate::trust::rules::Question;
use crate::trust::{
    ApprovalMode, AskSend, AskSlot, Draft, LegalBasis, LetterClass, LintFinding, Scope, SendAnswer,
    SendOutcome, rules,
};

pub(super) fn asked(
    state: &RecipientState,
    asker: &ProcessKey,
    ask: &AskSend,
    cx: &Cx<'_>,
) -> Answer {
    // An inquiry that came in by another way, as a lead, arrives with the first letter about it.
    let brought = match ask.draft.facts.basis {
        Some(LegalBasis::Inquiry { at }) if ask.draft.facts.self_supplied => Some(at),
        _ => None,
    };
    let brought = brought.filter(|at| *at <= cx.now() && Some(*at) > state.inquiry);
    let inquired = brought.map_or_else(Decision::nothing, |at| {
        Decision::nothing().event(RecipientEvent::Inquired { at })
    });
    Ok(inquired.and(judged(state, asker, ask, cx)?))
}

pub(super) fn judged(
    state: &RecipientState,
    asker: &ProcessKey,
    ask: &AskSend,
    cx: &Cx<'_>,
) -> Answer {
    let letter = &ask.draft.letter;
    let name = letter.intent();
    let earlier = state.intents.get(&name);
    let refusal = |rule: &str, why: String| -> Answer {
        let outcome = SendOutcome::Refused {
            rule: rule.to_owned(),
            why: why.clone(),
        };
        Err(Refusal::new(rule.to_owned(), why).answering(
            asker.clone(),
            &cx.step(&ask.step),
            &SendAnswer {
                step: ask.step.clone(),
                outcome,
            },
        ))
    };
    if let Some(earlier) = earlier
        && !matches!(
            earlier.phase,
            Phase::Deferred { .. } | Phase::Refused { .. } | Phase::Failed
        )
    {
        return refusal("I2", "this step was already asked for or sent".to_owned());
    }
    if letter.to.is_erased() || letter.content.is_erased() {
        return refusal(
            "GD-13",
            "the person was erased; there is nobody to write to".to_owned(),
        );
    }
    let hash = letter
        .content_hash()
        .map_err(|e| Refusal::new("DW-2", e.chain()))?;
    let question = Question {
        draft: &ask.draft,
        past: &state.past(),
        policy: &cx.policy().rules,
        now: cx.now(),
    };
    let verdict = rules::judge(&question);
    let class = question.class();
    let mut findings = verdict.refused;
    if let Some(finding) = over_cap(state, class, cx) {
        findings.push(finding);
    }
    if let Some(finding) = other_talk(state, asker, class, cx) {
        findings.push(finding);
    }
    let mut record = Intent {
        asker: asker.clone(),
        step: ask.step.clone(),
        hash,
        class,
        scopes: scopes(&ask.draft),
        attempt: earlier.map_or(0, |e| e.attempt),
        phase: Phase::AwaitsSlot,
        draft: Some(ask.draft.clone()),
        passed: verdict.passed,
        lane: ask.lane,
    };
    let address = letter.to.clone();
    if let Some(first) = findings.first().cloned() {
        record.phase = Phase::Refused {
            rule: first.rule.clone(),
        };
        record.draft = None;
        return Ok(Decision::nothing()
            .event(RecipientEvent::Asked {
                intent: name.clone(),
                record: Box::new(record),
                address,
            })
            .event(RecipientEvent::Refused {
                intent: name,
                asker: asker.clone(),
                step: ask.step.clone(),
                findings,
            })
            .and(answer(
                asker,
                &ask.step,
                cx,
                SendOutcome::Refused {
                    rule: first.rule,
                    why: first.what,
                },
            )));
    }
    let approved = state
        .approvals
        .get(&name)
        .is_some_and(|a| a.covers(hash, cx.now()));
    let mode = cx
        .policy()
        .approval
        .get(&letter.campaign)
        .copied()
        .unwrap_or(cx.policy().rules.approval);
    let needs_person = match mode {
        ApprovalMode::DraftOnly | ApprovalMode::ApproveEach => true,
        // An approved template is a decision of the asker's policy; here it counts as approved.
        ApprovalMode::ApproveTemplate | ApprovalMode::Autonomous => false,
    };
    if needs_person && !approved {
        let expires = hours_from(cx.now(), cx.policy().approval_hours);
        record.phase = Phase::AwaitsApproval { expires };
        return Ok(Decision::nothing()
            .event(RecipientEvent::Asked {
                intent: name.clone(),
                record: Box::new(record),
                address,
            })
            .timer(
                cx.step("approval-lapses"),
                expires,
                RecipientInput::ApprovalLapsed {
                    intent: name,
                    expires,
                },
            )
            .and(answer(asker, &ask.step, cx, SendOutcome::AwaitsApproval)));
    }
    let ask_desk = ask_slot(&name, &record, cx);
    Ok(Decision::nothing()
        .event(RecipientEvent::Asked {
            intent: name,
            record: Box::new(record),
            address,
        })
        .and(ask_desk))
}

pub(super) fn over_cap(
    state: &RecipientState,
    class: LetterClass,
    cx: &Cx<'_>,
) -> Option<LintFinding> {
    let policy = cx.policy();
    if class != LetterClass::Marketing || policy.marketing_cap == 0 || bug(Bug::CapsIgnored) {
        return None;
    }
    let window = Duration::days(i64::from(policy.marketing_cap_days));
    let sent = state
        .marketing_sent
        .iter()
        .filter(|at| cx.now().signed_duration_since(**at) < window)
        .count();
    // Letters that may still leave count as well: two askers at once must not exceed the cap.
    let waiting = state
        .intents
        .values()
        .filter(|i| i.class == LetterClass::Marketing)
        .filter(|i| {
            matches!(
                i.phase,
                Phase::AwaitsApproval { .. }
                    | Phase::AwaitsSlot
                    | Phase::Booked { .. }
                    | Phase::Stopping { .. }
            )
        })
        .count();
    let recent = sent.saturating_add(waiting);
    (recent >= usize::try_from(policy.marketing_cap).unwrap_or(usize::MAX)).then(|| LintFinding {
        rule: "OU-4".to_owned(),
        what: format!(
            "{recent} marketing letters to this person within {} days",
            policy.marketing_cap_days
        ),
    })
}

/// Nobody is courted twice at once: while one sale writes to somebody, and for as long after as
/// letters count together, no other sale begins to.
fn other_talk(
    state: &RecipientState,
    asker: &ProcessKey,
    class: LetterClass,
    cx: &Cx<'_>,
) -> Option<LintFinding> {
    let days = cx.policy().marketing_cap_days;
    if class != LetterClass::Marketing || days == 0 {
        return None;
    }
    let window = Duration::days(i64::from(days));
    let others = state
        .intents
        .values()
        .filter(|intent| intent.class == LetterClass::Marketing && intent.asker != *asker);
    let mut talking = others.filter(|intent| match &intent.phase {
        Phase::Sent { at, .. } => cx.now().signed_duration_since(*at) < window,
        Phase::AwaitsApproval { .. }
        | Phase::AwaitsSlot
        | Phase::Booked { .. }
        | Phase::Stopping { .. }
        | Phase::Deferred { .. } => true,
        Phase::Refused { .. } | Phase::Failed => false,
    });
    talking.next().map(|other| LintFinding {
        rule: "I2".to_owned(),
        what: format!(
            "{} writes to this person already; wait {days} days after its last letter",
            other.asker
        ),
    })
}

pub(super) fn scopes(draft: &Draft) -> Vec<Scope> {
    let letter = &draft.letter;
    let mut scopes = vec![
        Scope::Mailbox(letter.sender.address.as_str().to_owned()),
        Scope::SendingDomain(letter.sender.address.domain().as_str().to_owned()),
        Scope::Campaign(letter.campaign_family()),
    ];
    if let Some(company) = &draft.facts.company {
        scopes.push(Scope::Company(company.as_str().to_owned()));
    }
    let address = letter.to.reveal(crate::personal::Purpose::Contact);
    scopes.push(Scope::RecipientDomain(address.domain().as_str().to_owned()));
    scopes
}

pub(super) fn ask_slot(name: &str, record: &Intent, cx: &Cx<'_>) -> Decision<Recipient> {
    let Some(draft) = &record.draft else {
        return Decision::nothing();
    };
    let attempt = record.attempt.saturating_add(1);
    Decision::nothing().tell_in(
        record.lane,
        desk(cx),
        cx.step(name),
        &AskSlot {
            intent: name.to_owned(),
            attempt,
            class: record.class,
            channel: draft.letter.channel,
            scopes: record.scopes.clone(),
            zone: draft.facts.zone.clone(),
            country: draft.facts.country,
        },
    )
}
