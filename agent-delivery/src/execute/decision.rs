use std::collections::BTreeMap;

use dealwright_core::canonical::{CanonicalError, Digest32};
use dealwright_core::id::TaskId;
use dealwright_core::money::{Currency, Money, MoneyError};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Method, Spent, TaskOrder, TaskResult, WorkerIdentity};

/// How one try of a task was done: who, by which method and why, on what, to what end, for how
/// much. Written for every try that cost something, finished or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionEntry {
    /// The task.
    pub task: TaskId,
    /// Which try.
    pub attempt: u32,
    /// Who did it.
    pub worker: WorkerIdentity,
    /// How, and why so.
    pub method: Method,
    /// The hash of all it rested on.
    pub input: Digest32,
    /// The hash of what came of it.
    pub output: Digest32,
    /// Minutes that were estimated.
    pub estimated_minutes: i64,
    /// What it cost.
    pub spent: Spent,
    /// When it was done.
    pub at: Timestamp,
}

impl DecisionEntry {
    /// The entry of a finished order.
    ///
    /// # Errors
    ///
    /// [`LogError::OverLimit`] where the result cost more than the order allowed,
    /// [`LogError::Money`] where it is in another currency.
    pub fn of(
        order: &TaskOrder,
        result: &TaskResult,
        worker: &WorkerIdentity,
        estimated_minutes: i64,
        at: Timestamp,
    ) -> Result<Self, LogError> {
        if result.spent.money.checked_cmp(order.limit)?.is_gt() {
            return Err(LogError::OverLimit {
                task: order.task,
                spent: result.spent.money,
                limit: order.limit,
            });
        }
        Ok(Self {
            task: order.task,
            attempt: order.attempt,
            worker: worker.clone(),
            method: result.method.clone(),
            input: order.input_hash()?,
            output: result.output_hash()?,
            estimated_minutes,
            spent: result.spent,
            at,
        })
    }
}

/// Why an entry was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The try has an entry that says something else.
    #[error("try {attempt} of {task} has an entry already, and it says something else")]
    Twice {
        /// The task.
        task: TaskId,
        /// The try.
        attempt: u32,
    },
    /// It cost more than the order allowed.
    #[error("{task} cost {spent}, its limit is {limit}; a person must decide")]
    OverLimit {
        /// The task.
        task: TaskId,
        /// What it cost.
        spent: Money,
        /// What it was allowed.
        limit: Money,
    },
    /// Amounts of different currencies, or too large ones.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Something that cannot be hashed.
    #[error(transparent)]
    Hash(#[from] CanonicalError),
}

/// Time estimated and time spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskTime {
    /// Minutes that were estimated, once a task.
    pub estimated: i64,
    /// Minutes spent on all tries.
    pub spent: i64,
}

impl TaskTime {
    /// Minutes over the estimate; negative when under it.
    #[must_use]
    pub fn variance(self) -> i64 {
        self.spent - self.estimated
    }
}

/// The entries of a project, one a try, in order of task and try.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<DecisionEntry>", into = "Vec<DecisionEntry>")]
pub struct DecisionLog {
    entries: BTreeMap<(TaskId, u32), DecisionEntry>,
}

impl DecisionLog {
    /// Writes an entry; the same one again changes nothing.
    ///
    /// # Errors
    ///
    /// [`LogError::Twice`] where the try has another entry.
    pub fn write(&mut self, entry: DecisionEntry) -> Result<(), LogError> {
        let key = (entry.task, entry.attempt);
        match self.entries.get(&key) {
            Some(known) if *known != entry => Err(LogError::Twice {
                task: entry.task,
                attempt: entry.attempt,
            }),
            _ => {
                self.entries.insert(key, entry);
                Ok(())
            }
        }
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = &DecisionEntry> {
        self.entries.values()
    }

    /// The entries of a task, first try first.
    pub fn of_task(&self, task: TaskId) -> impl Iterator<Item = &DecisionEntry> {
        self.entries
            .range((task, 0)..=(task, u32::MAX))
            .map(|(_, entry)| entry)
    }

    /// What all tries cost.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] where one is in another currency.
    pub fn total(&self, currency: Currency) -> Result<Money, MoneyError> {
        Money::sum(currency, self.entries().map(|e| e.spent.money))
    }

    /// Estimated and spent minutes of each task.
    #[must_use]
    pub fn times(&self) -> BTreeMap<TaskId, TaskTime> {
        let mut times: BTreeMap<TaskId, TaskTime> = BTreeMap::new();
        for entry in self.entries() {
            let time = times.entry(entry.task).or_default();
            time.estimated = entry.estimated_minutes;
            time.spent = time.spent.saturating_add(entry.spent.minutes);
        }
        times
    }
}

impl From<Vec<DecisionEntry>> for DecisionLog {
    fn from(entries: Vec<DecisionEntry>) -> Self {
        Self {
            entries: entries
                .into_iter()
                .map(|e| ((e.task, e.attempt), e))
                .collect(),
        }
    }
}

impl From<DecisionLog> for Vec<DecisionEntry> {
    fn from(log: DecisionLog) -> Self {
        log.entries.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use dealwright_core::money::ledger::{Account, Ledger, Posting};

    use super::*;
    use crate::execute::testing::{order, result};
    use crate::setup::tests::{at, eur};

    fn entry(task: &str, attempt: u32, cost: i64, minutes: i64) -> DecisionEntry {
        let mut order = order();
        order.task = TaskId::derive(&[task.as_bytes()]);
        order.attempt = attempt;
        let mut result = result(cost);
        result.spent.minutes = minutes;
        let worker = WorkerIdentity::person("kim");
        DecisionEntry::of(&order, &result, &worker, 60, at("2026-03-02T10:00:00Z")).unwrap()
    }

    // covers: TX-2
    #[test]
    fn costs_sum_to_the_ledger_and_every_entry_says_how() {
        let mut log = DecisionLog::default();
        let mut ledger = Ledger::new();
        let account = |name| Account::parse(name).unwrap();
        for entry in [
            entry("a", 1, 250, 30),
            entry("a", 2, 125, 40),
            entry("b", 1, 99, 60),
        ] {
            let key = format!("{}/{}", entry.task, entry.attempt);
            let (from, to) = (account("project:work"), account("wages"));
            ledger
                .post(Posting::transfer(key, entry.at, from, to, entry.spent.money).unwrap())
                .unwrap();
            assert!(!entry.method.name.is_empty() && !entry.method.why.is_empty());
            log.write(entry).unwrap();
        }
        let paid = ledger
            .balance(&account("wages"), Currency::EUR)
            .minor()
            .abs();
        assert_eq!(log.total(Currency::EUR), Ok(eur(paid)));
        assert_eq!(log.of_task(TaskId::derive(&[b"a"])).count(), 2);
        let back: DecisionLog =
            serde_json::from_value(serde_json::to_value(&log).unwrap()).unwrap();
        assert_eq!(back, log);
    }

    // covers: TX-3
    #[test]
    fn estimate_and_actual_stand_side_by_side() {
        let mut log = DecisionLog::default();
        log.write(entry("a", 1, 1, 50)).unwrap();
        log.write(entry("a", 2, 1, 25)).unwrap();
        let time = log.times()[&TaskId::derive(&[b"a"])];
        assert_eq!((time.estimated, time.spent, time.variance()), (60, 75, 15));
    }

    // covers: TX-2
    #[test]
    fn an_entry_is_written_once_and_hashes_show_what_changed() {
        let mut log = DecisionLog::default();
        let first = entry("a", 1, 5, 30);
        log.write(first.clone()).unwrap();
        log.write(first.clone()).unwrap();
        assert!(matches!(
            log.write(entry("a", 1, 6, 30)),
            Err(LogError::Twice { .. })
        ));
        let again = entry("a", 2, 5, 30);
        assert_eq!((again.input, again.output), (first.input, first.output));
        let mut other = order();
        other
            .facts
            .insert("website".to_owned(), "https://other.example/".to_owned());
        assert_ne!(other.input_hash().unwrap(), order().input_hash().unwrap());
        let over = DecisionEntry::of(
            &order(),
            &result(1_000_000),
            &WorkerIdentity::person("kim"),
            60,
            first.at,
        );
        assert!(matches!(over, Err(LogError::OverLimit { .. })));
    }
}
