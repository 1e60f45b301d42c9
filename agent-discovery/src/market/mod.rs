//! The market: what feeds, deals and deliveries taught, one process a tenant.
//!
//! It answers every lead that asks with what counts at the moment: points a service gains or
//! loses by real margin and satisfaction, demand in the sector above a sample floor, and services
//! that delivery cannot take on.

mod signal;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::handoff::{self, AskPriors, DealClosed, DeliveryFeedback, Priors};
use dealwright_core::process::{
    Context, Decision, IndexEntry, NoEffects, Process, ProcessKey, Record, Refusal, Unsettled,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::score::{PriorParams, ServiceFeedback, ServicePriors};

pub use signal::{Demand, MarketSignal, SignalKind};

/// What the market taught.
#[derive(Clone, Copy, Debug)]
pub enum Market {}

/// What people set for the market.
#[derive(Clone, Debug, Serialize)]
pub struct MarketPolicy {
    /// How results move the rank of services.
    pub priors: PriorParams,
    /// Whether what delivery taught counts; without it the rank stays as people set it.
    pub learn: bool,
    /// Signals of a sector below which nothing is said of its demand.
    pub sample_floor: u32,
    /// Points that a sector with the most demand gains.
    pub demand_points: i64,
    /// Days that a signal counts where it names no end.
    pub signal_days: u32,
    /// Skills that each service needs; one with a skill that has no free minutes is closed.
    pub skills: BTreeMap<String, Vec<String>>,
}

/// What the market knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MarketState {
    results: ServicePriors,
    signals: BTreeMap<String, MarketSignal>,
    lost: BTreeMap<String, u32>,
    unmet: BTreeMap<String, Vec<String>>,
    capacity: BTreeMap<String, i64>,
    won: u32,
}

impl MarketState {
    /// Lost deals by reason.
    #[must_use]
    pub fn lost(&self) -> &BTreeMap<String, u32> {
        &self.lost
    }

    /// Needs that no service answered, with the deals that named them.
    #[must_use]
    pub fn unmet(&self) -> &BTreeMap<String, Vec<String>> {
        &self.unmet
    }

    /// Free minutes by skill, as delivery said last.
    #[must_use]
    pub fn capacity(&self) -> &BTreeMap<String, i64> {
        &self.capacity
    }

    /// The signals that were taken in, by key.
    #[must_use]
    pub fn signals(&self) -> &BTreeMap<String, MarketSignal> {
        &self.signals
    }

    /// What delivery taught of each service.
    #[must_use]
    pub fn results(&self) -> &ServicePriors {
        &self.results
    }
}

/// What can happen to the market.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MarketInput {
    /// A lead asks what counts.
    Ask {
        /// Who.
        lead: ProcessKey,
        /// What it tells of itself.
        ask: AskPriors,
    },
    /// A feed or post said something.
    Signal(Box<MarketSignal>),
    /// A deal ended.
    Closed(Box<DealClosed>),
    /// A project taught something.
    Feedback(Box<DeliveryFeedback>),
}

/// What the market records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MarketEvent {
    /// A signal came in.
    Signal(Box<MarketSignal>),
    /// A deal ended.
    Closed(Box<DealClosed>),
    /// A project taught something.
    Learnt(Box<DeliveryFeedback>),
}

type Cx<'a> = Context<'a, MarketPolicy>;

impl Process for Market {
    const KIND: &'static str = "market";
    const STATE_VERSION: u32 = 1;
    const EVENT_VERSION: u32 = 1;

    type State = MarketState;
    type Input = MarketInput;
    type Event = MarketEvent;
    type Effect = NoEffects;
    type Policy = MarketPolicy;

    fn decide(
        state: &MarketState,
        input: &MarketInput,
        cx: &Cx<'_>,
    ) -> Result<Decision<Self>, Refusal> {
        Ok(match input {
            MarketInput::Ask { lead, ask } => Decision::nothing().tell(
                lead.clone(),
                cx.step("priors"),
                &state.priors(ask.sector.as_deref(), cx.policy(), cx.now()),
            ),
            MarketInput::Signal(signal) => {
                if state.signals.contains_key(&signal.key) {
                    return Err(Refusal::new("MR-1", "this signal was taken in already"));
                }
                Decision::nothing().event(MarketEvent::Signal(signal.clone()))
            }
            MarketInput::Closed(closed) => {
                Decision::nothing().event(MarketEvent::Closed(closed.clone()))
            }
            MarketInput::Feedback(feedback) => {
                Decision::nothing().event(MarketEvent::Learnt(feedback.clone()))
            }
        })
    }

    fn apply(mut state: MarketState, event: &MarketEvent) -> MarketState {
        match event {
            MarketEvent::Signal(signal) => {
                state.signals.insert(signal.key.clone(), (**signal).clone());
            }
            MarketEvent::Closed(closed) => {
                if closed.won {
                    state.won = state.won.saturating_add(1);
                } else {
                    *state.lost.entry(closed.reason.clone()).or_default() += 1;
                }
                for need in &closed.unmet {
                    state
                        .unmet
                        .entry(need.clone())
                        .or_default()
                        .push(closed.deal.to_string());
                }
            }
            MarketEvent::Learnt(feedback) => {
                let parts = feedback.parts();
                state.capacity.clone_from(&parts.capacity);
                for outcome in &parts.outcomes {
                    state.results.learn(
                        &outcome.service,
                        ServiceFeedback {
                            margin: margin(outcome.revenue.minor(), outcome.cost.minor()),
                            satisfaction: parts.satisfaction,
                        },
                    );
                }
            }
        }
        state
    }

    fn index(_state: &MarketState) -> Vec<IndexEntry> {
        Vec::new()
    }

    fn unsettled(effect: NoEffects, _how: Unsettled) -> MarketInput {
        match effect {}
    }

    fn receive(record: &Record<'_>) -> Result<MarketInput, PortError> {
        let (name, version, body) = (record.contract, record.version, record.body);
        match name {
            "ask-priors" => Ok(MarketInput::Ask {
                lead: record.sender.clone(),
                ask: handoff::read(name, version, body)?,
            }),
            "deal-closed" => Ok(MarketInput::Closed(Box::new(handoff::read(
                name, version, body,
            )?))),
            "delivery-feedback" => Ok(MarketInput::Feedback(Box::new(handoff::read(
                name, version, body,
            )?))),
            _ => Err(PortError::new("receive", PortErrorKind::Invalid)
                .with_source(format!("the market knows no contract `{name}`"))),
        }
    }

    fn business(state: &MarketState) -> Value {
        json!({ "lost": state.lost, "won": state.won, "unmet": state.unmet, "results": state.results })
    }

    fn upcast(version: u32, _body: Value) -> Result<Value, PortError> {
        Err(PortError::new("upcast", PortErrorKind::Corrupt)
            .with_source(format!("market events have no version {version}")))
    }
}

impl MarketState {
    /// What counts at `now`, for a lead in `sector`.
    #[must_use]
    pub fn priors(
        &self,
        sector: Option<&str>,
        policy: &MarketPolicy,
        now: dealwright_core::time::Timestamp,
    ) -> Priors {
        let mut services = BTreeMap::new();
        let mut reasons = BTreeMap::new();
        if policy.learn {
            for service in policy.skills.keys() {
                if let Some((points, reason)) = self.results.points(service, &policy.priors) {
                    services.insert(service.clone(), i64::from(points));
                    reasons.insert(service.clone(), vec![reason]);
                }
            }
        }
        let full = |skill: &String| self.capacity.get(skill).is_some_and(|free| *free <= 0);
        let closed = policy
            .skills
            .iter()
            .filter(|(_, skills)| skills.iter().any(full))
            .map(|(service, _)| service.clone())
            .collect();
        let demand = sector.map(|sector| self.demand(sector, policy, now));
        Priors {
            services,
            reasons,
            sector: match demand {
                Some(Demand::Known { share_ppm, .. }) => {
                    policy.demand_points.saturating_mul(i64::from(share_ppm)) / 1_000_000
                }
                _ => 0,
            },
            closed,
            as_of: now,
        }
    }
}

/// What is left of `revenue`, in parts per thousand of it.
fn margin(revenue: i64, cost: i64) -> i32 {
    let left = revenue.saturating_sub(cost).saturating_mul(1_000);
    let share = left.checked_div(revenue).unwrap_or(-1_000);
    i32::try_from(share.clamp(-100_000, 1_000)).unwrap_or(0)
}
