use dealwright_core::error::{PortError, PortErrorKind};
use rusqlite::ErrorCode;

/// What SQLite says, in the port's terms.
pub(crate) fn map(operation: &'static str, error: rusqlite::Error) -> PortError {
    let kind = match error.sqlite_error_code() {
        // No room for a page: nothing of the transaction is kept.
        Some(ErrorCode::DiskFull) => PortErrorKind::Full,
        // The file is not what we wrote.
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => PortErrorKind::Corrupt,
        // Another process holds it; it may let go.
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => PortErrorKind::Unavailable,
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => PortErrorKind::PermissionDenied,
        Some(ErrorCode::CannotOpen) => PortErrorKind::NotFound,
        Some(ErrorCode::SystemIoFailure) => PortErrorKind::Unavailable,
        _ => PortErrorKind::Unexpected,
    };
    PortError::new(operation, kind).with_source(error)
}

pub(crate) fn corrupt(
    operation: &'static str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> PortError {
    PortError::new(operation, PortErrorKind::Corrupt).with_source(source)
}
