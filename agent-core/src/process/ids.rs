use std::fmt::Debug;

use uuid::Uuid;

/// Port: ids for what comes from outside and has no natural key.
///
/// Inside a decision, ids derive from the process and its revision instead, see
/// [`Context::id`](super::Context::id).
///
/// # Contract
///
/// - No two calls give the same id.
pub trait IdSource: Debug + Send + Sync {
    /// A new id.
    fn next(&self) -> Uuid;
}

/// Port: randomness for keys and nonces.
///
/// # Contract
///
/// - Fills the whole buffer; two buffers of 16 bytes and more never agree.
pub trait Random: Debug + Send + Sync {
    /// Fills `buffer` with bytes that nobody can foretell.
    fn fill(&self, buffer: &mut [u8]);
}
