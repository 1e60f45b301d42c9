//! Task breakdown: from what was ordered to tasks that are traced, estimated and ranked.
//!
//! Every task serves a requirement and is paid for by a price line; every requirement and every
//! line has a task. No task waits for itself. Ids follow from project, service and template, so
//! that the same scope gives the same plan.

mod estimate;
mod graph;
mod priority;
mod scope;
mod task;
mod wbs;

#[cfg(test)]
pub(crate) mod tests;

pub use estimate::Estimate;
pub use priority::{ClientTier, Priority, PriorityFacts, PriorityPolicy};
pub use scope::{Scope, ScopedLine, ScopedPhase, ScopedService, ScopedTask};
pub use task::Task;
pub use wbs::{WbsContent, WbsElement, WorkPackage};

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::id::{LineId, RequirementId, TaskId};
use dealwright_core::knowledge::Slug;
use dealwright_core::money::{Money, MoneyError};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a scope could not be broken down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BreakdownError {
    /// Tasks wait for each other.
    #[error("tasks wait for each other: {}; break the circle in `after`", path.join(" -> "))]
    Circle {
        /// The tasks on the circle as `service/template`, the first repeated at the end.
        path: Vec<String>,
    },
    /// A requirement that no task serves.
    #[error("no task serves {requirement}; order a service for it or drop it")]
    OrphanRequirement {
        /// The requirement.
        requirement: RequirementId,
    },
    /// A price line that no task works for.
    #[error("no task works for {line}, which the client pays; correct the offer")]
    OrphanLine {
        /// The line.
        line: LineId,
    },
    /// A task that nobody asked for or nobody pays for.
    #[error("task `{task}` is traced to no {what}; correct the order")]
    Untraced {
        /// The task as `service/template`.
        task: String,
        /// `requirement` or `price line`.
        what: &'static str,
    },
    /// A predecessor that the service does not have.
    #[error("task `{task}` waits for `{after}`, which is no task of its service")]
    UnknownPredecessor {
        /// The task as `service/template`.
        task: String,
        /// The predecessor's template.
        after: Slug,
    },
    /// Two tasks of one service have the same name.
    #[error("task `{task}` stands in its service twice; give each its own name")]
    Twice {
        /// The task as `service/template`.
        task: String,
    },
    /// A service that the catalogue does not offer any more.
    #[error("service `{service}` is not in the catalogue; add it again")]
    UnknownService {
        /// The service.
        service: String,
    },
    /// Amounts of different currencies, or too large ones.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// The whole scope as a tree of work packages and the tasks inside them, predecessors first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkBreakdown {
    root: WbsElement,
    tasks: Vec<Task>,
}

impl WorkBreakdown {
    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> &WbsElement {
        &self.root
    }

    /// All tasks, predecessors first.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The task of that id.
    #[must_use]
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.iter().find(|t| t.id == id)
    }

    /// What all tasks come to.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        self.tasks.iter().map(Task::estimate).sum()
    }

    /// The tasks that serve a requirement.
    pub fn serving(&self, requirement: RequirementId) -> impl Iterator<Item = &Task> {
        self.tasks
            .iter()
            .filter(move |t| t.requirements.contains(&requirement))
    }
}

/// Breaks a scope down.
///
/// Lines' costs are shared among their tasks by expected minutes, and lose no cent.
///
/// # Errors
///
/// [`BreakdownError`]: a circle is named task by task, an orphan by its id.
pub fn break_down(
    scope: &Scope,
    policy: &PriorityPolicy,
    tier: ClientTier,
    now: Timestamp,
) -> Result<WorkBreakdown, BreakdownError> {
    let mut tasks = Vec::new();
    let mut services = Vec::with_capacity(scope.services.len());
    let mut occurrences: BTreeMap<&Slug, u32> = BTreeMap::new();
    for (place, service) in scope.services.iter().enumerate() {
        let occurrence = occurrences.entry(&service.service).or_default();
        *occurrence += 1;
        let code = format!("1.{}", place + 1);
        services.push(service_element(
            scope,
            service,
            *occurrence,
            &code,
            &mut tasks,
        )?);
    }
    covered(scope, &tasks)?;
    if let Some(circle) = graph::circle(&tasks) {
        let names = circle.iter().chain(circle.first());
        return Err(BreakdownError::Circle {
            path: names.map(|t| label(&t.service, &t.template)).collect(),
        });
    }
    share_costs(scope, &mut tasks)?;
    let mut tasks = graph::in_order(tasks);
    rank(scope, policy, tier, now, &mut tasks)?;
    Ok(WorkBreakdown {
        root: WbsElement {
            code: "1".to_owned(),
            name: scope.name.clone(),
            estimate: services.iter().map(|s| s.estimate).sum(),
            content: WbsContent::Elements(services),
        },
        tasks,
    })
}

fn service_element(
    scope: &Scope,
    service: &ScopedService,
    occurrence: u32,
    code: &str,
    tasks: &mut Vec<Task>,
) -> Result<WbsElement, BreakdownError> {
    let id = |template: &Slug| {
        TaskId::derive(&[
            scope.project.uuid().as_bytes(),
            service.service.as_bytes(),
            &occurrence.to_be_bytes(),
            template.as_bytes(),
        ])
    };
    let mut known = BTreeSet::new();
    for task in service.phases.iter().flat_map(|p| &p.tasks) {
        if !known.insert(&task.key) {
            let task = label(&service.service, &task.key);
            return Err(BreakdownError::Twice { task });
        }
    }
    let lines: Vec<LineId> = scope
        .lines
        .iter()
        .filter(|l| pays(l, service))
        .map(|l| l.id)
        .collect();
    let zero = scope.lines.first().map(|l| Money::zero(l.cost.currency()));
    let mut packages = Vec::with_capacity(service.phases.len());
    for (place, phase) in service.phases.iter().enumerate() {
        let code = format!("{code}.{}", place + 1);
        let mut inside = Vec::with_capacity(phase.tasks.len());
        for (place, task) in phase.tasks.iter().enumerate() {
            let name = || label(&service.service, &task.key);
            let (Some(zero), false) = (zero, lines.is_empty()) else {
                return Err(BreakdownError::Untraced {
                    task: name(),
                    what: "price line",
                });
            };
            if service.requirements.is_empty() {
                return Err(BreakdownError::Untraced {
                    task: name(),
                    what: "requirement",
                });
            }
            if let Some(after) = task.after.iter().find(|a| !known.contains(a)) {
                return Err(BreakdownError::UnknownPredecessor {
                    task: name(),
                    after: after.clone(),
                });
            }
            inside.push(Task {
                id: id(&task.key),
                code: format!("{code}.{}", place + 1),
                name: task.name.clone(),
                service: service.service.clone(),
                phase: phase.phase.clone(),
                template: task.key.clone(),
                role: task.role.clone(),
                skill: task.skill.clone(),
                worker: service.worker.clone(),
                effort: task.effort,
                budget: zero,
                after: task.after.iter().map(id).collect(),
                requirements: service.requirements.iter().copied().collect(),
                lines: lines.clone(),
                drivers: service.drivers.clone(),
                options: service.options.clone(),
                checklist: task.checklist.clone(),
                requires: task.requires.clone(),
                produces: task.produces.clone(),
                client: task.client,
                due: service.due,
                priority: Priority::default(),
            });
        }
        packages.push(WbsElement {
            code,
            name: phase.name.clone(),
            estimate: inside.iter().map(Task::estimate).sum(),
            content: WbsContent::Package(WorkPackage {
                service: service.service.clone(),
                phase: phase.phase.clone(),
                done_when: phase.done_when.clone(),
                tasks: inside.iter().map(|t| t.id).collect(),
            }),
        });
        tasks.append(&mut inside);
    }
    Ok(WbsElement {
        code: code.to_owned(),
        name: service.name.clone(),
        estimate: packages.iter().map(|p| p.estimate).sum(),
        content: WbsContent::Elements(packages),
    })
}

fn pays(line: &ScopedLine, service: &ScopedService) -> bool {
    line.service == service.service.as_str()
        && !line.requirements.is_disjoint(&service.requirements)
}

/// Every requirement and every line has a task.
fn covered(scope: &Scope, tasks: &[Task]) -> Result<(), BreakdownError> {
    let served: BTreeSet<RequirementId> = tasks
        .iter()
        .flat_map(|t| &t.requirements)
        .copied()
        .collect();
    if let Some(requirement) = scope.requirements.difference(&served).next() {
        return Err(BreakdownError::OrphanRequirement {
            requirement: *requirement,
        });
    }
    match scope
        .lines
        .iter()
        .find(|l| !tasks.iter().any(|t| t.lines.contains(&l.id)))
    {
        None => Ok(()),
        Some(line) => Err(BreakdownError::OrphanLine { line: line.id }),
    }
}

fn share_costs(scope: &Scope, tasks: &mut [Task]) -> Result<(), BreakdownError> {
    for line in &scope.lines {
        let weight = |task: &Task| {
            let minutes = u64::try_from(task.estimate().mean_sixths()).unwrap_or(0);
            if task.lines.contains(&line.id) {
                minutes.max(1)
            } else {
                0
            }
        };
        let weights: Vec<u64> = tasks.iter().map(weight).collect();
        for (task, share) in tasks.iter_mut().zip(line.cost.allocate(&weights)?) {
            task.budget = task.budget.checked_add(share)?;
        }
    }
    Ok(())
}

fn rank(
    scope: &Scope,
    policy: &PriorityPolicy,
    tier: ClientTier,
    now: Timestamp,
    tasks: &mut [Task],
) -> Result<(), BreakdownError> {
    let waiting = graph::waiting(tasks);
    for task in tasks {
        let mut value = Money::zero(task.budget.currency());
        for line in scope.lines.iter().filter(|l| task.lines.contains(&l.id)) {
            value = value.checked_add(line.net)?;
        }
        task.priority = policy.priority(&PriorityFacts {
            now,
            due: task.due,
            value,
            tier,
            unblocks: waiting.get(&task.id).copied().unwrap_or(0),
        });
    }
    Ok(())
}

fn label(service: &Slug, template: &Slug) -> String {
    format!("{service}/{template}")
}
