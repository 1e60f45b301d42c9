use serde::{Deserialize, Serialize};

use super::{Bin, CardError, Feature};
use crate::facts::FactName;

/// What two features say together beyond what each says alone: points for each pair of groups of
/// their bins.
///
/// A card is a sum all the same: a pair gives its own points, with a reason of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    name: FactName,
    first: FactName,
    second: FactName,
    first_groups: Vec<u16>,
    second_groups: Vec<u16>,
    points: Vec<i32>,
}

impl Pair {
    /// Joins two features. `first_groups` and `second_groups` give the group of each bin, of
    /// missing and of other, in this order; `points` are by group of the first, then of the second.
    #[must_use]
    pub fn new(
        name: FactName,
        (first, second): (FactName, FactName),
        (first_groups, second_groups): (Vec<u16>, Vec<u16>),
        points: Vec<i32>,
    ) -> Self {
        Self {
            name,
            first,
            second,
            first_groups,
            second_groups,
            points,
        }
    }

    /// Its name, `first & second`.
    #[must_use]
    pub fn name(&self) -> &FactName {
        &self.name
    }

    /// The features it joins.
    #[must_use]
    pub fn features(&self) -> (&FactName, &FactName) {
        (&self.first, &self.second)
    }

    /// The points of two bins together.
    #[must_use]
    pub fn points_of(&self, first: Bin, second: Bin) -> i32 {
        let row = group(&self.first_groups, first);
        let column = group(&self.second_groups, second);
        self.at(row, column)
    }

    #[cfg(feature = "train")]
    pub(crate) fn points_of_codes(&self, first: u16, second: u16) -> i32 {
        let of = |groups: &[u16], code: u16| groups.get(usize::from(code)).copied();
        let row = of(&self.first_groups, first).unwrap_or(0);
        self.at(row, of(&self.second_groups, second).unwrap_or(0))
    }

    fn at(&self, row: u16, column: u16) -> i32 {
        let width = usize::from(self.second_groups.iter().max().copied().unwrap_or(0)) + 1;
        let at = usize::from(row) * width + usize::from(column);
        self.points.get(at).copied().unwrap_or(0)
    }

    /// Checks it against the features it joins.
    pub(super) fn check(&self, features: &[Feature]) -> Result<(), CardError> {
        let wrong = || CardError::Pair {
            pair: self.name.to_string(),
        };
        let codes = |name: &FactName| {
            let feature = features.iter().find(|feature| feature.name() == name);
            feature.map(|feature| feature.points().len() + 2)
        };
        let fits = |name, groups: &[u16]| codes(name) == Some(groups.len());
        let size = |groups: &[u16]| usize::from(groups.iter().max().copied().unwrap_or(0)) + 1;
        let good = self.first != self.second
            && fits(&self.first, &self.first_groups)
            && fits(&self.second, &self.second_groups)
            && self.points.len() == size(&self.first_groups) * size(&self.second_groups);
        if good { Ok(()) } else { Err(wrong()) }
    }
}

/// The group of a bin: missing and other stand at the end.
fn group(groups: &[u16], bin: Bin) -> u16 {
    let bins = groups.len().saturating_sub(2);
    let at = match bin {
        Bin::At(index) => index.min(bins + 1),
        Bin::Missing => bins,
        Bin::Other => bins + 1,
    };
    groups.get(at).copied().unwrap_or(0)
}
