//! The deal: from a qualified lead to a paid contract, or to the reason why not.
//!
//! Letters are asked for at the recipient's gate and money at the payer's; the deal keeps its own
//! timers and asks again where there was no room. What a client writes is read by rules into a
//! closed set of intents; prices come from the catalogue and the rate card alone.

mod assess;
mod close;
mod consult;
mod decide;
mod findings;
mod invoices;
mod letters;
mod offer;
mod outreach;
mod perform;
mod state;
mod talk;

#[cfg(test)]
mod flow_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::access::Action;
use dealwright_core::canonical::Digest32;
use dealwright_core::document::Document;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::handoff::{
    self, DealClosed, LeadQualified, MilestoneAccepted, ProjectClosed, Requirement, ServiceLevel,
};
use dealwright_core::id::{ContractId, DealId};
use dealwright_core::knowledge::{Catalogue, Playbook, RateCard, Templates, TemplatesParams};
use dealwright_core::money::Money;
use dealwright_core::orchestration::Cost;
use dealwright_core::party::Country;
use dealwright_core::personal::Personal;
use dealwright_core::process::{
    Context, Decision, IndexEntry, IndexPart, Process, Record, Refusal, Unsettled,
};
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{ChargeAnswer, Heard, SendAnswer, Sender};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::contract::{ClauseLibrary, DunningSchedule, Party};
use crate::negotiation::Authority;
use crate::outreach::{Sequence, SequenceEvent};
use crate::proposal::{Acceptance, ProposalVersion};

pub use consult::{Consultation, ConsultationAnswer, ReadingPolicy, Readings};
pub use letters::{LetterSpec, Notice};
pub use perform::DealPerformer;
pub use state::{DealStage, DealState, PlacedInvoice, Touch};

/// A sale in progress.
#[derive(Clone, Copy, Debug)]
pub enum Deal {}

/// What people set for deals.
#[derive(Clone, Debug, Serialize)]
pub struct DealPolicy {
    /// What is sold.
    pub catalogue: Catalogue,
    /// What it costs.
    pub rates: RateCard,
    /// How letters read; compiled from [`template_sources`](Self::template_sources).
    #[serde(skip)]
    pub templates: Templates,
    /// The same as written, for the policy's hash.
    pub template_sources: TemplatesParams,
    /// When letters go out and what ends them.
    pub playbook: Playbook,
    /// The desk that is told what a whole company does not want.
    pub desk: String,
    /// How far a concession may go.
    pub authority: Authority,
    /// Who writes.
    pub sender: Sender,
    /// The sentences that law and fairness ask for, by language code; `en` is always there.
    pub notices: BTreeMap<String, Notice>,
    /// Where opt-outs are taken: `https://host/path/`.
    pub opt_out_base: String,
    /// Where the data-use notice stands.
    pub data_use: String,
    /// What is promised about how the work is done.
    pub service_levels: Vec<ServiceLevel>,
    /// The most questions asked before a proposal rests on assumptions.
    pub questions: u32,
    /// The most versions of an offer before a person takes over.
    pub versions: u32,
    /// Messages of the client within a day that are answered; beyond them a person reads on, since
    /// two machines could go on like this for ever.
    pub messages_a_day: u32,
    /// Working days after which a silent client of a running sale is taken for lost.
    pub patience_days: u16,
    /// The agency as it stands in contracts and invoices.
    pub agency: Party,
    /// The clauses that contracts are made of.
    pub clauses: ClauseLibrary,
    /// The law contracts are under.
    pub law: Country,
    /// How to pay, line by line, as printed on invoices.
    pub pay_to: Vec<String>,
    /// When unpaid invoices are reminded of.
    pub dunning: DunningSchedule,
    /// Days until work begins after an offer.
    pub start_days: u16,
    /// Whether letters are written by an AI, which is then said.
    pub made_by_ai: bool,
    /// How far a model may help to read answers; without it rules alone do.
    pub reading: Option<ReadingPolicy>,
}

/// What can happen to a deal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DealInput {
    /// Discovery hands a lead over.
    Qualified(Box<LeadQualified>),
    /// A recipient's gate answered.
    Answer(SendAnswer),
    /// Something came back from the person.
    Heard(Heard),
    /// The payer's gate answered.
    Charge(ChargeAnswer),
    /// Delivery has something accepted.
    Milestone(MilestoneAccepted),
    /// Delivery is done.
    ProjectClosed(ProjectClosed),
    /// A document was made.
    Rendered {
        /// Which.
        document: DocumentKey,
        /// Its bytes, in `Blobs`.
        blob: Digest32,
    },
    /// A document was not made.
    NotRendered {
        /// Which.
        document: DocumentKey,
        /// Why.
        how: Unsettled,
    },
    /// A model read a message, or its answer was not as asked for.
    Read(Box<ConsultationAnswer>),
    /// No model read a message.
    NotRead {
        /// The call.
        call: String,
        /// Why.
        how: Unsettled,
    },
    /// A time has come.
    Due(Reminder),
    /// The client signed exactly one document.
    Signed {
        /// The hash of what they signed.
        document: Digest32,
        /// Who.
        signer: String,
    },
    /// A person of the agency stops it.
    Stop {
        /// Why.
        why: String,
    },
}

/// Which document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DocumentKey {
    /// The proposal of an offer's version.
    Proposal(u32),
    /// The contract on an offer's version.
    Contract(u32),
    /// The invoice of an instalment.
    Invoice(u32),
}

impl DocumentKey {
    /// The name it is kept under.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Proposal(version) => format!("proposal-{version}"),
            Self::Contract(version) => format!("contract-{version}"),
            Self::Invoice(instalment) => format!("invoice-{instalment}"),
        }
    }
}

impl From<Reminder> for DealInput {
    fn from(reminder: Reminder) -> Self {
        Self::Due(reminder)
    }
}

/// What a deal set a timer for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reminder {
    /// The next letter of the sequence.
    Touch(u32),
    /// A letter for which there was no room.
    AskAgain {
        /// Which.
        step: String,
        /// Which try.
        tries: u32,
    },
    /// A proposal waits for its answer.
    ProposalReminder {
        /// The version.
        version: u32,
        /// Which reminder, from 1.
        place: u32,
    },
    /// A proposal ends.
    ProposalExpires(u32),
    /// An invoice is overdue.
    InvoiceReminder {
        /// The instalment.
        instalment: u32,
        /// Which reminder, from 1.
        place: u32,
    },
    /// A client of a running sale has been silent.
    Silence(u32),
}

/// What a deal records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DealEvent {
    /// It began.
    Opened {
        /// Its id.
        deal: DealId,
        /// What discovery knows.
        lead: Box<LeadQualified>,
        /// When the first letter is due.
        outreach: Sequence,
    },
    /// A letter was asked for.
    Asked {
        /// Its step.
        step: String,
        /// What it is made of.
        spec: Box<LetterSpec>,
        /// Which try.
        tries: u32,
    },
    /// A letter waits for a person's yes.
    AwaitsApproval {
        /// Its step.
        step: String,
    },
    /// A letter left.
    LetterSent {
        /// Its step.
        step: String,
        /// When.
        at: Timestamp,
        /// Its `Message-ID`.
        message_id: String,
    },
    /// There was no room for a letter.
    LetterDeferred {
        /// Its step.
        step: String,
        /// Until when.
        until: Timestamp,
    },
    /// A letter did not leave.
    LetterStopped {
        /// Its step.
        step: String,
        /// The rule, or `failed`.
        rule: String,
        /// Why, for people.
        why: String,
    },
    /// The outreach went on.
    Outreach(SequenceEvent),
    /// The person said something.
    ClientSaid {
        /// What it came to.
        intent: String,
        /// The `Message-ID` of it.
        message_id: Option<String>,
        /// When.
        at: Timestamp,
        /// The requirements as they are now.
        requirements: Vec<Requirement>,
    },
    /// A model was asked to read a message that the rules could not.
    Consulted(Box<Consultation>),
    /// It has been read, by the model or not at all.
    Understood {
        /// The call.
        call: String,
        /// Which model, where one answered.
        model: Option<String>,
        /// What it took the message for.
        intent: Option<dealwright_core::model::Intent>,
        /// What was wrong with its answer.
        refused: Option<String>,
        /// What the call cost.
        cost: Option<Cost>,
        /// The requirements as they are now.
        requirements: Vec<Requirement>,
    },
    /// A question was put.
    Questioned {
        /// What about: need and driver.
        about: String,
    },
    /// A version of the offer was issued.
    Issued {
        /// All of it.
        version: Box<ProposalVersion>,
        /// What it gave and what that bought, where it answers an ask.
        concessions: Vec<String>,
    },
    /// A document was made.
    DocumentMade {
        /// Which.
        document: DocumentKey,
        /// Its bytes, in `Blobs`.
        blob: Digest32,
    },
    /// The client accepted an offer.
    Accepted {
        /// Which version, and how.
        acceptance: Acceptance,
        /// The contract that follows.
        contract: ContractId,
    },
    /// An offer ended without an answer.
    Expired {
        /// The version.
        version: u32,
    },
    /// The contract was signed.
    Signed {
        /// The contract.
        contract: ContractId,
        /// The hash of what was signed.
        document: Digest32,
        /// By whom.
        signer: String,
        /// When.
        at: Timestamp,
    },
    /// An invoice was placed.
    InvoicePlaced {
        /// The instalment.
        instalment: u32,
        /// All of it.
        invoice: Box<PlacedInvoice>,
    },
    /// The payer's gate took an invoice on.
    InvoiceRequested {
        /// The instalment.
        instalment: u32,
    },
    /// An invoice was paid.
    InvoicePaid {
        /// The instalment.
        instalment: u32,
        /// How much.
        amount: Money,
        /// When.
        at: Timestamp,
    },
    /// Delivery had something accepted.
    MilestoneAccepted(MilestoneAccepted),
    /// A person of the agency stopped it.
    StoppedByHand {
        /// Why.
        why: String,
    },
    /// Delivery is done.
    Delivered {
        /// Whether all of it was.
        completed: bool,
        /// When.
        at: Timestamp,
    },
    /// A person must look.
    NeedsPerson {
        /// What for.
        why: String,
    },
    /// It is over.
    Closed(DealClosed),
}

/// What a deal asks of ports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DealEffect {
    /// Make a document and keep its bytes.
    Render {
        /// Which.
        key: DocumentKey,
        /// What it says.
        document: Box<Document>,
    },
    /// Have a model read a message.
    Consult {
        /// The call, as the budget knows it.
        call: String,
        /// What the client wrote.
        text: Personal<Untrusted<String>>,
        /// The needs that it may be found to speak of.
        needs: BTreeSet<String>,
    },
}

pub(crate) type Cx<'a> = Context<'a, DealPolicy>;
pub(crate) type Answer = Result<Decision<Deal>, Refusal>;

impl Process for Deal {
    const KIND: &'static str = "deal";
    const STATE_VERSION: u32 = 4;
    const EVENT_VERSION: u32 = 1;

    type State = DealState;
    type Input = DealInput;
    type Event = DealEvent;
    type Effect = DealEffect;
    type Policy = DealPolicy;

    fn action(input: &Self::Input) -> Action {
        match input {
            DealInput::Signed { .. } => Action::Sign,
            DealInput::Stop { .. } => Action::StopDeal,
            DealInput::Qualified(_)
            | DealInput::Answer(_)
            | DealInput::Heard(_)
            | DealInput::Charge(_)
            | DealInput::Milestone(_)
            | DealInput::ProjectClosed(_)
            | DealInput::Rendered { .. }
            | DealInput::NotRendered { .. }
            | DealInput::Read(_)
            | DealInput::NotRead { .. }
            | DealInput::Due(_) => Action::Progress,
        }
    }

    fn decide(state: &DealState, input: &DealInput, cx: &Cx<'_>) -> Answer {
        decide::decide(state, input, cx)
    }

    fn apply(state: DealState, event: &DealEvent) -> DealState {
        state.after(event)
    }

    fn index(state: &DealState) -> Vec<IndexEntry> {
        let stage = state.stage().word().to_owned();
        let mut entries = vec![IndexEntry::new("stage", vec![IndexPart::Text(stage)])];
        if state.needs_person().is_some() {
            entries.push(IndexEntry::new("needs-person", vec![IndexPart::Int(1)]));
        }
        entries
    }

    fn unsettled(effect: DealEffect, how: Unsettled) -> DealInput {
        match effect {
            DealEffect::Render { key, .. } => DealInput::NotRendered { document: key, how },
            DealEffect::Consult { call, .. } => DealInput::NotRead { call, how },
        }
    }

    fn receive(record: &Record<'_>) -> Result<DealInput, PortError> {
        let (name, version, body) = (record.contract, record.version, record.body);
        match name {
            "lead-qualified" => Ok(DealInput::Qualified(Box::new(handoff::read(
                name, version, body,
            )?))),
            "send-answer" => handoff::read(name, version, body).map(DealInput::Answer),
            "heard" => handoff::read(name, version, body).map(DealInput::Heard),
            "charge-answer" => handoff::read(name, version, body).map(DealInput::Charge),
            "milestone-accepted" => handoff::read(name, version, body).map(DealInput::Milestone),
            "project-closed" => handoff::read(name, version, body).map(DealInput::ProjectClosed),
            _ => Err(PortError::new("receive", PortErrorKind::Invalid)
                .with_source(format!("a deal knows no contract `{name}`"))),
        }
    }

    fn business(state: &DealState) -> Value {
        json!({
            "stage": state.stage().word(),
            "requirements": state.requirements().iter().map(|r| (&r.need, &r.drivers)).collect::<Vec<_>>(),
            "offers": state.proposals().map(|p| p.versions().iter().map(|v| (v.number(), v.quote().totals().gross)).collect::<Vec<_>>()),
            "invoices": state.invoices().values().map(|i| (i.gross, i.paid)).collect::<Vec<_>>(),
            "closed": state.closed().map(|c| (c.won, &c.reason)),
        })
    }

    fn upcast(version: u32, _body: Value) -> Result<Value, PortError> {
        Err(PortError::new("upcast", PortErrorKind::Corrupt)
            .with_source(format!("deal events have no version {version}")))
    }
}
