use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Who owns the data: one agency among those that share a store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tenant(String);

/// Why a text is not a tenant name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a tenant name; use 1 to 40 of a-z, 0-9 and -")]
pub struct TenantError(String);

impl Tenant {
    /// Checks a name: 1 to 40 of `a-z`, `0-9` and `-`.
    ///
    /// # Errors
    ///
    /// [`TenantError`] names the text that was refused.
    pub fn parse(name: &str) -> Result<Self, TenantError> {
        let fits = (1..=40).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits {
            Ok(Self(name.to_owned()))
        } else {
            Err(TenantError(name.chars().take(64).collect()))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Tenant {
    type Error = TenantError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name)
    }
}

impl From<Tenant> for String {
    fn from(tenant: Tenant) -> Self {
        tenant.0
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one process: tenant, kind and id. Ordered, readable, free of personal data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessKey {
    tenant: Tenant,
    kind: String,
    id: String,
}

impl ProcessKey {
    /// Names the process `id` of `kind`.
    ///
    /// `id` must not be made of personal data as it is: use a keyed hash of an address.
    #[must_use]
    pub fn new(tenant: &Tenant, kind: &str, id: impl Into<String>) -> Self {
        Self {
            tenant: tenant.clone(),
            kind: kind.to_owned(),
            id: id.into(),
        }
    }

    /// Who owns it.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// What kind of process it is.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Which one of its kind.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// Why a text is not the key of a process.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessKeyError {
    /// A part is missing.
    #[error("`{0}` is not tenant/kind/id")]
    Form(String),
    /// Its first part names no tenant.
    #[error(transparent)]
    Tenant(#[from] TenantError),
}

impl FromStr for ProcessKey {
    type Err = ProcessKeyError;

    /// Reads what [`Display`](fmt::Display) writes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(tenant), Some(kind), Some(id)) => {
                Ok(Self::new(&Tenant::parse(tenant)?, kind, id))
            }
            _ => Err(ProcessKeyError::Form(text.to_owned())),
        }
    }
}

impl fmt::Display for ProcessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.tenant, self.kind, self.id)
    }
}

/// How many commits a process has seen; 0 before the first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(u64);

impl Revision {
    /// The revision with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names one row of work: readable and ordered, so that stores can keep it as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkKey(String);

impl WorkKey {
    pub(crate) fn input(receiver: &ProcessKey, dedupe: &str) -> Self {
        Self(format!("{receiver}/i/{dedupe}"))
    }

    pub(crate) fn timer(receiver: &ProcessKey, step: &str) -> Self {
        Self(format!("{receiver}/t/{step}"))
    }

    pub(crate) fn message(receiver: &ProcessKey, sender: &ProcessKey, step: &str) -> Self {
        Self(format!(
            "{receiver}/m/{}/{}/{step}",
            sender.kind(),
            sender.id()
        ))
    }

    pub(crate) fn effect(sender: &ProcessKey, step: &str, attempt: u32) -> Self {
        Self(format!("{sender}/e/{step}/{attempt}"))
    }

    /// The key under which a row that collided with this one is kept for a person to see.
    #[must_use]
    pub fn collided(&self, revision: Revision) -> Self {
        Self(format!("{}!{revision}", self.0))
    }

    /// Takes a key as a store kept it.
    #[must_use]
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WorkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a provider is given so that it can tell a repeat from a new wish.
///
/// SHA-256 over the length-prefixed tenant, kind, process id, step and attempt. The attempt is 0,
/// and one more for each repeat that a person or a proof ordered; a retry keeps it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectKey([u8; 32]);

impl EffectKey {
    /// The key of `attempt` at `step` of `process`.
    #[must_use]
    pub fn derive(process: &ProcessKey, step: &str, attempt: u32) -> Self {
        let mut hash = Sha256::new();
        for part in [
            process.tenant().as_str().as_bytes(),
            process.kind().as_bytes(),
            process.id().as_bytes(),
            step.as_bytes(),
            &attempt.to_be_bytes(),
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Reads what [`to_hex`](Self::to_hex) wrote, as a provider gives it back. `None` for any other
    /// text.
    ///
    /// ```
    /// use dealwright_core::process::{EffectKey, ProcessKey, Tenant};
    ///
    /// let recipient = ProcessKey::new(&Tenant::parse("agency")?, "recipient", "r");
    /// let key = EffectKey::derive(&recipient, "send", 0);
    /// assert_eq!(EffectKey::from_hex(&key.to_hex()), Some(key));
    /// assert_eq!(EffectKey::from_hex("5a"), None);
    /// assert_eq!(EffectKey::from_hex(&"5A".repeat(32)), None);
    /// # Ok::<(), dealwright_core::process::TenantError>(())
    /// ```
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut key = [0; 32];
        hex::decode_to_slice(text, &mut key).ok()?;
        let key = Self(key);
        (key.to_hex() == text).then_some(key)
    }
}

impl fmt::Display for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}
