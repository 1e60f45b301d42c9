//! What Stripe and the line to it say, in the port's terms.

use std::fmt;
use std::time::Duration;

use dealwright_core::error::{PortError, PortErrorKind};
use serde::Deserialize;

/// What a failed call may have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stake {
    /// Nothing that counts: it reads, or makes what no client sees (a customer, a draft).
    Nothing,
    /// The client may have been asked for money, or money may have moved.
    Money,
}

/// A call that did not succeed.
#[derive(Debug)]
pub(crate) enum CallError {
    /// No answer was read to its end.
    Line {
        /// Whether the request can have left.
        sent: bool,
        source: reqwest::Error,
    },
    /// Stripe answered with an error.
    Answer(Refused),
    /// An answer that cannot be understood.
    Unreadable { status: u16, why: String },
}

/// An error answer of Stripe's.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) error: ErrorBody,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) request: Option<String>,
    /// Whether it is the stored answer of an earlier request under the same key.
    pub(crate) replayed: bool,
}

/// Stripe's error object; what it says of a person is left out.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ErrorBody {
    #[serde(default, rename = "type")]
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) code: Option<String>,
    #[serde(default)]
    pub(crate) param: Option<String>,
    #[serde(default)]
    pub(crate) decline_code: Option<String>,
}

impl fmt::Display for Refused {
    /// Never Stripe's own message: it repeats what was sent, names and addresses included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stripe answered {}", self.status)?;
        let parts = [
            ("type", &self.error.kind),
            ("code", &self.error.code),
            ("param", &self.error.param),
            ("decline code", &self.error.decline_code),
            ("request", &self.request),
        ];
        for (name, part) in parts {
            if let Some(part) = part {
                let part: String = part.chars().filter(|c| !c.is_control()).take(80).collect();
                write!(f, ", {name} `{part}`")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

impl CallError {
    /// The error in the port's terms; see the table in [`kind`].
    pub(crate) fn port(self, operation: &'static str, stake: Stake) -> PortError {
        match self {
            Self::Line { sent, source } => {
                let kind = match (sent, stake) {
                    (true, Stake::Money) => PortErrorKind::Timeout,
                    _ if source.is_builder() => PortErrorKind::Unexpected,
                    _ => PortErrorKind::Unavailable,
                };
                // The address of an object is no secret, but who was asked about may be.
                PortError::new(operation, kind).with_source(source.without_url())
            }
            Self::Answer(refused) => {
                let error = PortError::new(operation, kind(&refused, stake));
                let error = match refused.retry_after {
                    Some(after) => error.retry_after(after),
                    None => error,
                };
                error.with_source(refused)
            }
            Self::Unreadable { status, why } => PortError::new(operation, PortErrorKind::Corrupt)
                .with_source(format!("stripe answered {status} with {why}")),
        }
    }

    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Answer(refused) => Some(refused.status),
            Self::Line { .. } | Self::Unreadable { .. } => None,
        }
    }

    /// Whether the object may stand at Stripe in spite of the error.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Line { sent, .. } => *sent,
            Self::Answer(refused) => {
                matches!(refused.status, 409 | 424 | 500..=599) || is_key_clash(refused)
            }
            Self::Unreadable { .. } => true,
        }
    }
}

fn is_key_clash(refused: &Refused) -> bool {
    refused.error.kind.as_deref() == Some("idempotency_error")
}

fn kind(refused: &Refused, stake: Stake) -> PortErrorKind {
    let unclear = match stake {
        Stake::Nothing => PortErrorKind::Unavailable,
        Stake::Money => PortErrorKind::Timeout,
    };
    match refused.status {
        // The key stands for another request: something was taken under it, and not this.
        400 if is_key_clash(refused) => PortErrorKind::Unexpected,
        // 402: well formed, and still not done, such as a declined card.
        400 | 402 | 405 | 406 | 410 | 413..=415 | 422 => PortErrorKind::Invalid,
        401 | 403 => PortErrorKind::PermissionDenied,
        404 => PortErrorKind::NotFound,
        // A request with this key is under way, and may yet succeed.
        409 => unclear,
        429 => PortErrorKind::RateLimited,
        // 424: something behind Stripe failed. Stripe asks to take 5xx as "may have happened".
        408 | 424 | 500..=599 => unclear,
        _ => PortErrorKind::Unexpected,
    }
}

#[cfg(test)]
mod tests {
    use dealwright_core::error::{PortErrorKind as Kind, Retry};

    use super::*;

    fn refused(status: u16, kind: Option<&str>) -> Refused {
        Refused {
            status,
            error: ErrorBody {
                kind: kind.map(str::to_owned),
                ..ErrorBody::default()
            },
            retry_after: None,
            request: None,
            replayed: false,
        }
    }

    #[test]
    fn every_kind_of_answer_says_whether_something_was_taken() {
        let rows = [
            (400, None, Kind::Invalid, Kind::Invalid),
            (
                400,
                Some("idempotency_error"),
                Kind::Unexpected,
                Kind::Unexpected,
            ),
            (401, None, Kind::PermissionDenied, Kind::PermissionDenied),
            (402, Some("card_error"), Kind::Invalid, Kind::Invalid),
            (403, None, Kind::PermissionDenied, Kind::PermissionDenied),
            (404, None, Kind::NotFound, Kind::NotFound),
            (409, None, Kind::Unavailable, Kind::Timeout),
            (424, None, Kind::Unavailable, Kind::Timeout),
            (429, None, Kind::RateLimited, Kind::RateLimited),
            (500, None, Kind::Unavailable, Kind::Timeout),
            (502, None, Kind::Unavailable, Kind::Timeout),
            (503, None, Kind::Unavailable, Kind::Timeout),
            (504, None, Kind::Unavailable, Kind::Timeout),
            (302, None, Kind::Unexpected, Kind::Unexpected),
            (418, None, Kind::Unexpected, Kind::Unexpected),
        ];
        for (status, kind, harmless, money) in rows {
            for (stake, wanted) in [(Stake::Nothing, harmless), (Stake::Money, money)] {
                let error = CallError::Answer(refused(status, kind)).port("x", stake);
                assert_eq!(error.kind(), wanted, "{status} {stake:?}");
            }
        }
        let mut slow = refused(429, None);
        slow.retry_after = Some(Duration::from_secs(7));
        let error = CallError::Answer(slow).port("x", Stake::Money);
        let after = Some(Duration::from_secs(7));
        assert_eq!(error.retry(), Retry::Transient { after });
    }
}
