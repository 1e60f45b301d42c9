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
use dealwright_core::trust::{AskCharge, Bill, ChargeAnswer, ChargeOutcome, LetterClass};

use super::letters::{self, LetterSpec};
use super::{
    Answer, Cx, Deal, DealEffect, DealEvent, DealStage, DealState, DocumentKey, PlacedInvoice,
    Reminder, offer,
};
use crate::contract::{ContractContent, ContractParties, InvoiceFrame, Party, invoice_document};
use crate::pricing::{
    InstalmentKind, Invoice, InvoiceError, InvoiceNumber, Line, Shortfall, shortfalls,
};
use crate::proposal::ProposalVersion;
use crate::proposal::words::{Word, word};

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

fn parties(state: &DealState, cx: &Cx<'_>) -> Result<ContractParties, Refusal> {
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
            Ok(decision.and(place(&next, number, before, cx)?))
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

fn end_of(day: chrono::NaiveDate) -> Timestamp {
    let evening = chrono::NaiveTime::from_hms_opt(17, 0, 0).unwrap_or_default();
    Zone::UTC.instant(day, evening)
}

/// Places one invoice, of which `before` others are placed in the same step; one that was placed
/// already is passed over.
pub(super) fn place(state: &DealState, instalment: u32, before: usize, cx: &Cx<'_>) -> Answer {
    if state.invoices().contains_key(&instalment) {
        return Ok(Decision::nothing());
    }
    let (Some(contract), Some(version)) = (state.contract(), state.current_offer()) else {
        return Err(Refusal::new("I7", "an invoice without a contract"));
    };
    let short = version.deal().short();
    // By the order in which they are issued, which need not be that of the plan.
    let issued = state.invoices().len() + before + 1;
    let number = InvoiceNumber::parse(&format!("R-{short}-{issued}"))
        .map_err(|e| Refusal::new("CF-3", e.to_string()))?;
    let today = cx.now().date_naive();
    let invoice = Invoice::for_instalment(
        contract,
        version.quote(),
        &version.content().plan,
        instalment,
        number,
        today,
    )
    .map_err(|e| Refusal::new("CF-3", e.to_string()))?;
    let language = state.language();
    let (invoice, credit) = credited(state, version, invoice, cx);
    let parties = parties(state, cx)?;
    let document = invoice_document(
        &invoice,
        &InvoiceFrame {
            seller: &parties.agency,
            client: &parties.client,
            language,
            supplied: today,
            pay_to: &cx.policy().pay_to,
        },
    )
    .map_err(|e| Refusal::new("FI-2", e.to_string()))?;
    let told = credit.map(|why| DealEvent::NeedsPerson { why });
    Ok(told
        .map_or_else(Decision::nothing, |event| Decision::nothing().event(event))
        .event(DealEvent::InvoicePlaced {
            instalment,
            invoice: Box::new(PlacedInvoice {
                id: invoice.id(),
                number: invoice.number().as_str().to_owned(),
                gross: invoice.gross(),
                due: end_of(invoice.due()),
                paid: None,
            }),
        })
        .effect(
            format!("render-invoice-{instalment}"),
            DealEffect::Render {
                key: DocumentKey::Invoice(instalment),
                document: Box::new(document),
            },
        ))
}

/// The invoice less what was ordered and not there; beside it what a person has to do where that
/// cannot be taken off.
fn credited(
    state: &DealState,
    version: &ProposalVersion,
    invoice: Invoice,
    cx: &Cx<'_>,
) -> (Invoice, Option<String>) {
    let InstalmentKind::Milestone { milestone, .. } = invoice.occasion() else {
        return (invoice, None);
    };
    let accepted = state
        .milestones()
        .iter()
        .find(|m| m.milestone == *milestone);
    let Some(accepted) = accepted.filter(|m| !m.counted.is_empty()) else {
        return (invoice, None);
    };
    let (catalogue, rates) = (offer::catalogue(state, cx), offer::rates(state, cx));
    let language = state.language();
    let label = |line: &Line, short: &Shortfall| {
        format!(
            "{}: {} {}, {} {}",
            line.label,
            short.counted,
            word(Word::Counted, language),
            short.ordered,
            word(Word::Ordered, language),
        )
    };
    let less = shortfalls(catalogue, rates, version.quote(), &accepted.counted)
        .map_err(InvoiceError::from)
        .and_then(|short| {
            let rounding = rates.params().rounding;
            invoice
                .clone()
                .less(version.quote(), &short, rounding, label)
        });
    match less {
        Ok(less) => (less, None),
        Err(why) => {
            let number = invoice.number().as_str().to_owned();
            let why = format!(
                "there was less to do than was ordered, and invoice {number} could not be made \
                 smaller: {why}"
            );
            (invoice, Some(why))
        }
    }
}

/// The invoice's bytes are there: the payer's gate is asked.
pub(super) fn invoice_made(
    state: &DealState,
    instalment: u32,
    blob: Digest32,
    cx: &Cx<'_>,
) -> Answer {
    let (Some(invoice), Some(version), Some(contract), Some(deal)) = (
        state.invoices().get(&instalment),
        state.current_offer(),
        state.contract(),
        state.id(),
    ) else {
        return Err(Refusal::new("I7", "an invoice that was not placed"));
    };
    Ok(Decision::nothing().tell(
        cx.peer("payer", deal.to_string()),
        format!("charge-{instalment}"),
        &AskCharge {
            step: format!("invoice-{instalment}"),
            bill: Bill {
                invoice: invoice.id,
                number: invoice.number.clone(),
                contract,
                offer: version.hash(),
                amount: invoice.gross,
                due: invoice.due,
                document: Some(blob),
            },
            accepted_total: version.content().plan.gross(),
        },
    ))
}

/// What the payer's gate says of an invoice.
pub(super) fn charged(state: &DealState, answer: &ChargeAnswer, cx: &Cx<'_>) -> Answer {
    let instalment: u32 = answer
        .step
        .strip_prefix("invoice-")
        .and_then(|n| n.parse().ok())
        .ok_or_else(|| Refusal::new("I7", "an answer to a charge that was not asked for"))?;
    let invoice = state
        .invoices()
        .get(&instalment)
        .ok_or_else(|| Refusal::new("I7", "an answer for an invoice that was not placed"))?;
    match &answer.outcome {
        ChargeOutcome::AwaitsApproval => Ok(Decision::nothing().event(DealEvent::NeedsPerson {
            why: format!("invoice {} waits for approval", invoice.number),
        })),
        ChargeOutcome::Requested { .. } => {
            let requested = Decision::nothing().event(DealEvent::InvoiceRequested { instalment });
            let Some(blob) = state.document(&DocumentKey::Invoice(instalment)) else {
                return Ok(requested);
            };
            let spec = LetterSpec::new("invoice", LetterClass::Service)
                .value("number", invoice.number.clone())
                .value("amount", letters::sum(invoice.gross, state))
                .value("due", letters::day(invoice.due, state))
                .file(format!("invoice-{}.pdf", invoice.number), blob);
            let letter = letters::ask(state, &format!("invoice-{instalment}"), spec, 0, cx)?;
            let steps = cx.policy().dunning.steps();
            let mut decision = requested.and(letter);
            for (place, step) in (1_u32..).zip(steps) {
                decision = decision.timer(
                    format!("invoice-{instalment}-reminder-{place}"),
                    super::outreach::working_days_after(state, invoice.due, step.after),
                    Reminder::InvoiceReminder { instalment, place }.into(),
                );
            }
            Ok(decision)
        }
        ChargeOutcome::Paid { at, amount } => {
            let paid = DealEvent::InvoicePaid {
                instalment,
                amount: *amount,
                at: *at,
            };
            let next = state.clone().after(&paid);
            let decision: Decision<Deal> = Decision::nothing().event(paid);
            Ok(decision.and(finish(&next, cx)))
        }
        ChargeOutcome::Refunded { .. } => Ok(Decision::nothing()),
        ChargeOutcome::Refused { why, .. } | ChargeOutcome::Failed { why } => {
            Ok(Decision::nothing().event(DealEvent::NeedsPerson {
                why: format!("invoice {} was not placed: {why}", invoice.number),
            }))
        }
    }
}

/// An invoice is overdue.
pub(super) fn remind(state: &DealState, instalment: u32, place: u32, cx: &Cx<'_>) -> Answer {
    let Some(invoice) = state
        .invoices()
        .get(&instalment)
        .filter(|i| i.paid.is_none())
    else {
        return Ok(Decision::nothing());
    };
    let index = usize::try_from(place.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(step) = cx.policy().dunning.steps().get(index) else {
        return Ok(Decision::nothing());
    };
    if step.person {
        return Ok(Decision::nothing().event(DealEvent::NeedsPerson {
            why: format!("invoice {} is unpaid after all reminders", invoice.number),
        }));
    }
    let spec = LetterSpec::new(step.template.as_str(), LetterClass::Service)
        .value("number", invoice.number.clone())
        .value("amount", letters::sum(invoice.gross, state))
        .value("due", letters::day(invoice.due, state));
    letters::ask(
        state,
        &format!("invoice-{instalment}-reminder-{place}"),
        spec,
        0,
        cx,
    )
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
            Ok(decision.and(place(&next, number, before, cx)?))
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
