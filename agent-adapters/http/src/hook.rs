//! What other programs deliver: events of mail and payment providers, inquiries of own websites.

use std::fmt::Debug;

use async_trait::async_trait;
use axum::http::{HeaderMap, StatusCode};
use dealwright_core::error::PortError;
use dealwright_core::time::Timestamp;
use dealwright_runtime::Agency;

/// One delivery, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, byte for byte.
    pub body: &'a [u8],
    /// When it came.
    pub now: Timestamp,
}

impl Delivery<'_> {
    /// The text of a header that stands there once; of two nobody knows which was meant.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.get_all(name).into_iter();
        let first = all.next()?;
        if all.next().is_some() {
            return None;
        }
        first.to_str().ok()
    }
}

/// Why a delivery was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HookRefusal {
    /// The sender is not who it should be, or it was signed too long ago. Nothing was read.
    #[error("not taken: {0}")]
    Forged(String),
    /// It was signed, and cannot be understood.
    #[error("signed, but not understood: {0}")]
    Malformed(String),
    /// It could not be kept; the sender delivers it again.
    #[error("not kept, deliver it again")]
    Later(#[source] PortError),
}

impl HookRefusal {
    /// What the sender is answered: 401, 400, 503.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Forged(_) => StatusCode::UNAUTHORIZED,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Later(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<PortError> for HookRefusal {
    fn from(error: PortError) -> Self {
        Self::Later(error)
    }
}

/// What takes the deliveries of one sender.
///
/// # Contract
///
/// - Looks at signature and age before it reads a word of the body.
/// - Answers only when what was delivered is durable; the sender will not deliver it again.
/// - The same delivery twice is one.
#[async_trait]
pub trait Webhook: Debug + Send + Sync {
    /// The most bytes of a body; what is longer is refused before anything is reckoned.
    fn limit(&self) -> usize;

    /// Takes a delivery in.
    async fn take(&self, agency: &Agency, delivery: Delivery<'_>) -> Result<(), HookRefusal>;
}
