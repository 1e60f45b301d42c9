use dealwright_core::handoff::{AskPriors, Priors, ReasonPoints, RecommendedService};
use dealwright_core::id::LeadId;
use dealwright_core::page::PageUrl;
use dealwright_core::process::{Actor, Decision, Process as _, Refusal};

use super::complete::{advance, correct, enriched, not_enriched, spend};
use super::hand_over::hand_over;
use super::{
    Answer, Cx, IntakeRecord, Judged, Lead, LeadEffect, LeadEvent, LeadInput, LeadJoined,
    LeadPhase, LeadState,
};
use crate::qualify::{Override, Verdict};

pub(super) fn decide(state: &LeadState, input: &LeadInput, cx: &Cx<'_>) -> Answer {
    match input {
        LeadInput::Intake { lead, record } => intake(state, *lead, record, cx),
        LeadInput::Read(reading) => {
            let event = LeadEvent::Read(reading.clone());
            let next = Lead::apply(state.clone(), &event);
            Ok(Decision::nothing().event(event).and(advance(&next, cx)))
        }
        LeadInput::NotRead(_) => Ok(advance(state, cx)),
        LeadInput::Priors(priors) => judged(state, Some(priors), cx),
        LeadInput::Overrule { verdict, why } => overrule(state, verdict.as_ref(), why, cx),
        LeadInput::Closed(closed) => Ok(Decision::nothing().event(LeadEvent::Closed {
            won: closed.won,
            reason: closed.reason.clone(),
        })),
        LeadInput::Reconsider => match state.phase {
            LeadPhase::HandedOver { .. } | LeadPhase::Client | LeadPhase::New => {
                Ok(Decision::nothing())
            }
            LeadPhase::Lost { .. } => Ok(Decision::nothing()
                .event(LeadEvent::Reopened)
                .and(ask_market(state, cx))),
            _ => Ok(again(state, cx)),
        },
        LeadInput::SignalEnded if state.phase.is_settled() => Ok(Decision::nothing()),
        LeadInput::SignalEnded => Ok(again(state, cx)),
        LeadInput::Spend(answer) => spend(state, answer, cx),
        LeadInput::Enriched { key, accepted } => enriched(state, key, accepted, cx),
        LeadInput::NotEnriched { key, how } => not_enriched(state, key, *how, cx),
        LeadInput::Correct(value) => correct(state, value, cx),
        LeadInput::Resembles(other) => {
            Ok(Decision::nothing().event(LeadEvent::Resembles(other.clone())))
        }
        LeadInput::JoinInto { lead, why } => join_into(state, *lead, why, cx),
        // What is found by follows from what is left; there is nothing else to do.
        LeadInput::PersonErased => Ok(Decision::nothing()),
        LeadInput::Joined(joined) => take_over(state, &joined.records, cx),
    }
}

/// Hands everything to the lead that it is the same business as.
fn join_into(state: &LeadState, into: LeadId, why: &str, cx: &Cx<'_>) -> Answer {
    let Actor::Person(by) = cx.actor() else {
        return Err(Refusal::new(
            "I14",
            "only a person may say that two leads are one",
        ));
    };
    let from = state
        .id
        .filter(|own| *own != into)
        .ok_or_else(|| Refusal::new("DB-1", "a lead cannot join itself"))?;
    if state.phase.is_settled() {
        let why = format!(
            "it is `{}`: its sale goes on where it is",
            state.phase.word()
        );
        return Err(Refusal::new("DB-1", why));
    }
    Ok(Decision::nothing()
        .event(LeadEvent::JoinedInto {
            lead: into,
            by: by.clone(),
            why: why.to_owned(),
        })
        .tell(
            cx.peer("lead", into.to_string()),
            format!("joined-{from}"),
            &LeadJoined {
                from,
                records: state.records.clone(),
            },
        ))
}

/// Takes the records of another lead in, and judges once more.
fn take_over(state: &LeadState, records: &[IntakeRecord], cx: &Cx<'_>) -> Answer {
    let Some(lead) = state.id else {
        return Err(Refusal::new("DB-1", "no lead to join"));
    };
    let mut next = state.clone();
    let mut decision = Decision::nothing();
    for record in records {
        let known = next
            .records
            .iter()
            .any(|r| r.natural_key() == record.natural_key());
        if known {
            continue;
        }
        let event = LeadEvent::Recorded {
            lead,
            record: Box::new(record.clone()),
        };
        next = Lead::apply(next, &event);
        decision = decision.event(event);
    }
    if next.phase.is_settled() {
        return Ok(decision);
    }
    Ok(decision.and(again(&next, cx)))
}

/// Looks for what is missing and judges again, unless a judgement is on its way already.
fn again(state: &LeadState, cx: &Cx<'_>) -> Decision<Lead> {
    match state.phase {
        LeadPhase::Enriching | LeadPhase::AwaitsPriors => Decision::nothing(),
        _ => advance(state, cx),
    }
}

fn intake(state: &LeadState, lead: LeadId, record: &IntakeRecord, cx: &Cx<'_>) -> Answer {
    let known = state
        .records
        .iter()
        .any(|r| r.natural_key() == record.natural_key());
    if known {
        return Err(Refusal::new("LG-4", "this record was taken in already"));
    }
    let event = LeadEvent::Recorded {
        lead,
        record: Box::new(record.clone()),
    };
    let mut next = Lead::apply(state.clone(), &event);
    let mut decision = Decision::nothing().event(event);
    // Who asks again after a sale has ended begins another one; a directory does not.
    let ended = matches!(state.phase, LeadPhase::Client | LeadPhase::Lost { .. });
    if ended && record.inquiry.is_some() {
        next = Lead::apply(next, &LeadEvent::Reopened);
        decision = decision.event(LeadEvent::Reopened);
    }
    for (at, signal) in record.signals.iter().enumerate() {
        // What a signal gave goes when it ends.
        decision = decision.timer(
            cx.step(&format!("signal-ends-{at}")),
            signal.expires_at,
            LeadInput::SignalEnded,
        );
    }
    let website = record
        .website
        .as_ref()
        .filter(|_| cx.policy().read_websites);
    let front = website
        .and_then(|domain| PageUrl::parse(&format!("https://{}/", domain.site().as_str())).ok());
    match front {
        Some(url) if !state.website_asked => Ok(decision
            .event(LeadEvent::ReadingWebsite(url.clone()))
            .effect(
                "read-website",
                LeadEffect::ReadWebsite {
                    url,
                    source: record.source.clone(),
                    country: record.country.or(cx.policy().country),
                    reading: cx.policy().reading.clone(),
                },
            )),
        // While the website is being read or the market is asked, the judgement still comes.
        _ if matches!(state.phase, LeadPhase::Enriching | LeadPhase::AwaitsPriors) => Ok(decision),
        _ => Ok(decision.and(advance(&next, cx))),
    }
}

pub(super) fn ask_market(state: &LeadState, cx: &Cx<'_>) -> Decision<Lead> {
    let sector = state
        .profile()
        .sector
        .choose()
        .map(|c| c.value().value().clone());
    Decision::nothing().event(LeadEvent::AskedMarket).tell(
        cx.peer("market", cx.policy().market.clone()),
        cx.step("priors"),
        &AskPriors { sector },
    )
}

/// Qualifies and scores; hands over what is ready and not settled yet.
pub(super) fn judged(state: &LeadState, fresh: Option<&Priors>, cx: &Cx<'_>) -> Answer {
    let policy = cx.policy();
    let mut decision = Decision::nothing();
    if let Some(priors) = fresh {
        decision = decision.event(LeadEvent::PriorsKnown(Box::new(priors.clone())));
    }
    let default = Priors::default();
    let priors = fresh.or(state.priors.as_ref()).unwrap_or(&default);
    let profile = state.profile();
    let facts = profile.facts_at(cx.now());
    let assessment = policy.ideal.assess(&facts);
    let score = policy.judge.judge(&facts, cx.now());
    let mut reasons: Vec<ReasonPoints> = score
        .score()
        .reasons()
        .iter()
        .map(|r| ReasonPoints {
            rule: r.rule().to_owned(),
            because: r.evidence().to_owned(),
            points: r.points(),
        })
        .collect();
    if priors.sector != 0 {
        reasons.push(ReasonPoints {
            rule: "market/demand".to_owned(),
            because: "demand in the sector, by signals".to_owned(),
            points: priors.sector,
        });
    }
    let total = reasons.iter().map(|r| r.points).sum();
    let services = ranked(&score, priors);
    let verdict = state.judgement.standing().map_or_else(
        || assessment.verdict().clone(),
        |word| word.verdict().clone(),
    );
    let regulated = profile
        .sector
        .choose()
        .and_then(|c| policy.regulated.get(&c.value().value().to_lowercase()));
    let by_person = state.judgement.standing().is_some();
    let phase = match verdict {
        Verdict::NotQualified => LeadPhase::NotQualified,
        Verdict::NeedsReview { .. } => LeadPhase::NeedsReview,
        Verdict::Qualified if regulated.is_some() && !by_person => LeadPhase::NeedsReview,
        Verdict::Qualified if total < policy.floor || services.is_empty() => LeadPhase::Waits,
        Verdict::Qualified => match profile.email.choose() {
            Some(_) => LeadPhase::AwaitsPriors,
            None => LeadPhase::NoAddress,
        },
    };
    let ready = phase == LeadPhase::AwaitsPriors;
    decision = decision.event(LeadEvent::Judged(Box::new(Judged {
        assessment,
        score: total,
        reasons: reasons.clone(),
        tier: score.tier().map(str::to_owned),
        services: services.clone(),
        phase,
        at: cx.now(),
    })));
    if !ready || state.phase.is_settled() {
        return Ok(decision);
    }
    hand_over(state, &profile, total, reasons, services, cx).map(|handed| decision.and(handed))
}

/// What to offer: the judge's ranking, moved by what delivery taught, without what it cannot
/// take on.
fn ranked(score: &crate::score::Judged, priors: &Priors) -> Vec<RecommendedService> {
    let mut services: Vec<RecommendedService> = score
        .services()
        .iter()
        .filter(|s| !priors.closed.iter().any(|closed| closed == s.service()))
        .map(|s| {
            let mut reasons: Vec<ReasonPoints> = s
                .reasons()
                .iter()
                .map(|r| ReasonPoints {
                    rule: r.rule().to_owned(),
                    because: r.evidence().to_owned(),
                    points: r.points(),
                })
                .collect();
            if let Some(points) = priors.services.get(s.service()).filter(|p| **p != 0) {
                reasons.push(ReasonPoints {
                    rule: "market/results".to_owned(),
                    because: priors
                        .reasons
                        .get(s.service())
                        .map_or_else(String::new, |r| r.join("; ")),
                    points: *points,
                });
            }
            RecommendedService {
                service: s.service().to_owned(),
                points: reasons.iter().map(|r| r.points).sum(),
                reasons,
            }
        })
        .collect();
    services.sort_by(|a, b| {
        b.points
            .cmp(&a.points)
            .then_with(|| a.service.cmp(&b.service))
    });
    services
}

fn overrule(state: &LeadState, verdict: Option<&Verdict>, why: &str, cx: &Cx<'_>) -> Answer {
    let Actor::Person(by) = cx.actor() else {
        return Err(Refusal::new("I14", "only a person may overrule a verdict"));
    };
    let event = match verdict {
        Some(verdict) => LeadEvent::Overruled(
            Override::new(verdict.clone(), by, why, cx.now())
                .map_err(|e| Refusal::new("QL-4", e.to_string()))?,
        ),
        None => LeadEvent::OverruleWithdrawn {
            by: by.clone(),
            at: cx.now(),
        },
    };
    let mut next = Lead::apply(state.clone(), &event);
    let mut decision = Decision::nothing().event(event);
    let lost = matches!(state.phase, LeadPhase::Lost { .. });
    if lost && verdict.is_some_and(Verdict::is_qualified) {
        // A person who calls a lost lead good wants it tried once more.
        next = Lead::apply(next, &LeadEvent::Reopened);
        decision = decision.event(LeadEvent::Reopened);
    }
    Ok(decision.and(judged(&next, None, cx)?))
}
