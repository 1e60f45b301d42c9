use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::services::PriorParams;
use super::{BannedInput, BannedInputs, Dimension};
use crate::facts::{FactName, Predicate, PredicateError};

/// The largest number of points one rule may give or take, so that sums stay far from any limit.
const MOST_POINTS: i32 = 1_000_000;

/// A person's scoring rules as written down; [`ScoringParams::check`] makes them usable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoringParams {
    /// The version of these rules; raised with every change, and stored beside each score.
    pub version: u32,
    /// Rules about facts.
    #[serde(default, alias = "rule")]
    pub rules: Vec<RuleParams>,
    /// Rules about signals.
    #[serde(default, alias = "signal")]
    pub signals: Vec<SignalRuleParams>,
    /// Bounds on what a dimension gives in all.
    #[serde(default)]
    pub caps: BTreeMap<Dimension, CapParams>,
    /// Names for ranges of the total, in any order.
    #[serde(default, alias = "tier")]
    pub tiers: Vec<TierParams>,
    /// What speaks for offering a service.
    #[serde(default, alias = "service")]
    pub services: Vec<ServiceRuleParams>,
    /// How the results of delivery move the rank of services.
    #[serde(default)]
    pub priors: PriorParams,
    /// When and how outcomes make a win probability.
    #[serde(default)]
    pub win: WinParams,
    /// Inputs banned beyond the standard list, which cannot be shortened.
    #[serde(default)]
    pub banned: Vec<BannedInput>,
}

/// Points for a fact that meets a predicate. An unknown fact gives none and takes none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleParams {
    /// Its id, distinct among all rules.
    pub id: String,
    /// The fact it looks at.
    pub field: FactName,
    /// What it is about.
    pub dimension: Dimension,
    /// When it gives its points.
    pub when: Predicate,
    /// What it gives.
    pub points: i32,
    /// Why, for people.
    pub because: String,
}

/// Points for each signal of a name, fewer as it ages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalRuleParams {
    /// Its id, distinct among all rules.
    pub id: String,
    /// The signal it counts.
    pub signal: FactName,
    /// What it is about.
    pub dimension: Dimension,
    /// What a signal of this instant gives.
    pub points: i32,
    /// Days after which a signal gives half; 0 means that it does not age.
    pub half_life_days: u32,
    /// How many signals count at most, the youngest first.
    pub at_most: u32,
    /// Why, for people.
    pub because: String,
}

/// Bounds on the sum of a dimension; what they take or give stands as a reason of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapParams {
    /// The least it may give.
    #[serde(default)]
    pub least: Option<i32>,
    /// The most it may give.
    #[serde(default)]
    pub most: Option<i32>,
}

/// A name for totals from a number of points upward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierParams {
    /// Its name.
    pub name: String,
    /// The least total that has it.
    pub from: i64,
}

/// What speaks for offering a service to a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceRuleParams {
    /// Its id, distinct among all rules.
    pub id: String,
    /// The service's slug in the catalogue.
    pub service: String,
    /// The fact it looks at.
    pub field: FactName,
    /// When it speaks for the service.
    pub when: Predicate,
    /// How strongly.
    pub points: i32,
    /// Why, for people.
    pub because: String,
}

/// When and how outcomes make a win probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WinParams {
    /// Closed deals below which there is no probability and no learnt card: the rules decide alone and say so.
    pub sample_floor: u32,
    /// How many deals of the overall rate each band of scores is smoothed with.
    pub smoothing: u32,
    /// The width of a band, in points.
    pub band: u32,
}

impl Default for WinParams {
    fn default() -> Self {
        Self {
            sample_floor: 50,
            smoothing: 10,
            band: 20,
        }
    }
}

impl ScoringParams {
    /// Checks every rule.
    ///
    /// # Errors
    ///
    /// [`ScoringError`] names the first rule that cannot be used: a banned input, an id twice, a predicate that never
    /// holds, points out of bounds, caps or tiers that contradict each other.
    pub fn check(mut self) -> Result<CheckedScoringParams, ScoringError> {
        let banned = BannedInputs::standard().with(self.banned.iter().cloned());
        self.check_inputs(&banned)?;
        self.check_rules()?;
        for (dimension, cap) in &self.caps {
            if let (Some(least), Some(most)) = (cap.least, cap.most)
                && least > most
            {
                return Err(ScoringError::Cap {
                    dimension: *dimension,
                });
            }
        }
        self.tiers.sort_by_key(|tier| std::cmp::Reverse(tier.from));
        let names: BTreeSet<_> = self.tiers.iter().map(|tier| tier.name.as_str()).collect();
        let from: BTreeSet<_> = self.tiers.iter().map(|tier| tier.from).collect();
        if names.len() != self.tiers.len() || from.len() != self.tiers.len() || names.contains("") {
            return Err(ScoringError::Tiers);
        }
        if self.win.band == 0 {
            return Err(ScoringError::Band);
        }
        Ok(CheckedScoringParams {
            params: self,
            banned,
        })
    }

    fn check_inputs(&self, banned: &BannedInputs) -> Result<(), ScoringError> {
        let inputs = (self.rules.iter().map(|r| (&r.id, &r.field)))
            .chain(self.signals.iter().map(|r| (&r.id, &r.signal)))
            .chain(self.services.iter().map(|r| (&r.id, &r.field)));
        for (rule, input) in inputs {
            if let Some(why) = banned.why(input.as_str()) {
                return Err(ScoringError::Banned {
                    rule: rule.clone(),
                    input: input.to_string(),
                    because: why.to_owned(),
                });
            }
        }
        Ok(())
    }

    fn check_rules(&self) -> Result<(), ScoringError> {
        let mut ids = BTreeSet::new();
        let every = (self.rules.iter().map(|r| (&r.id, r.points, Some(&r.when))))
            .chain(self.signals.iter().map(|r| (&r.id, r.points, None)))
            .chain(
                self.services
                    .iter()
                    .map(|r| (&r.id, r.points, Some(&r.when))),
            );
        for (id, points, when) in every {
            if id.trim().is_empty() || id.starts_with("cap.") || !ids.insert(id) {
                return Err(ScoringError::Id { rule: id.clone() });
            }
            if points.unsigned_abs() > MOST_POINTS.unsigned_abs() {
                return Err(ScoringError::Points {
                    rule: id.clone(),
                    points,
                });
            }
            if let Some(when) = when {
                when.check().map_err(|problem| ScoringError::Predicate {
                    rule: id.clone(),
                    problem,
                })?;
            }
        }
        Ok(())
    }
}

/// Scoring rules that have been checked; only these run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ScoringParams", into = "ScoringParams")]
pub struct CheckedScoringParams {
    params: ScoringParams,
    banned: BannedInputs,
}

impl CheckedScoringParams {
    /// The version of the rules.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.params.version
    }

    /// The rules as written; tiers from the highest down.
    #[must_use]
    pub fn params(&self) -> &ScoringParams {
        &self.params
    }

    /// What no score may use.
    #[must_use]
    pub fn banned(&self) -> &BannedInputs {
        &self.banned
    }
}

impl TryFrom<ScoringParams> for CheckedScoringParams {
    type Error = ScoringError;

    fn try_from(params: ScoringParams) -> Result<Self, Self::Error> {
        params.check()
    }
}

impl From<CheckedScoringParams> for ScoringParams {
    fn from(checked: CheckedScoringParams) -> Self {
        checked.params
    }
}

/// Why scoring rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScoringError {
    /// A protected trait or a proxy for one.
    #[error("rule `{rule}` uses the banned input `{input}` ({because}); remove the rule")]
    Banned {
        /// The rule or scorecard.
        rule: String,
        /// The input.
        input: String,
        /// The trait.
        because: String,
    },
    /// An id that is empty, twice, or begins with `cap.`.
    #[error(
        "rule id `{rule}` is empty, stands twice or begins with `cap.`; give each rule an id of its own"
    )]
    Id {
        /// The id.
        rule: String,
    },
    /// Points out of bounds.
    #[error("rule `{rule}` gives {points} points; stay within a million")]
    Points {
        /// The rule.
        rule: String,
        /// Its points.
        points: i32,
    },
    /// A predicate that never holds.
    #[error("the predicate of rule `{rule}` never holds: {problem}")]
    Predicate {
        /// The rule.
        rule: String,
        /// What is wrong.
        problem: PredicateError,
    },
    /// A cap whose least is above its most.
    #[error("the cap of `{dimension}` has its least above its most; swap them")]
    Cap {
        /// The dimension.
        dimension: Dimension,
    },
    /// Tiers without a name, twice, or from the same points.
    #[error("two tiers share a name or a threshold, or one has no name; make them distinct")]
    Tiers,
    /// Bands of no width.
    #[error("the band of `win` is 0 points wide; give it at least 1")]
    Band,
}
