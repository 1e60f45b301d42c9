//! The log of a home, and the checkpoints that are kept of it.

use std::path::Path;

use dealwright_core::audit::{MerkleTree, leaf_hash};
use dealwright_core::canonical::Digest32;
use dealwright_core::process::{EventLogHash, Host};
use dealwright_runtime::Agency;
use dealwright_system::{CheckpointFault, CheckpointFolder, NoteKey, NoteVerifier};

use crate::home::told;

/// The key that checkpoints are signed with.
const KEY: &str = "keys/checkpoint.key";
const PAGE: usize = 1_000;

/// The log as it is, every chain of it checked.
pub(crate) struct Log {
    pub(crate) envelopes: u64,
    pub(crate) hash: Digest32,
    pub(crate) tree: MerkleTree,
}

impl Log {
    pub(crate) async fn read(host: &Host) -> Result<Self, String> {
        let mut chains = EventLogHash::default();
        let mut tree = MerkleTree::default();
        let mut after = None;
        loop {
            let (page, next) = host.store().feed(after, PAGE).await.map_err(told)?;
            if page.is_empty() {
                break;
            }
            for envelope in page {
                chains.add(&envelope).map_err(told)?;
                tree.append(leaf_hash(envelope.chain.as_bytes()));
            }
            after = next;
        }
        Ok(Self {
            envelopes: chains.envelopes(),
            hash: chains.finish(),
            tree,
        })
    }
}

/// Where the checkpoints of a home lie.
pub(crate) struct Checkpoints {
    folder: CheckpointFolder,
    key: NoteKey,
}

impl Checkpoints {
    pub(crate) fn open(home: &Path, folder: &str, tenant: &str) -> Result<Self, String> {
        let origin = format!("dealwright/{tenant}");
        Ok(Self {
            folder: CheckpointFolder::new(&home.join(folder), origin),
            key: NoteKey::open_or_create(&home.join(KEY), tenant).map_err(told)?,
        })
    }

    /// Holds the log against what was kept of it, and keeps how far it is now.
    pub(crate) async fn keep(&self, agency: &Agency) -> Result<(), String> {
        let log = Log::read(agency.host()).await?;
        let kept = self.folder.keep(&self.key, &log.tree).map_err(told)?;
        kept.map(drop).map_err(said)
    }

    /// Holds a log against what was kept of it; answers how many checkpoints there are.
    pub(crate) fn check(&self, log: &Log, keys: &[String]) -> Result<usize, String> {
        let trusted = if keys.is_empty() {
            self.folder.keys().map_err(told)?
        } else {
            let read = |k: &String| k.parse::<NoteVerifier>().map_err(|e| e.to_string());
            keys.iter().map(read).collect::<Result<_, _>>()?
        };
        self.folder
            .check(&log.tree, &trusted)
            .map_err(told)?
            .map_err(said)
    }
}

fn said(fault: CheckpointFault) -> String {
    format!("the log is not what it was: {fault}")
}
