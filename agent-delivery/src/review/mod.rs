//! Quality review: a result for each criterion, by somebody who did not make it, or no release.

mod check;
mod rework;
mod shipped;

pub use check::{AutoCheck, Checked, Predicate, run_checks};
pub use rework::{Rework, ReworkPolicy, ReworkStep};
pub use shipped::{audit_facts, repair_facts, shipped_checks};

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::canonical::Digest32;
use serde::{Deserialize, Serialize};

use crate::deliverable::Manifest;
use crate::execute::WorkerIdentity;

/// What a criterion came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the gate must decide every verdict"
)]
pub enum Verdict {
    /// It is met.
    Pass {
        /// What shows it.
        because: String,
    },
    /// It is not met.
    Fail {
        /// What shows it.
        because: String,
    },
    /// It is not met or was not looked at, and a person lets it go.
    Waived {
        /// Why.
        why: String,
    },
}

/// What a criterion came to, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriterionResult {
    /// What it came to.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Who says so; a person where it is waived.
    pub by: WorkerIdentity,
}

/// Why a step of a review was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewRefusal {
    /// There is nothing to hold the deliverable against.
    #[error("the deliverable has no acceptance criterion; add one to the catalogue")]
    NoCriteria,
    /// The criterion is not one of this deliverable's.
    #[error("`{criterion}` is no criterion of this deliverable")]
    Unknown {
        /// What was named.
        criterion: String,
    },
    /// Whoever made a part cannot judge the whole.
    #[error("{reviewer} made a part of it; somebody else must review")]
    SameAsProducer {
        /// Who wanted to review.
        reviewer: WorkerIdentity,
    },
    /// Only people waive.
    #[error("{by} cannot waive a criterion; a person must")]
    NotAPerson {
        /// Who wanted to.
        by: WorkerIdentity,
    },
    /// A reason is missing.
    #[error("say why for `{criterion}`")]
    NoReason {
        /// The criterion.
        criterion: String,
    },
    /// It has a result, which a new draft may change and a second opinion may not.
    #[error("`{criterion}` has its result; make a new draft, or let a person waive it")]
    Settled {
        /// The criterion.
        criterion: String,
    },
    /// Not all criteria have a result.
    #[error("no result yet for {}", criteria.join(", "))]
    Unset {
        /// Those without.
        criteria: Vec<String>,
    },
    /// Some criteria are not met.
    #[error("not met: {}", criteria.join(", "))]
    Failed {
        /// Those not met.
        criteria: Vec<String>,
    },
}

/// A review of one manifest: which criteria must hold, and what each came to so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    manifest: Digest32,
    producers: BTreeSet<WorkerIdentity>,
    criteria: BTreeSet<String>,
    results: BTreeMap<String, CriterionResult>,
}

impl Review {
    /// Opens the review of a draft's manifest against the deliverable's criteria.
    ///
    /// # Errors
    ///
    /// [`ReviewRefusal::NoCriteria`].
    pub fn open<'a>(
        manifest: &Manifest,
        criteria: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ReviewRefusal> {
        let criteria: BTreeSet<String> = criteria.into_iter().map(str::to_owned).collect();
        if criteria.is_empty() {
            return Err(ReviewRefusal::NoCriteria);
        }
        Ok(Self {
            manifest: manifest.hash(),
            producers: manifest.producers().into_iter().cloned().collect(),
            criteria,
            results: BTreeMap::new(),
        })
    }

    /// The hash of the manifest under review.
    #[must_use]
    pub fn manifest(&self) -> Digest32 {
        self.manifest
    }

    /// The results so far.
    #[must_use]
    pub fn results(&self) -> &BTreeMap<String, CriterionResult> {
        &self.results
    }

    /// The criteria without a result.
    pub fn unset(&self) -> impl Iterator<Item = &str> {
        self.criteria
            .iter()
            .filter(|c| !self.results.contains_key(*c))
            .map(String::as_str)
    }

    /// Records that a criterion is met.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub fn pass(
        &mut self,
        criterion: &str,
        because: &str,
        by: &WorkerIdentity,
    ) -> Result<(), ReviewRefusal> {
        let because = because.to_owned();
        self.record(criterion, Verdict::Pass { because }, by)
    }

    /// Records that a criterion is not met.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub fn fail(
        &mut self,
        criterion: &str,
        because: &str,
        by: &WorkerIdentity,
    ) -> Result<(), ReviewRefusal> {
        let because = because.to_owned();
        self.record(criterion, Verdict::Fail { because }, by)
    }

    /// Records that a person lets a criterion go.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub fn waive(
        &mut self,
        criterion: &str,
        why: &str,
        by: &WorkerIdentity,
    ) -> Result<(), ReviewRefusal> {
        let why = why.to_owned();
        self.record(criterion, Verdict::Waived { why }, by)
    }

    /// Records what a criterion came to. The first result stands, but a person may waive a
    /// criterion that failed; the same result again changes nothing.
    ///
    /// # Errors
    ///
    /// [`ReviewRefusal`]: the criterion is unknown or settled, no reason is given, the reviewer
    /// made a part (another model of the same family counts as the same), or it is waived by
    /// somebody who is no person.
    pub fn record(
        &mut self,
        criterion: &str,
        verdict: Verdict,
        by: &WorkerIdentity,
    ) -> Result<(), ReviewRefusal> {
        let name = || criterion.to_owned();
        if !self.criteria.contains(criterion) {
            return Err(ReviewRefusal::Unknown { criterion: name() });
        }
        if self
            .producers
            .iter()
            .any(|producer| !by.differs_from(producer))
        {
            return Err(ReviewRefusal::SameAsProducer {
                reviewer: by.clone(),
            });
        }
        let (Verdict::Pass { because: reason }
        | Verdict::Fail { because: reason }
        | Verdict::Waived { why: reason }) = &verdict;
        if reason.trim().is_empty() {
            return Err(ReviewRefusal::NoReason { criterion: name() });
        }
        let waives = matches!(verdict, Verdict::Waived { .. });
        if waives && !by.is_person() {
            return Err(ReviewRefusal::NotAPerson { by: by.clone() });
        }
        let new = CriterionResult {
            verdict,
            by: by.clone(),
        };
        match self.results.get(criterion) {
            Some(known) if *known == new => return Ok(()),
            Some(known) if !(waives && matches!(known.verdict, Verdict::Fail { .. })) => {
                return Err(ReviewRefusal::Settled { criterion: name() });
            }
            _ => {}
        }
        self.results.insert(name(), new);
        Ok(())
    }

    /// The gate: passes where every criterion is met or waived by a person.
    ///
    /// # Errors
    ///
    /// [`ReviewRefusal::Unset`] before [`ReviewRefusal::Failed`], naming the criteria.
    pub fn gate(&self) -> Result<ReviewPassed, ReviewRefusal> {
        let unset: Vec<String> = self.unset().map(str::to_owned).collect();
        if !unset.is_empty() {
            return Err(ReviewRefusal::Unset { criteria: unset });
        }
        let failed: Vec<String> = self
            .failed()
            .map(|(criterion, _)| criterion.to_owned())
            .collect();
        if !failed.is_empty() {
            return Err(ReviewRefusal::Failed { criteria: failed });
        }
        Ok(ReviewPassed(ReviewRecord {
            manifest: self.manifest,
            results: self.results.clone(),
        }))
    }

    /// The criteria that are not met, with what shows it: what rework is told.
    pub fn failed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.results
            .iter()
            .filter_map(|(criterion, result)| match &result.verdict {
                Verdict::Fail { because } => Some((criterion.as_str(), because.as_str())),
                Verdict::Pass { .. } | Verdict::Waived { .. } => None,
            })
    }
}

/// That a review passed. Only [`Review::gate`] makes it; it is consumed by the release.
///
/// ```compile_fail
/// use dealwright_delivery::review::ReviewPassed;
/// fn forged(record: dealwright_delivery::review::ReviewRecord) -> ReviewPassed {
///     ReviewPassed(record)
/// }
/// ```
#[derive(Debug)]
pub struct ReviewPassed(ReviewRecord);

impl ReviewPassed {
    /// The review that passed.
    #[must_use]
    pub fn record(&self) -> &ReviewRecord {
        &self.0
    }

    pub(crate) fn into_record(self) -> ReviewRecord {
        self.0
    }
}

/// The results of a review that passed, as they are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRecord {
    manifest: Digest32,
    results: BTreeMap<String, CriterionResult>,
}

impl ReviewRecord {
    /// The hash of the manifest that was reviewed.
    #[must_use]
    pub fn manifest(&self) -> Digest32 {
        self.manifest
    }

    /// What each criterion came to.
    #[must_use]
    pub fn results(&self) -> &BTreeMap<String, CriterionResult> {
        &self.results
    }
}

#[cfg(test)]
mod tests;
