use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Envelope, ProcessKey, Revision, Work, WorkKey};
use crate::canonical::Digest32;
use crate::time::Timestamp;

/// One part of an index key. Parts of one index have the same variants in the same order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IndexPart {
    /// A whole number.
    Int(i64),
    /// A text; for personal data its keyed hash.
    Text(String),
    /// An instant.
    Time(Timestamp),
}

impl IndexPart {
    /// A text whose byte order is the order of parts, for stores that sort texts.
    #[must_use]
    pub fn sortable(&self) -> String {
        match self {
            Self::Int(n) => format!("i{:016x}", (*n as u64) ^ (1 << 63)),
            Self::Text(text) => format!("s{}", text.replace('\u{0}', "")),
            Self::Time(at) => format!("t{:016x}", (at.timestamp_micros() as u64) ^ (1 << 63)),
        }
    }
}

/// A key under which a process can be found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IndexEntry {
    /// The index.
    pub index: String,
    /// The key.
    pub parts: Vec<IndexPart>,
    /// Whether no other process of the tenant and kind may have the same key.
    pub unique: bool,
}

impl IndexEntry {
    /// An entry that others may share.
    #[must_use]
    pub fn new(index: &str, parts: Vec<IndexPart>) -> Self {
        Self {
            index: index.to_owned(),
            parts,
            unique: false,
        }
    }

    /// An entry that only one process of its tenant and kind may have.
    #[must_use]
    pub fn unique(index: &str, parts: Vec<IndexPart>) -> Self {
        Self {
            index: index.to_owned(),
            parts,
            unique: true,
        }
    }

    /// The key as one text whose byte order is the order of keys.
    #[must_use]
    pub fn sortable(&self) -> String {
        sortable(&self.parts)
    }
}

/// Part of an index, by its first parts.
#[derive(Clone, Debug, Default)]
pub struct IndexRange {
    /// Only keys that begin with these parts; empty means all.
    pub prefix: Vec<IndexPart>,
    /// Highest key first.
    pub descending: bool,
}

impl IndexRange {
    /// The prefix as text, see [`IndexEntry::sortable`].
    #[must_use]
    pub fn sortable_prefix(&self) -> String {
        sortable(&self.prefix)
    }
}

fn sortable(parts: &[IndexPart]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(&part.sortable());
        text.push('\u{0}');
    }
    text
}

/// The row a commit consumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumed {
    /// Its key.
    pub key: WorkKey,
    /// The fence of the lease it is held under.
    pub token: u64,
}

/// Everything one step changes, of one process, at once. Only the typed layer builds one.
#[derive(Clone, Debug)]
pub struct Commit {
    pub(crate) process: ProcessKey,
    pub(crate) expected: Revision,
    pub(crate) state: Value,
    pub(crate) state_version: u32,
    pub(crate) envelope: Envelope,
    pub(crate) consumed: Consumed,
    pub(crate) work: Vec<Work>,
    pub(crate) cancelled: Vec<WorkKey>,
    pub(crate) index: Vec<IndexEntry>,
}

impl Commit {
    /// The process.
    #[must_use]
    pub fn process(&self) -> &ProcessKey {
        &self.process
    }

    /// The revision it was decided on; 0 for a process that does not exist yet.
    #[must_use]
    pub fn expected(&self) -> Revision {
        self.expected
    }

    /// The revision after it.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.expected.next()
    }

    /// The new state, personal fields sealed.
    #[must_use]
    pub fn state(&self) -> &Value {
        &self.state
    }

    /// The schema version of the state.
    #[must_use]
    pub fn state_version(&self) -> u32 {
        self.state_version
    }

    /// The log's entry.
    #[must_use]
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The row that this commit consumes.
    #[must_use]
    pub fn consumed(&self) -> &Consumed {
        &self.consumed
    }

    /// New rows. One whose key is taken is quarantined under [`WorkKey::collided`].
    #[must_use]
    pub fn work(&self) -> &[Work] {
        &self.work
    }

    /// Rows to [cancel](Work::cancel); those that are gone or done are passed over.
    #[must_use]
    pub fn cancelled(&self) -> &[WorkKey] {
        &self.cancelled
    }

    /// All index entries of the process; they replace those it had.
    #[must_use]
    pub fn index(&self) -> &[IndexEntry] {
        &self.index
    }

    /// The head of the process's hash chain after it.
    #[must_use]
    pub fn chain(&self) -> Digest32 {
        self.envelope.chain
    }
}
