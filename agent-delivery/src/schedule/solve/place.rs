use super::super::{Problem, ProblemError};

/// When and how an activity is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// First tick it is worked on.
    pub start: i64,
    /// First tick after it.
    pub finish: i64,
    /// The mode, by its place.
    pub mode: usize,
}

/// Serial schedule generation: places the activities of `list` one after the other, each in the
/// mode that ends first (the lower place where they tie), as early as its predecessors, `from`
/// and the resources allow.
///
/// `list` holds each activity once, predecessors first. What an activity takes it keeps from
/// start to finish, closed ticks included. No activity of the result could end
/// earlier without another one ending later: the schedule is active.
pub(super) fn serial(
    problem: &Problem,
    list: &[usize],
    from: i64,
) -> Result<Vec<Placement>, ProblemError> {
    let mut books: Vec<Usage> = vec![Usage::default(); problem.resources().len()];
    let mut placed: Vec<Option<Placement>> = vec![None; problem.activities().len()];
    for place in list {
        let no_room = || ProblemError::NoRoom { activity: *place };
        let activity = problem.activities().get(*place).ok_or_else(no_room)?;
        let ready = activity
            .after
            .iter()
            .filter_map(|before| placed.get(*before).copied().flatten())
            .map(|p| p.finish)
            .fold(activity.release.max(from), i64::max);
        let placement = (0..activity.modes.len())
            .filter_map(|mode| earliest(problem, &books, *place, mode, ready))
            .min_by_key(|p| (p.finish, p.mode))
            .ok_or_else(no_room)?;
        if let Some(mode) = activity.modes.get(placement.mode) {
            for (resource, units) in &mode.demands {
                if let Some(book) = books.get_mut(*resource) {
                    book.take(placement.start, placement.finish, *units);
                }
            }
        }
        if let Some(slot) = placed.get_mut(*place) {
            *slot = Some(placement);
        }
    }
    placed
        .into_iter()
        .enumerate()
        .map(|(activity, p)| p.ok_or(ProblemError::NoRoom { activity }))
        .collect()
}

fn earliest(
    problem: &Problem,
    books: &[Usage],
    place: usize,
    mode: usize,
    ready: i64,
) -> Option<Placement> {
    let how = problem.activities().get(place)?.modes.get(mode)?;
    let open = problem.open(place, mode)?;
    let mut from = ready;
    loop {
        let run = open.run(from, how.duration)?;
        let start = run.first().map_or(from, |(a, _)| *a);
        let finish = run.last().map_or(from, |(_, b)| *b);
        let conflict = how.demands.iter().find_map(|(resource, units)| {
            let capacity = problem.resources().get(*resource)?.capacity;
            let most = capacity.checked_sub(*units)?;
            books.get(*resource)?.above(start, finish, most)
        });
        match conflict {
            Some(until) => from = until,
            None => {
                return Some(Placement {
                    start,
                    finish,
                    mode,
                });
            }
        }
    }
}

/// How many units of a resource are taken, as steps: from each tick on, that many.
#[derive(Clone, Debug, Default)]
pub(in crate::schedule) struct Usage(Vec<(i64, u32)>);

impl Usage {
    /// Takes units in `[from, to)`.
    pub(in crate::schedule) fn take(&mut self, from: i64, to: i64, units: u32) {
        if from >= to || units == 0 {
            return;
        }
        let first = self.cut(from);
        let last = self.cut(to);
        for (_, used) in self.0.iter_mut().take(last).skip(first) {
            *used += units;
        }
    }

    /// Where more than `most` units are taken in `[from, to)`: the end of the first such step.
    pub(in crate::schedule) fn above(&self, from: i64, to: i64, most: u32) -> Option<i64> {
        let first = self
            .0
            .partition_point(|(at, _)| *at <= from)
            .saturating_sub(1);
        let steps = self.0.iter().skip(first);
        let ends = self.0.iter().skip(first + 1).map(|(at, _)| *at);
        steps
            .zip(ends.chain([i64::MAX]))
            .take_while(|((at, _), _)| *at < to)
            .find(|((_, used), end)| *used > most && *end > from)
            .map(|(_, end)| end)
    }

    /// Makes a step begin at `at` and tells its place.
    fn cut(&mut self, at: i64) -> usize {
        let place = self.0.partition_point(|(start, _)| *start < at);
        if self.0.get(place).is_none_or(|(start, _)| *start != at) {
            let used = place
                .checked_sub(1)
                .and_then(|before| self.0.get(before))
                .map_or(0, |(_, used)| *used);
            self.0.insert(place, (at, used));
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_counts_what_overlaps_and_nothing_else() {
        let mut book = Usage::default();
        book.take(10, 20, 2);
        book.take(15, 30, 1);
        assert_eq!(book.above(0, 10, 0), None);
        assert_eq!(book.above(0, 11, 0), Some(15));
        assert_eq!(book.above(0, 100, 2), Some(20));
        assert_eq!(book.above(20, 30, 1), None);
        assert_eq!(book.above(29, 40, 0), Some(30));
        assert_eq!(book.above(30, 40, 0), None);
    }
}
