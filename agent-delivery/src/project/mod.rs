//! The project: from a signed contract to accepted work, a report, and what it taught us.
//!
//! Workers are asked by effects, people's tasks are finished by people's inputs. What is made is
//! reviewed by somebody else before the client sees it, and every figure of a report resolves to
//! the events of this log.

mod accept;
mod decide;
mod judge;
mod letters;
mod perform;
mod plan;
mod reading;
mod state;
mod step;
mod tasks;
mod wording;
mod workers;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use dealwright_core::access::Action;
use dealwright_core::canonical::Digest32;
use dealwright_core::document::Document;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::handoff::{self, DealWon};
use dealwright_core::id::{DeliverableId, MilestoneId, TaskId};
use dealwright_core::knowledge::{Catalogue, Slug, Templates, TemplatesParams};
use dealwright_core::process::{
    Context, Decision, IndexEntry, IndexPart, Process, Record, Refusal, Unsettled,
};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Heard, SendAnswer, Sender};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::breakdown::{ClientTier, PriorityPolicy};
use crate::deliverable::{Manifest, ReleaseRecord};
use crate::execute::{DecisionEntry, ProducedPart, TaskOrder, TaskResult, WorkerIdentity};
use crate::report::{AlertPolicy, LoggedFact};
use crate::review::{AutoCheck, Review, Rework, ReworkPolicy, Verdict};
use crate::schedule::{Hours, StaffMember};
use crate::setup::{ChaserPolicy, ProjectSetup};

pub use letters::{LetterSpec, SpecFile};
pub use perform::ProjectPerformer;
pub use state::{
    HandOver, Made, Planned, ProjectLetter, ProjectPhase, ProjectState, TaskRun, TaskStatus,
};
pub use wording::standard_templates;
pub use workers::{ListingRepairWorker, WebsiteAuditWorker};

/// The delivery of a deal.
#[derive(Clone, Copy, Debug)]
pub enum Project {}

/// What people set for projects.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectPolicy {
    /// What is sold, and how it is made.
    pub catalogue: Catalogue,
    /// How letters read; compiled from [`template_sources`](Self::template_sources).
    /// [`standard_templates`] names all that are needed.
    #[serde(skip)]
    pub templates: Templates,
    /// The same as written, for the policy's hash.
    pub template_sources: TemplatesParams,
    /// Who writes.
    pub sender: Sender,
    /// The sentence that says an AI wrote a letter, by language code; `en` is always there.
    pub ai_notices: BTreeMap<String, String>,
    /// Whether letters are written by an AI, which is then said.
    pub made_by_ai: bool,
    /// Who can be given tasks: people, models and tools.
    pub staff: Vec<StaffMember>,
    /// When clients work.
    pub client_hours: Hours,
    /// How tasks are ranked.
    pub priorities: PriorityPolicy,
    /// How much the clients matter to us.
    pub tier: ClientTier,
    /// How many schedules are compared for a plan.
    pub schedules: u32,
    /// How missing inputs are asked for.
    pub chasing: ChaserPolicy,
    /// The checks that code makes, by name.
    pub checks: BTreeMap<String, AutoCheck>,
    /// How much rework a deliverable may take.
    pub rework: ReworkPolicy,
    /// How often a client may ask for changes to a milestone under the contract.
    pub revision_rounds: u32,
    /// Messages of the client within a day that are answered; beyond them a person reads on, since
    /// two machines could go on like this for ever.
    pub messages_a_day: u32,
    /// Working days without an answer after which a hand-over counts as accepted.
    pub deemed_accepted_days: u16,
    /// Working days to wait for an answer to the final question.
    pub feedback_days: u16,
    /// When people of the agency are warned.
    pub alerts: AlertPolicy,
    /// The id of the market process that learns from projects.
    pub market: String,
    /// Whether the tasks and judgements of people are done by timers: for simulations and first
    /// steps. The people named are those of the staff.
    pub auto_people: bool,
    /// Hours that a judgement takes under [`auto_people`](Self::auto_people).
    pub review_hours: u16,
}

/// What can happen to a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProjectInput {
    /// Deals hands a signed contract over.
    Won(Box<DealWon>),
    /// A recipient's gate answered.
    Answer(SendAnswer),
    /// Something came back from the client.
    Heard(Heard),
    /// A worker did a task.
    Worked {
        /// The task.
        task: TaskId,
        /// Which try.
        attempt: u32,
        /// Who did it.
        worker: WorkerIdentity,
        /// What came of it.
        result: Box<TaskResult>,
    },
    /// A worker did not do a task.
    NotWorked {
        /// The task.
        task: TaskId,
        /// Which try.
        attempt: u32,
        /// Why.
        how: Unsettled,
    },
    /// A person did a task; for the client's tasks, says that it is done.
    TaskFinished {
        /// The task.
        task: TaskId,
        /// What came of it.
        result: Box<TaskResult>,
    },
    /// Something that was missing came.
    InputGiven {
        /// Its name.
        name: Slug,
        /// The fact, or where it lies.
        value: String,
    },
    /// A person judged a criterion of the deliverable under review.
    Reviewed {
        /// The deliverable.
        deliverable: DeliverableId,
        /// The criterion.
        criterion: String,
        /// What it came to.
        verdict: Verdict,
    },
    /// A person records that the client accepted a milestone by another way.
    Accepted {
        /// The milestone.
        milestone: MilestoneId,
    },
    /// A document was made.
    Rendered {
        /// Which.
        document: DocumentKey,
        /// Its bytes, in `Blobs`.
        blob: Digest32,
        /// How many.
        bytes: u64,
        /// Its media type.
        media_type: String,
        /// The ending of its file name, without the dot.
        extension: String,
    },
    /// A document was not made.
    NotRendered {
        /// Which.
        document: DocumentKey,
        /// Why.
        how: Unsettled,
    },
    /// A time has come.
    Due(Reminder),
    /// A person wants the plan made that could not be made.
    Replan,
    /// A person looked at what needed one.
    Seen,
    /// A person of the agency stops it.
    Stop {
        /// Why.
        why: String,
    },
}

/// Which document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DocumentKey {
    /// What a person made in a task, under [`auto_people`](ProjectPolicy::auto_people).
    Part {
        /// The task.
        task: TaskId,
        /// Which try.
        attempt: u32,
        /// The deliverable it is of, a slug within the service.
        deliverable: String,
    },
    /// The plan, for the client.
    Plan,
    /// The final report.
    Report,
}

/// What a project set a timer for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reminder {
    /// A letter for which there was no room.
    AskAgain {
        /// Which.
        step: String,
        /// Which try.
        tries: u32,
    },
    /// A missing input is asked for, or a person takes over.
    Chase {
        /// Its name.
        name: Slug,
        /// Which step of the chase, from 0.
        place: u32,
    },
    /// A person's task is planned to be done.
    PersonDone {
        /// The task.
        task: TaskId,
        /// Which try.
        attempt: u32,
    },
    /// A person has judged a deliverable.
    ReviewDone {
        /// The deliverable.
        deliverable: DeliverableId,
        /// Its version.
        version: u32,
    },
    /// A client has been silent about a hand-over.
    Deemed {
        /// The milestone.
        milestone: MilestoneId,
        /// Which round of it.
        round: u32,
        /// How many questions had been asked about it.
        questions: u32,
    },
    /// The final question is put once more.
    FeedbackAgain,
    /// The final question stays without an answer.
    FeedbackOver,
}

impl From<Reminder> for ProjectInput {
    fn from(reminder: Reminder) -> Self {
        Self::Due(reminder)
    }
}

/// How a milestone came to be accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AcceptedBy {
    /// The client said so.
    Client,
    /// The client said nothing for so many working days; it counts as accepted.
    Silence {
        /// The days.
        working_days: u16,
    },
    /// A person of the agency wrote down what the client said.
    Person {
        /// Who.
        name: String,
    },
}

/// What a project records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProjectEvent {
    /// It began.
    Opened {
        /// What was agreed.
        deal: Box<DealWon>,
        /// What it comes to.
        setup: Box<ProjectSetup>,
    },
    /// It has a plan.
    PlanMade {
        /// Who does what when.
        plan: Box<Planned>,
    },
    /// The plan was made as a document.
    PlanWritten {
        /// Its bytes, in `Blobs`.
        blob: Digest32,
    },
    /// An input came.
    InputGiven {
        /// Its name.
        name: Slug,
        /// The fact, or where it lies.
        value: String,
    },
    /// A task was given to somebody.
    TaskStarted {
        /// What it was asked for, with the number of the try.
        order: Box<TaskOrder>,
        /// To whom; `None` for the client.
        worker: Option<WorkerIdentity>,
    },
    /// A person takes a task over.
    HandedToPerson {
        /// The task.
        task: TaskId,
        /// Why.
        why: String,
    },
    /// A part of what a person makes was made.
    PartMade {
        /// The task.
        task: TaskId,
        /// The part.
        part: ProducedPart,
    },
    /// A task was done: how, and what came of it.
    TaskDone {
        /// How.
        entry: Box<DecisionEntry>,
        /// What.
        result: Box<TaskResult>,
    },
    /// A review was opened, with what code could check.
    ReviewOpened {
        /// What is judged.
        manifest: Box<Manifest>,
        /// The results so far.
        review: Box<Review>,
    },
    /// A person judged.
    Judged {
        /// The deliverable.
        deliverable: DeliverableId,
        /// All results.
        review: Box<Review>,
    },
    /// A deliverable goes back to its makers.
    SentBack {
        /// The deliverable.
        deliverable: DeliverableId,
        /// What it has taken.
        rework: Rework,
        /// What is wrong with it.
        faults: Vec<String>,
    },
    /// Rework did not help; a person decides.
    Escalated {
        /// The deliverable.
        deliverable: DeliverableId,
        /// Why.
        why: String,
    },
    /// The client may see it.
    Released(Box<ReleaseRecord>),
    /// The client was given what a milestone stands for.
    HandedOver {
        /// The milestone.
        milestone: MilestoneId,
        /// Which round, from 1.
        round: u32,
        /// The letter's step.
        step: String,
        /// The hash of what was handed over.
        manifest: Digest32,
        /// The manifests it consists of.
        contents: Vec<Digest32>,
    },
    /// The client asked something about a hand-over, so that the time to answer begins anew.
    Questioned {
        /// The milestone.
        milestone: MilestoneId,
    },
    /// The client wants something changed.
    ChangeAsked {
        /// The milestone.
        milestone: MilestoneId,
        /// What was theirs to say, by the `Message-ID` it stands in.
        message_id: Option<String>,
        /// Whether the contract covers it.
        covered: bool,
    },
    /// A milestone counts as accepted.
    MilestoneAccepted {
        /// The milestone.
        milestone: MilestoneId,
        /// The hash of what was accepted.
        manifest: Digest32,
        /// How.
        by: AcceptedBy,
        /// When.
        at: Timestamp,
    },
    /// A letter was asked for.
    Asked {
        /// Its step.
        step: String,
        /// What it is made of.
        spec: Box<LetterSpec>,
        /// Which try.
        tries: u32,
    },
    /// A letter waits for a person's yes.
    AwaitsApproval {
        /// Its step.
        step: String,
    },
    /// A letter left.
    LetterSent {
        /// Its step.
        step: String,
        /// When.
        at: Timestamp,
        /// Its `Message-ID`.
        message_id: String,
    },
    /// There was no room for a letter.
    LetterDeferred {
        /// Its step.
        step: String,
        /// Until when.
        until: Timestamp,
    },
    /// A letter did not leave.
    LetterStopped {
        /// Its step.
        step: String,
        /// The rule, or `failed`.
        rule: String,
        /// Why, for people.
        why: String,
    },
    /// The client said something.
    ClientSaid {
        /// What it came to.
        intent: String,
        /// The `Message-ID` of it.
        message_id: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// The final report is being made.
    ReportBegun,
    /// The final report was made.
    ReportMade {
        /// Its bytes, in `Blobs`.
        blob: Digest32,
    },
    /// The client said how satisfied they are.
    Satisfied {
        /// 1 (poor) to 5 (very good).
        score: u8,
    },
    /// A person must look.
    NeedsPerson {
        /// What for.
        why: String,
    },
    /// A person looked at what needed one.
    SeenBy {
        /// Who.
        name: String,
    },
    /// It is over.
    Closed {
        /// Whether all of it was delivered.
        completed: bool,
        /// When.
        at: Timestamp,
    },
    /// What the events of this revision tell reports, each with the event it stands for.
    Told {
        /// The facts.
        facts: Vec<LoggedFact>,
    },
}

/// What a project asks of ports.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProjectEffect {
    /// Do a task.
    Work {
        /// The worker, by its name in the catalogue.
        worker: String,
        /// The task.
        order: Box<TaskOrder>,
    },
    /// Make a document and keep its bytes.
    Render {
        /// Which.
        key: DocumentKey,
        /// What it says.
        document: Box<Document>,
    },
}

pub(crate) type Cx<'a> = Context<'a, ProjectPolicy>;
pub(crate) type Answer = Result<Decision<Project>, Refusal>;

impl Process for Project {
    const KIND: &'static str = "project";
    const STATE_VERSION: u32 = 4;
    const EVENT_VERSION: u32 = 1;

    type State = ProjectState;
    type Input = ProjectInput;
    type Event = ProjectEvent;
    type Effect = ProjectEffect;
    type Policy = ProjectPolicy;

    fn action(input: &Self::Input) -> Action {
        match input {
            ProjectInput::TaskFinished { .. } => Action::DoTask,
            ProjectInput::InputGiven { .. } => Action::GiveInput,
            ProjectInput::Reviewed { .. } => Action::Review,
            ProjectInput::Accepted { .. } => Action::AcceptMilestone,
            ProjectInput::Replan | ProjectInput::Seen => Action::Plan,
            ProjectInput::Stop { .. } => Action::StopProject,
            ProjectInput::Won(_)
            | ProjectInput::Answer(_)
            | ProjectInput::Heard(_)
            | ProjectInput::Worked { .. }
            | ProjectInput::NotWorked { .. }
            | ProjectInput::Rendered { .. }
            | ProjectInput::NotRendered { .. }
            | ProjectInput::Due(_) => Action::Progress,
        }
    }

    fn decide(state: &ProjectState, input: &ProjectInput, cx: &Cx<'_>) -> Answer {
        decide::decide(state, input, cx)
    }

    fn apply(state: ProjectState, event: &ProjectEvent) -> ProjectState {
        state.after(event)
    }

    fn index(state: &ProjectState) -> Vec<IndexEntry> {
        let phase = state.phase().word().to_owned();
        let mut entries = vec![IndexEntry::new("phase", vec![IndexPart::Text(phase)])];
        if state.needs_person().is_some() {
            entries.push(IndexEntry::new("needs-person", vec![IndexPart::Int(1)]));
        }
        entries
    }

    fn unsettled(effect: ProjectEffect, how: Unsettled) -> ProjectInput {
        match effect {
            ProjectEffect::Work { order, .. } => ProjectInput::NotWorked {
                task: order.task,
                attempt: order.attempt,
                how,
            },
            ProjectEffect::Render { key, .. } => ProjectInput::NotRendered { document: key, how },
        }
    }

    fn receive(record: &Record<'_>) -> Result<ProjectInput, PortError> {
        let (name, version, body) = (record.contract, record.version, record.body);
        match name {
            "deal-won" => Ok(ProjectInput::Won(Box::new(handoff::read(
                name, version, body,
            )?))),
            "send-answer" => handoff::read(name, version, body).map(ProjectInput::Answer),
            "heard" => handoff::read(name, version, body).map(ProjectInput::Heard),
            _ => Err(PortError::new("receive", PortErrorKind::Invalid)
                .with_source(format!("a project knows no contract `{name}`"))),
        }
    }

    fn business(state: &ProjectState) -> Value {
        json!({
            "phase": state.phase().word(),
            "net": state.setup().map(|s| s.budget.net),
            "released": state.made().values().map(|m| (&m.service, &m.template, m.released.is_some())).collect::<Vec<_>>(),
            "accepted": state.accepted().collect::<Vec<_>>(),
            "satisfaction": state.satisfaction(),
            "closed": state.closed().map(|(completed, _)| completed),
        })
    }

    fn upcast(version: u32, _body: Value) -> Result<Value, PortError> {
        Err(PortError::new("upcast", PortErrorKind::Corrupt)
            .with_source(format!("project events have no version {version}")))
    }
}
