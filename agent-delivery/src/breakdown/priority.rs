use std::collections::BTreeMap;

use dealwright_core::handoff::ReasonPoints;
use dealwright_core::money::Money;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How urgent a task is, as the sum of its reasons: more is more urgent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Priority {
    reasons: Vec<ReasonPoints>,
}

impl Priority {
    /// The sum of the reasons; there is no other way to it.
    #[must_use]
    pub fn points(&self) -> i64 {
        self.reasons
            .iter()
            .map(|r| r.points)
            .fold(0, i64::saturating_add)
    }

    /// Why, rule by rule.
    #[must_use]
    pub fn reasons(&self) -> &[ReasonPoints] {
        &self.reasons
    }
}

/// How much a client matters to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientTier {
    /// A first order.
    New,
    /// Has ordered before.
    Returning,
    /// One of those we live on.
    Key,
}

/// Points by rule. Bands are read from the first on; what no band fits gets nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorityPolicy {
    /// `(days, points)`: at most so many days until the service is due.
    pub deadline: Vec<(i64, i64)>,
    /// `(amount, points)`: the service brings at least so much, in whole units of its currency.
    pub value: Vec<(i64, i64)>,
    /// Points by tier.
    pub tier: BTreeMap<ClientTier, i64>,
    /// Points for each task that waits for this one, directly or not.
    pub unblocks: i64,
    /// At most so many points for those.
    pub unblocks_at_most: i64,
}

impl Default for PriorityPolicy {
    fn default() -> Self {
        Self {
            deadline: vec![(0, 50), (2, 40), (5, 30), (10, 20), (20, 10)],
            value: vec![(5_000, 30), (2_000, 24), (1_000, 18), (500, 12), (0, 6)],
            tier: [(ClientTier::Key, 20), (ClientTier::Returning, 10)].into(),
            unblocks: 1,
            unblocks_at_most: 10,
        }
    }
}

/// What the priority of a task rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriorityFacts {
    /// The present instant.
    pub now: Timestamp,
    /// When the task's service is due.
    pub due: Option<Timestamp>,
    /// What the client pays for the service.
    pub value: Money,
    /// How much the client matters.
    pub tier: ClientTier,
    /// How many tasks wait for this one, directly or not.
    pub unblocks: usize,
}

impl PriorityPolicy {
    /// The priority of a task, with its reasons; a rule that gives nothing is not listed.
    #[must_use]
    pub fn priority(&self, facts: &PriorityFacts) -> Priority {
        let days = facts.due.map(|due| (due - facts.now).num_days());
        let deadline = days.and_then(|days| {
            let (_, points) = self.deadline.iter().find(|(most, _)| days <= *most)?;
            Some(("deadline", format!("due in {days} days"), *points))
        });
        let units = 10_i64.saturating_pow(facts.value.currency().digits());
        let whole = facts.value.minor() / units.max(1);
        let band = self.value.iter().find(|(least, _)| whole >= *least);
        let value = band.map(|(_, points)| ("value", format!("brings {}", facts.value), *points));
        let points = self.tier.get(&facts.tier).copied().unwrap_or(0);
        let tier = Some((
            "tier",
            format!("the client is {:?}", facts.tier).to_lowercase(),
            points,
        ));
        let count = i64::try_from(facts.unblocks).unwrap_or(i64::MAX);
        let points = count
            .saturating_mul(self.unblocks)
            .min(self.unblocks_at_most);
        let unblocks = Some(("unblocks", format!("{count} tasks wait for it"), points));
        Priority {
            reasons: [deadline, value, tier, unblocks]
                .into_iter()
                .flatten()
                .filter(|(_, _, points)| *points != 0)
                .map(|(rule, because, points)| ReasonPoints {
                    rule: rule.to_owned(),
                    because,
                    points,
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use dealwright_core::money::Currency;
    use proptest::prelude::*;

    use super::*;

    fn facts(days: i64, value: i64, tier: ClientTier, unblocks: usize) -> PriorityFacts {
        let now = chrono::DateTime::from_timestamp(1_772_000_000, 0).unwrap();
        PriorityFacts {
            now,
            due: Some(now + chrono::TimeDelta::days(days)),
            value: Money::from_minor(value, Currency::EUR),
            tier,
            unblocks,
        }
    }

    proptest! {
        // covers: TB-4
        #[test]
        fn reasons_sum_to_the_priority(days in -9_i64..60, value in 0_i64..900_000, unblocks in 0_usize..30) {
            let policy = PriorityPolicy::default();
            let found = policy.priority(&facts(days, value, ClientTier::Key, unblocks));
            let sum: i64 = found.reasons().iter().map(|r| r.points).sum();
            prop_assert_eq!(sum, found.points());
            // Sooner, dearer, closer: never less urgent.
            let sooner = policy.priority(&facts(days - 1, value, ClientTier::Key, unblocks));
            let dearer = policy.priority(&facts(days, value + 100_000, ClientTier::Key, unblocks));
            let stranger = policy.priority(&facts(days, value, ClientTier::New, unblocks));
            prop_assert!(sooner.points() >= found.points() && dearer.points() >= found.points());
            prop_assert!(stranger.points() < found.points());
        }
    }

    // covers: TB-4
    #[test]
    fn each_rule_says_what_it_looked_at() {
        let found =
            PriorityPolicy::default().priority(&facts(3, 120_000, ClientTier::Returning, 2));
        let reasons: Vec<(&str, &str, i64)> = found
            .reasons()
            .iter()
            .map(|r| (&*r.rule, &*r.because, r.points))
            .collect();
        assert_eq!(
            reasons,
            [
                ("deadline", "due in 3 days", 30),
                ("value", "brings 1200.00 EUR", 18),
                ("tier", "the client is returning", 10),
                ("unblocks", "2 tasks wait for it", 2),
            ]
        );
        assert_eq!(found.points(), 60);
    }
}
