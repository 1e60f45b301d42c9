//! Domain notes, and finding the passage that answers a question, without a model.

mod index;
mod words;

use serde::{Deserialize, Serialize};

use self::index::Index;
use super::Slug;

/// A note as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Its name; citations carry it.
    pub id: Slug,
    /// Its title, for people.
    pub title: String,
    /// The text; an empty line ends a paragraph.
    pub text: String,
}

/// Notes as they are written; not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotesParams {
    /// The notes.
    #[serde(default)]
    pub notes: Vec<Note>,
    /// How much of what a question asks for a paragraph must speak of to count as an answer,
    /// in percent by weight of the words; below it there is no answer.
    #[serde(default = "usual_floor")]
    pub floor_percent: u8,
}

fn usual_floor() -> u8 {
    60
}

/// Most bytes of all notes together, and of one question.
const LARGEST: usize = 8 * 1024 * 1024;
const LONGEST_QUESTION: usize = 2_000;

impl NotesParams {
    /// Checks and indexes the notes.
    ///
    /// # Errors
    ///
    /// [`NotesError`] for two notes of one name, an empty one, or too much text.
    pub fn check(self) -> Result<Notes, NotesError> {
        let mut names = std::collections::BTreeSet::new();
        for note in &self.notes {
            if !names.insert(&note.id) {
                return Err(NotesError::Twice {
                    id: note.id.clone(),
                });
            }
            if note.text.trim().is_empty() || note.title.trim().is_empty() {
                return Err(NotesError::Empty {
                    id: note.id.clone(),
                });
            }
        }
        if self.notes.iter().map(|n| n.text.len()).sum::<usize>() > LARGEST {
            return Err(NotesError::TooLarge);
        }
        if !(1..=100).contains(&self.floor_percent) {
            return Err(NotesError::Floor);
        }
        Ok(Notes {
            index: Index::new(&self.notes),
            params: self,
        })
    }
}

/// Why notes were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotesError {
    /// Two notes of one name.
    #[error("note `{id}` stands there twice; give each its own name")]
    Twice {
        /// The name.
        id: Slug,
    },
    /// A note without title or text.
    #[error("note `{id}` has no title or no text; write it or remove it")]
    Empty {
        /// The note.
        id: Slug,
    },
    /// Too much text.
    #[error("the notes have more than 8 MiB of text; split them")]
    TooLarge,
    /// The floor is not a percentage.
    #[error("floor_percent must be between 1 and 100")]
    Floor,
}

/// Where a passage stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// The note.
    pub note: Slug,
    /// The paragraph within it, from 0.
    pub paragraph: u32,
    /// First byte of the best sentence in the note's text.
    pub start: u32,
    /// First byte after it.
    pub end: u32,
}

/// A paragraph that answers, with where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Where.
    pub citation: Citation,
    /// The note's title.
    pub title: String,
    /// The whole paragraph.
    pub paragraph: String,
    /// Its sentence that says most of what was asked.
    pub sentence: String,
    /// BM25 score in 65,536ths; comparable within one question only.
    pub score: u64,
    /// How much of the question it speaks of, in percent by weight of the words.
    pub relevance: u8,
}

/// What the notes say to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every caller must handle that there is no answer"
)]
pub enum Retrieval {
    /// They answer it; best passage first.
    Found(Vec<Passage>),
    /// They do not: nothing may be answered from them.
    NotFound {
        /// How near the best passage came, in percent.
        best: u8,
    },
}

/// Notes that can be asked.
///
/// Ranking is BM25 (k1 1.2, b 0.75) over paragraphs in whole numbers, so that every machine
/// ranks alike; ties go to the earlier note by name, then the earlier paragraph.
///
/// ```
/// use dealwright_core::knowledge::{Note, NotesParams, Retrieval, Slug};
/// let notes = NotesParams {
///     notes: vec![Note {
///         id: Slug::parse("payment")?,
///         title: "Payment".into(),
///         text: "Invoices are due in 14 days.\n\nWe take bank transfer only.".into(),
///     }],
///     floor_percent: 60,
/// }
/// .check()?;
/// let Retrieval::Found(passages) = notes.find("When are invoices due?", 3) else { panic!() };
/// assert_eq!(passages[0].sentence, "Invoices are due in 14 days.");
/// assert!(matches!(notes.find("Do you paint houses?", 3), Retrieval::NotFound { .. }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "NotesParams", into = "NotesParams")]
pub struct Notes {
    params: NotesParams,
    index: Index,
}

impl Notes {
    /// The best `most` passages, or that there is no answer. Of the question, the first 2,000
    /// bytes count.
    #[must_use]
    pub fn find(&self, question: &str, most: usize) -> Retrieval {
        let mut end = question.len().min(LONGEST_QUESTION);
        while !question.is_char_boundary(end) {
            end -= 1;
        }
        let question = question.get(..end).unwrap_or_default();
        self.index.find(
            &self.params.notes,
            question,
            most,
            self.params.floor_percent,
        )
    }

    /// The words a citation points to; `None` where it does not point into these notes.
    #[must_use]
    pub fn cited(&self, citation: &Citation) -> Option<&str> {
        let note = self.params.notes.iter().find(|n| n.id == citation.note)?;
        note.text
            .get(citation.start as usize..citation.end as usize)
    }

    /// The notes as they were written.
    #[must_use]
    pub fn params(&self) -> &NotesParams {
        &self.params
    }
}

impl TryFrom<NotesParams> for Notes {
    type Error = NotesError;

    fn try_from(params: NotesParams) -> Result<Self, Self::Error> {
        params.check()
    }
}

impl From<Notes> for NotesParams {
    fn from(notes: Notes) -> Self {
        notes.params
    }
}

#[cfg(test)]
mod tests;
