use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::codec;
use super::{Cursor, Envelope, ProcessKey, Store};
use crate::canonical::Digest32;
use crate::error::{PortError, PortErrorKind};

/// The head of a process's chain after `envelope`, whose own `chain` is not looked at.
pub(crate) fn link(previous: Option<Digest32>, envelope: &Envelope) -> Result<Digest32, PortError> {
    let body = json!({
        "process": envelope.process,
        "revision": envelope.revision,
        "at": envelope.at,
        "policy": envelope.policy,
        "input": envelope.input,
        "outcome": envelope.outcome,
    });
    let digest = codec::digest(body)?;
    let mut hash = Sha256::new();
    if let Some(previous) = previous {
        hash.update(previous.as_bytes());
    }
    hash.update(digest.as_bytes());
    let bytes: [u8; 32] = hash.finalize().into();
    Ok(Digest32::from_bytes(bytes))
}

/// Folds the log into one hash: the chain of each process, combined in order of process key.
///
/// Equal logs give equal hashes whatever the order in which processes took turns.
#[derive(Clone, Debug, Default)]
pub struct EventLogHash {
    heads: BTreeMap<ProcessKey, Digest32>,
    envelopes: u64,
}

impl EventLogHash {
    /// Adds one envelope; those of a process in order of revision.
    ///
    /// # Errors
    ///
    /// `Corrupt`, naming the envelope, where its chain does not follow from its content.
    pub fn add(&mut self, envelope: &Envelope) -> Result<(), PortError> {
        let head = link(self.heads.get(&envelope.process).copied(), envelope)?;
        if head != envelope.chain {
            return Err(PortError::new("verify log", PortErrorKind::Corrupt)
                .with_source(format!("envelope {} does not fit its chain", envelope.id())));
        }
        self.heads.insert(envelope.process.clone(), head);
        self.envelopes = self.envelopes.saturating_add(1);
        Ok(())
    }

    /// How many envelopes were added.
    #[must_use]
    pub fn envelopes(&self) -> u64 {
        self.envelopes
    }

    /// The hash over all that was added.
    #[must_use]
    pub fn finish(&self) -> Digest32 {
        let mut hash = Sha256::new();
        for (key, head) in &self.heads {
            let key = key.to_string();
            hash.update((key.len() as u64).to_be_bytes());
            hash.update(key.as_bytes());
            hash.update(head.as_bytes());
        }
        let bytes: [u8; 32] = hash.finalize().into();
        Digest32::from_bytes(bytes)
    }
}

/// Reads the whole log of `store`, verifies each chain, and hashes it.
///
/// # Errors
///
/// Those of the store, and `Corrupt` for the first envelope that does not fit its chain.
pub async fn event_log_hash(store: &dyn Store) -> Result<EventLogHash, PortError> {
    let mut hash = EventLogHash::default();
    let mut after: Option<Cursor> = None;
    loop {
        let (page, next) = store.feed(after, 1_000).await?;
        if page.is_empty() {
            return Ok(hash);
        }
        for envelope in &page {
            hash.add(envelope)?;
        }
        after = next;
    }
}

/// Hashes business states in order of process key; see [`Process::business`](super::Process::business).
///
/// # Errors
///
/// `Invalid` for a state that has no canonical form.
pub fn business_hash(states: &BTreeMap<ProcessKey, Value>) -> Result<Digest32, PortError> {
    let mut hash = Sha256::new();
    for (key, state) in states {
        let key = key.to_string();
        hash.update((key.len() as u64).to_be_bytes());
        hash.update(key.as_bytes());
        hash.update(codec::digest(state.clone())?.as_bytes());
    }
    let bytes: [u8; 32] = hash.finalize().into();
    Ok(Digest32::from_bytes(bytes))
}
