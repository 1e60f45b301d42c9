//! Reading outside text by rules: words with their place, sentences, phrases, numbers, dates and
//! amounts, in the languages that clients write.
//!
//! Everything here only reads. What comes out is a number, a date, an enum or a place in the
//! text, never the text itself.

mod dates;
mod fold;
mod numbers;
mod own;
mod pattern;
mod text;

pub(crate) use dates::{DateReader, Dated};
use fold::fold;
pub(crate) use numbers::{Amount, number_at};
pub(crate) use own::own_words;
pub(crate) use pattern::{PatternError, Phrases};
pub(crate) use text::{Break, Sentence, Text, Token};
