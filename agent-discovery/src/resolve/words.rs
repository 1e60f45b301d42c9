use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::normal::{is_generic, signs};
use super::points::{Points, decibans};

/// A hash map whose order is never looked at, with a hash that is the same everywhere.
pub(super) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Fnv>>;

/// FNV-1a with a final mix: short keys that come from ourselves.
#[derive(Clone, Debug)]
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }
}

/// The hash of some words, kept apart from those of other kinds.
pub(super) fn hash_of(kind: u8, parts: &[&str]) -> u64 {
    let mut hash = Fnv::default();
    hash.write(&[kind]);
    for part in parts {
        hash.write(part.as_bytes());
        hash.write(&[0xff]);
    }
    hash.finish()
}

/// What a compared value is; the same text means different things in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Name = b'n' as isize,
    Street = b's' as isize,
    Place = b'c' as isize,
    Post = b'z' as isize,
    Phone = b'p' as isize,
    Email = b'e' as isize,
    Domain = b'd' as isize,
    Day = b'b' as isize,
    Number = b'r' as isize,
}

/// Number of a value in a [`Words`].
pub(super) type Word = u32;

/// How many sites are counted one by one before each further record counts as a site.
const COUNTED: usize = 48;

/// As many sites as every corpus is taken to have besides its own, so that what is rare
/// among three records is not thought unique, nor a match of two records certain.
const OTHERS: u64 = 1000;

/// All values seen, and at how many different sites each stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    ids: Map<(u8, Box<str>), Word>,
    seen: Vec<Seen>,
    sites: Map<u64, ()>,
}

#[derive(Clone, Debug)]
struct Seen {
    text: Box<str>,
    signs: u64,
    generic: bool,
    sites: Vec<u64>,
    beyond: u32,
}

impl Words {
    /// The number of a value, new or known.
    pub(super) fn intern(&mut self, kind: Kind, text: &str) -> Word {
        if let Some(id) = self.find(kind, text) {
            return id;
        }
        let id = Word::try_from(self.seen.len()).unwrap_or(Word::MAX);
        self.ids.insert((kind as u8, text.into()), id);
        self.seen.push(Seen {
            text: text.into(),
            signs: signs(text),
            generic: matches!(kind, Kind::Name) && is_generic(text),
            sites: Vec::new(),
            beyond: 0,
        });
        id
    }

    fn find(&self, kind: Kind, text: &str) -> Option<Word> {
        self.ids.get(&(kind as u8, text.into())).copied()
    }

    /// Counts a value for the site of a record.
    pub(super) fn count(&mut self, word: Word, site: u64) {
        if let Some(seen) = self.seen.get_mut(word as usize) {
            match seen.sites.binary_search(&site) {
                Ok(_) => {}
                Err(at) if seen.sites.len() < COUNTED => seen.sites.insert(at, site),
                Err(_) => seen.beyond += 1,
            }
        }
    }

    /// Counts a site.
    pub(super) fn count_site(&mut self, site: u64) {
        self.sites.insert(site, ());
    }
}

/// [`Words`] as they are, with room for values that only the record asked about has.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    words: &'a Words,
    new: Vec<Box<str>>,
    /// How rare each known value is, where so many questions come that it pays.
    rarities: Vec<Points>,
}

impl<'a> Asked<'a> {
    /// For one question.
    pub(super) fn of(words: &'a Words) -> Self {
        Self {
            words,
            new: Vec::new(),
            rarities: Vec::new(),
        }
    }

    /// For a question about every record.
    pub(super) fn often(words: &'a Words) -> Self {
        let mut asked = Self::of(words);
        asked.rarities = (0..)
            .zip(&words.seen)
            .map(|(word, _)| asked.rarity(word))
            .collect();
        asked
    }

    /// The number of a value; a new one's is used up with this question.
    pub(super) fn number(&mut self, kind: Kind, text: &str) -> Word {
        self.words.find(kind, text).unwrap_or_else(|| {
            // Beside each other they may repeat; that only keeps them unequal to known values.
            let at = self
                .new
                .iter()
                .position(|known| **known == *text)
                .unwrap_or_else(|| {
                    self.new.push(text.into());
                    self.new.len() - 1
                });
            Word::try_from(self.words.seen.len() + at).unwrap_or(Word::MAX)
        })
    }

    pub(super) fn text(&self, word: Word) -> &str {
        match self.words.seen.get(word as usize) {
            Some(seen) => &seen.text,
            None => {
                let at = (word as usize).saturating_sub(self.words.seen.len());
                self.new.get(at).map_or("", |text| text)
            }
        }
    }

    /// The letters and digits of a value.
    pub(super) fn signs(&self, word: Word) -> u64 {
        match self.words.seen.get(word as usize) {
            Some(seen) => seen.signs,
            None => signs(self.text(word)),
        }
    }

    /// How much it tells that two records share a value: the logarithm of how few sites have it.
    pub(super) fn rarity(&self, word: Word) -> Points {
        if let Some(rarity) = self.rarities.get(word as usize) {
            return *rarity;
        }
        let Some(seen) = self.words.seen.get(word as usize) else {
            return decibans(self.size(), 1);
        };
        let own = seen.sites.len() as u64 + u64::from(seen.beyond);
        let others = if seen.generic { OTHERS / 8 } else { 0 };
        decibans(self.size(), own.max(1) + others)
    }

    /// Number of sites, with those that are taken for granted.
    pub(super) fn size(&self) -> u64 {
        self.words.sites.len() as u64 + OTHERS
    }
}
