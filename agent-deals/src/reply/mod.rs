//! Reading what comes in: which class a mail is of, and what a person wants.
//!
//! An adapter takes the mail apart into an [`InboundMail`]; [`ReplyReader`] reads it by rules,
//! headers and reports first, then words in eight languages.

mod class;
mod machine;
mod mail;
mod person;
mod phrases;
mod reader;

pub use class::{Asked, BounceSeverity, DeclineReason, Escalation, Intent, MailClass, Reading};
pub use mail::{InboundMail, ReportKind, ReportPart};
pub use phrases::{ReplyPhrases, ReplyPhrasesError};
pub use reader::ReplyReader;

#[cfg(test)]
mod tests;
