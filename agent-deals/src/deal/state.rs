use std::collections::BTreeMap;

use dealwright_core::canonical::Digest32;
use dealwright_core::handoff::{DealClosed, LeadQualified, Requirement};
use dealwright_core::id::{ContractId, DealId, InvoiceId};
use dealwright_core::money::Money;
use dealwright_core::party::Language;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::HeardLately;
use serde::{Deserialize, Serialize};

use super::{DealEvent, DocumentKey, LetterSpec, Readings};
use crate::outreach::{self, Sequence};
use crate::proposal::{ProposalVersion, Proposals};

/// Where a deal stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every rule must decide every stage"
)]
pub enum DealStage {
    /// Nothing happened yet.
    #[default]
    New,
    /// First letters go out.
    Contacting,
    /// They answered; needs are being settled.
    Assessing,
    /// An offer is out or about to be.
    Proposed,
    /// An offer was accepted; the contract waits for its signature.
    Contracting,
    /// The contract is signed; work and payment run.
    Won,
    /// Over.
    Closed,
}

impl DealStage {
    /// The word for it, for lists and counters.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Contacting => "contacting",
            Self::Assessing => "assessing",
            Self::Proposed => "proposed",
            Self::Contracting => "contracting",
            Self::Won => "won",
            Self::Closed => "closed",
        }
    }

    /// Whether the sale is made.
    #[must_use]
    pub fn is_won(self) -> bool {
        self == Self::Won
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_closed(self) -> bool {
        self == Self::Closed
    }
}

/// A letter of this deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// What it is made of.
    pub spec: LetterSpec,
    /// How often it was asked for.
    pub tries: u32,
    /// When it left and under which `Message-ID`, where it did.
    pub sent: Option<(Timestamp, String)>,
    /// The rule that stopped it, where one did.
    pub stopped: Option<String>,
}

/// An invoice of this deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedInvoice {
    /// Its id.
    pub id: InvoiceId,
    /// Its number, as printed.
    pub number: String,
    /// What is asked for, tax included.
    pub gross: Money,
    /// When it is due.
    pub due: Timestamp,
    /// What was paid.
    pub paid: Option<Money>,
}

/// What a deal knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DealState {
    id: Option<DealId>,
    lead: Option<Box<LeadQualified>>,
    stage: DealStage,
    touches: BTreeMap<String, Touch>,
    outreach: Option<Sequence>,
    requirements: Vec<Requirement>,
    questioned: Vec<String>,
    said: Vec<String>,
    last_heard: Option<String>,
    heard_count: u32,
    proposals: Option<Proposals>,
    concessions: Vec<String>,
    documents: BTreeMap<String, Digest32>,
    contract: Option<ContractId>,
    signed: Option<(Digest32, String, Timestamp)>,
    invoices: BTreeMap<u32, PlacedInvoice>,
    milestones: Vec<dealwright_core::handoff::MilestoneAccepted>,
    delivered: Option<bool>,
    needs_person: Option<String>,
    #[serde(default)]
    heard_at: HeardLately,
    closed: Option<DealClosed>,
    readings: Readings,
}

impl DealState {
    /// Its id; `None` before it began.
    #[must_use]
    pub fn id(&self) -> Option<DealId> {
        self.id
    }

    /// What discovery handed over.
    #[must_use]
    pub fn lead(&self) -> Option<&LeadQualified> {
        self.lead.as_deref()
    }

    /// The language that the client is written to in.
    #[must_use]
    pub fn language(&self) -> Language {
        let known = self.lead().and_then(|lead| lead.parts().language);
        known.unwrap_or(Language::EN)
    }

    /// Where it stands.
    #[must_use]
    pub fn stage(&self) -> DealStage {
        self.stage
    }

    /// Its letters, by step.
    #[must_use]
    pub fn touches(&self) -> &BTreeMap<String, Touch> {
        &self.touches
    }

    /// Where the outreach stands; `None` before it began.
    #[must_use]
    pub fn outreach(&self) -> Option<&Sequence> {
        self.outreach.as_ref()
    }

    /// What the client needs.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// What a model read for it, and what that cost.
    #[must_use]
    pub fn readings(&self) -> &Readings {
        &self.readings
    }

    /// What was asked already.
    #[must_use]
    pub fn questioned(&self) -> &[String] {
        &self.questioned
    }

    /// What the client's messages came to, in order.
    #[must_use]
    pub fn said(&self) -> &[String] {
        &self.said
    }

    /// The `Message-ID` of the client's latest message.
    #[must_use]
    pub fn last_heard(&self) -> Option<&str> {
        self.last_heard.as_deref()
    }

    /// How often the client was heard.
    #[must_use]
    pub fn heard_count(&self) -> u32 {
        self.heard_count
    }

    /// All versions of the offer, and which was accepted.
    #[must_use]
    pub fn proposals(&self) -> Option<&Proposals> {
        self.proposals.as_ref()
    }

    /// The version that can be accepted: the last one, and only that one.
    #[must_use]
    pub fn current_offer(&self) -> Option<&ProposalVersion> {
        self.proposals.as_ref().and_then(Proposals::latest)
    }

    /// What was given in negotiation, and what it bought, in order.
    #[must_use]
    pub fn concessions(&self) -> &[String] {
        &self.concessions
    }

    /// The bytes of a document, once they are made.
    #[must_use]
    pub fn document(&self, key: &DocumentKey) -> Option<Digest32> {
        self.documents.get(&key.name()).copied()
    }

    /// The contract, once an offer was accepted.
    #[must_use]
    pub fn contract(&self) -> Option<ContractId> {
        self.contract
    }

    /// What was signed, by whom and when.
    #[must_use]
    pub fn signed(&self) -> Option<(Digest32, &str, Timestamp)> {
        self.signed.as_ref().map(|(d, s, at)| (*d, s.as_str(), *at))
    }

    /// Its invoices, by instalment.
    #[must_use]
    pub fn invoices(&self) -> &BTreeMap<u32, PlacedInvoice> {
        &self.invoices
    }

    /// What delivery had accepted.
    #[must_use]
    pub fn milestones(&self) -> &[dealwright_core::handoff::MilestoneAccepted] {
        &self.milestones
    }

    /// Whether delivery is done, and whether all of it was delivered.
    #[must_use]
    pub fn delivered(&self) -> Option<bool> {
        self.delivered
    }

    /// How many messages came within a day up to the last one.
    #[must_use]
    pub fn heard_lately(&self) -> u32 {
        self.heard_at.count()
    }

    /// What a person must look at, where there is something.
    #[must_use]
    pub fn needs_person(&self) -> Option<&str> {
        self.needs_person.as_deref()
    }

    /// How it ended, where it did.
    #[must_use]
    pub fn closed(&self) -> Option<&DealClosed> {
        self.closed.as_ref()
    }

    /// The latest `Message-ID` we sent.
    #[must_use]
    pub fn last_sent(&self) -> Option<&str> {
        self.touches
            .values()
            .filter_map(|t| t.sent.as_ref())
            .max_by(|a, b| a.cmp(b))
            .map(|(_, id)| id.as_str())
    }

    pub(super) fn after(mut self, event: &DealEvent) -> Self {
        match event {
            DealEvent::Opened {
                deal,
                lead,
                outreach,
            } => {
                self.outreach = Some(outreach.clone());
                self.id = Some(*deal);
                self.requirements.clone_from(&lead.parts().requirements);
                self.lead = Some(lead.clone());
                self.stage = DealStage::Contacting;
            }
            DealEvent::Asked { step, spec, tries } => {
                let touch = self.touches.entry(step.clone()).or_insert_with(|| Touch {
                    spec: (**spec).clone(),
                    tries: 0,
                    sent: None,
                    stopped: None,
                });
                touch.tries = *tries;
                touch.spec = (**spec).clone();
            }
            DealEvent::AwaitsApproval { .. } | DealEvent::LetterDeferred { .. } => {}
            DealEvent::LetterSent {
                step,
                at,
                message_id,
            } => {
                if let Some(touch) = self.touches.get_mut(step) {
                    touch.sent = Some((*at, message_id.clone()));
                }
            }
            DealEvent::LetterStopped { step, rule, .. } => {
                if let Some(touch) = self.touches.get_mut(step) {
                    touch.stopped = Some(rule.clone());
                }
            }
            DealEvent::Outreach(event) => {
                self.outreach = self.outreach.map(|known| outreach::apply(known, event));
            }
            DealEvent::ClientSaid {
                intent,
                message_id,
                requirements,
                at,
            } => {
                self.heard_at.add(*at);
                self.said.push(intent.clone());
                self.heard_count = self.heard_count.saturating_add(1);
                if message_id.is_some() {
                    self.last_heard.clone_from(message_id);
                }
                self.requirements.clone_from(requirements);
                if self.stage == DealStage::Contacting {
                    self.stage = DealStage::Assessing;
                }
            }
            DealEvent::Consulted(consultation) => self.readings.begin(consultation),
            DealEvent::Understood {
                call,
                cost,
                requirements,
                ..
            } => {
                self.readings.end(call, *cost);
                self.requirements.clone_from(requirements);
            }
            DealEvent::Questioned { about } => self.questioned.push(about.clone()),
            DealEvent::Issued {
                version,
                concessions,
            } => {
                self.stage = DealStage::Proposed;
                self.proposals
                    .get_or_insert_with(|| Proposals::new(version.deal()))
                    .record_issued((**version).clone());
                self.concessions.extend(concessions.iter().cloned());
            }
            DealEvent::DocumentMade { document, blob } => {
                self.documents.insert(document.name(), *blob);
            }
            DealEvent::Accepted {
                acceptance,
                contract,
            } => {
                self.stage = DealStage::Contracting;
                if let Some(proposals) = &mut self.proposals {
                    proposals.record_accepted(acceptance.clone());
                }
                self.contract = Some(*contract);
            }
            DealEvent::Expired { .. } => {
                if let Some(proposals) = &mut self.proposals {
                    proposals.record_withdrawn();
                }
            }
            DealEvent::Signed {
                document,
                signer,
                at,
                ..
            } => {
                self.stage = DealStage::Won;
                self.signed = Some((*document, signer.clone(), *at));
            }
            DealEvent::InvoicePlaced {
                instalment,
                invoice,
            } => {
                self.invoices.insert(*instalment, (**invoice).clone());
            }
            DealEvent::InvoiceRequested { .. } | DealEvent::StoppedByHand { .. } => {}
            DealEvent::InvoicePaid {
                instalment, amount, ..
            } => {
                if let Some(invoice) = self.invoices.get_mut(instalment) {
                    invoice.paid = Some(*amount);
                }
            }
            DealEvent::MilestoneAccepted(milestone) => self.milestones.push(milestone.clone()),
            DealEvent::Delivered { completed, .. } => self.delivered = Some(*completed),
            DealEvent::NeedsPerson { why } => self.needs_person = Some(why.clone()),
            DealEvent::Closed(closed) => {
                self.stage = DealStage::Closed;
                self.closed = Some(closed.clone());
            }
        }
        self
    }
}
