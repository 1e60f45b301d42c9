use dealwright_core::handoff::{
    AskPriors, LeadQualified, LeadQualifiedParts, Priors, ReasonPoints, RecommendedService,
};
use dealwright_core::id::{DealId, LeadId};
use dealwright_core::page::PageUrl;
use dealwright_core::party::Language;
use dealwright_core::process::{Actor, Decision, Refusal};
use dealwright_core::trust::LegalBasis;

use super::{
    Answer, CHANNEL, Cx, IntakeRecord, Judged, Lead, LeadEffect, LeadEvent, LeadInput, LeadPhase,
    LeadState, Profile, WebsiteReading,
};
use crate::qualify::{Override, Verdict};

pub(super) fn decide(state: &LeadState, input: &LeadInput, cx: &Cx<'_>) -> Answer {
    match input {
        LeadInput::Intake { lead, record } => intake(state, *lead, record, cx),
        LeadInput::Read(reading) => {
            let decision = Decision::nothing().event(LeadEvent::Read(reading.clone()));
            Ok(decision.and(ask_market(state, cx)))
        }
        LeadInput::NotRead(_) => Ok(ask_market(state, cx)),
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
            _ => Ok(ask_market(state, cx)),
        },
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
    let decision = Decision::nothing().event(LeadEvent::Recorded {
        lead,
        record: Box::new(record.clone()),
    });
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
                },
            )),
        // While the website is being read or the market is asked, the judgement still comes.
        _ if matches!(state.phase, LeadPhase::Enriching | LeadPhase::AwaitsPriors) => Ok(decision),
        _ => Ok(decision.and(ask_market_about(record.sector.clone(), cx))),
    }
}

fn ask_market(state: &LeadState, cx: &Cx<'_>) -> Decision<Lead> {
    let sector = state
        .profile()
        .sector
        .choose()
        .map(|c| c.value().value().clone());
    ask_market_about(sector, cx)
}

fn ask_market_about(sector: Option<String>, cx: &Cx<'_>) -> Decision<Lead> {
    Decision::nothing().event(LeadEvent::AskedMarket).tell(
        cx.peer("market", cx.policy().market.clone()),
        cx.step("priors"),
        &AskPriors { sector },
    )
}

fn judged(state: &LeadState, fresh: Option<&Priors>, cx: &Cx<'_>) -> Answer {
    let policy = cx.policy();
    let mut decision = Decision::nothing();
    if let Some(priors) = fresh {
        decision = decision.event(LeadEvent::PriorsKnown(Box::new(priors.clone())));
    }
    let default = Priors::default();
    let priors = fresh.or(state.priors.as_ref()).unwrap_or(&default);
    let profile = state.profile();
    let facts = profile.facts();
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
    let running = matches!(
        state.phase,
        LeadPhase::HandedOver { .. } | LeadPhase::Client
    );
    if !ready || running {
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

fn hand_over(
    state: &LeadState,
    profile: &Profile,
    score: i64,
    reasons: Vec<ReasonPoints>,
    services: Vec<RecommendedService>,
    cx: &Cx<'_>,
) -> Answer {
    let policy = cx.policy();
    let lead = state
        .id
        .ok_or_else(|| Refusal::new("I7", "a lead without a record"))?;
    let chosen = profile.email.choose();
    // The record that brought the chosen address decides source and permission.
    let origin = state
        .records
        .iter()
        .find(|r| {
            r.email.is_some() && r.email.as_ref() == chosen.as_ref().map(|c| c.value().value())
        })
        .or_else(|| state.records.first());
    let inquiry = state.records.iter().find_map(|r| r.inquiry.as_ref());
    let occurrence = state.occurrence.saturating_add(1);
    let country = profile
        .country
        .choose()
        .map(|c| *c.value().value())
        .or(policy.country);
    let language = state
        .website
        .as_ref()
        .and_then(|w| w.language.as_deref())
        .and_then(|tag| Language::parse(tag).ok())
        .or_else(|| country.and_then(Language::of_country))
        .unwrap_or(policy.language);
    let basis = match inquiry {
        Some(inquiry) => LegalBasis::Inquiry { at: inquiry.at },
        None => LegalBasis::LegitimateInterest {
            assessment: policy.assessment.clone(),
        },
    };
    let from_website = origin.is_none_or(|r| r.email.is_none());
    let mut facts = cited(profile);
    let forbids = |r: &IntakeRecord| r.no_solicitation || !r.contact_allowed;
    facts.push((
        "may-write".to_owned(),
        if origin.is_some_and(forbids) || refuses_mail(state.website.as_ref(), from_website) {
            "no"
        } else {
            "yes"
        }
        .to_owned(),
    ));
    let parts = LeadQualifiedParts {
        lead: Some(lead),
        occurrence,
        account: state.account(),
        account_name: Some(profile.display_name()),
        legal_form: Some(profile.legal_form),
        contact: state.contact(),
        contact_name: profile.person.choose().map(|c| c.value().value().clone()),
        address: chosen.map(|c| c.value().value().clone()),
        country,
        zone: profile.zone.choose().map(|c| c.value().value().clone()),
        language: Some(language),
        channel: Some(CHANNEL),
        source_notice: Some(source_notice(origin, state.website.as_ref(), from_website)),
        source: origin.map(|r| r.source.as_str().to_owned()),
        inbound: inquiry.is_some(),
        website: profile
            .website
            .choose()
            .map(|c| c.value().value().as_str().to_owned()),
        score: Some(score),
        reasons,
        win_probability: None,
        services,
        requirements: state
            .records
            .iter()
            .flat_map(|r| r.requirements.clone())
            .collect(),
        facts,
        basis: Some(basis),
    };
    let handoff =
        LeadQualified::try_from(parts).map_err(|e| Refusal::new("DF-1", e.to_string()))?;
    let deal = DealId::derive(&[lead.to_string().as_bytes(), &occurrence.to_be_bytes()]);
    Ok(Decision::nothing()
        .event(LeadEvent::HandedOver { occurrence, deal })
        .tell(
            cx.peer("deal", deal.to_string()),
            format!("qualified-{occurrence}"),
            &handoff,
        ))
}

fn refuses_mail(website: Option<&WebsiteReading>, from_website: bool) -> bool {
    from_website && website.is_some_and(|w| w.no_solicitation)
}

fn source_notice(
    origin: Option<&IntakeRecord>,
    website: Option<&WebsiteReading>,
    from_website: bool,
) -> String {
    match (website, origin) {
        (Some(reading), _) if from_website => {
            format!(
                "Your address stands on your website {}.",
                reading.domain.as_str()
            )
        }
        (_, Some(record)) => record.source_notice.clone(),
        _ => String::new(),
    }
}

/// Facts about the business that may be cited to it: observations of its public presence.
fn cited(profile: &Profile) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let disputed = profile.disputed();
    if !disputed.is_empty() {
        facts.push(("disputed".to_owned(), disputed.join(", ")));
    }
    for (name, fact) in profile.facts().iter() {
        let value = match fact.value() {
            crate::facts::FactValue::Text(text) => text.clone(),
            crate::facts::FactValue::Number(number) => number.to_string(),
            crate::facts::FactValue::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        };
        facts.push((name.as_str().to_owned(), value));
    }
    facts
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
    let next = <Lead as dealwright_core::process::Process>::apply(state.clone(), &event);
    Ok(Decision::nothing()
        .event(event)
        .and(judged(&next, None, cx)?))
}
