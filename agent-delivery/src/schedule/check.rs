use super::solve::Usage;
use super::{Placement, Problem};

/// A rule that a schedule breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// It has another number of placements than there are activities, or an unknown mode.
    Shape,
    /// An activity starts before one it waits for is done, or before its release.
    TooSoon {
        /// The activity.
        activity: usize,
    },
    /// The ticks from start to finish do not hold exactly its duration of open ticks.
    Duration {
        /// The activity.
        activity: usize,
    },
    /// More units of a resource are taken than there are.
    Capacity {
        /// The resource.
        resource: usize,
        /// The end of the first stretch in which that is so.
        until: i64,
    },
}

/// Every rule that a schedule breaks; reads the problem alone, and shares no step with the
/// search that made the schedule.
#[must_use]
pub fn violations(problem: &Problem, placements: &[Placement]) -> Vec<Violation> {
    if placements.len() != problem.activities().len() {
        return vec![Violation::Shape];
    }
    let mut found = Vec::new();
    let mut books = vec![Usage::default(); problem.resources().len()];
    for (activity, (work, placed)) in problem.activities().iter().zip(placements).enumerate() {
        let mode = work.modes.get(placed.mode);
        let (Some(mode), Some(open)) = (mode, problem.open(activity, placed.mode)) else {
            found.push(Violation::Shape);
            continue;
        };
        let waits = work
            .after
            .iter()
            .filter_map(|before| placements.get(*before));
        if placed.start < work.release || waits.clone().any(|p| p.finish > placed.start) {
            found.push(Violation::TooSoon { activity });
        }
        let spans = open.run(placed.start, mode.duration).unwrap_or_default();
        let ends = spans.last().map_or(placed.start, |(_, b)| *b);
        let starts = spans.first().map_or(placed.start, |(a, _)| *a);
        if starts != placed.start || ends != placed.finish {
            found.push(Violation::Duration { activity });
        }
        for (resource, units) in &mode.demands {
            if let Some(book) = books.get_mut(*resource) {
                book.take(placed.start, placed.finish, *units);
            }
        }
    }
    for (resource, (book, kept)) in books.iter().zip(problem.resources()).enumerate() {
        if let Some(until) = book.above(i64::MIN, i64::MAX, kept.capacity) {
            found.push(Violation::Capacity { resource, until });
        }
    }
    found
}
