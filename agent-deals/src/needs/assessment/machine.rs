use std::collections::BTreeSet;

use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::brief::{Brief, Known, Lack};
use super::policy::AssessmentPolicy;
use crate::needs::{Field, Heard};
use crate::reply::Escalation;

/// Where the assessment of a client's needs stands.
///
/// ```text
/// Listening -> Asking -> Summarised -> Ready
///     each but Ready and Closed -> Escalated -> back to Listening or Asking, by a person
///     each but Closed -> Closed
/// ```
///
/// Only [`Ready`](Self::Ready) leads to a proposal, and it holds a [`Brief`], in which nothing
/// is missing: a proposal with a required field unset cannot be written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every step must decide every stage"
)]
pub enum Assessment {
    /// No need is known.
    Listening {
        /// What is known.
        known: Known,
    },
    /// A need is known, other things are missing.
    Asking {
        /// What is known.
        known: Known,
    },
    /// Nothing is missing; the client was told what we understood.
    Summarised {
        /// What we understood.
        brief: Brief,
    },
    /// The client agreed with the summary: the proposal can be made.
    Ready {
        /// What the proposal rests on.
        brief: Brief,
        /// When they agreed.
        confirmed_at: Timestamp,
    },
    /// A person has to look.
    Escalated {
        /// What is known.
        known: Known,
        /// Why.
        why: BTreeSet<Escalation>,
    },
    /// It ended.
    Closed {
        /// Why.
        why: CloseReason,
    },
}

/// A stage without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "mirrors the stages of the assessment"
)]
pub enum Stage {
    /// See [`Assessment::Listening`].
    Listening,
    /// See [`Assessment::Asking`].
    Asking,
    /// See [`Assessment::Summarised`].
    Summarised,
    /// See [`Assessment::Ready`].
    Ready,
    /// See [`Assessment::Escalated`].
    Escalated,
    /// See [`Assessment::Closed`].
    Closed,
}

/// Why an assessment ended without a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CloseReason {
    /// They do not want to be written to.
    OptOut,
    /// They do not want anything.
    Declined,
    /// Nothing of what they need is on offer.
    NoFit,
    /// They do not answer.
    Silent,
    /// A person here ended it.
    Manual,
}

/// What can happen to an assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the table of transitions is complete"
)]
pub enum AssessmentInput {
    /// The client wrote.
    Heard {
        /// What was read of it.
        heard: Box<Heard>,
        /// Why a person has to look, if one has to.
        escalations: BTreeSet<Escalation>,
    },
    /// We ask for something.
    Ask {
        /// What.
        field: Field,
    },
    /// A driver stays unknown: its default is assumed.
    Assume {
        /// The driver.
        driver: String,
    },
    /// We tell the client what we understood.
    Summarise,
    /// The client agrees with the summary.
    Confirm {
        /// When.
        at: Timestamp,
    },
    /// A person looked and lets it go on.
    Resume,
    /// It ends.
    Close {
        /// Why.
        why: CloseReason,
    },
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "apply decides every event")]
pub enum AssessmentEvent {
    /// The client's words added something.
    Learned {
        /// What was read.
        heard: Box<Heard>,
    },
    /// We asked.
    Asked {
        /// For what.
        field: Field,
    },
    /// A default was assumed.
    Assumed {
        /// The driver.
        driver: String,
        /// The value.
        value: i64,
    },
    /// The summary was made.
    Summarised {
        /// What it says.
        brief: Box<Brief>,
    },
    /// The client agreed.
    Confirmed {
        /// When.
        at: Timestamp,
    },
    /// A person was called.
    Escalated {
        /// Why.
        why: BTreeSet<Escalation>,
    },
    /// A person let it go on.
    Resumed,
    /// It ended.
    Closed {
        /// Why.
        why: CloseReason,
    },
}

/// Why an input changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssessmentRefusal {
    /// The stage does not take it.
    #[error("an assessment that is {stage:?} does not take {input}")]
    WrongStage {
        /// The stage.
        stage: Stage,
        /// The input.
        input: &'static str,
    },
    /// Something is missing.
    #[error(transparent)]
    Lacks(#[from] Lack),
    /// It was answered already.
    #[error("{0:?} is known already; ask for something else")]
    Answered(Field),
    /// It was asked as often as allowed.
    #[error("{0:?} was asked as often as the policy allows; assume it or hand over to a person")]
    AskedEnough(Field),
    /// It is not a driver of what is needed, or was not asked yet.
    #[error("driver `{0}` cannot be assumed: it is known, not needed, or was not asked for")]
    CannotAssume(String),
    /// Who does not want to be written to is not talked into it.
    #[error("they do not want to be written to; the assessment can only be closed")]
    OptedOut,
}

impl Default for Assessment {
    fn default() -> Self {
        Self::Listening {
            known: Known::default(),
        }
    }
}

impl Assessment {
    /// The stage without its data.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            Self::Listening { .. } => Stage::Listening,
            Self::Asking { .. } => Stage::Asking,
            Self::Summarised { .. } => Stage::Summarised,
            Self::Ready { .. } => Stage::Ready,
            Self::Escalated { .. } => Stage::Escalated,
            Self::Closed { .. } => Stage::Closed,
        }
    }

    /// What is known; `None` once it is closed.
    #[must_use]
    pub fn known(&self) -> Option<&Known> {
        match self {
            Self::Listening { known } | Self::Asking { known } | Self::Escalated { known, .. } => {
                Some(known)
            }
            Self::Summarised { brief } | Self::Ready { brief, .. } => Some(brief.known()),
            Self::Closed { .. } => None,
        }
    }

    fn of(known: Known) -> Self {
        if known.has(&Field::Needs) {
            Self::Asking { known }
        } else {
            Self::Listening { known }
        }
    }
}

/// Decides what an input does; changes nothing.
///
/// # Errors
///
/// [`AssessmentRefusal`] where the stage does not take the input, or something is missing.
pub fn decide(
    state: &Assessment,
    input: &AssessmentInput,
    policy: &AssessmentPolicy,
) -> Result<Vec<AssessmentEvent>, AssessmentRefusal> {
    use AssessmentInput as In;
    use AssessmentRefusal as No;
    let wrong = |input| {
        Err(No::WrongStage {
            stage: state.stage(),
            input,
        })
    };
    match (state, input) {
        (Assessment::Closed { .. }, In::Heard { .. }) => wrong("words"),
        (_, In::Heard { heard, escalations }) => hear(state, heard, escalations),
        (Assessment::Listening { known } | Assessment::Asking { known }, In::Ask { field }) => {
            if known.has(field) {
                Err(No::Answered(field.clone()))
            } else if known.times_asked(field) >= policy.most_asks() {
                Err(No::AskedEnough(field.clone()))
            } else {
                Ok(vec![AssessmentEvent::Asked {
                    field: field.clone(),
                }])
            }
        }
        (_, In::Ask { .. }) => wrong("a question"),
        (Assessment::Asking { known }, In::Assume { driver }) => {
            let field = Field::Driver(driver.clone());
            let shape = policy
                .driver(known.needs(), driver)
                .filter(|_| !known.has(&field) && known.times_asked(&field) >= policy.most_asks())
                .ok_or_else(|| No::CannotAssume(driver.clone()))?;
            Ok(vec![AssessmentEvent::Assumed {
                driver: driver.clone(),
                value: shape.default,
            }])
        }
        (_, In::Assume { .. }) => wrong("an assumption"),
        (Assessment::Asking { known }, In::Summarise) => {
            let brief = Box::new(Brief::check(known.clone(), policy)?);
            Ok(vec![AssessmentEvent::Summarised { brief }])
        }
        (_, In::Summarise) => wrong("a summary"),
        (Assessment::Summarised { .. }, In::Confirm { at }) => {
            Ok(vec![AssessmentEvent::Confirmed { at: *at }])
        }
        (_, In::Confirm { .. }) => wrong("a confirmation"),
        (Assessment::Escalated { why, .. }, In::Resume) if why.contains(&Escalation::OptOut) => {
            Err(No::OptedOut)
        }
        (Assessment::Escalated { .. }, In::Resume) => Ok(vec![AssessmentEvent::Resumed]),
        (_, In::Resume) => wrong("a person's leave"),
        (Assessment::Closed { .. }, In::Close { .. }) => wrong("an end"),
        (_, In::Close { why }) => Ok(vec![AssessmentEvent::Closed { why: *why }]),
    }
}

/// The client's words: what they add, and whether a person has to look. No policy is asked.
fn hear(
    state: &Assessment,
    heard: &Heard,
    escalations: &BTreeSet<Escalation>,
) -> Result<Vec<AssessmentEvent>, AssessmentRefusal> {
    let mut why = escalations.clone();
    // Words to a machine are not followed, and who sends them is looked at by a person.
    if heard.has_machine_text() {
        why.insert(Escalation::Unsure);
    }
    let mut events = Vec::new();
    let ready = matches!(state, Assessment::Ready { .. });
    let adds = state
        .known()
        .is_some_and(|known| known.clone().after(heard) != *known);
    if adds && !ready {
        events.push(AssessmentEvent::Learned {
            heard: Box::new(heard.clone()),
        });
    }
    if !why.is_empty() {
        events.push(AssessmentEvent::Escalated { why });
    } else if ready {
        // What comes after the brief belongs to the negotiation.
        return Err(AssessmentRefusal::WrongStage {
            stage: Stage::Ready,
            input: "words",
        });
    }
    Ok(events)
}

/// The state after an event. Cannot fail; an event that the stage cannot have leaves it as it is.
#[must_use]
pub fn apply(state: Assessment, event: &AssessmentEvent) -> Assessment {
    use Assessment as A;
    use AssessmentEvent as E;
    match (state, event) {
        (A::Closed { why }, _) => A::Closed { why },
        (_, E::Closed { why }) => A::Closed { why: *why },
        (A::Listening { known } | A::Asking { known }, E::Learned { heard }) => {
            A::of(known.after(heard))
        }
        (A::Summarised { brief }, E::Learned { heard }) => A::of(brief.reopen().after(heard)),
        (A::Escalated { known, why }, E::Learned { heard }) => A::Escalated {
            known: known.after(heard),
            why,
        },
        (A::Listening { known }, E::Asked { field }) => A::Listening {
            known: known.with_asked(field),
        },
        (A::Asking { known }, E::Asked { field }) => A::Asking {
            known: known.with_asked(field),
        },
        (A::Asking { known }, E::Assumed { driver, value }) => A::Asking {
            known: known.with_assumed(driver, *value),
        },
        (A::Asking { .. }, E::Summarised { brief }) => A::Summarised {
            brief: (**brief).clone(),
        },
        (A::Summarised { brief }, E::Confirmed { at }) => A::Ready {
            brief: brief.confirmed(),
            confirmed_at: *at,
        },
        (A::Listening { known } | A::Asking { known }, E::Escalated { why }) => A::Escalated {
            known,
            why: why.clone(),
        },
        (A::Summarised { brief } | A::Ready { brief, .. }, E::Escalated { why }) => A::Escalated {
            known: brief.reopen(),
            why: why.clone(),
        },
        (A::Escalated { known, why: before }, E::Escalated { why }) => A::Escalated {
            known,
            why: before.union(why).copied().collect(),
        },
        (A::Escalated { known, .. }, E::Resumed) => A::of(known),
        (
            state @ A::Ready { .. },
            E::Learned { .. } | E::Asked { .. } | E::Assumed { .. } | E::Summarised { .. },
        )
        | (state @ A::Ready { .. }, E::Confirmed { .. } | E::Resumed)
        | (
            state @ A::Listening { .. },
            E::Assumed { .. } | E::Summarised { .. } | E::Confirmed { .. } | E::Resumed,
        )
        | (state @ A::Asking { .. }, E::Confirmed { .. } | E::Resumed)
        | (
            state @ A::Summarised { .. },
            E::Asked { .. } | E::Assumed { .. } | E::Summarised { .. } | E::Resumed,
        )
        | (
            state @ A::Escalated { .. },
            E::Asked { .. } | E::Assumed { .. } | E::Summarised { .. } | E::Confirmed { .. },
        ) => state,
    }
}
