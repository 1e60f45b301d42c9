use dealwright_core::handoff::{Priors, ReasonPoints, RecommendedService};
use dealwright_core::id::{AccountId, ContactId, DealId, LeadId};
use serde::{Deserialize, Serialize};

use super::{IntakeRecord, Profile, Resemblance, WebsiteReading};
use crate::enrich::{Found, Progress};
use crate::qualify::Judgement;

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
    /// It was the same business as another lead, which took its records.
    Joined {
        /// That lead.
        into: LeadId,
    },
}

impl LeadPhase {
    /// Whether a sale runs or has ended: what directories say later changes that no more.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(
            self,
            Self::HandedOver { .. } | Self::Lost { .. } | Self::Client | Self::Joined { .. }
        )
    }

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
            Self::Joined { .. } => "joined",
        }
    }
}

/// What a lead knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LeadState {
    pub(super) id: Option<LeadId>,
    pub(super) records: Vec<IntakeRecord>,
    pub(super) website: Option<WebsiteReading>,
    pub(super) website_asked: bool,
    pub(super) priors: Option<Priors>,
    pub(super) judgement: Judgement,
    pub(super) score: i64,
    pub(super) reasons: Vec<ReasonPoints>,
    pub(super) tier: Option<String>,
    pub(super) services: Vec<RecommendedService>,
    pub(super) occurrence: u32,
    pub(super) phase: LeadPhase,
    #[serde(default)]
    pub(super) found: Vec<Found>,
    #[serde(default)]
    pub(super) progress: Progress,
    #[serde(default)]
    pub(super) resembles: Vec<Resemblance>,
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
        Profile::of(&self.records, self.website.as_ref(), &self.found)
    }

    /// What providers found and persons said, as it came.
    #[must_use]
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// How far its enrichment has come, and what that cost.
    #[must_use]
    pub fn enrichment(&self) -> &Progress {
        &self.progress
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

    /// Other leads that are alike, though not so surely that they are one: a person should look.
    #[must_use]
    pub fn resembles(&self) -> &[Resemblance] {
        &self.resembles
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
