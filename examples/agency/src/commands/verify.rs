//! `agency verify`.

use std::fs;
use std::path::{Path, PathBuf};

use dealwright_core::access::Action;
use dealwright_core::audit::{CheckpointFault, Comparison, Trusted, step_leaf};
use dealwright_core::process::EventLogHash;
use dealwright_system::Ed25519;
use futures::executor::block_on;
use serde_json::json;

use crate::checkpoints::{each, file};
use crate::home::{self, told};

/// The log's chains, and its Merkle tree against the checkpoints that were signed of it: those of
/// the home, and those in `against`, which were kept elsewhere.
pub(crate) fn audit(
    home: &Path,
    against: &[PathBuf],
    by: &str,
    json: bool,
) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::VerifyAudit)?;
    let host = agency.host();
    // Before the log: what is signed while it is read may cover more than was read.
    let file = file(home, host);
    let mut trusted = file.read().map_err(|e| e.to_string())?;
    for path in against {
        elsewhere(&mut trusted, path, file.path())?;
    }
    let mut chains = EventLogHash::default();
    let mut comparison = trusted
        .as_ref()
        .map_or_else(Comparison::default, Trusted::comparison);
    block_on(each(host, None, |envelope| {
        comparison.add(step_leaf(&envelope.chain));
        chains.add(envelope).map_err(told)
    }))?;
    let head = comparison.finish().map_err(|e| advised(&e))?;
    let kept = trusted.as_ref().map_or(&[][..], Trusted::kept);
    if kept.is_empty() && head.size() > 0 {
        return Err(format!(
            "no checkpoint in `{}` covers the log of {} envelopes, so nothing shows whether it was cut; where it was never signed before, begin with `agency --home {} audit checkpoint`",
            file.path().display(),
            head.size(),
            home.display()
        ));
    }
    if trusted.as_ref().is_some_and(Trusted::torn) {
        eprintln!(
            "note: the last checkpoint in `{}` was cut off while it was written, and is not counted; the next one takes its place",
            file.path().display()
        );
    }
    let covered = kept.iter().map(|k| k.checkpoint().size()).max();
    let covered = covered.unwrap_or_default();
    let (hash, root) = (chains.finish().to_hex(), head.root().to_hex());
    let key = trusted.as_ref().and_then(|t| t.keys().last());
    Ok(if json {
        json!({
            "envelopes": chains.envelopes(), "hash": hash, "root": root,
            "checkpoints": kept.len(), "covered": covered, "key": key.map(ToString::to_string),
        })
        .to_string()
    } else {
        let hold = match kept.len() {
            0 => "nothing is signed yet".to_owned(),
            1 => format!("1 checkpoint holds, over {covered} envelopes"),
            n => format!("{n} checkpoints hold, the newest over {covered} envelopes"),
        };
        let mut text = format!(
            "{} envelopes fit their chains\nlog hash    {hash}\nmerkle root {root}\n{hold}",
            chains.envelopes(),
        );
        if let Some(key) = key {
            text.push_str(&format!("\nsigned by   {key}"));
        }
        text
    })
}

fn elsewhere(trusted: &mut Option<Trusted>, path: &Path, notes: &Path) -> Result<(), String> {
    let bytes = fs::read(path).map_err(|e| format!("`{}` cannot be read: {e}", path.display()))?;
    let Some(trusted) = trusted else {
        return Err(format!(
            "`{}` names the keys that may have signed `{}`, and is not there; put a copy of it back",
            notes.display(),
            path.display()
        ));
    };
    trusted
        .add(&path.to_string_lossy(), &bytes, &Ed25519)
        .map_err(|e| advised(&e))
}

fn advised(fault: &CheckpointFault) -> String {
    format!("{fault}; {}", fault.advice())
}
