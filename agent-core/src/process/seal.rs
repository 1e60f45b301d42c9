use std::collections::BTreeSet;
use std::fmt::Debug;

use sha2::{Digest, Sha256};

use crate::error::PortError;

/// A sealed value: which key, and the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Names the key; never the key itself.
    pub key_id: String,
    /// Nonce and ciphertext, as the sealer lays them out.
    pub bytes: Vec<u8>,
}

/// Port: keys a person, so that what is kept of them can be made unreadable.
///
/// # Contract
///
/// - What is sealed for a subject and `aad` opens for the same two only.
/// - The commitment of a value is the same always, cannot be reversed without the tenant's key,
///   and does not depend on the subject's key, so that erasing a person breaks no hash.
pub trait Sealer: Debug + Send + Sync {
    /// Seals `plain` for `subject`, bound to the place `aad`.
    ///
    /// # Errors
    ///
    /// `NotFound` where the subject was erased.
    fn seal(&self, subject: &str, aad: &[u8], plain: &[u8]) -> Result<Sealed, PortError>;

    /// Opens what was sealed.
    ///
    /// # Errors
    ///
    /// `NotFound` where the subject was erased, `Corrupt` where bytes, subject or place differ.
    fn open(&self, subject: &str, aad: &[u8], sealed: &Sealed) -> Result<Vec<u8>, PortError>;

    /// A keyed commitment to `plain`.
    fn commit(&self, plain: &[u8]) -> [u8; 32];
}

/// Port: keys a person that can be destroyed, so that what was sealed under them is gone.
///
/// # Contract
///
/// - Once `forget` returns, nothing that was sealed for the subject opens, in this program or in
///   any other that uses the same keys, nor from a copy of the store: it is `NotFound`.
/// - A forgotten subject is never given a key again; sealing for it is `NotFound`. A subject that
///   never had a key is forgotten as well.
/// - Forgetting twice is forgetting once. Other subjects are not touched.
pub trait SubjectKeys: Sealer {
    /// Destroys the keys of `subjects`, for good; answers how many there were.
    ///
    /// # Errors
    ///
    /// Those of where the keys are kept; none is forgotten half.
    fn forget(&self, subjects: &[String]) -> Result<usize, PortError>;

    /// Whether destroying keys does not reach what was sealed under one of these key ids, for
    /// example from before each person had a key of their own.
    fn beyond_reach(&self, key_ids: &BTreeSet<String>) -> bool;
}

/// A sealer that hides nothing: for tests, simulations and what never leaves memory.
#[derive(Clone, Debug, Default)]
pub struct PlainSealer {
    seed: u64,
}

impl PlainSealer {
    /// The one whose seed is 0.
    pub const ZERO: Self = Self { seed: 0 };

    /// One whose commitments follow from `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self { seed }
    }
}

impl Sealer for PlainSealer {
    fn seal(&self, _subject: &str, _aad: &[u8], plain: &[u8]) -> Result<Sealed, PortError> {
        Ok(Sealed {
            key_id: "plain".to_owned(),
            bytes: plain.to_vec(),
        })
    }

    fn open(&self, _subject: &str, _aad: &[u8], sealed: &Sealed) -> Result<Vec<u8>, PortError> {
        Ok(sealed.bytes.clone())
    }

    fn commit(&self, plain: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"dealwright commitment");
        hash.update(self.seed.to_be_bytes());
        hash.update(plain);
        hash.finalize().into()
    }
}
