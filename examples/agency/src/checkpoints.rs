//! Signed checkpoints of a home's log, beside its store.

use std::path::Path;

use dealwright_core::audit::{Comparison, TreeHead, step_leaf};
use dealwright_core::process::{Cursor, Envelope, Host};
use dealwright_system::CheckpointFile;

use crate::home::told;

/// What was signed: no secret, and worth a copy elsewhere.
const NOTES: &str = "checkpoints/audit.txt";
/// What signs.
const KEY: &str = "keys/audit.key";
/// How many envelopes are read at a time.
const PAGE: usize = 1_000;

/// The checkpoints of the agency in `home`.
pub(crate) fn file(home: &Path, host: &Host) -> CheckpointFile {
    let log = format!("dealwright/{}", host.tenant().as_str());
    CheckpointFile::new(home.join(NOTES), home.join(KEY), &log)
}

/// Gives `take` each envelope after a place, in order; answers the place behind the last.
pub(crate) async fn each(
    host: &Host,
    mut after: Option<Cursor>,
    mut take: impl FnMut(&Envelope) -> Result<(), String>,
) -> Result<Option<Cursor>, String> {
    loop {
        let (page, next) = host.store().feed(after, PAGE).await.map_err(told)?;
        if page.is_empty() {
            return Ok(next);
        }
        for envelope in &page {
            take(envelope)?;
        }
        after = next;
    }
}

/// Follows the log and signs how far it has come.
#[derive(Debug)]
pub(crate) struct Keeper {
    file: CheckpointFile,
    host: Host,
    head: TreeHead,
    after: Option<Cursor>,
}

impl Keeper {
    /// Reads the whole log past the checkpoints that there are: nothing is signed on top of a log
    /// that was cut or forked.
    pub(crate) async fn begin(home: &Path, host: &Host) -> Result<Self, String> {
        let file = file(home, host);
        let trusted = file.read().map_err(|e| e.to_string())?;
        let mut comparison = trusted.map_or_else(Comparison::default, |t| t.comparison());
        let after = each(host, None, |envelope| {
            comparison.add(step_leaf(&envelope.chain));
            Ok(())
        })
        .await?;
        let head = comparison
            .finish()
            .map_err(|e| format!("{e}; {}", e.advice()))?;
        Ok(Self {
            file,
            host: host.clone(),
            head,
            after,
        })
    }

    /// Goes on to the end of the log and signs it, where there is anything new.
    pub(crate) async fn keep(&mut self) -> Result<(), String> {
        // On its own until the end is reached: this may be dropped while it waits for the store.
        let mut head = self.head.clone();
        let after = each(&self.host, self.after.clone(), |envelope| {
            head.append(step_leaf(&envelope.chain));
            Ok(())
        })
        .await?;
        (self.head, self.after) = (head, after);
        if self.head.size() > 0 {
            self.file
                .write(&self.head.checkpoint())
                .map_err(|e| e.to_string())?;
        }
        Ok(())
    }
}
