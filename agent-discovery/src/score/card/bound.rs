use std::collections::HashMap;

use super::{Bin, CardError, Feature, FeatureKind, Pair, Scorecard};
use crate::facts::FactName;

impl Scorecard {
    /// Ties the card to the columns of a table, so that rows can be scored as they are read.
    ///
    /// # Errors
    ///
    /// [`CardError::Column`] where a column that the card reads is not among `columns`.
    pub fn bind<S: AsRef<str>>(&self, columns: &[S]) -> Result<BoundCard<'_>, CardError> {
        let inputs = self
            .features
            .iter()
            .map(|feature| {
                let column = columns
                    .iter()
                    .position(|c| c.as_ref() == feature.name.as_str())
                    .ok_or_else(|| CardError::Column {
                        column: feature.name.to_string(),
                    })?;
                let levels = match &feature.kind {
                    FeatureKind::Categorical { levels } => levels
                        .iter()
                        .enumerate()
                        .map(|(index, level)| (level.as_str(), index))
                        .collect(),
                    FeatureKind::Numeric { .. } => HashMap::new(),
                };
                Ok(Input {
                    feature,
                    column,
                    levels,
                })
            })
            .collect::<Result<_, CardError>>()?;
        let place = |name: &FactName| self.features.iter().position(|f| f.name() == name);
        let pairs = self.pairs.iter().filter_map(|pair| {
            let (first, second) = pair.features();
            Some((pair, place(first)?, place(second)?))
        });
        Ok(BoundCard {
            pairs: pairs.collect(),
            card: self,
            inputs,
        })
    }
}

/// A card tied to the columns of a table.
#[derive(Debug)]
pub struct BoundCard<'a> {
    card: &'a Scorecard,
    inputs: Vec<Input<'a>>,
    /// Each with the places of its features.
    pairs: Vec<(&'a Pair, usize, usize)>,
}

#[derive(Debug)]
struct Input<'a> {
    feature: &'a Feature,
    column: usize,
    /// Levels are looked up here and never walked, so their order cannot reach an output.
    levels: HashMap<&'a str, usize>,
}

impl BoundCard<'_> {
    /// Scores one row; `field` gives the text of a column by index, `None` or empty is missing.
    pub fn score<'r>(&self, field: impl Fn(usize) -> Option<&'r str>) -> RowScore<'_> {
        let bins: Vec<Bin> = self
            .inputs
            .iter()
            .map(|input| {
                let text = field(input.column).unwrap_or("");
                match &input.feature.kind {
                    FeatureKind::Numeric { .. } => input.feature.bin_of_text(text),
                    FeatureKind::Categorical { .. } => match text.trim() {
                        "" => Bin::Missing,
                        level => input
                            .levels
                            .get(level)
                            .map_or(Bin::Other, |index| Bin::At(*index)),
                    },
                }
            })
            .collect();
        let alone = self.inputs.iter().zip(&bins);
        let alone = alone.map(|(input, bin)| {
            let feature = input.feature;
            (feature.name.as_str(), feature.points_of(*bin))
        });
        let bin = |at: usize| bins.get(at).copied().unwrap_or(Bin::Missing);
        let together = self.pairs.iter().map(|(pair, first, second)| {
            let points = pair.points_of(bin(*first), bin(*second));
            (pair.name().as_str(), points)
        });
        let parts: Vec<(&str, i32)> = std::iter::once(("base", self.card.base))
            .chain(alone)
            .chain(together)
            .collect();
        let total = parts.iter().map(|(_, points)| i64::from(*points)).sum();
        RowScore {
            total,
            probability_ppm: self.card.probability_ppm(total),
            parts,
        }
    }
}

/// The score of one row with the points of every feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowScore<'a> {
    total: i64,
    probability_ppm: u32,
    parts: Vec<(&'a str, i32)>,
}

impl RowScore<'_> {
    /// The sum of the parts.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.total
    }

    /// The probability in parts per million.
    #[must_use]
    pub fn probability_ppm(&self) -> u32 {
        self.probability_ppm
    }

    /// The base and each feature with its points, those of 0 points included.
    pub fn parts(&self) -> impl Iterator<Item = (&str, i64)> {
        self.parts
            .iter()
            .map(|(name, points)| (*name, i64::from(*points)))
    }
}
