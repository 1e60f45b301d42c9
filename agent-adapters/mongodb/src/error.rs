//! What the driver says, in the port's terms.

use dealwright_core::error::{PortError, PortErrorKind};
use mongodb::error::{Error, ErrorKind, TRANSIENT_TRANSACTION_ERROR, WriteFailure};

const DUPLICATE_KEY: i32 = 11000;
const UNAUTHORIZED: i32 = 13;
const AUTHENTICATION_FAILED: i32 = 18;
const NAMESPACE_NOT_FOUND: i32 = 26;
const MAX_TIME_EXPIRED: i32 = 50;
const WRITE_CONCERN_TIMEOUT: i32 = 64;
const WRITE_CONFLICT: i32 = 112;
const OUT_OF_DISK_SPACE: i32 = 14031;

pub(crate) fn map(operation: &'static str, error: Error) -> PortError {
    PortError::new(operation, kind(&error)).with_source(error)
}

fn kind(error: &Error) -> PortErrorKind {
    if let Some(code) = code(error) {
        return match code {
            DUPLICATE_KEY => PortErrorKind::AlreadyExists,
            UNAUTHORIZED | AUTHENTICATION_FAILED => PortErrorKind::PermissionDenied,
            // Written here and perhaps not elsewhere: whether it stays is not known.
            MAX_TIME_EXPIRED | WRITE_CONCERN_TIMEOUT => PortErrorKind::Timeout,
            OUT_OF_DISK_SPACE => PortErrorKind::Full,
            _ if is_transient(error) || error.contains_label("RetryableWriteError") => {
                PortErrorKind::Unavailable
            }
            _ => PortErrorKind::Unexpected,
        };
    }
    match *error.kind {
        ErrorKind::Authentication { .. } => PortErrorKind::PermissionDenied,
        ErrorKind::InvalidArgument { .. } | ErrorKind::InvalidTlsConfig { .. } => {
            PortErrorKind::Invalid
        }
        ErrorKind::Io(_)
        | ErrorKind::ConnectionPoolCleared { .. }
        | ErrorKind::ServerSelection { .. }
        | ErrorKind::DnsResolve { .. } => PortErrorKind::Unavailable,
        ErrorKind::BsonDeserialization(_) | ErrorKind::InvalidResponse { .. } => {
            PortErrorKind::Corrupt
        }
        _ if is_transient(error) => PortErrorKind::Unavailable,
        _ => PortErrorKind::Unexpected,
    }
}

/// Whether the whole transaction can be tried again.
pub(crate) fn is_transient(error: &Error) -> bool {
    error.contains_label(TRANSIENT_TRANSACTION_ERROR) || code(error) == Some(WRITE_CONFLICT)
}

/// Whether a unique index refused the write.
pub(crate) fn is_duplicate(error: &Error) -> bool {
    code(error) == Some(DUPLICATE_KEY)
}

/// Whether the collection is not there.
pub(crate) fn is_no_collection(error: &Error) -> bool {
    code(error) == Some(NAMESPACE_NOT_FOUND)
}

fn code(error: &Error) -> Option<i32> {
    match &*error.kind {
        ErrorKind::Command(command) => Some(command.code),
        ErrorKind::Write(WriteFailure::WriteError(write)) => Some(write.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => Some(concern.code),
        ErrorKind::InsertMany(many) => many
            .write_errors
            .as_ref()
            .and_then(|errors| errors.first())
            .map(|write| write.code)
            .or_else(|| many.write_concern_error.as_ref().map(|c| c.code)),
        _ => None,
    }
}

pub(crate) fn corrupt(
    operation: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> PortError {
    PortError::new(operation, PortErrorKind::Corrupt).with_source(source)
}
