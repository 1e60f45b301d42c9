//! The audit log: a Merkle tree over commitments to events, in feed order (RFC 6962).
//!
//! An event is its own audit entry; the log holds only its name and a commitment to its
//! content, so that erasing a person breaks nothing. Whoever keeps a [`Checkpoint`] outside
//! the store can tell later whether anything before it was changed, dropped or reordered.

mod log;
mod tree;

pub use log::{AuditFault, AuditLog, Checkpoint, LogEntry, Verifier, compare, verify};
pub use tree::{MerkleTree, leaf_hash, node_hash, verify_consistency, verify_inclusion};

#[cfg(test)]
mod tests;
