//! The audit log: a Merkle tree over commitments to events, in feed order (RFC 6962).
//!
//! An event is its own audit entry; the log holds only its name and a commitment to its
//! content, so that erasing a person breaks nothing. Whoever keeps a [`Checkpoint`] outside
//! the store can tell later whether anything before it was changed, dropped or reordered.
//!
//! Checkpoints are kept as signed notes in a [`Journal`], which names its keys as well: each new
//! key is signed for by the one before it. A [`Comparison`] leads a log past all of them and tells
//! whether it was cut or forked. Whoever can write both the store and the journal, and has the
//! secret key, can make a new past; a note that was copied elsewhere tells that too.

mod head;
mod journal;
mod log;
mod note;
mod tree;

pub use head::{TreeHead, step_leaf};
pub use journal::{CheckpointFault, Comparison, Journal, Kept, Place, Trusted, key_note};
pub use log::{AuditFault, AuditLog, Checkpoint, LogEntry, Verifier, compare, verify};
pub use note::{KeyId, Note, NoteError, NoteKey, NoteSigner, NoteVerifier};
pub use tree::{MerkleTree, leaf_hash, node_hash, verify_consistency, verify_inclusion};

#[cfg(test)]
mod checkpoint_tests;
#[cfg(test)]
mod tests;
