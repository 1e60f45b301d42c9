//! One POST of JSON over HTTPS, one bounded answer.

use std::fmt;
use std::sync::Once;
use std::time::Duration;

use dealwright_core::error::{PortError, PortErrorKind};
use reqwest::header::HeaderMap;
use reqwest::{Client, redirect};
use serde_json::Value;
use url::{Host, Url};

use crate::Secret;

const OPERATION: &str = "set up mail provider";
/// A search answers up to a thousand letters of a few kilobytes; all else is far smaller.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// The longest wait that an answer can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// A provider's API. It repeats nothing by itself, follows no redirect, and its `Debug` shows no
/// key.
pub(crate) struct Api {
    http: Client,
    base: Url,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

/// An answer; its status and headers are known even where its body broke off.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to its end, and within bounds.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON, where it is some.
    pub(crate) fn json(&self) -> Option<Value> {
        let whole = self.whole.then_some(self.body.as_slice())?;
        serde_json::from_slice(whole).ok()
    }

    /// The wait that it asks for: seconds in `Retry-After`, or the time in `X-RateLimit-Reset`.
    pub(crate) fn retry_after(&self, now: i64) -> Option<Duration> {
        let number = |name: &str| self.header(name)?.trim().parse::<i64>().ok();
        let reset = || number("x-ratelimit-reset").map(|at| at.saturating_sub(now));
        let seconds = number("retry-after").or_else(reset)?;
        let seconds = u64::try_from(seconds).unwrap_or(0);
        Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
    }
}

/// No answer came.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Whether the request can have left.
    pub(crate) sent: bool,
    pub(crate) source: reqwest::Error,
}

impl Api {
    /// Speaks to `base`: by `https`, or to a server on this machine.
    ///
    /// # Errors
    ///
    /// `Invalid` where the key would travel in the clear or is none; `Unexpected` where no
    /// encrypted connection can be set up on this machine.
    pub(crate) fn new(base: &str, key: &Secret, timeout: Duration) -> Result<Self, PortError> {
        let invalid =
            |why: &'static str| PortError::new(OPERATION, PortErrorKind::Invalid).with_source(why);
        let plain = |text: &str| {
            (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
        };
        if !plain(key.reveal()) {
            return Err(invalid(
                "the API key is none; copy it whole, without blanks and line ends",
            ));
        }
        let base = Url::parse(base).map_err(|_| invalid("the address of the API is none"))?;
        let here = match base.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => return Err(invalid("the address of the API has no host")),
        };
        if base.scheme() != "https" && !(base.scheme() == "http" && here) {
            return Err(invalid(
                "the key would travel in the clear; use an address with https",
            ));
        }
        Ok(Self {
            http: http(&base, timeout)?,
            base,
        })
    }

    /// The host that it speaks to.
    pub(crate) fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// Posts `body` to `path`, with `bearer` where the key does not stand in the body.
    pub(crate) async fn post(
        &self,
        path: &str,
        bearer: Option<&Secret>,
        body: &Value,
    ) -> Result<Answer, Failed> {
        let mut url = self.base.clone();
        url.set_path(path);
        let mut request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .body(body.to_string());
        if let Some(key) = bearer {
            request = request.bearer_auth(key.reveal());
        }
        let mut response = request.send().await.map_err(|source| Failed {
            // What broke while the connection was made never carried a letter.
            sent: !source.is_connect() && !source.is_builder(),
            // The address of an API is no secret, and says nothing either.
            source: source.without_url(),
        })?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let (mut body, mut whole) = (Vec::new(), false);
        // An answer that breaks off has answered all the same: its status stands.
        while let Ok(chunk) = response.chunk().await {
            match chunk {
                Some(chunk) if body.len() + chunk.len() <= ANSWER_BYTES => {
                    body.extend_from_slice(&chunk);
                }
                Some(_) => break,
                None => {
                    whole = true;
                    break;
                }
            }
        }
        Ok(Answer {
            status,
            headers,
            body,
            whole,
        })
    }
}

fn http(base: &Url, timeout: Duration) -> Result<Client, PortError> {
    install_crypto();
    let mut builder = Client::builder()
        .user_agent(concat!("dealwright/", env!("CARGO_PKG_VERSION")))
        .referer(false)
        // A redirect would take the key elsewhere.
        .redirect(redirect::Policy::none())
        .connect_timeout(timeout.min(Duration::from_secs(10)))
        .timeout(timeout);
    if base.scheme() == "http" {
        // Spares reading the system's roots, and a system without any.
        builder = builder.no_proxy().tls_certs_only([]);
    }
    builder
        .build()
        .map_err(|e| PortError::new(OPERATION, PortErrorKind::Unexpected).with_source(e))
}

/// One provider of cryptography for the process; whoever was first stays.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
