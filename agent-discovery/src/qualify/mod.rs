//! Whether a lead is a client we want, in three-valued logic.
//!
//! An [`IdealClient`] is a list of criteria as data. Each answers pass, fail or unknown, with what it saw and what
//! would settle it; a fact that is not known never reads as "no". The [`Verdict`] follows, or says which questions
//! to ask. A person's override is kept over every later run ([`Judgement`]), with the history of both.

mod criteria;
mod judgement;
#[cfg(test)]
mod tests;
mod verdict;

pub use criteria::{Criterion, CriterionError, IdealClient, IdealClientParams, Need};
pub use judgement::{Judgement, JudgementEntry, Override, OverrideError};
pub use verdict::{Answer, Assessment, Outcome, Question, Verdict};
