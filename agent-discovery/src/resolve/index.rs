use std::collections::BTreeMap;

use super::blocks::{Blocks, keys};
use super::cluster::average;
use super::compare::{Step, compare, prior, reasons, total};
use super::identity::{Identity, conflicts, decide};
use super::matches::Match;
use super::params::CheckedParams;
use super::points::Points;
use super::prepared::Prepared;
use super::record::Record;
use super::words::{Asked, Words};

/// Records that others are matched against.
///
/// Records may stand in groups: all descriptions of one lead. A record joins a group by its
/// best match in it, unless it is unlike the others there on average.
///
/// What a value is worth follows from the records that are in the index, so the answer to a
/// question depends on them and their order alone: it does not matter in how many calls they
/// came.
#[derive(Clone, Debug)]
pub struct Index {
    params: CheckedParams,
    words: Words,
    blocks: Blocks,
    records: Vec<Option<Kept>>,
    ids: BTreeMap<String, u32>,
    groups: BTreeMap<String, Vec<u32>>,
}

#[derive(Clone, Debug)]
struct Kept {
    id: String,
    group: String,
    prepared: Prepared,
}

/// Why a record was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// The id is taken.
    #[error("record `{0}` is in the index; remove it first or give another id")]
    Twice(String),
    /// There are as many records as can be numbered.
    #[error("the index holds 4,294,967,294 records, which is its limit; split the data")]
    Full,
}

impl Index {
    /// An index without records.
    #[must_use]
    pub fn new(params: CheckedParams) -> Self {
        Self {
            blocks: Blocks::new(params.params().block),
            params,
            words: Words::default(),
            records: Vec::new(),
            ids: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }

    /// Takes a record, as a group of its own that has its id.
    ///
    /// # Errors
    ///
    /// [`IndexError::Twice`] for an id that is there; then nothing has changed.
    pub fn insert(&mut self, record: &Record) -> Result<(), IndexError> {
        self.insert_into(record, record.id())
    }

    /// Takes a record into a group, new or known.
    ///
    /// # Errors
    ///
    /// [`IndexError::Twice`] for an id that is there; then nothing has changed.
    pub fn insert_into(&mut self, record: &Record, group: &str) -> Result<(), IndexError> {
        if self.ids.contains_key(record.id()) {
            return Err(IndexError::Twice(record.id().to_owned()));
        }
        let number = u32::try_from(self.records.len())
            .ok()
            .filter(|number| *number < u32::MAX);
        let number = number.ok_or(IndexError::Full)?;
        let prepared = Prepared::keep(record, &mut self.words);
        let keys = keys(&Asked::of(&self.words), &prepared);
        self.blocks.enter(number, &keys);
        self.ids.insert(record.id().to_owned(), number);
        self.groups
            .entry(group.to_owned())
            .or_default()
            .push(number);
        self.records.push(Some(Kept {
            id: record.id().to_owned(),
            group: group.to_owned(),
            prepared,
        }));
        Ok(())
    }

    /// Takes a record out; whether it was there. How common its values are is not unlearned.
    pub fn remove(&mut self, id: &str) -> bool {
        let Some(number) = self.ids.remove(id) else {
            return false;
        };
        let Some(kept) = self.records.get_mut(number as usize).and_then(Option::take) else {
            return false;
        };
        if let Some(members) = self.groups.get_mut(&kept.group) {
            members.retain(|member| *member != number);
            if members.is_empty() {
                self.groups.remove(&kept.group);
            }
        }
        true
    }

    /// Number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether the id is taken.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.ids.contains_key(id)
    }

    /// The records that may be the same, best first and then by id, from the parameters'
    /// floor on. A record with the id of `record` is left out.
    #[must_use]
    pub fn candidates(&self, record: &Record) -> Vec<Match> {
        self.question(record).candidates()
    }

    /// How `record` compares with the one that has this id, whether they share a key or not.
    #[must_use]
    pub fn compare(&self, id: &str, record: &Record) -> Option<Match> {
        let kept = self.kept(*self.ids.get(id)?)?;
        Some(self.question(record).matched(kept))
    }

    /// Whether the record is one of the index, nobody in it, or one that must not be merged.
    #[must_use]
    pub fn identify(&self, record: &Record) -> Identity {
        let question = self.question(record);
        decide(
            self.params.params().threshold,
            question.candidates(),
            |found| question.fits(found.group()),
        )
    }

    fn question<'a>(&'a self, record: &'a Record) -> Question<'a> {
        let mut asked = Asked::of(&self.words);
        let own = Prepared::ask(record, &mut asked);
        let prior = prior(&asked, &self.params);
        Question {
            index: self,
            id: record.id(),
            asked,
            own,
            prior,
        }
    }

    fn kept(&self, number: u32) -> Option<&Kept> {
        self.records.get(number as usize).and_then(Option::as_ref)
    }

    /// All pairs of records that share a key and have at least `floor` points, by numbers of
    /// insertion, the smaller one first.
    pub(super) fn pairs(&self, floor: Points) -> Vec<(Points, u32, u32)> {
        let asked = Asked::often(&self.words);
        let prior = prior(&asked, &self.params);
        let mut pairs = Vec::new();
        for (number, kept) in (0_u32..).zip(&self.records) {
            let Some(kept) = kept else { continue };
            let near = self.blocks.neighbours(&keys(&asked, &kept.prepared));
            for other in near.into_iter().take_while(|other| *other < number) {
                let Some(before) = self.kept(other) else {
                    continue;
                };
                let steps = compare(&asked, &self.params, &before.prepared, &kept.prepared);
                let points = total(&self.params, prior, &steps);
                if points >= floor {
                    pairs.push((points, other, number));
                }
            }
        }
        pairs
    }

    /// The points of any two records.
    pub(super) fn points(&self, a: u32, b: u32) -> Points {
        let asked = Asked::of(&self.words);
        let prior = prior(&asked, &self.params);
        total(&self.params, prior, &self.steps(a, b))
    }

    /// How any two records compare.
    pub(super) fn steps(&self, a: u32, b: u32) -> Vec<Step> {
        match (self.kept(a), self.kept(b)) {
            (Some(a), Some(b)) => compare(
                &Asked::of(&self.words),
                &self.params,
                &a.prepared,
                &b.prepared,
            ),
            _ => Vec::new(),
        }
    }

    /// Why any two records are taken for the same or not.
    #[must_use]
    pub fn explain(&self, a: &str, b: &str) -> Option<Match> {
        let (first, second) = (*self.ids.get(a)?, *self.ids.get(b)?);
        let asked = Asked::of(&self.words);
        let prior = prior(&asked, &self.params);
        let steps = self.steps(first, second);
        let (own, other) = (self.kept(first)?, self.kept(second)?);
        Some(Match {
            id: other.id.clone(),
            group: other.group.clone(),
            points: total(&self.params, prior, &steps),
            reasons: reasons(&self.params, prior, &steps),
            conflicts: conflicts(&asked, &other.prepared, &own.prepared),
        })
    }

    pub(super) fn number(&self, id: &str) -> Option<u32> {
        self.ids.get(id).copied()
    }

    pub(super) fn params(&self) -> &CheckedParams {
        &self.params
    }

    pub(super) fn prior(&self) -> Points {
        prior(&Asked::of(&self.words), &self.params)
    }
}

/// A record that the index is asked about.
struct Question<'a> {
    index: &'a Index,
    id: &'a str,
    asked: Asked<'a>,
    own: Prepared,
    prior: Points,
}

impl Question<'_> {
    fn candidates(&self) -> Vec<Match> {
        let params = self.index.params.params();
        let near = self.index.blocks.neighbours(&keys(&self.asked, &self.own));
        let mut matches: Vec<Match> = near
            .into_iter()
            .filter_map(|number| self.index.kept(number))
            .filter(|kept| kept.id != self.id && self.points(kept) >= params.floor)
            .map(|kept| self.matched(kept))
            .collect();
        matches.sort_by(|a, b| b.points.cmp(&a.points).then_with(|| a.id.cmp(&b.id)));
        matches
    }

    fn points(&self, kept: &Kept) -> Points {
        let params = &self.index.params;
        total(
            params,
            self.prior,
            &compare(&self.asked, params, &self.own, &kept.prepared),
        )
    }

    fn matched(&self, kept: &Kept) -> Match {
        let params = &self.index.params;
        let steps = compare(&self.asked, params, &self.own, &kept.prepared);
        Match {
            id: kept.id.clone(),
            group: kept.group.clone(),
            points: total(params, self.prior, &steps),
            reasons: reasons(params, self.prior, &steps),
            conflicts: conflicts(&self.asked, &kept.prepared, &self.own),
        }
    }

    /// Whether the record is like the members of a group on average.
    fn fits(&self, group: &str) -> bool {
        let members = self.index.groups.get(group).map_or(&[][..], Vec::as_slice);
        let kept = members.iter().filter_map(|member| self.index.kept(*member));
        average(members.len(), kept.map(|kept| self.points(kept)))
            .is_none_or(|average| average >= self.index.params.params().linkage)
    }
}
