//! What the ways out and in have in common.

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

/// Whether a server is on this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
