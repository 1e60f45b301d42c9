use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::matches::Level;
use super::points::Points;
use super::record::Role;

/// The roles that are compared.
pub(super) const COMPARED: [Role; 9] = [
    Role::Name,
    Role::Street,
    Role::City,
    Role::PostalCode,
    Role::Phone,
    Role::Email,
    Role::Website,
    Role::BirthDate,
    Role::Registration,
];

/// What a level of agreement in a field is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weight {
    /// Points in any case.
    pub base: Points,
    /// Which share of the rarity of what is shared is added, in percent.
    #[serde(default)]
    pub rarity: i32,
}

/// The worth of every level in every field. What is not named is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Weights(BTreeMap<Role, BTreeMap<Level, Weight>>);

impl Weights {
    /// The worth of a level.
    #[must_use]
    pub fn weight(&self, field: Role, level: Level) -> Weight {
        self.0
            .get(&field)
            .and_then(|levels| levels.get(&level))
            .copied()
            .unwrap_or_default()
    }

    /// Sets the worth of a level.
    #[must_use]
    pub fn with(mut self, field: Role, level: Level, weight: Weight) -> Self {
        self.0.entry(field).or_default().insert(level, weight);
        self
    }

    /// All weights, ordered.
    pub fn iter(&self) -> impl Iterator<Item = (Role, Level, Weight)> {
        self.0.iter().flat_map(|(field, levels)| {
            levels
                .iter()
                .map(|(level, weight)| (*field, *level, *weight))
        })
    }
}

impl Default for Weights {
    /// Between what [`learn`](super::learn) finds for lists of firms and for lists of people.
    ///
    /// These points and the thresholds beside them were settled while looking at five public sets
    /// (business listings of Chicago's early childhood programmes, Fodor's and Zagat's restaurants,
    /// FEBRL 3 and 4, the 1000 made-up people of Splink). What the tests of this crate measure on
    /// those sets is therefore how well the points fit them and no promise for other lists; labels
    /// of one's own and [`learn`](super::learn) give points, and a measure, for those.
    fn default() -> Self {
        use Level::{Close, Contained, Different, Implied, Partial, Same, Unclear, Weak};
        let rows: &[(Role, Level, Points, i32)] = &[
            (Role::Name, Same, 0, 65),
            (Role::Name, Close, -2, 60),
            (Role::Name, Contained, -4, 45),
            (Role::Name, Partial, -6, 45),
            (Role::Name, Weak, -8, 30),
            (Role::Name, Different, -12, 0),
            (Role::Street, Same, 10, 75),
            (Role::Street, Close, 3, 55),
            (Role::Street, Partial, -9, 30),
            (Role::Street, Weak, 2, 0),
            (Role::Street, Unclear, 0, 35),
            (Role::Street, Different, -20, 0),
            (Role::City, Same, 0, 70),
            (Role::City, Partial, 0, 50),
            (Role::City, Implied, 3, 0),
            (Role::City, Different, -5, 0),
            (Role::PostalCode, Same, 0, 60),
            (Role::PostalCode, Implied, 5, 0),
            (Role::PostalCode, Close, 0, 20),
            (Role::PostalCode, Different, -5, 0),
            (Role::Phone, Same, -5, 85),
            (Role::Phone, Close, -2, 40),
            (Role::Phone, Different, -4, 0),
            (Role::Email, Same, 2, 105),
            (Role::Email, Close, 5, 80),
            (Role::Email, Partial, 5, 25),
            (Role::Email, Weak, -1, 0),
            (Role::Email, Different, -4, 0),
            (Role::Website, Same, -1, 75),
            (Role::Website, Implied, 3, 0),
            (Role::Website, Different, -4, 0),
            (Role::BirthDate, Same, 3, 100),
            (Role::BirthDate, Close, 1, 50),
            (Role::BirthDate, Partial, 5, 0),
            (Role::BirthDate, Different, -6, 0),
            (Role::Registration, Same, 6, 105),
            (Role::Registration, Close, 0, 50),
            (Role::Registration, Different, -20, 0),
        ];
        rows.iter().fold(
            Self(BTreeMap::new()),
            |weights, (field, level, base, rarity)| {
                weights.with(
                    *field,
                    *level,
                    Weight {
                        base: *base,
                        rarity: *rarity,
                    },
                )
            },
        )
    }
}

/// How records are matched, as written down; [`Params::check`] makes it usable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// From how many points on two records are taken for the same.
    pub threshold: Points,
    /// From how many points on two groups of records are taken for the same, on average
    /// over all their pairs.
    pub linkage: Points,
    /// Added to what is against any two records being the same.
    pub prior: Points,
    /// Added where both records stand in one of several lists: a list seldom names one twice.
    pub same_list: Points,
    /// From how many points on [`Index::candidates`](super::Index::candidates) names a record.
    pub floor: Points,
    /// The most records that may share a key and still be compared for it, 2 to 1000.
    pub block: usize,
    /// The worth of agreement.
    pub weights: Weights,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            threshold: 0,
            linkage: 0,
            prior: 6,
            same_list: -40,
            floor: -10,
            block: 64,
            weights: Weights::default(),
        }
    }
}

impl Params {
    /// Checks the parameters.
    ///
    /// # Errors
    ///
    /// [`ParamsError`] naming the parameter and its bounds.
    pub fn check(self) -> Result<CheckedParams, ParamsError> {
        if !(2..=1000).contains(&self.block) {
            return Err(ParamsError::Block(self.block));
        }
        if self.floor > self.threshold {
            return Err(ParamsError::Floor {
                floor: self.floor,
                threshold: self.threshold,
            });
        }
        for points in [
            self.threshold,
            self.linkage,
            self.prior,
            self.same_list,
            self.floor,
        ] {
            if points.abs() > 1000 {
                return Err(ParamsError::Points(points));
            }
        }
        for (field, level, weight) in self.weights.iter() {
            if !COMPARED.contains(&field) {
                return Err(ParamsError::Field(field));
            }
            if weight.base.abs() > 1000 || !(0..=300).contains(&weight.rarity) {
                return Err(ParamsError::Weight { field, level });
            }
        }
        let weights = COMPARED
            .iter()
            .map(|field| {
                Level::ALL
                    .iter()
                    .map(|level| self.weights.weight(*field, *level))
                    .collect()
            })
            .collect();
        Ok(CheckedParams {
            params: self,
            weights,
        })
    }
}

/// Parameters within their bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedParams {
    params: Params,
    weights: Vec<Vec<Weight>>,
}

impl CheckedParams {
    /// The parameters as written.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    pub(super) fn worth(&self, field: usize, level: Level, rarity: Points) -> Points {
        let weight = self
            .weights
            .get(field)
            .and_then(|levels| levels.get(level as usize));
        let weight = weight.copied().unwrap_or_default();
        weight.base + rarity * weight.rarity / 100
    }
}

/// Parameters out of bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamsError {
    /// The bound on blocks.
    #[error("`block` is {0}; give 2 to 1000 records")]
    Block(usize),
    /// Some of the points.
    #[error("{0} points are out of bounds; give -1000 to 1000")]
    Points(Points),
    /// Matches would be hidden.
    #[error(
        "`floor` is {floor}, above the threshold of {threshold}; give no more than the threshold"
    )]
    Floor {
        /// The floor.
        floor: Points,
        /// The threshold.
        threshold: Points,
    },
    /// A weight for what is not compared.
    #[error("there is a weight for `{0}`, which is not compared; leave it out")]
    Field(Role),
    /// A weight out of bounds.
    #[error(
        "the weight of `{field}` at level `{level:?}` is out of bounds; give a base of -1000 to 1000 and a rarity of 0 to 300"
    )]
    Weight {
        /// The field.
        field: Role,
        /// The level.
        level: Level,
    },
}
