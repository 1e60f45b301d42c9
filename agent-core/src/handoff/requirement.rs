use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{MessageId, RequirementId};
use crate::provenance::Confidence;
use crate::text::Untrusted;

/// Whether the client said it or it follows from what they said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequirementKind {
    /// Said in so many words.
    Explicit,
    /// Follows from what was said; to be confirmed.
    Implicit,
}

/// How far a requirement has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequirementStatus {
    /// Heard, not confirmed.
    Open,
    /// The client confirmed it.
    Confirmed,
    /// The client took it back.
    Dropped,
}

/// A span of a stored message, in bytes of its text, with the words that stand there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotation {
    /// The message the words stand in.
    pub message: MessageId,
    /// First byte of the span.
    pub start: u32,
    /// First byte after the span.
    pub end: u32,
    /// The words themselves.
    pub text: Untrusted<String>,
}

/// Something the client needs, with the words it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Its id, the same through proposal, plan, deliverable and invoice.
    pub id: RequirementId,
    /// The need it voices, a slug of the catalogue such as `website-audit`.
    pub need: String,
    /// The need in our words, for people; never taken from outside text.
    pub statement: String,
    /// Said or inferred.
    pub kind: RequirementKind,
    /// The words it rests on; empty only for needs found by our own observation.
    pub evidence: Vec<Quotation>,
    /// How sure we are.
    pub confidence: Confidence,
    /// Open, confirmed or dropped.
    pub status: RequirementStatus,
    /// Who settles it on the client's side, where known.
    pub owner: Option<String>,
    /// What makes the work larger or smaller, for example `pages` = 30.
    pub drivers: BTreeMap<String, i64>,
}
