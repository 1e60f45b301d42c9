//! The key of each person, in a file beside the store: made once, destroyed at erasure.
//!
//! The file is a head of [`HEAD`] bytes that names the wrapping key, and records of [`RECORD`]
//! bytes. New keys are appended; whatever changes records (an erasure, a new wrapping key) writes
//! the whole file beside and renames it, so that another program that has it open sees by the
//! file's identity that it must read again. Writers hold a lock on a file of its own.

use std::collections::BTreeMap;
#[cfg(unix)]
use std::fs;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use dealwright_core::error::{PortError, PortErrorKind};

use super::record::{Entry, HEAD, RECORD, Tag, head, named_wrap, read_record, write_record};
use super::secret::{self, Secret};

const BOOK: &str = "people.keys";
const LOCK: &str = "people.lock";
/// How often a file that is replaced while it is read is read again.
const TRIES: usize = 16;

/// The keys of people, by a tag that does not say who they are.
pub(super) struct Book {
    folder: Option<PathBuf>,
    known: Mutex<Known>,
}

/// What was read of the file so far.
#[derive(Default)]
struct Known {
    /// Held open, so that no other file can come to have its identity.
    file: Option<File>,
    identity: Option<(u64, u64)>,
    /// Up to where it was read.
    read: u64,
    wrap: Secret,
    entries: BTreeMap<Tag, Entry>,
}

impl Book {
    /// One that is kept nowhere.
    pub(super) fn in_memory() -> Self {
        Self {
            folder: None,
            known: Mutex::default(),
        }
    }

    /// The one in `folder`, made where there is none.
    pub(super) fn open(folder: &Path) -> Result<Self, PortError> {
        let book = Self {
            folder: Some(folder.to_owned()),
            known: Mutex::default(),
        };
        book.with(|known, folder| match folder {
            Some(folder) => {
                let _lock = lock(folder)?;
                if !folder.join(BOOK).exists() {
                    let (wrap, name) = secret::make_wrap(folder)?;
                    replace(folder, &BTreeMap::new(), &wrap, &name)?;
                }
                known.refresh(folder)
            }
            None => Ok(()),
        })?;
        Ok(book)
    }

    /// The key under a tag, `None` where there never was one.
    pub(super) fn find(&self, tag: &Tag) -> Result<Option<Entry>, PortError> {
        self.with(|known, folder| {
            for _ in 0..TRIES {
                let Some(folder) = folder else { break };
                known.refresh(folder)?;
                if known.entries.contains_key(tag) {
                    break;
                }
                known.read_on().map_err(failed("read keys"))?;
                // Nothing is said to be missing by a file that was replaced meanwhile.
                if known.identity == identity(&folder.join(BOOK)).ok() {
                    break;
                }
            }
            Ok(known.entries.get(tag).cloned())
        })
    }

    /// The key under a tag; a new one, durable before it is answered, where there was none.
    pub(super) fn find_or_make(&self, tag: &Tag) -> Result<Entry, PortError> {
        if let Some(entry) = self.find(tag)? {
            return Ok(entry);
        }
        self.with(|known, folder| {
            let _lock = folder.map(lock).transpose()?;
            if let Some(folder) = folder {
                known.refresh(folder)?;
                known.read_on().map_err(failed("read keys"))?;
            }
            if let Some(entry) = known.entries.get(tag) {
                return Ok(entry.clone());
            }
            let entry = Entry::made()?;
            if folder.is_some() {
                known.append(tag, &entry)?;
            }
            known.entries.insert(*tag, entry.clone());
            Ok(entry)
        })
    }

    /// Destroys the keys under these tags; answers how many there were.
    pub(super) fn forget(&self, tags: &[Tag]) -> Result<usize, PortError> {
        self.with(|known, folder| {
            let _lock = folder.map(lock).transpose()?;
            if let Some(folder) = folder {
                known.refresh(folder)?;
                known.read_on().map_err(failed("read keys"))?;
            }
            let mut entries = known.entries.clone();
            let mut destroyed = 0;
            for tag in tags {
                if let Some(Entry::Live { .. }) = entries.insert(*tag, Entry::Erased) {
                    destroyed += 1;
                }
            }
            if let Some(folder) = folder {
                let name = secret::name_of(&known.wrap);
                replace(folder, &entries, &known.wrap, &name)?;
                known.wipe_old();
                known.refresh(folder)?;
            }
            known.entries = entries;
            Ok(destroyed)
        })
    }

    /// Wraps every key anew under a new wrapping key, and destroys the old one.
    pub(super) fn rotate(&self) -> Result<usize, PortError> {
        self.with(|known, folder| {
            let Some(folder) = folder else {
                return Ok(known.entries.len());
            };
            let _lock = lock(folder)?;
            known.refresh(folder)?;
            known.read_on().map_err(failed("read keys"))?;
            let before = secret::name_of(&known.wrap);
            // In this order a stop at any point leaves a book whose wrapping key is there.
            let (wrap, name) = secret::make_wrap(folder)?;
            replace(folder, &known.entries, &wrap, &name)?;
            known.wipe_old();
            secret::destroy_wrap(folder, &before)?;
            known.refresh(folder)?;
            Ok(known.entries.len())
        })
    }

    fn with<R>(&self, work: impl FnOnce(&mut Known, Option<&Path>) -> R) -> R {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut known, self.folder.as_deref())
    }
}

impl Known {
    /// Reads the file again where another one stands in its place.
    fn refresh(&mut self, folder: &Path) -> Result<(), PortError> {
        let path = folder.join(BOOK);
        let mut failure = PortError::new("read keys", PortErrorKind::Unavailable);
        for _ in 0..TRIES {
            if self.identity == Some(identity(&path).map_err(missing(&path))?) {
                return Ok(());
            }
            match Self::read_anew(folder, &path) {
                Ok(fresh) => *self = fresh,
                // What was replaced while it was read is wiped: the new one is read next.
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn read_anew(folder: &Path, path: &Path) -> Result<Self, PortError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(missing(path))?;
        let mut first = [0; HEAD];
        file.read_exact(&mut first).map_err(failed("read keys"))?;
        let name = named_wrap(&first).ok_or_else(|| corrupt(path))?;
        let mut fresh = Self {
            identity: Some(identity_of(&file, &first).map_err(failed("read keys"))?),
            file: Some(file),
            read: HEAD as u64,
            wrap: secret::read_wrap(folder, &name)?,
            entries: BTreeMap::new(),
        };
        fresh.read_on().map_err(failed("read keys"))?;
        Ok(fresh)
    }

    /// Takes up whole records that were appended since.
    fn read_on(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.seek(SeekFrom::Start(self.read))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        for record in bytes.chunks_exact(RECORD) {
            // One that is not whole is being written, or was when the power went.
            let Some((tag, entry)) = read_record(record, &self.wrap) else {
                break;
            };
            self.entries.insert(tag, entry);
            self.read += RECORD as u64;
        }
        Ok(())
    }

    /// Adds a record behind the last whole one. The lock is held.
    fn append(&mut self, tag: &Tag, entry: &Entry) -> Result<(), PortError> {
        let record = write_record(tag, entry, &self.wrap)?;
        let read = self.read;
        let Some(file) = &mut self.file else {
            return Err(PortError::new("keep key", PortErrorKind::Unexpected));
        };
        file.set_len(read)
            .and_then(|()| file.seek(SeekFrom::Start(read)))
            .and_then(|_| file.write_all(&record))
            .and_then(|()| file.sync_data())
            .map_err(failed("keep key"))?;
        self.read += RECORD as u64;
        Ok(())
    }

    /// Overwrites the file that was replaced, so that what it held is not left on the disk as it
    /// was. A file system that writes elsewhere keeps it for a while all the same, wrapped.
    fn wipe_old(&mut self) {
        if let Some(file) = &mut self.file {
            let len = file.metadata().map(|m| m.len()).unwrap_or(0);
            let zeros = vec![0; usize::try_from(len).unwrap_or(0)];
            let _ = file
                .seek(SeekFrom::Start(0))
                .and_then(|_| file.write_all(&zeros))
                .and_then(|()| file.sync_all());
        }
    }
}

/// Writes a whole book beside and puts it in the place of the one that is there.
fn replace(
    folder: &Path,
    entries: &BTreeMap<Tag, Entry>,
    wrap: &Secret,
    name: &str,
) -> Result<(), PortError> {
    let mut bytes = head(name).to_vec();
    for (tag, entry) in entries {
        bytes.extend(write_record(tag, entry, wrap)?);
    }
    secret::write_private(folder, BOOK, &bytes, true).map_err(failed("keep keys"))
}

/// Held by whoever changes the book, in this program or another.
fn lock(folder: &Path) -> Result<File, PortError> {
    let file = secret::private()
        .create(true)
        .truncate(false)
        .open(folder.join(LOCK))
        .map_err(failed("lock keys"))?;
    file.lock().map_err(failed("lock keys"))?;
    Ok(file)
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).map(|m| (m.dev(), m.ino()))
}

#[cfg(unix)]
fn identity_of(file: &File, _: &[u8; HEAD]) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().map(|m| (m.dev(), m.ino()))
}

// Where a file has no number, its head is looked at: it is written anew with each replacement.
#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let mut first = [0; HEAD];
    File::open(path)?.read_exact(&mut first)?;
    Ok((super::record::turn(&first), 0))
}

#[cfg(not(unix))]
fn identity_of(_: &File, first: &[u8; HEAD]) -> io::Result<(u64, u64)> {
    Ok((super::record::turn(first), 0))
}

fn failed(operation: &'static str) -> impl Fn(io::Error) -> PortError {
    move |error| {
        let kind = match error.kind() {
            io::ErrorKind::PermissionDenied => PortErrorKind::PermissionDenied,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => PortErrorKind::Full,
            _ => PortErrorKind::Unavailable,
        };
        PortError::new(operation, kind).with_source(error)
    }
}

fn missing(path: &Path) -> impl Fn(io::Error) -> PortError + '_ {
    move |error| {
        PortError::new("read keys", PortErrorKind::Unavailable).with_source(format!(
            "`{}`: {error}; without it nothing personal can be read or written",
            path.display()
        ))
    }
}

fn corrupt(path: &Path) -> PortError {
    PortError::new("read keys", PortErrorKind::Corrupt)
        .with_source(format!("`{}` is no book of keys", path.display()))
}
