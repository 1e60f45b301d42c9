//! What a catalogue or a rate card says in another language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Texts in one language, by the names under which they stand in what they translate:
/// `services.website-audit.drivers.pages.ask`. In a file they are tables in tables; where the
/// original has a list there is a list of the same length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(BTreeMap<String, Word>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    List(Vec<String>),
    Table(Words),
}

/// Why words do not fit what they translate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WordsError {
    /// A text that people read is not there.
    #[error("`{place}` has no words in this language; add a translation of \"{text}\"")]
    Missing {
        /// Its place.
        place: String,
        /// What it says in the original.
        text: String,
    },
    /// Words for nothing.
    #[error("`{place}` translates nothing; correct the name or take it out")]
    Unknown {
        /// The place.
        place: String,
    },
}

impl Words {
    /// Replaces every text by its translation.
    ///
    /// `texts` are all that people read, by place; lists by place and number from 1.
    pub(super) fn apply(&self, texts: Vec<(String, &mut String)>) -> Result<(), WordsError> {
        let mut flat = BTreeMap::new();
        self.flatten("", &mut flat);
        for (place, text) in texts {
            match flat.remove(&place) {
                Some(word) if !word.trim().is_empty() => word.clone_into(text),
                _ => {
                    return Err(WordsError::Missing {
                        place,
                        text: text.clone(),
                    });
                }
            }
        }
        match flat.into_keys().next() {
            Some(place) => Err(WordsError::Unknown { place }),
            None => Ok(()),
        }
    }

    fn flatten<'a>(&'a self, under: &str, flat: &mut BTreeMap<String, &'a str>) {
        for (name, word) in &self.0 {
            let place = format!("{under}{name}");
            match word {
                Word::Text(text) => {
                    flat.insert(place, text);
                }
                Word::List(texts) => {
                    for (text, at) in texts.iter().zip(1_u32..) {
                        flat.insert(format!("{place}.{at}"), text);
                    }
                }
                Word::Table(words) => words.flatten(&format!("{place}."), flat),
            }
        }
    }
}

/// The texts of a list, by place and number.
pub(super) fn listed<'a>(
    place: &str,
    texts: &'a mut [String],
) -> impl Iterator<Item = (String, &'a mut String)> {
    let place = place.to_owned();
    texts
        .iter_mut()
        .zip(1_u32..)
        .map(move |(text, at)| (format!("{place}.{at}"), text))
}
