use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Claim, Claims, Commit, Envelope, IndexPart, IndexRange, Mark, Offered, ProcessKey, Proof,
    Revision, Tenant, Work, WorkKey, WorkQuery,
};
use crate::canonical::Digest32;
use crate::error::PortError;

/// A process as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Its revision.
    pub revision: Revision,
    /// The schema version of the state.
    pub state_version: u32,
    /// The state, personal fields sealed.
    pub state: Value,
    /// The head of its hash chain.
    pub chain: Digest32,
}

/// Where a reader of the feed or of an index stands. Opaque: only the store that made it reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// Wraps a store's own position.
    #[must_use]
    pub fn new(position: impl Into<String>) -> Self {
        Self(position.into())
    }

    /// The position, for the store that made it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A look into an index.
#[derive(Clone, Debug)]
pub struct Find {
    /// Whose.
    pub tenant: Tenant,
    /// Which kind of process.
    pub kind: String,
    /// Which index.
    pub index: String,
    /// Which part of it.
    pub range: IndexRange,
    /// After this place.
    pub after: Option<Cursor>,
    /// How many at most.
    pub n: usize,
}

/// A process found under an index key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The process.
    pub process: ProcessKey,
    /// The key it was found under.
    pub parts: Vec<IndexPart>,
}

/// Port: where processes, their log, their work and their indexes live.
///
/// # Contract
///
/// - **Atomic.** A commit is stored whole or not at all, also when the process dies inside it.
/// - **Optimistic.** A commit on any revision but the current one is a `Conflict` and changes
///   nothing.
/// - **Fenced.** A commit or mark under a token that is not the row's current one, or on a row
///   that is already consumed, is `LeaseLost` and changes nothing. Of two claims the later has
///   the higher token.
/// - **Consumed once.** A row that a commit consumed is never claimed again, and its key is never
///   free again: offering it answers `false`, new work under it is quarantined.
/// - **Unique.** A commit with a unique index key that another process of the tenant and kind
///   holds is `AlreadyExists` and changes nothing.
/// - **Ordered.** Claims come by lane, due and key; nothing comes before it is due.
/// - **Lapsing.** A lapsed lease frees the row by [`Work::lapse`].
/// - **Durable.** Rows, timers among them, survive a restart.
/// - **Complete feed.** The feed gives each commit once, without gaps, those of one process in
///   order of revision; what a cursor has passed never appears behind it.
/// - **Indexed.** `find` sees exactly the entries of the last commit of each process, in key
///   order, ties by process key.
///
/// Implementors prove this with [`store_conformance!`](crate::store_conformance).
#[async_trait]
pub trait Store: Debug + Send + Sync {
    /// The process as of its last commit; `None` where it has none.
    async fn load(&self, key: &ProcessKey) -> Result<Option<Stored>, PortError>;

    /// The log of one process, oldest first.
    async fn history(&self, key: &ProcessKey) -> Result<Vec<Envelope>, PortError>;

    /// Stores a step; answers the new revision.
    async fn commit(&self, commit: Commit) -> Result<Revision, PortError>;

    /// Takes inputs from outside; answers for each whether it is new. Once this returns they are
    /// durable.
    async fn offer(&self, inputs: Vec<Offered>) -> Result<Vec<bool>, PortError>;

    /// Leases ready work.
    async fn claim(&self, claim: Claim) -> Result<Claims, PortError>;

    /// Records what a worker did with leased work.
    async fn mark(&self, key: &WorkKey, token: u64, mark: Mark) -> Result<(), PortError>;

    /// The log of all processes after a place, and the place after it.
    async fn feed(
        &self,
        after: Option<Cursor>,
        n: usize,
    ) -> Result<(Vec<Envelope>, Option<Cursor>), PortError>;

    /// Processes by index key, and the place after them where there may be more.
    async fn find(&self, find: Find) -> Result<(Vec<Found>, Option<Cursor>), PortError>;

    /// Rows of work, in order of key.
    async fn works(&self, query: WorkQuery) -> Result<Vec<Work>, PortError>;

    /// Settles an `Unknown`; any other row is `Conflict`.
    async fn resolve(&self, key: &WorkKey, proof: Proof) -> Result<(), PortError>;
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: Store + ?Sized> Store for $pointer {
            async fn load(&self, key: &ProcessKey) -> Result<Option<Stored>, PortError> {
                (**self).load(key).await
            }
            async fn history(&self, key: &ProcessKey) -> Result<Vec<Envelope>, PortError> {
                (**self).history(key).await
            }
            async fn commit(&self, commit: Commit) -> Result<Revision, PortError> {
                (**self).commit(commit).await
            }
            async fn offer(&self, inputs: Vec<Offered>) -> Result<Vec<bool>, PortError> {
                (**self).offer(inputs).await
            }
            async fn claim(&self, claim: Claim) -> Result<Claims, PortError> {
                (**self).claim(claim).await
            }
            async fn mark(&self, key: &WorkKey, token: u64, mark: Mark) -> Result<(), PortError> {
                (**self).mark(key, token, mark).await
            }
            async fn feed(
                &self,
                after: Option<Cursor>,
                n: usize,
            ) -> Result<(Vec<Envelope>, Option<Cursor>), PortError> {
                (**self).feed(after, n).await
            }
            async fn find(&self, find: Find) -> Result<(Vec<Found>, Option<Cursor>), PortError> {
                (**self).find(find).await
            }
            async fn works(&self, query: WorkQuery) -> Result<Vec<Work>, PortError> {
                (**self).works(query).await
            }
            async fn resolve(&self, key: &WorkKey, proof: Proof) -> Result<(), PortError> {
                (**self).resolve(key, proof).await
            }
        }
    )*};
}

forward!(&T, std::sync::Arc<T>, Box<T>);
