//! A checkpoint as a signed note: text, an empty line, and a line for each signature (C2SP
//! signed-note and tlog-checkpoint).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dealwright_core::audit::Checkpoint;
use dealwright_core::canonical::Digest32;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// What an Ed25519 key is marked by.
const ED25519: u8 = 1;
/// How a line with a signature begins: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// Why a note says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// It is no signed note of a checkpoint.
    #[error("line {line} is not what it should be: {why}")]
    Form {
        /// Which line, from 1.
        line: usize,
        /// What should stand there.
        why: &'static str,
    },
    /// Nobody who is trusted signed it.
    #[error("no key that is trusted signed it; trusted are {trusted}")]
    Stranger {
        /// The names of those that are.
        trusted: String,
    },
    /// The signature of a trusted key is not of this text.
    #[error("the signature of `{name}` is not of this text; the note was altered")]
    Forged {
        /// The key.
        name: String,
    },
}

/// The text is no key that notes are checked by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key; it is NAME+ID+BASE64, as the file `keys` beside the checkpoints has it")]
pub struct VerifierError(String);

/// A key that notes are signed with.
pub struct NoteKey {
    name: String,
    key: SigningKey,
}

impl fmt::Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NoteKey").field(&self.name).finish()
    }
}

impl NoteKey {
    /// The key of 32 secret bytes. A name has no space and no plus; others are taken out.
    #[must_use]
    pub fn new(name: &str, secret: [u8; 32]) -> Self {
        let sound = |c: &char| !c.is_whitespace() && !c.is_control() && *c != '+';
        Self {
            name: name.chars().filter(sound).collect(),
            key: SigningKey::from_bytes(&secret),
        }
    }

    /// What everybody may know of it.
    #[must_use]
    pub fn verifier(&self) -> NoteVerifier {
        NoteVerifier {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// The checkpoint of a log of this name, signed.
    #[must_use]
    pub fn sign(&self, origin: &str, checkpoint: &Checkpoint) -> String {
        let text = format!(
            "{origin}\n{}\n{}\n",
            checkpoint.size(),
            STANDARD.encode(checkpoint.root().as_bytes())
        );
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        let verifier = self.verifier();
        let line = [verifier.id().as_slice(), &signature].concat();
        format!("{text}\n{DASH}{} {}\n", self.name, STANDARD.encode(line))
    }
}

/// A key that notes are checked by. Its text is `NAME+ID+BASE64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteVerifier {
    name: String,
    key: VerifyingKey,
}

impl NoteVerifier {
    /// The four bytes that tell keys of one name apart.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let mut hash = Sha256::new();
        hash.update(self.name.as_bytes());
        hash.update([b'\n', ED25519]);
        hash.update(self.key.as_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, ..] = hash;
        [a, b, c, d]
    }
}

impl fmt::Display for NoteVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], self.key.as_bytes().as_slice()].concat();
        let id = hex::encode(self.id());
        write!(f, "{}+{id}+{}", self.name, STANDARD.encode(key))
    }
}

impl FromStr for NoteVerifier {
    type Err = VerifierError;

    fn from_str(text: &str) -> Result<Self, VerifierError> {
        let read = || {
            let mut parts = text.trim().splitn(3, '+');
            let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
            let bytes = STANDARD.decode(key).ok()?;
            let (kind, key) = bytes.split_first()?;
            let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
            let read = Self {
                name: name.to_owned(),
                key,
            };
            let sound = *kind == ED25519 && !name.is_empty() && hex::encode(read.id()) == id;
            sound.then_some(read)
        };
        read().ok_or_else(|| VerifierError(text.to_owned()))
    }
}

/// What a note says, where one of the `trusted` signed it.
///
/// # Errors
///
/// [`NoteError`], with what is wrong.
pub fn open_note(
    note: &str,
    origin: &str,
    trusted: &[NoteVerifier],
) -> Result<Checkpoint, NoteError> {
    let form = |line, why| NoteError::Form { line, why };
    let (text, signatures) = note
        .split_once("\n\n")
        .ok_or_else(|| form(1, "a text, an empty line and signatures"))?;
    let signed = format!("{text}\n");
    let lines: Vec<&str> = text.split('\n').collect();
    let &[name, size, root] = lines.as_slice() else {
        return Err(form(lines.len(), "the log's name, a size and a root alone"));
    };
    if name != origin {
        return Err(form(1, "the name of this log"));
    }
    let plain = |s: &&str| s.parse::<u64>().is_ok_and(|n| n.to_string() == **s);
    let size = Some(size).filter(plain).and_then(|s| s.parse().ok());
    let size: u64 = size.ok_or_else(|| form(2, "a number of records"))?;
    let root = STANDARD.decode(root).ok();
    let root = root.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let root = root.ok_or_else(|| form(3, "32 bytes in base64"))?;
    let signatures = signatures
        .strip_suffix('\n')
        .ok_or_else(|| form(5, "signatures, each with its line's end"))?;
    let mut known = false;
    for (number, line) in signatures.split('\n').enumerate() {
        let bad = || form(number.saturating_add(5), "a dash, a name and a signature");
        let (name, bytes) = line
            .strip_prefix(DASH)
            .and_then(|rest| rest.split_once(' '))
            .ok_or_else(bad)?;
        let bytes = STANDARD.decode(bytes).map_err(|_| bad())?;
        let (id, signature) = bytes.split_first_chunk::<4>().ok_or_else(bad)?;
        let by = |v: &&NoteVerifier| v.name == name && v.id() == *id;
        // Others may sign beside us (witnesses); what they say is not ours to judge.
        let Some(verifier) = trusted.iter().find(by) else {
            continue;
        };
        let signature = Signature::from_slice(signature).map_err(|_| bad())?;
        let sound = verifier.key.verify_strict(signed.as_bytes(), &signature);
        if sound.is_err() {
            return Err(NoteError::Forged {
                name: name.to_owned(),
            });
        }
        known = true;
    }
    if !known {
        let names: Vec<String> = trusted.iter().map(ToString::to_string).collect();
        let trusted = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        return Err(NoteError::Stranger { trusted });
    }
    Ok(Checkpoint::new(size, Digest32::from_bytes(root)))
}
