//! Shorter contracts between the modules: what one tells another while a case runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::canonical::Digest32;
use crate::contract;
use crate::id::{DealId, LeadId, MilestoneId, ProjectId};
use crate::money::Money;
use crate::time::Timestamp;

/// Deals to discovery: how a deal ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DealClosed {
    /// The deal.
    pub deal: DealId,
    /// The lead it came from.
    pub lead: LeadId,
    /// Whether it was won.
    pub won: bool,
    /// Why it was lost, a slug such as `price`, `no-answer`, `opt-out`; `won` otherwise.
    pub reason: String,
    /// The services that were offered last.
    pub services: Vec<String>,
    /// Needs that no service answered.
    pub unmet: Vec<String>,
    /// What was accepted, before tax, where it was won.
    pub net: Option<Money>,
    /// When.
    pub at: Timestamp,
}
contract!(DealClosed, "deal-closed");

/// Delivery to deals: the client accepted what a milestone stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneAccepted {
    /// The project.
    pub project: ProjectId,
    /// The deal it delivers.
    pub deal: DealId,
    /// The milestone.
    pub milestone: MilestoneId,
    /// The hash of what was accepted.
    pub manifest: Digest32,
    /// What was counted in doing the work, by service and driver, where the work counts it: how
    /// many pages there were, whatever was ordered. Nobody pays for what was not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counted: BTreeMap<String, BTreeMap<String, i64>>,
    /// When.
    pub at: Timestamp,
}
contract!(MilestoneAccepted, "milestone-accepted");

/// Delivery to deals: the work is done and reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectClosed {
    /// The project.
    pub project: ProjectId,
    /// The deal it delivered.
    pub deal: DealId,
    /// Whether all of it was delivered.
    pub completed: bool,
    /// When.
    pub at: Timestamp,
}
contract!(ProjectClosed, "project-closed");

/// A lead to the market: what should count at the moment?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskPriors {
    /// The lead's sector, where known.
    pub sector: Option<String>,
}
contract!(AskPriors, "ask-priors");

/// The market to a lead: what delivery and the market taught.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Priors {
    /// Points a service gains or loses by real margin, satisfaction and capacity.
    pub services: BTreeMap<String, i64>,
    /// Why, service by service, for people.
    pub reasons: BTreeMap<String, Vec<String>>,
    /// Points the sector gains by demand; 0 below the sample floor.
    pub sector: i64,
    /// Services that delivery cannot take on at the moment.
    pub closed: Vec<String>,
    /// Which state of the market this is.
    pub as_of: Timestamp,
}
contract!(Priors, "priors");
