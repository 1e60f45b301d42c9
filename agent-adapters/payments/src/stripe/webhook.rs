use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use dealwright_core::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha256;

use super::objects::{StripeId, instant};

/// Stripe's events are a few kilobytes; what is larger is refused before anything is reckoned.
const BODY_BYTES: usize = 512 * 1024;
/// Room for a dozen signatures.
const HEADER_BYTES: usize = 2 * 1024;
/// How many signatures of a header are tried: two secrets overlap while one is rolled.
const SIGNATURES: usize = 8;
/// How old, or how far ahead, a signature may be.
const TOLERANCE: Duration = Duration::minutes(5);
/// Stripe delivers again for three days.
const REMEMBERED: Duration = Duration::days(30);
/// Events that are remembered at most; the payer counts each payment once beyond that.
const EVENTS: usize = 200_000;

/// What a webhook's sender signs with; `Debug` never shows it.
#[derive(Clone)]
pub struct SigningSecret(Vec<u8>);

impl SigningSecret {
    /// Stripe's secret as it is shown: `whsec_…`, all of it the key.
    ///
    /// # Errors
    ///
    /// [`WebhookRefusal::Secret`] for less than 16 or more than 255 characters.
    pub fn stripe(text: &str) -> Result<Self, WebhookRefusal> {
        if (16..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(Self(text.as_bytes().to_vec()))
        } else {
            Err(WebhookRefusal::Secret)
        }
    }

    /// A secret of Standard Webhooks: base64 after `whsec_`.
    ///
    /// # Errors
    ///
    /// [`WebhookRefusal::Secret`] where it is no base64 of 16 to 255 bytes.
    pub fn standard(text: &str) -> Result<Self, WebhookRefusal> {
        let text = text.strip_prefix("whsec_").unwrap_or(text);
        let key = STANDARD.decode(text).map_err(|_| WebhookRefusal::Secret)?;
        if (16..=255).contains(&key.len()) {
            Ok(Self(key))
        } else {
            Err(WebhookRefusal::Secret)
        }
    }

    /// Whether one of the signatures is that of the parts. Each is compared in constant time.
    fn signed(&self, parts: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0) else {
            return false;
        };
        for part in parts {
            mac.update(part);
        }
        // Every one is looked at, so that the time does not tell which was right.
        signatures.iter().fold(false, |found, signature| {
            found | mac.clone().verify_slice(signature).is_ok()
        })
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret")
    }
}

/// Why a delivery was not taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookRefusal {
    /// The configured secret is none.
    #[error("the webhook secret is none; copy it from the provider's page, `whsec_` included")]
    Secret,
    /// More bytes than any event has.
    #[error("the body has more than {BODY_BYTES} bytes")]
    BodyTooLarge,
    /// The header is none of the provider's.
    #[error("the signature header {0}")]
    Header(&'static str),
    /// No signature fits the body.
    #[error(
        "no signature fits; either the sender is not the provider, or the body was changed, or the secret is another endpoint's"
    )]
    Signature,
    /// It was signed too long ago or ahead.
    #[error("it was signed {seconds} s from now; see that the clock is right")]
    Stale {
        /// Our time less theirs.
        seconds: i64,
    },
    /// It was signed, and is no event.
    #[error("the body is no event: {why}")]
    Malformed {
        /// What is wrong, without what it says.
        why: String,
    },
    /// A test event where real money moves, or the other way.
    #[error("the event is of the {found} mode and this endpoint is not")]
    Mode {
        /// `live` or `test`.
        found: &'static str,
    },
}

/// An event as it came, signed and parsed. What it says of money is not taken from it, but asked
/// for: see [`confirm`](super::confirm).
#[derive(Clone, Debug, PartialEq)]
pub struct StripeEvent {
    id: StripeId,
    kind: String,
    at: Timestamp,
    object: Option<(String, StripeId)>,
    raw: Value,
}

impl StripeEvent {
    /// Reads an event's body; the signature is not looked at.
    ///
    /// # Errors
    ///
    /// [`WebhookRefusal::Malformed`].
    pub fn parse(body: &[u8]) -> Result<(Self, bool), WebhookRefusal> {
        #[derive(Deserialize)]
        struct Head {
            id: StripeId,
            #[serde(rename = "type")]
            kind: String,
            #[serde(default)]
            created: i64,
            #[serde(default)]
            livemode: bool,
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            object: Value,
        }
        let malformed = |error: serde_json::Error| WebhookRefusal::Malformed {
            why: match error.classify() {
                serde_json::error::Category::Data => "a field is missing or of another kind",
                _ => "it is not json",
            }
            .to_owned(),
        };
        let raw: Value = serde_json::from_slice(body).map_err(malformed)?;
        let head = Head::deserialize(&raw).map_err(malformed)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        if !(1..=100).contains(&head.kind.len()) || !head.kind.chars().all(plain) {
            let why = "its type is none".to_owned();
            return Err(WebhookRefusal::Malformed { why });
        }
        let at = instant(head.created).ok_or_else(|| WebhookRefusal::Malformed {
            why: "its time is none".to_owned(),
        })?;
        let word = |name: &str| head.data.object.get(name).and_then(Value::as_str);
        // Events name their object in `object`; where that is left out, the type says it.
        let family = head.kind.rsplit_once('.').map_or("", |(family, _)| family);
        let object = word("id").and_then(|id| StripeId::parse(id).ok());
        let object = object.map(|id| (word("object").unwrap_or(family).to_owned(), id));
        let event = Self {
            id: head.id,
            kind: head.kind,
            at,
            object,
            raw,
        };
        Ok((event, head.livemode))
    }

    /// Its id: the same in every delivery of it.
    #[must_use]
    pub fn id(&self) -> &StripeId {
        &self.id
    }

    /// Its type, such as `invoice.paid`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// When it happened, by Stripe's clock.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The kind and id of the object it is about, where it has one.
    #[must_use]
    pub fn object(&self) -> Option<(&str, &StripeId)> {
        self.object.as_ref().map(|(kind, id)| (kind.as_str(), id))
    }

    /// All of it, as it came: what is kept of events that nobody here knows.
    #[must_use]
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the receiver must answer both cases"
)]
pub enum Delivery {
    /// An event to work on. Call [`WebhookDoor::done`] once what it brought is stored; until
    /// then a repeat is taken for an event too, so that a failure in between loses nothing.
    Fresh(Box<StripeEvent>),
    /// An event that was worked on. Answer 2xx, so that it does not come again.
    Repeat(StripeId),
}

/// Lets in what Stripe signed: size first, then signature and age, then whether it came before,
/// and only then what it says.
#[derive(Debug)]
pub struct WebhookDoor {
    secrets: Vec<SigningSecret>,
    live: Option<bool>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    at: BTreeMap<StripeId, Timestamp>,
    order: BTreeSet<(Timestamp, StripeId)>,
}

impl WebhookDoor {
    /// A door for events signed with `secret`.
    #[must_use]
    pub fn new(secret: SigningSecret) -> Self {
        Self {
            secrets: vec![secret],
            live: None,
            seen: Mutex::default(),
        }
    }

    /// Takes another secret too, while it is rolled.
    #[must_use]
    pub fn with_secret(mut self, secret: SigningSecret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Refuses events of the other mode.
    #[must_use]
    pub fn with_mode(mut self, live: bool) -> Self {
        self.live = Some(live);
        self
    }

    /// Looks at one delivery: the header `stripe-signature` and the body, byte for byte as it came.
    ///
    /// # Errors
    ///
    /// [`WebhookRefusal`]; answer 400, and keep nothing.
    pub fn receive(
        &self,
        header: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Delivery, WebhookRefusal> {
        if body.len() > BODY_BYTES {
            return Err(WebhookRefusal::BodyTooLarge);
        }
        let (at, signatures) = stripe_header(header)?;
        let parts: [&[u8]; 3] = [at.as_bytes(), b".", body];
        let signed = self.secrets.iter().fold(false, |found, secret| {
            found | secret.signed(&parts, &signatures)
        });
        if !signed {
            return Err(WebhookRefusal::Signature);
        }
        fresh(&at, now)?;
        let (event, live) = StripeEvent::parse(body)?;
        if self.live.is_some_and(|wanted| wanted != live) {
            let found = if live { "live" } else { "test" };
            return Err(WebhookRefusal::Mode { found });
        }
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.at.contains_key(&event.id) {
            return Ok(Delivery::Repeat(event.id));
        }
        Ok(Delivery::Fresh(Box::new(event)))
    }

    /// Remembers an event whose news is stored, for 30 days.
    pub fn done(&self, event: &StripeId, now: Timestamp) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.at.insert(event.clone(), now).is_none() {
            seen.order.insert((now, event.clone()));
        }
        while let Some((at, id)) = seen.order.first().cloned() {
            if seen.at.len() <= EVENTS && now - at <= REMEMBERED {
                break;
            }
            seen.order.pop_first();
            seen.at.remove(&id);
        }
    }
}

/// The time and the signatures of `t=…,v1=…[,v1=…]`; other schemes are passed over.
fn stripe_header(header: &str) -> Result<(String, Vec<Vec<u8>>), WebhookRefusal> {
    if header.len() > HEADER_BYTES {
        return Err(WebhookRefusal::Header("is too long"));
    }
    let (mut at, mut signatures) = (None, Vec::new());
    for part in header.split(',') {
        match part.split_once('=') {
            // Of two times it could not be said which was signed.
            Some(("t", _)) if at.is_some() => {
                return Err(WebhookRefusal::Header("has two times"));
            }
            Some(("t", text)) => at = Some(text.to_owned()),
            Some(("v1", text)) if signatures.len() < SIGNATURES => {
                signatures.extend(hex::decode(text).ok());
            }
            _ => {}
        }
    }
    let at = at.ok_or(WebhookRefusal::Header("has no time"))?;
    if !(1..=19).contains(&at.len()) || !at.bytes().all(|b| b.is_ascii_digit()) {
        return Err(WebhookRefusal::Header("has a time that is none"));
    }
    if signatures.is_empty() {
        return Err(WebhookRefusal::Header("has no signature of scheme v1"));
    }
    Ok((at, signatures))
}

fn fresh(at: &str, now: Timestamp) -> Result<(), WebhookRefusal> {
    let none = WebhookRefusal::Header("has a time that is none");
    let at: i64 = at.parse().map_err(|_| none)?;
    let seconds = now.timestamp().saturating_sub(at);
    if seconds.saturating_abs() <= TOLERANCE.num_seconds() {
        Ok(())
    } else {
        Err(WebhookRefusal::Stale { seconds })
    }
}

/// Checks a delivery by the scheme of Standard Webhooks: the headers `webhook-id`,
/// `webhook-timestamp` and `webhook-signature`, and the body as it came.
///
/// # Errors
///
/// [`WebhookRefusal`].
pub fn verify_standard(
    secret: &SigningSecret,
    headers: (&str, &str, &str),
    body: &[u8],
    now: Timestamp,
) -> Result<(), WebhookRefusal> {
    let (id, at, signature) = headers;
    if body.len() > BODY_BYTES {
        return Err(WebhookRefusal::BodyTooLarge);
    }
    if id.is_empty() || id.len() + at.len() + signature.len() > HEADER_BYTES {
        return Err(WebhookRefusal::Header("is missing or too long"));
    }
    let signatures: Vec<Vec<u8>> = signature
        .split(' ')
        .filter_map(|part| part.strip_prefix("v1,"))
        .take(SIGNATURES)
        .filter_map(|text| STANDARD.decode(text).ok())
        .collect();
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", at.as_bytes(), b".", body];
    if !secret.signed(&parts, &signatures) {
        return Err(WebhookRefusal::Signature);
    }
    fresh(at, now)
}
