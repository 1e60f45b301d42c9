use std::fmt::{self, Debug};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use dealwright_core::audit::{
    Checkpoint, CheckpointFault, Journal, NoteKey, NoteSigner, NoteVerifier, Trusted, key_note,
};
use dealwright_core::canonical::Digest32;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::Random;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use crate::SystemRandom;

/// Checks Ed25519 signatures, strictly: each has one form, and weak keys verify nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ed25519;

impl NoteVerifier for Ed25519 {
    fn verifies(&self, public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(public).is_ok_and(|key| {
            key.verify_strict(message, &Signature::from_bytes(signature))
                .is_ok()
        })
    }
}

/// An Ed25519 key in memory that signs notes under a name.
pub struct Ed25519Signer {
    secret: SigningKey,
    key: NoteKey,
}

impl Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Signer({})", self.key)
    }
}

impl Ed25519Signer {
    /// The key of this secret, under `name`.
    ///
    /// # Errors
    ///
    /// `Invalid` for a name that no key of notes can have.
    pub fn new(name: &str, secret: &[u8; 32]) -> Result<Self, PortError> {
        let secret = SigningKey::from_bytes(secret);
        let key = NoteKey::new(name, secret.verifying_key().to_bytes()).map_err(|e| {
            PortError::new("name key", PortErrorKind::Invalid).with_source(format!("`{name}`: {e}"))
        })?;
        Ok(Self { secret, key })
    }
}

impl NoteSigner for Ed25519Signer {
    fn key(&self) -> &NoteKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], PortError> {
        Ok(self.secret.sign(message).to_bytes())
    }
}

/// Why checkpoints cannot be read, written or believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// What is kept was changed, or does not fit the log.
    #[error("{fault}; {advice}", fault = .0, advice = .0.advice())]
    Fault(#[from] CheckpointFault),
    /// There is a key but nothing that it signed.
    #[error(
        "`{}` is gone, though `{}` signs for it; put a copy of it back, or move that key away as well to begin anew", .notes.display(), .key.display()
    )]
    NotesGone {
        /// Where the notes were.
        notes: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// There is no key to go on with.
    #[error(
        "`{}` is gone, which signs for `{}`; put a copy of it back, or move those away as well, and keep them, to begin anew", .key.display(), .notes.display()
    )]
    KeyGone {
        /// Where the key was.
        key: PathBuf,
        /// The notes.
        notes: PathBuf,
    },
    /// The key is not the one that the notes name last.
    #[error(
        "`{}` is not the key {expected} that `{}` names; put back the file that was changed, and find out who changed it", .key.display(), .notes.display()
    )]
    KeyReplaced {
        /// The key.
        key: PathBuf,
        /// The notes.
        notes: PathBuf,
        /// The id of the key that should be there.
        expected: String,
    },
    /// There are no checkpoints yet, so there is no key to rotate.
    #[error("there are no checkpoints in `{}` yet; write one first", .0.display())]
    NotBegun(PathBuf),
    /// The machine failed.
    #[error("{}", .0.chain())]
    Port(#[from] PortError),
}

/// Signed checkpoints of a log in a file that only grows, and the key that signs them in another.
///
/// The two are made together with the first checkpoint; later on neither is made again where it
/// is missing, so that nobody hides a cut log by removing one. Each note is flushed to the disk
/// before the call returns; one that a crash cut off is left out when reading, and the next
/// writing takes its place. Processes that write at once take turns.
#[derive(Clone, Debug)]
pub struct CheckpointFile {
    notes: PathBuf,
    key: PathBuf,
    log: String,
}

impl CheckpointFile {
    /// Checkpoints in `notes` under the key in `key`. A journal that is begun here is of a log
    /// called `log`, with the beginning of the hash of its first key behind, which makes it
    /// unique.
    #[must_use]
    pub fn new(notes: impl Into<PathBuf>, key: impl Into<PathBuf>, log: &str) -> Self {
        Self {
            notes: notes.into(),
            key: key.into(),
            log: log.to_owned(),
        }
    }

    /// Where the notes are.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.notes
    }

    /// Reads and checks all there is; `None` where there was never anything. Works without the
    /// secret key, for whoever was given the notes alone.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] where a file is missing, replaced or changed.
    pub fn read(&self) -> Result<Option<Trusted>, CheckpointError> {
        let Some(bytes) = self.notes_if_any()? else {
            return Ok(None);
        };
        let journal = self.parse(&bytes)?;
        let Some(named) = journal.key() else {
            return if self.key.exists() {
                Err(self.notes_gone())
            } else {
                Ok(None)
            };
        };
        let trusted = journal.trusted(&Ed25519)?;
        if self.key.exists() {
            self.signer(named)?;
        }
        Ok(Some(trusted))
    }

    /// The last note, as it is copied elsewhere; it is not checked.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] where the notes cannot be read.
    pub fn newest(&self) -> Result<Option<String>, CheckpointError> {
        let Some(bytes) = self.notes_if_any()? else {
            return Ok(None);
        };
        let journal = self.parse(&bytes)?;
        Ok(journal.newest().map(|(_, note)| note.to_string()))
    }

    /// Signs `checkpoint` and appends it, flushed; answers whether it was new. One that covers no
    /// more than the newest is left out: another process was faster, or nothing happened.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`]; nothing is signed where a file is missing or replaced, and a log of
    /// the same length that is another one is [`CheckpointFault::Forked`].
    pub fn write(&self, checkpoint: &Checkpoint) -> Result<bool, CheckpointError> {
        let (mut file, bytes) = self.open_locked()?;
        let journal = self.parse(&bytes)?;
        let signer = match journal.key() {
            Some(named) if self.key.exists() => {
                let signer = self.signer(named)?;
                self.cut_off(&file, &journal)?;
                signer
            }
            // A crash between the first note and the key: the note names a key that was lost.
            Some(_) if journal.newest().is_none() => self.begin(&mut file)?,
            Some(_) => return Err(self.key_gone()),
            None if self.key.exists() => return Err(self.notes_gone()),
            None => self.begin(&mut file)?,
        };
        if let Some((newest, _)) = journal.newest() {
            let covered = newest.checkpoint().size();
            if covered == checkpoint.size() && newest.checkpoint().root() != checkpoint.root() {
                return Err(CheckpointError::Fault(CheckpointFault::Forked {
                    place: newest.place().clone(),
                    size: covered,
                    holds: 0,
                }));
            }
            if covered >= checkpoint.size() {
                return Ok(false);
            }
        }
        let origin = signer.key().name();
        let note = checkpoint.note(origin, &signer)?;
        self.append(&mut file, &note.to_string())?;
        Ok(true)
    }

    /// Puts a new key in the place of the old one, which signs for it and is then forgotten.
    /// Whatever it signed before still counts.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); [`CheckpointError::NotBegun`] where there is no key yet.
    pub fn rotate(&self) -> Result<NoteKey, CheckpointError> {
        if !self.notes.exists() && !self.key.exists() {
            return Err(CheckpointError::NotBegun(self.notes.clone()));
        }
        let (mut file, bytes) = self.open_locked()?;
        let journal = self.parse(&bytes)?;
        journal.trusted(&Ed25519)?;
        let old = match journal.key() {
            Some(named) if self.key.exists() => self.signer(named)?,
            Some(_) => return Err(self.key_gone()),
            None => return Err(self.notes_gone()),
        };
        let origin = old.key().name();
        let secret = fresh_secret()?;
        let new = Ed25519Signer::new(origin, &secret)?;
        let note = key_note(origin, &new, Some(&old))?;
        // On disk before the note that makes it count, and in its place after.
        write_secret(&self.next_key(), &secret)?;
        self.cut_off(&file, &journal)?;
        self.append(&mut file, &note.to_string())?;
        self.promote()?;
        Ok(new.key().clone())
    }

    /// Makes the key and the note that names it. The note comes first: where the other order was
    /// cut off, it would look as if the notes had been removed.
    fn begin(&self, file: &mut File) -> Result<Ed25519Signer, CheckpointError> {
        let secret = fresh_secret()?;
        let public = SigningKey::from_bytes(&secret).verifying_key().to_bytes();
        let id: String = Digest32::of(&public).to_hex().chars().take(8).collect();
        let origin = format!("{}/{id}", self.log);
        let signer = Ed25519Signer::new(&origin, &secret)?;
        let note = key_note(&origin, &signer, None)?;
        file.set_len(0)
            .map_err(|e| io("begin checkpoints", &self.notes, e))?;
        self.append(file, &note.to_string())?;
        write_secret(&self.key, &secret)?;
        Ok(signer)
    }

    /// The key in the file, which must be the one that the notes name.
    fn signer(&self, named: &NoteKey) -> Result<Ed25519Signer, CheckpointError> {
        let signer = read_secret(&self.key, named.name())?;
        if signer.key() == named {
            return Ok(signer);
        }
        // A rotation that was cut off behind its note: the new key waits beside the old one.
        if self.next_key().exists() {
            let next = read_secret(&self.next_key(), named.name())?;
            if next.key() == named {
                self.promote()?;
                return Ok(next);
            }
        }
        Err(CheckpointError::KeyReplaced {
            key: self.key.clone(),
            notes: self.notes.clone(),
            expected: named.id().to_string(),
        })
    }

    fn promote(&self) -> Result<(), PortError> {
        fs::rename(self.next_key(), &self.key).map_err(|e| io("replace key", &self.key, e))?;
        flush_folder(&self.key)
    }

    fn next_key(&self) -> PathBuf {
        let mut beside = self.key.clone().into_os_string();
        beside.push(".next");
        PathBuf::from(beside)
    }

    fn notes_if_any(&self) -> Result<Option<Vec<u8>>, CheckpointError> {
        match fs::read(&self.notes) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                if self.key.exists() {
                    Err(self.notes_gone())
                } else {
                    Ok(None)
                }
            }
            Err(e) => Err(io("read checkpoints", &self.notes, e).into()),
        }
    }

    /// The notes, held alone until the file is dropped.
    fn open_locked(&self) -> Result<(File, Vec<u8>), CheckpointError> {
        if !self.notes.exists() && self.key.exists() {
            return Err(self.notes_gone());
        }
        let failed = |e| io("open checkpoints", &self.notes, e);
        make_folder(&self.notes)?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&self.notes)
            .map_err(failed)?;
        file.lock().map_err(failed)?;
        flush_folder(&self.notes)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        Ok((file, bytes))
    }

    fn parse(&self, bytes: &[u8]) -> Result<Journal, CheckpointFault> {
        Journal::parse(&self.notes.to_string_lossy(), bytes)
    }

    fn append(&self, file: &mut File, note: &str) -> Result<(), PortError> {
        file.write_all(format!("{note}\n").as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|e| io("write checkpoint", &self.notes, e))
    }

    /// Takes away what a crash left of a note.
    fn cut_off(&self, file: &File, journal: &Journal) -> Result<(), PortError> {
        if journal.torn() {
            file.set_len(journal.whole() as u64)
                .map_err(|e| io("write checkpoint", &self.notes, e))?;
        }
        Ok(())
    }

    fn notes_gone(&self) -> CheckpointError {
        CheckpointError::NotesGone {
            notes: self.notes.clone(),
            key: self.key.clone(),
        }
    }

    fn key_gone(&self) -> CheckpointError {
        CheckpointError::KeyGone {
            key: self.key.clone(),
            notes: self.notes.clone(),
        }
    }
}

fn io(operation: &'static str, path: &Path, error: std::io::Error) -> PortError {
    let kind = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => PortErrorKind::Full,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            PortErrorKind::PermissionDenied
        }
        ErrorKind::NotFound => PortErrorKind::NotFound,
        _ => PortErrorKind::Unexpected,
    };
    PortError::new(operation, kind).with_source(format!("`{}`: {error}", path.display()))
}

fn fresh_secret() -> Result<[u8; 32], PortError> {
    let mut secret = [0; 32];
    SystemRandom.fill(&mut secret);
    if secret == [0; 32] {
        return Err(PortError::new("make key", PortErrorKind::Unexpected)
            .with_source("the system gave no randomness"));
    }
    Ok(secret)
}

fn read_secret(path: &Path, name: &str) -> Result<Ed25519Signer, PortError> {
    let text = fs::read_to_string(path).map_err(|e| io("read key", path, e))?;
    let mut secret = [0; 32];
    hex::decode_to_slice(text.trim(), &mut secret).map_err(|_| {
        PortError::new("read key", PortErrorKind::Corrupt).with_source(format!(
            "`{}` is not 64 hexadecimal digits; put a copy of it back",
            path.display()
        ))
    })?;
    Ed25519Signer::new(name, &secret)
}

/// Writes a secret that only its owner may read: beside first, so that it is never half there.
fn write_secret(path: &Path, secret: &[u8; 32]) -> Result<(), PortError> {
    let failed = |e| io("write key", path, e);
    make_folder(path)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(failed(e)),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(hex::encode(secret).as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, path))
        .map_err(failed)?;
    flush_folder(path)
}

fn make_folder(path: &Path) -> Result<(), PortError> {
    match path.parent() {
        Some(folder) => fs::create_dir_all(folder).map_err(|e| io("make folder", folder, e)),
        None => Ok(()),
    }
}

/// Makes the name of a file as durable as its bytes are.
fn flush_folder(path: &Path) -> Result<(), PortError> {
    #[cfg(unix)]
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|e| io("flush folder", folder, e))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(test)]
mod tests;
