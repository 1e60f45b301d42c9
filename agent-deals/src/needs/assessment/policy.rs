use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::knowledge::Catalogue;
use serde::{Deserialize, Serialize};

use crate::reply::Escalation;

/// What must be known before a proposal, besides at least one need and the drivers of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Required {
    /// Who decides.
    Decider,
    /// What there is to spend.
    Budget,
    /// By when it has to be ready.
    Deadline,
}

/// A number that makes a service larger or smaller, as far as questions need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DriverShape {
    /// Its name.
    pub id: String,
    /// Smallest value we take on.
    pub min: i64,
    /// Largest value we take on.
    pub max: i64,
    /// What is assumed where the client does not tell.
    pub default: i64,
    /// The question that asks for it.
    pub ask: String,
}

/// What answers a need, as far as questions need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceShape {
    /// The need.
    pub need: String,
    /// Its drivers.
    pub drivers: Vec<DriverShape>,
}

/// An assessment's policy as it is written in a file; not checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssessmentParams {
    /// What must be known besides needs and drivers.
    #[serde(default)]
    pub required: BTreeSet<Required>,
    /// How often one thing is asked at most before it is assumed or a person takes over; 1 to 3.
    pub most_asks: u32,
    /// What knowing it is worth, in parts per million of the price it is about.
    #[serde(default)]
    pub worth_ppm: BTreeMap<Required, u32>,
    /// When a person takes over; has to name every rule.
    pub escalate: BTreeSet<Escalation>,
    /// The services.
    pub services: Vec<ServiceShape>,
}

impl AssessmentParams {
    /// The usual policy for a catalogue: each driver once or twice, who decides, and a person
    /// for every rule.
    #[must_use]
    pub fn of_catalogue(catalogue: &Catalogue) -> Self {
        let services = catalogue
            .needs()
            .filter_map(|need| {
                let service = catalogue.answering(need.id.as_str()).next()?;
                let drivers = service
                    .drivers
                    .iter()
                    .map(|driver| DriverShape {
                        id: driver.id.as_str().to_owned(),
                        min: driver.min,
                        max: driver.max,
                        default: driver.default,
                        ask: driver.ask.clone(),
                    })
                    .collect();
                Some(ServiceShape {
                    need: need.id.as_str().to_owned(),
                    drivers,
                })
            })
            .collect();
        Self {
            required: BTreeSet::from([Required::Decider]),
            most_asks: 2,
            worth_ppm: BTreeMap::new(),
            escalate: Escalation::ALL.into(),
            services,
        }
    }

    /// Checks the policy.
    ///
    /// # Errors
    ///
    /// [`AssessmentPolicyError`] for the first thing that does not hold.
    pub fn check(self) -> Result<AssessmentPolicy, AssessmentPolicyError> {
        if let Some(rule) = Escalation::ALL
            .into_iter()
            .find(|rule| !self.escalate.contains(rule))
        {
            return Err(AssessmentPolicyError::EscalationOff { rule });
        }
        if !(1..=3).contains(&self.most_asks) {
            return Err(AssessmentPolicyError::Asks {
                given: self.most_asks,
            });
        }
        let mut needs = BTreeSet::new();
        for service in &self.services {
            if !needs.insert(&service.need) {
                return Err(AssessmentPolicyError::Twice {
                    need: service.need.clone(),
                });
            }
            if let Some(driver) = service
                .drivers
                .iter()
                .find(|d| !(d.min <= d.default && d.default <= d.max))
            {
                return Err(AssessmentPolicyError::Range {
                    driver: driver.id.clone(),
                });
            }
        }
        Ok(AssessmentPolicy(self))
    }
}

/// A checked policy of assessments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AssessmentParams", into = "AssessmentParams")]
pub struct AssessmentPolicy(AssessmentParams);

impl AssessmentPolicy {
    /// What must be known besides needs and drivers.
    #[must_use]
    pub fn required(&self) -> &BTreeSet<Required> {
        &self.0.required
    }

    /// How often one thing is asked at most.
    #[must_use]
    pub fn most_asks(&self) -> u32 {
        self.0.most_asks
    }

    /// The service that answers a need.
    #[must_use]
    pub fn service(&self, need: &str) -> Option<&ServiceShape> {
        self.0.services.iter().find(|service| service.need == need)
    }

    /// A driver by its name, where any of the needs has it.
    #[must_use]
    pub fn driver<'a>(
        &'a self,
        needs: impl IntoIterator<Item = &'a str>,
        id: &str,
    ) -> Option<&'a DriverShape> {
        needs
            .into_iter()
            .filter_map(|need| self.service(need))
            .flat_map(|service| &service.drivers)
            .find(|driver| driver.id == id)
    }

    pub(super) fn worth_ppm(&self, what: Required) -> u32 {
        let usual = match what {
            Required::Budget => 400_000,
            Required::Decider => 200_000,
            Required::Deadline => 150_000,
        };
        self.0.worth_ppm.get(&what).copied().unwrap_or(usual)
    }
}

/// Why a policy was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssessmentPolicyError {
    /// A rule that hands over to a person is missing.
    #[error(
        "the assessment policy leaves out the escalation {rule:?}; it cannot be switched off, add it"
    )]
    EscalationOff {
        /// The rule.
        rule: Escalation,
    },
    /// Asking never, or too often.
    #[error("the assessment policy asks one thing {given} times; allowed are 1 to 3")]
    Asks {
        /// What the file says.
        given: u32,
    },
    /// Two services for one need.
    #[error("the assessment policy has two services for the need `{need}`; leave one")]
    Twice {
        /// The need.
        need: String,
    },
    /// A default outside its range.
    #[error("driver `{driver}` needs min <= default <= max")]
    Range {
        /// The driver.
        driver: String,
    },
}

impl TryFrom<AssessmentParams> for AssessmentPolicy {
    type Error = AssessmentPolicyError;

    fn try_from(params: AssessmentParams) -> Result<Self, Self::Error> {
        params.check()
    }
}

impl From<AssessmentPolicy> for AssessmentParams {
    fn from(policy: AssessmentPolicy) -> Self {
        policy.0
    }
}
