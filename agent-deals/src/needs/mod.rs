//! Needs assessment: from what a client writes to requirements that a proposal can rest on.
//!
//! [`NeedsReader`] reads messages by rules: what is needed, how large it is, what there is to
//! spend, by when, and who decides, each with the words it rests on. The
//! [`assessment`] collects that until nothing is missing, and plans the next best question.

pub mod assessment;
mod figures;
mod heard;
mod lexicon;
mod reader;
mod scope;
mod terms;

pub use heard::{Budget, Declined, Field, Heard, Message, Role, Speaker, Stated};
pub use lexicon::{Lexicon, LexiconError, LexiconParams};
pub use reader::NeedsReader;

#[cfg(test)]
mod tests;
