use dealwright_core::id::DealId;
use dealwright_core::knowledge::StopRule;
use dealwright_core::process::{Actor, Decision, Process, Refusal};

use super::{
    Answer, Cx, Deal, DealEvent, DealInput, DealState, DocumentKey, Reminder, close, consult,
    invoices, offer, outreach, talk,
};
use crate::outreach::SequenceInput;

pub(super) fn decide(state: &DealState, input: &DealInput, cx: &Cx<'_>) -> Answer {
    match input {
        DealInput::Qualified(lead) => {
            if state.id().is_some() {
                return Err(Refusal::new("I7", "this sale has begun already"));
            }
            let deal: DealId = cx
                .process()
                .id()
                .parse()
                .map_err(|_| Refusal::new("I7", "the process is not named after a deal"))?;
            outreach::begin(state, deal, lead, cx)
        }
        DealInput::Answer(answer) => outreach::answered(state, answer, cx),
        DealInput::Heard(heard) => talk::heard(state, heard, cx),
        DealInput::Charge(answer) => invoices::charged(state, answer, cx),
        DealInput::Milestone(milestone) => close::milestone(state, milestone, cx),
        DealInput::ProjectClosed(closed) => {
            let delivered = DealEvent::Delivered {
                completed: closed.completed,
                at: closed.at,
            };
            let next = Deal::apply(state.clone(), &delivered);
            let decision: Decision<Deal> = Decision::nothing().event(delivered);
            Ok(decision.and(close::finish(&next, cx)))
        }
        DealInput::Rendered { document, blob } => {
            let made = DealEvent::DocumentMade {
                document: document.clone(),
                blob: *blob,
            };
            let next = Deal::apply(state.clone(), &made);
            let decision: Decision<Deal> = Decision::nothing().event(made);
            Ok(decision.and(match document {
                DocumentKey::Proposal(number) => offer::made(&next, *number, *blob, cx)?,
                DocumentKey::Contract(_) => close::contract_made(&next, *blob, cx)?,
                DocumentKey::Invoice(number) => invoices::invoice_made(&next, *number, *blob, cx)?,
            }))
        }
        DealInput::NotRendered { document, .. } => {
            Ok(Decision::nothing().event(DealEvent::NeedsPerson {
                why: format!("document `{}` could not be made", document.name()),
            }))
        }
        DealInput::Read(answer) => consult::ended(state, &answer.call, Some(answer), cx),
        DealInput::NotRead { call, .. } => consult::ended(state, call, None, cx),
        DealInput::Due(reminder) => due(state, reminder, cx),
        DealInput::Signed { document, signer } => close::signed(state, *document, signer, cx),
        DealInput::Stop { why } => {
            if !matches!(cx.actor(), Actor::Person(_)) {
                return Err(Refusal::new("I14", "only a person may stop a deal"));
            }
            if state.stage().is_closed() {
                return Ok(Decision::nothing());
            }
            let manual = SequenceInput::Stop {
                cause: StopRule::Manual,
            };
            Ok(outreach::advance(state, &manual, cx.now(), cx)
                .event(DealEvent::StoppedByHand { why: why.clone() })
                .and(close::lost(state, "stopped", cx)))
        }
    }
}

fn due(state: &DealState, reminder: &Reminder, cx: &Cx<'_>) -> Answer {
    match reminder {
        Reminder::Touch(place) => outreach::touch(state, *place, cx),
        Reminder::AskAgain { step, tries } => outreach::ask_again(state, step, *tries, cx),
        Reminder::ProposalReminder { version, place } => offer::remind(state, *version, *place, cx),
        Reminder::ProposalExpires(version) => offer::expire(state, *version, cx),
        Reminder::InvoiceReminder { instalment, place } => {
            invoices::remind(state, *instalment, *place, cx)
        }
        Reminder::Silence(heard) => talk::silent(state, *heard, cx),
    }
}
