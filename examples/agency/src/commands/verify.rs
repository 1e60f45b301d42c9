//! `agency verify`.

use std::path::Path;

use dealwright_core::access::Action;
use dealwright_core::audit::MerkleTree;
use dealwright_core::process::EventLogHash;
use futures::executor::block_on;
use serde_json::json;

use crate::home::{self, told};

/// The log's chains and its Merkle tree.
pub(crate) fn audit(home: &Path, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::VerifyAudit)?;
    let host = agency.host();
    block_on(async {
        let mut chains = EventLogHash::default();
        let mut tree = MerkleTree::default();
        let mut after = None;
        loop {
            let (page, next) = host.store().feed(after, 1_000).await.map_err(told)?;
            if page.is_empty() {
                break;
            }
            for envelope in page {
                chains.add(&envelope).map_err(told)?;
                tree.append(dealwright_core::audit::leaf_hash(envelope.chain.as_bytes()));
            }
            after = next;
        }
        let (hash, root) = (chains.finish().to_hex(), tree.root().to_hex());
        Ok(if json {
            json!({"envelopes": chains.envelopes(), "hash": hash, "root": root}).to_string()
        } else {
            format!(
                "{} envelopes fit their chains\nlog hash    {hash}\nmerkle root {root}",
                chains.envelopes()
            )
        })
    })
}
