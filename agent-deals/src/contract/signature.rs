use std::collections::BTreeMap;

use dealwright_core::canonical::{self, CanonicalError, Digest32};
use dealwright_core::id::ContractId;
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How a signature was given, weakest first (eIDAS, Art. 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignatureMethod {
    /// Simple: data logically associated with the document.
    Simple,
    /// Advanced: uniquely linked to the signatory.
    Advanced,
    /// Qualified: equal to a signature by hand.
    Qualified,
}

/// For whom somebody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Signer {
    /// For us.
    Agency,
    /// For them.
    Client,
}

/// That somebody signed exactly these bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureRecord {
    contract: ContractId,
    document: Digest32,
    signer: Signer,
    name: Personal<String>,
    at: Timestamp,
    method: SignatureMethod,
    evidence: BTreeMap<String, String>,
    hash: Digest32,
}

/// Why a signature does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The document is not the one that was signed.
    #[error("these are not the bytes that were signed")]
    OtherBytes,
    /// The record was changed after it was made.
    #[error("the signature record was changed after it was made")]
    Altered,
    /// The signatory has no name.
    #[error("a signature needs the name of who signs")]
    Nameless,
    /// The signature is weaker than required.
    #[error("a {given:?} signature was given where {required:?} is required")]
    TooWeak {
        /// What was given.
        given: SignatureMethod,
        /// What is required.
        required: SignatureMethod,
    },
    /// The record cannot be hashed.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

impl SignatureRecord {
    /// A signature of `bytes`. `evidence` says how it was given, as names and values without
    /// personal data: the channel, the hash of the message in which they agreed.
    ///
    /// # Errors
    ///
    /// [`SignatureError::Nameless`].
    pub fn new(
        contract: ContractId,
        bytes: &[u8],
        signer: Signer,
        name: Personal<String>,
        at: Timestamp,
        method: SignatureMethod,
        evidence: BTreeMap<String, String>,
    ) -> Result<Self, SignatureError> {
        if name.reveal(Purpose::Contract).trim().is_empty() {
            return Err(SignatureError::Nameless);
        }
        let mut record = Self {
            contract,
            document: Digest32::of(bytes),
            signer,
            name,
            at,
            method,
            evidence,
            hash: Digest32::of(b""),
        };
        record.hash = record.computed()?;
        Ok(record)
    }

    /// Whether exactly these bytes were signed and the record is as it was made; needs nothing
    /// but the two.
    ///
    /// # Errors
    ///
    /// [`SignatureError::OtherBytes`] for any change of the document, [`SignatureError::Altered`]
    /// for any change of the record.
    pub fn verify(&self, bytes: &[u8]) -> Result<(), SignatureError> {
        if self.computed()? != self.hash {
            return Err(SignatureError::Altered);
        }
        if Digest32::of(bytes) != self.document {
            return Err(SignatureError::OtherBytes);
        }
        Ok(())
    }

    /// Whether it is at least as strong as `required`.
    ///
    /// # Errors
    ///
    /// [`SignatureError::TooWeak`].
    pub fn require(&self, required: SignatureMethod) -> Result<(), SignatureError> {
        if self.method < required {
            return Err(SignatureError::TooWeak {
                given: self.method,
                required,
            });
        }
        Ok(())
    }

    /// The contract.
    #[must_use]
    pub fn contract(&self) -> ContractId {
        self.contract
    }

    /// The hash of the bytes that were signed.
    #[must_use]
    pub fn document(&self) -> Digest32 {
        self.document
    }

    /// For whom it was given.
    #[must_use]
    pub fn signer(&self) -> Signer {
        self.signer
    }

    /// Who gave it.
    #[must_use]
    pub fn name(&self) -> &Personal<String> {
        &self.name
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// How.
    #[must_use]
    pub fn method(&self) -> SignatureMethod {
        self.method
    }

    /// How it was given, in names and values.
    #[must_use]
    pub fn evidence(&self) -> &BTreeMap<String, String> {
        &self.evidence
    }

    /// The hash of the record.
    #[must_use]
    pub fn hash(&self) -> Digest32 {
        self.hash
    }

    /// The name enters as a hash of its own, so that the record can be shown without it.
    fn computed(&self) -> Result<Digest32, CanonicalError> {
        let name = Digest32::of_parts(&[
            self.contract.uuid().as_bytes(),
            self.name.reveal(Purpose::Contract).as_bytes(),
        ]);
        canonical::hash_of(&(
            self.contract,
            self.document,
            self.signer,
            name,
            self.at,
            self.method,
            &self.evidence,
        ))
    }
}

/// What happened to a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CertificateEvent {
    /// It was rendered to these bytes.
    Rendered,
    /// It was sent.
    Sent,
    /// It was opened, where that may be known.
    Opened,
    /// It was signed; the record has this hash.
    Signed {
        /// For whom.
        signer: Signer,
        /// The hash of the record.
        record: Digest32,
    },
    /// It was declined.
    Declined,
    /// Everybody has signed.
    Completed,
}

/// One entry of a certificate, chained to the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateEntry {
    number: u32,
    at: Timestamp,
    event: CertificateEvent,
    before: Digest32,
    hash: Digest32,
}

impl CertificateEntry {
    /// Its number, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// What happened.
    #[must_use]
    pub fn event(&self) -> &CertificateEvent {
        &self.event
    }

    /// The hash of the chain up to here.
    #[must_use]
    pub fn hash(&self) -> Digest32 {
        self.hash
    }
}

/// Why a certificate does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// An entry was changed, taken out, put in or moved.
    #[error("entry {number} of the certificate does not follow from the one before")]
    Broken {
        /// The entry.
        number: u32,
    },
    /// An entry is older than the one before.
    #[error("entry {number} of the certificate lies before the one before")]
    Backwards {
        /// The entry.
        number: u32,
    },
    /// The document is not the one it is about.
    #[error("the certificate is about other bytes")]
    OtherBytes,
    /// The chain does not end where it was known to.
    #[error("the certificate does not end where it was known to end")]
    Truncated,
    /// An entry cannot be hashed.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// The history of one contract document as a hash chain that can be checked offline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCertificate {
    contract: ContractId,
    document: Digest32,
    entries: Vec<CertificateEntry>,
}

impl EventCertificate {
    /// The certificate of a contract that was rendered to `bytes`.
    ///
    /// # Errors
    ///
    /// [`CertificateError::Canonical`], which its types rule out.
    pub fn begin(
        contract: ContractId,
        bytes: &[u8],
        at: Timestamp,
    ) -> Result<Self, CertificateError> {
        let mut certificate = Self {
            contract,
            document: Digest32::of(bytes),
            entries: Vec::new(),
        };
        certificate.append(at, CertificateEvent::Rendered)?;
        Ok(certificate)
    }

    /// Adds what happened.
    ///
    /// # Errors
    ///
    /// [`CertificateError::Backwards`] for an instant before the last entry.
    pub fn append(
        &mut self,
        at: Timestamp,
        event: CertificateEvent,
    ) -> Result<(), CertificateError> {
        let number = u32::try_from(self.entries.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        if self.entries.last().is_some_and(|last| at < last.at) {
            return Err(CertificateError::Backwards { number });
        }
        let before = self.head();
        let hash = self.chained(number, at, &event, before)?;
        self.entries.push(CertificateEntry {
            number,
            at,
            event,
            before,
            hash,
        });
        Ok(())
    }

    /// The contract.
    #[must_use]
    pub fn contract(&self) -> ContractId {
        self.contract
    }

    /// The hash of the document's bytes.
    #[must_use]
    pub fn document(&self) -> Digest32 {
        self.document
    }

    /// The entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[CertificateEntry] {
        &self.entries
    }

    /// The hash of the whole chain; kept elsewhere it shows that nothing was cut off.
    #[must_use]
    pub fn head(&self) -> Digest32 {
        self.entries.last().map_or_else(|| self.root(), |e| e.hash)
    }

    /// Whether the chain is whole, ends at `head` and is about `bytes`; needs nothing else.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] names the first entry that does not hold.
    pub fn verify(&self, bytes: &[u8], head: Digest32) -> Result<(), CertificateError> {
        if Digest32::of(bytes) != self.document {
            return Err(CertificateError::OtherBytes);
        }
        let mut before = self.root();
        let mut last: Option<Timestamp> = None;
        for (number, entry) in (1_u32..).zip(&self.entries) {
            let hash = self.chained(number, entry.at, &entry.event, before)?;
            if entry.number != number || entry.before != before || entry.hash != hash {
                return Err(CertificateError::Broken { number });
            }
            if last.is_some_and(|last| entry.at < last) {
                return Err(CertificateError::Backwards { number });
            }
            before = hash;
            last = Some(entry.at);
        }
        if before == head {
            Ok(())
        } else {
            Err(CertificateError::Truncated)
        }
    }

    fn root(&self) -> Digest32 {
        Digest32::of_parts(&[self.contract.uuid().as_bytes(), self.document.as_bytes()])
    }

    fn chained(
        &self,
        number: u32,
        at: Timestamp,
        event: &CertificateEvent,
        before: Digest32,
    ) -> Result<Digest32, CanonicalError> {
        canonical::hash_of(&(self.contract, self.document, number, at, event, before))
    }
}
