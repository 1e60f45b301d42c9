//! One request on the wire: to a checked address, without memory, with caps.

use std::net::SocketAddr;
use std::sync::Once;

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::page::PageUrl;
use reqwest::{Client, redirect};

use crate::agent::Agent;
use crate::policy::FetchPolicy;

/// The most headers of an answer.
const HEADERS: usize = 128;

/// An answer as it came, its body cut at the cap.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) truncated: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let is = |(key, _): &&(String, String)| key == name;
        self.headers
            .iter()
            .find(is)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn media_type(&self) -> String {
        let text = self.header("content-type").unwrap_or_default();
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    }
}

/// What is read of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// Bytes after decompression.
    pub(crate) cap: usize,
    /// Whether bodies that are no text are left unread.
    pub(crate) text_only: bool,
}

/// Sends one GET to one of the `addresses`, which the guard has checked.
///
/// Every request has a client of its own: its resolver knows nothing but these
/// addresses, it keeps no connection, no cookie, follows no redirect and no proxy.
pub(crate) async fn get(
    url: &PageUrl,
    addresses: &[SocketAddr],
    agent: &Agent,
    policy: &FetchPolicy,
    wanted: Wanted,
) -> Result<Answer, PortError> {
    install_crypto();
    let mut builder = Client::builder()
        .user_agent(agent.to_string())
        .no_proxy()
        .referer(false)
        .redirect(redirect::Policy::none())
        .http1_only()
        .http1_max_headers(HEADERS)
        .pool_max_idle_per_host(0)
        .connect_timeout(policy.connect())
        .timeout(policy.answer())
        .resolve_to_addrs(url.host(), addresses);
    if !url.is_https() {
        // Spares reading the system's roots, and a system without any.
        builder = builder.tls_certs_only([]);
    }
    let client = builder.build().map_err(map)?;
    let request = client.get(url.as_str()).header(
        "accept",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5",
    );
    let mut response = request.send().await.map_err(map)?;
    let headers = response.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    let mut answer = Answer {
        status: response.status().as_u16(),
        headers: headers.collect(),
        body: Vec::new(),
        truncated: false,
    };
    if wanted.text_only && !is_text(&answer.media_type()) {
        answer.truncated = true;
        return Ok(answer);
    }
    while let Some(chunk) = response.chunk().await.map_err(map)? {
        let room = wanted.cap - answer.body.len();
        answer.body.extend(chunk.iter().take(room));
        if chunk.len() > room {
            answer.truncated = true;
            break;
        }
    }
    Ok(answer)
}

/// The kinds of content we read at all.
fn is_text(media_type: &str) -> bool {
    media_type.is_empty()
        || media_type.starts_with("text/")
        || media_type.ends_with("+xml")
        || media_type.ends_with("+json")
        || matches!(media_type, "application/xml" | "application/json")
}

/// One provider of cryptography for the process; whoever was first stays.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// What the client's errors mean here.
fn map(error: reqwest::Error) -> PortError {
    const OPERATION: &str = "fetch page";
    // The address may be personal; the caller knows it anyway.
    let error = error.without_url();
    let kind = if error.is_timeout() {
        // Reading twice does no harm, so no answer in time is a passing trouble.
        PortErrorKind::Unavailable
    } else if error.is_builder() {
        PortErrorKind::Unexpected
    } else if error.is_decode() || error.is_body() {
        // Broken gzip, a body shorter than announced.
        PortErrorKind::Corrupt
    } else {
        // No connection, no TLS, no HTTP.
        PortErrorKind::Unavailable
    };
    PortError::new(OPERATION, kind).with_source(error)
}

/// The text of a body: by its byte order mark, else the header's charset, else the one
/// its first kilobyte declares, else UTF-8 where it is valid and Windows-1252 where not.
pub(crate) fn decode(answer: &Answer) -> String {
    let declared = answer
        .header("content-type")
        .and_then(charset)
        .or_else(|| charset(&head(&answer.body)));
    let label = declared.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
    let encoding = match label {
        Some(encoding) => encoding,
        None if valid_but_for_the_cut(&answer.body) => encoding_rs::UTF_8,
        None => encoding_rs::WINDOWS_1252,
    };
    encoding.decode(&answer.body).0.into_owned()
}

/// A body that was cut inside a character is still UTF-8.
fn valid_but_for_the_cut(body: &[u8]) -> bool {
    match std::str::from_utf8(body) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

fn head(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..1024).unwrap_or(body)).into_owned()
}

/// What stands behind `charset=` or an XML declaration's `encoding=`.
fn charset(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let after = ["charset=", "encoding="]
        .iter()
        .find_map(|key| lower.split_once(key).map(|(_, after)| after))?;
    let value = after.trim_start_matches(['"', '\'', ' ']);
    let label: String = value
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_:.".contains(*c))
        .collect();
    (!label.is_empty()).then_some(label)
}
