use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2, ShapeBuilder};

use super::TrainError;
use super::approach::{Start, approach};
use super::binning::{Encoded, EncodedColumn};
use super::folds::mix;
use crate::score::{Feature, FeatureKind};

/// The most rows that take part in the choice of the penalty.
const PENALTY_ROWS: usize = 6_000;
/// The most steps of one fit; each is one or two passes over the rows.
const STEPS: u64 = 40;

/// How far above its least the penalised loss of a fit may end, in nats a row.
const EXCESS: f64 = 1e-6;

/// One column of codes that the regression sees.
#[derive(Clone, Copy, Debug)]
enum Code {
    /// 1 where the bin is this or a later one: what the edge below the bin adds.
    From(u16),
    /// 1 where the code is exactly this: a level, missing or other.
    At(u16),
}

/// Which codes stand for which bins.
#[derive(Debug)]
pub(super) struct Design<'a> {
    columns: &'a [EncodedColumn],
    codes: Vec<(&'a EncodedColumn, Code)>,
    rows: usize,
}

/// A fitted regression: log-odds of the outcome.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    intercept: f64,
    codes: Vec<f64>,
}

impl<'a> Design<'a> {
    pub(super) fn new(encoded: &'a Encoded) -> Self {
        let mut codes = Vec::new();
        for column in &encoded.columns {
            let bins = column.bins;
            match &column.kind {
                FeatureKind::Numeric { .. } => {
                    codes.extend((1..bins).map(|bin| (column, Code::From(bin))))
                }
                FeatureKind::Categorical { .. } => {
                    codes.extend((0..bins).map(|bin| (column, Code::At(bin))))
                }
            }
            let ends = [bins, bins.saturating_add(1)];
            let seen = |code: &u16| {
                column
                    .counts
                    .get(usize::from(*code))
                    .is_some_and(|n| *n > 0)
            };
            codes.extend(
                ends.into_iter()
                    .filter(seen)
                    .map(|code| (column, Code::At(code))),
            );
        }
        Self {
            columns: &encoded.columns,
            codes,
            rows: encoded.rows,
        }
    }

    /// The codes of some rows. Columns lie one after the other in memory: the learner walks rows through a packing
    /// product and columns directly.
    fn matrix(&self, rows: &[usize]) -> Array2<f64> {
        let mut matrix = Array2::zeros((rows.len(), self.codes.len()).f());
        for ((column, code), mut out) in self.codes.iter().zip(matrix.columns_mut()) {
            for (cell, row) in out.iter_mut().zip(rows) {
                let seen = column.codes.get(*row).copied().unwrap_or(u16::MAX);
                let on = match code {
                    Code::From(bin) => seen >= *bin && seen < column.bins,
                    Code::At(at) => seen == *at,
                };
                if on {
                    *cell = 1.0;
                }
            }
        }
        matrix
    }

    /// The weights that say of every bin what `start` says.
    fn weights(&self, start: &Start) -> Weights {
        let values = self.columns.iter().zip(&start.values);
        let of = |column: &EncodedColumn, code: u16| -> f64 {
            let found = values.clone().find(|(c, _)| std::ptr::eq(*c, column));
            found
                .and_then(|(_, v)| v.get(usize::from(code)))
                .copied()
                .unwrap_or(0.0)
        };
        Weights {
            intercept: start.intercept,
            codes: self
                .codes
                .iter()
                .map(|(column, code)| match code {
                    Code::From(bin) => of(column, *bin) - of(column, bin.saturating_sub(1)),
                    Code::At(at) => of(column, *at),
                })
                .collect(),
        }
    }

    /// Base points and features: weights times `scale`, each feature centred on the rows, rounded.
    pub(super) fn to_points(
        &self,
        weights: &Weights,
        encoded: &Encoded,
        scale: f64,
    ) -> (i32, Vec<Feature>) {
        let mut base = weights.intercept;
        let mut rest = self.codes.iter().zip(&weights.codes).peekable();
        let mut features = Vec::with_capacity(encoded.columns.len());
        for column in &encoded.columns {
            let mut by_code = vec![0.0; column.counts.len()];
            while let Some(((_, code), weight)) =
                rest.next_if(|((of, _), _)| std::ptr::eq(*of, column))
            {
                let (from, to) = match code {
                    Code::From(bin) => (*bin, column.bins),
                    Code::At(at) => (*at, at.saturating_add(1)),
                };
                let span = usize::from(to).saturating_sub(usize::from(from));
                for value in by_code.iter_mut().skip(usize::from(from)).take(span) {
                    *value += weight;
                }
            }
            let mean = by_code
                .iter()
                .zip(&column.counts)
                .map(|(v, n)| v * *n as f64)
                .sum::<f64>()
                / self.rows as f64;
            base += mean;
            // What never occurred says nothing: it counts as the average row does.
            let points: Vec<i32> = by_code
                .iter()
                .zip(&column.counts)
                .map(|(value, n)| {
                    if *n == 0 {
                        0
                    } else {
                        round(scale * (value - mean))
                    }
                })
                .collect();
            let bins = usize::from(column.bins);
            let end = |offset: usize| points.get(bins + offset).copied().unwrap_or(0);
            features.push(Feature::new(
                column.name.clone(),
                column.kind.clone(),
                points.get(..bins).unwrap_or_default().to_vec(),
                end(0),
                end(1),
            ));
        }
        (round(scale * base), features)
    }
}

/// The nearest integer; far beyond any weight that a penalised fit yields the cast saturates.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to points is the purpose; the cast saturates"
)]
fn round(value: f64) -> i32 {
    value.round() as i32
}

/// Fits the rows that `takes` selects.
pub(super) fn fit(
    design: &Design<'_>,
    outcomes: &[bool],
    takes: impl Fn(usize) -> bool,
    penalty: f64,
) -> Result<Weights, TrainError> {
    let rows: Vec<usize> = (0..design.rows).filter(|row| takes(*row)).collect();
    let data = Dataset::new(design.matrix(&rows), targets(&rows, outcomes));
    fit_data(design, &rows, &data, penalty)
}

fn targets(rows: &[usize], outcomes: &[bool]) -> Array1<bool> {
    rows.iter()
        .map(|row| outcomes.get(*row).copied().unwrap_or(false))
        .collect()
}

type Data = Dataset<f64, bool, ndarray::Ix1>;

fn fit_data(
    design: &Design<'_>,
    rows: &[usize],
    data: &Data,
    penalty: f64,
) -> Result<Weights, TrainError> {
    let positives = data.targets.iter().filter(|o| **o).count();
    let negatives = data.targets.len() - positives;
    // The learner takes the majority as its positive class, on a tie the class of the first row.
    let majority = match positives.cmp(&negatives) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => data.targets.first().copied().unwrap_or(false),
    };
    let sign = |class: bool| if class { 1.0 } else { -1.0 };
    let start = approach(design.columns, rows, &data.targets.to_vec(), penalty);
    let start = design.weights(&start);
    // The loss bends at least as much as the penalty, so a gradient this short is no further from the least.
    let tolerance = (2.0 * penalty * EXCESS * data.targets.len() as f64).sqrt();
    let flat = start.codes.iter().chain([&start.intercept]);
    let learner = LogisticRegression::default()
        .alpha(penalty)
        .max_iterations(STEPS)
        .gradient_tolerance(tolerance)
        .initial_params(flat.map(|w| w * sign(majority)).collect());
    let fitted = learner.fit(data).map_err(|error| TrainError::Learner {
        message: error.to_string(),
    })?;
    let sign = sign(fitted.labels().pos.class);
    Ok(Weights {
        intercept: sign * fitted.intercept(),
        codes: fitted.params().iter().map(|w| sign * w).collect(),
    })
}

/// The penalty with the least log loss on rows held out, on a sample of the rows; of equals the stronger.
pub(super) fn choose_penalty(
    design: &Design<'_>,
    outcomes: &[bool],
    folds: &[u32],
    penalties: &[f64],
    seed: u64,
) -> Result<f64, TrainError> {
    let mut sample: Vec<usize> = (0..design.rows).collect();
    sample.sort_unstable_by_key(|row| (mix(seed ^ 0x5EED, *row), *row));
    sample.truncate(PENALTY_ROWS);
    sample.sort_unstable();
    let mut losses = vec![0.0; penalties.len()];
    // Three folds tell penalties apart; with all of them the choice costs more than it gains.
    for fold in 0..3 {
        let of = |held_out: bool| -> Vec<usize> {
            let belongs =
                |row: &&usize| (folds.get(**row).map(|f| f % 3) == Some(fold)) == held_out;
            sample.iter().filter(belongs).copied().collect()
        };
        let (learn, check) = (of(false), of(true));
        let both = |rows: &[usize]| {
            let targets = targets(rows, outcomes);
            let positives = targets.iter().filter(|o| **o).count();
            positives > 0 && positives < targets.len()
        };
        if !both(&learn) || check.is_empty() {
            continue;
        }
        let data = Dataset::new(design.matrix(&learn), targets(&learn, outcomes));
        let (held_out, truth) = (design.matrix(&check), targets(&check, outcomes));
        for (penalty, loss) in penalties.iter().zip(losses.iter_mut()).rev() {
            let weights = fit_data(design, &learn, &data, *penalty)?;
            let odds = held_out.dot(&Array1::from(weights.codes.clone())) + weights.intercept;
            *loss += odds
                .iter()
                .zip(&truth)
                .map(|(z, o)| loss_of(*z, *o))
                .sum::<f64>();
        }
    }
    let best = penalties
        .iter()
        .zip(&losses)
        .rev()
        .min_by(|a, b| a.1.total_cmp(b.1));
    Ok(best.map_or(1.0, |(penalty, _)| *penalty))
}

/// Minus the log-likelihood of an outcome at log-odds `z`.
pub(super) fn loss_of(z: f64, outcome: bool) -> f64 {
    let z = if outcome { z } else { -z };
    if z > 0.0 {
        (-z).exp().ln_1p()
    } else {
        z.exp().ln_1p() - z
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TrainParams, binning, tests::table};
    use super::*;

    #[test]
    fn the_start_is_where_the_learner_ends_from_nothing() {
        for flipped in [false, true] {
            let table = table(flipped);
            let encoded = binning::encode(&table, &TrainParams::default()).unwrap();
            let design = Design::new(&encoded);
            let rows: Vec<usize> = (0..encoded.rows).collect();
            let data = Dataset::new(design.matrix(&rows), targets(&rows, table.outcomes()));
            let start = design.weights(&approach(design.columns, &rows, table.outcomes(), 3.0));
            let learner = LogisticRegression::default()
                .alpha(3.0)
                .max_iterations(2_000)
                .gradient_tolerance(1e-4);
            let fitted = learner.fit(&data).unwrap();
            let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
            for (ours, theirs) in start.codes.iter().zip(fitted.params()) {
                assert!((ours - sign * theirs).abs() < 0.01, "{ours} {theirs}");
            }
            assert!((start.intercept - sign * fitted.intercept()).abs() < 0.01);
        }
    }
}
