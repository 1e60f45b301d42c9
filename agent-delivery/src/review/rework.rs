use dealwright_core::money::{Money, MoneyError};
use serde::{Deserialize, Serialize};

/// How much rework a deliverable may take before a person decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReworkPolicy {
    /// Rounds of rework; 0 means a person at the first failure.
    pub rounds: u32,
    /// What all rounds may cost together.
    pub cost: Money,
}

/// The rework that a deliverable has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rework {
    rounds: u32,
    spent: Money,
}

/// What follows a review that did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReworkStep {
    /// Its makers try again.
    Again {
        /// Which round this is, from 1.
        round: u32,
    },
    /// A person decides: all rounds are used up.
    RoundsUsedUp {
        /// How many there were.
        rounds: u32,
    },
    /// A person decides: the rounds cost what they may.
    CostUsedUp {
        /// What they cost.
        spent: Money,
    },
}

impl Rework {
    /// None yet.
    #[must_use]
    pub fn none(policy: &ReworkPolicy) -> Self {
        Self {
            rounds: 0,
            spent: Money::zero(policy.cost.currency()),
        }
    }

    /// Rounds so far.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// What the rounds cost so far.
    #[must_use]
    pub fn spent(&self) -> Money {
        self.spent
    }

    /// What follows now that a review has not passed. `last` is what the round before cost,
    /// nothing before the first.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] where the cost is in another currency.
    pub fn after_failure(
        self,
        last: Money,
        policy: &ReworkPolicy,
    ) -> Result<(Self, ReworkStep), MoneyError> {
        let spent = self.spent.checked_add(last)?;
        if self.rounds >= policy.rounds {
            let rounds = self.rounds;
            return Ok((Self { rounds, spent }, ReworkStep::RoundsUsedUp { rounds }));
        }
        if self.rounds > 0 && spent.checked_cmp(policy.cost)?.is_ge() {
            let rounds = self.rounds;
            return Ok((Self { rounds, spent }, ReworkStep::CostUsedUp { spent }));
        }
        let rounds = self.rounds + 1;
        Ok((Self { rounds, spent }, ReworkStep::Again { round: rounds }))
    }
}
