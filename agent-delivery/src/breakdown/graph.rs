use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::id::TaskId;

use super::Task;

/// The tasks on a circle of predecessors, each waiting for the next and the last for the first;
/// `None` where there is no circle.
pub(super) fn circle(tasks: &[Task]) -> Option<Vec<&Task>> {
    let by_id: BTreeMap<TaskId, &Task> = tasks.iter().map(|t| (t.id(), t)).collect();
    let mut done = BTreeSet::new();
    for task in tasks {
        // A path with, for each task on it, the predecessors that are still to be followed.
        let mut path: Vec<(&Task, Vec<TaskId>)> = Vec::new();
        let mut next = Some(task);
        loop {
            if let Some(task) = next.take() {
                if let Some(from) = path.iter().position(|(on, _)| on.id() == task.id()) {
                    return Some(path.iter().skip(from).map(|(on, _)| *on).collect());
                }
                if !done.contains(&task.id()) {
                    path.push((task, task.after().iter().rev().copied().collect()));
                }
            }
            let Some((_, open)) = path.last_mut() else {
                break;
            };
            match open.pop() {
                Some(before) => next = by_id.get(&before).copied(),
                None => {
                    if let Some((finished, _)) = path.pop() {
                        done.insert(finished.id());
                    }
                }
            }
        }
    }
    None
}

/// The tasks in an order that puts predecessors first; tasks that could stand anywhere stay in
/// the order they came. There must be no circle.
pub(super) fn in_order(tasks: Vec<Task>) -> Vec<Task> {
    let mut placed: BTreeSet<TaskId> = BTreeSet::new();
    let mut ordered = Vec::with_capacity(tasks.len());
    let mut left = tasks;
    while !left.is_empty() {
        let before = left.len();
        let mut later = Vec::new();
        for task in left {
            if task.after().iter().all(|a| placed.contains(a)) {
                placed.insert(task.id());
                ordered.push(task);
            } else {
                later.push(task);
            }
        }
        left = later;
        if left.len() == before {
            ordered.append(&mut left);
        }
    }
    ordered
}

/// How many tasks wait for each task, directly or not.
pub(super) fn waiting(tasks: &[Task]) -> BTreeMap<TaskId, usize> {
    let mut behind: BTreeMap<TaskId, BTreeSet<TaskId>> = BTreeMap::new();
    for task in tasks.iter().rev() {
        let own = behind.get(&task.id()).cloned().unwrap_or_default();
        for before in task.after() {
            let all = behind.entry(*before).or_default();
            all.insert(task.id());
            all.extend(own.iter().copied());
        }
    }
    behind
        .into_iter()
        .map(|(id, all)| (id, all.len()))
        .collect()
}
