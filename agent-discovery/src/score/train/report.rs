use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::binning::Encoded;
use super::{TrainParams, TrainingTable, measure};
use crate::score::Calibration;

/// Rows of a like probability, and how many of them had the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalibrationRow {
    /// Rows.
    pub rows: u64,
    /// The mean of what was foretold, in parts per million.
    pub foretold_ppm: u32,
    /// The share that had the outcome, in parts per million.
    pub seen_ppm: u32,
}

/// How good a card is, measured on rows that the model which scored them had not seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TrainReport {
    /// Rows in the table.
    pub rows: u64,
    /// Rows learnt from.
    pub used: u64,
    /// Rows learnt from that had the outcome.
    pub positives: u64,
    /// Columns that became features.
    pub features: u64,
    /// Columns that did not, since they hold one value only or none often enough.
    pub left_out: Vec<String>,
    /// The chance that a row with the outcome scores above one without, in parts per million.
    pub auc_ppm: u32,
    /// The mean log loss of the calibrated probabilities, in millionths of a nat.
    pub log_loss_micro: u32,
    /// Ten groups of rows by rising probability.
    pub calibration: Vec<CalibrationRow>,
    /// The penalty chosen, in thousandths.
    pub penalty_milli: u32,
}

impl TrainReport {
    pub(super) fn of(
        foretold: &[i64],
        outcomes: &[bool],
        calibration: &Calibration,
        encoded: &Encoded,
        table: &TrainingTable,
        penalty: f64,
    ) -> Self {
        let mut rows: Vec<(u32, bool)> = foretold
            .iter()
            .zip(outcomes)
            .map(|(score, o)| (calibration.ppm(*score), *o))
            .collect();
        rows.sort_unstable();
        let left_out = table
            .columns()
            .iter()
            .filter(|c| !encoded.columns.iter().any(|e| &e.name == c.name()))
            .map(|c| c.name().to_string())
            .collect();
        Self {
            rows: table.given() as u64,
            used: outcomes.len() as u64,
            positives: outcomes.iter().filter(|o| **o).count() as u64,
            features: encoded.columns.len() as u64,
            left_out,
            auc_ppm: measure::auc_ppm(foretold, outcomes),
            log_loss_micro: measure::log_loss_micro(rows.iter().copied()),
            calibration: rows
                .chunks(rows.len().div_ceil(10).max(1))
                .map(group)
                .collect(),
            penalty_milli: milli(penalty),
        }
    }

    /// What a card says of how it came about.
    pub(super) fn origin(&self, params: &TrainParams) -> BTreeMap<String, String> {
        let decimals = |value: u32| format!("{}.{:06}", value / 1_000_000, value % 1_000_000);
        [
            ("rows", self.used.to_string()),
            ("positives", self.positives.to_string()),
            ("seed", params.seed.to_string()),
            ("folds", params.folds.to_string()),
            ("penalty_milli", self.penalty_milli.to_string()),
            ("cross_validated_auc", decimals(self.auc_ppm)),
            ("cross_validated_log_loss", decimals(self.log_loss_micro)),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "one of a handful of constants"
)]
fn milli(penalty: f64) -> u32 {
    (penalty * 1_000.0).round() as u32
}

fn group(rows: &[(u32, bool)]) -> CalibrationRow {
    let count = rows.len() as u64;
    let mean = |sum: u64| u32::try_from(sum.checked_div(count).unwrap_or(0)).unwrap_or(1_000_000);
    CalibrationRow {
        rows: count,
        foretold_ppm: mean(rows.iter().map(|(ppm, _)| u64::from(*ppm)).sum()),
        seen_ppm: mean(1_000_000 * rows.iter().filter(|(_, o)| *o).count() as u64),
    }
}
