use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::{Lane, Priority};
use crate::time::Timestamp;

/// One step of priority counts as much as having waited this long.
const STEP: TimeDelta = TimeDelta::minutes(5);

/// What keeps a [`FairQueue`] fair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fairness {
    /// Every so many takes one goes to overdue work of a later lane; 2 or more.
    relief: u32,
    /// How long normal work waits before it is overdue.
    normal: TimeDelta,
    /// How long batch work waits before it is overdue.
    batch: TimeDelta,
    weights: BTreeMap<String, u32>,
}

impl Default for Fairness {
    /// One take in four for the overdue: normal work after 5 minutes, batch work after 6
    /// hours; all keys weigh the same.
    fn default() -> Self {
        Self {
            relief: 4,
            normal: TimeDelta::minutes(5),
            batch: TimeDelta::hours(6),
            weights: BTreeMap::new(),
        }
    }
}

impl Fairness {
    /// Sets how long normal and batch work wait before they are overdue.
    #[must_use]
    pub fn with_patience(mut self, normal: TimeDelta, batch: TimeDelta) -> Self {
        self.normal = normal.max(TimeDelta::zero());
        self.batch = batch.max(TimeDelta::zero());
        self
    }

    /// Gives one take in `every` to overdue work; at least every second stays with the first
    /// lane.
    #[must_use]
    pub fn with_relief(mut self, every: u32) -> Self {
        self.relief = every.max(2);
        self
    }

    /// Gives a key a larger share than the others, who weigh 1.
    #[must_use]
    pub fn with_weight(mut self, key: impl Into<String>, weight: u32) -> Self {
        self.weights.insert(key.into(), weight.max(1));
        self
    }

    fn patience(&self, lane: Lane) -> TimeDelta {
        match lane {
            Lane::Urgent => TimeDelta::zero(),
            Lane::Normal => self.normal,
            Lane::Batch => self.batch,
        }
    }

    fn weight(&self, key: &str) -> u64 {
        self.weights.get(key).copied().unwrap_or(1).into()
    }
}

/// A piece of work that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item<T> {
    /// How soon it wants to be done.
    pub lane: Lane,
    /// How much it matters among those of its key.
    pub priority: Priority,
    /// Whose it is: a tenant, a campaign, a deal.
    pub key: String,
    /// Since when it waits.
    pub since: Timestamp,
    /// Its name, which breaks ties.
    pub id: String,
    /// The work.
    pub work: T,
}

/// A queue that takes urgent work first, shares fairly between keys and starves nobody.
///
/// - The first lane with work is served, but one take in [`Fairness::with_relief`] goes to
///   the lane whose oldest work is longest overdue, where there is such a one.
/// - In a lane the keys take turns by weight, so a key with ten thousand items does not hold
///   up one with a single item.
/// - Of a key, what waits longest goes first; a step of priority counts as five minutes.
/// - The same items in the same order of calls are taken in the same order, always.
///
/// So of `n` urgent items the last waits for at most `n * relief / (relief - 1)` takes, and
/// whatever is overdue is taken within `relief` takes for each item that is overdue longer.
#[derive(Clone, Debug)]
pub struct FairQueue<T> {
    fairness: Fairness,
    lanes: BTreeMap<Lane, LaneQueue<T>>,
    since_relief: u32,
}

#[derive(Clone, Debug)]
struct LaneQueue<T> {
    keys: BTreeMap<String, KeyQueue<T>>,
    /// The keys with items, by turn: the first is served next.
    turns: BTreeSet<(u64, String)>,
    /// The turns of keys whose items were all taken, until the others have caught up; else a
    /// key that brings one item at a time would always be first.
    rested: BTreeMap<String, u64>,
    /// The same, by turn.
    resting: BTreeSet<(u64, String)>,
    /// The turn that was served last; who comes back does not catch up on the past.
    served: u64,
    /// Since when the items wait, and how many since each instant.
    waiting: BTreeMap<Timestamp, usize>,
}

#[derive(Clone, Debug)]
struct KeyQueue<T> {
    items: BTreeMap<(Timestamp, Timestamp, String), Item<T>>,
    turn: u64,
}

/// What a take costs a key of weight 1; divisible by the usual weights.
const TURN: u64 = 5_040;

impl<T> FairQueue<T> {
    /// An empty queue.
    #[must_use]
    pub fn new(fairness: Fairness) -> Self {
        Self {
            fairness,
            lanes: BTreeMap::new(),
            since_relief: 0,
        }
    }

    /// Adds an item.
    pub fn push(&mut self, item: Item<T>) {
        self.lanes
            .entry(item.lane)
            .or_insert_with(LaneQueue::new)
            .push(item);
    }

    /// Takes the next item.
    pub fn pop(&mut self, now: Timestamp) -> Option<Item<T>> {
        let first = *self.lanes.keys().next()?;
        let overdue = self.most_overdue(first, now);
        let lane = match overdue {
            Some(overdue) if self.since_relief + 1 >= self.fairness.relief => {
                self.since_relief = 0;
                overdue
            }
            _ => {
                self.since_relief = self.since_relief.saturating_add(1);
                first
            }
        };
        self.take(lane)
    }

    /// How many items wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lanes
            .values()
            .flat_map(|lane| lane.keys.values())
            .map(|key| key.items.len())
            .sum()
    }

    /// Whether none waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// The later lane whose oldest item is longest over its patience.
    fn most_overdue(&self, first: Lane, now: Timestamp) -> Option<Lane> {
        self.lanes
            .iter()
            .filter(|(lane, _)| **lane != first)
            .filter_map(|(lane, queue)| {
                let oldest = queue.oldest()?;
                let due = oldest.checked_add_signed(self.fairness.patience(*lane))?;
                (due <= now).then_some((due, *lane))
            })
            .min()
            .map(|(_, lane)| lane)
    }

    fn take(&mut self, lane: Lane) -> Option<Item<T>> {
        let queue = self.lanes.get_mut(&lane)?;
        let item = queue.take(&self.fairness);
        if queue.keys.is_empty() {
            self.lanes.remove(&lane);
        }
        item
    }
}

impl<T> LaneQueue<T> {
    fn new() -> Self {
        Self {
            keys: BTreeMap::new(),
            turns: BTreeSet::new(),
            rested: BTreeMap::new(),
            resting: BTreeSet::new(),
            served: 0,
            waiting: BTreeMap::new(),
        }
    }

    fn push(&mut self, item: Item<T>) {
        let handicap = STEP * i32::from(item.priority.number());
        let rank = item
            .since
            .checked_add_signed(handicap)
            .unwrap_or(item.since);
        if !self.keys.contains_key(&item.key) {
            let rested = self.rested.remove(&item.key).unwrap_or(0);
            self.resting.remove(&(rested, item.key.clone()));
            let turn = rested.max(self.served);
            self.turns.insert((turn, item.key.clone()));
            let items = BTreeMap::new();
            self.keys.insert(item.key.clone(), KeyQueue { items, turn });
        }
        let since = item.since;
        let place = (rank, since, item.id.clone());
        let replaced = self
            .keys
            .get_mut(&item.key)
            .and_then(|key| key.items.insert(place, item));
        if replaced.is_none() {
            *self.waiting.entry(since).or_insert(0) += 1;
        }
    }

    fn take(&mut self, fairness: &Fairness) -> Option<Item<T>> {
        let (turn, name) = self.turns.pop_first()?;
        let key = self.keys.get_mut(&name)?;
        let (_, item) = key.items.pop_first()?;
        self.served = turn;
        key.turn = turn.saturating_add(TURN / fairness.weight(&name).min(TURN));
        let next = key.turn;
        if key.items.is_empty() {
            self.keys.remove(&name);
            self.resting.insert((next, name.clone()));
            self.rested.insert(name, next);
        } else {
            self.turns.insert((next, name));
        }
        while self
            .resting
            .first()
            .is_some_and(|(rested, _)| *rested <= turn)
        {
            if let Some((_, name)) = self.resting.pop_first() {
                self.rested.remove(&name);
            }
        }
        if let Some(count) = self.waiting.get_mut(&item.since) {
            *count -= 1;
            if *count == 0 {
                self.waiting.remove(&item.since);
            }
        }
        Some(item)
    }

    fn oldest(&self) -> Option<Timestamp> {
        self.waiting.keys().next().copied()
    }
}
