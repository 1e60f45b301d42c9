//! How the book of keys is written.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use dealwright_core::error::{PortError, PortErrorKind};
use sha2::{Digest, Sha256};

use super::secret::{Secret, random};

/// Who, as the book says it: a keyed hash of the subject.
pub(super) type Tag = [u8; 32];

/// Bytes before the first record: a mark, the name of the wrapping key, a turn.
pub(super) const HEAD: usize = 48;
/// Bytes of a record: tag 32, key id 8, state 8, nonce 24, wrapped key 48, check 8.
pub(super) const RECORD: usize = 128;

const MARK: &[u8; 8] = b"dwpeople";
const LIVE: u64 = 1;
const ERASED: u64 = 2;

/// The key of a person, or that it was destroyed.
#[derive(Clone)]
pub(super) enum Entry {
    /// There is a key.
    Live {
        /// What it is called in what it sealed.
        id: [u8; 8],
        /// The key.
        key: Secret,
    },
    /// There was one, or there never was; there will be none.
    Erased,
}

impl Entry {
    /// A new key.
    pub(super) fn made() -> Result<Self, PortError> {
        let mut id = [0; 8];
        for (to, from) in id.iter_mut().zip(random()?.0) {
            *to = from;
        }
        Ok(Self::Live { id, key: random()? })
    }
}

/// The head of a book whose keys are wrapped under the key of this name, which is 16 digits.
pub(super) fn head(wrap: &str) -> [u8; HEAD] {
    let mut bytes = [0; HEAD];
    let turn = random().map(|r| r.0).unwrap_or_default();
    let parts = MARK.iter().chain(wrap.as_bytes()).chain(&turn);
    for (to, from) in bytes.iter_mut().zip(parts) {
        *to = *from;
    }
    bytes
}

/// The name of the wrapping key, by the head.
pub(super) fn named_wrap(head: &[u8; HEAD]) -> Option<String> {
    let name = head.strip_prefix(MARK)?.get(..16)?;
    let name = std::str::from_utf8(name).ok()?;
    name.bytes()
        .all(|b| b.is_ascii_hexdigit())
        .then(|| name.to_owned())
}

/// What tells two writings of the book apart where files have no number.
#[cfg(not(unix))]
pub(super) fn turn(head: &[u8; HEAD]) -> u64 {
    head.last_chunk().map_or(0, |b| u64::from_be_bytes(*b))
}

/// A record, its key wrapped.
pub(super) fn write_record(tag: &Tag, entry: &Entry, wrap: &Secret) -> Result<Vec<u8>, PortError> {
    let mut bytes = tag.to_vec();
    match entry {
        Entry::Live { id, key } => {
            let mut nonce = [0; 24];
            for (to, from) in nonce.iter_mut().zip(random()?.0) {
                *to = from;
            }
            let aad = bound(tag, id);
            let wrapped = XChaCha20Poly1305::new(&wrap.0.into())
                .encrypt(
                    &XNonce::from(nonce),
                    Payload {
                        msg: &key.0,
                        aad: &aad,
                    },
                )
                .map_err(|_| PortError::new("wrap key", PortErrorKind::Unexpected))?;
            bytes.extend(id);
            bytes.extend(LIVE.to_be_bytes());
            bytes.extend(nonce);
            bytes.extend(wrapped);
        }
        Entry::Erased => {
            bytes.extend([0; 8]);
            bytes.extend(ERASED.to_be_bytes());
            bytes.extend([0; 72]);
        }
    }
    bytes.extend(check(&bytes));
    Ok(bytes)
}

/// The reverse of [`write_record`]; `None` for what is not whole or not wrapped under `wrap`.
pub(super) fn read_record(record: &[u8], wrap: &Secret) -> Option<(Tag, Entry)> {
    let (body, sum) = record.split_at_checked(RECORD - 8)?;
    if check(body) != sum {
        return None;
    }
    let (tag, rest) = body.split_first_chunk::<32>()?;
    let (id, rest) = rest.split_first_chunk::<8>()?;
    let (state, rest) = rest.split_first_chunk::<8>()?;
    let (nonce, msg) = rest.split_first_chunk::<24>()?;
    let entry = match u64::from_be_bytes(*state) {
        LIVE => {
            let aad = bound(tag, id);
            let key = XChaCha20Poly1305::new(&wrap.0.into())
                .decrypt(&XNonce::from(*nonce), Payload { msg, aad: &aad })
                .ok()?;
            Entry::Live {
                id: *id,
                key: Secret(key.try_into().ok()?),
            }
        }
        ERASED => Entry::Erased,
        _ => return None,
    };
    Some((*tag, entry))
}

fn bound(tag: &Tag, id: &[u8; 8]) -> Vec<u8> {
    [b"dealwright key of a person".as_slice(), tag, id].concat()
}

fn check(bytes: &[u8]) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let mut short = [0; 8];
    for (to, from) in short.iter_mut().zip(digest) {
        *to = from;
    }
    short
}
