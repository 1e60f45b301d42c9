use std::collections::VecDeque;

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::News;
use crate::time::Timestamp;

/// When bad news stops a mailbox. Rates are in parts per million, so that no float decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerLimits {
    /// Fewer letters than this say nothing.
    pub sample: u32,
    /// The days that are looked back on.
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

/// What happened to one mailbox's letters lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    sent: VecDeque<Timestamp>,
    bounces: VecDeque<Timestamp>,
    complaints: VecDeque<Timestamp>,
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

    /// Counts a letter that left.
    pub fn sent(&self, tally: &mut Tally, at: Timestamp) {
        tally.sent.push_back(at);
        self.forget(tally, at);
    }

    /// Counts what came back.
    pub fn news(&self, tally: &mut Tally, news: &News, at: Timestamp) {
        match news {
            News::HardBounce => tally.bounces.push_back(at),
            News::Complaint => tally.complaints.push_back(at),
            _ => {}
        }
        self.forget(tally, at);
    }

    /// Whether the numbers stop the mailbox now.
    #[must_use]
    pub fn trips(&self, tally: &Tally, now: Timestamp) -> Option<Trip> {
        let of = count(&tally.sent);
        if of < self.limits.sample {
            return None;
        }
        [
            ("bounces", count(&tally.bounces), self.limits.bounce_ppm),
            (
                "complaints",
                count(&tally.complaints),
                self.limits.complaint_ppm,
            ),
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

    fn forget(&self, tally: &mut Tally, now: Timestamp) {
        let start = now - Duration::days(i64::from(self.limits.days));
        for queue in [&mut tally.sent, &mut tally.bounces, &mut tally.complaints] {
            while queue.front().is_some_and(|at| *at < start) {
                queue.pop_front();
            }
        }
    }
}

fn count(queue: &VecDeque<Timestamp>) -> u32 {
    u32::try_from(queue.len()).unwrap_or(u32::MAX)
}
