//! One request on the wire: bounded in time and size, without memory.

use std::sync::Once;
use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, redirect};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::anthropic;
use crate::endpoint::{ApiKey, Dialect, Server, SetupError};
use crate::error::Fault;
use crate::fold::{self, Reader};
use crate::limits::Limits;
use crate::price::Usage;

/// The most bytes of an error's body.
const ERROR: usize = 64 * 1024;
/// The longest wait that is believed.
const MONTH: u64 = 30 * 86_400;

/// What a call cost, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paid {
    /// It was not carried out.
    Nothing,
    /// What the server says.
    Known(Usage),
    /// At most what the call was planned with.
    Unknown,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) words: Result<String, Fault>,
    pub(crate) paid: Paid,
    /// The wait that the server asked for.
    pub(crate) wait: Option<Duration>,
}

impl Outcome {
    pub(crate) fn failed(fault: Fault, paid: Paid) -> Self {
        Self {
            words: Err(fault),
            paid,
            wait: None,
        }
    }
}

/// An answer as it came over the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recorded {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<String>,
    pub(crate) body: String,
}

impl Recorded {
    fn wait(&self) -> Option<Duration> {
        retry_after(self.retry_after.as_deref()?, self.date.as_deref())
    }

    fn media_type(&self) -> String {
        let media_type = self.content_type.split(';').next().unwrap_or_default();
        media_type.trim().to_ascii_lowercase()
    }

    /// The answer, read again.
    pub(crate) fn play(&self, dialect: Dialect, answer_tokens: u32) -> Outcome {
        if !(200..300).contains(&self.status) {
            return self.refused();
        }
        let mut reader = Reader::new(dialect, &self.media_type());
        let read = reader.feed(self.body.as_bytes());
        finish(read.and_then(|()| reader.end()), reader, answer_tokens)
    }

    /// A status that is no success: nothing was read, nothing is charged.
    fn refused(&self) -> Outcome {
        let error: Option<Value> = serde_json::from_str(&self.body).ok();
        Outcome {
            words: Err(Fault::Status {
                status: self.status,
                code: error.as_ref().and_then(fold::code),
            }),
            paid: Paid::Nothing,
            wait: self.wait(),
        }
    }
}

/// The wait that a `Retry-After` asks for: seconds, or a date, which is held against the server's
/// own `Date`, so that its clock need not be ours.
fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds.min(MONTH)));
    }
    let until = DateTime::parse_from_rfc2822(value).ok()?;
    let now = DateTime::parse_from_rfc2822(date?).ok()?;
    let wait = (until - now).to_std().unwrap_or(Duration::ZERO);
    Some(wait.min(Duration::from_secs(MONTH)))
}

fn finish(read: Result<(), Fault>, reader: Reader, answer_tokens: u32) -> Outcome {
    let fold = reader.fold;
    // Before the end a count is one of so far.
    let paid = match fold.usage() {
        Some(usage) if fold.stop.is_some() => Paid::Known(usage),
        _ => Paid::Unknown,
    };
    Outcome {
        words: read.and_then(|()| fold.words(answer_tokens)),
        paid,
        wait: None,
    }
}

/// A server, and how long it has.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    client: Client,
    server: Server,
    limits: Limits,
}

impl Wire {
    pub(crate) fn new(
        server: Server,
        key: Option<&ApiKey>,
        limits: Limits,
    ) -> Result<Self, SetupError> {
        install_crypto();
        let mut builder = Client::builder()
            .user_agent(concat!("dealwright/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers(&server, key)?)
            .no_proxy()
            .referer(false)
            .redirect(redirect::Policy::none())
            .connect_timeout(limits.connect())
            .read_timeout(limits.idle())
            .timeout(limits.answer());
        if !server.is_https() {
            // Spares reading the system's roots, and a system without any.
            builder = builder.tls_certs_only([]);
        }
        let client = builder
            .build()
            .map_err(|error| SetupError::Client(error.to_string()))?;
        Ok(Self {
            client,
            server,
            limits,
        })
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Sends `body`, reads the answer, and gives it to `keep` as it came, where it came whole.
    pub(crate) async fn post(&self, body: &Value, keep: impl FnOnce(&Recorded)) -> Outcome {
        let request = self.client.post(self.server.url()).body(body.to_string());
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => {
                return Outcome::failed(Fault::Unreachable(nameless(error)), Paid::Nothing);
            }
            Err(error) if error.is_timeout() => {
                return Outcome::failed(Fault::Late(nameless(error)), Paid::Unknown);
            }
            Err(error) => {
                return Outcome::failed(Fault::Unreachable(nameless(error)), Paid::Unknown);
            }
        };
        let header = |name: &str| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.chars().take(200).collect::<String>())
        };
        let mut came = Recorded {
            status: response.status().as_u16(),
            content_type: header("content-type").unwrap_or_default(),
            retry_after: header("retry-after"),
            date: header("date"),
            body: String::new(),
        };
        let mut bytes = Vec::new();
        if !response.status().is_success() {
            // What cannot be read of it is not needed.
            while let Ok(Some(chunk)) = response.chunk().await {
                let room = ERROR.saturating_sub(bytes.len());
                bytes.extend(chunk.iter().take(room));
                if chunk.len() >= room {
                    break;
                }
            }
            came.body = String::from_utf8_lossy(&bytes).into_owned();
            keep(&came);
            return came.refused();
        }
        let mut reader = Reader::new(self.server.dialect(), &came.media_type());
        let read = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    bytes.extend_from_slice(&chunk);
                    if let Err(fault) = reader.feed(&chunk) {
                        break Err(fault);
                    }
                    if reader.fold.ended {
                        break Ok(());
                    }
                }
                Ok(None) => break reader.end(),
                Err(error) if error.is_timeout() => break Err(Fault::Late(nameless(error))),
                // A model that had said all it had to may hang up as it likes.
                Err(_) if reader.fold.stop.is_some() => break Ok(()),
                Err(_) => break Err(Fault::Cut),
            }
        };
        let outcome = finish(read, reader, self.limits.answer_tokens());
        if !matches!(
            outcome.words,
            Err(Fault::Cut | Fault::Late(_) | Fault::TooLong(_))
        ) {
            came.body = String::from_utf8_lossy(&bytes).into_owned();
            keep(&came);
        }
        outcome
    }
}

/// The client's error without the address, which may hold a name of the operator's network.
fn nameless(error: reqwest::Error) -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(error.without_url())
}

fn headers(server: &Server, key: Option<&ApiKey>) -> Result<HeaderMap, SetupError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let secret = |text: String| {
        let mut value = HeaderValue::try_from(text).map_err(|_| SetupError::Key)?;
        value.set_sensitive(true);
        Ok(value)
    };
    if server.dialect() == Dialect::Anthropic {
        let version = HeaderValue::from_static(anthropic::VERSION);
        headers.insert("anthropic-version", version);
        if let Some(key) = key {
            headers.insert("x-api-key", secret(key.reveal().to_owned())?);
        }
    } else if let Some(key) = key {
        headers.insert(AUTHORIZATION, secret(format!("Bearer {}", key.reveal()))?);
    }
    Ok(headers)
}

/// One provider of cryptography for the process; whoever was first stays.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date_by_the_servers_own_clock() {
        let date = Some("Sun, 01 Mar 2026 12:00:00 GMT");
        let after = |value| retry_after(value, date).map(|wait| wait.as_secs());
        assert_eq!(after(" 120 "), Some(120));
        assert_eq!(after("Sun, 01 Mar 2026 12:05:00 GMT"), Some(300));
        assert_eq!(after("Sun, 01 Mar 2026 11:00:00 GMT"), Some(0));
        assert_eq!(after("99999999999999"), Some(MONTH));
        assert_eq!(after("Mon, 01 Mar 2100 11:00:00 GMT"), Some(MONTH));
        assert_eq!(after("soon"), None);
        assert_eq!(retry_after("Sun, 01 Mar 2026 12:05:00 GMT", None), None);
    }
}
