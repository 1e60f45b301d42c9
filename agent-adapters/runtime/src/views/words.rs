//! What events say, for people. An event that another line tells already is passed over; one that
//! has no words of its own is told by its name.

use std::fmt::{Debug, Display};

use dealwright_core::handoff::ReasonPoints;
use dealwright_core::process::{Envelope, Outcome};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{
    LintFinding, PayerEvent, Phase, RecipientEvent, RecipientInput, SlotVerdict,
};
use dealwright_deals::deal::DealEvent;
use dealwright_deals::outreach::SequenceEvent;
use dealwright_delivery::project::{AcceptedBy, ProjectEvent};
use dealwright_discovery::client::in_words;
use dealwright_discovery::lead::{LeadEvent, LeadPhase};

use super::letters::{LetterStanding, dropped};

/// Whether amounts are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Money {
    Shown,
    Hidden,
}

impl Money {
    /// ` of 120.00 EUR`, or nothing.
    fn of(self, amount: impl Display) -> String {
        match self {
            Self::Shown => format!(" of {amount}"),
            Self::Hidden => String::new(),
        }
    }
}

/// The words of a step's events, each with its place; a refused input is the one thing a step says.
pub(super) fn all<E>(
    envelope: &Envelope,
    events: Vec<E>,
    words: impl Fn(&E) -> Option<String>,
) -> Vec<(usize, String)> {
    if let Outcome::Refused { rule, reason } = &envelope.outcome {
        return vec![(0, format!("refused by {rule}: {reason}"))];
    }
    let said = events.iter().enumerate();
    said.filter_map(|(n, event)| Some((n, words(event)?)))
        .collect()
}

pub(super) fn lead(event: &LeadEvent) -> Option<String> {
    Some(match event {
        LeadEvent::Recorded { record, .. } => {
            let place = record.signals.is_empty();
            let what = if place {
                "recorded from"
            } else {
                "spoken of in"
            };
            format!("{what} {}", record.natural_key())
        }
        LeadEvent::Read(reading) => format!(
            "its website {} answered with {}",
            reading.domain.as_str(),
            reading.status
        ),
        LeadEvent::AskedMarket => return None,
        LeadEvent::PriorsKnown(priors) if priors.sector == 0 => return None,
        LeadEvent::PriorsKnown(priors) => {
            format!("the market gives its sector {:+} points", priors.sector)
        }
        LeadEvent::Judged(judged) => format!(
            "judged: {}, score {}{}",
            match judged.phase {
                // It is handed over in the same step.
                LeadPhase::AwaitsPriors => "qualified",
                ref phase => phase.word(),
            },
            judged.score,
            points(&judged.reasons)
        ),
        LeadEvent::Reopened => "taken up again".to_owned(),
        LeadEvent::Overruled(word) => {
            format!("{} overruled the criteria: {}", word.by(), word.why())
        }
        LeadEvent::SpendAsked { step, .. } => format!("asked whether {} may be paid", step.source),
        LeadEvent::SpendDenied { .. } => "no money for that today".to_owned(),
        LeadEvent::Resembles(other) => format!(
            "looks like {} ({}), by {}: `agency join` if they are one",
            other.name, other.lead, other.why
        ),
        // The rest is told as the timeline of the client database tells it.
        other => in_words(other),
    })
}

/// ` (+20 fit/website, -5 fit/size)`.
fn points(reasons: &[ReasonPoints]) -> String {
    if reasons.is_empty() {
        return String::new();
    }
    let each: Vec<String> = reasons
        .iter()
        .map(|r| format!("{:+} {}", r.points, r.rule))
        .collect();
    format!(" ({})", each.join(", "))
}

pub(super) fn deal(event: &DealEvent, money: Money) -> Option<String> {
    Some(match event {
        DealEvent::Opened { lead, .. } => format!("begun with {}", lead.lead()),
        // The letters' own lines say these.
        DealEvent::Asked { .. }
        | DealEvent::AwaitsApproval { .. }
        | DealEvent::LetterSent { .. }
        | DealEvent::LetterDeferred { .. } => return None,
        DealEvent::LetterStopped { step, rule, why } => {
            format!("letter `{step}` does not leave, by {rule}: {why}")
        }
        DealEvent::Outreach(outreach) => match outreach {
            SequenceEvent::LetterAsked { .. } | SequenceEvent::LetterLeft { .. } => return None,
            SequenceEvent::Scheduled { place, due } => {
                format!("letter `touch-{place}` is due {}", minute(*due))
            }
            SequenceEvent::Finished => "that was the last letter; an answer is awaited".to_owned(),
            SequenceEvent::Stopped { stop } => format!("no more letters: {}", stop.reason),
        },
        DealEvent::ClientSaid { intent, .. } => format!("the client answered: {intent}"),
        DealEvent::Consulted(_) => "a model is asked to read the answer".to_owned(),
        DealEvent::Understood { model, refused, .. } => match (model, refused) {
            (_, Some(why)) => format!("what the model read was not taken: {why}"),
            (Some(model), None) => format!("read by {model}"),
            (None, None) => "no model read it".to_owned(),
        },
        DealEvent::Questioned { about } => format!("asked the client about {about}"),
        DealEvent::Issued {
            version,
            concessions,
        } => {
            let amount = money.of(version.quote().totals().gross);
            let given = match concessions.as_slice() {
                [] => String::new(),
                given => format!(", giving {}", given.join(", ")),
            };
            format!("offer {} was made{amount}{given}", version.id())
        }
        DealEvent::DocumentMade { document, .. } => {
            format!("document `{}` was made", document.name())
        }
        DealEvent::Accepted { contract, .. } => {
            format!("the client accepted; the contract is {contract}")
        }
        DealEvent::Expired { version } => {
            format!("offer version {version} ended without an answer")
        }
        DealEvent::Signed { contract, .. } => format!("{contract} was signed"),
        DealEvent::InvoicePlaced { invoice, .. } => {
            format!(
                "invoice {} was made{}",
                invoice.number,
                money.of(invoice.gross)
            )
        }
        DealEvent::InvoiceRequested { .. } | DealEvent::InvoicePaid { .. } => return None,
        DealEvent::MilestoneAccepted(milestone) => {
            format!("{} was accepted", milestone.milestone)
        }
        DealEvent::StoppedByHand { why } => format!("a person stopped it: {why}"),
        DealEvent::Delivered {
            completed: true, ..
        } => "everything was delivered".to_owned(),
        DealEvent::Delivered {
            completed: false, ..
        } => "delivery ended before all was done".to_owned(),
        DealEvent::NeedsPerson { why } => format!("waits for a person: {why}"),
        DealEvent::Closed(closed) if closed.won => "closed: won".to_owned(),
        DealEvent::Closed(closed) => format!("closed: lost, {}", closed.reason),
        other => named(other),
    })
}

pub(super) fn payer(event: &PayerEvent, money: Money) -> Option<String> {
    Some(match event {
        PayerEvent::Asked { instalment, .. } => format!(
            "invoice {} is to be paid{}",
            instalment.bill.number,
            money.of(instalment.bill.amount)
        ),
        PayerEvent::Approved { by, .. } => format!("{by} approved the charge"),
        PayerEvent::Requested { .. } => "the client was asked for the money".to_owned(),
        PayerEvent::Received { amount, .. } => {
            format!("a payment{} came in", money.of(amount))
        }
        PayerEvent::Failed { .. } => "the charge was tried and did not go".to_owned(),
        other => named(other),
    })
}

/// The letter that an event is about; `None` for what is about the address itself.
pub(super) fn intent_of(event: &RecipientEvent) -> Option<&str> {
    match event {
        RecipientEvent::Asked { intent, .. }
        | RecipientEvent::Refused { intent, .. }
        | RecipientEvent::Approved { intent, .. }
        | RecipientEvent::Booked { intent, .. }
        | RecipientEvent::Deferred { intent, .. }
        | RecipientEvent::Returned { intent }
        | RecipientEvent::Stopping { intent, .. }
        | RecipientEvent::Dropped { intent, .. }
        | RecipientEvent::Sent { intent, .. }
        | RecipientEvent::Failed { intent, .. } => Some(intent),
        _ => None,
    }
}

pub(super) fn letter(
    event: &RecipientEvent,
    input: &RecipientInput,
    id: Option<&str>,
) -> Option<String> {
    let id = id.unwrap_or_default();
    Some(match event {
        RecipientEvent::Asked { record, .. } => match &record.phase {
            Phase::AwaitsApproval { expires } => format!(
                "letter {id} ({}) was written and waits for approval until {}",
                record.step,
                minute(*expires)
            ),
            Phase::Refused { .. } => format!("letter {id} ({}) was written", record.step),
            _ => format!("letter {id} ({}) was written and may go", record.step),
        },
        RecipientEvent::Refused { findings, .. } => {
            format!("letter {id} was refused: {}", found(findings))
        }
        RecipientEvent::Approved { approval, .. } => format!(
            "{} approved letter {id}, for use until {}",
            approval.by,
            minute(approval.expires)
        ),
        RecipientEvent::Booked { .. } => return None,
        RecipientEvent::Deferred { until, .. } => {
            let why = match input {
                RecipientInput::Slot(answer) => match &answer.verdict {
                    SlotVerdict::Deferred { why, .. } => format!(": {why}"),
                    _ => String::new(),
                },
                _ => ": it was not begun in time".to_owned(),
            };
            format!("letter {id} is put off until {}{why}", minute(*until))
        }
        RecipientEvent::Returned { .. } => format!("letter {id} did not leave and goes once more"),
        RecipientEvent::Stopping { rule, why, .. } => {
            format!("letter {id} is taken back, by {rule}: {why}")
        }
        RecipientEvent::Dropped { rule, .. } => {
            let why = dropped(input, &LetterStanding::AwaitsPlace);
            let why = match why.as_str() {
                "" => String::new(),
                why => format!(": {why}"),
            };
            format!("letter {id} does not leave, by {rule}{why}")
        }
        RecipientEvent::Sent { message_id, .. } => {
            format!("letter {id} left as <{message_id}>")
        }
        RecipientEvent::Failed { .. } => format!("letter {id} was tried and did not go"),
        RecipientEvent::Suppressed(stop) => {
            format!("the address is not written to any more: {}", stop.reason)
        }
        RecipientEvent::Heard { news, .. } => {
            format!("came back from the address: {}", news.word())
        }
        RecipientEvent::Inquired { .. } => "they asked of their own accord".to_owned(),
        RecipientEvent::Consented(consent) => {
            format!("they agreed to advertising ({})", consent.source)
        }
        RecipientEvent::BecameCustomer { .. } => "they are a customer".to_owned(),
        other => named(other),
    })
}

/// `EP-4: no consent; CS-5: no way out`.
fn found(findings: &[LintFinding]) -> String {
    let each: Vec<String> = findings
        .iter()
        .map(|f| format!("{}: {}", f.rule, f.what))
        .collect();
    each.join("; ")
}

pub(super) fn project(event: &ProjectEvent) -> Option<String> {
    Some(match event {
        ProjectEvent::Opened { deal, .. } => format!("begun for {}", deal.deal()),
        ProjectEvent::PlanMade { plan } => format!(
            "planned: {} tasks, until {}",
            plan.breakdown.tasks().len(),
            minute(plan.schedule.end)
        ),
        // What reports and the letters' own lines say.
        ProjectEvent::Told { .. }
        | ProjectEvent::Asked { .. }
        | ProjectEvent::AwaitsApproval { .. }
        | ProjectEvent::LetterSent { .. }
        | ProjectEvent::LetterDeferred { .. }
        | ProjectEvent::ReportBegun
        | ProjectEvent::PartMade { .. } => return None,
        ProjectEvent::PlanWritten { .. } => "the plan was written".to_owned(),
        ProjectEvent::InputGiven { name, .. } => format!("`{name}` came in"),
        ProjectEvent::TaskStarted { order, worker } => match worker {
            Some(worker) => format!("{} was given to {worker}", order.task),
            None => format!("{} waits for the client", order.task),
        },
        ProjectEvent::HandedToPerson { task, why } => format!("a person takes {task} over: {why}"),
        ProjectEvent::TaskDone { entry, .. } => format!("{} was done", entry.task),
        ProjectEvent::ReviewOpened { .. } => "a deliverable is under review".to_owned(),
        ProjectEvent::Judged { deliverable, .. } => format!("{deliverable} was judged"),
        ProjectEvent::SentBack {
            deliverable,
            faults,
            ..
        } => format!("{deliverable} goes back: {}", faults.join("; ")),
        ProjectEvent::Escalated { deliverable, why } => {
            format!("a person decides about {deliverable}: {why}")
        }
        ProjectEvent::Released(_) => "a deliverable is released to the client".to_owned(),
        ProjectEvent::HandedOver {
            milestone, round, ..
        } => format!("{milestone} was handed over, round {round}"),
        ProjectEvent::Questioned { milestone } => format!("the client asked about {milestone}"),
        ProjectEvent::ChangeAsked {
            milestone, covered, ..
        } => {
            let covered = if *covered { "covers" } else { "does not cover" };
            format!("the client wants {milestone} changed, which the contract {covered}")
        }
        ProjectEvent::MilestoneAccepted { milestone, by, .. } => match by {
            AcceptedBy::Silence { working_days } => format!(
                "{milestone} counts as accepted after {working_days} working days of silence"
            ),
            AcceptedBy::Person { name } => {
                format!("{name} wrote down that {milestone} is accepted")
            }
            _ => format!("the client accepted {milestone}"),
        },
        ProjectEvent::LetterStopped { step, rule, why } => {
            format!("letter `{step}` does not leave, by {rule}: {why}")
        }
        ProjectEvent::ClientSaid { intent, .. } => format!("the client answered: {intent}"),
        ProjectEvent::ReportMade { .. } => "the report was written".to_owned(),
        ProjectEvent::Satisfied { score } => format!("the client gave {score} of 5"),
        ProjectEvent::NeedsPerson { why } => format!("waits for a person: {why}"),
        ProjectEvent::SeenBy { name } => format!("{name} looked at it"),
        ProjectEvent::Closed {
            completed: true, ..
        } => "closed: everything was delivered".to_owned(),
        ProjectEvent::Closed { .. } => "closed before all was delivered".to_owned(),
        other => named(other),
    })
}

/// `2026-09-01 06:00 UTC`.
fn minute(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// An event's own name as words: `SlotKept` is `slot kept`.
fn named(event: &impl Debug) -> String {
    let debug = format!("{event:?}");
    let name = debug.split(|c: char| !c.is_alphanumeric()).next();
    let mut words = String::new();
    for letter in name.unwrap_or_default().chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}
