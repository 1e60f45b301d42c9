use serde::{Deserialize, Serialize};

use super::tree::{MerkleTree, leaf_hash};
use crate::canonical::Digest32;

/// One record of the log: which event, and a commitment to what it says.
///
/// `chain` is the hash of the leaf after the chain before it; it lets a verifier name the
/// first record that differs, where the root alone only says that one does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    position: u64,
    record: String,
    commitment: Digest32,
    chain: Digest32,
}

impl LogEntry {
    /// Its place in the log, from 0.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The name of the event: ids only, never personal data.
    #[must_use]
    pub fn record(&self) -> &str {
        &self.record
    }

    /// The commitment to its content.
    #[must_use]
    pub fn commitment(&self) -> Digest32 {
        self.commitment
    }

    fn leaf(&self) -> Digest32 {
        leaf_of(self.position, &self.record, &self.commitment)
    }
}

fn leaf_of(position: u64, record: &str, commitment: &Digest32) -> Digest32 {
    let mut data = Vec::with_capacity(48 + record.len());
    data.extend(position.to_be_bytes());
    data.extend((record.len() as u64).to_be_bytes());
    data.extend(record.as_bytes());
    data.extend(commitment.as_bytes());
    leaf_hash(&data)
}

fn chained(before: &Digest32, leaf: &Digest32) -> Digest32 {
    Digest32::of_parts(&[
        b"dealwright audit chain",
        before.as_bytes(),
        leaf.as_bytes(),
    ])
}

/// How far the log had come, and its root then. Kept outside the store, it is what later
/// changes are told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    size: u64,
    root: Digest32,
}

impl Checkpoint {
    /// A checkpoint that was kept.
    #[must_use]
    pub const fn new(size: u64, root: Digest32) -> Self {
        Self { size, root }
    }

    /// How many records it covers.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over them.
    #[must_use]
    pub const fn root(&self) -> Digest32 {
        self.root
    }
}

/// What is wrong with a log, and where it first is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFault {
    /// A record does not follow from the ones before it.
    #[error("record {position} (`{record}`) was altered, dropped or moved")]
    Altered {
        /// Its place.
        position: u64,
        /// Its name, as it stands there now.
        record: String,
    },
    /// The log ends before the checkpoint.
    #[error("the log ends at record {position} but the checkpoint covers {expected} records")]
    Truncated {
        /// The first place that is missing.
        position: u64,
        /// How many records there should be.
        expected: u64,
    },
    /// The log hangs together but is not the one that the checkpoint was taken of.
    #[error("the first {size} records are not those of the checkpoint; the log was rewritten")]
    Rewritten {
        /// How many records the checkpoint covers.
        size: u64,
    },
    /// The log and the events disagree.
    #[error("record {position} of the log is `{logged}` but the event there is `{found}`")]
    Differs {
        /// The place.
        position: u64,
        /// What the log says, or `nothing`.
        logged: String,
        /// What the events say, or `nothing`; the same name where their content differs.
        found: String,
    },
}

/// The log as it grows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditLog {
    tree: MerkleTree,
    entries: Vec<LogEntry>,
    verifier: Verifier,
}

impl AuditLog {
    /// A log without records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a stored log.
    ///
    /// # Errors
    ///
    /// [`AuditFault::Altered`] naming the first record that does not follow.
    pub fn from_entries(entries: Vec<LogEntry>) -> Result<Self, AuditFault> {
        let mut log = Self::new();
        for entry in entries {
            log.verifier.check(&entry)?;
            log.tree.append(entry.leaf());
            log.entries.push(entry);
        }
        Ok(log)
    }

    /// Adds the next event of the feed; answers the record to store.
    pub fn append(&mut self, record: impl Into<String>, commitment: Digest32) -> LogEntry {
        let position = self.verifier.position;
        let record = record.into();
        let leaf = leaf_of(position, &record, &commitment);
        let chain = chained(&self.verifier.chain, &leaf);
        let entry = LogEntry {
            position,
            record,
            commitment,
            chain,
        };
        self.tree.append(leaf);
        self.verifier.position += 1;
        self.verifier.chain = chain;
        self.entries.push(entry.clone());
        entry
    }

    /// The records.
    #[must_use]
    pub fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    /// The tree over them, for proofs.
    #[must_use]
    pub fn tree(&self) -> &MerkleTree {
        &self.tree
    }

    /// How far the log has come.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint::new(self.tree.size(), self.tree.root())
    }

    /// The hash of the leaf that a record is, for inclusion proofs.
    #[must_use]
    pub fn leaf(&self, position: u64) -> Option<Digest32> {
        let place = usize::try_from(position).ok()?;
        self.entries.get(place).map(LogEntry::leaf)
    }
}

/// Checks records one by one, in constant memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    position: u64,
    chain: Digest32,
}

impl Default for Verifier {
    fn default() -> Self {
        Self {
            position: 0,
            chain: Digest32::of(b""),
        }
    }
}

impl Verifier {
    /// A verifier before the first record.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next record.
    ///
    /// # Errors
    ///
    /// [`AuditFault::Altered`] where it does not follow; the verifier is then as it was.
    pub fn check(&mut self, entry: &LogEntry) -> Result<(), AuditFault> {
        let chain = chained(&self.chain, &entry.leaf());
        if entry.position != self.position || entry.chain != chain {
            return Err(AuditFault::Altered {
                position: self.position,
                record: entry.record.clone(),
            });
        }
        self.position += 1;
        self.chain = chain;
        Ok(())
    }
}

/// Checks a stored log, from its beginning, against a checkpoint that was kept elsewhere.
///
/// # Errors
///
/// [`AuditFault::Altered`] with the first record that does not follow from those before it,
/// [`AuditFault::Truncated`] where records are missing at the end, and
/// [`AuditFault::Rewritten`] where everything follows but the root is another.
pub fn verify(entries: &[LogEntry], checkpoint: &Checkpoint) -> Result<(), AuditFault> {
    let mut verifier = Verifier::new();
    let mut tree = MerkleTree::new();
    for entry in entries {
        verifier.check(entry)?;
        tree.append(entry.leaf());
    }
    match tree.root_at(checkpoint.size) {
        None => Err(AuditFault::Truncated {
            position: tree.size(),
            expected: checkpoint.size,
        }),
        Some(root) if root == checkpoint.root => Ok(()),
        Some(_) => Err(AuditFault::Rewritten {
            size: checkpoint.size,
        }),
    }
}

/// Checks a log against the events themselves, in feed order, as names and commitments.
///
/// # Errors
///
/// [`AuditFault::Differs`] with the first record at which they part.
pub fn compare(
    entries: &[LogEntry],
    events: impl IntoIterator<Item = (String, Digest32)>,
) -> Result<(), AuditFault> {
    let nothing = || "nothing".to_owned();
    let mut events = events.into_iter();
    let mut position = 0;
    for entry in entries {
        let event = events.next();
        let same = event
            .as_ref()
            .is_some_and(|(name, content)| *name == entry.record && *content == entry.commitment);
        if !same {
            return Err(AuditFault::Differs {
                position,
                logged: entry.record.clone(),
                found: event.map_or_else(nothing, |(name, _)| name),
            });
        }
        position += 1;
    }
    match events.next() {
        None => Ok(()),
        Some((found, _)) => Err(AuditFault::Differs {
            position,
            logged: nothing(),
            found,
        }),
    }
}
