use chrono::{Days, NaiveTime};
use serde::{Deserialize, Serialize};

use super::Lane;
use crate::time::{Timestamp, Zone};

/// The hours in which batch work may leave, every day in one zone; they may run over
/// midnight (`22:00` to `06:00`). Equal times mean the whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OffPeak {
    from: NaiveTime,
    to: NaiveTime,
    zone: Zone,
}

impl OffPeak {
    /// The hours from `from` until before `to`, as clocks in `zone` show them.
    #[must_use]
    pub fn new(from: NaiveTime, to: NaiveTime, zone: Zone) -> Self {
        Self { from, to, zone }
    }

    /// Always open: batch work leaves when it comes.
    #[must_use]
    pub fn always() -> Self {
        Self::new(NaiveTime::MIN, NaiveTime::MIN, Zone::UTC)
    }

    /// When work of `lane` that is ready at `now` may leave: batch work in the window, all
    /// other at once.
    #[must_use]
    pub fn release(&self, lane: Lane, now: Timestamp) -> Timestamp {
        match lane {
            Lane::Urgent | Lane::Normal => now,
            Lane::Batch => self.next_open(now),
        }
    }

    /// Whether the window is open at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.next_open(now) == now
    }

    /// The first instant from `now` on at which the window is open.
    #[must_use]
    pub fn next_open(&self, now: Timestamp) -> Timestamp {
        if self.from == self.to {
            return now;
        }
        let today = self.zone.date(now);
        // Last night's window may still be open. A day whose clocks skip the window has none,
        // so the day after tomorrow is looked at too.
        let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        for opening in yesterday.iter_days().take(5) {
            let over_midnight = u64::from(self.to <= self.from);
            let Some(closing) = opening.checked_add_days(Days::new(over_midnight)) else {
                break;
            };
            let opens = self.zone.instant(opening, self.from);
            let closes = self.zone.instant(closing, self.to);
            if now < closes && opens < closes {
                return now.max(opens);
            }
        }
        now
    }
}
