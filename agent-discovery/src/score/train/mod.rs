//! Learning a [`Scorecard`] from outcomes, behind the feature `train`.
//!
//! Columns are binned, the bins are coded (numbers as a thermometer of their edges, words one column a level), a
//! logistic regression with an L2 penalty is fitted on the codes, and its weights are rounded to points. Pairs of
//! features get points of their own on top, as many as show on rows that were held out, and none where they do not.
//! The penalty is chosen by cross-validation, and the table from score to probability is fitted on scores of rows that their
//! model had not seen. Floats live only in here; what comes out is integers. Nothing is random but for the
//! folds, which follow from the seed, so the same table gives the same card.

mod approach;
mod binning;
mod fit;
mod folds;
mod measure;
mod pairs;
mod report;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use report::{CalibrationRow, TrainReport};
pub use table::{ColumnKind, TrainError, TrainingColumn, TrainingTable};

use self::binning::Encoded;
use self::fit::{Design, Weights};
use super::calibration::Calibration;
use super::card::{FORMAT, Scorecard, ScorecardParts, VERSION};

/// Points a unit of log-odds: 70 points double the odds, 231 make them ten times as good.
const POINTS_PER_UNIT: u32 = 100;
/// The most cells, rows times codes, that the learner is given: 8 bytes each.
const CELLS: usize = 60_000_000;
/// Penalties tried, from weak to strong; each is about the weight of as many imagined rows that say nothing.
const PENALTIES: [f64; 5] = [1.0, 3.0, 10.0, 30.0, 100.0];

/// How to learn; [`TrainParams::check`] makes it usable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrainParams {
    /// Decides the folds, and the rows taken where there are too many.
    pub seed: u64,
    /// Folds of the cross-validation, 2 to 20.
    pub folds: u32,
    /// The most bins a numeric column is cut into, 2 to 256; fewer where rows are few.
    pub bins: u32,
    /// The most levels kept of a column of words, 1 to 1,000; the rarest fall to `other`.
    pub levels: u32,
    /// The fewest rows a level needs to be kept.
    pub rows_per_level: u32,
    /// The most rows learnt from, at least 100; more are thinned out evenly.
    pub rows: u32,
}

impl Default for TrainParams {
    fn default() -> Self {
        Self {
            seed: 1,
            folds: 5,
            bins: 64,
            levels: 100,
            rows_per_level: 10,
            rows: 200_000,
        }
    }
}

impl TrainParams {
    /// Checks the bounds.
    ///
    /// # Errors
    ///
    /// [`TrainError::Param`] names the parameter that is out of its bounds.
    pub fn check(self) -> Result<CheckedTrainParams, TrainError> {
        let bounds = [
            ("folds", self.folds, 2, 20),
            ("bins", self.bins, 2, 256),
            ("levels", self.levels, 1, 1_000),
            ("rows_per_level", self.rows_per_level, 1, 1_000_000),
            ("rows", self.rows, 100, 10_000_000),
        ];
        for (name, value, least, most) in bounds {
            if !(least..=most).contains(&value) {
                return Err(TrainError::Param {
                    name,
                    value,
                    least,
                    most,
                });
            }
        }
        Ok(CheckedTrainParams(self))
    }
}

/// Parameters of learning within their bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedTrainParams(TrainParams);

impl CheckedTrainParams {
    /// The parameters.
    #[must_use]
    pub fn params(&self) -> &TrainParams {
        &self.0
    }
}

/// A card and what is known of how good it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trained {
    card: Scorecard,
    report: TrainReport,
}

impl Trained {
    /// The card.
    #[must_use]
    pub fn card(&self) -> &Scorecard {
        &self.card
    }

    /// How good it is on rows its models had not seen.
    #[must_use]
    pub fn report(&self) -> &TrainReport {
        &self.report
    }

    /// Both.
    #[must_use]
    pub fn into_parts(self) -> (Scorecard, TrainReport) {
        (self.card, self.report)
    }
}

/// Learns a card that foretells `target` from a table of outcomes.
///
/// # Errors
///
/// [`TrainError`] where there is too little to learn from: fewer rows than folds allow, one outcome only, no column
/// that varies, a column declared numeric without a number.
pub fn train(
    target: &str,
    table: &TrainingTable,
    params: &CheckedTrainParams,
) -> Result<Trained, TrainError> {
    let params = params.params();
    let mut table = table.thinned(params.rows, params.seed);
    let mut folds = folds::assign(table.outcomes(), params.folds, params.seed)?;
    let mut encoded = binning::encode(&table, params)?;
    // The learner sees every cell: where there are too many codes, fewer rows have to do.
    let bound = CELLS / encoded.codes().max(1);
    if encoded.rows > bound {
        table = table.thinned(u32::try_from(bound).unwrap_or(u32::MAX), params.seed);
        folds = folds::assign(table.outcomes(), params.folds, params.seed)?;
        encoded = binning::encode(&table, params)?;
    }
    let (table, outcomes) = (&table, table.outcomes());
    let design = Design::new(&encoded);
    let chosen = fit::choose_penalty(&design, outcomes, &folds, &PENALTIES, params.seed)?;

    // For each number of pairs, what the rows of each fold score by cards that had not seen them.
    let mut foretold: Vec<Vec<i64>> = pairs::SIZES
        .iter()
        .map(|_| vec![0; outcomes.len()])
        .collect();
    for fold in 0..params.folds {
        let weights = fit::fit(
            &design,
            outcomes,
            |row| folds.get(row) != Some(&fold),
            chosen,
        )?;
        let card = assemble(target, &encoded, &design, &weights, identity()?)?;
        let rows: Vec<usize> = (0..outcomes.len())
            .filter(|row| folds.get(*row) != Some(&fold))
            .collect();
        let found = pairs_of(&card, &encoded, outcomes, &rows);
        for (size, foretold) in pairs::SIZES.iter().zip(&mut foretold) {
            let found = found.get(..found.len().min(*size)).unwrap_or_default();
            let whole = with_pairs(&card, &encoded, outcomes, &rows, found)?;
            let points = encoded.scores(&whole);
            let held_out = foretold.iter_mut().zip(&folds).zip(points);
            for ((score, _), points) in held_out.filter(|((_, of), _)| **of == fold) {
                *score = points;
            }
        }
    }
    let losses: Vec<f64> = foretold
        .iter()
        .map(|scores| {
            let unit = f64::from(POINTS_PER_UNIT);
            let rows = scores.iter().zip(outcomes);
            rows.map(|(score, o)| fit::loss_of(*score as f64 / unit, *o))
                .sum()
        })
        .collect();
    let size = pairs::best_size(&losses);
    let at = pairs::SIZES.iter().position(|known| *known == size);
    let foretold = at
        .and_then(|at| foretold.into_iter().nth(at))
        .unwrap_or_default();
    let (slope, offset) = measure::sigmoid_through(&foretold, outcomes, f64::from(POINTS_PER_UNIT));
    let calibration = Calibration::new(measure::knots(slope, offset, f64::from(POINTS_PER_UNIT)))?;
    let weights = fit::fit(&design, outcomes, |_| true, chosen)?;
    let report = TrainReport::of(&foretold, outcomes, &calibration, &encoded, table, chosen);
    let alone = assemble(target, &encoded, &design, &weights, calibration)?;
    let rows: Vec<usize> = (0..outcomes.len()).collect();
    let mut found = pairs_of(&alone, &encoded, outcomes, &rows);
    found.truncate(size);
    let whole = with_pairs(&alone, &encoded, outcomes, &rows, &found)?;
    let mut parts = ScorecardParts::from(whole);
    parts.origin = report.origin(params);
    parts
        .origin
        .insert("pairs".to_owned(), parts.pairs.len().to_string());
    Ok(Trained {
        card: Scorecard::try_from(parts)?,
        report,
    })
}

/// The pairs that are worth most on top of a card, by what `rows` show.
fn pairs_of(
    card: &Scorecard,
    encoded: &Encoded,
    outcomes: &[bool],
    rows: &[usize],
) -> Vec<pairs::Joined> {
    // What a feature moves over all rows decides which are looked at.
    let weights: Vec<i64> = encoded
        .columns
        .iter()
        .zip(card.features())
        .map(|(column, feature)| {
            let counts = column.counts.iter().zip(feature.points());
            counts
                .map(|(n, points)| i64::from(points.abs()) * i64::try_from(*n).unwrap_or(0))
                .sum()
        })
        .collect();
    pairs::candidates(encoded, &encoded.scores(card), outcomes, rows, &weights)
}

/// The card with these pairs on top, learnt from `rows`.
fn with_pairs(
    card: &Scorecard,
    encoded: &Encoded,
    outcomes: &[bool],
    rows: &[usize],
    found: &[pairs::Joined],
) -> Result<Scorecard, TrainError> {
    let mut parts = ScorecardParts::from(card.clone());
    parts.pairs = pairs::fit(encoded, found, &encoded.scores(card), outcomes, rows)?;
    Ok(Scorecard::try_from(parts)?)
}

fn identity() -> Result<Calibration, TrainError> {
    Ok(Calibration::new(vec![(0, 0)])?)
}

/// Rounds weights to points, each feature centred so that the average row gets nothing from it.
fn assemble(
    target: &str,
    encoded: &Encoded,
    design: &Design<'_>,
    weights: &Weights,
    calibration: Calibration,
) -> Result<Scorecard, TrainError> {
    let (base, features) = design.to_points(weights, encoded, f64::from(POINTS_PER_UNIT));
    Ok(Scorecard::try_from(ScorecardParts {
        format: FORMAT.to_owned(),
        version: VERSION,
        target: target.to_owned(),
        points_per_unit: POINTS_PER_UNIT,
        base,
        features,
        pairs: Vec::new(),
        calibration: calibration.into(),
        origin: BTreeMap::new(),
    })?)
}
