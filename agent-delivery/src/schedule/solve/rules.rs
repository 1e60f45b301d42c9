use super::super::{Problem, ProblemError};

/// Earliest and latest ticks of each activity where capacity is not regarded.
#[derive(Clone, Debug)]
pub(super) struct Passes {
    earliest_finish: Vec<i64>,
    latest_start: Vec<i64>,
    latest_finish: Vec<i64>,
}

impl Passes {
    /// The forward pass in the fastest mode, and the backward pass from its end.
    pub(super) fn of(problem: &Problem) -> Result<Self, ProblemError> {
        let n = problem.activities().len();
        let mut earliest_finish = vec![0; n];
        for place in problem.order() {
            let no_room = || ProblemError::NoRoom { activity: *place };
            let activity = problem.activities().get(*place).ok_or_else(no_room)?;
            let ready = activity
                .after
                .iter()
                .filter_map(|before| earliest_finish.get(*before).copied())
                .fold(activity.release, i64::max);
            let finish = activity
                .modes
                .iter()
                .enumerate()
                .filter_map(|(m, how)| problem.open(*place, m)?.advance(ready, how.duration))
                .min()
                .ok_or_else(no_room)?;
            set(&mut earliest_finish, *place, finish);
        }
        let end = earliest_finish.iter().copied().max().unwrap_or(0);
        let mut latest_finish = vec![end; n];
        let mut latest_start = vec![end; n];
        for place in problem.order().iter().rev() {
            let Some(activity) = problem.activities().get(*place) else {
                continue;
            };
            let finish = problem
                .before(*place)
                .iter()
                .filter_map(|later| latest_start.get(*later).copied())
                .chain(activity.due)
                .fold(end, i64::min);
            let start = activity
                .modes
                .iter()
                .enumerate()
                .filter_map(|(m, how)| problem.open(*place, m)?.retreat(finish, how.duration))
                .max()
                // A due tick before anything is open: as urgent as can be.
                .unwrap_or(i64::MIN / 2);
            set(&mut latest_finish, *place, finish);
            set(&mut latest_start, *place, start);
        }
        Ok(Self {
            earliest_finish,
            latest_start,
            latest_finish,
        })
    }

    /// The end of the longest path.
    pub(super) fn end(&self) -> i64 {
        self.earliest_finish.iter().copied().max().unwrap_or(0)
    }

    /// Priority values by rule, less being more urgent: latest finish first, since it does best
    /// alone, then latest start, slack, rank weight, all successors.
    pub(super) fn rules(&self, problem: &Problem) -> Vec<Vec<i64>> {
        let n = problem.activities().len();
        let slack = self
            .latest_finish
            .iter()
            .zip(&self.earliest_finish)
            .map(|(late, early)| late - early)
            .collect();
        let shortest = |place: usize| {
            let activity = problem.activities().get(place);
            activity.map_or(0, |a| a.modes.iter().map(|m| m.duration).min().unwrap_or(0))
        };
        let weight = (0..n)
            .map(|place| {
                let later: i64 = problem.before(place).iter().map(|l| shortest(*l)).sum();
                -(shortest(place) + later)
            })
            .collect();
        vec![
            self.latest_finish.clone(),
            self.latest_start.clone(),
            slack,
            weight,
            successors(problem),
        ]
    }

    /// A list drawn by regret: of the activities that may come next each has a chance by how
    /// far its latest finish lies before the latest of them.
    pub(super) fn sample(
        &self,
        problem: &Problem,
        mut below: impl FnMut(usize) -> usize,
    ) -> Vec<usize> {
        build(problem, |free| {
            let finish = |a: usize| self.latest_finish.get(a).copied().unwrap_or(0);
            let last = free.iter().map(|a| finish(*a)).max().unwrap_or(0);
            // Long plans count in minutes; the draw needs proportions only.
            let chance = |a: usize| {
                let regret = last.saturating_sub(finish(a)).clamp(0, 1 << 20);
                usize::try_from(regret).unwrap_or(0) + 1
            };
            let mut drawn = below(free.iter().map(|a| chance(*a)).sum());
            for (position, activity) in free.iter().enumerate() {
                match drawn.checked_sub(chance(*activity)) {
                    Some(rest) => drawn = rest,
                    None => return position,
                }
            }
            0
        })
    }
}

/// The list that takes, of the activities whose predecessors are taken, the one with the least
/// value; the lower place where they tie.
pub(super) fn list_by(problem: &Problem, values: &[i64]) -> Vec<usize> {
    build(problem, |free| {
        free.iter()
            .enumerate()
            .min_by_key(|(_, a)| (values.get(**a).copied().unwrap_or(0), **a))
            .map_or(0, |(position, _)| position)
    })
}

fn build(problem: &Problem, mut choose: impl FnMut(&[usize]) -> usize) -> Vec<usize> {
    let mut waits: Vec<usize> = problem.activities().iter().map(|a| a.after.len()).collect();
    let mut free: Vec<usize> = (0..waits.len())
        .filter(|place| waits.get(*place) == Some(&0))
        .collect();
    let mut list = Vec::with_capacity(waits.len());
    while !free.is_empty() {
        let position = choose(&free).min(free.len() - 1);
        let next = free.remove(position);
        list.push(next);
        for later in problem.before(next) {
            if let Some(n) = waits.get_mut(*later) {
                *n = n.saturating_sub(1);
                if *n == 0 {
                    free.push(*later);
                }
            }
        }
    }
    list
}

/// Minus the count of all activities behind each one.
fn successors(problem: &Problem) -> Vec<i64> {
    let n = problem.activities().len();
    let mut behind = vec![std::collections::BTreeSet::new(); n];
    for place in problem.order().iter().rev() {
        let mut all = std::collections::BTreeSet::new();
        for later in problem.before(*place) {
            all.insert(*later);
            all.extend(behind.get(*later).into_iter().flatten().copied());
        }
        if let Some(slot) = behind.get_mut(*place) {
            *slot = all;
        }
    }
    behind
        .iter()
        .map(|all| -i64::try_from(all.len()).unwrap_or(i64::MAX))
        .collect()
}

fn set(list: &mut [i64], place: usize, value: i64) {
    if let Some(slot) = list.get_mut(place) {
        *slot = value;
    }
}
