use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::head::TreeHead;
use super::log::Checkpoint;
use super::note::{
    KeyId, Note, NoteError, NoteKey, NoteSigner, NoteVerifier, Unsigned, begins_signatures,
};
use crate::canonical::Digest32;
use crate::error::PortError;

/// The first line of a note that names a key. No log may be called so.
const KEY_NOTE: &str = "dealwright audit key";

/// Where a note stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    file: String,
    line: usize,
}

impl Place {
    /// The line its text begins at, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, line {}", self.file, self.line)
    }
}

/// What checkpoints show to be wrong, and where. [`advice`](Self::advice) says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFault {
    /// What stands there was not written by this library.
    #[error("{place}: this is no note of a checkpoint or a key: {why}")]
    Malformed {
        /// Where.
        place: Place,
        /// What it lacks.
        why: NoteError,
    },
    /// The note was changed after it was signed.
    #[error("{place}: the signature of key {key} is not over what stands there")]
    BadSignature {
        /// Where.
        place: Place,
        /// Whose signature it says to be.
        key: KeyId,
    },
    /// The note is signed by others only: by a key that was put in place of ours, or by one that
    /// was replaced before.
    #[error("{place}: the note is not signed by key {key}, which was in force there")]
    NotSigned {
        /// Where.
        place: Place,
        /// Whose signature is missing.
        key: KeyId,
    },
    /// The note is about another log.
    #[error("{place}: the note is of the log `{found}`, not of `{origin}`")]
    OtherLog {
        /// Where.
        place: Place,
        /// This log.
        origin: String,
        /// The log it speaks of.
        found: String,
    },
    /// Records are missing at the end of the log.
    #[error(
        "the log was cut or set back: it ends after {records} records, but the checkpoint at {place} covers {expected}"
    )]
    Truncated {
        /// The checkpoint that covers most.
        place: Place,
        /// How many records there are.
        records: u64,
        /// How many there were.
        expected: u64,
    },
    /// The log is long enough but not the one that the checkpoint was taken of.
    #[error(
        "the log was forked or rewritten: a record from {} to {size} is not the one of the checkpoint at {place}", .holds + 1
    )]
    Forked {
        /// The first checkpoint that does not hold.
        place: Place,
        /// How many records it covers.
        size: u64,
        /// How many records the last checkpoint before it covers, which still holds.
        holds: u64,
    },
}

impl CheckpointFault {
    /// What a person does about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Malformed { .. } | Self::BadSignature { .. } => {
                "put a whole copy of that file in its place, and find out who changed it"
            }
            Self::NotSigned { .. } => {
                "put the files of checkpoints and keys back as they were, and find out who changed them"
            }
            Self::OtherLog { .. } => "name a checkpoint of this log",
            Self::Truncated { .. } => {
                "put the newest whole copy of the store in its place: what is missing may have sent letters that would leave again"
            }
            Self::Forked { .. } => {
                "put a copy of the store from before in its place, and keep this one to find out who changed it"
            }
        }
    }
}

impl Checkpoint {
    /// The note of a checkpoint on the log `origin`, signed.
    ///
    /// Its text is a [checkpoint](https://c2sp.org/tlog-checkpoint): the origin, the size, and
    /// the root in base64, a line each.
    ///
    /// # Errors
    ///
    /// Those of the signer.
    pub fn note(&self, origin: &str, signer: &dyn NoteSigner) -> Result<Note, PortError> {
        let root = STANDARD.encode(self.root().as_bytes());
        Note::sign(format!("{origin}\n{}\n{root}\n", self.size()), &[signer])
    }
}

/// The note that names the key that goes on signing for the log `origin`. It is signed by that
/// key, and by the one before it where there was one.
///
/// # Errors
///
/// Those of the signers.
pub fn key_note(
    origin: &str,
    next: &dyn NoteSigner,
    before: Option<&dyn NoteSigner>,
) -> Result<Note, PortError> {
    let text = format!("{KEY_NOTE}\n{origin}\n{}\n", next.key());
    let signers: Vec<&dyn NoteSigner> = before.into_iter().chain([next]).collect();
    Note::sign(text, &signers)
}

/// What a note says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Key(NoteKey),
    Checkpoint(Checkpoint),
}

/// A note of the journal, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    place: Place,
    note: Note,
    origin: String,
    said: Said,
}

impl Entry {
    fn read(bytes: &[u8], place: Place) -> Result<Self, CheckpointFault> {
        let note = std::str::from_utf8(bytes)
            .map_err(|_| NoteError("it is no text"))
            .and_then(Note::parse)
            .and_then(|note| Ok((text(note.text())?, note)));
        match note {
            Ok(((origin, said), note)) => Ok(Self {
                place,
                note,
                origin,
                said,
            }),
            Err(why) => Err(CheckpointFault::Malformed { place, why }),
        }
    }

    fn check(&self, key: &NoteKey, by: &dyn NoteVerifier) -> Result<(), CheckpointFault> {
        let (place, id) = (self.place.clone(), key.id());
        self.note.check(key, by).map_err(|what| match what {
            Unsigned::Missing => CheckpointFault::NotSigned { place, key: id },
            Unsigned::Bad => CheckpointFault::BadSignature { place, key: id },
        })
    }

    fn of_log(&self, origin: &str) -> Result<(), CheckpointFault> {
        if self.origin == origin {
            return Ok(());
        }
        Err(CheckpointFault::OtherLog {
            place: self.place.clone(),
            origin: origin.to_owned(),
            found: self.origin.clone(),
        })
    }
}

/// The log that a text is about, and what it says of it.
fn text(text: &str) -> Result<(String, Said), NoteError> {
    let lines: Vec<&str> = text
        .strip_suffix('\n')
        .unwrap_or(text)
        .split('\n')
        .collect();
    let [first, second, third] = lines.as_slice() else {
        return Err(NoteError("its text has three lines"));
    };
    if *first == KEY_NOTE {
        return Ok(((*second).to_owned(), Said::Key(third.parse()?)));
    }
    if first.is_empty() {
        return Err(NoteError("it names no log"));
    }
    let size: u64 = second
        .parse()
        .ok()
        .filter(|size: &u64| size.to_string() == *second)
        .ok_or(NoteError("its second line is no number of records"))?;
    let root: [u8; 32] = STANDARD
        .decode(third)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(NoteError("its third line is no root in base64"))?;
    let checkpoint = Checkpoint::new(size, Digest32::from_bytes(root));
    Ok(((*first).to_owned(), Said::Checkpoint(checkpoint)))
}

/// Notes one after the other, an empty line behind each: the key, then checkpoints, and a new
/// key where it was rotated. It only grows, at its end.
///
/// A journal is read but not believed; [`trusted`](Self::trusted) checks who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    entries: Vec<Entry>,
    whole: usize,
    torn: bool,
}

impl Journal {
    /// Reads the journal in `file`, whose name only places use.
    ///
    /// A note whose writing was cut at the end of the file is left out and makes the journal
    /// [torn](Self::torn).
    ///
    /// # Errors
    ///
    /// [`CheckpointFault::Malformed`] for anything else that is not a note.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, CheckpointFault> {
        let mut entries = Vec::new();
        let (mut rest, mut line) = (bytes, 1);
        let place = |line| Place {
            file: file.to_owned(),
            line,
        };
        while let Some((note, after)) = first_note(rest) {
            entries.push(Entry::read(note, place(line))?);
            line += note.iter().filter(|b| **b == b'\n').count() + 1;
            rest = after;
        }
        if !begins_note(rest) {
            return Err(CheckpointFault::Malformed {
                place: place(line),
                why: NoteError("it was neither finished nor cut off"),
            });
        }
        Ok(Self {
            entries,
            whole: bytes.len() - rest.len(),
            torn: !rest.is_empty(),
        })
    }

    /// How many bytes whole notes take up; the next note stands behind them.
    #[must_use]
    pub fn whole(&self) -> usize {
        self.whole
    }

    /// Whether the writing of a last note was cut off.
    #[must_use]
    pub fn torn(&self) -> bool {
        self.torn
    }

    /// The log it is about, by its first note.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.entries.first().map(|entry| entry.origin.as_str())
    }

    /// The key that signs at its end.
    #[must_use]
    pub fn key(&self) -> Option<&NoteKey> {
        self.entries
            .iter()
            .rev()
            .find_map(|entry| match &entry.said {
                Said::Key(key) => Some(key),
                Said::Checkpoint(_) => None,
            })
    }

    /// The last checkpoint and its note.
    #[must_use]
    pub fn newest(&self) -> Option<(Kept, &Note)> {
        self.entries
            .iter()
            .rev()
            .find_map(|entry| Some((kept(entry)?, &entry.note)))
    }

    /// Checks each signature: the first key is taken at its word, each later one must be signed
    /// for by the one before it, and a checkpoint counts under the key that was in force.
    ///
    /// # Errors
    ///
    /// The first [`CheckpointFault`] but [`Truncated`](CheckpointFault::Truncated) and
    /// [`Forked`](CheckpointFault::Forked).
    pub fn trusted(&self, by: &dyn NoteVerifier) -> Result<Trusted, CheckpointFault> {
        let mut trusted = Trusted {
            origin: self.origin().unwrap_or_default().to_owned(),
            keys: Vec::new(),
            kept: Vec::new(),
            torn: self.torn,
        };
        for entry in &self.entries {
            entry.of_log(&trusted.origin)?;
            match (trusted.keys.last(), &entry.said) {
                (before, Said::Key(next)) => {
                    if let Some(before) = before {
                        entry.check(before, by)?;
                    }
                    entry.check(next, by)?;
                    trusted.keys.push(next.clone());
                }
                (Some(key), Said::Checkpoint(_)) => {
                    entry.check(key, by)?;
                    trusted.kept.extend(kept(entry));
                }
                (None, Said::Checkpoint(_)) => {
                    return Err(CheckpointFault::Malformed {
                        place: entry.place.clone(),
                        why: NoteError("a journal begins with its key"),
                    });
                }
            }
        }
        Ok(trusted)
    }
}

fn kept(entry: &Entry) -> Option<Kept> {
    match &entry.said {
        Said::Checkpoint(checkpoint) => Some(Kept {
            place: entry.place.clone(),
            checkpoint: *checkpoint,
        }),
        Said::Key(_) => None,
    }
}

/// Cuts the first note off, without the empty line behind it; `None` where that is missing.
fn first_note(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let gap = gap(bytes)?;
    let signatures = bytes.get(gap + 2..)?;
    let end = gap + 2 + self::gap(signatures)? + 1;
    let (note, after) = bytes.split_at_checked(end)?;
    Some((note, after.get(1..)?))
}

fn gap(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\n\n")
}

/// Whether `bytes` are what the writing of a note leaves when it is cut off. A last note that was
/// changed is not taken for that, so that it does not go unseen.
fn begins_note(bytes: &[u8]) -> bool {
    match gap(bytes) {
        None => bytes.iter().filter(|b| **b == b'\n').count() <= 3,
        Some(gap) => {
            let (said, signatures) = bytes.split_at(gap + 1);
            let said = std::str::from_utf8(said).is_ok_and(|said| text(said).is_ok());
            said && begins_signatures(signatures.get(1..).unwrap_or_default())
        }
    }
}

/// A checkpoint and where it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    place: Place,
    checkpoint: Checkpoint,
}

impl Kept {
    /// Where.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What it says.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }
}

/// A journal of which each signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    origin: String,
    keys: Vec<NoteKey>,
    kept: Vec<Kept>,
    torn: bool,
}

impl Trusted {
    /// The keys that signed, oldest first; the last is in force.
    #[must_use]
    pub fn keys(&self) -> &[NoteKey] {
        &self.keys
    }

    /// The checkpoints.
    #[must_use]
    pub fn kept(&self) -> &[Kept] {
        &self.kept
    }

    /// Whether the writing of a last note was cut off.
    #[must_use]
    pub fn torn(&self) -> bool {
        self.torn
    }

    /// Takes in checkpoints that were kept elsewhere: notes one after the other, or one alone.
    /// Any key that the journal had may have signed them.
    ///
    /// # Errors
    ///
    /// [`CheckpointFault`] for the first that is none, that is changed, or of another log.
    pub fn add(
        &mut self,
        file: &str,
        bytes: &[u8],
        by: &dyn NoteVerifier,
    ) -> Result<(), CheckpointFault> {
        // A note that was copied alone has no empty line behind it, or more than one.
        let mut notes = bytes.trim_ascii_end().to_vec();
        notes.extend(b"\n\n");
        let journal = Journal::parse(file, &notes)?;
        let nothing = Place {
            file: file.to_owned(),
            line: 1,
        };
        if journal.torn || journal.newest().is_none() {
            return Err(CheckpointFault::Malformed {
                place: nothing,
                why: NoteError("there is no whole checkpoint in it"),
            });
        }
        for entry in &journal.entries {
            entry.of_log(&self.origin)?;
            let mut fault = None;
            for key in self.keys.iter().rev() {
                match (entry.check(key, by), &fault) {
                    (Ok(()), _) => {
                        fault = None;
                        break;
                    }
                    // A signature that is wrong says more than one that is missing.
                    (Err(bad @ CheckpointFault::BadSignature { .. }), _) => fault = Some(bad),
                    (Err(missing), None) => fault = Some(missing),
                    (Err(_), Some(_)) => {}
                }
            }
            match fault {
                Some(fault) => return Err(fault),
                None => self.kept.extend(kept(entry)),
            }
        }
        Ok(())
    }

    /// What a log is compared with these checkpoints by.
    #[must_use]
    pub fn comparison(&self) -> Comparison {
        Comparison::with(&self.kept)
    }
}

/// A log on its way past the checkpoints that were taken of it, record by record, in memory that
/// does not grow with the log.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    head: TreeHead,
    due: BTreeMap<u64, Vec<Kept>>,
    holds: u64,
    forked: Option<CheckpointFault>,
}

impl Comparison {
    fn with(kept: &[Kept]) -> Self {
        let mut due: BTreeMap<u64, Vec<Kept>> = BTreeMap::new();
        for kept in kept {
            let size = kept.checkpoint.size();
            due.entry(size).or_default().push(kept.clone());
        }
        let mut comparison = Self {
            due,
            ..Self::default()
        };
        comparison.meet();
        comparison
    }

    /// Takes the leaf of the next record.
    pub fn add(&mut self, leaf: Digest32) {
        self.head.append(leaf);
        self.meet();
    }

    fn meet(&mut self) {
        let size = self.head.size();
        let Some(due) = self.due.remove(&size) else {
            return;
        };
        let root = self.head.root();
        match due.into_iter().find(|kept| kept.checkpoint.root() != root) {
            None if self.forked.is_none() => self.holds = size,
            Some(kept) if self.forked.is_none() => {
                self.forked = Some(CheckpointFault::Forked {
                    place: kept.place,
                    size,
                    holds: self.holds,
                });
            }
            _ => {}
        }
    }

    /// What the whole log comes to: its head, from which it may go on.
    ///
    /// # Errors
    ///
    /// [`CheckpointFault::Forked`] with the first checkpoint that does not hold,
    /// [`CheckpointFault::Truncated`] where the log ends before one.
    pub fn finish(self) -> Result<TreeHead, CheckpointFault> {
        if let Some(forked) = self.forked {
            return Err(forked);
        }
        match self.due.into_iter().next_back() {
            Some((expected, kept)) => match kept.into_iter().next() {
                Some(kept) => Err(CheckpointFault::Truncated {
                    place: kept.place,
                    records: self.head.size(),
                    expected,
                }),
                None => Ok(self.head),
            },
            None => Ok(self.head),
        }
    }
}
