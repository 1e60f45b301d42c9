//! Port: what adapters hold of a person outside of the processes.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::PortError;
use crate::party::EmailAddress;

/// Something that is held of a person, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Where it stands, as a person would look for it: a file, a record.
    pub place: String,
    /// What it is, in a word or two: `letter`.
    pub what: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Port: an adapter that keeps data of people by itself, such as a folder of letters.
///
/// # Contract
///
/// - `held` answers everything that is there of the person behind an address, in any spelling
///   that reaches the same mailbox, and nothing of anybody else.
/// - What `erase` answers is gone for good, and `held` answers none of it any more; what is of
///   others stays. Erasing again answers nothing.
#[async_trait]
pub trait SubjectData: Debug + Send + Sync {
    /// What it is called in an export or a report: `outbox`.
    fn name(&self) -> &'static str;

    /// What is held of a person.
    async fn held(&self, address: &EmailAddress) -> Result<Vec<Held>, PortError>;

    /// Takes away what is held of a person; answers the places that are gone.
    async fn erase(&self, address: &EmailAddress) -> Result<Vec<String>, PortError>;
}
