use chrono::Days;
use dealwright_core::document::Identity;
use dealwright_core::handoff::{Requirement, RequirementKind, RequirementStatus};
use dealwright_core::id::{ContractId, RequirementId};
use dealwright_core::knowledge::{Catalogue, ClientKind, RateCard, Slug, TaxSubject};
use dealwright_core::process::{Decision, Refusal};
use dealwright_core::provenance::Confidence;
use dealwright_core::time::Calendar;
use dealwright_core::trust::LetterClass;

use super::letters::{self, LetterSpec};
use super::outreach::working_days_after;
use super::{Answer, Cx, Deal, DealEffect, DealEvent, DealState, DocumentKey, Reminder, close};
use crate::negotiation::{Alternative, Ask, Negotiation, Response, Standing};
use crate::pricing::{Quote, QuoteRequest, quote};
use crate::proposal::words::{Word, word};
use crate::proposal::{
    Offer, OfferTerms, ProposalContent, ProposalInput, ProposalVersion, Proposals,
};

/// The services in the words of this client's language.
pub(super) fn catalogue<'a>(state: &DealState, cx: &Cx<'a>) -> &'a Catalogue {
    cx.policy().catalogue.spoken(state.language())
}

/// The prices in the words of this client's language.
pub(super) fn rates<'a>(state: &DealState, cx: &Cx<'a>) -> &'a RateCard {
    cx.policy().rates.spoken(state.language())
}

/// The first version of the offer, from what the client needs.
pub(super) fn first(state: &DealState, cx: &Cx<'_>) -> Answer {
    let requirements = needed(state, cx);
    if requirements.is_empty() {
        return Ok(Decision::nothing().event(DealEvent::NeedsPerson {
            why: "they are interested and no service answers what they say".to_owned(),
        }));
    }
    let request = QuoteRequest::for_requirements(
        catalogue(state, cx),
        deal_id(state)?,
        cx.now().date_naive(),
        tax(state, cx),
        &requirements,
    );
    let priced = match quote(catalogue(state, cx), rates(state, cx), &request) {
        Ok(priced) => priced,
        // What they need is larger than what is sold by rule, for example.
        Err(error) => {
            return Ok(Decision::nothing().event(DealEvent::NeedsPerson {
                why: format!("no price can be made for what they need: {error}"),
            }));
        }
    };
    let terms = OfferTerms {
        payment: cx.policy().rates.params().payment.clone(),
        start: cx
            .now()
            .date_naive()
            .checked_add_days(Days::new(u64::from(cx.policy().start_days)))
            .unwrap_or_else(|| cx.now().date_naive()),
        clauses: std::collections::BTreeSet::new(),
    };
    issue(state, priced, terms, &requirements, Vec::new(), cx)
}

/// Whether what the client says they need is no longer what the offer prices. What a model
/// inferred changes no offer.
pub(super) fn is_outdated(state: &DealState, cx: &Cx<'_>) -> bool {
    let Some(version) = state.current_offer() else {
        return false;
    };
    let before = version.quote().request();
    let voiced: Vec<Requirement> = needed(state, cx)
        .into_iter()
        .filter(|r| r.kind == RequirementKind::Explicit || before.requirements.contains(&r.id))
        .collect();
    let now = QuoteRequest::for_requirements(
        catalogue(state, cx),
        version.deal(),
        before.on,
        before.tax,
        &voiced,
    );
    let wanted = |request: &QuoteRequest| -> Vec<_> {
        let items = request.items.iter();
        items
            .map(|i| (i.service.clone(), i.drivers.clone()))
            .collect()
    };
    let (mut before, mut now) = (wanted(before), wanted(&now));
    before.sort();
    now.sort();
    before != now
}

/// The client changed what they need while an offer is out: a new version takes its place.
pub(super) fn renew(state: &DealState, cx: &Cx<'_>) -> Answer {
    let versions = state.current_offer().map_or(0, ProposalVersion::number);
    // Without any need left, what we once suggested is no answer.
    let mut known = state.requirements().iter();
    let none_left = known.all(|r| r.status == RequirementStatus::Dropped);
    if none_left || versions >= cx.policy().versions || !state.concessions().is_empty() {
        return Ok(Decision::nothing().event(DealEvent::NeedsPerson {
            why: "the client changes what they need; a person makes the next version".to_owned(),
        }));
    }
    first(state, cx)
}

/// What is priced: what the client voiced, or, where they only said yes to our suggestion, the
/// need that the suggested service answers.
pub(super) fn needed(state: &DealState, cx: &Cx<'_>) -> Vec<Requirement> {
    let catalogue = catalogue(state, cx);
    let open: Vec<Requirement> = state
        .requirements()
        .iter()
        .filter(|r| r.status != RequirementStatus::Dropped)
        .filter(|r| catalogue.answering(&r.need).next().is_some())
        .map(|r| Requirement {
            // What the reader of their words calls it, in the words they read themselves.
            statement: catalogue
                .need(&r.need)
                .map_or_else(|| r.statement.clone(), |need| need.statement.clone()),
            ..r.clone()
        })
        .collect();
    if !open.is_empty() {
        return open;
    }
    let suggested = state
        .lead()
        .and_then(|l| l.parts().services.first())
        .and_then(|s| catalogue.service(&s.service));
    suggested
        .and_then(|service| service.needs.first().map(|need| (service, need)))
        .map(|(service, need)| Requirement {
            id: RequirementId::derive(&[
                cx.process().to_string().as_bytes(),
                need.as_str().as_bytes(),
            ]),
            need: need.as_str().to_owned(),
            statement: service.summary.clone(),
            kind: RequirementKind::Implicit,
            evidence: Vec::new(),
            confidence: Confidence::saturating(60),
            status: RequirementStatus::Open,
            owner: None,
            drivers: std::collections::BTreeMap::new(),
        })
        .into_iter()
        .collect()
}

pub(super) fn tax(state: &DealState, cx: &Cx<'_>) -> TaxSubject {
    let parts = state.lead().map(|l| l.parts());
    TaxSubject {
        country: parts.and_then(|p| p.country).unwrap_or(cx.policy().law),
        // A business that was found in a directory buys for its business, whatever its form.
        client: ClientKind::Business,
        vat_id: false,
    }
}

fn deal_id(state: &DealState) -> Result<dealwright_core::id::DealId, Refusal> {
    state
        .id()
        .ok_or_else(|| Refusal::new("I7", "a deal that has not begun"))
}

fn issue(
    state: &DealState,
    priced: Quote,
    terms: OfferTerms,
    requirements: &[Requirement],
    concessions: Vec<String>,
    cx: &Cx<'_>,
) -> Answer {
    let policy = cx.policy();
    let lead = state
        .lead()
        .ok_or_else(|| Refusal::new("I7", "a deal without a lead"))?;
    let parts = lead.parts();
    let language = state.language();
    let client = parts.account_name.clone().unwrap_or_default();
    let content = ProposalContent::new(
        catalogue(state, cx),
        &priced,
        &terms,
        &ProposalInput {
            client: &client,
            language,
            requirements,
            calendar: &Calendar::of(parts.country),
        },
    )
    .map_err(|e| Refusal::new("PC-4", e.to_string()))?;
    let plan = policy.playbook.proposal();
    let reply_by = working_days_after(state, cx.now(), plan.reply_by.max(1));
    let valid_until = working_days_after(state, cx.now(), plan.valid_for.max(plan.reply_by).max(1));
    let fresh = Proposals::new(deal_id(state)?);
    let proposals = state.proposals().unwrap_or(&fresh);
    let draft = proposals
        .draft(Offer {
            quote: priced,
            terms,
            content,
            reply_by,
            valid_until,
        })
        .map_err(|e| Refusal::new("PC-3", e.to_string()))?;
    let version = match proposals.issue(draft, &policy.authority, None, cx.now()) {
        Ok(version) => version,
        Err(error) => {
            return Ok(Decision::nothing().event(DealEvent::NeedsPerson {
                why: error.to_string(),
            }));
        }
    };
    let agency = policy
        .agency
        .identity(word(Word::VatId, language), language);
    let document = version.document(agency, Identity::new(client));
    let number = version.number();
    Ok(Decision::nothing()
        .event(DealEvent::Issued {
            version: Box::new(version),
            concessions,
        })
        .effect(
            format!("render-proposal-{number}"),
            DealEffect::Render {
                key: DocumentKey::Proposal(number),
                document: Box::new(document),
            },
        ))
}

/// The proposal's bytes are there: it goes to the client, with its reminders.
pub(super) fn made(
    state: &DealState,
    number: u32,
    blob: dealwright_core::canonical::Digest32,
    cx: &Cx<'_>,
) -> Answer {
    let Some(version) = state.current_offer().filter(|v| v.number() == number) else {
        return Ok(Decision::nothing());
    };
    let template = if state.concessions().is_empty() {
        "proposal"
    } else {
        "counter-offer"
    };
    let spec = LetterSpec::new(template, LetterClass::Answer)
        .value("total", letters::sum(version.quote().totals().gross, state))
        .value("reply_by", letters::day(version.reply_by(), state))
        .value("valid_until", letters::day(version.valid_until(), state))
        .value("given", state.concessions().join("; "))
        .file(format!("proposal-{number}.pdf"), blob)
        .answering(state.last_heard());
    let mut decision = letters::ask(state, &format!("proposal-{number}"), spec, 0, cx)?;
    for (place, days) in (1_u32..).zip(&cx.policy().playbook.proposal().reminders) {
        let due = working_days_after(state, cx.now(), *days);
        decision = decision.timer(
            format!("proposal-{number}-reminder-{place}"),
            due,
            Reminder::ProposalReminder {
                version: number,
                place,
            }
            .into(),
        );
    }
    Ok(decision.timer(
        format!("proposal-{number}-expires"),
        version.valid_until(),
        Reminder::ProposalExpires(number).into(),
    ))
}

/// A proposal has waited.
pub(super) fn remind(state: &DealState, number: u32, place: u32, cx: &Cx<'_>) -> Answer {
    let waits = state.stage() == super::DealStage::Proposed
        && state.current_offer().is_some_and(|v| v.number() == number);
    let version = state.current_offer().filter(|_| waits);
    let Some(version) = version else {
        return Ok(Decision::nothing());
    };
    let spec = LetterSpec::new(
        cx.policy().playbook.proposal().template.as_str(),
        LetterClass::Answer,
    )
    .value("total", letters::sum(version.quote().totals().gross, state))
    .value("reply_by", letters::day(version.reply_by(), state))
    .value("valid_until", letters::day(version.valid_until(), state))
    .answering(state.last_sent());
    letters::ask(
        state,
        &format!("proposal-{number}-reminder-{place}"),
        spec,
        0,
        cx,
    )
}

/// A proposal's time is over.
pub(super) fn expire(state: &DealState, number: u32, cx: &Cx<'_>) -> Answer {
    let waits = state.stage() == super::DealStage::Proposed
        && state.current_offer().is_some_and(|v| v.number() == number);
    if !waits {
        return Ok(Decision::nothing());
    }
    Ok(Decision::nothing()
        .event(DealEvent::Expired { version: number })
        .and(close::lost(state, "no-decision", cx)))
}

/// The client wants it otherwise.
pub(super) fn negotiate(state: &DealState, ask: &Ask, cx: &Cx<'_>) -> Answer {
    let policy = cx.policy();
    let Some(version) = state.current_offer() else {
        return first(state, cx);
    };
    if version.number() >= policy.versions {
        return Ok(Decision::nothing().event(DealEvent::NeedsPerson {
            why: format!(
                "{} versions of the offer did not settle it",
                version.number()
            ),
        }));
    }
    let standing = Standing {
        quote: version.quote().clone(),
        terms: version.terms().clone(),
    };
    let answer = Negotiation::new(catalogue(state, cx), rates(state, cx), &policy.authority)
        .respond(&standing, ask)
        .map_err(|e| Refusal::new("NG-1", e.to_string()))?;
    let chosen: Option<Alternative> = match answer {
        Response::Accept { offer } => Some(offer),
        Response::Counter { alternatives } => alternatives.into_iter().next(),
        Response::Escalate { why } => {
            return Ok(Decision::nothing().event(DealEvent::NeedsPerson {
                why: format!("their wish goes beyond what may be given: {why:?}"),
            }));
        }
    };
    let Some(alternative) = chosen else {
        return Ok(Decision::nothing());
    };
    let given = alternative
        .concessions
        .iter()
        .map(|c| format!("{} for {}", c.worth, bought(c)))
        .collect();
    let requirements = needed(state, cx);
    issue(
        state,
        alternative.quote,
        alternative.terms,
        &requirements,
        given,
        cx,
    )
}

fn bought(concession: &crate::negotiation::Concession) -> String {
    use crate::negotiation::Bought;
    match &concession.bought {
        Bought::Acceptance { within_days } => format!("an answer within {within_days} days"),
        Bought::Prepayment => "payment in full at signature".to_owned(),
        Bought::LaterStart { days } => format!("a start {days} days later"),
        Bought::SmallerScope { worth } => format!("a scope smaller by {worth}"),
    }
}

/// The client accepts the version that stands.
pub(super) fn accept(state: &DealState, cx: &Cx<'_>) -> Answer {
    let (Some(proposals), Some(version)) = (state.proposals(), state.current_offer()) else {
        return first(state, cx);
    };
    let through = Slug::parse("reply").map_err(|e| Refusal::new("PC-3", e.to_string()))?;
    let acceptance = proposals
        .accept(version.id(), version.hash(), cx.now(), through)
        .map_err(|e| Refusal::new("PC-3", e.to_string()))?;
    let contract =
        ContractId::derive(&[version.deal().uuid().as_bytes(), version.hash().as_bytes()]);
    let accepted = DealEvent::Accepted {
        acceptance,
        contract,
    };
    let next = state.clone().after(&accepted);
    let decision: Decision<Deal> = Decision::nothing().event(accepted);
    Ok(decision.and(close::contract(&next, cx)?))
}
