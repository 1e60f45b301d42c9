//! Signed checkpoints of the audit log, kept outside of the store.

mod note;

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use dealwright_core::audit::{AuditFault, Checkpoint, MerkleTree};
use dealwright_core::error::{PortError, PortErrorKind};

use crate::keys::secret;
pub use note::{NoteError, NoteKey, NoteVerifier, VerifierError, open_note};

/// The file with the keys that notes are checked by.
const KEYS: &str = "keys";

impl NoteKey {
    /// Opens the key's file, or makes one; only its owner may read it.
    ///
    /// # Errors
    ///
    /// `Corrupt` where it is no key, `PermissionDenied` where it cannot be read or made,
    /// `Unexpected` where the system has no randomness.
    pub fn open_or_create(path: &Path, name: &str) -> Result<Self, PortError> {
        if path.exists() {
            return Ok(Self::new(name, secret::read_hex(path)?.0));
        }
        let denied = |e| PortError::new("make key", PortErrorKind::PermissionDenied).with_source(e);
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(denied)?;
        let key = secret::random()?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let text = hex::encode(key.0);
        secret::write_private(folder, &file, text.as_bytes(), false).map_err(denied)?;
        Ok(Self::new(name, key.0))
    }
}

/// Something is wrong with a log, by a checkpoint that was kept of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFault {
    /// The log is not the one of the checkpoint any more.
    #[error(
        "`{file}`: {fault}; put a whole copy of the store in its place, and find out who changed it"
    )]
    Log {
        /// The checkpoint's file.
        file: String,
        /// What is wrong.
        #[source]
        fault: AuditFault,
    },
    /// The checkpoint says nothing.
    #[error("`{file}`: {error}; put a whole copy of it in its place")]
    Note {
        /// The checkpoint's file.
        file: String,
        /// What is wrong.
        #[source]
        error: NoteError,
    },
}

/// A folder of checkpoints, oldest first, each a signed note in a file of its own; beside them
/// the keys that they are checked by, also those that are not used any more.
///
/// It belongs where whoever can change the store cannot: on another machine, in a repository, on
/// paper. Whoever can write to both can forge both.
#[derive(Clone, Debug)]
pub struct CheckpointFolder {
    folder: PathBuf,
    origin: String,
}

impl CheckpointFolder {
    /// The checkpoints of the log `origin` in `folder`, which is made when one is kept.
    #[must_use]
    pub fn new(folder: &Path, origin: impl Into<String>) -> Self {
        Self {
            folder: folder.to_owned(),
            origin: origin.into(),
        }
    }

    fn failed(&self, operation: &'static str, path: &Path, e: &io::Error) -> PortError {
        PortError::new(operation, PortErrorKind::Unavailable)
            .with_source(format!("`{}`: {e}", path.display()))
    }

    /// The keys that lie beside the checkpoints.
    ///
    /// # Errors
    ///
    /// `Unavailable` where they cannot be read, `Corrupt` where a line is no key.
    pub fn keys(&self) -> Result<Vec<NoteVerifier>, PortError> {
        let path = self.folder.join(KEYS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(self.failed("read keys", &path, &e)),
        };
        let keys = text.lines().filter(|l| !l.is_empty()).map(str::parse);
        keys.collect::<Result<_, VerifierError>>().map_err(|e| {
            PortError::new("read keys", PortErrorKind::Corrupt)
                .with_source(format!("`{}`: {e}", path.display()))
        })
    }

    /// The notes' files, that of the shortest log first.
    fn files(&self) -> Result<Vec<PathBuf>, PortError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(self.failed("read checkpoints", &self.folder, &e)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry
                .map_err(|e| self.failed("read checkpoints", &self.folder, &e))?
                .path();
            if path.extension().is_some_and(|e| e == "note") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    /// Holds a log against every checkpoint that was kept of it, by the keys that are `trusted`;
    /// answers how many there are.
    ///
    /// # Errors
    ///
    /// `Ok(Err)` with the first checkpoint that the log does not keep, or that says nothing; those
    /// of the folder.
    pub fn check(
        &self,
        tree: &MerkleTree,
        trusted: &[NoteVerifier],
    ) -> Result<Result<usize, CheckpointFault>, PortError> {
        let files = self.files()?;
        for path in &files {
            let text = fs::read(path).map_err(|e| self.failed("read checkpoint", path, &e))?;
            let file = path.display().to_string();
            let note = String::from_utf8_lossy(&text);
            let kept = match open_note(&note, &self.origin, trusted) {
                Ok(kept) => kept,
                Err(error) => return Ok(Err(CheckpointFault::Note { file, error })),
            };
            let fault = match tree.root_at(kept.size()) {
                None => AuditFault::Truncated {
                    position: tree.size(),
                    expected: kept.size(),
                },
                Some(root) if root != kept.root() => AuditFault::Rewritten { size: kept.size() },
                Some(_) => continue,
            };
            return Ok(Err(CheckpointFault::Log { file, fault }));
        }
        Ok(Ok(files.len()))
    }

    /// Keeps a checkpoint, durable and whole; answers whether it was not there yet. The log is
    /// held against the earlier ones first, and where it does not keep them nothing is written.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn keep(
        &self,
        key: &NoteKey,
        tree: &MerkleTree,
    ) -> Result<Result<bool, CheckpointFault>, PortError> {
        let mut keys = self.keys()?;
        let own = key.verifier();
        if !keys.contains(&own) {
            keys.push(own.clone());
            let lines: String = keys.iter().map(|k| format!("{k}\n")).collect();
            self.write(KEYS, lines.as_bytes())?;
        }
        if let Err(fault) = self.check(tree, &keys)? {
            return Ok(Err(fault));
        }
        let name = format!("{:012}-{}.note", tree.size(), hex::encode(own.id()));
        if tree.size() == 0 || self.folder.join(&name).exists() {
            return Ok(Ok(false));
        }
        let checkpoint = Checkpoint::new(tree.size(), tree.root());
        let note = key.sign(&self.origin, &checkpoint);
        self.write(&name, note.as_bytes())?;
        Ok(Ok(true))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), PortError> {
        let path = self.folder.join(name);
        let beside = self
            .folder
            .join(format!(".{name}.{}.part", std::process::id()));
        let written = fs::create_dir_all(&self.folder)
            .and_then(|()| File::create(&beside))
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&beside, &path))
            .and_then(|()| File::open(&self.folder)?.sync_all());
        written.map_err(|e| self.failed("keep checkpoint", &path, &e))
    }
}
