use std::collections::BTreeMap;

use dealwright_core::id::{LineId, RequirementId, TaskId};
use dealwright_core::knowledge::{Effort, Slug, WorkerKind};
use dealwright_core::money::Money;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Estimate, Priority};

/// A to-do inside a work package, traced to what it is for and to what pays for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub(super) id: TaskId,
    pub(super) code: String,
    pub(super) name: String,
    pub(super) service: Slug,
    pub(super) phase: Slug,
    pub(super) template: Slug,
    pub(super) role: Slug,
    pub(super) skill: Slug,
    pub(super) worker: WorkerKind,
    pub(super) effort: Effort,
    pub(super) budget: Money,
    pub(super) after: Vec<TaskId>,
    pub(super) requirements: Vec<RequirementId>,
    pub(super) lines: Vec<LineId>,
    pub(super) drivers: BTreeMap<String, i64>,
    pub(super) options: Vec<String>,
    pub(super) checklist: Vec<String>,
    pub(super) requires: Vec<Slug>,
    pub(super) produces: Vec<Slug>,
    pub(super) client: bool,
    pub(super) due: Option<Timestamp>,
    pub(super) priority: Priority,
}

impl Task {
    /// Its id; follows from project, service, occurrence and template.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Its place in the work breakdown, for people: `1.2.1.3`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Its name, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The service it belongs to.
    #[must_use]
    pub fn service(&self) -> &Slug {
        &self.service
    }

    /// The phase of the service.
    #[must_use]
    pub fn phase(&self) -> &Slug {
        &self.phase
    }

    /// The template it was made from, within the service.
    #[must_use]
    pub fn template(&self) -> &Slug {
        &self.template
    }

    /// The role that does it.
    #[must_use]
    pub fn role(&self) -> &Slug {
        &self.role
    }

    /// The skill it needs.
    #[must_use]
    pub fn skill(&self) -> &Slug {
        &self.skill
    }

    /// Who does it when nothing else is decided.
    #[must_use]
    pub fn worker(&self) -> &WorkerKind {
        &self.worker
    }

    /// Three guesses of its effort, in minutes.
    #[must_use]
    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// What the guesses come to.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        Estimate::of(self.effort)
    }

    /// Its part of what the work may cost; all parts of a line sum to the line.
    #[must_use]
    pub fn budget(&self) -> Money {
        self.budget
    }

    /// The tasks that must be done before.
    #[must_use]
    pub fn after(&self) -> &[TaskId] {
        &self.after
    }

    /// The requirements it serves; never empty.
    #[must_use]
    pub fn requirements(&self) -> &[RequirementId] {
        &self.requirements
    }

    /// The price lines that pay for it; never empty.
    #[must_use]
    pub fn lines(&self) -> &[LineId] {
        &self.lines
    }

    /// What makes the service larger or smaller.
    #[must_use]
    pub fn drivers(&self) -> &BTreeMap<String, i64> {
        &self.drivers
    }

    /// The options of the service that were chosen.
    #[must_use]
    pub fn options(&self) -> &[String] {
        &self.options
    }

    /// What to tick off.
    #[must_use]
    pub fn checklist(&self) -> &[String] {
        &self.checklist
    }

    /// What must be there before it can start.
    #[must_use]
    pub fn requires(&self) -> &[Slug] {
        &self.requires
    }

    /// The deliverables it yields.
    #[must_use]
    pub fn produces(&self) -> &[Slug] {
        &self.produces
    }

    /// Whether the client has to do or decide something in it.
    #[must_use]
    pub fn is_clients(&self) -> bool {
        self.client
    }

    /// When its service was promised.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.due
    }

    /// How urgent it is, and why.
    #[must_use]
    pub fn priority(&self) -> &Priority {
        &self.priority
    }
}
