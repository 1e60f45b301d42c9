use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Contract, HandOffError};
use crate::id::{DealId, LeadId, ProjectId};
use crate::money::Money;

/// What one service really brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceOutcome {
    /// A slug of the catalogue.
    pub service: String,
    /// What the client paid for it, before tax.
    pub revenue: Money,
    /// What it cost: people, models, tools.
    pub cost: Money,
    /// Minutes estimated and minutes worked.
    pub minutes: (i64, i64),
    /// Rounds of rework before release.
    pub rework: u32,
    /// Measured results that may be cited, name and value in whole units.
    pub metrics: BTreeMap<String, i64>,
}

/// The parts of [`DeliveryFeedback`], any of which may still be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryFeedbackParts {
    /// The project it tells of.
    pub project: Option<ProjectId>,
    /// The deal that was delivered.
    pub deal: Option<DealId>,
    /// The lead it began with.
    pub lead: Option<LeadId>,
    /// The client's sector, where known.
    pub sector: Option<String>,
    /// What each service really brought.
    pub outcomes: Vec<ServiceOutcome>,
    /// The client's answer, 1 (poor) to 5 (very good); `None` where they did not answer.
    pub satisfaction: Option<u8>,
    /// Days late against the promise, negative when early.
    pub days_late: i64,
    /// Free minutes a skill in the coming four weeks.
    pub capacity: BTreeMap<String, i64>,
    /// Skills and tools that delivery has learnt or lost, with what is so now.
    pub capabilities: BTreeMap<String, bool>,
    /// Whether the client allowed us to tell of it.
    pub may_cite: bool,
}

/// Delivery to discovery: what the work taught us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DeliveryFeedbackParts", into = "DeliveryFeedbackParts")]
pub struct DeliveryFeedback {
    project: ProjectId,
    lead: LeadId,
    parts: DeliveryFeedbackParts,
}

impl DeliveryFeedback {
    /// The project it tells of.
    #[must_use]
    pub fn project(&self) -> ProjectId {
        self.project
    }

    /// The lead it began with.
    #[must_use]
    pub fn lead(&self) -> LeadId {
        self.lead
    }

    /// Everything else, known to be complete.
    #[must_use]
    pub fn parts(&self) -> &DeliveryFeedbackParts {
        &self.parts
    }
}

impl TryFrom<DeliveryFeedbackParts> for DeliveryFeedback {
    type Error = HandOffError;

    fn try_from(parts: DeliveryFeedbackParts) -> Result<Self, Self::Error> {
        let missing = |part| HandOffError::Missing {
            contract: Self::NAME,
            part,
        };
        if parts.deal.is_none() {
            return Err(missing("deal"));
        }
        if parts.outcomes.is_empty() {
            return Err(missing("outcomes"));
        }
        if parts.capacity.is_empty() {
            return Err(missing("capacity"));
        }
        if parts.satisfaction.is_some_and(|s| !(1..=5).contains(&s)) {
            return Err(HandOffError::Contradiction {
                contract: Self::NAME,
                what: "satisfaction is not between 1 and 5".to_owned(),
            });
        }
        Ok(Self {
            project: parts.project.ok_or_else(|| missing("project"))?,
            lead: parts.lead.ok_or_else(|| missing("lead"))?,
            parts,
        })
    }
}

impl From<DeliveryFeedback> for DeliveryFeedbackParts {
    fn from(whole: DeliveryFeedback) -> Self {
        whole.parts
    }
}

impl Contract for DeliveryFeedback {
    const NAME: &'static str = "delivery-feedback";
    const VERSION: u32 = 1;
}
