use std::fmt;

use dealwright_core::id::{DeliverableId, LineId, MilestoneId, TaskId};
use dealwright_core::money::Money;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where in the log something stands: the envelope's id and the place of the event in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventRef {
    /// The id of the envelope, as its own `id` gives it.
    pub envelope: String,
    /// The event's place in it, from 0.
    pub place: u32,
}

impl EventRef {
    /// The event at `place` of an envelope.
    #[must_use]
    pub fn new(envelope: impl Into<String>, place: u32) -> Self {
        Self {
            envelope: envelope.into(),
            place,
        }
    }

    /// The number of the entry in the log of its process: `7`.
    #[must_use]
    pub fn entry(&self) -> String {
        self.envelope
            .rsplit_once('@')
            .map_or(&*self.envelope, |(_, number)| number)
            .to_owned()
    }

    /// The part that tells events of one process apart: `7#1`.
    #[must_use]
    pub fn short(&self) -> String {
        format!("{}#{}", self.entry(), self.place)
    }
}

impl fmt::Display for EventRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.envelope, self.place)
    }
}

/// Something of a project that reports are made of. The process translates its events into
/// these; where a fact of the same subject comes again, the later one counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProjectFact {
    /// A price line came with the hand-off.
    LinePriced {
        /// The line.
        line: LineId,
        /// Its service.
        service: String,
        /// What the client pays, before tax.
        net: Money,
        /// What the work for it may cost.
        cost: Money,
    },
    /// A task was planned, or planned anew.
    TaskPlanned {
        /// The task.
        task: TaskId,
        /// Its name, for people.
        name: String,
        /// Its service.
        service: String,
        /// Expected minutes.
        minutes: i64,
        /// What it may cost.
        cost: Money,
        /// When it is to start.
        start: Timestamp,
        /// When it is to be done.
        finish: Timestamp,
        /// Whether any delay moves the end.
        critical: bool,
    },
    /// Work was done on a task: one for each try.
    WorkBooked {
        /// The task.
        task: TaskId,
        /// Its service.
        service: String,
        /// Minutes worked.
        minutes: i64,
        /// What it cost.
        cost: Money,
    },
    /// A task was done.
    TaskDone {
        /// The task.
        task: TaskId,
        /// Its service.
        service: String,
    },
    /// A deliverable went back to its makers.
    Reworked {
        /// The service.
        service: String,
        /// Which round.
        round: u32,
    },
    /// A deliverable was released to the client.
    Released {
        /// The deliverable.
        deliverable: DeliverableId,
        /// Its name, for people.
        name: String,
        /// Its version.
        version: u32,
    },
    /// A date was promised.
    MilestoneSet {
        /// The milestone.
        milestone: MilestoneId,
        /// Its name, for people.
        name: String,
        /// When it was promised.
        due: Timestamp,
    },
    /// A milestone was reached.
    MilestoneReached {
        /// The milestone.
        milestone: MilestoneId,
    },
    /// The plan says when all is done.
    EndForecast {
        /// When.
        finish: Timestamp,
    },
    /// Something must come from the client.
    InputMissing {
        /// Its name.
        name: String,
    },
    /// It came.
    InputGiven {
        /// Its name.
        name: String,
    },
    /// A promised service level was measured.
    LevelMeasured {
        /// What is measured.
        measure: String,
        /// What it is.
        value: i64,
        /// The promised bound.
        at_most: i64,
    },
    /// A result that was measured, for example a score before and after.
    Measured {
        /// The service.
        service: String,
        /// What is measured.
        name: String,
        /// What it is.
        value: i64,
    },
    /// Something may go wrong.
    RiskSeen {
        /// What, in our words.
        what: String,
    },
    /// The client said how satisfied they are.
    Satisfied {
        /// 1 (poor) to 5 (very good).
        score: u8,
    },
}

/// A fact with the event that tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedFact {
    /// The event.
    pub event: EventRef,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub fact: ProjectFact,
}

/// What a fact is about; of two facts about the same, the later one counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject<'a> {
    Line(LineId),
    Plan(TaskId),
    /// Each counts for itself.
    Event(&'a EventRef),
    Done(TaskId),
    Due(MilestoneId),
    Reached(MilestoneId),
    Deliverable(DeliverableId),
    Input(&'a str),
    Level(&'a str),
    Metric(&'a str, &'a str),
    End,
    Satisfaction,
}

impl LoggedFact {
    pub(super) fn subject(&self) -> Subject<'_> {
        match &self.fact {
            ProjectFact::LinePriced { line, .. } => Subject::Line(*line),
            ProjectFact::TaskPlanned { task, .. } => Subject::Plan(*task),
            ProjectFact::TaskDone { task, .. } => Subject::Done(*task),
            ProjectFact::MilestoneSet { milestone, .. } => Subject::Due(*milestone),
            ProjectFact::MilestoneReached { milestone } => Subject::Reached(*milestone),
            ProjectFact::Released { deliverable, .. } => Subject::Deliverable(*deliverable),
            ProjectFact::InputMissing { name } | ProjectFact::InputGiven { name } => {
                Subject::Input(name)
            }
            ProjectFact::LevelMeasured { measure, .. } => Subject::Level(measure),
            ProjectFact::Measured { service, name, .. } => Subject::Metric(service, name),
            ProjectFact::EndForecast { .. } => Subject::End,
            ProjectFact::Satisfied { .. } => Subject::Satisfaction,
            ProjectFact::WorkBooked { .. }
            | ProjectFact::Reworked { .. }
            | ProjectFact::RiskSeen { .. } => Subject::Event(&self.event),
        }
    }

    /// The service it is about; `None` for facts of the whole project.
    pub(super) fn service(&self) -> Option<&str> {
        match &self.fact {
            ProjectFact::LinePriced { service, .. }
            | ProjectFact::TaskPlanned { service, .. }
            | ProjectFact::WorkBooked { service, .. }
            | ProjectFact::TaskDone { service, .. }
            | ProjectFact::Reworked { service, .. }
            | ProjectFact::Measured { service, .. } => Some(service),
            ProjectFact::Released { .. }
            | ProjectFact::MilestoneSet { .. }
            | ProjectFact::MilestoneReached { .. }
            | ProjectFact::EndForecast { .. }
            | ProjectFact::InputMissing { .. }
            | ProjectFact::InputGiven { .. }
            | ProjectFact::LevelMeasured { .. }
            | ProjectFact::RiskSeen { .. }
            | ProjectFact::Satisfied { .. } => None,
        }
    }
}

/// The facts that count, in the order of the log: of each subject the last one.
pub(super) fn current<'a>(log: &[&'a LoggedFact]) -> Vec<&'a LoggedFact> {
    let mut seen = std::collections::BTreeSet::new();
    let mut kept: Vec<&LoggedFact> = log
        .iter()
        .rev()
        .filter(|fact| seen.insert(fact.subject()))
        .copied()
        .collect();
    kept.reverse();
    kept
}
