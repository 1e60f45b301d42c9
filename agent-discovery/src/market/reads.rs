use chrono::NaiveDate;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::enrich::{Ceiling, Price, Purse};

/// When a source of signals was read, and what that took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReads {
    last: Option<Timestamp>,
    day: Option<NaiveDate>,
    spent: Purse,
    times: u64,
}

impl SourceReads {
    pub(super) fn read(&mut self, at: Timestamp, price: Price) {
        let day = at.date_naive();
        if self.day != Some(day) {
            self.day = Some(day);
            self.spent = Purse::default();
        }
        self.spent = self.spent.with(price);
        self.last = Some(at);
        self.times = self.times.saturating_add(1);
    }

    /// When it was read last.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// How often it was read.
    #[must_use]
    pub fn times(&self) -> u64 {
        self.times
    }

    /// Whether one more read for `price` at `now` stays within the day's `ceiling`.
    #[must_use]
    pub fn affords(&self, now: Timestamp, price: Price, ceiling: &Ceiling) -> bool {
        let spent = match self.day {
            Some(day) if day == now.date_naive() => self.spent,
            _ => Purse::default(),
        };
        spent.affords(price, ceiling)
    }
}
