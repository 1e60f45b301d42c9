use dealwright_core::knowledge::{Playbook, Slug, StopRule};
use dealwright_core::time::{Timestamp, WorkingDays};
use dealwright_core::trust::News;
use serde::{Deserialize, Serialize};

use crate::reply::MailClass;

/// A letter that left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The step.
    pub step: Slug,
    /// When.
    pub at: Timestamp,
}

/// Why a sequence stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// What stopped it.
    pub cause: StopRule,
    /// When.
    pub at: Timestamp,
    /// The last letter that had left before, if one had.
    pub after: Option<Slug>,
    /// The same for people, for example `reply after step hello`.
    pub reason: String,
    /// Whether it came from somebody else at the same account.
    pub from_company: bool,
    /// Whether the sequences of everybody else at the account have to stop too.
    pub for_company: bool,
}

/// One contact's way through a playbook. Letters go out one after the other; once it has
/// stopped, no input makes it write again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every step must decide every state"
)]
pub enum Sequence {
    /// The next letter has its time.
    Waiting {
        /// Its place in the playbook.
        place: usize,
        /// When to ask for it.
        due: Timestamp,
        /// What left so far.
        sent: Vec<Sent>,
    },
    /// A letter was asked for at the gate.
    Asked {
        /// Its place in the playbook.
        place: usize,
        /// What left so far.
        sent: Vec<Sent>,
    },
    /// All letters left, nobody answered.
    Finished {
        /// What left.
        sent: Vec<Sent>,
    },
    /// Something ended it.
    Stopped {
        /// Why.
        stop: Stop,
        /// What had left.
        sent: Vec<Sent>,
    },
}

/// What can happen to a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the table of transitions is complete"
)]
pub enum SequenceInput {
    /// The time of the next letter came.
    Due,
    /// The letter that was asked for left.
    Left,
    /// There is no room for it before then.
    Deferred {
        /// When to ask again.
        until: Timestamp,
    },
    /// The gate refused it for good.
    Refused {
        /// The rule.
        rule: String,
    },
    /// They are away.
    Away {
        /// When they are back, where known.
        until: Option<Timestamp>,
    },
    /// Something that ends it.
    Stop {
        /// What.
        cause: StopRule,
    },
    /// It ended for somebody else at the same account, and for all of them.
    CompanyStop {
        /// What ended it there.
        cause: StopRule,
    },
}

impl SequenceInput {
    /// What a mail that came in means for the sequence; `None` for machines that say nothing
    /// about the person, and for a refusal of their server.
    #[must_use]
    pub fn of_mail(class: &MailClass, back: Option<Timestamp>) -> Option<Self> {
        Self::of_news(&class.news()?, back)
    }

    /// The same of what a recipient's gate passes on.
    #[must_use]
    pub fn of_news(news: &News, back: Option<Timestamp>) -> Option<Self> {
        let stop = |cause| Some(Self::Stop { cause });
        match news {
            News::Reply => stop(StopRule::Reply),
            News::OutOfOffice => Some(Self::Away { until: back }),
            News::HardBounce => stop(StopRule::Bounce),
            News::OptOut | News::Objection => stop(StopRule::OptOut),
            News::Complaint => stop(StopRule::Complaint),
            _ => None,
        }
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "apply decides every event")]
pub enum SequenceEvent {
    /// A letter is asked for at the gate.
    LetterAsked {
        /// Its step.
        step: Slug,
        /// Its place.
        place: usize,
    },
    /// It left.
    LetterLeft {
        /// Its step.
        step: Slug,
        /// When.
        at: Timestamp,
    },
    /// The next letter has its time.
    Scheduled {
        /// Its place.
        place: usize,
        /// Its time.
        due: Timestamp,
    },
    /// That was the last letter.
    Finished,
    /// It ended.
    Stopped {
        /// Why.
        stop: Stop,
    },
}

/// Why an input changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SequenceRefusal {
    /// It is over: nothing is sent any more.
    #[error("the sequence is over ({why})")]
    Over {
        /// Why it is over.
        why: String,
    },
    /// The next letter has its time later.
    #[error("the next letter is due at {due}")]
    TooEarly {
        /// Its time.
        due: Timestamp,
    },
    /// No letter was asked for.
    #[error("no letter of this sequence was asked for")]
    NotAsked,
    /// A letter is at the gate; its answer comes first.
    #[error("a letter of this sequence is at the gate")]
    AtGate,
    /// The playbook has no such step any more.
    #[error("the playbook has no step {place}; it was changed while the sequence ran")]
    NoStep {
        /// The place.
        place: usize,
    },
}

impl Sequence {
    /// Starts: the first letter has its time, or, of a playbook without steps, it is over.
    #[must_use]
    pub fn start(playbook: &Playbook, days: &WorkingDays, now: Timestamp) -> Self {
        match due(playbook, days, 0, now) {
            Some(due) => Self::Waiting {
                place: 0,
                due,
                sent: Vec::new(),
            },
            None => Self::Finished { sent: Vec::new() },
        }
    }

    /// What left so far.
    #[must_use]
    pub fn sent(&self) -> &[Sent] {
        match self {
            Self::Waiting { sent, .. }
            | Self::Asked { sent, .. }
            | Self::Finished { sent }
            | Self::Stopped { sent, .. } => sent,
        }
    }

    /// Why it stopped.
    #[must_use]
    pub fn stop(&self) -> Option<&Stop> {
        match self {
            Self::Stopped { stop, .. } => Some(stop),
            Self::Waiting { .. } | Self::Asked { .. } | Self::Finished { .. } => None,
        }
    }

    /// When the next letter is due.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        match self {
            Self::Waiting { due, .. } => Some(*due),
            Self::Asked { .. } | Self::Finished { .. } | Self::Stopped { .. } => None,
        }
    }
}

/// When the letter at `place` is due: so many working days of the recipient after `from`, at the
/// same time of day. `None` behind the last step.
///
/// A playbook counts days; at which hours a letter may go is the desk's to say.
#[must_use]
pub fn due(
    playbook: &Playbook,
    days: &WorkingDays,
    place: usize,
    from: Timestamp,
) -> Option<Timestamp> {
    let step = playbook.step(place)?;
    Some(match step.delay {
        0 => from,
        delay => days.after(from, delay),
    })
}

/// Decides what an input does at `now`; changes nothing.
///
/// Every stop ends it in every state that is not over, whatever the playbook says; a playbook
/// only chooses which of them end it for the whole account.
///
/// # Errors
///
/// [`SequenceRefusal`] where it is over, or the input does not fit.
pub fn decide(
    state: &Sequence,
    input: &SequenceInput,
    playbook: &Playbook,
    days: &WorkingDays,
    now: Timestamp,
) -> Result<Vec<SequenceEvent>, SequenceRefusal> {
    use SequenceInput as In;
    let after = state.sent().last().map(|sent| sent.step.clone());
    let stopped = |cause: StopRule, why: &str, from_company: bool| {
        let behind = after
            .as_ref()
            .map_or("before the first step".to_owned(), |step| {
                format!("after step {step}")
            });
        vec![SequenceEvent::Stopped {
            stop: Stop {
                cause,
                at: now,
                after: after.clone(),
                reason: format!("{why} {behind}"),
                from_company,
                for_company: !from_company && playbook.stops_company_on(cause),
            },
        }]
    };
    match (state, input) {
        (Sequence::Stopped { stop, .. }, _) => Err(SequenceRefusal::Over {
            why: stop.reason.clone(),
        }),
        (
            Sequence::Waiting { .. } | Sequence::Asked { .. } | Sequence::Finished { .. },
            In::Stop { cause },
        ) => Ok(stopped(*cause, word(*cause), false)),
        (
            Sequence::Waiting { .. } | Sequence::Asked { .. } | Sequence::Finished { .. },
            In::CompanyStop { cause },
        ) => Ok(stopped(
            *cause,
            &format!("{} of a colleague", word(*cause)),
            true,
        )),
        (Sequence::Finished { .. }, _) => Err(SequenceRefusal::Over {
            why: "all letters left".to_owned(),
        }),
        (Sequence::Waiting { place, due, .. }, In::Due) => {
            if now < *due {
                return Err(SequenceRefusal::TooEarly { due: *due });
            }
            let step = playbook
                .step(*place)
                .ok_or(SequenceRefusal::NoStep { place: *place })?;
            Ok(vec![SequenceEvent::LetterAsked {
                step: step.id.clone(),
                place: *place,
            }])
        }
        (Sequence::Waiting { place, due, .. }, In::Away { until }) => {
            let back = until.unwrap_or_else(|| now + chrono::Duration::days(7));
            // A day for what has piled up.
            let settled = back
                .checked_add_signed(chrono::Duration::days(1))
                .unwrap_or(back);
            Ok(vec![SequenceEvent::Scheduled {
                place: *place,
                due: days.after(settled.max(*due), 0),
            }])
        }
        (Sequence::Waiting { .. }, In::Left | In::Deferred { .. } | In::Refused { .. }) => {
            Err(SequenceRefusal::NotAsked)
        }
        (Sequence::Asked { place, .. }, In::Left) => {
            let step = playbook
                .step(*place)
                .ok_or(SequenceRefusal::NoStep { place: *place })?;
            let left = SequenceEvent::LetterLeft {
                step: step.id.clone(),
                at: now,
            };
            let next = place.saturating_add(1);
            Ok(vec![
                left,
                match due(playbook, days, next, now) {
                    Some(due) => SequenceEvent::Scheduled { place: next, due },
                    None => SequenceEvent::Finished,
                },
            ])
        }
        (Sequence::Asked { place, .. }, In::Deferred { until }) => {
            Ok(vec![SequenceEvent::Scheduled {
                place: *place,
                due: (*until).max(now),
            }])
        }
        (Sequence::Asked { .. }, In::Refused { rule }) => Ok(stopped(
            StopRule::Manual,
            &format!("refused by rule {rule}"),
            false,
        )),
        (Sequence::Asked { .. }, In::Due | In::Away { .. }) => Err(SequenceRefusal::AtGate),
    }
}

/// The state after an event. Cannot fail; an event that the state cannot have leaves it as it is.
#[must_use]
pub fn apply(state: Sequence, event: &SequenceEvent) -> Sequence {
    use Sequence as S;
    use SequenceEvent as E;
    match (state, event) {
        (S::Stopped { stop, sent }, _) => S::Stopped { stop, sent },
        (
            S::Waiting { sent, .. } | S::Asked { sent, .. } | S::Finished { sent },
            E::Stopped { stop },
        ) => S::Stopped {
            stop: stop.clone(),
            sent,
        },
        (S::Waiting { sent, .. }, E::LetterAsked { place, .. }) => S::Asked {
            place: *place,
            sent,
        },
        (S::Waiting { sent, .. } | S::Asked { sent, .. }, E::Scheduled { place, due }) => {
            S::Waiting {
                place: *place,
                due: *due,
                sent,
            }
        }
        (S::Asked { place, mut sent }, E::LetterLeft { step, at }) => {
            sent.push(Sent {
                step: step.clone(),
                at: *at,
            });
            S::Asked { place, sent }
        }
        (S::Waiting { sent, .. } | S::Asked { sent, .. }, E::Finished) => S::Finished { sent },
        (state @ S::Waiting { .. }, E::LetterLeft { .. })
        | (state @ S::Asked { .. }, E::LetterAsked { .. })
        | (
            state @ S::Finished { .. },
            E::LetterAsked { .. } | E::LetterLeft { .. } | E::Scheduled { .. } | E::Finished,
        ) => state,
    }
}

fn word(cause: StopRule) -> &'static str {
    match cause {
        StopRule::Reply => "reply",
        StopRule::Bounce => "bounce",
        StopRule::OptOut => "opt-out",
        StopRule::Complaint => "complaint",
        StopRule::Meeting => "meeting",
        StopRule::StageChange => "stage change",
        StopRule::Manual => "stopped by hand",
        _ => "stopped",
    }
}
