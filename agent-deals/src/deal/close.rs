use std::collections::BTreeSet;

use dealwright_core::canonical::Digest32;
use dealwright_core::handoff::{
    BudgetLine, DealClosed, DealWon, DealWonParts, MilestoneTerms, Requirement, RequirementStatus,
    ServiceOrder,
};
use dealwright_core::id::{ProjectId, RequirementId};
use dealwright_core::party::PostalAddress;
use dealwright_core::process::{Decision, Refusal};
use dealwright_core::time::{Timestamp, Zone};
use dealwright_core::trust::LetterClass;

use super::letters::{self, LetterSpec};
use super::{
    Answer, Cx, Deal, DealEffect, DealEvent, DealStage, DealState, DocumentKey, invoices, offer,
};
use crate::contract::{ContractContent, ContractParties, Party};
use crate::pricing::InstalmentKind;
use crate::proposal::ProposalVersion;

/// Ends the deal without a sale.
pub(super) fn lost(state: &DealState, reason: &str, cx: &Cx<'_>) -> Decision<Deal> {
    ended(state, false, reason, cx)
}

fn ended(state: &DealState, won: bool, reason: &str, cx: &Cx<'_>) -> Decision<Deal> {
    let (Some(deal), Some(lead)) = (state.id(), state.lead()) else {
        return Decision::nothing();
    };
    if state.closed().is_some() {
        return Decision::nothing();
    }
    let catalogue = &cx.policy().catalogue;
    let closed = DealClosed {
        deal,
        lead: lead.lead(),
        won,
        reason: reason.to_owned(),
        services: state.current_offer().map_or_else(
            || {
                lead.parts()
                    .services
                    .iter()
                    .take(1)
                    .map(|s| s.service.clone())
                    .collect()
            },
            |v| {
                v.quote()
                    .items()
                    .iter()
                    .map(|i| i.service.as_str().to_owned())
                    .collect()
            },
        ),
        unmet: state
            .requirements()
            .iter()
            .filter(|r| catalogue.answering(&r.need).next().is_none())
            .map(|r| r.need.clone())
            .collect(),
        net: state
            .signed()
            .and(state.current_offer())
            .map(|v| v.quote().totals().net),
        at: cx.now(),
    };
    Decision::nothing()
        .event(DealEvent::Closed(closed.clone()))
        .tell(cx.peer("lead", lead.lead().to_string()), "closed", &closed)
        .tell(cx.peer("market", "main"), "closed", &closed)
}

pub(super) fn parties(state: &DealState, cx: &Cx<'_>) -> Result<ContractParties, Refusal> {
    let parts = state
        .lead()
        .map(|l| l.parts())
        .ok_or_else(|| Refusal::new("I7", "a deal without a lead"))?;
    let fact = |name: &str| {
        parts
            .facts
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.clone())
            .ok_or_else(|| Refusal::new("FI-2", format!("the client's {name} is not known")))
    };
    let address = PostalAddress::new(
        fact("street")?,
        fact("locality")?,
        fact("postal-code")?,
        parts.country.unwrap_or(cx.policy().law),
    )
    .map_err(|e| Refusal::new("FI-2", e.to_string()))?;
    Ok(ContractParties {
        agency: cx.policy().agency.clone(),
        client: Party {
            name: parts.account_name.clone().unwrap_or_default(),
            address,
            vat_id: None,
            signatory: parts.contact_name.clone(),
        },
    })
}

/// The contract on the accepted version.
pub(super) fn contract(state: &DealState, cx: &Cx<'_>) -> Answer {
    let (Some(proposals), Some(version)) = (state.proposals(), state.current_offer()) else {
        return Err(Refusal::new("I7", "a contract without an offer"));
    };
    let parties = match parties(state, cx) {
        Ok(parties) => parties,
        // A contract needs an address: a person asks for it, nothing is made up.
        Err(refusal) => {
            return Ok(Decision::nothing().event(DealEvent::NeedsPerson {
                why: refusal.reason().to_owned(),
            }));
        }
    };
    let content = ContractContent::new(
        proposals,
        parties,
        &cx.policy().clauses,
        cx.policy().law,
        cx.now().date_naive(),
    )
    .map_err(|e| Refusal::new("CF-1", e.to_string()))?;
    let number = version.number();
    Ok(Decision::nothing().effect(
        format!("render-contract-{number}"),
        DealEffect::Render {
            key: DocumentKey::Contract(number),
            document: Box::new(content.document()),
        },
    ))
}

/// The contract's bytes are there: it goes out for signature.
pub(super) fn contract_made(state: &DealState, blob: Digest32, cx: &Cx<'_>) -> Answer {
    if state.stage() != DealStage::Contracting {
        return Ok(Decision::nothing());
    }
    let spec = LetterSpec::new("contract", LetterClass::Service)
        .value("document", blob.to_hex())
        .file("contract.pdf", blob)
        .answering(state.last_heard());
    Ok(letters::ask(state, "contract", spec, 0, cx)?.and(super::outreach::patience(state, cx)))
}

/// The client signed.
pub(super) fn signed(state: &DealState, document: Digest32, signer: &str, cx: &Cx<'_>) -> Answer {
    let (Some(contract), Some(version)) = (state.contract(), state.current_offer()) else {
        return Err(Refusal::new("I7", "a signature and no contract"));
    };
    if state.signed().is_some() {
        return Err(Refusal::new("I7", "the contract is signed already"));
    }
    let made = state.document(&DocumentKey::Contract(version.number()));
    if made != Some(document) {
        return Err(Refusal::new(
            "CF-1",
            "what was signed is not the contract that went out",
        ));
    }
    let signed = DealEvent::Signed {
        contract,
        document,
        signer: signer.to_owned(),
        at: cx.now(),
    };
    let next = state.clone().after(&signed);
    let won = won(&next, version, document, cx)?;
    let project = ProjectId::derive(&[b"project of deal", version.deal().uuid().as_bytes()]);
    let decision: Decision<Deal> = Decision::nothing().event(signed).tell(
        cx.peer("project", project.to_string()),
        "won",
        &won,
    );
    let due: Vec<u32> = version
        .content()
        .plan
        .instalments()
        .iter()
        .filter(|i| matches!(i.kind, InstalmentKind::Deposit))
        .map(|i| i.number)
        .collect();
    (0..)
        .zip(due)
        .try_fold(decision, |decision, (before, number)| {
            Ok(decision.and(invoices::place(&next, number, before, cx)?))
        })
}

fn won(
    state: &DealState,
    version: &ProposalVersion,
    document: Digest32,
    cx: &Cx<'_>,
) -> Result<DealWon, Refusal> {
    let lead = state
        .lead()
        .ok_or_else(|| Refusal::new("I7", "a deal without a lead"))?;
    let parts = lead.parts();
    let quote = version.quote();
    let priced: BTreeSet<_> = quote.items().iter().flat_map(|i| &i.requirements).collect();
    let parts = DealWonParts {
        deal: state.id(),
        lead: Some(lead.lead()),
        contract: state.contract(),
        contract_hash: Some(document),
        offer: Some(version.id()),
        client: parts.account_name.clone(),
        contact: Some(lead.address().clone()),
        contact_name: parts.contact_name.clone(),
        country: parts.country,
        zone: parts.zone.clone(),
        language: parts.language,
        website: parts.website.clone(),
        facts: parts.facts.clone(),
        listings: parts.listings.clone(),
        requirements: ordered(state, &priced, cx),
        service_levels: cx.policy().service_levels.clone(),
        orders: quote
            .items()
            .iter()
            .map(|item| ServiceOrder {
                service: item.service.as_str().to_owned(),
                requirements: item.requirements.clone(),
                drivers: item
                    .drivers
                    .iter()
                    .map(|(name, value)| (name.as_str().to_owned(), *value))
                    .collect(),
                options: item.options.iter().map(|o| o.as_str().to_owned()).collect(),
            })
            .collect(),
        start: Some(cx.now()),
        milestones: version
            .content()
            .timeline
            .iter()
            .map(|entry| MilestoneTerms {
                id: entry.milestone,
                name: entry.name.clone(),
                due: end_of(entry.due),
                services: vec![entry.service.as_str().to_owned()],
            })
            .collect(),
        budget: quote
            .lines()
            .iter()
            .map(|line| BudgetLine {
                line: line.id,
                service: line.service.as_str().to_owned(),
                requirements: line.requirements.clone(),
                net: line.net,
                cost: line.cost,
            })
            .collect(),
        total: Some(quote.totals().net),
    };
    DealWon::try_from(parts).map_err(|e| Refusal::new("DF-2", e.to_string()))
}

/// The requirements that the signed offer prices. What the client dropped afterwards is owed all
/// the same: the signature came later, or a new version would have.
fn ordered(state: &DealState, priced: &BTreeSet<&RequirementId>, cx: &Cx<'_>) -> Vec<Requirement> {
    let mut all: Vec<Requirement> = state.requirements().to_vec();
    for suggested in offer::needed(state, cx) {
        if !all.iter().any(|r| r.id == suggested.id) {
            all.push(suggested);
        }
    }
    all.retain(|r| priced.contains(&r.id));
    for requirement in &mut all {
        if requirement.status == RequirementStatus::Dropped {
            requirement.status = RequirementStatus::Confirmed;
        }
    }
    all
}

pub(super) fn end_of(day: chrono::NaiveDate) -> Timestamp {
    let evening = chrono::NaiveTime::from_hms_opt(17, 0, 0).unwrap_or_default();
    Zone::UTC.instant(day, evening)
}

/// Delivery had something accepted: what hangs on it is invoiced.
pub(super) fn milestone(
    state: &DealState,
    milestone: &dealwright_core::handoff::MilestoneAccepted,
    cx: &Cx<'_>,
) -> Answer {
    if state
        .milestones()
        .iter()
        .any(|m| m.milestone == milestone.milestone)
    {
        return Err(Refusal::new("CF-3", "this milestone was accepted already"));
    }
    let accepted = DealEvent::MilestoneAccepted(milestone.clone());
    let next = state.clone().after(&accepted);
    let due: Vec<u32> = state.current_offer().map_or_else(Vec::new, |version| {
        version
            .content()
            .plan
            .instalments()
            .iter()
            .filter(|i| matches!(&i.kind, InstalmentKind::Milestone { milestone: m, .. } if *m == milestone.milestone))
            .map(|i| i.number)
            .collect()
    });
    let decision: Decision<Deal> = Decision::nothing().event(accepted);
    (0..)
        .zip(due)
        .try_fold(decision, |decision, (before, number)| {
            Ok(decision.and(invoices::place(&next, number, before, cx)?))
        })
}

/// Won and over once all is delivered and paid.
pub(super) fn finish(state: &DealState, cx: &Cx<'_>) -> Decision<Deal> {
    let all = state
        .current_offer()
        .map_or(0, |v| v.content().plan.instalments().len());
    let paid = state
        .invoices()
        .values()
        .filter(|i| i.paid.is_some())
        .count();
    if state.delivered().is_some() && all > 0 && paid == all {
        ended(state, true, "won", cx)
    } else {
        Decision::nothing()
    }
}
