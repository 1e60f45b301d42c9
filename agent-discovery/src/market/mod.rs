//! The market: what feeds, deals and deliveries taught, one process a tenant.
//!
//! It answers every lead that asks with what counts at the moment: points a service gains or
//! loses by real margin and satisfaction, demand in the sector above a sample floor, and services
//! that delivery cannot take on.

mod reads;
mod signal;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use dealwright_core::access::Action;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::handoff::{self, AskPriors, DealClosed, DeliveryFeedback, Priors};
use dealwright_core::page::SourceName;
use dealwright_core::process::{
    Context, Decision, IndexEntry, NoEffects, Process, ProcessKey, Record, Refusal, Unsettled,
};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::enrich::{AskSpend, Ceiling, DayBook, Price, SpendAnswer, SpendDone};
use crate::score::{PriorParams, ServiceFeedback, ServicePriors};

pub use reads::SourceReads;
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
    /// The most that enrichment and research may spend a day, all leads together.
    pub spend_per_day: Ceiling,
}

/// What the market knows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MarketState {
    results: ServicePriors,
    signals: BTreeMap<String, MarketSignal>,
    lost: BTreeMap<String, u32>,
    #[serde(default)]
    lost_deals: BTreeMap<String, Vec<String>>,
    unmet: BTreeMap<String, Vec<String>>,
    capacity: BTreeMap<String, i64>,
    won: u32,
    #[serde(default)]
    spending: DayBook,
    #[serde(default)]
    reads: BTreeMap<SourceName, SourceReads>,
}

impl MarketState {
    /// Lost deals by reason.
    #[must_use]
    pub fn lost(&self) -> &BTreeMap<String, u32> {
        &self.lost
    }

    /// The same with the deals.
    #[must_use]
    pub fn lost_deals(&self) -> &BTreeMap<String, Vec<String>> {
        &self.lost_deals
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

    /// What is spent and held, day by day.
    #[must_use]
    pub fn spending(&self) -> &DayBook {
        &self.spending
    }

    /// When each source of signals was read, and what that took.
    #[must_use]
    pub fn reads(&self) -> &BTreeMap<SourceName, SourceReads> {
        &self.reads
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
    /// A lead wants to spend.
    AskSpend {
        /// Who.
        lead: ProcessKey,
        /// What.
        ask: AskSpend,
    },
    /// A granted call is over.
    SpendDone(SpendDone),
    /// A source of signals is about to be read.
    Reading {
        /// The source.
        source: SourceName,
        /// What reading it takes.
        price: Price,
    },
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
    /// Money is held for a call.
    SpendHeld {
        /// The call.
        key: String,
        /// The most it takes.
        price: Price,
        /// When.
        at: Timestamp,
    },
    /// A call is over.
    Spent {
        /// The call.
        key: String,
        /// What it took.
        took: Price,
    },
    /// A source of signals is being read.
    Reading {
        /// The source.
        source: SourceName,
        /// What reading it takes.
        price: Price,
        /// When.
        at: Timestamp,
    },
}

type Cx<'a> = Context<'a, MarketPolicy>;

impl Process for Market {
    const KIND: &'static str = "market";
    const STATE_VERSION: u32 = 2;
    const EVENT_VERSION: u32 = 1;

    type State = MarketState;
    type Input = MarketInput;
    type Event = MarketEvent;
    type Effect = NoEffects;
    type Policy = MarketPolicy;

    fn action(input: &Self::Input) -> Action {
        match input {
            MarketInput::Signal(_) | MarketInput::Reading { .. } => Action::TakeIn,
            MarketInput::Ask { .. } | MarketInput::AskSpend { .. } => Action::Propose,
            MarketInput::Closed(_) | MarketInput::Feedback(_) | MarketInput::SpendDone(_) => {
                Action::Progress
            }
        }
    }

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
            MarketInput::AskSpend { lead, ask } => asked_to_spend(state, lead, ask, cx),
            MarketInput::SpendDone(done) => {
                if !state.spending.holds(&done.key) {
                    return Err(Refusal::new("OR-5", "nothing is held for this call"));
                }
                Decision::nothing().event(MarketEvent::Spent {
                    key: done.key.clone(),
                    took: done.took,
                })
            }
            MarketInput::Reading { source, price } => {
                Decision::nothing().event(MarketEvent::Reading {
                    source: source.clone(),
                    price: *price,
                    at: cx.now(),
                })
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
                    state
                        .lost_deals
                        .entry(closed.reason.clone())
                        .or_default()
                        .push(closed.deal.to_string());
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
            MarketEvent::SpendHeld { key, price, at } => state.spending.hold(*at, key, *price),
            MarketEvent::Spent { key, took } => state.spending.settle(key, *took),
            MarketEvent::Reading { source, price, at } => {
                state
                    .reads
                    .entry(source.clone())
                    .or_default()
                    .read(*at, *price);
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
            "ask-spend" => Ok(MarketInput::AskSpend {
                lead: record.sender.clone(),
                ask: handoff::read(name, version, body)?,
            }),
            "spend-done" => handoff::read(name, version, body).map(MarketInput::SpendDone),
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

/// Says yes where the day can hold it, and holds it. What is not told is not spent.
fn asked_to_spend(
    state: &MarketState,
    lead: &ProcessKey,
    ask: &AskSpend,
    cx: &Cx<'_>,
) -> Decision<Market> {
    let ceiling = &cx.policy().spend_per_day;
    let granted =
        !state.spending.holds(&ask.key) && state.spending.affords(cx.now(), ask.price, ceiling);
    let answer = SpendAnswer {
        key: ask.key.clone(),
        granted,
    };
    let mut decision = Decision::nothing();
    if granted {
        decision = decision.event(MarketEvent::SpendHeld {
            key: ask.key.clone(),
            price: ask.price,
            at: cx.now(),
        });
    }
    decision.tell(lead.clone(), cx.step("spend"), &answer)
}

impl MarketState {
    /// What counts at `now`, for a lead in `sector`.
    #[must_use]
    pub fn priors(&self, sector: Option<&str>, policy: &MarketPolicy, now: Timestamp) -> Priors {
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
