use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{ColumnKind, TrainError, TrainParams, TrainingColumn, TrainingTable};
use crate::facts::{FactName, parse_number};
use crate::score::{FeatureKind, Scorecard};

/// Rows a bin of numbers should hold on average.
const ROWS_PER_BIN: usize = 200;

/// A column as bins, with a bin index a row.
#[derive(Debug)]
pub(super) struct EncodedColumn {
    pub(super) name: FactName,
    pub(super) kind: FeatureKind,
    /// By row: the bin, or `bins` for missing, or `bins + 1` for other.
    pub(super) codes: Vec<u16>,
    /// Bins, missing and other aside.
    pub(super) bins: u16,
    /// Rows a code, missing and other at the end.
    pub(super) counts: Vec<usize>,
}

/// Every column that varies.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) columns: Vec<EncodedColumn>,
    pub(super) rows: usize,
}

impl Encoded {
    /// Codes of all columns, missing and other included.
    pub(super) fn codes(&self) -> usize {
        self.columns.iter().map(|column| column.counts.len()).sum()
    }

    /// The score of every row by a card of the same features.
    pub(super) fn scores(&self, card: &Scorecard) -> Vec<i64> {
        let mut scores = vec![card.base(); self.rows];
        for (column, feature) in self.columns.iter().zip(card.features()) {
            let ends = [
                feature.points_of(crate::score::Bin::Missing),
                feature.points_of(crate::score::Bin::Other),
            ];
            let points: Vec<i64> = feature
                .points()
                .iter()
                .copied()
                .chain(ends)
                .map(i64::from)
                .collect();
            for (score, code) in scores.iter_mut().zip(&column.codes) {
                *score += points.get(usize::from(*code)).copied().unwrap_or(0);
            }
        }
        for pair in card.pairs() {
            let (first, second) = pair.features();
            let codes = |name: &FactName| {
                let column = self.columns.iter().find(|column| column.name == *name);
                column.map(|column| column.codes.as_slice())
            };
            let (Some(first), Some(second)) = (codes(first), codes(second)) else {
                continue;
            };
            for (score, (first, second)) in scores.iter_mut().zip(first.iter().zip(second)) {
                *score += i64::from(pair.points_of_codes(*first, *second));
            }
        }
        scores
    }
}

/// Bins every column; those with one code only are left out.
pub(super) fn encode(table: &TrainingTable, params: &TrainParams) -> Result<Encoded, TrainError> {
    let mut columns = Vec::new();
    for column in table.columns() {
        let encoded = encode_column(column, params)?;
        if encoded.counts.iter().filter(|n| **n > 0).count() > 1 {
            columns.push(encoded);
        }
    }
    if columns.is_empty() {
        return Err(TrainError::NoFeatures);
    }
    Ok(Encoded {
        columns,
        rows: table.outcomes().len(),
    })
}

fn encode_column(
    column: &TrainingColumn,
    params: &TrainParams,
) -> Result<EncodedColumn, TrainError> {
    // Each distinct text is read once, with the rows it stands in.
    let mut texts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in column.values() {
        *texts.entry(value.trim()).or_default() += 1;
    }
    texts.remove("");
    let numbers: BTreeMap<&str, Decimal> = texts
        .keys()
        .filter_map(|text| Some((*text, parse_number(text)?)))
        .collect();
    let filled: usize = texts.values().sum();
    let numeric: usize = numbers.keys().filter_map(|text| texts.get(text)).sum();
    let inferred = if filled > 0 && numeric * 20 >= filled * 19 {
        ColumnKind::Numeric
    } else {
        ColumnKind::Categorical
    };
    let kind = match column.kind().unwrap_or(inferred) {
        ColumnKind::Numeric => {
            if let (0, Some((first, _))) = (numeric, texts.first_key_value()) {
                return Err(TrainError::NotNumeric {
                    column: column.name().to_string(),
                    first: (*first).to_owned(),
                });
            }
            let mut counts: BTreeMap<Decimal, usize> = BTreeMap::new();
            for (text, number) in &numbers {
                *counts.entry(*number).or_default() += texts.get(text).copied().unwrap_or(0);
            }
            FeatureKind::Numeric {
                edges: edges(&counts, numeric, bins_for(numeric, params.bins)),
            }
        }
        ColumnKind::Categorical => FeatureKind::Categorical {
            levels: levels(&texts, params),
        },
    };
    Ok(code(column, kind, &texts, &numbers))
}

fn code(
    column: &TrainingColumn,
    kind: FeatureKind,
    texts: &BTreeMap<&str, usize>,
    numbers: &BTreeMap<&str, Decimal>,
) -> EncodedColumn {
    let bins = match &kind {
        FeatureKind::Numeric { edges } => edges.len() + 1,
        FeatureKind::Categorical { levels } => levels.len(),
    };
    let (missing, other) = (bins, bins + 1);
    let narrow = |code: usize| u16::try_from(code).unwrap_or(u16::MAX);
    let by_text: BTreeMap<&str, u16> = texts
        .keys()
        .map(|text| {
            let bin = match &kind {
                FeatureKind::Numeric { edges } => numbers
                    .get(text)
                    .map(|n| edges.partition_point(|edge| edge <= n)),
                FeatureKind::Categorical { levels } => {
                    levels.iter().position(|level| level == text)
                }
            };
            (*text, narrow(bin.unwrap_or(other)))
        })
        .collect();
    let mut counts = vec![0; bins + 2];
    let codes = column
        .values()
        .iter()
        .map(|value| {
            let code = by_text
                .get(value.trim())
                .copied()
                .unwrap_or(narrow(missing));
            if let Some(count) = counts.get_mut(usize::from(code)) {
                *count += 1;
            }
            code
        })
        .collect();
    EncodedColumn {
        name: column.name().clone(),
        kind,
        codes,
        bins: narrow(bins),
        counts,
    }
}

/// As many bins as are allowed, but none for fewer rows than can tell its rate from its neighbours'.
fn bins_for(rows: usize, most: u32) -> u32 {
    u32::try_from(rows / ROWS_PER_BIN)
        .unwrap_or(u32::MAX)
        .clamp(8.min(most), most)
}

/// Edges so that each bin holds about as many rows; a value that fills a bin alone gets its own.
fn edges(counts: &BTreeMap<Decimal, usize>, rows: usize, bins: u32) -> Vec<Decimal> {
    let bins = usize::try_from(bins).unwrap_or(usize::MAX);
    let mut edges = Vec::new();
    let (mut in_bin, mut left, mut bins_left) = (0_usize, rows, bins);
    for (value, count) in counts {
        // A bin is full with its share of the rows that are left.
        let share = left.div_ceil(bins_left.max(1)).max(1);
        let full = in_bin >= share || (in_bin > 0 && *count >= share);
        if full && bins_left > 1 {
            edges.push(*value);
            left = left.saturating_sub(in_bin);
            bins_left -= 1;
            in_bin = 0;
        }
        in_bin += count;
    }
    edges
}

/// The levels that occur often enough, the most frequent where there are too many; in the order of their words.
fn levels(texts: &BTreeMap<&str, usize>, params: &TrainParams) -> Vec<String> {
    let least = usize::try_from(params.rows_per_level).unwrap_or(usize::MAX);
    let most = usize::try_from(params.levels).unwrap_or(usize::MAX);
    let mut kept: Vec<(usize, &str)> = texts
        .iter()
        .filter(|(_, n)| **n >= least)
        .map(|(t, n)| (*n, *t))
        .collect();
    kept.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    kept.truncate(most);
    let mut levels: Vec<String> = kept.into_iter().map(|(_, text)| text.to_owned()).collect();
    levels.sort_unstable();
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_about_as_many_rows_and_heavy_values_stand_alone() {
        let counts: BTreeMap<Decimal, usize> =
            (0..100_i64).map(|v| (Decimal::from(v), 1)).collect();
        assert_eq!(edges(&counts, 100, 4), [25, 50, 75].map(Decimal::from));
        let mut heavy = counts.clone();
        heavy.insert(Decimal::ZERO, 300);
        let cut = edges(&heavy, 399, 4);
        assert_eq!(
            cut.first(),
            Some(&Decimal::ONE),
            "zero has a bin of its own"
        );
        assert_eq!(cut.len(), 3);
        let few: BTreeMap<Decimal, usize> = [(Decimal::ONE, 5), (Decimal::TWO, 5)].into();
        assert_eq!(edges(&few, 10, 32), [Decimal::TWO]);
    }
}
