use dealwright_core::personal::Purpose;
use dealwright_core::process::{Actor, Decision, Process as _, Refusal, Unsettled};
use dealwright_core::provenance::{Confidence, Field, Source};

use super::decide::{ask_market, judged};
use super::{Answer, Cx, Lead, LeadEffect, LeadEvent, LeadState, Profile};
use crate::enrich::{
    Accepted, AskSpend, EnrichField, FieldValue, Found, Junk, Price, SpendAnswer, SpendDone, Step,
    Who, is_mobile, next, prescreen,
};
use crate::qualify::Verdict;

/// The next provider to ask; where nobody is left, the market is asked what counts.
pub(super) fn advance(state: &LeadState, cx: &Cx<'_>) -> Decision<Lead> {
    let policy = &cx.policy().enrich;
    // Nothing is paid for a lead that is in a sale, or whose sale has ended.
    if policy.providers.is_empty() || state.phase.is_settled() {
        return ask_market(state, cx);
    }
    let profile = state.profile();
    let junk = junk(&profile, cx);
    let known = |field| sureness(&profile, field);
    let (step, passed) = next(policy, &state.progress, known, &junk, cx.now());
    let mut decision = Decision::nothing();
    if passed != state.progress.passed {
        decision = decision.event(LeadEvent::PassedOver(passed));
    }
    let Some(step) = step else {
        return decision.and(ask_market(state, cx));
    };
    let key = format!("{}/{}", cx.process().id(), cx.step(step.source.as_str()));
    if step.price.is_free() {
        return decision.and(call(&profile, key, step, cx));
    }
    // What the day may spend is kept in one place: nothing is called before it says yes.
    let ask = AskSpend {
        key: key.clone(),
        price: step.price,
    };
    decision
        .event(LeadEvent::SpendAsked { key, step })
        .tell(market(cx), cx.step("spend"), &ask)
}

pub(super) fn spend(state: &LeadState, answer: &SpendAnswer, cx: &Cx<'_>) -> Answer {
    let step = under_way(state, &answer.key)?;
    if answer.granted {
        return Ok(call(&state.profile(), answer.key.clone(), step.clone(), cx));
    }
    let event = LeadEvent::SpendDenied {
        key: answer.key.clone(),
        at: cx.now(),
    };
    let next = Lead::apply(state.clone(), &event);
    Ok(Decision::nothing().event(event).and(advance(&next, cx)))
}

pub(super) fn enriched(state: &LeadState, key: &str, accepted: &Accepted, cx: &Cx<'_>) -> Answer {
    let paid = !under_way(state, key)?.price.is_free();
    let event = LeadEvent::Enriched {
        key: key.to_owned(),
        accepted: Box::new(accepted.clone()),
    };
    Ok(settled(
        state,
        key,
        event,
        paid.then_some(accepted.took),
        cx,
    ))
}

pub(super) fn not_enriched(state: &LeadState, key: &str, how: Unsettled, cx: &Cx<'_>) -> Answer {
    let paid = !under_way(state, key)?.price.is_free();
    let event = LeadEvent::NotEnriched {
        key: key.to_owned(),
        how,
    };
    Ok(settled(state, key, event, paid.then_some(Price::Free), cx))
}

pub(super) fn correct(state: &LeadState, value: &FieldValue, cx: &Cx<'_>) -> Answer {
    let Actor::Person(by) = cx.actor() else {
        return Err(Refusal::new("EN-2", "only a person may correct a value"));
    };
    let event = LeadEvent::Corrected(Box::new(Found {
        value: value.clone(),
        source: Source::person(by),
        retrieved_at: cx.now(),
        confidence: Confidence::CERTAIN,
        passage: None,
    }));
    let next = Lead::apply(state.clone(), &event);
    Ok(Decision::nothing()
        .event(event)
        .and(judged(&next, None, cx)?))
}

fn settled(
    state: &LeadState,
    key: &str,
    event: LeadEvent,
    took: Option<Price>,
    cx: &Cx<'_>,
) -> Decision<Lead> {
    let next = Lead::apply(state.clone(), &event);
    let mut decision = Decision::nothing().event(event);
    if let Some(took) = took {
        let done = SpendDone {
            key: key.to_owned(),
            took,
        };
        decision = decision.tell(market(cx), cx.step("spent"), &done);
    }
    decision.and(advance(&next, cx))
}

fn call(profile: &Profile, key: String, step: Step, cx: &Cx<'_>) -> Decision<Lead> {
    Decision::nothing()
        .event(LeadEvent::Calling {
            key: key.clone(),
            step: step.clone(),
            at: cx.now(),
        })
        .effect(
            cx.step("enrich"),
            LeadEffect::Enrich {
                key,
                step,
                who: who(profile, cx),
            },
        )
}

fn under_way<'a>(state: &'a LeadState, key: &str) -> Result<&'a Step, Refusal> {
    state
        .progress
        .under_way
        .as_ref()
        .filter(|(of, _)| of == key)
        .map(|(_, step)| step)
        .ok_or_else(|| Refusal::new("I7", "an answer to a call that is not under way"))
}

fn market(cx: &Cx<'_>) -> dealwright_core::process::ProcessKey {
    cx.peer("market", cx.policy().market.clone())
}

fn who(profile: &Profile, cx: &Cx<'_>) -> Who {
    Who {
        name: chosen(&profile.name),
        website: chosen(&profile.website),
        street: chosen(&profile.street),
        postal_code: chosen(&profile.postal_code),
        locality: chosen(&profile.locality),
        country: chosen(&profile.country).or(cx.policy().country),
    }
}

fn chosen<T: Clone + PartialEq>(field: &Field<T>) -> Option<T> {
    field.choose().map(|choice| choice.value().value().clone())
}

/// What speaks against paying for this lead.
fn junk(profile: &Profile, cx: &Cx<'_>) -> Vec<Junk> {
    let email = profile.email.choose();
    let mut junk = prescreen(
        chosen(&profile.name).as_deref(),
        chosen(&profile.website).as_ref(),
        email.map(|choice| choice.value().value().reveal(Purpose::Matching)),
        chosen(&profile.street).as_deref(),
    );
    let assessment = cx.policy().ideal.assess(&profile.facts_at(cx.now()));
    if *assessment.verdict() == Verdict::NotQualified {
        junk.push(Junk::NotAClient);
    }
    junk
}

/// How sure the value of a field is that counts.
fn sureness(profile: &Profile, field: EnrichField) -> Option<Confidence> {
    fn of<T: PartialEq>(field: &Field<T>) -> Option<Confidence> {
        field.choose().map(|choice| choice.value().confidence())
    }
    match field {
        EnrichField::Name => of(&profile.name),
        EnrichField::Person => of(&profile.person),
        EnrichField::Email => of(&profile.email),
        EnrichField::Phone => of(&profile.phone),
        EnrichField::Mobile => profile
            .phone
            .values()
            .iter()
            .filter(|phone| is_mobile(phone.value().reveal(Purpose::Matching)) == Some(true))
            .map(|phone| phone.confidence())
            .max(),
        EnrichField::Website => of(&profile.website),
        EnrichField::Street => of(&profile.street),
        EnrichField::PostalCode => of(&profile.postal_code),
        EnrichField::Locality => of(&profile.locality),
        EnrichField::Country => of(&profile.country),
        EnrichField::Sector => of(&profile.sector),
    }
}
