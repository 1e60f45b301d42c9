//! What may be connected to, and with which address.
//!
//! The guard resolves a host once, checks every address it gets, and hands these very
//! addresses to the connection: there is no second look-up that could answer otherwise.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::page::PageUrl;

/// Ends of names that never belong to a public site.
const PRIVATE_ENDS: [&str; 16] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "svc",
    "cluster",
    "arpa",
    "onion",
    "invalid",
    "docker",
    "workgroup",
];

/// Port: looks up the addresses of a host.
///
/// # Contract
///
/// - All addresses of both families, in any order; none is an error of kind `NotFound`.
#[async_trait]
pub trait Resolve: Debug + Send + Sync {
    /// Looks up `host`, a name and never an address.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let addresses = tokio::net::lookup_host((host, 0)).await?;
        Ok(addresses.map(|address| address.ip()).collect())
    }
}

/// Leave to reach one exact host and port at an address of this machine.
///
/// Only the simulation adapter and tests can make one; no configuration can say it. What is
/// granted is spoken to in plain HTTP, also where the address says https: the listener stands
/// for a server whose encryption ends before it, and nothing leaves the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopbackGrant {
    host: String,
    port: u16,
    address: SocketAddr,
}

/// Makes [`LoopbackGrant`]s; there only with the feature that the simulation turns on.
#[cfg(any(test, feature = "loopback-grant"))]
#[doc(hidden)]
pub mod grant {
    use super::{LoopbackGrant, PageUrl, SocketAddr};

    /// Lets `url`'s host and port be reached at `address`, which must be a loopback one.
    ///
    /// A default port may lead to any port; one that `url` names must be the same there,
    /// since the connection takes it from the address asked for.
    #[must_use]
    pub fn loopback(url: &PageUrl, address: SocketAddr) -> Option<LoopbackGrant> {
        let port_fits = url.has_default_port() || url.port() == address.port();
        (address.ip().is_loopback() && port_fits).then(|| LoopbackGrant {
            host: url.host().to_owned(),
            port: url.port(),
            address,
        })
    }
}

/// Why an address is not connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EgressRefusal {
    /// Only 80 and 443 are web ports.
    #[error("port {port} of `{host}` is not 80 or 443")]
    Port {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// The name cannot belong to a public site.
    #[error("`{host}` is not the name of a public site")]
    Name {
        /// The host.
        host: String,
    },
    /// One of its addresses is not public.
    #[error("`{host}` leads to {address}, which is not a public address")]
    Address {
        /// The host.
        host: String,
        /// The first address that is not public.
        address: IpAddr,
    },
    /// The name has no address.
    #[error("`{host}` has no address")]
    Unresolved {
        /// The host.
        host: String,
    },
}

/// Decides what may be connected to.
#[derive(Clone, Debug)]
pub struct EgressGuard {
    resolver: Arc<dyn Resolve>,
    grants: BTreeMap<(String, u16), SocketAddr>,
}

impl EgressGuard {
    /// A guard over this resolver that lets nothing private through.
    #[must_use]
    pub fn new(resolver: impl Resolve + 'static) -> Self {
        Self {
            resolver: Arc::new(resolver),
            grants: BTreeMap::new(),
        }
    }

    /// Adds an exception for one host and port.
    #[must_use]
    pub fn with_grant(mut self, grant: LoopbackGrant) -> Self {
        self.grants.insert((grant.host, grant.port), grant.address);
        self
    }

    /// Whether `url` is reached by a grant.
    #[must_use]
    pub fn is_granted(&self, url: &PageUrl) -> bool {
        self.grants
            .contains_key(&(url.host().to_owned(), url.port()))
    }

    /// The addresses `url` may be reached at, every one of them checked. A port of 0
    /// means the port that the address names.
    ///
    /// # Errors
    ///
    /// [`EgressRefusal`]; one private address among public ones refuses them all.
    pub async fn check(&self, url: &PageUrl) -> Result<Vec<SocketAddr>, EgressRefusal> {
        let host = url.host().to_owned();
        if let Some(address) = self.grants.get(&(host.clone(), url.port())) {
            return Ok(vec![*address]);
        }
        if !matches!(url.port(), 80 | 443) {
            let port = url.port();
            return Err(EgressRefusal::Port { host, port });
        }
        let addresses = match literal(&host) {
            Some(address) => vec![address],
            None if !is_public_name(&host) => return Err(EgressRefusal::Name { host }),
            None => match self.resolver.lookup(&host).await {
                Ok(addresses) if !addresses.is_empty() => addresses,
                _ => return Err(EgressRefusal::Unresolved { host }),
            },
        };
        match addresses.iter().find(|address| !is_public(**address)) {
            Some(address) => Err(EgressRefusal::Address {
                host,
                address: *address,
            }),
            None => Ok(addresses
                .into_iter()
                .map(|ip| SocketAddr::new(ip, 0))
                .collect()),
        }
    }
}

/// The address a host is, where it is one and no name.
fn literal(host: &str) -> Option<IpAddr> {
    let inner = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    inner.unwrap_or(host).parse().ok()
}

/// Whether a name has two labels or more and does not end like a private one.
fn is_public_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut labels = host.split('.').rev();
    let last = labels.next().unwrap_or_default();
    host.contains('.')
        && host.split('.').all(|label| !label.is_empty())
        && !PRIVATE_ENDS.contains(&last)
}

/// Whether an address belongs to the public internet: no loopback, private, link-local,
/// carrier, documentation, benchmark, multicast or reserved range, no form that wraps an
/// IPv4 address (mapped, NAT64, 6to4, Teredo), no metadata service of a cloud.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    // Azure's metadata service hides in a public range.
    if address == Ipv4Addr::new(168, 63, 129, 16) {
        return false;
    }
    !matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Only 2000::/3 is handed out; inside it some blocks are special.
    let global = a & 0xe000 == 0x2000;
    let special = matches!(
        (a, b),
        (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff)
    );
    global && !special
}
