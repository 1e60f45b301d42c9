//! `agency audit`: signing how far the log has come.

use std::path::Path;

use dealwright_core::access::Action;
use futures::executor::block_on;
use serde_json::json;

use crate::checkpoints::{Keeper, file};
use crate::home;

/// Signs the log as it is, and prints the newest checkpoint as it is copied elsewhere.
pub(crate) fn checkpoint(home: &Path, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::VerifyAudit)?;
    let host = agency.host();
    block_on(async { Keeper::begin(home, host).await?.keep().await })?;
    match file(home, host).newest().map_err(|e| e.to_string())? {
        Some(note) if json => Ok(json!({ "note": note }).to_string()),
        Some(note) => Ok(note),
        None => Err(format!(
            "the log is empty, so there is nothing to sign; `agency --home {} run` begins it",
            home.display()
        )),
    }
}

/// Puts a new signing key in the place of the old one.
pub(crate) fn rotate_key(home: &Path, by: &str, json: bool) -> Result<String, String> {
    let agency = home::open_for(home, by, Action::VerifyAudit)?;
    let file = file(home, agency.host());
    let key = file.rotate().map_err(|e| e.to_string())?;
    Ok(if json {
        json!({ "key": key.to_string() }).to_string()
    } else {
        format!(
            "checkpoints are signed by {key} from now on\nthe old key signed for it in {}, and what it signed before still counts",
            file.path().display()
        )
    })
}
