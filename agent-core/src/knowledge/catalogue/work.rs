use serde::{Deserialize, Serialize};

use crate::knowledge::Slug;

/// Three guesses of an effort, in minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    /// Where all goes well.
    pub min: i64,
    /// Most likely.
    pub likely: i64,
    /// Where much goes wrong.
    pub max: i64,
}

impl Effort {
    /// The expected minutes, times six: `min + 4 likely + max` (PERT). Kept as sixths so that
    /// sums do not round.
    #[must_use]
    pub fn expected_sixths(self) -> i64 {
        self.likely
            .saturating_mul(4)
            .saturating_add(self.min)
            .saturating_add(self.max)
    }

    /// The expected minutes, rounded up.
    #[must_use]
    pub fn expected(self) -> i64 {
        self.expected_sixths().saturating_add(5).div_euclid(6)
    }

    /// Both efforts one after the other.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self {
            min: self.min.saturating_add(other.min),
            likely: self.likely.saturating_add(other.likely),
            max: self.max.saturating_add(other.max),
        }
    }

    /// The effort `times` over.
    #[must_use]
    pub fn saturating_mul(self, times: i64) -> Self {
        Self {
            min: self.min.saturating_mul(times),
            likely: self.likely.saturating_mul(times),
            max: self.max.saturating_mul(times),
        }
    }

    /// Whether the guesses are in order and none is below zero.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        0 <= self.min && self.min <= self.likely && self.likely <= self.max
    }
}

/// What one unit of a driver adds to a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriverEffort {
    /// The driver.
    pub driver: Slug,
    /// Minutes for each unit.
    pub each: Effort,
}

/// A to-do that is made for every sale of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskTemplate {
    /// Its name within the service.
    pub id: Slug,
    /// What to call it, for people.
    pub name: String,
    /// The role that does it; rate cards price roles.
    pub role: Slug,
    /// The skill it needs.
    pub skill: Slug,
    /// Effort whatever the drivers say.
    pub base: Effort,
    /// Effort that drivers add.
    #[serde(default)]
    pub per: Vec<DriverEffort>,
    /// Tasks of the same service that must be done before.
    #[serde(default)]
    pub after: Vec<Slug>,
    /// What to tick off.
    #[serde(default)]
    pub checklist: Vec<String>,
    /// What must be there before it can start, for example `website`.
    #[serde(default)]
    pub requires: Vec<Slug>,
    /// The deliverables it yields.
    #[serde(default)]
    pub produces: Vec<Slug>,
    /// The option it belongs to; `None` where it is always done.
    #[serde(default)]
    pub option: Option<Slug>,
    /// Whether the client has to do or decide something in it.
    #[serde(default)]
    pub client: bool,
}

impl TaskTemplate {
    /// The effort for these driver values; a driver that `value` does not know adds nothing.
    pub fn effort_for(&self, value: impl Fn(&str) -> Option<i64>) -> Effort {
        self.per.iter().fold(self.base, |sum, part| {
            sum.saturating_add(part.each.saturating_mul(value(&part.driver).unwrap_or(0)))
        })
    }
}

/// A group of tasks with what must hold at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Its name within the service.
    pub id: Slug,
    /// What to call it, for people.
    pub name: String,
    /// What must hold before the phase counts as done. Never empty.
    pub done_when: Vec<String>,
    /// The tasks.
    pub tasks: Vec<TaskTemplate>,
}
