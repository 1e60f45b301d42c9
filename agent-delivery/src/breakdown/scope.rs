use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::handoff::ServiceOrder;
use dealwright_core::id::{LineId, ProjectId, RequirementId};
use dealwright_core::knowledge::{Catalogue, Effort, Service, Slug, TaskTemplate, WorkerKind};
use dealwright_core::money::Money;
use dealwright_core::time::Timestamp;

use super::BreakdownError;
use crate::setup::{ProjectSetup, is_ordered};

/// All that is to be done, as templates made concrete by drivers and options; not checked yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// The project.
    pub project: ProjectId,
    /// Its name, for people.
    pub name: String,
    /// What the client needs.
    pub requirements: BTreeSet<RequirementId>,
    /// What is paid for.
    pub lines: Vec<ScopedLine>,
    /// The services, in the order of the hand-off.
    pub services: Vec<ScopedService>,
}

/// A price line, as far as the plan is traced to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopedLine {
    /// The line.
    pub id: LineId,
    /// The service it pays for.
    pub service: String,
    /// The requirements it answers.
    pub requirements: BTreeSet<RequirementId>,
    /// What the client pays.
    pub net: Money,
    /// What it may cost us.
    pub cost: Money,
}

/// An ordered service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopedService {
    /// The service.
    pub service: Slug,
    /// Its name, for people.
    pub name: String,
    /// The requirements it answers.
    pub requirements: BTreeSet<RequirementId>,
    /// When it was promised.
    pub due: Option<Timestamp>,
    /// Who does it when nothing else is decided.
    pub worker: WorkerKind,
    /// What makes it larger or smaller, defaults filled in.
    pub drivers: BTreeMap<String, i64>,
    /// The options that were chosen.
    pub options: Vec<String>,
    /// Its phases with the tasks that are ordered.
    pub phases: Vec<ScopedPhase>,
}

/// A phase of an ordered service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopedPhase {
    /// The phase within the service.
    pub phase: Slug,
    /// Its name, for people.
    pub name: String,
    /// What must hold before it counts as done.
    pub done_when: Vec<String>,
    /// The ordered tasks.
    pub tasks: Vec<ScopedTask>,
}

/// A task of an ordered service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopedTask {
    /// The template within the service.
    pub key: Slug,
    /// Its name, for people.
    pub name: String,
    /// The role that does it.
    pub role: Slug,
    /// The skill it needs.
    pub skill: Slug,
    /// Its effort under the service's drivers.
    pub effort: Effort,
    /// The tasks of the same service that must be done before.
    pub after: Vec<Slug>,
    /// What to tick off.
    pub checklist: Vec<String>,
    /// What must be there before it can start.
    pub requires: Vec<Slug>,
    /// The deliverables it yields.
    pub produces: Vec<Slug>,
    /// Whether the client has to do or decide something in it.
    pub client: bool,
}

impl Scope {
    /// The scope of a project: the one place where catalogue and hand-off become a plan.
    ///
    /// A driver that the order does not give is taken from the requirements, then from the
    /// catalogue's default. Tasks of options that were not chosen are left out; whoever waited
    /// for one waits for those it waited for.
    ///
    /// # Errors
    ///
    /// [`BreakdownError::UnknownService`] where the catalogue changed since the set-up.
    pub fn of(setup: &ProjectSetup, catalogue: &Catalogue) -> Result<Self, BreakdownError> {
        let mut services = Vec::with_capacity(setup.orders.len());
        for order in &setup.orders {
            let service = catalogue.service(&order.service).ok_or_else(|| {
                BreakdownError::UnknownService {
                    service: order.service.clone(),
                }
            })?;
            services.push(scoped(setup, order, service));
        }
        Ok(Self {
            project: setup.project,
            name: setup.client.clone(),
            requirements: setup.requirements.keys().copied().collect(),
            lines: setup
                .budget
                .lines
                .iter()
                .map(|line| ScopedLine {
                    id: line.line,
                    service: line.service.clone(),
                    requirements: line.requirements.iter().copied().collect(),
                    net: line.net,
                    cost: line.cost,
                })
                .collect(),
            services,
        })
    }
}

fn scoped(setup: &ProjectSetup, order: &ServiceOrder, service: &Service) -> ScopedService {
    let asked = |id: &str| {
        order
            .requirements
            .iter()
            .filter_map(|r| setup.requirements.get(r)?.drivers.get(id))
            .max()
            .copied()
    };
    let mut drivers = order.drivers.clone();
    for driver in &service.drivers {
        let id = driver.id.as_str();
        if !drivers.contains_key(id) {
            drivers.insert(id.to_owned(), asked(id).unwrap_or(driver.default));
        }
    }
    let templates: BTreeMap<&Slug, &TaskTemplate> =
        service.tasks().map(|(_, task)| (&task.id, task)).collect();
    let task = |template: &TaskTemplate| ScopedTask {
        key: template.id.clone(),
        name: template.name.clone(),
        role: template.role.clone(),
        skill: template.skill.clone(),
        effort: template.effort_for(|id| drivers.get(id).copied()),
        after: ordered_after(template, &templates, order),
        checklist: template.checklist.clone(),
        requires: template.requires.clone(),
        produces: template.produces.clone(),
        client: template.client,
    };
    let phases = service
        .phases
        .iter()
        .map(|phase| ScopedPhase {
            phase: phase.id.clone(),
            name: phase.name.clone(),
            done_when: phase.done_when.clone(),
            tasks: phase
                .tasks
                .iter()
                .filter(|t| is_ordered(t.option.as_ref(), order))
                .map(task)
                .collect(),
        })
        .filter(|phase| !phase.tasks.is_empty())
        .collect();
    ScopedService {
        service: service.id.clone(),
        name: service.name.clone(),
        requirements: order.requirements.iter().copied().collect(),
        due: setup.due(&order.service),
        worker: service.worker.clone(),
        options: order.options.clone(),
        phases,
        drivers,
    }
}

/// Predecessors with those that are not ordered replaced by their own; the catalogue promises
/// that there is no circle.
fn ordered_after(
    template: &TaskTemplate,
    templates: &BTreeMap<&Slug, &TaskTemplate>,
    order: &ServiceOrder,
) -> Vec<Slug> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Slug> = template.after.iter().collect();
    while let Some(id) = open.pop() {
        match templates.get(id) {
            Some(task) if !is_ordered(task.option.as_ref(), order) => open.extend(&task.after),
            _ => drop(found.insert(id.clone())),
        }
    }
    found.into_iter().collect()
}
