use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use dealwright_core::id::{MilestoneId, TaskId};
use dealwright_core::money::{Currency, Money, MoneyError};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::fact::current;
use super::{EventRef, LoggedFact, ProjectFact};

/// What a figure tells, with the rule that computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Measure {
    /// What the client pays before tax: the sum of the lines.
    Net,
    /// What the work may cost: the sum of the lines' costs.
    CostBudget,
    /// What the work cost so far: the sum of all tries.
    CostSpent,
    /// What it will have cost: what done tasks cost, and for open ones the plan times what done
    /// ones took of theirs, but no less than was spent on them already.
    CostForecast,
    /// What is left of the price at the forecast cost.
    MarginForecast,
    /// What is left of the price after what was spent.
    Margin,
    /// Expected minutes of all tasks.
    MinutesPlanned,
    /// Minutes worked on all tries.
    MinutesSpent,
    /// Minutes it will have taken, as [`CostForecast`](Self::CostForecast) does it.
    MinutesForecast,
    /// How many tasks there are.
    Tasks,
    /// How many of them are done.
    TasksDone,
    /// Rounds of rework.
    Rework,
    /// Days by which the last milestone was reached late, or will be by the plan; negative when
    /// early; parts of a day count as a day late.
    DaysLate,
    /// What the client said, 1 to 5.
    Satisfaction,
}

impl Measure {
    /// Its name in data and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Net => "net",
            Self::CostBudget => "cost-budget",
            Self::CostSpent => "cost-spent",
            Self::CostForecast => "cost-forecast",
            Self::MarginForecast => "margin-forecast",
            Self::Margin => "margin",
            Self::MinutesPlanned => "minutes-planned",
            Self::MinutesSpent => "minutes-spent",
            Self::MinutesForecast => "minutes-forecast",
            Self::Tasks => "tasks",
            Self::TasksDone => "tasks-done",
            Self::Rework => "rework",
            Self::DaysLate => "days-late",
            Self::Satisfaction => "satisfaction",
        }
    }

    /// Whether the rule looks at a fact.
    fn reads(self, fact: &ProjectFact) -> bool {
        use ProjectFact as F;
        match self {
            Self::Net | Self::CostBudget => matches!(fact, F::LinePriced { .. }),
            Self::CostSpent | Self::Margin => {
                matches!(fact, F::LinePriced { .. } | F::WorkBooked { .. })
            }
            Self::CostForecast | Self::MarginForecast => matches!(
                fact,
                F::LinePriced { .. }
                    | F::WorkBooked { .. }
                    | F::TaskPlanned { .. }
                    | F::TaskDone { .. }
            ),
            Self::MinutesPlanned | Self::Tasks => matches!(fact, F::TaskPlanned { .. }),
            Self::MinutesSpent => matches!(fact, F::TaskPlanned { .. } | F::WorkBooked { .. }),
            Self::MinutesForecast => matches!(
                fact,
                F::WorkBooked { .. } | F::TaskPlanned { .. } | F::TaskDone { .. }
            ),
            Self::TasksDone => matches!(fact, F::TaskPlanned { .. } | F::TaskDone { .. }),
            Self::Rework => matches!(fact, F::TaskPlanned { .. } | F::Reworked { .. }),
            Self::DaysLate => matches!(
                fact,
                F::MilestoneSet { .. } | F::MilestoneReached { .. } | F::EndForecast { .. }
            ),
            Self::Satisfaction => matches!(fact, F::Satisfied { .. }),
        }
    }

    /// The figure for the whole project, or for one service; `None` where the log has nothing to
    /// compute it from.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] where amounts of different currencies meet.
    pub fn of(
        self,
        log: &[LoggedFact],
        service: Option<&str>,
    ) -> Result<Option<Figure>, MoneyError> {
        let read: Vec<&LoggedFact> = log
            .iter()
            .filter(|f| self.reads(&f.fact))
            .filter(|f| service.is_none_or(|wanted| f.service() == Some(wanted)))
            .collect();
        let facts = current(&read);
        Ok(self.compute(&facts)?.map(|value| Figure {
            measure: self,
            service: service.map(str::to_owned),
            value,
            sources: facts.iter().map(|f| f.event.clone()).collect(),
        }))
    }

    fn compute(self, facts: &[&LoggedFact]) -> Result<Option<FigureValue>, MoneyError> {
        if facts.is_empty() {
            return Ok(None);
        }
        let books = Books::of(facts)?;
        let money = |amount: Option<Money>| amount.map(FigureValue::Money);
        let against = |cost: Option<Money>| -> Result<Option<FigureValue>, MoneyError> {
            match (books.net, cost) {
                (Some(net), Some(cost)) => Ok(money(Some(net.checked_sub(cost)?))),
                _ => Ok(None),
            }
        };
        Ok(match self {
            Self::Net => money(books.net),
            Self::CostBudget => money(books.budget),
            Self::CostSpent => money(books.spent()?),
            Self::CostForecast => money(books.cost_forecast()?),
            Self::MarginForecast => against(books.cost_forecast()?)?,
            Self::Margin => against(books.spent()?)?,
            Self::MinutesPlanned => Some(FigureValue::Minutes(
                books.tasks.values().map(|t| t.minutes.planned).sum(),
            )),
            Self::MinutesSpent => Some(FigureValue::Minutes(
                books.tasks.values().map(|t| t.minutes.booked).sum(),
            )),
            Self::MinutesForecast => Some(FigureValue::Minutes(forecast(
                books.tasks.values().map(|t| (t.done, t.minutes)),
            ))),
            Self::Tasks => Some(FigureValue::Count(count(books.planned().count()))),
            Self::TasksDone => Some(FigureValue::Count(count(
                books.planned().filter(|t| t.done).count(),
            ))),
            Self::Rework => {
                let rounds = facts
                    .iter()
                    .filter(|f| matches!(f.fact, ProjectFact::Reworked { .. }));
                Some(FigureValue::Count(count(rounds.count())))
            }
            Self::DaysLate => days_late(facts).map(FigureValue::Count),
            Self::Satisfaction => facts.iter().rev().find_map(|f| match f.fact {
                ProjectFact::Satisfied { score } => Some(FigureValue::Count(i64::from(score))),
                _ => None,
            }),
        })
    }
}

/// A value of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "reports must print every kind of value"
)]
pub enum FigureValue {
    /// An amount.
    Money(Money),
    /// A number of things.
    Count(i64),
    /// Minutes.
    Minutes(i64),
}

/// A figure of a report with the events it rests on: computing it again from these alone gives
/// the same value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    measure: Measure,
    service: Option<String>,
    value: FigureValue,
    sources: Vec<EventRef>,
}

/// Why a figure does not stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FigureFault {
    /// An event that it rests on is not in the log.
    #[error("`{measure}` rests on {event}, which is not in the log")]
    NoSuchEvent {
        /// The figure.
        measure: &'static str,
        /// The event.
        event: EventRef,
    },
    /// The events say something else.
    #[error("`{measure}` is not what its events say")]
    Differs {
        /// The figure.
        measure: &'static str,
    },
    /// It rests on nothing.
    #[error("`{measure}` names no event")]
    NoSource {
        /// The figure.
        measure: &'static str,
    },
}

impl Figure {
    /// What it tells.
    #[must_use]
    pub fn measure(&self) -> Measure {
        self.measure
    }

    /// The service it is of; `None` for the whole project.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> FigureValue {
        self.value
    }

    /// The events it rests on; never empty.
    #[must_use]
    pub fn sources(&self) -> &[EventRef] {
        &self.sources
    }

    /// Computes it again, from its own events alone.
    ///
    /// # Errors
    ///
    /// [`FigureFault`].
    pub fn verify(&self, log: &[LoggedFact]) -> Result<(), FigureFault> {
        let measure = self.measure.name();
        if self.sources.is_empty() {
            return Err(FigureFault::NoSource { measure });
        }
        let known: BTreeSet<&EventRef> = log.iter().map(|f| &f.event).collect();
        if let Some(event) = self.sources.iter().find(|e| !known.contains(e)) {
            let event = event.clone();
            return Err(FigureFault::NoSuchEvent { measure, event });
        }
        let own: BTreeSet<&EventRef> = self.sources.iter().collect();
        let only: Vec<LoggedFact> = log
            .iter()
            .filter(|f| own.contains(&f.event))
            .cloned()
            .collect();
        match self.measure.of(&only, self.service.as_deref()) {
            Ok(Some(again)) if again.value == self.value => Ok(()),
            _ => Err(FigureFault::Differs { measure }),
        }
    }
}

/// Planned and booked, of one task.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    planned: i64,
    booked: i64,
}

#[derive(Clone, Copy, Debug, Default)]
struct TaskBooks {
    is_planned: bool,
    done: bool,
    minutes: Pair,
    cost: Pair,
}

/// The facts added up, amounts in minor units of the one currency.
struct Books {
    currency: Option<Currency>,
    net: Option<Money>,
    budget: Option<Money>,
    tasks: BTreeMap<TaskId, TaskBooks>,
}

impl Books {
    fn of(facts: &[&LoggedFact]) -> Result<Self, MoneyError> {
        let mut books = Self {
            currency: None,
            net: None,
            budget: None,
            tasks: BTreeMap::new(),
        };
        for logged in facts {
            match &logged.fact {
                ProjectFact::LinePriced { net, cost, .. } => {
                    books.net = Some(plus(books.net, *net)?);
                    books.budget = Some(plus(books.budget, *cost)?);
                    books.same(*net)?;
                }
                ProjectFact::TaskPlanned {
                    task,
                    minutes,
                    cost,
                    ..
                } => {
                    books.same(*cost)?;
                    let entry = books.tasks.entry(*task).or_default();
                    entry.is_planned = true;
                    entry.minutes.planned = *minutes;
                    entry.cost.planned = cost.minor();
                }
                ProjectFact::WorkBooked {
                    task,
                    minutes,
                    cost,
                    ..
                } => {
                    books.same(*cost)?;
                    let entry = books.tasks.entry(*task).or_default();
                    entry.minutes.booked = entry.minutes.booked.saturating_add(*minutes);
                    entry.cost.booked = entry.cost.booked.saturating_add(cost.minor());
                }
                ProjectFact::TaskDone { task, .. } => {
                    books.tasks.entry(*task).or_default().done = true;
                }
                _ => {}
            }
        }
        Ok(books)
    }

    /// Keeps to one currency.
    fn same(&mut self, amount: Money) -> Result<(), MoneyError> {
        let currency = *self.currency.get_or_insert(amount.currency());
        Money::zero(currency).checked_add(amount).map(|_| ())
    }

    fn planned(&self) -> impl Iterator<Item = &TaskBooks> {
        self.tasks.values().filter(|t| t.is_planned)
    }

    fn spent(&self) -> Result<Option<Money>, MoneyError> {
        let amounts = self.tasks.values().map(|t| t.cost.booked);
        self.currency
            .map(|c| Money::sum(c, amounts.map(|minor| Money::from_minor(minor, c))))
            .transpose()
    }

    fn cost_forecast(&self) -> Result<Option<Money>, MoneyError> {
        let minor = forecast(self.tasks.values().map(|t| (t.done, t.cost)));
        Ok(self.currency.map(|c| Money::from_minor(minor, c)))
    }
}

fn plus(sum: Option<Money>, amount: Money) -> Result<Money, MoneyError> {
    sum.map_or(Ok(amount), |sum| sum.checked_add(amount))
}

/// What all will have come to; see [`Measure::CostForecast`]. Rounded up.
fn forecast(tasks: impl Iterator<Item = (bool, Pair)> + Clone) -> i64 {
    let done = tasks
        .clone()
        .filter(|(done, pair)| *done && pair.planned > 0);
    let (planned, booked) = done.fold((0_i128, 0_i128), |(planned, booked), (_, pair)| {
        (
            planned + i128::from(pair.planned),
            booked + i128::from(pair.booked),
        )
    });
    let expected = |pair: Pair| {
        let plan = i128::from(pair.planned);
        let scaled = if planned > 0 {
            (plan * booked + planned - 1).div_euclid(planned)
        } else {
            plan
        };
        scaled.max(i128::from(pair.booked))
    };
    let sum: i128 = tasks
        .map(|(done, pair)| {
            if done {
                i128::from(pair.booked)
            } else {
                expected(pair)
            }
        })
        .sum();
    i64::try_from(sum).unwrap_or(i64::MAX)
}

/// By how many days the last promised milestone is late; where it is open, by the plan's end.
fn days_late(facts: &[&LoggedFact]) -> Option<i64> {
    let due: BTreeMap<MilestoneId, Timestamp> = facts
        .iter()
        .filter_map(|f| match f.fact {
            ProjectFact::MilestoneSet { milestone, due, .. } => Some((milestone, due)),
            _ => None,
        })
        .collect();
    let (last, promised) = due.iter().max_by_key(|(id, due)| (**due, **id))?;
    let reached = facts.iter().find_map(|f| match f.fact {
        ProjectFact::MilestoneReached { milestone } if milestone == *last => Some(f.at),
        _ => None,
    });
    let planned = facts.iter().rev().find_map(|f| match f.fact {
        ProjectFact::EndForecast { finish } => Some(finish),
        _ => None,
    });
    let late: TimeDelta = reached.or(planned)? - *promised;
    // Up, so that an hour late is a day late and an hour early is on the day.
    Some(late.num_seconds().saturating_add(86_399).div_euclid(86_400))
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
