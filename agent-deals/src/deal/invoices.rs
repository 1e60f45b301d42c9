//! Invoices: placed when something is due, made smaller where there was less to do, asked for
//! through the payer's gate, and reminded of.

use dealwright_core::canonical::Digest32;
use dealwright_core::process::{Decision, Refusal};
use dealwright_core::trust::{AskCharge, Bill, ChargeAnswer, ChargeOutcome, LetterClass};

use super::close::{end_of, finish, parties};
use super::letters::{self, LetterSpec};
use super::{
    Answer, Cx, Deal, DealEffect, DealEvent, DealState, DocumentKey, PlacedInvoice, Reminder, offer,
};
use crate::contract::{InvoiceFrame, invoice_document};
use crate::pricing::{
    InstalmentKind, Invoice, InvoiceError, InvoiceNumber, Line, Shortfall, shortfalls,
};
use crate::proposal::ProposalVersion;
use crate::proposal::words::{Word, word};

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
