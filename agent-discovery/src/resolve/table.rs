use std::collections::{BTreeMap, BTreeSet};

use super::cluster::cluster;
use super::firm::{Sameness, sameness};
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
    doubts: Vec<Pair>,
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
    Ok(Resolution {
        index,
        groups,
        doubts: Vec::new(),
    })
}

/// Groups records of businesses where one's address may be used for the other: beside the points
/// something has to agree that only one firm has, and no more of that may disagree.
///
/// `sure` is how many points that takes at least. `contrary` says of two records, by their places
/// in the table, how many things speak against them that the records do not hold, such as two
/// trades. Records of one `mailbox` are one whatever else they say: somebody reads it, and is
/// written to once. What is alike and not sure enough is for a person: [`Resolution::doubts`].
///
/// # Errors
///
/// [`IndexError`] where two records have one id.
pub fn resolve_firms(
    params: &CheckedParams,
    sure: Points,
    records: &[Record],
    contrary: impl Fn(usize, usize) -> usize,
    mailbox: impl Fn(usize) -> Option<String>,
) -> Result<Resolution, IndexError> {
    let mut index = Index::new(params.clone());
    for record in records {
        index.insert(record)?;
    }
    let count = u32::try_from(records.len()).map_err(|_| IndexError::Full)?;
    let judge = |a: u32, b: u32, points| {
        let against = contrary(a as usize, b as usize);
        sameness(&index.steps(a, b), points, sure, against)
    };
    let mut same = Vec::new();
    let mut doubtful = Vec::new();
    for (points, a, b) in index.pairs(params.params().threshold) {
        match judge(a, b, points) {
            Sameness::Same => same.push((points, a, b)),
            Sameness::Doubtful => doubtful.push((points, a, b)),
            Sameness::Apart => {}
        }
    }
    let groups = cluster(count, same, params.params().linkage, |a, b| {
        Some(index.points(a, b))
    });
    let groups = by_mailbox(groups, mailbox);
    let mut group_of = vec![0_usize; records.len()];
    for (number, group) in groups.iter().enumerate() {
        for record in group {
            if let Some(place) = group_of.get_mut(*record as usize) {
                *place = number;
            }
        }
    }
    let doubts = doubtful
        .into_iter()
        .map(|(points, a, b)| Pair {
            a: a as usize,
            b: b as usize,
            points,
        })
        .filter(|pair| group_of.get(pair.a) != group_of.get(pair.b))
        .collect();
    Ok(Resolution {
        index,
        groups,
        doubts,
    })
}

/// Joins groups that share a mailbox.
fn by_mailbox(groups: Vec<Vec<u32>>, mailbox: impl Fn(usize) -> Option<String>) -> Vec<Vec<u32>> {
    let mut joined: Vec<Vec<u32>> = Vec::with_capacity(groups.len());
    let mut at: BTreeMap<String, usize> = BTreeMap::new();
    for mut group in groups {
        let keys: Vec<String> = group.iter().filter_map(|r| mailbox(*r as usize)).collect();
        let known: BTreeSet<usize> = keys.iter().filter_map(|k| at.get(k).copied()).collect();
        let mut known = known.into_iter();
        let place = known.next().unwrap_or_else(|| {
            joined.push(Vec::new());
            joined.len() - 1
        });
        // One that bridges several takes them all.
        for other in known {
            group.extend(
                joined
                    .get_mut(other)
                    .map(std::mem::take)
                    .unwrap_or_default(),
            );
            for home in at.values_mut().filter(|home| **home == other) {
                *home = place;
            }
        }
        for key in keys {
            at.insert(key, place);
        }
        if let Some(members) = joined.get_mut(place) {
            members.extend(group);
            members.sort_unstable();
        }
    }
    joined.retain(|group| !group.is_empty());
    joined.sort_unstable();
    joined
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

    /// Pairs of different groups that are alike, though not so surely that they are one:
    /// a person should look. Only [`resolve_firms`] has any.
    #[must_use]
    pub fn doubts(&self) -> &[Pair] {
        &self.doubts
    }

    /// The index of all records.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }
}
