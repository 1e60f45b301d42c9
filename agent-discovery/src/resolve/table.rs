use super::cluster::cluster;
use super::index::{Index, IndexError};
use super::params::CheckedParams;
use super::points::{Points, Probability};
use super::record::Record;

/// Two records that are taken for the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Place of the one in the table.
    pub a: usize,
    /// Place of the other, behind it.
    pub b: usize,
    /// What speaks for it.
    pub points: Points,
}

impl Pair {
    /// What the points mean.
    #[must_use]
    pub fn probability(&self) -> Probability {
        Probability::of(self.points)
    }
}

/// A table's records by whom they speak of.
#[derive(Clone, Debug)]
pub struct Resolution {
    index: Index,
    groups: Vec<Vec<u32>>,
}

/// Groups the records of one list, or of several.
///
/// With several lists, two records of one list are the same only on far better grounds
/// (`same_list` of the parameters): a list seldom names one twice.
///
/// # Errors
///
/// [`IndexError`] where two records have one id.
pub fn resolve(params: &CheckedParams, lists: &[&[Record]]) -> Result<Resolution, IndexError> {
    let mut index = Index::new(params.clone());
    let mut list_of = Vec::new();
    for (list, records) in lists.iter().enumerate() {
        for record in *records {
            index.insert(record)?;
            list_of.push(list);
        }
    }
    let parameters = params.params();
    let together =
        |a: u32, b: u32| lists.len() > 1 && list_of.get(a as usize) == list_of.get(b as usize);
    let mut pairs = index.pairs(parameters.threshold);
    for (points, a, b) in &mut pairs {
        if together(*a, *b) {
            *points += parameters.same_list;
        }
    }
    pairs.retain(|(points, _, _)| *points >= parameters.threshold);
    let count = u32::try_from(list_of.len()).map_err(|_| IndexError::Full)?;
    let groups = cluster(count, pairs, parameters.linkage, |a, b| {
        if together(a, b) {
            let points = index.points(a, b) + parameters.same_list;
            (points >= parameters.threshold).then_some(points)
        } else {
            Some(index.points(a, b))
        }
    });
    Ok(Resolution { index, groups })
}

impl Resolution {
    /// The groups by places in the table, ordered by first member; every record is in one.
    pub fn groups(&self) -> impl Iterator<Item = Vec<usize>> {
        self.groups
            .iter()
            .map(|group| group.iter().map(|record| *record as usize).collect())
    }

    /// Every two records of a group, ordered. One whose own points are below the threshold is
    /// in it for the others' sake and has the points of the threshold.
    pub fn pairs(&self) -> Vec<Pair> {
        let threshold = self.index.params().params().threshold;
        let mut pairs = Vec::new();
        for group in &self.groups {
            for (at, a) in group.iter().enumerate() {
                for b in group.iter().skip(at + 1) {
                    let points = self.index.points(*a, *b).max(threshold);
                    pairs.push(Pair {
                        a: *a as usize,
                        b: *b as usize,
                        points,
                    });
                }
            }
        }
        pairs.sort_unstable();
        pairs
    }

    /// The index of all records.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }
}
