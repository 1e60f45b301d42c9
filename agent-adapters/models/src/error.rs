//! What can go wrong with an answer, and what it means for whoever asked.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use dealwright_core::error::{PortError, PortErrorKind, Retry};
use dealwright_core::orchestration::{BudgetError, Cost};

pub(crate) const READ: &str = "read";

/// Why there is no answer. Nothing of the text that was read, nor of what was answered, is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The server answered with a status that is no success.
    #[error("the server answered with status {status}{}", code_of(.code.as_deref()))]
    Status {
        /// The HTTP status.
        status: u16,
        /// The server's own word for it, where it has a plain one.
        code: Option<String>,
    },
    /// The server reported trouble in the middle of its answer.
    #[error("the server broke off its answer{}", code_of(.code.as_deref()))]
    BrokeOff {
        /// The server's own word for it, where it has a plain one.
        code: Option<String>,
    },
    /// No connection, no TLS, or a connection that ended before a status.
    #[error("the server cannot be reached")]
    Unreachable(#[source] Box<dyn StdError + Send + Sync>),
    /// Nothing, or nothing more, came in time.
    #[error("no answer in time; see `idle_ms` and `answer_ms` of the limits")]
    Late(#[source] Box<dyn StdError + Send + Sync>),
    /// The answer stops before its end.
    #[error("the answer stops in the middle")]
    Cut,
    /// The answer is not of the form that the server's specification gives it.
    #[error("the server's answer is not as its specification says: {0}")]
    Malformed(&'static str),
    /// The answer is longer than is read.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// The answer has no words.
    #[error("the model answered nothing")]
    Empty,
    /// The model, or a filter before it, will not read this text.
    #[error("the model refuses to read the text")]
    Refused,
    /// The model ran into its limit of tokens.
    #[error("the answer was cut off at {0} tokens; raise `answer_tokens` of the limits")]
    CutOff(u32),
    /// The model asked for a tool although it was given none.
    #[error("the model wants to call a tool, and has none")]
    Tool,
    /// The needs that are offered take more room than a reading has.
    #[error("the needs on offer take {0} tokens more than a reading has; offer fewer")]
    TooManyNeeds(u64),
    /// The cost cannot be computed in 64 bits.
    #[error("the cost of {0} tokens cannot be computed; check the price table")]
    Price(u64),
    /// The budget does not allow the call; it was not made.
    #[error(transparent)]
    Budget(BudgetError),
    /// No cassette holds this request; it was not sent.
    #[error("{0}")]
    NoCassette(String),
    /// A cassette cannot be read or written.
    #[error("the cassette `{0}` cannot be used: {1}")]
    Cassette(String, String),
    /// No model of a chain answered; each with why, in order.
    #[error("no model of the chain answered: {0}")]
    Chain(String),
}

fn code_of(code: Option<&str>) -> String {
    code.map_or_else(String::new, |code| format!(" ({code})"))
}

/// A fault with what it cost: the source of every error of this crate.
#[derive(Debug)]
pub struct ModelError {
    fault: Fault,
    cost: Cost,
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl StdError for ModelError {
    /// What the fault rests on: its own words are said already.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.fault.source()
    }
}

impl ModelError {
    pub(crate) fn new(fault: Fault, cost: Cost) -> Self {
        Self { fault, cost }
    }

    /// What went wrong.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        &self.fault
    }

    /// What was, or may have been, paid all the same. Where the server did not say, the most that
    /// the call can have cost.
    #[must_use]
    pub fn cost(&self) -> Cost {
        self.cost
    }
}

/// What a call that ended in `error` cost, where this crate made it.
///
/// An error says nothing to a budget that settles on answers alone: who keeps one asks here.
#[must_use]
pub fn cost_of(error: &PortError) -> Option<Cost> {
    fault_of(error).map(ModelError::cost)
}

pub(crate) fn fault_of(error: &PortError) -> Option<&ModelError> {
    error.source()?.downcast_ref()
}

/// What the faults mean at the port; the wait is what the server asked for.
pub(crate) fn map(fault: Fault, wait: Option<Duration>, cost: Cost) -> PortError {
    let kind = kind(&fault);
    let error = PortError::new(READ, kind);
    let error = match wait {
        Some(wait) if error.retry() != Retry::Never => error.retry_after(wait),
        _ => error,
    };
    error.with_source(ModelError::new(fault, cost))
}

fn kind(fault: &Fault) -> PortErrorKind {
    match fault {
        Fault::Status { status, code } => of_status(*status, code.as_deref()),
        Fault::BrokeOff { code } => match code.as_deref() {
            // Words of OpenAI and Anthropic for what is the request's own fault.
            Some("invalid_request_error") => PortErrorKind::Invalid,
            Some("authentication_error" | "permission_error" | "insufficient_quota") => {
                PortErrorKind::PermissionDenied
            }
            Some("rate_limit_error" | "rate_limit_exceeded") => PortErrorKind::RateLimited,
            _ => PortErrorKind::Unavailable,
        },
        // Reading twice does no harm, so no answer in time is a passing trouble.
        Fault::Unreachable(_) | Fault::Late(_) | Fault::Cut => PortErrorKind::Unavailable,
        Fault::Malformed(_) | Fault::TooLong(_) | Fault::Empty | Fault::CutOff(_) | Fault::Tool => {
            PortErrorKind::Corrupt
        }
        // The same text is refused again; a person or another model may read it.
        Fault::Refused => PortErrorKind::PermissionDenied,
        Fault::TooManyNeeds(_) | Fault::Price(_) => PortErrorKind::Invalid,
        Fault::Budget(BudgetError::Exhausted { .. }) => PortErrorKind::RateLimited,
        Fault::Budget(_) => PortErrorKind::Invalid,
        Fault::NoCassette(_) => PortErrorKind::NotFound,
        Fault::Cassette(..) => PortErrorKind::Corrupt,
        Fault::Chain(_) => PortErrorKind::Unavailable,
    }
}

fn of_status(status: u16, code: Option<&str>) -> PortErrorKind {
    match status {
        // OpenAI says 429 for an account without money too; waiting does not fill it.
        429 if code == Some("insufficient_quota") => PortErrorKind::PermissionDenied,
        429 => PortErrorKind::RateLimited,
        // 402: Anthropic's word for an account without money.
        401..=403 => PortErrorKind::PermissionDenied,
        404 => PortErrorKind::NotFound,
        // 408 by the server itself, 409 by Anthropic for two calls that met, 529 for overload.
        408 | 409 | 500..=599 => PortErrorKind::Unavailable,
        400..=499 => PortErrorKind::Invalid,
        // A redirect: the address in the settings is not the server's.
        _ => PortErrorKind::Unexpected,
    }
}
