mod book;
mod record;
pub(crate) mod secret;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::{self, Debug};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{Sealed, Sealer, SubjectKeys};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use book::Book;
use record::{Entry, Tag};

/// What keys were called that followed from the master key and the subject alone.
const DERIVED: &str = "m1";

/// A sealer with a key for each person, in files beside the store.
///
/// Beside the master key's file lie `people.keys`, which holds a random key for each person, made
/// when the first value of theirs is sealed, and `wrap-*.key`, under which those keys are wrapped.
/// Destroying a person's key makes everything of theirs unreadable, also in copies of the store;
/// so copies of this folder must not live longer than it is acceptable that an erasure is not
/// yet complete. Losing the folder makes everything personal in the store unreadable.
///
/// The master key seals nothing: commitments, ids and indexes follow from it, so it stays for as
/// long as the store. Values that were sealed before each person had a key (`m1`) followed from it
/// too; they open until their subject is forgotten, but whoever has the master key and an old copy
/// of the store can still work their keys out.
///
/// Several programs may use one folder at a time: what one of them makes or destroys the others
/// see with their next call.
#[derive(Clone)]
pub struct Keyring {
    master: [u8; 32],
    book: Arc<Book>,
}

impl Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring([secret])")
    }
}

impl Keyring {
    /// A keyring of this master key that is kept nowhere: what it sealed, it alone and its clones
    /// open.
    #[must_use]
    pub fn new(master: [u8; 32]) -> Self {
        Self {
            master,
            book: Arc::new(Book::in_memory()),
        }
    }

    /// Opens the master key's file and the keys of people beside it, or makes them; only their
    /// owner may read them.
    ///
    /// # Errors
    ///
    /// `Corrupt` where a file is not what it should be, `PermissionDenied` where one cannot be
    /// read or made, `Unexpected` where the system has no randomness.
    pub fn open_or_create(path: &Path) -> Result<Self, PortError> {
        let denied = |e: std::io::Error| {
            PortError::new("open key", PortErrorKind::PermissionDenied).with_source(e)
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let master = if path.exists() {
            secret::read_hex(path)?
        } else {
            let master = secret::random()?;
            fs::create_dir_all(folder).map_err(denied)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let text = hex::encode(master.0);
            secret::write_private(folder, &name, text.as_bytes(), false).map_err(denied)?;
            master
        };
        Ok(Self {
            master: master.0,
            book: Arc::new(Book::open(folder)?),
        })
    }

    /// Wraps the keys of all people under a new wrapping key and destroys the old one; answers how
    /// many there are. What was sealed before opens as it did, here and in programs that run on.
    ///
    /// # Errors
    ///
    /// Those of the files; the keys are then as they were.
    pub fn rotate(&self) -> Result<usize, PortError> {
        self.book.rotate()
    }

    fn derive(&self, use_: &str, data: &[&[u8]]) -> [u8; 32] {
        mac(&self.master, use_, data)
    }

    fn tag(&self, subject: &str) -> Tag {
        self.derive("person", &[subject.as_bytes()])
    }
}

fn mac(key: &[u8; 32], use_: &str, data: &[&[u8]]) -> [u8; 32] {
    // An HMAC takes keys of any length, so this cannot fail; zeros would open nothing.
    let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key) else {
        return [0; 32];
    };
    for part in [use_.as_bytes()].iter().chain(data) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn erased(operation: &'static str) -> PortError {
    PortError::new(operation, PortErrorKind::NotFound).with_source("the person was erased")
}

/// What a value is bound to: the key's id, whose it is, and where it stands.
fn bound(id: &str, subject: &str, aad: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in [id.as_bytes(), subject.as_bytes(), aad] {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    }
    bytes
}

fn name_of(id: &[u8; 8]) -> String {
    format!("p-{}", hex::encode(id))
}

impl Sealer for Keyring {
    fn seal(&self, subject: &str, aad: &[u8], plain: &[u8]) -> Result<Sealed, PortError> {
        let Entry::Live { id, key } = self.book.find_or_make(&self.tag(subject))? else {
            return Err(erased("seal"));
        };
        let key_id = name_of(&id);
        let aad = bound(&key_id, subject, aad);
        // The nonce follows from key, place and content: the same content in the same place gives
        // the same bytes, and no two contents share a nonce.
        let digest = mac(&key.0, "nonce", &[&aad, plain]);
        let mut nonce = [0u8; 24];
        for (to, from) in nonce.iter_mut().zip(digest) {
            *to = from;
        }
        let sealed = XChaCha20Poly1305::new(&key.0.into())
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: plain,
                    aad: &aad,
                },
            )
            .map_err(|_| PortError::new("seal", PortErrorKind::Unexpected))?;
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Ok(Sealed { key_id, bytes })
    }

    fn open(&self, subject: &str, aad: &[u8], sealed: &Sealed) -> Result<Vec<u8>, PortError> {
        const OPEN: &str = "open sealed value";
        let corrupt = || PortError::new(OPEN, PortErrorKind::Corrupt);
        let known = self.book.find(&self.tag(subject))?;
        let (key, aad) = match known {
            Some(Entry::Erased) => return Err(erased(OPEN)),
            _ if sealed.key_id == DERIVED => {
                (self.derive("subject", &[subject.as_bytes()]), aad.to_vec())
            }
            Some(Entry::Live { id, key }) if name_of(&id) == sealed.key_id => {
                (key.0, bound(&sealed.key_id, subject, aad))
            }
            // Never taken for an erasure: a key that is missing may be put back.
            _ => {
                return Err(corrupt().with_source(format!(
                    "the key `{}` is not among those of people; put a newer people.keys in its place",
                    sealed.key_id
                )));
            }
        };
        let (nonce, msg) = sealed.bytes.split_first_chunk::<24>().ok_or_else(corrupt)?;
        XChaCha20Poly1305::new(&key.into())
            .decrypt(&XNonce::from(*nonce), Payload { msg, aad: &aad })
            .map_err(|_| corrupt())
    }

    fn commit(&self, plain: &[u8]) -> [u8; 32] {
        self.derive("commitment", &[plain])
    }
}

impl SubjectKeys for Keyring {
    fn forget(&self, subjects: &[String]) -> Result<usize, PortError> {
        let tags: Vec<Tag> = subjects.iter().map(|s| self.tag(s)).collect();
        self.book.forget(&tags)
    }

    fn beyond_reach(&self, key_ids: &BTreeSet<String>) -> bool {
        key_ids.contains(DERIVED)
    }
}
