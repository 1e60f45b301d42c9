//! The lead: a possible customer, from first sight to hand-off and to what came of it.
//!
//! Records come in, the website is read once, the market is asked what counts at the moment, and
//! the lead is qualified and scored. A qualified lead with an address is handed to deals; every
//! verdict and score keeps its reasons, and a person's word stands over any later run.

mod decide;
mod perform;
mod profile;
mod record;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::handoff::{self, DealClosed, Priors, ReasonPoints, RecommendedService};
use dealwright_core::id::{AccountId, ContactId, DealId, LeadId};
use dealwright_core::page::PageUrl;
use dealwright_core::party::{Channel, Country, Language};
use dealwright_core::process::{
    Context, Decision, IndexEntry, IndexPart, Process, Record, Refusal, Unsettled,
};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::facts::FactName;
use crate::qualify::{IdealClient, Judgement, Override, Verdict};
use crate::score::Judge;

pub use perform::LeadPerformer;
pub use profile::Profile;
pub use record::{Inquiry, IntakeRecord, WebsiteReading};

/// A possible customer.
#[derive(Clone, Copy, Debug)]
pub enum Lead {}

/// What people set for leads.
#[derive(Clone, Debug, Serialize)]
pub struct LeadPolicy {
    /// Who is worth a deal.
    pub ideal: IdealClient,
    /// What makes the score.
    pub judge: Judge,
    /// The lowest score that is handed to deals; one with less waits for better days.
    pub floor: i64,
    /// Whether a lead's own website is read.
    pub read_websites: bool,
    /// The language to write in where the lead's country and website say nothing.
    pub language: Language,
    /// Where business is done unless a record says otherwise.
    pub country: Option<Country>,
    /// The interest assessment that first letters to found leads rest on.
    pub assessment: String,
    /// Sectors that a person looks at before first contact, with the rule's id.
    pub regulated: BTreeMap<String, String>,
    /// The market's id.
    pub market: String,
}

/// Where a lead stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every rule must decide every phase"
)]
pub enum LeadPhase {
    /// Nothing is known yet.
    #[default]
    New,
    /// Its website is being read.
    Enriching,
    /// The market was asked.
    AwaitsPriors,
    /// Not a client we want.
    NotQualified,
    /// A person or an answer must settle it.
    NeedsReview,
    /// Qualified; the score is too low for now.
    Waits,
    /// Qualified; there is no address to write to.
    NoAddress,
    /// Handed to deals.
    HandedOver {
        /// The deal.
        deal: DealId,
    },
    /// The deal ended without a sale.
    Lost {
        /// Why.
        reason: String,
    },
    /// They bought.
    Client,
}

impl LeadPhase {
    /// The word for it, for lists and counters.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Enriching => "enriching",
            Self::AwaitsPriors => "awaits market",
            Self::NotQualified => "not qualified",
            Self::NeedsReview => "needs review",
            Self::Waits => "waits",
            Self::NoAddress => "no address",
            Self::HandedOver { .. } => "handed over",
            Self::Lost { .. } => "lost",
            Self::Client => "client",
        }
    }
}

/// What a lead knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LeadState {
    id: Option<LeadId>,
    records: Vec<IntakeRecord>,
    website: Option<WebsiteReading>,
    website_asked: bool,
    priors: Option<Priors>,
    judgement: Judgement,
    score: i64,
    reasons: Vec<ReasonPoints>,
    tier: Option<String>,
    services: Vec<RecommendedService>,
    occurrence: u32,
    phase: LeadPhase,
}

impl LeadState {
    /// Its id; `None` before the first record.
    #[must_use]
    pub fn id(&self) -> Option<LeadId> {
        self.id
    }

    /// Every record that was taken in, none of them changed.
    #[must_use]
    pub fn records(&self) -> &[IntakeRecord] {
        &self.records
    }

    /// What its website said.
    #[must_use]
    pub fn website(&self) -> Option<&WebsiteReading> {
        self.website.as_ref()
    }

    /// What is believed of it, field by field, with what it was chosen over.
    #[must_use]
    pub fn profile(&self) -> Profile {
        Profile::of(&self.records, self.website.as_ref())
    }

    /// Verdicts and a person's word, with their history.
    #[must_use]
    pub fn judgement(&self) -> &Judgement {
        &self.judgement
    }

    /// The score; [`reasons`](Self::reasons) sum to it.
    #[must_use]
    pub fn score(&self) -> i64 {
        self.score
    }

    /// Why.
    #[must_use]
    pub fn reasons(&self) -> &[ReasonPoints] {
        &self.reasons
    }

    /// The tier the score falls in.
    #[must_use]
    pub fn tier(&self) -> Option<&str> {
        self.tier.as_deref()
    }

    /// What to offer, best first.
    #[must_use]
    pub fn services(&self) -> &[RecommendedService] {
        &self.services
    }

    /// Where it stands.
    #[must_use]
    pub fn phase(&self) -> &LeadPhase {
        &self.phase
    }

    /// The account behind it.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.id
            .map(|id| AccountId::derive(&[id.to_string().as_bytes()]))
    }

    /// The contact behind its address.
    #[must_use]
    pub fn contact(&self) -> Option<ContactId> {
        self.id
            .map(|id| ContactId::derive(&[id.to_string().as_bytes()]))
    }
}

/// What can happen to a lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeadInput {
    /// A source has a record of it.
    Intake {
        /// The lead's id.
        lead: LeadId,
        /// The record.
        record: Box<IntakeRecord>,
    },
    /// Its website was read.
    Read(Box<WebsiteReading>),
    /// Its website was not read.
    NotRead(Unsettled),
    /// The market answered.
    Priors(Box<Priors>),
    /// A person's verdict; `None` takes an earlier one back.
    Overrule {
        /// The verdict.
        verdict: Option<Verdict>,
        /// Why.
        why: String,
    },
    /// A deal ended.
    Closed(Box<DealClosed>),
    /// Judge again, for example since the market moved.
    Reconsider,
}

/// What a lead records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeadEvent {
    /// A record was taken in.
    Recorded {
        /// The lead's id.
        lead: LeadId,
        /// The record.
        record: Box<IntakeRecord>,
    },
    /// Its website is being read.
    ReadingWebsite(PageUrl),
    /// Its website was read.
    Read(Box<WebsiteReading>),
    /// The market was asked.
    AskedMarket,
    /// The market answered.
    PriorsKnown(Box<Priors>),
    /// It was judged.
    Judged(Box<Judged>),
    /// A person's word.
    Overruled(Override),
    /// A person took their word back.
    OverruleWithdrawn {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// It was handed to deals.
    HandedOver {
        /// Which sale it is, from 1.
        occurrence: u32,
        /// The deal.
        deal: DealId,
    },
    /// The deal ended.
    Closed {
        /// Whether they bought.
        won: bool,
        /// Why not.
        reason: String,
    },
}

/// A verdict and a score with all they rest on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The verdict with every answer.
    pub assessment: crate::qualify::Assessment,
    /// The score.
    pub score: i64,
    /// Its reasons, which sum to it.
    pub reasons: Vec<ReasonPoints>,
    /// The tier.
    pub tier: Option<String>,
    /// What to offer, best first.
    pub services: Vec<RecommendedService>,
    /// Where that leaves the lead.
    pub phase: LeadPhase,
    /// When.
    pub at: Timestamp,
}

/// What a lead asks of ports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeadEffect {
    /// Read the front page of its website.
    ReadWebsite {
        /// The page.
        url: PageUrl,
        /// The source that named it, whose terms apply.
        source: dealwright_core::page::SourceName,
    },
}

pub(crate) type Cx<'a> = Context<'a, LeadPolicy>;
pub(crate) type Answer = Result<Decision<Lead>, Refusal>;

impl Process for Lead {
    const KIND: &'static str = "lead";
    const STATE_VERSION: u32 = 1;
    const EVENT_VERSION: u32 = 1;

    type State = LeadState;
    type Input = LeadInput;
    type Event = LeadEvent;
    type Effect = LeadEffect;
    type Policy = LeadPolicy;

    fn decide(state: &LeadState, input: &LeadInput, cx: &Cx<'_>) -> Answer {
        decide::decide(state, input, cx)
    }

    fn apply(mut state: LeadState, event: &LeadEvent) -> LeadState {
        match event {
            LeadEvent::Recorded { lead, record } => {
                state.id.get_or_insert(*lead);
                state.records.push((**record).clone());
            }
            LeadEvent::ReadingWebsite(_) => {
                state.website_asked = true;
                state.phase = LeadPhase::Enriching;
            }
            LeadEvent::Read(reading) => state.website = Some((**reading).clone()),
            LeadEvent::AskedMarket => state.phase = LeadPhase::AwaitsPriors,
            LeadEvent::PriorsKnown(priors) => state.priors = Some((**priors).clone()),
            LeadEvent::Judged(judged) => {
                state
                    .judgement
                    .assessed(judged.assessment.clone(), judged.at);
                state.score = judged.score;
                state.reasons.clone_from(&judged.reasons);
                state.tier.clone_from(&judged.tier);
                state.services.clone_from(&judged.services);
                if !matches!(
                    state.phase,
                    LeadPhase::HandedOver { .. } | LeadPhase::Client
                ) {
                    state.phase = judged.phase.clone();
                }
            }
            LeadEvent::Overruled(word) => state.judgement.overridden(word.clone()),
            LeadEvent::OverruleWithdrawn { by, at } => state.judgement.withdrawn(by.clone(), *at),
            LeadEvent::HandedOver { occurrence, deal } => {
                state.occurrence = *occurrence;
                state.phase = LeadPhase::HandedOver { deal: *deal };
            }
            LeadEvent::Closed { won, reason } => {
                state.phase = if *won {
                    LeadPhase::Client
                } else {
                    LeadPhase::Lost {
                        reason: reason.clone(),
                    }
                };
            }
        }
        state
    }

    fn index(state: &LeadState) -> Vec<IndexEntry> {
        let mut entries = vec![
            IndexEntry::new(
                "score",
                vec![
                    IndexPart::Int(state.score),
                    IndexPart::Text(state.phase.word().to_owned()),
                ],
            ),
            IndexEntry::new(
                "phase",
                vec![IndexPart::Text(state.phase.word().to_owned())],
            ),
        ];
        for record in &state.records {
            for key in &record.match_keys {
                let entry = IndexEntry::new("match", vec![IndexPart::Text(key.clone())]);
                if !entries.contains(&entry) {
                    entries.push(entry);
                }
            }
        }
        entries
    }

    fn unsettled(effect: LeadEffect, how: Unsettled) -> LeadInput {
        match effect {
            LeadEffect::ReadWebsite { .. } => LeadInput::NotRead(how),
        }
    }

    fn receive(record: &Record<'_>) -> Result<LeadInput, PortError> {
        let (name, version, body) = (record.contract, record.version, record.body);
        match name {
            "priors" => Ok(LeadInput::Priors(Box::new(handoff::read(
                name, version, body,
            )?))),
            "deal-closed" => Ok(LeadInput::Closed(Box::new(handoff::read(
                name, version, body,
            )?))),
            _ => Err(PortError::new("receive", PortErrorKind::Invalid)
                .with_source(format!("a lead knows no contract `{name}`"))),
        }
    }

    fn business(state: &LeadState) -> Value {
        json!({
            "records": state.records.iter().map(|r| r.natural_key()).collect::<Vec<_>>(),
            "verdict": state.judgement.verdict(),
            "score": state.score,
            "services": state.services.iter().map(|s| &s.service).collect::<Vec<_>>(),
            "phase": state.phase,
        })
    }

    fn upcast(version: u32, _body: Value) -> Result<Value, PortError> {
        Err(PortError::new("upcast", PortErrorKind::Corrupt)
            .with_source(format!("lead events have no version {version}")))
    }
}

/// A name of a fact of our own.
pub(crate) fn fact_name(name: &'static str) -> Option<FactName> {
    FactName::parse(name).ok()
}

/// The channel this version writes by.
pub(crate) const CHANNEL: Channel = Channel::Email;
