//! A bounded, seeded search for a short schedule: priority rules, then a population of activity
//! lists that are crossed, each schedule justified to the right and to the left again.
//!
//! Sources: serial generation and priority rules after Kolisch and Hartmann (1999), double
//! justification after Valls, Ballestín and Quintanilla (2005), crossover after Hartmann (1998).
//! The search is bounded by a count of schedules, never by time, and every tie is broken by
//! place, so that the same problem and seed give the same schedule everywhere.

mod place;
mod rules;

pub use place::Placement;
pub(super) use place::Usage;

use std::cmp::Reverse;

use super::{Problem, ProblemError};
use place::serial;
use rules::{Passes, list_by};

/// How far to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// Schedules that may be made; at least the one by the first rule always is.
    pub schedules: u32,
    /// Seed of the choices.
    pub seed: u64,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            schedules: 400,
            seed: 1,
        }
    }
}

/// What a schedule is judged by, the first that differs deciding; less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// Weighted ticks of lateness.
    pub lateness: i64,
    /// Tick at which all is done.
    pub makespan: i64,
    /// Sum of all finishing ticks: where nothing else differs, sooner is better.
    pub finishes: i64,
}

/// The best schedule that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// When and how each activity is done, by place.
    pub placements: Vec<Placement>,
    /// What it is judged by.
    pub cost: Cost,
    /// How many schedules were made.
    pub schedules: u32,
    /// No schedule ends sooner: the longest path without regard to capacity.
    pub lower_bound: i64,
}

/// Finds a schedule that keeps precedence, windows and capacities.
///
/// Stops where a schedule without lateness ends at the lower bound, or where `search` says.
///
/// # Errors
///
/// [`ProblemError::NoRoom`] where the windows end before the work does.
pub fn solve(problem: &Problem, search: Search) -> Result<Solution, ProblemError> {
    let passes = Passes::of(problem)?;
    let mut hunt = Hunt {
        problem,
        mirrored: problem.mirrored(),
        left: search.schedules.saturating_sub(1),
        made: 1,
        bound: passes.end(),
    };
    let mut choices = Choices(search.seed);
    let mut rules = passes.rules(problem).into_iter();
    let first = rules.next().unwrap_or_default();
    let mut population = vec![hunt.start(&list_by(problem, &first))?];
    let size = usize::try_from(search.schedules / 20)
        .unwrap_or(40)
        .clamp(6, 40);
    for rule in rules {
        hunt.add(&mut population, list_by(problem, &rule), size);
    }
    while population.len() < size && hunt.goes_on(&population) {
        let biased = passes.sample(problem, |n| choices.below(n));
        let before = hunt.made;
        hunt.add(&mut population, biased, size);
        if hunt.made == before {
            break;
        }
    }
    while hunt.goes_on(&population) {
        let mother = pick(&population, &mut choices);
        let father = pick(&population, &mut choices);
        let (Some(mother), Some(father)) = (mother, father) else {
            break;
        };
        let mut child = cross(&mother.list, &father.list, &mut choices);
        mutate(problem, &mut child, &mut choices);
        hunt.add(&mut population, child, size);
    }
    let best = population
        .into_iter()
        .next()
        .ok_or(ProblemError::NoRoom { activity: 0 })?;
    Ok(Solution {
        placements: best.placements,
        cost: best.cost,
        schedules: hunt.made,
        lower_bound: hunt.bound,
    })
}

#[derive(Clone, Debug)]
struct Candidate {
    cost: Cost,
    list: Vec<usize>,
    placements: Vec<Placement>,
}

struct Hunt<'a> {
    problem: &'a Problem,
    mirrored: Problem,
    left: u32,
    made: u32,
    bound: i64,
}

impl Hunt<'_> {
    /// The first schedule; that it cannot be made is an error, later ones are only left out.
    fn start(&mut self, list: &[usize]) -> Result<Candidate, ProblemError> {
        let placements = serial(self.problem, list, i64::MIN / 2)?;
        let first = self.candidate(placements);
        Ok(self.justified(first))
    }

    fn goes_on(&self, population: &[Candidate]) -> bool {
        let done = population
            .first()
            .is_none_or(|best| best.cost.lateness == 0 && best.cost.makespan <= self.bound);
        self.left > 0 && !done
    }

    /// Makes the schedule of `list`, justifies it, and keeps it in order of cost where it is new.
    fn add(&mut self, population: &mut Vec<Candidate>, list: Vec<usize>, size: usize) {
        if !self.goes_on(population) || !self.count() {
            return;
        }
        let Ok(placements) = serial(self.problem, &list, i64::MIN / 2) else {
            return;
        };
        let made = self.candidate(placements);
        let new = self.justified(made);
        let place = population.partition_point(|c| c.cost < new.cost);
        let known = population
            .iter()
            .skip(place)
            .take_while(|c| c.cost == new.cost)
            .any(|c| c.placements == new.placements);
        if !known {
            population.insert(place, new);
            population.truncate(size);
        }
    }

    /// Shifts all to the right against the end, then to the left again; what grew worse is
    /// dropped.
    fn justified(&mut self, from: Candidate) -> Candidate {
        if self.left < 2 {
            return from;
        }
        self.count();
        let mut back: Vec<usize> = (0..from.placements.len()).collect();
        let finish = |a: &usize| from.placements.get(*a).map_or(0, |p| p.finish);
        back.sort_by_key(|a| (Reverse(finish(a)), Reverse(self.problem.rank(*a))));
        let Ok(right) = serial(&self.mirrored, &back, -from.cost.makespan) else {
            return from;
        };
        self.count();
        let mut forth = back;
        let start = |a: &usize| right.get(*a).map_or(0, |p| -p.finish);
        forth.sort_by_key(|a| (start(a), self.problem.rank(*a)));
        match serial(self.problem, &forth, i64::MIN / 2) {
            Ok(placements) => {
                let new = self.candidate(placements);
                if new.cost <= from.cost { new } else { from }
            }
            Err(_) => from,
        }
    }

    fn count(&mut self) -> bool {
        let may = self.left > 0;
        if may {
            self.left -= 1;
            self.made += 1;
        }
        may
    }

    fn candidate(&self, placements: Vec<Placement>) -> Candidate {
        let mut list: Vec<usize> = (0..placements.len()).collect();
        list.sort_by_key(|a| {
            (
                placements.get(*a).map_or(0, |p| p.start),
                self.problem.rank(*a),
            )
        });
        let lateness = self
            .problem
            .activities()
            .iter()
            .zip(&placements)
            .filter_map(|(a, p)| Some((p.finish - a.due?).max(0).saturating_mul(a.weight.max(1))))
            .fold(0_i64, i64::saturating_add);
        let cost = Cost {
            lateness,
            makespan: placements.iter().map(|p| p.finish).max().unwrap_or(0),
            finishes: placements
                .iter()
                .map(|p| p.finish)
                .fold(0, i64::saturating_add),
        };
        Candidate {
            cost,
            list,
            placements,
        }
    }
}

/// The better of two drawn ones; the population is in order of cost.
fn pick<'a>(population: &'a [Candidate], choices: &mut Choices) -> Option<&'a Candidate> {
    let n = population.len();
    population.get(choices.below(n).min(choices.below(n)))
}

/// The mother's order outside two drawn points, the father's between them; keeps predecessors
/// first, since both parents do.
fn cross(mother: &[usize], father: &[usize], choices: &mut Choices) -> Vec<usize> {
    let n = mother.len();
    let (a, b) = (choices.below(n + 1), choices.below(n + 1));
    let (first, second) = (a.min(b), a.max(b));
    let mut taken = vec![false; n];
    let mut child = Vec::with_capacity(n);
    for (parent, until) in [(mother, first), (father, second), (mother, n)] {
        for activity in parent {
            if child.len() >= until {
                break;
            }
            if let Some(flag) = taken.get_mut(*activity)
                && !*flag
            {
                *flag = true;
                child.push(*activity);
            }
        }
    }
    child
}

/// Swaps some neighbours that do not wait for each other, one in twenty.
fn mutate(problem: &Problem, list: &mut [usize], choices: &mut Choices) {
    for place in 1..list.len() {
        if choices.below(20) != 0 {
            continue;
        }
        let pair = (list.get(place - 1).copied(), list.get(place).copied());
        if let (Some(left), Some(right)) = pair
            && !problem.before(left).contains(&right)
        {
            list.swap(place - 1, place);
        }
    }
}

/// Seeded choices (SplitMix64): the same seed, the same choices, on every machine.
#[derive(Clone, Debug)]
struct Choices(u64);

impl Choices {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, 0 where `n` is 0; computed in 64 bits, so that 32-bit targets agree.
    fn below(&mut self, n: usize) -> usize {
        let drawn = self.next().checked_rem(n as u64).unwrap_or(0);
        usize::try_from(drawn).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
