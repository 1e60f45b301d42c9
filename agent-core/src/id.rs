//! Ids that know what they identify.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What an [`Id`] identifies; gives the prefix of its text form.
pub trait IdKind: 'static {
    /// The word before the underscore, lower case.
    const PREFIX: &'static str;
}

/// A UUID that cannot be mistaken for the id of something else.
///
/// The text form is `lead_<uuid>`; parsing checks the prefix.
///
/// ```
/// use dealwright_core::id::{DealId, LeadId};
/// let lead = LeadId::derive(&[b"acme", b"row 7"]);
/// assert_eq!(lead.to_string().parse::<LeadId>(), Ok(lead));
/// assert!(lead.to_string().parse::<DealId>().is_err());
/// ```
pub struct Id<K>(Uuid, PhantomData<fn() -> K>);

impl<K: IdKind> Id<K> {
    /// Wraps a UUID made elsewhere, for example by an [`IdSource`](crate::process::IdSource).
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The id that follows from `parts`: SHA-256 over the length-prefixed parts and the
    /// kind's prefix, as a UUID of version 8. The same parts give the same id, always.
    #[must_use]
    pub fn derive(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in [K::PREFIX.as_bytes()].iter().chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        let mut bytes = [0u8; 16];
        for (to, from) in bytes.iter_mut().zip(digest.iter()) {
            *to = *from;
        }
        Self::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The UUID without its kind.
    #[must_use]
    pub const fn uuid(&self) -> Uuid {
        self.0
    }

    /// The first eight hexadecimal digits: enough for a person to tell rows apart.
    #[must_use]
    pub fn short(&self) -> String {
        let mut text = self.0.simple().to_string();
        text.truncate(8);
        text
    }
}

/// Why a text is not an id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not an id of the form `{prefix}_<uuid>`")]
pub struct ParseIdError {
    given: String,
    prefix: &'static str,
}

impl<K: IdKind> FromStr for Id<K> {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(|rest| Uuid::try_parse(rest).ok())
            .map(Self::from_uuid)
            .ok_or_else(|| ParseIdError {
                given: text.chars().take(64).collect(),
                prefix: K::PREFIX,
            })
    }
}

impl<K: IdKind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", K::PREFIX, self.0)
    }
}

impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Id<K> {}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K: IdKind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, K: IdKind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $kind:ident, $alias:ident, $prefix:literal;)*) => {$(
        #[doc = concat!("Marks ids that begin with `", $prefix, "_`.")]
        #[derive(Clone, Copy, Debug)]
        pub enum $kind {}

        impl IdKind for $kind {
            const PREFIX: &'static str = $prefix;
        }

        $(#[$doc])*
        pub type $alias = Id<$kind>;
    )*};
}

ids! {
    /// Identifies an organisation (or sole person) we may sell to.
    AccountKind, AccountId, "account";
    /// Identifies a person at an account.
    ContactKind, ContactId, "contact";
    /// Identifies a possible customer, from first sight to hand-off.
    LeadKind, LeadId, "lead";
    /// Identifies a sale in progress.
    DealKind, DealId, "deal";
    /// Identifies the temporary endeavour that delivers a contract.
    ProjectKind, ProjectId, "project";
    /// Identifies a requirement a client has.
    RequirementKind, RequirementId, "requirement";
    /// Identifies a priced, numbered version of an offer.
    OfferKind, OfferId, "offer";
    /// Identifies one priced row.
    LineKind, LineId, "line";
    /// Identifies a signed agreement.
    ContractKind, ContractId, "contract";
    /// Identifies a bill.
    InvoiceKind, InvoiceId, "invoice";
    /// Identifies a point that is reached or not.
    MilestoneKind, MilestoneId, "milestone";
    /// Identifies a to-do inside a work package.
    TaskKind, TaskId, "task";
    /// Identifies a checkable result.
    DeliverableKind, DeliverableId, "deliverable";
    /// Identifies an incoming or outgoing message.
    MessageKind, MessageId, "message";
    /// Identifies a person's consent to one step.
    ApprovalKind, ApprovalId, "approval";
}
