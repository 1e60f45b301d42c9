use std::collections::BTreeMap;

use chrono::{Duration, NaiveDate};
use serde::{Deserialize, Serialize};

use super::News;
use crate::time::Timestamp;

/// When bad news stops a mailbox. Rates are in parts per million, so that no float decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerLimits {
    /// Fewer letters than this say nothing.
    pub sample: u32,
    /// The days that are looked back on, today included; at most 60.
    pub days: u32,
    /// Bounces per million letters that stop.
    pub bounce_ppm: u32,
    /// Complaints per million letters that stop.
    pub complaint_ppm: u32,
    /// Complaints per million letters that warn.
    pub complaint_warn_ppm: u32,
    /// How many hours it stays stopped.
    pub pause_hours: u32,
}

impl Default for BreakerLimits {
    /// Bounces stop at 5 %, complaints warn at 0.10 % and stop at 0.25 %, of 50 letters and more
    /// within 7 days, for a day.
    fn default() -> Self {
        Self {
            sample: 50,
            days: 7,
            bounce_ppm: 50_000,
            complaint_ppm: 2_500,
            complaint_warn_ppm: 1_000,
            pause_hours: 24,
        }
    }
}

/// The days that a tally remembers, which is as far as limits can look back.
const REMEMBERED: i64 = 60;

/// What happened to one mailbox's letters lately, by UTC day: small however much is sent, and
/// free of limits, so that a change of policy changes no history.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    days: BTreeMap<NaiveDate, Day>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Day {
    sent: u32,
    bounces: u32,
    complaints: u32,
}

impl Tally {
    /// Counts a letter that left.
    pub fn sent(&mut self, at: Timestamp) {
        self.day(at).sent += 1;
    }

    /// Counts what came back.
    pub fn news(&mut self, news: &News, at: Timestamp) {
        match news {
            News::HardBounce => self.day(at).bounces += 1,
            News::Complaint => self.day(at).complaints += 1,
            _ => {}
        }
    }

    fn day(&mut self, at: Timestamp) -> &mut Day {
        let today = at.date_naive();
        self.days = self.days.split_off(&(today - Duration::days(REMEMBERED)));
        self.days.entry(today).or_default()
    }

    /// Letters, bounces and complaints of the `days` up to `now`, today included.
    fn within(&self, days: u32, now: Timestamp) -> Day {
        let first = now.date_naive() - Duration::days(i64::from(days.max(1)) - 1);
        let mut all = Day::default();
        for day in self.days.range(first..).map(|(_, day)| day) {
            all.sent += day.sent;
            all.bounces += day.bounces;
            all.complaints += day.complaints;
        }
        all
    }
}

/// Why a mailbox was stopped, with the numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    /// `bounces` or `complaints`.
    pub what: String,
    /// How many.
    pub count: u32,
    /// Of how many letters.
    pub of: u32,
    /// The limit in parts per million.
    pub limit_ppm: u32,
    /// Until when.
    pub until: Timestamp,
}

/// Decides when bad news stops a mailbox.
#[derive(Clone, Copy, Debug)]
pub struct Breaker<'a> {
    limits: &'a BreakerLimits,
}

impl<'a> Breaker<'a> {
    /// A breaker with these limits.
    #[must_use]
    pub fn new(limits: &'a BreakerLimits) -> Self {
        Self { limits }
    }

    /// Whether the numbers stop the mailbox now.
    #[must_use]
    pub fn trips(&self, tally: &Tally, now: Timestamp) -> Option<Trip> {
        let Day {
            sent: of,
            bounces,
            complaints,
        } = tally.within(self.limits.days, now);
        if of < self.limits.sample {
            return None;
        }
        [
            ("bounces", bounces, self.limits.bounce_ppm),
            ("complaints", complaints, self.limits.complaint_ppm),
        ]
        .into_iter()
        .find(|(_, bad, limit)| {
            *bad > 0 && u64::from(*bad) * 1_000_000 >= u64::from(*limit) * u64::from(of)
        })
        .map(|(what, bad, limit_ppm)| Trip {
            what: what.to_owned(),
            count: bad,
            of,
            limit_ppm,
            until: now + Duration::hours(i64::from(self.limits.pause_hours)),
        })
    }
}
