//! A start for the regression near its end.
//!
//! Jumps of a thermometer pull on one another, which the learner's own steps resolve slowly. Walking feature by
//! feature resolves them at once: the rows of one feature fall into disjoint bins, so given the other features its
//! Newton step is a tree of bins, solved in one pass. How features pull on one another is counted once a round, so a
//! walk costs nothing a row.

use super::binning::EncodedColumn;
use super::fit::loss_of;
use crate::score::FeatureKind;

/// Newton rounds at most, each with a fresh quadratic picture of the loss.
const ROUNDS: usize = 16;
/// Walks over all features within a round.
const WALKS: usize = 60;
/// Codes above which the picture is too large to be worth it: the learner then starts from the base rate.
const MOST_CODES: usize = 2_000;

/// Log-odds by bin: `values` of a feature are relative to its first bin (numbers) or to no bin at all (words).
#[derive(Clone, Debug)]
pub(super) struct Start {
    pub(super) intercept: f64,
    pub(super) values: Vec<Vec<f64>>,
}

struct Walked<'a> {
    column: &'a EncodedColumn,
    codes: Vec<u16>,
    values: Vec<f64>,
}

/// Walks towards the weights of the least penalised loss on `rows`.
pub(super) fn approach(
    columns: &[EncodedColumn],
    rows: &[usize],
    outcomes: &[bool],
    penalty: f64,
) -> Start {
    let mut walked: Vec<Walked<'_>> = columns
        .iter()
        .map(|column| Walked {
            column,
            codes: rows
                .iter()
                .map(|row| column.codes.get(*row).copied().unwrap_or(u16::MAX))
                .collect(),
            values: vec![0.0; column.counts.len()],
        })
        .collect();
    let positives = outcomes.iter().filter(|o| **o).count() as f64;
    let mut intercept = (positives / (outcomes.len() as f64 - positives)).ln();
    let mut loss = f64::INFINITY;
    let mut best = Start {
        intercept,
        values: walked.iter().map(|w| w.values.clone()).collect(),
    };
    if walked.iter().map(|w| w.values.len()).sum::<usize>() > MOST_CODES {
        return best;
    }
    for _ in 0..ROUNDS {
        let odds = odds(&walked, intercept, outcomes.len());
        let now = odds
            .iter()
            .zip(outcomes)
            .map(|(z, o)| loss_of(*z, *o))
            .sum::<f64>()
            + 0.5 * penalty * walked.iter().map(roughness).sum::<f64>();
        if now >= loss {
            // The picture was too rosy: go back half of the way.
            intercept = f64::midpoint(intercept, best.intercept);
            for (walked, values) in walked.iter_mut().zip(&best.values) {
                for (value, before) in walked.values.iter_mut().zip(values) {
                    *value = f64::midpoint(*value, *before);
                }
            }
            continue;
        }
        let settled = loss - now < 1e-6 * now;
        loss = now;
        best = Start {
            intercept,
            values: walked.iter().map(|w| w.values.clone()).collect(),
        };
        if settled {
            break;
        }
        intercept += walk(&mut walked, &odds, outcomes, penalty);
    }
    best
}

fn odds(walked: &[Walked<'_>], intercept: f64, rows: usize) -> Vec<f64> {
    let mut odds = vec![intercept; rows];
    for walked in walked {
        for (z, code) in odds.iter_mut().zip(&walked.codes) {
            *z += walked
                .values
                .get(usize::from(*code))
                .copied()
                .unwrap_or(0.0);
        }
    }
    odds
}

/// Steps towards the least of the quadratic picture at `odds`; returns what the intercept moves by.
fn walk(walked: &mut [Walked<'_>], odds: &[f64], outcomes: &[bool], penalty: f64) -> f64 {
    let chances = odds.iter().map(|z| 1.0 / (1.0 + (-z).exp()));
    let (slopes, bends): (Vec<f64>, Vec<f64>) = chances
        .zip(outcomes)
        .map(|(p, o)| (p - if *o { 1.0 } else { 0.0 }, p * (1.0 - p)))
        .unzip();
    let mut slopes: Vec<Vec<f64>> = walked.iter().map(|w| sums(w, &slopes)).collect();
    let bends_by_code: Vec<Vec<f64>> = walked.iter().map(|w| sums(w, &bends)).collect();
    let pulls = pulls(walked, &bends);
    let mut moved = 0.0;
    for _ in 0..WALKS {
        let mut longest = 0.0_f64;
        for (at, ((walked, bends), pulls)) in walked
            .iter_mut()
            .zip(&bends_by_code)
            .zip(&pulls)
            .enumerate()
        {
            let Some(own) = slopes.get(at) else { continue };
            let (shift, steps) = step(walked, own, bends, penalty);
            moved += shift;
            for (value, step) in walked.values.iter_mut().zip(&steps) {
                *value += step - shift;
                longest = longest.max(step.abs());
            }
            for (slopes, pull) in slopes.iter_mut().zip(pulls) {
                for (step, row) in steps.iter().zip(pull.chunks(slopes.len().max(1))) {
                    for (slope, bend) in slopes.iter_mut().zip(row) {
                        *slope += bend * step;
                    }
                }
            }
        }
        if longest < 1e-4 {
            break;
        }
    }
    moved
}

/// For each pair of features the bend of the rows that share a code of each: `pulls[a][b]` is a table with a row a
/// code of `a` and a column a code of `b`.
fn pulls(walked: &[Walked<'_>], bends: &[f64]) -> Vec<Vec<Vec<f64>>> {
    let mut pulls: Vec<Vec<Vec<f64>>> = Vec::with_capacity(walked.len());
    for (at, a) in walked.iter().enumerate() {
        // What has been counted the other way round is turned over.
        let turned = pulls
            .iter()
            .zip(walked)
            .filter_map(|(of, b)| Some(turn(of.get(at)?, a.values.len(), b.values.len())));
        let mut of_a: Vec<Vec<f64>> = turned.collect();
        of_a.extend(walked.iter().skip(at).map(|b| {
            let width = b.values.len();
            let mut table = vec![0.0; a.values.len() * width];
            for ((code_a, code_b), bend) in a.codes.iter().zip(&b.codes).zip(bends) {
                if let Some(cell) =
                    table.get_mut(usize::from(*code_a) * width + usize::from(*code_b))
                {
                    *cell += bend;
                }
            }
            table
        }));
        pulls.push(of_a);
    }
    pulls
}

/// A table of `height` columns and `width` rows as one of `height` rows and `width` columns.
fn turn(table: &[f64], height: usize, width: usize) -> Vec<f64> {
    (0..height)
        .flat_map(|row| {
            (0..width).map(move |column| table.get(column * height + row).copied().unwrap_or(0.0))
        })
        .collect()
}

/// What the penalty falls on: the squared jumps from bin to bin, and the squared values of everything else.
fn roughness(walked: &Walked<'_>) -> f64 {
    let bins = usize::from(walked.column.bins);
    let squares = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>();
    match &walked.column.kind {
        FeatureKind::Categorical { .. } => squares(&walked.values),
        FeatureKind::Numeric { .. } => {
            let chain = walked.values.get(..bins).unwrap_or_default();
            let jumps: f64 = chain
                .iter()
                .zip(chain.iter().skip(1))
                .map(|(a, b)| (b - a) * (b - a))
                .sum();
            jumps + squares(walked.values.get(bins..).unwrap_or_default())
        }
    }
}

fn sums(walked: &Walked<'_>, of: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; walked.values.len()];
    for (code, value) in walked.codes.iter().zip(of) {
        if let Some(sum) = sums.get_mut(usize::from(*code)) {
            *sum += value;
        }
    }
    sums
}

/// A bin whose children have been eliminated: what it weighs and what pulls on it.
#[derive(Clone, Copy, Default)]
struct Node {
    weight: f64,
    pull: f64,
}

impl Node {
    /// Ties it to a parent from which it differs by `jump`, and adds to the parent what remains of it.
    fn tie(&mut self, jump: f64, penalty: f64, parent: &mut Node) {
        self.weight += penalty;
        self.pull -= penalty * jump;
        let share = penalty / self.weight;
        parent.weight += penalty - penalty * share;
        parent.pull += penalty * jump + share * self.pull;
    }

    /// The step of a tied bin whose parent takes `parent`.
    fn step(&self, parent: f64, penalty: f64) -> f64 {
        (self.pull + penalty * parent) / self.weight
    }
}

/// The Newton step of one feature together with the intercept: the root's step, and the step of every code.
///
/// Numbers form a chain whose first bin is the root; missing and other hang on the root. Words all hang on a root of
/// their own that no row falls into.
fn step(walked: &Walked<'_>, slopes: &[f64], bends: &[f64], penalty: f64) -> (f64, Vec<f64>) {
    let mut nodes: Vec<Node> = slopes
        .iter()
        .zip(bends)
        .map(|(g, h)| Node {
            weight: *h,
            pull: -g,
        })
        .collect();
    let chained = match &walked.column.kind {
        FeatureKind::Numeric { .. } => usize::from(walked.column.bins),
        FeatureKind::Categorical { .. } => 0,
    };
    let leaves = nodes.split_off(chained.min(nodes.len()));
    let mut leaves = leaves;
    let mut root = Node::default();
    for (leaf, value) in leaves.iter_mut().zip(walked.values.iter().skip(chained)) {
        leaf.tie(*value, penalty, &mut root);
    }
    // From the last bin back to the first; each takes over what its successor leaves.
    let mut left = Node::default();
    let mut rest = walked.values.get(..chained).unwrap_or_default();
    for node in nodes.iter_mut().rev() {
        node.weight += left.weight;
        node.pull += left.pull;
        left = Node::default();
        if let Some((value, before)) = rest.split_last() {
            match before.last() {
                Some(previous) => node.tie(value - previous, penalty, &mut left),
                None => {
                    root.weight += node.weight;
                    root.pull += node.pull;
                }
            }
            rest = before;
        }
    }
    let shift = if root.weight > 0.0 {
        root.pull / root.weight
    } else {
        0.0
    };
    let mut steps = Vec::with_capacity(slopes.len());
    let mut parent = shift;
    for (place, node) in nodes.iter().enumerate() {
        if place > 0 {
            parent = node.step(parent, penalty);
        }
        steps.push(parent);
    }
    steps.extend(leaves.iter().map(|leaf| leaf.step(shift, penalty)));
    (shift, steps)
}
