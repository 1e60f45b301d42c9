use std::collections::BTreeSet;

use dealwright_core::id::TaskId;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Schedule;
use crate::breakdown::WorkBreakdown;

/// A bar of a Gantt chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GanttBar {
    /// The task.
    pub task: TaskId,
    /// Its place in the work breakdown and its name.
    pub label: String,
    /// Who does it, for people.
    pub who: String,
    /// When it starts.
    pub start: Timestamp,
    /// When it is done.
    pub finish: Timestamp,
    /// Whether any delay moves the end.
    pub critical: bool,
    /// Whether it is done already.
    pub done: bool,
    /// The bars it waits for, by their place in the chart.
    pub after: Vec<usize>,
}

/// The bars of a plan in the order of the work breakdown; tasks that are not in the schedule
/// (done before it was made) are left out.
#[must_use]
pub fn gantt(
    breakdown: &WorkBreakdown,
    schedule: &Schedule,
    done: &BTreeSet<TaskId>,
) -> Vec<GanttBar> {
    let mut shown: Vec<_> = breakdown
        .tasks()
        .iter()
        .filter_map(|task| Some((task, schedule.task(task.id())?)))
        .collect();
    shown.sort_by_key(|(task, _)| {
        let parts: Vec<u32> = task
            .code()
            .split('.')
            .filter_map(|p| p.parse().ok())
            .collect();
        parts
    });
    let places: Vec<TaskId> = shown.iter().map(|(task, _)| task.id()).collect();
    shown
        .into_iter()
        .map(|(task, planned)| GanttBar {
            task: task.id(),
            label: format!("{} {}", task.code(), task.name()),
            who: planned
                .worker
                .as_ref()
                .map_or_else(|| "client".to_owned(), |w| w.to_string()),
            start: planned.start,
            finish: planned.finish,
            critical: planned.critical,
            done: done.contains(&task.id()),
            after: task
                .after()
                .iter()
                .filter_map(|a| places.iter().position(|p| p == a))
                .collect(),
        })
        .collect()
}
