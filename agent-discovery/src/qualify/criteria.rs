use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Answer, Assessment, Outcome, Question, Verdict};
use crate::facts::{FactName, Facts, Predicate, PredicateError};
use crate::score::{BannedInput, BannedInputs};

/// How much a criterion decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Need {
    /// One fail and the lead is not qualified.
    Required,
    /// Counts towards the number of preferred criteria that have to pass.
    Preferred,
}

/// One mark of the client we want.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Its id, distinct among all criteria.
    pub id: String,
    /// The fact it looks at.
    pub field: FactName,
    /// When it passes.
    pub when: Predicate,
    /// How much it decides.
    pub need: Need,
    /// Why we ask for it, for people.
    pub because: String,
    /// The question whose answer would settle it, as it could be put to the lead.
    pub question: String,
}

/// The client we want, as written down; [`IdealClientParams::check`] makes it usable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdealClientParams {
    /// The version of these criteria; raised with every change.
    pub version: u32,
    /// The criteria.
    #[serde(alias = "criterion")]
    pub criteria: Vec<Criterion>,
    /// How many of the preferred criteria have to pass.
    #[serde(default)]
    pub preferred_passes: u32,
    /// Inputs banned beyond the standard list of protected traits.
    #[serde(default)]
    pub banned: Vec<BannedInput>,
}

impl IdealClientParams {
    /// Checks every criterion.
    ///
    /// # Errors
    ///
    /// [`CriterionError`] names the first criterion that cannot be used, or a count no lead could reach.
    pub fn check(self) -> Result<IdealClient, CriterionError> {
        let banned = BannedInputs::standard().with(self.banned.iter().cloned());
        let mut ids = BTreeSet::new();
        for criterion in &self.criteria {
            let id = || criterion.id.clone();
            if criterion.id.trim().is_empty() || !ids.insert(criterion.id.as_str()) {
                return Err(CriterionError::Id { criterion: id() });
            }
            if let Some(because) = banned.why(criterion.field.as_str()) {
                return Err(CriterionError::Banned {
                    criterion: id(),
                    input: criterion.field.to_string(),
                    because: because.to_owned(),
                });
            }
            if criterion.question.trim().is_empty() {
                return Err(CriterionError::Question { criterion: id() });
            }
            criterion
                .when
                .check()
                .map_err(|problem| CriterionError::Predicate {
                    criterion: id(),
                    problem,
                })?;
        }
        let preferred = self
            .criteria
            .iter()
            .filter(|c| c.need == Need::Preferred)
            .count();
        let wanted = usize::try_from(self.preferred_passes).unwrap_or(usize::MAX);
        if wanted > preferred {
            return Err(CriterionError::Preferred { wanted, preferred });
        }
        Ok(IdealClient {
            params: self,
            wanted,
        })
    }
}

/// Checked criteria; only these are put to leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "IdealClientParams", into = "IdealClientParams")]
pub struct IdealClient {
    params: IdealClientParams,
    wanted: usize,
}

impl IdealClient {
    /// The version of the criteria.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.params.version
    }

    /// The criteria, in the order they are asked.
    #[must_use]
    pub fn criteria(&self) -> &[Criterion] {
        &self.params.criteria
    }

    /// Puts every criterion to a lead and draws the verdict.
    ///
    /// A required fail refuses. Otherwise a required unknown asks. Otherwise the preferred criteria decide: enough
    /// passes qualify; too few even if every unknown passed refuse; anything between asks.
    #[must_use]
    pub fn assess(&self, facts: &Facts) -> Assessment {
        let answers: Vec<Answer> = self
            .params
            .criteria
            .iter()
            .map(|c| answer(c, facts))
            .collect();
        let count = |need: Need, outcome: Outcome| {
            answers
                .iter()
                .filter(|a| a.need() == need && a.outcome() == outcome)
                .count()
        };
        let open = |need: Need| Verdict::NeedsReview {
            questions: answers
                .iter()
                .filter(|a| a.need() == need)
                .filter_map(|a| a.settled_by().cloned())
                .collect(),
        };
        let passes = count(Need::Preferred, Outcome::Pass);
        let unknown = count(Need::Preferred, Outcome::Unknown);
        let verdict = if count(Need::Required, Outcome::Fail) > 0 || passes + unknown < self.wanted
        {
            Verdict::NotQualified
        } else if count(Need::Required, Outcome::Unknown) > 0 {
            open(Need::Required)
        } else if passes < self.wanted {
            open(Need::Preferred)
        } else {
            Verdict::Qualified
        };
        Assessment::new(self.params.version, verdict, answers)
    }
}

fn answer(criterion: &Criterion, facts: &Facts) -> Answer {
    let fact = facts.fact(&criterion.field);
    let outcome = match fact.map(|f| criterion.when.test(f.value())) {
        Some(Some(true)) => Outcome::Pass,
        Some(Some(false)) => Outcome::Fail,
        Some(None) | None => Outcome::Unknown,
    };
    let settled_by = (outcome == Outcome::Unknown)
        .then(|| Question::new(&criterion.id, criterion.field.clone(), &criterion.question));
    Answer::new(criterion, outcome, fact, settled_by)
}

impl TryFrom<IdealClientParams> for IdealClient {
    type Error = CriterionError;

    fn try_from(params: IdealClientParams) -> Result<Self, Self::Error> {
        params.check()
    }
}

impl From<IdealClient> for IdealClientParams {
    fn from(checked: IdealClient) -> Self {
        checked.params
    }
}

/// Why criteria cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CriterionError {
    /// An id that is empty or twice.
    #[error(
        "criterion id `{criterion}` is empty or stands twice; give each criterion an id of its own"
    )]
    Id {
        /// The id.
        criterion: String,
    },
    /// A protected trait or a proxy for one.
    #[error(
        "criterion `{criterion}` uses the banned input `{input}` ({because}); remove the criterion"
    )]
    Banned {
        /// The criterion.
        criterion: String,
        /// The input.
        input: String,
        /// The trait.
        because: String,
    },
    /// Nothing that would settle it.
    #[error(
        "criterion `{criterion}` has no question; write what to ask when the fact is not known"
    )]
    Question {
        /// The criterion.
        criterion: String,
    },
    /// A predicate that never holds.
    #[error("the predicate of criterion `{criterion}` never holds: {problem}")]
    Predicate {
        /// The criterion.
        criterion: String,
        /// What is wrong.
        problem: PredicateError,
    },
    /// More passes wanted than there are preferred criteria.
    #[error(
        "`preferred_passes` asks for {wanted} of {preferred} preferred criteria; lower it or add criteria"
    )]
    Preferred {
        /// Passes wanted.
        wanted: usize,
        /// Preferred criteria there are.
        preferred: usize,
    },
}
