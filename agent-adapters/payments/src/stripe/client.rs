use std::fmt;
use std::sync::Once;
use std::time::Duration;

use dealwright_core::canonical::Digest32;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::EffectKey;
use reqwest::{Client, Method, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::error::{CallError, ErrorBody, Refused, Stake};
use super::form::Form;

/// The version of Stripe's API that every request names and every object is read by.
pub const STRIPE_VERSION: &str = "2023-08-16";

/// No answer of the endpoints used here comes near this.
const ANSWER_BYTES: usize = 8 * 1024 * 1024;
const OPERATION: &str = "set up stripe";
/// The longest wait that a `Retry-After` can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// A secret or restricted key of Stripe's; `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

/// Why a text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stripe key begins with `sk_` or `rk_`, then `live_` or `test_`, and has up to 255 letters, digits and `_`"
)]
pub struct ApiKeyError;

impl ApiKey {
    /// Reads `sk_test_…`, `sk_live_…`, `rk_test_…` or `rk_live_…`.
    ///
    /// # Errors
    ///
    /// [`ApiKeyError`] for anything else, a publishable key included.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        let known = ["sk_live_", "sk_test_", "rk_live_", "rk_test_"]
            .iter()
            .any(|start| text.len() > start.len() && text.starts_with(start));
        let clean = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if known && text.len() <= 255 && text.chars().all(clean) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ApiKeyError)
        }
    }

    /// Whether real money moves under it.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.0.get(3..8) == Some("live_")
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = if self.is_live() { "live" } else { "test" };
        write!(f, "ApiKey({mode})")
    }
}

/// What a POST gives Stripe so that it can tell a repeat: a hash of our own step and of the part
/// of it that is asked for. Stripe may forget it after a day.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key of one part of a step.
    #[must_use]
    pub fn of(step: EffectKey, part: &str) -> Self {
        Self::of_words(&["step", &step.to_hex(), part])
    }

    /// The key of something that is not a step, such as a customer.
    #[must_use]
    pub(crate) fn of_words(words: &[&str]) -> Self {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        Self(Digest32::of_parts(&words).to_hex())
    }

    fn next(&self) -> Self {
        Self::of_words(&["again", &self.0])
    }

    /// What is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Speaks to Stripe: a key, a pinned version, a bounded answer. It repeats nothing by itself.
#[derive(Clone)]
pub struct StripeClient {
    http: Client,
    base: Url,
    key: ApiKey,
}

impl fmt::Debug for StripeClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeClient")
            .field("base", &self.base.as_str())
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// One request, ready to be sent.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Form,
    pub(crate) body: Form,
    pub(crate) key: Option<IdempotencyKey>,
}

impl Call {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            query: Form::new(),
            body: Form::new(),
            key: None,
        }
    }

    pub(crate) fn query(mut self, query: Form) -> Self {
        self.query = query;
        self
    }

    pub(crate) fn post(path: impl Into<String>, body: Form, key: IdempotencyKey) -> Self {
        Self {
            method: Method::POST,
            body,
            key: Some(key),
            ..Self::get(path)
        }
    }

    /// Taken back or struck twice is taken back once, so it needs no key.
    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self {
            method: Method::DELETE,
            ..Self::get(path)
        }
    }
}

impl StripeClient {
    /// Speaks to Stripe itself.
    ///
    /// # Errors
    ///
    /// `Unexpected` where no encrypted connection can be set up on this machine.
    pub fn new(key: ApiKey) -> Result<Self, PortError> {
        Self::at("https://api.stripe.com", key)
    }

    /// Speaks to another address: a proxy by `https`, or a server on this machine.
    ///
    /// # Errors
    ///
    /// `Invalid` for any other address, since the key would travel in the clear.
    pub fn at(base: &str, key: ApiKey) -> Result<Self, PortError> {
        let invalid =
            |why: &'static str| PortError::new(OPERATION, PortErrorKind::Invalid).with_source(why);
        let base = Url::parse(base).map_err(|_| invalid("the address is none"))?;
        let here = match base.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => return Err(invalid("the address has no host")),
        };
        if base.scheme() != "https" && !(base.scheme() == "http" && here) {
            return Err(invalid(
                "the key would travel in the clear; use an address with https",
            ));
        }
        let http = http(&base, Duration::from_secs(60))?;
        Ok(Self { http, base, key })
    }

    /// How long a whole answer may take; a minute where nothing is said.
    ///
    /// # Errors
    ///
    /// As [`at`](Self::at).
    pub fn with_timeout(self, timeout: Duration) -> Result<Self, PortError> {
        let http = http(&self.base, timeout)?;
        Ok(Self { http, ..self })
    }

    /// Whether real money moves.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.key.is_live()
    }

    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        call: Call,
    ) -> Result<T, PortError> {
        let answer = self.send(call).await;
        answer.map_err(|e| e.port(operation, Stake::Nothing))
    }

    /// Sends a POST. Stripe stores a failure of its own and replays it for a day; once it does,
    /// the request under the key is over, and the same wish may be tried under the next key.
    /// Only for callers that looked first whether the object is there.
    pub(crate) async fn post<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        self.post_marked(call).await.map(|(made, _)| made)
    }

    /// The same, with whether the answer is that of an earlier request under the key.
    pub(crate) async fn post_marked<T: DeserializeOwned>(
        &self,
        call: Call,
    ) -> Result<(T, bool), CallError> {
        let next = call.key.as_ref().map(IdempotencyKey::next);
        let again = Call {
            method: call.method.clone(),
            path: call.path.clone(),
            query: Form::new(),
            body: call.body.clone(),
            key: next,
        };
        match self.send_marked(call).await {
            Err(CallError::Answer(refused)) if refused.replayed && refused.status >= 500 => {
                self.send_marked(again).await
            }
            answer => answer,
        }
    }

    pub(crate) async fn send<T: DeserializeOwned>(&self, call: Call) -> Result<T, CallError> {
        self.send_marked(call).await.map(|(read, _)| read)
    }

    async fn send_marked<T: DeserializeOwned>(&self, call: Call) -> Result<(T, bool), CallError> {
        let mut url = self.base.clone();
        url.set_path(&call.path);
        if !call.query.is_empty() {
            url.set_query(Some(&call.query.encode()));
        }
        let mut request = self
            .http
            .request(call.method.clone(), url)
            .bearer_auth(&self.key.0)
            .header("stripe-version", STRIPE_VERSION);
        if call.method == Method::POST {
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(call.body.encode());
        }
        if let Some(key) = &call.key {
            request = request.header("idempotency-key", key.as_str());
        }
        let line = |source: reqwest::Error| CallError::Line {
            sent: !source.is_connect() && !source.is_builder(),
            source,
        };
        let mut response = request.send().await.map_err(line)?;
        let status = response.status().as_u16();
        let header = |name: &str| {
            let value = response.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let retry_after = header("retry-after").and_then(|text| wait(&text));
        let request_id = header("request-id");
        let replayed = header("idempotent-replayed").is_some_and(|text| text == "true");
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(line)? {
            if body.len() + chunk.len() > ANSWER_BYTES {
                let why = format!("more than {ANSWER_BYTES} bytes");
                return Err(CallError::Unreadable { status, why });
            }
            body.extend_from_slice(&chunk);
        }
        if (200..300).contains(&status) {
            let read = serde_json::from_slice(&body).map_err(|error| CallError::Unreadable {
                status,
                // serde names the place and the field, and may repeat a value: keep the place.
                why: format!(
                    "what is not the object that was asked for (line {}, column {})",
                    error.line(),
                    error.column()
                ),
            })?;
            return Ok((read, replayed));
        }
        Err(CallError::Answer(Refused {
            status,
            // A proxy's page has no error object; the status alone decides then.
            error: serde_json::from_slice::<Envelope>(&body)
                .map(|envelope| envelope.error)
                .unwrap_or_default(),
            retry_after,
            request: request_id,
            replayed,
        }))
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

#[derive(Deserialize)]
struct Envelope {
    error: ErrorBody,
}

fn wait(text: &str) -> Option<Duration> {
    let seconds: u64 = text.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
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
    fn keys_do_not_show_and_do_not_travel_in_the_clear() {
        let key = ApiKey::parse("sk_test_abc123").unwrap();
        assert_eq!(format!("{key:?}"), "ApiKey(test)");
        assert!(!key.is_live());
        assert!(ApiKey::parse("rk_live_x").unwrap().is_live());
        for wrong in [
            "",
            "pk_live_abc",
            "sk_live_",
            "sk_test_a\r\nX: y",
            "sk_prod_abc",
        ] {
            assert!(ApiKey::parse(wrong).is_err(), "{wrong:?}");
        }
        for wrong in [
            "http://api.stripe.com",
            "http://10.0.0.1",
            "ftp://x",
            "nonsense",
        ] {
            let error = StripeClient::at(wrong, key.clone()).unwrap_err();
            assert_eq!(error.kind(), PortErrorKind::Invalid, "{wrong}");
        }
        let client = StripeClient::at("http://127.0.0.1:1", key).unwrap();
        assert!(!format!("{client:?}").contains("abc123"));
    }
}
