use std::collections::BTreeSet;

use super::{Placement, Problem, ProblemError, Windows};

/// A schedule as a net: who waits for whom, by precedence or for a resource that they share.
///
/// As long as everybody waits for those before them, no delay puts a resource above its
/// capacity; so the net says what a delay pushes, without a new search. An activity without
/// duration holds no unit, late or not.
#[derive(Clone, Debug)]
pub struct Network {
    steps: Vec<Step>,
    /// Places in order of their start.
    order: Vec<usize>,
    end: i64,
}

#[derive(Clone, Debug)]
struct Step {
    placement: Placement,
    duration: i64,
    open: Windows,
    after: BTreeSet<usize>,
    latest_finish: i64,
}

impl Network {
    /// Links a schedule that breaks no rule.
    ///
    /// # Errors
    ///
    /// [`ProblemError::NoRoom`] where it does break one: an activity finds no free unit.
    pub fn of(problem: &Problem, placements: &[Placement]) -> Result<Self, ProblemError> {
        let mut order: Vec<usize> = (0..placements.len()).collect();
        let start = |a: &usize| placements.get(*a).map_or(0, |p| p.start);
        order.sort_by_key(|a| (start(a), problem.rank(*a)));
        let mut steps = Vec::with_capacity(placements.len());
        for (place, placement) in placements.iter().enumerate() {
            let no_room = || ProblemError::NoRoom { activity: place };
            let activity = problem.activities().get(place).ok_or_else(no_room)?;
            let mode = activity.modes.get(placement.mode).ok_or_else(no_room)?;
            steps.push(Step {
                placement: *placement,
                duration: mode.duration,
                open: problem
                    .open(place, placement.mode)
                    .ok_or_else(no_room)?
                    .clone(),
                after: activity.after.iter().copied().collect(),
                latest_finish: 0,
            });
        }
        let end = placements.iter().map(|p| p.finish).max().unwrap_or(0);
        let mut net = Self { steps, order, end };
        net.chain(problem)?;
        net.backward()?;
        Ok(net)
    }

    /// The tick at which all is done.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.end
    }

    /// How many open ticks an activity may take longer without moving the end.
    #[must_use]
    pub fn slack(&self, activity: usize) -> Option<i64> {
        let step = self.steps.get(activity)?;
        let finish = step.placement.finish;
        Some(step.open.between(finish, step.latest_finish))
    }

    /// Whom an activity waits for.
    pub fn after(&self, activity: usize) -> impl Iterator<Item = usize> + '_ {
        self.steps
            .get(activity)
            .into_iter()
            .flat_map(|s| s.after.iter().copied())
    }

    /// Where everything ends up if `activity` takes `ticks` open ticks longer: start and finish
    /// of each activity, none sooner than planned. `None` where the windows end before.
    #[must_use]
    pub fn delayed(&self, activity: usize, ticks: i64) -> Option<Vec<(i64, i64)>> {
        let mut times: Vec<(i64, i64)> = self
            .steps
            .iter()
            .map(|s| (s.placement.start, s.placement.finish))
            .collect();
        for place in &self.order {
            let step = self.steps.get(*place)?;
            let ready = step
                .after
                .iter()
                .filter_map(|before| times.get(*before))
                .map(|(_, finish)| *finish)
                .fold(step.placement.start, i64::max);
            let longer = if *place == activity { ticks.max(0) } else { 0 };
            let run = step.open.run(ready, step.duration + longer)?;
            let moved = (
                run.first().map_or(ready, |(a, _)| *a),
                run.last().map_or(ready, |(_, b)| *b),
            );
            if let Some(slot) = times.get_mut(*place) {
                *slot = moved;
            }
        }
        Some(times)
    }

    /// Gives each unit of each resource to those who use it, one after the other; whoever comes
    /// next on a unit waits for whoever had it. Units of those one waits for anyway are taken
    /// first, so that few new waits arise.
    fn chain(&mut self, problem: &Problem) -> Result<(), ProblemError> {
        let mut units: Vec<Vec<Option<usize>>> = problem
            .resources()
            .iter()
            .map(|r| vec![None; usize::try_from(r.capacity).unwrap_or(0)])
            .collect();
        for place in self.order.clone() {
            let no_room = || ProblemError::NoRoom { activity: place };
            let step = self.steps.get(place).ok_or_else(no_room)?;
            let activity = problem.activities().get(place).ok_or_else(no_room)?;
            let mode = activity
                .modes
                .get(step.placement.mode)
                .ok_or_else(no_room)?;
            if step.duration == 0 {
                continue;
            }
            let start = step.placement.start;
            let mut after = step.after.clone();
            for (resource, need) in &mode.demands {
                let lanes = units.get_mut(*resource).ok_or_else(no_room)?;
                let mut free: Vec<(bool, usize)> = lanes
                    .iter()
                    .enumerate()
                    .filter(|(_, last)| {
                        last.is_none_or(|l| {
                            self.steps
                                .get(l)
                                .is_some_and(|s| s.placement.finish <= start)
                        })
                    })
                    .map(|(lane, last)| (last.is_some_and(|l| !after.contains(&l)), lane))
                    .collect();
                free.sort_unstable();
                let wanted = usize::try_from(*need).unwrap_or(usize::MAX);
                if free.len() < wanted {
                    return Err(no_room());
                }
                for (_, lane) in free.into_iter().take(wanted) {
                    if let Some(slot) = lanes.get_mut(lane) {
                        after.extend(*slot);
                        *slot = Some(place);
                    }
                }
            }
            if let Some(step) = self.steps.get_mut(place) {
                step.after = after;
            }
        }
        Ok(())
    }

    fn backward(&mut self) -> Result<(), ProblemError> {
        for step in &mut self.steps {
            step.latest_finish = self.end;
        }
        for place in self.order.clone().into_iter().rev() {
            let no_room = || ProblemError::NoRoom { activity: place };
            let step = self.steps.get(place).ok_or_else(no_room)?;
            let latest_start = step
                .open
                .retreat(step.latest_finish, step.duration)
                .ok_or_else(no_room)?;
            for before in step.after.clone() {
                if let Some(earlier) = self.steps.get_mut(before) {
                    earlier.latest_finish = earlier.latest_finish.min(latest_start);
                }
            }
        }
        Ok(())
    }
}
