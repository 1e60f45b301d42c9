//! `agency verify`.

use std::path::Path;

use dealwright_core::access::Action;
use futures::executor::block_on;
use serde_json::json;

use crate::audit::{Checkpoints, Log};
use crate::home;

/// The log's chains, its Merkle tree, and the checkpoints that were kept of it.
pub(crate) fn audit(home: &Path, keys: &[String], by: &str, json: bool) -> Result<String, String> {
    let business = home::read(home)?;
    let (tenant, folder) = (business.tenant.clone(), business.store.checkpoints.clone());
    let agency = home::open_for(home, by, Action::VerifyAudit)?;
    let log = block_on(Log::read(agency.host()))?;
    let checkpoints = Checkpoints::open(home, &folder, &tenant)?.check(&log, keys)?;
    let (hash, root) = (log.hash.to_hex(), log.tree.root().to_hex());
    Ok(if json {
        json!({
            "envelopes": log.envelopes, "hash": hash, "root": root, "checkpoints": checkpoints,
        })
        .to_string()
    } else {
        format!(
            "{} envelopes fit their chains and {checkpoints} signed checkpoints\nlog hash    {hash}\nmerkle root {root}",
            log.envelopes
        )
    })
}
