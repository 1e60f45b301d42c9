use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use dealwright_core::id::TaskId;
use dealwright_core::knowledge::{Slug, WorkerKind};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Activity, Booking, Hours, Mode, Network, Problem, ProblemError, Resource, Search, Solution,
    StaffMember, solve, violations,
};
use crate::breakdown::{Task, WorkBreakdown};
use crate::execute::WorkerIdentity;

/// Days ahead that are looked at first; doubled until the work fits.
const FIRST_HORIZON: u32 = 120;
/// No plan looks further ahead.
const LAST_HORIZON: u32 = 1_920;

/// What a plan is made of.
#[derive(Clone, Debug)]
pub struct PlanInput<'a> {
    /// The tasks.
    pub breakdown: &'a WorkBreakdown,
    /// Tasks that are done; the others are planned from `from` on.
    pub done: &'a BTreeSet<TaskId>,
    /// Who can be given tasks.
    pub staff: &'a [StaffMember],
    /// What is booked already.
    pub bookings: &'a [Booking],
    /// When the client works; tasks of the client's go there.
    pub client: &'a Hours,
    /// No task starts sooner.
    pub from: Timestamp,
    /// When inputs that are still missing are reckoned with; tasks wait for them.
    pub expected: &'a BTreeMap<Slug, Timestamp>,
    /// How far to search.
    pub search: Search,
}

/// When a task is planned, and with whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledTask {
    /// The task.
    pub task: TaskId,
    /// Who does it; `None` for the client.
    pub worker: Option<WorkerIdentity>,
    /// When it starts.
    pub start: Timestamp,
    /// When it is done.
    pub finish: Timestamp,
    /// Working minutes it may take longer without moving the end.
    pub slack: i64,
    /// Whether any delay moves the end.
    pub critical: bool,
}

/// A plan: each task in time, nobody above capacity, predecessors first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The tasks in order of their start.
    pub tasks: Vec<ScheduledTask>,
    /// When all is done; the plan's start where there is nothing to do.
    pub end: Timestamp,
    /// Tasks whose service is promised for before they are done.
    pub late: BTreeSet<TaskId>,
    /// How many schedules were compared.
    pub schedules: u32,
}

impl Schedule {
    /// When and with whom a task is planned.
    #[must_use]
    pub fn task(&self, id: TaskId) -> Option<&ScheduledTask> {
        self.tasks.iter().find(|t| t.task == id)
    }

    /// The tasks that may not be delayed, in order of their start.
    #[must_use]
    pub fn critical_path(&self) -> Vec<TaskId> {
        self.tasks
            .iter()
            .filter(|t| t.critical)
            .map(|t| t.task)
            .collect()
    }

    /// The time that the plan takes from its workers, for other plans to keep clear of.
    #[must_use]
    pub fn bookings(&self) -> Vec<Booking> {
        self.tasks
            .iter()
            .filter_map(|t| {
                Some(Booking {
                    worker: t.worker.clone()?,
                    from: t.start,
                    to: t.finish,
                })
            })
            .collect()
    }
}

/// What a delay moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    /// The end before the delay.
    pub end_before: Timestamp,
    /// The end with it.
    pub end_after: Timestamp,
    /// The tasks that are done later, with the new finish of each, in order of their old start.
    pub moved: Vec<(TaskId, Timestamp)>,
}

/// A schedule together with the net that says what a delay pushes.
#[derive(Clone, Debug)]
pub struct Plan {
    schedule: Schedule,
    network: Network,
    /// Task of each activity of the net.
    tasks: Vec<TaskId>,
    origin: Timestamp,
}

impl Plan {
    /// The schedule.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// What slips if a task takes `minutes` working minutes longer; `None` for a task that is
    /// not in the plan, or where nobody has the time.
    #[must_use]
    pub fn slip(&self, task: TaskId, minutes: i64) -> Option<Slip> {
        let activity = self.tasks.iter().position(|t| *t == task)?;
        let times = self.network.delayed(activity, minutes)?;
        let finishes: BTreeMap<TaskId, Timestamp> = self
            .tasks
            .iter()
            .zip(&times)
            .map(|(t, (_, finish))| (*t, instant(self.origin, *finish)))
            .collect();
        let moved = self
            .schedule
            .tasks
            .iter()
            .filter_map(|t| {
                let finish = finishes.get(&t.task)?;
                (*finish > t.finish).then_some((t.task, *finish))
            })
            .collect();
        Some(Slip {
            end_before: self.schedule.end,
            end_after: finishes
                .values()
                .copied()
                .max()
                .unwrap_or(self.schedule.end),
            moved,
        })
    }
}

/// Why no plan was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// Nobody can do a task.
    #[error("nobody has the skill `{skill}` that task `{task}` needs; add it to the staff")]
    NoOne {
        /// The task's name.
        task: String,
        /// The skill.
        skill: Slug,
    },
    /// Nobody has the time.
    #[error("nobody with the skill `{skill}` has time for task `{task}`; add staff or hours")]
    NoTime {
        /// The task's name.
        task: String,
        /// The skill.
        skill: Slug,
    },
    /// The tasks contradict each other; a breakdown that was checked does not.
    #[error("the tasks cannot be scheduled")]
    Problem(#[from] ProblemError),
}

/// Makes a plan: who does what when.
///
/// A task goes to whoever ends it first among those who can do it: the tool or model that its
/// service names where it is among the staff and has the skill, else everybody who has the
/// skill. Tasks of the client's take no staff. Urgent work is done first where it would be late.
///
/// # Errors
///
/// [`ScheduleError::NoOne`] or [`ScheduleError::NoTime`], naming the task.
pub fn plan(input: &PlanInput<'_>) -> Result<Plan, ScheduleError> {
    let open: Vec<&Task> = input
        .breakdown
        .tasks()
        .iter()
        .filter(|t| !input.done.contains(&t.id()))
        .collect();
    let mut days = FIRST_HORIZON;
    loop {
        let (problem, workers) = problem_of(input, &open, days)?;
        match solve(&problem, input.search) {
            Ok(found) => {
                debug_assert_eq!(violations(&problem, &found.placements), []);
                let network = Network::of(&problem, &found.placements)?;
                return Ok(finished(input, &open, &problem, &workers, network, &found));
            }
            Err(ProblemError::NoRoom { .. }) if days < LAST_HORIZON => days *= 2,
            Err(ProblemError::NoRoom { activity }) => {
                let task = open.get(activity);
                return Err(
                    task.map_or(ProblemError::NoRoom { activity }.into(), |task| {
                        ScheduleError::NoTime {
                            task: task.name().to_owned(),
                            skill: task.skill().clone(),
                        }
                    }),
                );
            }
            Err(other) => return Err(other.into()),
        }
    }
}

/// The scheduling problem, and the worker of each resource.
fn problem_of(
    input: &PlanInput<'_>,
    open: &[&Task],
    days: u32,
) -> Result<(Problem, Vec<Option<WorkerIdentity>>), ScheduleError> {
    // The client's clock: tasks of the client's keep to it and take no unit of it.
    let mut resources = vec![Resource {
        capacity: 1,
        windows: input.client.windows(input.from, days),
    }];
    let mut workers = vec![None];
    // Resources of each member of the staff, one a task that it can do at a time.
    let mut lanes: Vec<(&StaffMember, Vec<usize>)> = Vec::with_capacity(input.staff.len());
    for member in input.staff {
        let mut places = Vec::new();
        for windows in member.lanes(input.bookings, input.from, days) {
            places.push(resources.len());
            resources.push(Resource {
                capacity: 1,
                windows,
            });
            workers.push(Some(member.worker.clone()));
        }
        lanes.push((member, places));
    }
    let place: BTreeMap<TaskId, usize> = open
        .iter()
        .enumerate()
        .map(|(place, t)| (t.id(), place))
        .collect();
    let mut activities = Vec::with_capacity(open.len());
    for task in open {
        let duration = task.estimate().mean();
        let modes: Vec<Mode> = if task.is_clients() {
            vec![mode(duration, 0, 0)]
        } else {
            let named = lanes.iter().filter(|(m, _)| is_named(m, task));
            let chosen: Vec<_> = named.collect();
            let able = lanes
                .iter()
                .filter(|(m, _)| m.skills.contains(task.skill().as_str()));
            let list = if chosen.is_empty() {
                able.collect()
            } else {
                chosen
            };
            list.iter()
                .flat_map(|(_, places)| places)
                .map(|p| mode(duration, *p, 1))
                .collect()
        };
        if modes.is_empty() {
            return Err(ScheduleError::NoOne {
                task: task.name().to_owned(),
                skill: task.skill().clone(),
            });
        }
        let wait = task
            .requires()
            .iter()
            .filter_map(|name| input.expected.get(name))
            .max();
        activities.push(Activity {
            modes,
            after: task
                .after()
                .iter()
                .filter_map(|a| place.get(a).copied())
                .collect(),
            release: wait.map_or(0, |at| minutes_up(*at - input.from)).max(0),
            due: task.due().map(|due| (due - input.from).num_minutes()),
            weight: task.priority().points().max(1),
        });
    }
    Ok((Problem::new(resources, activities)?, workers))
}

fn mode(duration: i64, resource: usize, units: u32) -> Mode {
    Mode {
        duration,
        demands: vec![(resource, units)],
    }
}

/// Whether the task's service names this tool or model, and it has the skill.
fn is_named(member: &StaffMember, task: &Task) -> bool {
    let named = match (task.worker(), &member.worker) {
        (WorkerKind::Tool { name }, WorkerIdentity::Tool { name: own, .. })
        | (WorkerKind::Model { name }, WorkerIdentity::Model { name: own, .. }) => {
            name.as_str() == own
        }
        _ => false,
    };
    named && member.skills.contains(task.skill().as_str())
}

fn finished(
    input: &PlanInput<'_>,
    open: &[&Task],
    problem: &Problem,
    workers: &[Option<WorkerIdentity>],
    network: Network,
    found: &Solution,
) -> Plan {
    let worker = |place: usize, mode: usize| {
        let mode = problem.activities().get(place)?.modes.get(mode)?;
        let (resource, _) = mode.demands.first()?;
        workers.get(*resource)?.clone()
    };
    let mut tasks: Vec<ScheduledTask> = open
        .iter()
        .zip(&found.placements)
        .enumerate()
        .map(|(place, (task, placed))| {
            let slack = network.slack(place).unwrap_or(0);
            ScheduledTask {
                task: task.id(),
                worker: worker(place, placed.mode),
                start: instant(input.from, placed.start),
                finish: instant(input.from, placed.finish),
                slack,
                critical: slack == 0,
            }
        })
        .collect();
    let late = open
        .iter()
        .zip(&tasks)
        .filter(|(task, planned)| task.due().is_some_and(|due| planned.finish > due))
        .map(|(task, _)| task.id())
        .collect();
    tasks.sort_by_key(|t| t.start);
    let end = instant(input.from, network.end());
    Plan {
        schedule: Schedule {
            tasks,
            end,
            late,
            schedules: found.schedules,
        },
        network,
        tasks: open.iter().map(|t| t.id()).collect(),
        origin: input.from,
    }
}

fn instant(origin: Timestamp, minute: i64) -> Timestamp {
    TimeDelta::try_minutes(minute)
        .and_then(|delta| origin.checked_add_signed(delta))
        .unwrap_or(origin)
}

fn minutes_up(delta: TimeDelta) -> i64 {
    delta.num_seconds().saturating_add(59).div_euclid(60)
}
