use std::collections::VecDeque;

use chrono::Duration;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

const MILLION: u64 = 1_000_000;
/// Most events of one kind that are kept; older ones are forgotten first.
const MOST: usize = 100_000;

/// When a campaign stops by itself; rates in parts per million letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignLimits {
    /// The days that are looked back on.
    pub days: u32,
    /// Fewer letters than this say nothing of bounces and complaints.
    pub sample: u32,
    /// Bounces that stop.
    pub bounce_ppm: u32,
    /// Complaints that warn.
    pub complaint_warn_ppm: u32,
    /// Complaints that stop.
    pub complaint_ppm: u32,
    /// Answers below which it stops: nobody wants these letters. 0 switches it off.
    pub reply_ppm: u32,
    /// Fewer letters than this say nothing of answers.
    pub reply_sample: u32,
    /// Days that a letter has to be answered before it counts as not answered.
    pub reply_days: u32,
}

impl Default for CampaignLimits {
    /// Of 50 letters and more within 7 days: bounces stop at 5 %, complaints warn at 0.10 % and
    /// stop at 0.25 %; of 200 letters older than 3 days, answers below 0.5 % stop.
    fn default() -> Self {
        Self {
            days: 7,
            sample: 50,
            bounce_ppm: 50_000,
            complaint_warn_ppm: 1_000,
            complaint_ppm: 2_500,
            reply_ppm: 5_000,
            reply_sample: 200,
            reply_days: 3,
        }
    }
}

/// Why limits were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("campaign limits {0}")]
pub struct BreakerError(&'static str);

/// What happens to a campaign's letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "every kind is counted")]
pub enum CampaignEvent {
    /// One left.
    Sent,
    /// One came back for good. Refusals by policy and full mailboxes do not count.
    Bounced,
    /// Somebody complained.
    Complained,
    /// Somebody answered, whatever.
    Answered,
}

/// What happened lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignTally {
    sent: VecDeque<Timestamp>,
    bounced: VecDeque<Timestamp>,
    complained: VecDeque<Timestamp>,
    answered: VecDeque<Timestamp>,
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Measure {
    /// Complaints.
    Complaints,
    /// Bounces.
    Bounces,
    /// Answers.
    Answers,
}

/// The numbers behind a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// What was measured.
    pub measure: Measure,
    /// How many.
    pub count: u32,
    /// Of how many letters.
    pub of: u32,
    /// In parts per million, rounded down.
    pub ppm: u32,
    /// The limit, in parts per million.
    pub limit_ppm: u32,
    /// Since when.
    pub since: Timestamp,
}

/// Whether a campaign goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every caller must decide every case"
)]
pub enum Verdict {
    /// It goes on.
    Run,
    /// It goes on, and a person is told.
    Warn(Figures),
    /// It stops until a person lets it go on.
    Pause(Figures),
}

/// Judges whether a campaign goes on. Integers only; a limit that is met stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CampaignLimits", into = "CampaignLimits")]
pub struct CampaignBreaker(CampaignLimits);

impl CampaignBreaker {
    /// A breaker with these limits.
    ///
    /// # Errors
    ///
    /// [`BreakerError`] where they could never stop anything, or warn after they stop.
    pub fn new(limits: CampaignLimits) -> Result<Self, BreakerError> {
        let ppm = |rate: u32| (1..=1_000_000).contains(&rate);
        if limits.days == 0 || limits.days > 90 || limits.sample == 0 || limits.reply_sample == 0 {
            return Err(BreakerError("need 1 to 90 days and samples above 0"));
        }
        if !ppm(limits.bounce_ppm) || !ppm(limits.complaint_ppm) || limits.reply_ppm >= 1_000_000 {
            return Err(BreakerError("need rates of 1 to 1000000 parts per million"));
        }
        if limits.complaint_warn_ppm > limits.complaint_ppm {
            return Err(BreakerError(
                "warn of complaints above where they stop; lower complaint_warn_ppm",
            ));
        }
        if limits.reply_days >= limits.days {
            return Err(BreakerError(
                "wait for answers as long as they look back; lower reply_days",
            ));
        }
        Ok(Self(limits))
    }

    /// Counts what happened, and forgets what is too old.
    pub fn count(&self, tally: &mut CampaignTally, event: CampaignEvent, at: Timestamp) {
        let queue = match event {
            CampaignEvent::Sent => &mut tally.sent,
            CampaignEvent::Bounced => &mut tally.bounced,
            CampaignEvent::Complained => &mut tally.complained,
            CampaignEvent::Answered => &mut tally.answered,
        };
        queue.push_back(at);
        let since = self.since(at);
        for queue in [
            &mut tally.sent,
            &mut tally.bounced,
            &mut tally.complained,
            &mut tally.answered,
        ] {
            queue.retain(|when| *when >= since);
            while queue.len() > MOST {
                queue.pop_front();
            }
        }
    }

    /// Whether the campaign goes on at `now`: complaints are judged first, then bounces, then
    /// answers.
    #[must_use]
    pub fn judge(&self, tally: &CampaignTally, now: Timestamp) -> Verdict {
        let limits = &self.0;
        let since = self.since(now);
        let within = |queue: &VecDeque<Timestamp>| {
            number(
                queue
                    .iter()
                    .filter(|at| **at >= since && **at <= now)
                    .count(),
            )
        };
        let sent = within(&tally.sent);
        let figures = |measure, count, of, limit_ppm| Figures {
            measure,
            count,
            of,
            ppm: ppm(count, of),
            limit_ppm,
            since,
        };
        if sent >= limits.sample {
            let complaints = within(&tally.complained);
            if reaches(complaints, sent, limits.complaint_ppm) {
                return Verdict::Pause(figures(
                    Measure::Complaints,
                    complaints,
                    sent,
                    limits.complaint_ppm,
                ));
            }
            let bounces = within(&tally.bounced);
            if reaches(bounces, sent, limits.bounce_ppm) {
                return Verdict::Pause(figures(Measure::Bounces, bounces, sent, limits.bounce_ppm));
            }
        }
        let ripe = now - Duration::days(i64::from(limits.reply_days));
        let old = number(
            tally
                .sent
                .iter()
                .filter(|at| **at >= since && **at <= ripe)
                .count(),
        );
        let answers = within(&tally.answered);
        if old >= limits.reply_sample
            && u64::from(answers) * MILLION < u64::from(limits.reply_ppm) * u64::from(old)
        {
            return Verdict::Pause(figures(Measure::Answers, answers, old, limits.reply_ppm));
        }
        if sent >= limits.sample {
            let complaints = within(&tally.complained);
            if reaches(complaints, sent, limits.complaint_warn_ppm) {
                return Verdict::Warn(figures(
                    Measure::Complaints,
                    complaints,
                    sent,
                    limits.complaint_warn_ppm,
                ));
            }
        }
        Verdict::Run
    }

    fn since(&self, now: Timestamp) -> Timestamp {
        now - Duration::days(i64::from(self.0.days))
    }
}

impl TryFrom<CampaignLimits> for CampaignBreaker {
    type Error = BreakerError;

    fn try_from(limits: CampaignLimits) -> Result<Self, Self::Error> {
        Self::new(limits)
    }
}

impl From<CampaignBreaker> for CampaignLimits {
    fn from(breaker: CampaignBreaker) -> Self {
        breaker.0
    }
}

fn reaches(count: u32, of: u32, limit_ppm: u32) -> bool {
    count > 0 && u64::from(count) * MILLION >= u64::from(limit_ppm) * u64::from(of)
}

fn ppm(count: u32, of: u32) -> u32 {
    u32::try_from(u64::from(count) * MILLION / u64::from(of.max(1))).unwrap_or(u32::MAX)
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
