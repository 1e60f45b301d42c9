//! Reading a request's body within bounds.

use std::time::Duration;

use axum::body::{Body, to_bytes};

/// How long a body may take to come in.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It has more bytes than it may have, or broke off.
    TooLarge,
    /// It did not come in time.
    TooSlow,
}

/// Up to `limit` bytes; a body that is longer is not read to its end.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Vec<u8>, Unread> {
    match tokio::time::timeout(PATIENCE, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes.into()),
        Ok(Err(_)) => Err(Unread::TooLarge),
        Err(_) => Err(Unread::TooSlow),
    }
}

/// The fields of a form as browsers send them, in order; of `application/x-www-form-urlencoded`.
pub(crate) fn fields(body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body).into_owned().collect()
}
