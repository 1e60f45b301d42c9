use super::folds::mix;
use crate::facts::FactName;
use crate::score::{CalibrationError, CardError};

/// Whether a column holds numbers or words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// Numbers; what is none falls into a bin of its own.
    Numeric,
    /// Words, each level for itself.
    Categorical,
}

/// A column to learn from: one text a row, empty where the value is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingColumn {
    name: FactName,
    kind: Option<ColumnKind>,
    values: Vec<String>,
}

impl TrainingColumn {
    /// A column whose kind is inferred: numeric where at least 19 of 20 values are numbers.
    #[must_use]
    pub fn new(name: FactName, values: Vec<String>) -> Self {
        Self {
            name,
            kind: None,
            values,
        }
    }

    /// Says what it holds.
    #[must_use]
    pub fn with_kind(mut self, kind: ColumnKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &FactName {
        &self.name
    }

    /// What it was said to hold.
    #[must_use]
    pub fn kind(&self) -> Option<ColumnKind> {
        self.kind
    }

    /// Its values, by row.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.values
    }
}

/// Columns and outcomes of the same rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingTable {
    columns: Vec<TrainingColumn>,
    outcomes: Vec<bool>,
    given: usize,
}

impl TrainingTable {
    /// Checks that every column has a value for every outcome and that names are distinct.
    ///
    /// # Errors
    ///
    /// [`TrainError::Shape`] or [`TrainError::Twice`] names the column.
    pub fn new(columns: Vec<TrainingColumn>, outcomes: Vec<bool>) -> Result<Self, TrainError> {
        let mut names = std::collections::BTreeSet::new();
        for column in &columns {
            if column.values.len() != outcomes.len() {
                return Err(TrainError::Shape {
                    column: column.name.to_string(),
                    values: column.values.len(),
                    outcomes: outcomes.len(),
                });
            }
            if !names.insert(&column.name) {
                return Err(TrainError::Twice {
                    column: column.name.to_string(),
                });
            }
        }
        Ok(Self {
            columns,
            given: outcomes.len(),
            outcomes,
        })
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[TrainingColumn] {
        &self.columns
    }

    /// The outcomes, by row.
    #[must_use]
    pub fn outcomes(&self) -> &[bool] {
        &self.outcomes
    }

    /// Rows there were before any were left out.
    pub(super) fn given(&self) -> usize {
        self.given
    }

    /// The same with at most `most` rows: those whose mixed index comes first, in their order.
    pub(super) fn thinned(&self, most: u32, seed: u64) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if self.outcomes.len() <= most {
            return self.clone();
        }
        let mut drawn: Vec<(u64, usize)> = (0..self.outcomes.len())
            .map(|row| (mix(seed, row), row))
            .collect();
        drawn.sort_unstable();
        drawn.truncate(most);
        let mut kept = vec![false; self.outcomes.len()];
        for (_, row) in drawn {
            if let Some(keep) = kept.get_mut(row) {
                *keep = true;
            }
        }
        let of = |column: &TrainingColumn| TrainingColumn {
            values: column
                .values
                .iter()
                .zip(&kept)
                .filter(|(_, k)| **k)
                .map(|(v, _)| v.clone())
                .collect(),
            ..column.clone()
        };
        Self {
            columns: self.columns.iter().map(of).collect(),
            outcomes: self
                .outcomes
                .iter()
                .zip(&kept)
                .filter(|(_, k)| **k)
                .map(|(o, _)| *o)
                .collect(),
            given: self.given,
        }
    }
}

/// Why nothing could be learnt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A column with another number of rows than there are outcomes.
    #[error("column `{column}` has {values} values for {outcomes} outcomes; give one a row")]
    Shape {
        /// The column.
        column: String,
        /// Its values.
        values: usize,
        /// The outcomes.
        outcomes: usize,
    },
    /// A column name twice.
    #[error("column `{column}` stands twice in the table; rename one")]
    Twice {
        /// The column.
        column: String,
    },
    /// Too few rows of one outcome.
    #[error(
        "the table has {positives} rows with and {negatives} without the outcome; learning needs at least {least} of each"
    )]
    TooFew {
        /// Rows with the outcome.
        positives: usize,
        /// Rows without it.
        negatives: usize,
        /// Rows of each that are needed.
        least: usize,
    },
    /// Nothing that could tell rows apart.
    #[error("no column has two values that occur often enough; add columns or rows")]
    NoFeatures,
    /// A column said to be numeric that holds no number.
    #[error(
        "column `{column}` is declared numeric, but none of its values is a number (the first is `{first}`); declare it categorical"
    )]
    NotNumeric {
        /// The column.
        column: String,
        /// Its first value.
        first: String,
    },
    /// A parameter out of its bounds.
    #[error("parameter `{name}` is {value}; it must be from {least} to {most}")]
    Param {
        /// The parameter.
        name: &'static str,
        /// What was given.
        value: u32,
        /// Its least value.
        least: u32,
        /// Its greatest value.
        most: u32,
    },
    /// The learner gave up.
    #[error(
        "the regression did not come to a result ({message}); take out columns that repeat each other"
    )]
    Learner {
        /// Its message.
        message: String,
    },
    /// What was learnt is no sound card.
    #[error(transparent)]
    Card(#[from] CardError),
    /// What was learnt is no sound table of probabilities.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
}
