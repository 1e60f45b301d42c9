use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::canonical::Digest32;
use dealwright_core::handoff::{DealWon, MilestoneTerms};
use dealwright_core::id::{DeliverableId, MilestoneId, TaskId};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::HeardLately;
use serde::{Deserialize, Serialize};

use super::{AcceptedBy, LetterSpec, ProjectEvent};
use crate::breakdown::{Task, WorkBreakdown};
use crate::deliverable::{Manifest, ReleaseRecord};
use crate::execute::{DecisionLog, ProducedPart, TaskOrder, TaskResult, WorkerIdentity};
use crate::report::LoggedFact;
use crate::review::{Review, Rework};
use crate::schedule::Schedule;
use crate::setup::ProjectSetup;

/// Where a project stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "views must show every phase")]
pub enum ProjectPhase {
    /// Nothing was ordered yet.
    New,
    /// Ordered; no task was begun.
    Planned,
    /// Tasks are under way.
    Working,
    /// All tasks are done, something is not released.
    Reviewing,
    /// Everything is released; the client's word or the report is awaited.
    Delivered,
    /// Over.
    Closed,
}

impl ProjectPhase {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Planned => "planned",
            Self::Working => "working",
            Self::Reviewing => "reviewing",
            Self::Delivered => "delivered",
            Self::Closed => "closed",
        }
    }
}

/// A plan as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// What is to be done.
    pub breakdown: WorkBreakdown,
    /// When, and by whom.
    pub schedule: Schedule,
    /// What comes of it.
    pub made: BTreeMap<DeliverableId, Made>,
}

/// A deliverable on its way to the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The service, a slug.
    pub service: String,
    /// Which of the service's deliverables it is, a slug.
    pub template: String,
    /// Its name, for people.
    pub name: String,
    /// The version made last; 0 before the first.
    pub version: u32,
    /// The version under review, where there is one.
    pub manifest: Option<Manifest>,
    /// The results of its review so far.
    pub review: Option<Review>,
    /// The rework it has taken.
    pub rework: Rework,
    /// Why a person must decide, where one must.
    pub escalated: Option<String>,
    /// The version that the client may see, as far as it is the latest.
    pub released: Option<ReleaseRecord>,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "views must show every status")]
pub enum TaskStatus {
    /// Not begun, or to be done again.
    #[default]
    Waiting,
    /// Somebody is at it.
    Running,
    /// Done.
    Done,
}

/// A task's life within a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRun {
    /// How far it is.
    pub status: TaskStatus,
    /// The number of the last try; 0 before the first.
    pub attempt: u32,
    /// What the last try was asked for.
    pub order: Option<Box<TaskOrder>>,
    /// Who is or was at it; `None` for the client.
    pub worker: Option<WorkerIdentity>,
    /// Why a person does it instead of the planned worker.
    pub by_hand: Option<String>,
    /// What was wrong with the last try.
    pub faults: Vec<String>,
    /// Parts made so far by hand.
    pub parts: Vec<ProducedPart>,
    /// What came of the last finished try.
    pub result: Option<Box<TaskResult>>,
}

/// A letter that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectLetter {
    /// What it is made of.
    pub spec: LetterSpec,
    /// The number of the last try, from 0.
    pub tries: u32,
    /// When it left, and its `Message-ID`.
    pub sent: Option<(Timestamp, String)>,
    /// The rule that stopped it.
    pub stopped: Option<String>,
}

/// What the client was given for a milestone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// Which round, from 1.
    pub round: u32,
    /// The letter's step.
    pub step: String,
    /// The hash of what was given.
    pub manifest: Digest32,
    /// The manifests it consists of.
    pub contents: Vec<Digest32>,
    /// Questions about it so far.
    pub questions: u32,
    /// Changes that were asked for.
    pub changes: u32,
    /// Whether it waits for a new version.
    pub open: bool,
    /// How and when it was accepted.
    pub accepted: Option<(AcceptedBy, Timestamp)>,
}

/// All that a project knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectState {
    deal: Option<Box<DealWon>>,
    setup: Option<Box<ProjectSetup>>,
    plan: Option<Box<Planned>>,
    runs: BTreeMap<TaskId, TaskRun>,
    made: BTreeMap<DeliverableId, Made>,
    decisions: DecisionLog,
    hand_overs: BTreeMap<MilestoneId, HandOver>,
    letters: BTreeMap<String, ProjectLetter>,
    facts: Vec<LoggedFact>,
    heard_count: u32,
    heard_at: HeardLately,
    last_heard: Option<String>,
    plan_document: Option<Digest32>,
    report_begun: bool,
    report: Option<Digest32>,
    satisfaction: Option<u8>,
    needs_person: Option<String>,
    closed: Option<(bool, Timestamp)>,
}

impl ProjectState {
    /// What was agreed.
    #[must_use]
    pub fn deal(&self) -> Option<&DealWon> {
        self.deal.as_deref()
    }

    /// What it came to; inputs that came since are among its facts.
    #[must_use]
    pub fn setup(&self) -> Option<&ProjectSetup> {
        self.setup.as_deref()
    }

    /// The tree of work and the tasks, once there is a plan.
    #[must_use]
    pub fn breakdown(&self) -> Option<&WorkBreakdown> {
        self.plan.as_ref().map(|p| &p.breakdown)
    }

    /// Who does what when, once there is a plan.
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        self.plan.as_ref().map(|p| &p.schedule)
    }

    /// The tasks, predecessors first.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        self.breakdown().map_or(&[], WorkBreakdown::tasks)
    }

    /// How far a task is.
    #[must_use]
    pub fn run(&self, task: TaskId) -> Option<&TaskRun> {
        self.runs.get(&task)
    }

    /// The deliverables.
    #[must_use]
    pub fn made(&self) -> &BTreeMap<DeliverableId, Made> {
        &self.made
    }

    /// How each try of each task was done.
    #[must_use]
    pub fn decisions(&self) -> &DecisionLog {
        &self.decisions
    }

    /// What the client was given.
    #[must_use]
    pub fn hand_overs(&self) -> &BTreeMap<MilestoneId, HandOver> {
        &self.hand_overs
    }

    /// The milestones that count as accepted.
    pub fn accepted(&self) -> impl Iterator<Item = MilestoneId> {
        self.hand_overs
            .iter()
            .filter(|(_, h)| h.accepted.is_some())
            .map(|(id, _)| *id)
    }

    /// Its letters, by step.
    #[must_use]
    pub fn letters(&self) -> &BTreeMap<String, ProjectLetter> {
        &self.letters
    }

    /// What reports are made of.
    #[must_use]
    pub fn facts(&self) -> &[LoggedFact] {
        &self.facts
    }

    /// How often the client was heard.
    #[must_use]
    pub fn heard_count(&self) -> u32 {
        self.heard_count
    }

    /// How many messages of the client came within a day up to the last one.
    #[must_use]
    pub fn heard_lately(&self) -> u32 {
        self.heard_at.count()
    }

    /// The `Message-ID` of the client's latest message.
    #[must_use]
    pub fn last_heard(&self) -> Option<&str> {
        self.last_heard.as_deref()
    }

    /// Whether the final report was asked for.
    #[must_use]
    pub fn is_report_begun(&self) -> bool {
        self.report_begun
    }

    /// The final report's bytes.
    #[must_use]
    pub fn report(&self) -> Option<Digest32> {
        self.report
    }

    /// The plan as a document for the client, in `Blobs`.
    #[must_use]
    pub fn plan_document(&self) -> Option<Digest32> {
        self.plan_document
    }

    /// The client's answer to the final question, 1 (poor) to 5 (very good).
    #[must_use]
    pub fn satisfaction(&self) -> Option<u8> {
        self.satisfaction
    }

    /// What a person must look at, where there is something.
    #[must_use]
    pub fn needs_person(&self) -> Option<&str> {
        self.needs_person.as_deref()
    }

    /// Whether all was delivered and when it ended, once it has.
    #[must_use]
    pub fn closed(&self) -> Option<(bool, Timestamp)> {
        self.closed
    }

    /// Where it stands.
    #[must_use]
    pub fn phase(&self) -> ProjectPhase {
        if self.closed.is_some() {
            return ProjectPhase::Closed;
        }
        if self.deal.is_none() {
            return ProjectPhase::New;
        }
        let begun = self.runs.values().any(|r| r.attempt > 0);
        let done = self.runs.values().all(|r| r.status == TaskStatus::Done);
        match (begun, done) {
            (false, _) => ProjectPhase::Planned,
            (true, false) => ProjectPhase::Working,
            (true, true) if self.made.values().all(|m| m.released.is_some()) => {
                ProjectPhase::Delivered
            }
            (true, true) => ProjectPhase::Reviewing,
        }
    }

    /// The latest `Message-ID` we sent.
    #[must_use]
    pub fn last_sent(&self) -> Option<&str> {
        self.letters
            .values()
            .filter_map(|l| l.sent.as_ref())
            .max()
            .map(|(_, id)| id.as_str())
    }

    /// The promised dates in order, each with the services that reach it; what no date names
    /// belongs to the last.
    #[must_use]
    pub fn milestones(&self) -> Vec<(MilestoneTerms, BTreeSet<String>)> {
        let Some(setup) = &self.setup else {
            return Vec::new();
        };
        let mut terms = setup.milestones.clone();
        terms.sort_by_key(|m| (m.due, m.id));
        let named: BTreeSet<&String> = setup.milestones.iter().flat_map(|m| &m.services).collect();
        let stray: Vec<String> = setup
            .orders
            .iter()
            .map(|o| o.service.clone())
            .filter(|s| !named.contains(s))
            .collect();
        let last = terms.len();
        terms
            .into_iter()
            .enumerate()
            .map(|(place, term)| {
                let mut services: BTreeSet<String> = term.services.iter().cloned().collect();
                if place + 1 == last {
                    services.extend(stray.iter().cloned());
                }
                (term, services)
            })
            .collect()
    }

    /// The names of inputs that are still missing.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.setup
            .iter()
            .flat_map(|s| &s.inputs)
            .filter(|i| !i.given)
            .map(|i| i.name.as_str())
    }

    pub(super) fn tell(&mut self, fact: LoggedFact) {
        self.facts.push(fact);
    }

    pub(super) fn after(mut self, event: &ProjectEvent) -> Self {
        match event {
            ProjectEvent::Opened { deal, setup } => {
                self.deal = Some(deal.clone());
                self.setup = Some(setup.clone());
            }
            ProjectEvent::PlanMade { plan } => {
                self.runs = plan
                    .breakdown
                    .tasks()
                    .iter()
                    .map(|t| (t.id(), TaskRun::default()))
                    .collect();
                self.made.clone_from(&plan.made);
                self.plan = Some(plan.clone());
                self.needs_person = None;
            }
            ProjectEvent::InputGiven { name, value } => {
                if let Some(setup) = &mut self.setup {
                    setup.facts.insert(name.to_string(), value.clone());
                    // What the client says of themselves outweighs what others say of them.
                    setup.facts.insert(format!("own.{name}"), value.clone());
                    for input in setup.inputs.iter_mut().filter(|i| i.name == *name) {
                        input.given = true;
                    }
                }
            }
            ProjectEvent::TaskStarted { .. }
            | ProjectEvent::HandedToPerson { .. }
            | ProjectEvent::PartMade { .. }
            | ProjectEvent::TaskDone { .. } => self.after_work(event),
            ProjectEvent::ReviewOpened { .. }
            | ProjectEvent::Judged { .. }
            | ProjectEvent::SentBack { .. }
            | ProjectEvent::Escalated { .. }
            | ProjectEvent::Released(_) => self.after_review(event),
            ProjectEvent::HandedOver { .. }
            | ProjectEvent::Questioned { .. }
            | ProjectEvent::ChangeAsked { .. }
            | ProjectEvent::MilestoneAccepted { .. } => self.after_hand_over(event),
            ProjectEvent::Asked { .. }
            | ProjectEvent::LetterSent { .. }
            | ProjectEvent::LetterStopped { .. } => self.after_letter(event),
            ProjectEvent::AwaitsApproval { .. } | ProjectEvent::LetterDeferred { .. } => {}
            ProjectEvent::ClientSaid { message_id, at, .. } => {
                self.heard_count = self.heard_count.saturating_add(1);
                self.heard_at.add(*at);
                if message_id.is_some() {
                    self.last_heard.clone_from(message_id);
                }
            }
            ProjectEvent::PlanWritten { blob } => self.plan_document = Some(*blob),
            ProjectEvent::ReportBegun => self.report_begun = true,
            ProjectEvent::ReportMade { blob } => self.report = Some(*blob),
            ProjectEvent::Satisfied { score } => self.satisfaction = Some(*score),
            ProjectEvent::NeedsPerson { why } => self.needs_person = Some(why.clone()),
            ProjectEvent::SeenBy { .. } => self.needs_person = None,
            ProjectEvent::Closed { completed, at } => self.closed = Some((*completed, *at)),
            ProjectEvent::Told { facts } => self.facts.extend(facts.iter().cloned()),
        }
        self
    }

    fn after_work(&mut self, event: &ProjectEvent) {
        match event {
            ProjectEvent::TaskStarted { order, worker } => {
                let run = self.runs.entry(order.task).or_default();
                run.status = TaskStatus::Running;
                run.attempt = order.attempt;
                run.worker.clone_from(worker);
                run.order = Some(order.clone());
                run.parts.clear();
            }
            ProjectEvent::HandedToPerson { task, why } => {
                let run = self.runs.entry(*task).or_default();
                run.status = TaskStatus::Waiting;
                run.by_hand = Some(why.clone());
            }
            ProjectEvent::PartMade { task, part } => {
                self.runs.entry(*task).or_default().parts.push(part.clone());
            }
            ProjectEvent::TaskDone { entry, result } => {
                let run = self.runs.entry(entry.task).or_default();
                run.status = TaskStatus::Done;
                run.worker = Some(entry.worker.clone());
                run.result = Some(result.clone());
                // The decision was checked against the log before it was recorded.
                self.decisions.write((**entry).clone()).ok();
            }
            _ => {}
        }
    }

    fn after_review(&mut self, event: &ProjectEvent) {
        match event {
            ProjectEvent::ReviewOpened { manifest, review } => {
                if let Some(made) = self.made.get_mut(&manifest.head().deliverable) {
                    made.version = manifest.head().version;
                    made.manifest = Some((**manifest).clone());
                    made.review = Some((**review).clone());
                    made.escalated = None;
                }
            }
            ProjectEvent::Judged {
                deliverable,
                review,
            } => {
                if let Some(made) = self.made.get_mut(deliverable) {
                    made.review = Some((**review).clone());
                }
            }
            ProjectEvent::SentBack {
                deliverable,
                rework,
                faults,
            } => {
                if let Some(made) = self.made.get_mut(deliverable) {
                    made.rework = *rework;
                }
                self.reopen(*deliverable, faults);
            }
            ProjectEvent::Escalated { deliverable, why } => {
                if let Some(made) = self.made.get_mut(deliverable) {
                    made.escalated = Some(why.clone());
                }
            }
            ProjectEvent::Released(record) => {
                if let Some(made) = self.made.get_mut(&record.manifest().head().deliverable) {
                    made.released = Some((**record).clone());
                }
            }
            _ => {}
        }
    }

    fn after_hand_over(&mut self, event: &ProjectEvent) {
        match event {
            ProjectEvent::HandedOver {
                milestone,
                round,
                step,
                manifest,
                contents,
            } => {
                let changes = self.hand_overs.get(milestone).map_or(0, |h| h.changes);
                let hand_over = HandOver {
                    round: *round,
                    step: step.clone(),
                    manifest: *manifest,
                    contents: contents.clone(),
                    questions: 0,
                    changes,
                    open: false,
                    accepted: None,
                };
                self.hand_overs.insert(*milestone, hand_over);
            }
            ProjectEvent::Questioned { milestone } => {
                if let Some(hand_over) = self.hand_overs.get_mut(milestone) {
                    hand_over.questions = hand_over.questions.saturating_add(1);
                }
            }
            ProjectEvent::ChangeAsked {
                milestone,
                message_id,
                covered,
            } => {
                let Some(hand_over) = self.hand_overs.get_mut(milestone) else {
                    return;
                };
                hand_over.changes = hand_over.changes.saturating_add(1);
                hand_over.questions = hand_over.questions.saturating_add(1);
                if *covered {
                    hand_over.open = true;
                    let contents = hand_over.contents.clone();
                    let fault = match message_id {
                        Some(id) => format!("the client asked for a change in message {id}"),
                        None => "the client asked for a change".to_owned(),
                    };
                    let again: Vec<DeliverableId> = self
                        .made
                        .iter()
                        .filter(|(_, m)| {
                            let released = m.released.as_ref().map(|r| r.manifest().hash());
                            released.is_some_and(|hash| contents.contains(&hash))
                        })
                        .map(|(id, _)| *id)
                        .collect();
                    for deliverable in again {
                        self.reopen(deliverable, std::slice::from_ref(&fault));
                    }
                }
            }
            ProjectEvent::MilestoneAccepted {
                milestone, by, at, ..
            } => {
                if let Some(hand_over) = self.hand_overs.get_mut(milestone) {
                    hand_over.accepted = Some((by.clone(), *at));
                }
            }
            _ => {}
        }
    }

    fn after_letter(&mut self, event: &ProjectEvent) {
        match event {
            ProjectEvent::Asked { step, spec, tries } => {
                let letter = self
                    .letters
                    .entry(step.clone())
                    .or_insert_with(|| ProjectLetter {
                        spec: (**spec).clone(),
                        tries: 0,
                        sent: None,
                        stopped: None,
                    });
                letter.tries = *tries;
            }
            ProjectEvent::LetterSent {
                step,
                at,
                message_id,
            } => {
                if let Some(letter) = self.letters.get_mut(step) {
                    letter.sent = Some((*at, message_id.clone()));
                }
            }
            ProjectEvent::LetterStopped { step, rule, .. } => {
                if let Some(letter) = self.letters.get_mut(step) {
                    letter.stopped = Some(rule.clone());
                }
            }
            _ => {}
        }
    }

    /// Puts the tasks that yield a deliverable back to the start, and takes it from view.
    fn reopen(&mut self, deliverable: DeliverableId, faults: &[String]) {
        let Some(made) = self.made.get_mut(&deliverable) else {
            return;
        };
        made.manifest = None;
        made.review = None;
        made.released = None;
        let (service, template) = (made.service.clone(), made.template.clone());
        let makers: Vec<TaskId> = self
            .tasks()
            .iter()
            .filter(|t| *t.service().as_str() == *service)
            .filter(|t| t.produces().iter().any(|p| p.as_str() == template))
            .map(Task::id)
            .collect();
        for task in makers {
            let run = self.runs.entry(task).or_default();
            run.status = TaskStatus::Waiting;
            run.faults = faults.to_vec();
        }
    }
}
