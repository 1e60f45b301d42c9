use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{BannedInputs, Calibration, CalibrationError, Dimension, Reason, Score};
use crate::facts::{FactName, FactNameError, FactValue, Facts, parse_number};

mod bound;
mod pair;
#[cfg(test)]
mod tests;

pub use bound::{BoundCard, RowScore};
pub use pair::Pair;

/// The name a stored card carries, so that another JSON file is not taken for one.
pub(crate) const FORMAT: &str = "dealwright-scorecard";
/// The version of the stored form that this code reads and writes.
pub(crate) const VERSION: u32 = 1;

/// How a feature's values fall into bins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FeatureKind {
    /// Numbers, cut at rising edges: bin `k` holds `edges[k-1] <= x < edges[k]`, so there is one bin more than edges.
    Numeric {
        /// The edges, compared as decimals.
        edges: Vec<Decimal>,
    },
    /// Words: bin `k` holds exactly `levels[k]`, blanks at the ends aside.
    Categorical {
        /// The levels.
        levels: Vec<String>,
    },
}

/// One input of a card: its bins and their points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    name: FactName,
    kind: FeatureKind,
    points: Vec<i32>,
    missing: i32,
    other: i32,
}

/// The bin a value falls into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bin {
    /// No value.
    Missing,
    /// A value outside the feature's kind or levels.
    Other,
    /// The bin of that index.
    At(usize),
}

impl Feature {
    /// A feature with the points of its bins, of a missing value, and of one that fits no bin.
    #[must_use]
    pub fn new(
        name: FactName,
        kind: FeatureKind,
        points: Vec<i32>,
        missing: i32,
        other: i32,
    ) -> Self {
        Self {
            name,
            kind,
            points,
            missing,
            other,
        }
    }

    /// The fact or column it reads.
    #[must_use]
    pub fn name(&self) -> &FactName {
        &self.name
    }

    /// Its bins.
    #[must_use]
    pub fn kind(&self) -> &FeatureKind {
        &self.kind
    }

    /// The points of each bin.
    #[must_use]
    pub fn points(&self) -> &[i32] {
        &self.points
    }

    /// The bin of a written value; empty is missing.
    #[must_use]
    pub fn bin_of_text(&self, text: &str) -> Bin {
        let text = text.trim();
        if text.is_empty() {
            return Bin::Missing;
        }
        match &self.kind {
            FeatureKind::Numeric { edges } => {
                parse_number(text).map_or(Bin::Other, |n| cut(edges, n))
            }
            FeatureKind::Categorical { levels } => levels
                .iter()
                .position(|level| level == text)
                .map_or(Bin::Other, Bin::At),
        }
    }

    /// The bin of a fact's value; `None` is missing.
    #[must_use]
    pub fn bin(&self, value: Option<&FactValue>) -> Bin {
        match (value, &self.kind) {
            (None, _) => Bin::Missing,
            (Some(FactValue::Text(text)), _) => self.bin_of_text(text),
            (Some(FactValue::Number(number)), FeatureKind::Numeric { edges }) => {
                cut(edges, *number)
            }
            (Some(value), FeatureKind::Categorical { .. }) => self.bin_of_text(&value.to_string()),
            (Some(_), FeatureKind::Numeric { .. }) => Bin::Other,
        }
    }

    /// The points of a bin.
    #[must_use]
    pub fn points_of(&self, bin: Bin) -> i32 {
        match bin {
            Bin::Missing => self.missing,
            Bin::Other => self.other,
            Bin::At(index) => self.points.get(index).copied().unwrap_or(self.other),
        }
    }

    /// What a bin holds, in words.
    #[must_use]
    pub fn describe(&self, bin: Bin) -> String {
        let index = match bin {
            Bin::Missing => return "missing".to_owned(),
            Bin::Other => return "none of the known values".to_owned(),
            Bin::At(index) => index,
        };
        match &self.kind {
            FeatureKind::Categorical { levels } => levels.get(index).cloned().unwrap_or_default(),
            FeatureKind::Numeric { edges } => {
                match (
                    index.checked_sub(1).and_then(|i| edges.get(i)),
                    edges.get(index),
                ) {
                    (Some(low), Some(high)) => format!("{low} up to below {high}"),
                    (Some(low), None) => format!("{low} or more"),
                    (None, Some(high)) => format!("below {high}"),
                    (None, None) => "any number".to_owned(),
                }
            }
        }
    }

    /// A value of each bin, with the bin; for looking for changes.
    pub(crate) fn witnesses(&self) -> Vec<FactValue> {
        match &self.kind {
            FeatureKind::Categorical { levels } => {
                levels.iter().map(|l| FactValue::Text(l.clone())).collect()
            }
            FeatureKind::Numeric { edges } => {
                let below = edges
                    .first()
                    .and_then(|edge| edge.checked_sub(Decimal::ONE));
                below
                    .into_iter()
                    .chain(edges.iter().copied())
                    .map(FactValue::Number)
                    .collect()
            }
        }
    }
}

fn cut(edges: &[Decimal], number: Decimal) -> Bin {
    Bin::At(edges.partition_point(|edge| *edge <= number))
}

/// The stored form of a [`Scorecard`], unchecked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScorecardParts {
    /// Always `dealwright-scorecard`.
    pub format: String,
    /// The version of this form; 1.
    pub version: u32,
    /// What the score foretells: the name of the outcome it was learnt from.
    pub target: String,
    /// How many points make one unit of log-odds, for readers; applying the card needs only the table below.
    pub points_per_unit: u32,
    /// The points every lead begins with.
    pub base: i32,
    /// The inputs.
    pub features: Vec<Feature>,
    /// What pairs of features say together, on top of each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<Pair>,
    /// Score to probability.
    pub calibration: Vec<(i64, u32)>,
    /// How it came about: rows, seed, penalty, measures; for readers.
    #[serde(default)]
    pub origin: BTreeMap<String, String>,
}

/// A versioned table of integers that scores a lead: base points, points a bin of each feature, and a table from
/// score to probability. Nothing in it is a float, so the same lead scores the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ScorecardParts", into = "ScorecardParts")]
pub struct Scorecard {
    target: String,
    points_per_unit: u32,
    base: i32,
    features: Vec<Feature>,
    pairs: Vec<Pair>,
    calibration: Calibration,
    origin: BTreeMap<String, String>,
}

impl Scorecard {
    /// What the score foretells.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The points every lead begins with.
    #[must_use]
    pub fn base(&self) -> i64 {
        i64::from(self.base)
    }

    /// The inputs, in the order of the reasons.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Score to probability.
    #[must_use]
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// How it came about, for readers.
    #[must_use]
    pub fn origin(&self) -> &BTreeMap<String, String> {
        &self.origin
    }

    /// Scores a lead: a reason for the base and one for each feature, those of 0 points included.
    #[must_use]
    pub fn score(&self, facts: &Facts) -> Score {
        let base = Reason::new("card.base", Dimension::Learned, "base", self.base)
            .with_evidence(format!("what an average lead of `{}` has", self.target));
        let features = self.features.iter().map(|feature| {
            let fact = facts.fact(&feature.name);
            let bin = feature.bin(fact.map(crate::facts::Fact::value));
            let reason = Reason::new(
                format!("card.{}", feature.name),
                Dimension::Learned,
                feature.name.as_str(),
                feature.points_of(bin),
            );
            match fact {
                None => reason.with_evidence("missing"),
                Some(fact) => reason
                    .with_input(fact.value().to_string())
                    .with_evidence(format!("{}: {}", feature.describe(bin), fact.evidence())),
            }
        });
        let pairs = self.pairs.iter().map(|pair| self.pair_reason(pair, facts));
        Score::from_reasons(std::iter::once(base).chain(features).chain(pairs).collect())
    }

    /// What pairs of features say together.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    fn pair_reason(&self, pair: &Pair, facts: &Facts) -> Reason {
        let (first, second) = pair.features();
        let seen = |name: &FactName| {
            let feature = self.features.iter().find(|feature| feature.name == *name)?;
            let value = facts.fact(name).map(crate::facts::Fact::value);
            let bin = feature.bin(value);
            Some((bin, feature.describe(bin)))
        };
        let missing = || (Bin::Missing, "missing".to_owned());
        let (one, other) = (
            seen(first).unwrap_or_else(missing),
            seen(second).unwrap_or_else(missing),
        );
        Reason::new(
            format!("card.{}", pair.name()),
            Dimension::Learned,
            pair.name().as_str(),
            pair.points_of(one.0, other.0),
        )
        .with_evidence(format!("together: {} and {}", one.1, other.1))
    }

    /// The probability of a score, in parts per million.
    #[must_use]
    pub fn probability_ppm(&self, score: i64) -> u32 {
        self.calibration.ppm(score)
    }

    /// Every input that may not be used for scoring people, with the reason.
    #[must_use]
    pub fn banned_inputs(&self, banned: &BannedInputs) -> Vec<(String, String)> {
        self.features
            .iter()
            .filter_map(|f| {
                banned
                    .why(f.name.as_str())
                    .map(|why| (f.name.to_string(), why.to_owned()))
            })
            .collect()
    }
}

impl TryFrom<ScorecardParts> for Scorecard {
    type Error = CardError;

    fn try_from(parts: ScorecardParts) -> Result<Self, Self::Error> {
        if parts.format != FORMAT {
            return Err(CardError::Format {
                found: parts.format,
            });
        }
        if parts.version != VERSION {
            return Err(CardError::Version {
                found: parts.version,
            });
        }
        let mut names = BTreeSet::new();
        for feature in &parts.features {
            let name = || feature.name.to_string();
            if !names.insert(&feature.name) || feature.name.as_str() == "base" {
                return Err(CardError::Twice { feature: name() });
            }
            let bins = match &feature.kind {
                FeatureKind::Numeric { edges } => {
                    if edges
                        .iter()
                        .zip(edges.iter().skip(1))
                        .any(|(low, high)| low >= high)
                    {
                        return Err(CardError::Edges { feature: name() });
                    }
                    edges.len() + 1
                }
                FeatureKind::Categorical { levels } => {
                    let distinct: BTreeSet<_> = levels.iter().map(|l| l.trim()).collect();
                    if distinct.len() != levels.len() || distinct.contains("") {
                        return Err(CardError::Levels { feature: name() });
                    }
                    levels.len()
                }
            };
            if bins != feature.points.len() {
                return Err(CardError::Points {
                    feature: name(),
                    bins,
                    points: feature.points.len(),
                });
            }
        }
        for pair in &parts.pairs {
            if !names.insert(pair.name()) {
                return Err(CardError::Twice {
                    feature: pair.name().to_string(),
                });
            }
            pair.check(&parts.features)?;
        }
        Ok(Self {
            pairs: parts.pairs,
            target: parts.target,
            points_per_unit: parts.points_per_unit,
            base: parts.base,
            features: parts.features,
            calibration: Calibration::new(parts.calibration)?,
            origin: parts.origin,
        })
    }
}

impl From<Scorecard> for ScorecardParts {
    fn from(card: Scorecard) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            target: card.target,
            points_per_unit: card.points_per_unit,
            base: card.base,
            features: card.features,
            pairs: card.pairs,
            calibration: card.calibration.into(),
            origin: card.origin,
        }
    }
}

/// Why a stored card cannot be used, or not on these columns.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// Another kind of file.
    #[error(
        "the file says its format is `{found}`, not `dealwright-scorecard`; give a file that training wrote"
    )]
    Format {
        /// What it says.
        found: String,
    },
    /// A version this code does not read.
    #[error(
        "the scorecard has version {found}, this program reads version 1; train it again or take the program that wrote it"
    )]
    Version {
        /// The version found.
        found: u32,
    },
    /// A feature named twice, or `base`, which is taken.
    #[error(
        "feature `{feature}` stands twice in the scorecard or is named `base`; names must be distinct"
    )]
    Twice {
        /// The feature.
        feature: String,
    },
    /// Edges that do not rise.
    #[error("the edges of feature `{feature}` do not rise; order them and remove doubles")]
    Edges {
        /// The feature.
        feature: String,
    },
    /// Levels that are empty or twice.
    #[error("feature `{feature}` has an empty level or one level twice; remove it")]
    Levels {
        /// The feature.
        feature: String,
    },
    /// Not one number of points a bin.
    #[error("feature `{feature}` has {bins} bins and points for {points}; give one number a bin")]
    Points {
        /// The feature.
        feature: String,
        /// Its bins.
        bins: usize,
        /// Its points.
        points: usize,
    },
    /// A pair that does not fit the features it joins.
    #[error(
        "pair `{pair}` does not fit the features it joins; give one group a bin and one number a pair of groups"
    )]
    Pair {
        /// The pair.
        pair: String,
    },
    /// The probability table is wrong.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// A column that the card reads is not there.
    #[error(
        "column `{column}`, which the scorecard reads, is not in the data; add it (empty fields are fine) or train without it"
    )]
    Column {
        /// The column.
        column: String,
    },
    /// A column name that cannot be a feature's.
    #[error(transparent)]
    Name(#[from] FactNameError),
}
