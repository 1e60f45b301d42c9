use std::fmt::{self, Debug};
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{Random, Sealed, Sealer};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::SystemRandom;

/// A sealer whose keys all follow from one master key in a file of its own.
///
/// Each person has a key of their own, derived from the master and their subject id. Losing the
/// file makes everything personal in the store unreadable, for good; a copy of it beside a copy
/// of the store opens everything. Keep it apart from the store's backups.
pub struct Keyring {
    master: [u8; 32],
}

impl Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring([secret])")
    }
}

impl Keyring {
    /// A keyring of this master key.
    #[must_use]
    pub fn new(master: [u8; 32]) -> Self {
        Self { master }
    }

    /// Opens the key file, or makes one that only its owner may read.
    ///
    /// # Errors
    ///
    /// `Corrupt` where the file is not 64 hexadecimal digits, `PermissionDenied` where it cannot
    /// be read or made, `Unexpected` where the system has no randomness.
    pub fn open_or_create(path: &Path) -> Result<Self, PortError> {
        let denied = |e: std::io::Error| {
            PortError::new("open key", PortErrorKind::PermissionDenied).with_source(e)
        };
        if path.exists() {
            let mut text = String::new();
            OpenOptions::new()
                .read(true)
                .open(path)
                .and_then(|mut file| file.read_to_string(&mut text))
                .map_err(denied)?;
            let mut master = [0; 32];
            hex::decode_to_slice(text.trim(), &mut master).map_err(|_| {
                PortError::new("open key", PortErrorKind::Corrupt)
                    .with_source(format!("`{}` is not 64 hexadecimal digits", path.display()))
            })?;
            return Ok(Self { master });
        }
        let mut master = [0; 32];
        SystemRandom.fill(&mut master);
        if master == [0; 32] {
            return Err(PortError::new("make key", PortErrorKind::Unexpected)
                .with_source("the system gave no randomness"));
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(denied)?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        options
            .open(path)
            .and_then(|mut file| {
                file.write_all(hex::encode(master).as_bytes())
                    .and_then(|()| file.sync_all())
            })
            .map_err(denied)?;
        Ok(Self { master })
    }

    fn derive(&self, use_: &str, data: &[&[u8]]) -> [u8; 32] {
        mac(&self.master, use_, data)
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

impl Sealer for Keyring {
    fn seal(&self, subject: &str, aad: &[u8], plain: &[u8]) -> Result<Sealed, PortError> {
        let key = self.derive("subject", &[subject.as_bytes()]);
        // The nonce follows from key, place and content: the same content in the same place gives
        // the same bytes, and no two contents share a nonce.
        let digest = mac(&key, "nonce", &[aad, plain]);
        let mut nonce = [0u8; 24];
        for (to, from) in nonce.iter_mut().zip(digest) {
            *to = from;
        }
        let sealed = XChaCha20Poly1305::new(&key.into())
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad })
            .map_err(|_| PortError::new("seal", PortErrorKind::Unexpected))?;
        let mut bytes = nonce.to_vec();
        bytes.extend(sealed);
        Ok(Sealed {
            key_id: "m1".to_owned(),
            bytes,
        })
    }

    fn open(&self, subject: &str, aad: &[u8], sealed: &Sealed) -> Result<Vec<u8>, PortError> {
        let corrupt = || PortError::new("open sealed value", PortErrorKind::Corrupt);
        let (nonce, msg) = sealed.bytes.split_at_checked(24).ok_or_else(corrupt)?;
        let nonce: [u8; 24] = nonce.try_into().map_err(|_| corrupt())?;
        let key = self.derive("subject", &[subject.as_bytes()]);
        XChaCha20Poly1305::new(&key.into())
            .decrypt(&XNonce::from(nonce), Payload { msg, aad })
            .map_err(|_| corrupt())
    }

    fn commit(&self, plain: &[u8]) -> [u8; 32] {
        self.derive("commitment", &[plain])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let ring = Keyring::new([7; 32]);
        let sealed = ring.seal("s1", b"place", b"secret").unwrap();
        assert_eq!(ring.open("s1", b"place", &sealed).unwrap(), b"secret");
        assert!(ring.open("s2", b"place", &sealed).is_err());
        assert!(ring.open("s1", b"elsewhere", &sealed).is_err());
        assert!(Keyring::new([8; 32]).open("s1", b"place", &sealed).is_err());
        let mut flipped = sealed;
        flipped.bytes[30] ^= 1;
        assert!(ring.open("s1", b"place", &flipped).is_err());
    }

    #[test]
    fn a_key_file_is_made_once_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/master.key");
        let first = Keyring::open_or_create(&path).unwrap();
        let second = Keyring::open_or_create(&path).unwrap();
        assert_eq!(first.commit(b"x"), second.commit(b"x"));
        fs::write(&path, "nonsense").unwrap();
        let error = Keyring::open_or_create(&path).unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Corrupt);
    }
}
