//! The one error that every port returns.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// What went wrong at a port, in terms a use-case can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PortErrorKind {
    /// The record already exists.
    AlreadyExists,
    /// Another writer committed first; reload and decide again.
    Conflict,
    /// Stored or received data could not be understood.
    Corrupt,
    /// The backend has no room left.
    Full,
    /// The request was refused as malformed.
    Invalid,
    /// The lease on a piece of work is held by somebody else by now.
    LeaseLost,
    /// The record does not exist.
    NotFound,
    /// The caller may not do this.
    PermissionDenied,
    /// The backend asked us to slow down.
    RateLimited,
    /// The backend did not answer in time; the effect is unknown.
    Timeout,
    /// The backend cannot be reached.
    Unavailable,
    /// Anything else.
    Unexpected,
}

impl fmt::Display for PortErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyExists => "already exists",
            Self::Conflict => "another writer committed first",
            Self::Corrupt => "data could not be understood",
            Self::Full => "no room left",
            Self::Invalid => "malformed request",
            Self::LeaseLost => "lease lost",
            Self::NotFound => "not found",
            Self::PermissionDenied => "permission denied",
            Self::RateLimited => "rate limited",
            Self::Timeout => "no answer in time",
            Self::Unavailable => "unavailable",
            Self::Unexpected => "unexpected failure",
        })
    }
}

/// Whether repeating the same call can succeed.
#[expect(
    clippy::exhaustive_enums,
    reason = "every caller must decide both cases"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The same call will fail again.
    Never,
    /// The same call may succeed, no sooner than `after` where it is known.
    Transient {
        /// The wait the backend asked for.
        after: Option<Duration>,
    },
}

/// The one error every port returns.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed: {kind}")]
pub struct PortError {
    kind: PortErrorKind,
    retry: Retry,
    operation: &'static str,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl PortError {
    /// Creates an error whose [`Retry`] follows from `kind`.
    ///
    /// [`PortErrorKind::Conflict`] is not transient: the same call fails again, a
    /// new decision on the reloaded state may succeed.
    #[must_use]
    pub fn new(operation: &'static str, kind: PortErrorKind) -> Self {
        let retry = match kind {
            PortErrorKind::RateLimited | PortErrorKind::Unavailable => {
                Retry::Transient { after: None }
            }
            _ => Retry::Never,
        };
        Self {
            kind,
            retry,
            operation,
            source: None,
        }
    }

    /// Attaches the driver's own error.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Records the wait the backend asked for.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry = Retry::Transient { after: Some(after) };
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> PortErrorKind {
        self.kind
    }

    /// Whether to try again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        self.retry
    }

    /// The operation that failed.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// The whole chain of causes on one line, outermost first.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}
