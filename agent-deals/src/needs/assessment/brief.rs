use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use dealwright_core::handoff::{Requirement, RequirementKind, RequirementStatus};
use serde::{Deserialize, Serialize};

use super::policy::{AssessmentPolicy, Required};
use crate::needs::{Budget, Field, Heard, Role, Stated};

/// Most quotations that one requirement keeps.
const MOST_EVIDENCE: usize = 8;

/// A driver's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a figure is stated or assumed, and proposals say which"
)]
pub enum Figure {
    /// The client said so.
    Stated(Stated<i64>),
    /// Nobody said; the proposal says that it is assumed.
    Assumed(i64),
    /// It stood with a requirement before this assessment began.
    Given(i64),
}

impl Figure {
    /// The number.
    #[must_use]
    pub fn value(&self) -> i64 {
        match self {
            Self::Stated(stated) => stated.value,
            Self::Assumed(value) | Self::Given(value) => *value,
        }
    }
}

/// What an assessment knows so far; anything may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Known {
    requirements: BTreeMap<String, Requirement>,
    figures: BTreeMap<String, Figure>,
    budget: Option<Stated<Budget>>,
    deadline: Option<Stated<NaiveDate>>,
    role: Option<Stated<Role>>,
    asked: BTreeMap<Field, u32>,
}

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("the assessment lacks {0:?}")]
pub struct Lack(pub Field);

impl Known {
    /// What stands with these requirements, and what was asked for already.
    #[must_use]
    pub fn of(
        requirements: impl IntoIterator<Item = Requirement>,
        asked: impl IntoIterator<Item = Field>,
    ) -> Self {
        let mut known = Self::default();
        for requirement in requirements {
            for (driver, value) in &requirement.drivers {
                known.figures.insert(driver.clone(), Figure::Given(*value));
            }
            known
                .requirements
                .insert(requirement.need.clone(), requirement);
        }
        asked
            .into_iter()
            .fold(known, |known, field| known.with_asked(&field))
    }

    /// All requirements, dropped ones too, in order of their needs, each with the numbers that
    /// the client stated for its service.
    #[must_use]
    pub fn requirements(&self, policy: &AssessmentPolicy) -> Vec<Requirement> {
        let with_figures = |requirement: &Requirement| {
            let mut requirement = requirement.clone();
            let service = policy.service(&requirement.need);
            let drivers = service.map(|s| s.drivers.as_slice()).unwrap_or_default();
            for driver in drivers {
                if let Some(Figure::Stated(stated)) = self.figures.get(&driver.id) {
                    requirement.drivers.insert(driver.id.clone(), stated.value);
                }
            }
            requirement
        };
        self.requirements.values().map(with_figures).collect()
    }

    /// With what a message added, corrected or took back.
    #[must_use]
    pub fn after(mut self, heard: &Heard) -> Self {
        for new in heard.requirements() {
            match self.requirements.get_mut(&new.need) {
                None => {
                    self.requirements.insert(new.need.clone(), new.clone());
                }
                Some(known) => {
                    // A need that is wished for again after it was dropped is open again, and
                    // one that was inferred and is now said is said.
                    let said = new.kind == RequirementKind::Explicit;
                    if said || known.status != RequirementStatus::Dropped {
                        known.status = if known.status == RequirementStatus::Dropped {
                            RequirementStatus::Open
                        } else {
                            known.status
                        };
                        if said {
                            known.kind = RequirementKind::Explicit;
                        }
                        known.confidence = known.confidence.max(new.confidence);
                        for quote in &new.evidence {
                            if known.evidence.len() < MOST_EVIDENCE
                                && !known.evidence.contains(quote)
                            {
                                known.evidence.push(quote.clone());
                            }
                        }
                    }
                }
            }
        }
        for need in heard.declined().keys() {
            if let Some(known) = self.requirements.get_mut(need) {
                known.status = RequirementStatus::Dropped;
            }
        }
        for (id, stated) in heard.drivers() {
            self.figures
                .insert(id.clone(), Figure::Stated(stated.clone()));
        }
        self.budget = heard.budget().cloned().or(self.budget);
        self.deadline = heard.deadline().cloned().or(self.deadline);
        self.role = heard.role().cloned().or(self.role);
        self
    }

    /// The needs that stand, in order of their names.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        self.standing().map(|r| r.need.as_str())
    }

    /// The requirements that stand.
    pub fn standing(&self) -> impl Iterator<Item = &Requirement> {
        self.requirements
            .values()
            .filter(|r| r.status != RequirementStatus::Dropped)
    }

    /// The values of drivers.
    #[must_use]
    pub fn figures(&self) -> &BTreeMap<String, Figure> {
        &self.figures
    }

    /// How often something was asked.
    #[must_use]
    pub fn times_asked(&self, field: &Field) -> u32 {
        self.asked.get(field).copied().unwrap_or(0)
    }

    /// Whether a thing is known.
    #[must_use]
    pub fn has(&self, field: &Field) -> bool {
        match field {
            Field::Needs => self.standing().next().is_some(),
            Field::Confirm(need) => self.requirements.get(need).is_none_or(|r| {
                r.kind == RequirementKind::Explicit || r.status != RequirementStatus::Open
            }),
            Field::Driver(id) => self.figures.contains_key(id),
            Field::Decider => self.role.is_some(),
            Field::Budget => self.budget.is_some(),
            Field::Deadline => self.deadline.is_some(),
        }
    }

    /// Everything that is missing before a proposal, in order.
    #[must_use]
    pub fn lacks(&self, policy: &AssessmentPolicy) -> BTreeSet<Field> {
        let mut wanted = BTreeSet::from([Field::Needs]);
        for requirement in self.standing() {
            wanted.insert(Field::Confirm(requirement.need.clone()));
            let drivers = policy
                .service(&requirement.need)
                .map(|s| s.drivers.as_slice())
                .unwrap_or_default();
            wanted.extend(
                drivers
                    .iter()
                    .map(|driver| Field::Driver(driver.id.clone())),
            );
        }
        wanted.extend(policy.required().iter().map(|required| match required {
            Required::Decider => Field::Decider,
            Required::Budget => Field::Budget,
            Required::Deadline => Field::Deadline,
        }));
        wanted.retain(|field| !self.has(field));
        wanted
    }

    pub(super) fn with_asked(mut self, field: &Field) -> Self {
        let times = self.asked.entry(field.clone()).or_insert(0);
        *times = times.saturating_add(1);
        self
    }

    pub(super) fn with_assumed(mut self, driver: &str, value: i64) -> Self {
        self.figures
            .entry(driver.to_owned())
            .or_insert(Figure::Assumed(value));
        self
    }
}

/// Everything a proposal rests on. Nothing is missing: there is no other way to make one than
/// [`Brief::check`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Brief(Known);

impl Brief {
    /// Takes what is known, if nothing is missing.
    ///
    /// # Errors
    ///
    /// [`Lack`] of the first thing that is missing.
    pub fn check(known: Known, policy: &AssessmentPolicy) -> Result<Self, Lack> {
        match known.lacks(policy).into_iter().next() {
            Some(field) => Err(Lack(field)),
            None => Ok(Self(known)),
        }
    }

    /// The requirements, each with the drivers that its service has; confirmed ones say so.
    #[must_use]
    pub fn requirements(&self, policy: &AssessmentPolicy) -> Vec<Requirement> {
        self.0
            .standing()
            .map(|requirement| {
                let mut requirement = requirement.clone();
                let drivers = policy
                    .service(&requirement.need)
                    .map(|s| s.drivers.as_slice())
                    .unwrap_or_default();
                requirement.drivers = drivers
                    .iter()
                    .filter_map(|d| {
                        self.0
                            .figures
                            .get(&d.id)
                            .map(|figure| (d.id.clone(), figure.value()))
                    })
                    .collect();
                requirement
            })
            .collect()
    }

    /// The drivers that nobody stated: a proposal says that they are assumed.
    pub fn assumptions(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0
            .figures
            .iter()
            .filter_map(|(id, figure)| match figure {
                Figure::Assumed(value) => Some((id.as_str(), *value)),
                Figure::Stated(_) | Figure::Given(_) => None,
            })
    }

    /// All that is known.
    #[must_use]
    pub fn known(&self) -> &Known {
        &self.0
    }

    /// What there is to spend, where they said it.
    #[must_use]
    pub fn budget(&self) -> Option<&Budget> {
        self.0.budget.as_ref().map(|stated| &stated.value)
    }

    /// By when it has to be ready, where they said it.
    #[must_use]
    pub fn deadline(&self) -> Option<NaiveDate> {
        self.0.deadline.as_ref().map(|stated| stated.value)
    }

    /// Who decides, where they said it.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.0.role.as_ref().map(|stated| stated.value)
    }

    /// The same, opened again for what came after.
    #[must_use]
    pub fn reopen(self) -> Known {
        self.0
    }

    /// Confirmed by the client: every requirement that stands is.
    pub(super) fn confirmed(mut self) -> Self {
        for requirement in self.0.requirements.values_mut() {
            if requirement.status == RequirementStatus::Open {
                requirement.status = RequirementStatus::Confirmed;
            }
        }
        self
    }
}
