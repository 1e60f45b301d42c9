use super::Windows;

/// Something of which only so much can be used at a time: a person, a machine, a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// How many units there are.
    pub capacity: u32,
    /// When they can be used.
    pub windows: Windows,
}

/// One way to do an activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Ticks of work; ticks at which a demanded resource is closed do not count.
    pub duration: i64,
    /// Units it takes from start to finish, by the place of the resource.
    pub demands: Vec<(usize, u32)>,
}

/// A piece of work, in one or more modes, that is not interrupted but by closed ticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The ways to do it; never empty.
    pub modes: Vec<Mode>,
    /// The activities, by place, that end before it starts.
    pub after: Vec<usize>,
    /// It starts no sooner.
    pub release: i64,
    /// When it should be done; lateness counts `weight` a tick.
    pub due: Option<i64>,
    /// What a tick of lateness costs; at least 1 where there is a due tick.
    pub weight: i64,
}

impl Activity {
    /// An activity of one mode, without release or due tick.
    #[must_use]
    pub fn new(duration: i64, demands: Vec<(usize, u32)>, after: Vec<usize>) -> Self {
        Self {
            modes: vec![Mode { duration, demands }],
            after,
            release: 0,
            due: None,
            weight: 1,
        }
    }
}

/// Why a scheduling problem was refused or could not be solved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemError {
    /// Activities wait for each other.
    #[error("activity {activity} waits for itself; break the circle of predecessors")]
    Circle {
        /// The place of an activity on the circle.
        activity: usize,
    },
    /// A place that no activity or resource has.
    #[error("activity {activity} names {what} {place}, which does not exist")]
    Unknown {
        /// The activity.
        activity: usize,
        /// `predecessor` or `resource`.
        what: &'static str,
        /// The place that was named.
        place: usize,
    },
    /// More units than there are, no mode at all, or a negative duration.
    #[error("activity {activity} cannot be done: {what}")]
    Impossible {
        /// The activity.
        activity: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The windows end before the work does.
    #[error("activity {activity} finds no room before its resources' windows end")]
    NoRoom {
        /// The activity.
        activity: usize,
    },
}

/// The resource-constrained project scheduling problem, with modes and windows, known to be
/// well-formed: references resolve, precedence has no circle, each mode fits its resources.
#[derive(Clone, Debug)]
pub struct Problem {
    resources: Vec<Resource>,
    activities: Vec<Activity>,
    /// For each activity and mode, when all demanded resources are open.
    open: Vec<Vec<Windows>>,
    before: Vec<Vec<usize>>,
    /// Places of activities, predecessors first; ties by place.
    order: Vec<usize>,
    /// Where each activity stands in `order`.
    rank: Vec<usize>,
}

impl Problem {
    /// Checks and prepares a problem.
    ///
    /// # Errors
    ///
    /// [`ProblemError`] but for [`NoRoom`](ProblemError::NoRoom), which only solving finds.
    pub fn new(resources: Vec<Resource>, activities: Vec<Activity>) -> Result<Self, ProblemError> {
        let mut before = vec![Vec::new(); activities.len()];
        let mut open = Vec::with_capacity(activities.len());
        for (place, activity) in activities.iter().enumerate() {
            for after in &activity.after {
                match before.get_mut(*after) {
                    Some(list) => list.push(place),
                    None => return Err(unknown(place, "predecessor", *after)),
                }
            }
            if activity.modes.is_empty() {
                return Err(impossible(place, "it has no mode"));
            }
            let modes: Result<Vec<Windows>, ProblemError> = activity
                .modes
                .iter()
                .map(|mode| mode_windows(place, mode, &resources))
                .collect();
            open.push(modes?);
        }
        let order = topological(&activities, &before)?;
        let mut rank = vec![0; order.len()];
        for (position, activity) in order.iter().enumerate() {
            if let Some(slot) = rank.get_mut(*activity) {
                *slot = position;
            }
        }
        Ok(Self {
            resources,
            activities,
            open,
            before,
            order,
            rank,
        })
    }

    /// The resources.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The activities.
    #[must_use]
    pub fn activities(&self) -> &[Activity] {
        &self.activities
    }

    /// The places of all activities, predecessors first.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The activities that wait for `activity`.
    #[must_use]
    pub fn before(&self, activity: usize) -> &[usize] {
        self.before.get(activity).map_or(&[], Vec::as_slice)
    }

    /// When `mode` of `activity` can be worked on.
    #[must_use]
    pub fn open(&self, activity: usize, mode: usize) -> Option<&Windows> {
        self.open.get(activity)?.get(mode)
    }

    pub(super) fn rank(&self, activity: usize) -> usize {
        self.rank.get(activity).copied().unwrap_or(usize::MAX)
    }

    /// The problem with time running the other way; release and due ticks are left out, since
    /// it serves to find an order, not times.
    pub(super) fn mirrored(&self) -> Self {
        let flip = |activity: &Activity, before: &Vec<usize>| Activity {
            modes: activity.modes.clone(),
            after: before.clone(),
            release: i64::MIN / 2,
            due: None,
            weight: 1,
        };
        let last = self.order.len().saturating_sub(1);
        Self {
            resources: self
                .resources
                .iter()
                .map(|r| Resource {
                    capacity: r.capacity,
                    windows: r.windows.mirrored(),
                })
                .collect(),
            activities: self
                .activities
                .iter()
                .zip(&self.before)
                .map(|(a, before)| flip(a, before))
                .collect(),
            open: self
                .open
                .iter()
                .map(|modes| modes.iter().map(Windows::mirrored).collect())
                .collect(),
            before: self.activities.iter().map(|a| a.after.clone()).collect(),
            order: self.order.iter().rev().copied().collect(),
            rank: self.rank.iter().map(|r| last.saturating_sub(*r)).collect(),
        }
    }
}

fn mode_windows(
    place: usize,
    mode: &Mode,
    resources: &[Resource],
) -> Result<Windows, ProblemError> {
    if mode.duration < 0 {
        return Err(impossible(place, "its duration is below zero"));
    }
    let mut open = Windows::always();
    let mut sums = std::collections::BTreeMap::new();
    for (resource, units) in &mode.demands {
        let found = resources
            .get(*resource)
            .ok_or_else(|| unknown(place, "resource", *resource))?;
        let sum: &mut u32 = sums.entry(*resource).or_default();
        *sum = sum.saturating_add(*units);
        if *sum > found.capacity {
            return Err(impossible(place, "it demands more units than there are"));
        }
        open = open.and(&found.windows);
    }
    Ok(open)
}

/// Takes what waits for nothing, lowest place first; what is never taken lies on a circle or
/// behind one.
fn topological(activities: &[Activity], before: &[Vec<usize>]) -> Result<Vec<usize>, ProblemError> {
    let mut waits: Vec<usize> = activities.iter().map(|a| a.after.len()).collect();
    let mut free: std::collections::BTreeSet<usize> = waits
        .iter()
        .enumerate()
        .filter(|(_, n)| **n == 0)
        .map(|(place, _)| place)
        .collect();
    let mut order = Vec::with_capacity(activities.len());
    while let Some(next) = free.pop_first() {
        order.push(next);
        for later in before.get(next).into_iter().flatten() {
            if let Some(n) = waits.get_mut(*later) {
                *n = n.saturating_sub(1);
                if *n == 0 {
                    free.insert(*later);
                }
            }
        }
    }
    match waits.iter().position(|n| *n > 0) {
        None => Ok(order),
        Some(activity) => Err(ProblemError::Circle { activity }),
    }
}

fn unknown(activity: usize, what: &'static str, place: usize) -> ProblemError {
    ProblemError::Unknown {
        activity,
        what,
        place,
    }
}

fn impossible(activity: usize, what: &'static str) -> ProblemError {
    ProblemError::Impossible { activity, what }
}
