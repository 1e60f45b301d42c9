//! What the ways out and in have in common.

use std::fmt;
use std::net::IpAddr;

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Security {
    /// TLS from the first byte (RFC 8314), usually on port 465.
    Tls,
    /// Plain at first, TLS before anything personal (RFC 3207), usually on port 587. A server that
    /// does not offer it is not spoken to.
    StartTls,
    /// None, for a server on this machine alone.
    Loopback,
}

/// A word that nobody may read in a log.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Whether a server is on this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
