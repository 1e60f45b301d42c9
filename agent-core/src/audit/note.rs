use std::fmt::{self, Debug};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::error::PortError;

/// What every signature line begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";
/// The algorithm byte of Ed25519 in keys and key ids.
const ED25519: u8 = 1;

/// Port: the secret half of a key.
///
/// # Contract
///
/// - A signature is by Ed25519 (RFC 8032) over the message as it is, and
///   [verifies](NoteVerifier::verifies) by the public half of [`key`](Self::key).
pub trait NoteSigner: Debug + Send + Sync {
    /// The name it signs under, and the public half.
    fn key(&self) -> &NoteKey;

    /// Signs `message`.
    ///
    /// # Errors
    ///
    /// Those of whatever holds the secret.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], PortError>;
}

/// Port: the check of an Ed25519 signature.
///
/// # Contract
///
/// - True only for a signature that the secret half of `public` made over exactly `message`; a
///   `public` that is no point of the curve, or one of small order, verifies nothing.
pub trait NoteVerifier: Debug + Send + Sync {
    /// Whether `signature` is one.
    fn verifies(&self, public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool;
}

/// The first four bytes of the hash over a key and its name: which key signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The public half of an Ed25519 key with the name it signs under. The text form is the
/// verifier key of signed notes, `name+id+base64`.
#[derive(Clone, PartialEq, Eq)]
pub struct NoteKey {
    name: String,
    public: [u8; 32],
}

impl NoteKey {
    /// A key by its name.
    ///
    /// # Errors
    ///
    /// [`NoteError`] for a name that is empty or has a space, a control character or a `+`.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, NoteError> {
        if is_name(name) {
            Ok(Self {
                name: name.to_owned(),
                public,
            })
        } else {
            Err(NoteError("a key has a name without spaces and without `+`"))
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// What signature lines call it by.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let mut hash = Sha256::new();
        hash.update(self.name.as_bytes());
        hash.update([b'\n', ED25519]);
        hash.update(self.public);
        let [a, b, c, d, ..]: [u8; 32] = hash.finalize().into();
        KeyId([a, b, c, d])
    }
}

impl fmt::Display for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend(self.public);
        write!(f, "{}+{}+{}", self.name, self.id(), STANDARD.encode(bytes))
    }
}

impl Debug for NoteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for NoteKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        const WRONG: NoteError = NoteError("a key reads `name+id+base64`, for Ed25519");
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(WRONG);
        };
        let bytes = STANDARD.decode(key).map_err(|_| WRONG)?;
        let Some((&ED25519, public)) = bytes.split_first() else {
            return Err(WRONG);
        };
        let key = Self::new(name, public.try_into().map_err(|_| WRONG)?)?;
        if key.id().to_string() == id {
            Ok(key)
        } else {
            Err(NoteError("the id of a key does not fit the key"))
        }
    }
}

/// The text is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoteError(pub(super) &'static str);

/// Why a note does not count as signed by a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsigned {
    /// No line of it is by that key.
    Missing,
    /// A line says to be by that key and is not.
    Bad,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct SignatureLine {
    name: String,
    id: KeyId,
    bytes: Vec<u8>,
}

/// A text with signatures under it, in the form of
/// [signed notes](https://c2sp.org/signed-note): the text, an empty line, and a line a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// A text signed by each of `signers`.
    ///
    /// # Errors
    ///
    /// Those of the signers.
    pub(super) fn sign(text: String, signers: &[&dyn NoteSigner]) -> Result<Self, PortError> {
        let mut signatures = Vec::with_capacity(signers.len());
        for signer in signers {
            signatures.push(SignatureLine {
                name: signer.key().name.clone(),
                id: signer.key().id(),
                bytes: signer.sign(text.as_bytes())?.to_vec(),
            });
        }
        Ok(Self { text, signatures })
    }

    /// Reads a note; no signature is checked.
    ///
    /// # Errors
    ///
    /// [`NoteError`] for what is not in the form of a note with at least one signature.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.bytes().any(|b| b < b' ' && b != b'\n') {
            return Err(NoteError("a note has no control characters"));
        }
        let (text, lines) = note
            .rfind("\n\n")
            .and_then(|gap| note.split_at_checked(gap + 1))
            .and_then(|(text, rest)| Some((text, rest.strip_prefix('\n')?)))
            .ok_or(NoteError("a note has an empty line before its signatures"))?;
        let lines = lines
            .strip_suffix('\n')
            .ok_or(NoteError("a note ends with a whole line"))?;
        let signatures = lines.split('\n').map(signature_line);
        Ok(Self {
            text: text.to_owned(),
            signatures: signatures.collect::<Result<_, _>>()?,
        })
    }

    /// What is signed, with its last line break.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is signed by `key`: at least one line says so, and each that does is right.
    /// Lines of other keys are not looked at.
    #[must_use]
    pub fn is_signed_by(&self, key: &NoteKey, by: &dyn NoteVerifier) -> bool {
        self.check(key, by).is_ok()
    }

    pub(super) fn check(&self, key: &NoteKey, by: &dyn NoteVerifier) -> Result<(), Unsigned> {
        let id = key.id();
        let mut found = Err(Unsigned::Missing);
        for line in &self.signatures {
            if line.name != key.name || line.id != id {
                continue;
            }
            let right = <&[u8; 64]>::try_from(line.bytes.as_slice())
                .is_ok_and(|bytes| by.verifies(&key.public, self.text.as_bytes(), bytes));
            if !right {
                return Err(Unsigned::Bad);
            }
            found = Ok(());
        }
        found
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let mut bytes = line.id.0.to_vec();
            bytes.extend(&line.bytes);
            writeln!(f, "{DASH}{} {}", line.name, STANDARD.encode(bytes))?;
        }
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name
            .chars()
            .any(|c| c == '+' || c.is_whitespace() || c.is_control())
}

fn signature_line(line: &str) -> Result<SignatureLine, NoteError> {
    const WRONG: NoteError = NoteError("a signature reads `\u{2014} name base64`");
    let (name, bytes) = line
        .strip_prefix(DASH)
        .and_then(|rest| rest.split_once(' '))
        .ok_or(WRONG)?;
    let bytes = STANDARD.decode(bytes).map_err(|_| WRONG)?;
    let Some((id, bytes)) = bytes.split_first_chunk::<4>() else {
        return Err(WRONG);
    };
    if !is_name(name) || bytes.is_empty() {
        return Err(WRONG);
    }
    Ok(SignatureLine {
        name: name.to_owned(),
        id: KeyId(*id),
        bytes: bytes.to_vec(),
    })
}

/// Whether `bytes` may be the beginning of signature lines, the last of which may be cut.
pub(super) fn begins_signatures(bytes: &[u8]) -> bool {
    let (whole, cut) = match bytes.iter().rposition(|b| *b == b'\n') {
        Some(end) => bytes.split_at(end + 1),
        None => (&[][..], bytes),
    };
    let whole = std::str::from_utf8(whole)
        .is_ok_and(|lines| lines.lines().all(|line| signature_line(line).is_ok()));
    whole && cut.iter().zip(DASH.as_bytes()).all(|(is, due)| is == due)
}
