//! Pairs of features, learnt on top of what each says alone.
//!
//! For each pair the bins are merged to a few groups, and the pair is worth what its table of
//! groups would explain of what the features alone leave over. The best ones are fitted together,
//! against a penalty that draws every cell to nothing. Whether there are any, and how many, is
//! decided by rows that were held out: a pair that does not show there is not on the card.

use super::binning::{Encoded, EncodedColumn};
use super::{POINTS_PER_UNIT, TrainError};
use crate::facts::FactName;
use crate::score::{FeatureKind, Pair};

/// Groups that the bins of a feature are merged to, missing and other aside.
const GROUPS: usize = 8;
/// About as many imagined rows in each cell say nothing.
const PENALTY: f64 = 100.0;
/// Rounds over all pairs, and how far each goes of its way.
const ROUNDS: usize = 8;
const STEP: f64 = 0.7;
/// The most features that are looked at, those of most weight first.
const MOST_FEATURES: usize = 24;

/// Numbers of pairs that are tried, from none.
pub(super) const SIZES: [usize; 3] = [0, 10, 40];

/// Two columns by index, with the groups of their codes.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    first: usize,
    second: usize,
    groups: (Vec<u16>, Vec<u16>),
    width: usize,
    cells: usize,
}

impl Joined {
    fn new(encoded: &Encoded, first: usize, second: usize) -> Option<Self> {
        let groups = (
            merged(encoded.columns.get(first)?),
            merged(encoded.columns.get(second)?),
        );
        let size = |groups: &[u16]| usize::from(groups.iter().max().copied().unwrap_or(0)) + 1;
        let (height, width) = (size(&groups.0), size(&groups.1));
        Some(Self {
            first,
            second,
            groups,
            width,
            cells: height * width,
        })
    }

    fn cells_of(&self, encoded: &Encoded, rows: &[usize]) -> Vec<usize> {
        let group = |groups: &[u16], column: usize, row: usize| {
            let codes = encoded.columns.get(column).map(|c| &c.codes);
            let code = codes.and_then(|codes| codes.get(row)).copied().unwrap_or(0);
            usize::from(groups.get(usize::from(code)).copied().unwrap_or(0))
        };
        rows.iter()
            .map(|row| {
                group(&self.groups.0, self.first, *row) * self.width
                    + group(&self.groups.1, self.second, *row)
            })
            .collect()
    }
}

/// The pairs that explain most of what `scores` leave over on `rows`, the best first.
pub(super) fn candidates(
    encoded: &Encoded,
    scores: &[i64],
    outcomes: &[bool],
    rows: &[usize],
    weights: &[i64],
) -> Vec<Joined> {
    let mut features: Vec<usize> = (0..encoded.columns.len()).collect();
    features.sort_by_key(|at| (std::cmp::Reverse(weights.get(*at).copied()), *at));
    features.truncate(MOST_FEATURES);
    features.sort_unstable();
    let (slopes, bends) = left_over(&odds(scores, rows), outcomes, rows);
    let mut found: Vec<(f64, Joined)> = Vec::new();
    for (at, first) in features.iter().enumerate() {
        for second in features.iter().skip(at + 1) {
            let Some(joined) = Joined::new(encoded, *first, *second) else {
                continue;
            };
            let cells = joined.cells_of(encoded, rows);
            let slope = sums(&cells, &slopes, joined.cells);
            let bend = sums(&cells, &bends, joined.cells);
            let gain = slope
                .iter()
                .zip(&bend)
                .map(|(slope, bend)| slope * slope / (bend + PENALTY))
                .sum();
            found.push((gain, joined));
        }
    }
    found.sort_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then_with(|| (a.1.first, a.1.second).cmp(&(b.1.first, b.1.second)))
    });
    found.into_iter().map(|(_, joined)| joined).collect()
}

/// Fits the tables of `pairs` together, on top of `scores`, and rounds them to points.
pub(super) fn fit(
    encoded: &Encoded,
    pairs: &[Joined],
    scores: &[i64],
    outcomes: &[bool],
    rows: &[usize],
) -> Result<Vec<Pair>, TrainError> {
    let cells: Vec<Vec<usize>> = pairs.iter().map(|p| p.cells_of(encoded, rows)).collect();
    let mut tables: Vec<Vec<f64>> = pairs.iter().map(|p| vec![0.0; p.cells]).collect();
    let mut odds = odds(scores, rows);
    for _ in 0..ROUNDS {
        for (cells, table) in cells.iter().zip(&mut tables) {
            let (slopes, bends) = left_over(&odds, outcomes, rows);
            let slope = sums(cells, &slopes, table.len());
            let bend = sums(cells, &bends, table.len());
            let steps: Vec<f64> = table
                .iter()
                .zip(slope.iter().zip(&bend))
                .map(|(value, (slope, bend))| STEP * (slope - PENALTY * value) / (bend + PENALTY))
                .collect();
            for (value, step) in table.iter_mut().zip(&steps) {
                *value += step;
            }
            for (z, cell) in odds.iter_mut().zip(cells) {
                *z += steps.get(*cell).copied().unwrap_or(0.0);
            }
        }
    }
    let unit = f64::from(POINTS_PER_UNIT);
    pairs
        .iter()
        .zip(tables)
        .map(|(joined, table)| {
            let name = |at: usize| encoded.columns.get(at).map(|c| c.name.clone());
            let (Some(first), Some(second)) = (name(joined.first), name(joined.second)) else {
                return Err(TrainError::NoFeatures);
            };
            let whole: String = format!("{first} & {second}").chars().take(120).collect();
            let points = table.iter().map(|value| rounded(value * unit)).collect();
            let label = FactName::parse(whole.trim()).unwrap_or_else(|_| first.clone());
            Ok(Pair::new(
                label,
                (first, second),
                joined.groups.clone(),
                points,
            ))
        })
        .collect()
}

/// How many pairs serve best, by the loss on held-out rows for each of [`SIZES`]; none unless it
/// gains at least a thousandth.
pub(super) fn best_size(losses: &[f64]) -> usize {
    let none = losses.first().copied().unwrap_or(f64::INFINITY);
    let best = SIZES
        .iter()
        .zip(losses)
        .min_by(|a, b| a.1.total_cmp(b.1).then_with(|| a.0.cmp(b.0)));
    match best {
        Some((size, loss)) if *loss < none * 0.999 => *size,
        _ => 0,
    }
}

/// Neighbouring bins of numbers, and the rarest words, share a group; missing and other keep
/// their own where rows have them.
fn merged(column: &EncodedColumn) -> Vec<u16> {
    let bins = usize::from(column.bins);
    let count = |code: usize| column.counts.get(code).copied().unwrap_or(0);
    let narrow = |group: usize| u16::try_from(group).unwrap_or(u16::MAX);
    let mut groups: Vec<u16> = match &column.kind {
        FeatureKind::Numeric { .. } => {
            let all: usize = (0..bins).map(count).sum::<usize>().max(1);
            let mut below = 0;
            (0..bins)
                .map(|bin| {
                    let middle = below + count(bin) / 2;
                    below += count(bin);
                    narrow((middle * GROUPS / all).min(GROUPS - 1))
                })
                .collect()
        }
        FeatureKind::Categorical { .. } => {
            let mut order: Vec<usize> = (0..bins).collect();
            order.sort_by_key(|bin| (std::cmp::Reverse(count(*bin)), *bin));
            let mut groups = vec![0; bins];
            for (rank, bin) in order.into_iter().enumerate() {
                if let Some(group) = groups.get_mut(bin) {
                    *group = narrow(rank.min(GROUPS - 1));
                }
            }
            groups
        }
    };
    groups.push(narrow(GROUPS));
    groups.push(narrow(GROUPS + 1));
    // Groups that nothing falls into are closed up.
    let mut used: Vec<u16> = groups.clone();
    used.sort_unstable();
    used.dedup();
    groups
        .iter()
        .map(|group| narrow(used.partition_point(|known| known < group)))
        .collect()
}

fn odds(scores: &[i64], rows: &[usize]) -> Vec<f64> {
    let unit = f64::from(POINTS_PER_UNIT);
    rows.iter()
        .map(|row| scores.get(*row).copied().unwrap_or(0) as f64 / unit)
        .collect()
}

/// The slope of the likelihood at each row's odds, and how it bends.
fn left_over(odds: &[f64], outcomes: &[bool], rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
    odds.iter()
        .zip(rows)
        .map(|(z, row)| {
            let chance = 1.0 / (1.0 + (-z).exp());
            let outcome = outcomes.get(*row).copied().unwrap_or(false);
            let seen = if outcome { 1.0 } else { 0.0 };
            (seen - chance, chance * (1.0 - chance))
        })
        .unzip()
}

fn sums(cells: &[usize], of: &[f64], size: usize) -> Vec<f64> {
    let mut sums = vec![0.0; size];
    for (cell, value) in cells.iter().zip(of) {
        if let Some(sum) = sums.get_mut(*cell) {
            *sum += value;
        }
    }
    sums
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "points of a few hundred at most"
)]
fn rounded(points: f64) -> i32 {
    points.round().clamp(-1e6, 1e6) as i32
}
