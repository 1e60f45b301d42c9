use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::phrase::Phrase;
use crate::market::SignalKind;

/// Days that a signal may count at most.
const MOST_DAYS: u32 = 730;

/// A lexicon as it is written down; `lexicon.toml` beside this module is the one that ships.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LexiconParams {
    /// Raised with every change.
    pub version: u32,
    /// Phrases by which somebody offers what others look for: such an entry voices no need.
    #[serde(default)]
    pub selling: Vec<String>,
    /// What makes an entry a signal of some kind.
    pub kind: Vec<KindParams>,
    /// What makes it speak of a sector.
    #[serde(default)]
    pub sector: Vec<SectorParams>,
}

/// A rule for a kind of signal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindParams {
    /// Its id, distinct.
    pub id: String,
    /// The kind it recognises.
    pub kind: SignalKind,
    /// Days that it counts, 1 to 730.
    pub days: u32,
    /// Any of these phrases makes it one.
    pub any: Vec<String>,
    /// None of these may stand in it.
    #[serde(default)]
    pub none: Vec<String>,
    /// Any of these must stand in it as well, where some are named.
    #[serde(default)]
    pub with: Vec<String>,
}

/// The words of a sector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectorParams {
    /// Its name, as leads have it, lower case.
    pub name: String,
    /// Phrases that name it.
    pub words: Vec<String>,
}

/// Why a lexicon was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LexiconError {
    /// The file has not the form of a lexicon.
    #[error("the signal lexicon cannot be read: {0}")]
    Form(String),
    /// A phrase says nothing.
    #[error("the signal lexicon, under `{place}`: the phrase `{phrase}` cannot be read")]
    Phrase {
        /// The rule or sector.
        place: String,
        /// The phrase.
        phrase: String,
    },
    /// Two rules or sectors have one name, or a rule has no phrase.
    #[error("the signal lexicon defines `{0}` twice or without a phrase")]
    Name(String),
    /// A signal would count too long, or not at all.
    #[error("the signal lexicon lets `{id}` count {days} days; give 1 to {MOST_DAYS}")]
    Days {
        /// The rule.
        id: String,
        /// What was given.
        days: u32,
    },
}

/// The words by which signals are recognised, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lexicon {
    version: u32,
    pub(super) selling: Vec<Phrase>,
    pub(super) kinds: Vec<KindWords>,
    pub(super) sectors: Vec<(String, Vec<Phrase>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KindWords {
    pub(super) id: String,
    pub(super) kind: SignalKind,
    pub(super) days: u32,
    pub(super) any: Vec<Phrase>,
    pub(super) none: Vec<Phrase>,
    pub(super) with: Vec<Phrase>,
}

impl Lexicon {
    /// The one that ships: English, German and French.
    ///
    /// # Errors
    ///
    /// None but where the shipped file was changed.
    pub fn standard() -> Result<Self, LexiconError> {
        Self::parse(include_str!("lexicon.toml"))
    }

    /// Reads a lexicon from TOML.
    ///
    /// # Errors
    ///
    /// [`LexiconError`] names the place.
    pub fn parse(text: &str) -> Result<Self, LexiconError> {
        let params: LexiconParams = toml::from_str(text)
            .map_err(|error| LexiconError::Form(error.to_string().replace('\n', " ")))?;
        params.check()
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }
}

impl LexiconParams {
    /// Checks every phrase and name.
    ///
    /// # Errors
    ///
    /// [`LexiconError`] names the place.
    pub fn check(self) -> Result<Lexicon, LexiconError> {
        let mut names = BTreeSet::new();
        let mut kinds = Vec::with_capacity(self.kind.len());
        for kind in self.kind {
            if !names.insert(kind.id.clone()) || kind.any.is_empty() {
                return Err(LexiconError::Name(kind.id));
            }
            if !(1..=MOST_DAYS).contains(&kind.days) {
                return Err(LexiconError::Days {
                    id: kind.id,
                    days: kind.days,
                });
            }
            kinds.push(KindWords {
                kind: kind.kind,
                days: kind.days,
                any: phrases(&kind.id, &kind.any)?,
                none: phrases(&kind.id, &kind.none)?,
                with: phrases(&kind.id, &kind.with)?,
                id: kind.id,
            });
        }
        let mut sectors = Vec::with_capacity(self.sector.len());
        for sector in self.sector {
            let name = sector.name.to_lowercase();
            if !names.insert(format!("sector {name}")) || sector.words.is_empty() {
                return Err(LexiconError::Name(name));
            }
            let words = phrases(&name, &sector.words)?;
            sectors.push((name, words));
        }
        Ok(Lexicon {
            version: self.version,
            selling: phrases("selling", &self.selling)?,
            kinds,
            sectors,
        })
    }
}

fn phrases(place: &str, texts: &[String]) -> Result<Vec<Phrase>, LexiconError> {
    texts
        .iter()
        .map(|text| {
            Phrase::parse(text).ok_or_else(|| LexiconError::Phrase {
                place: place.to_owned(),
                phrase: text.clone(),
            })
        })
        .collect()
}
