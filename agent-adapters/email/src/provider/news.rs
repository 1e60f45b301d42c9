//! What a provider's webhook delivers, once its signature was looked at.

use chrono::DateTime;
#[cfg(feature = "sendgrid")]
use chrono::Duration;
use dealwright_core::canonical::{self, Digest32};
use dealwright_core::mail::MailEvent;
use dealwright_core::party::EmailAddress;
use dealwright_core::process::EffectKey;
use dealwright_core::time::Timestamp;
use serde_json::{Map, Value};

use super::outgoing::{EFFECT, LETTER};

/// The longest key of an event that is kept as it is.
const KEY: usize = 200;

/// One piece of news of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever takes a delivery in must take all of it"
)]
pub enum ProviderNews {
    /// Something happened to a letter.
    Event(MailEvent),
    /// A mail came in, byte for byte; [`InboundMail`](crate::inbound::InboundMail) reads it.
    Mail(Vec<u8>),
}

/// Why a delivery was not taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventRefusal {
    /// The configured key or address is none.
    #[error("{0}")]
    Setup(&'static str),
    /// What should show who sent it is missing or malformed.
    #[error("the signature {0}")]
    Header(&'static str),
    /// No signature fits.
    #[error(
        "no signature fits; either the sender is not the provider, or the body was changed, or the key is another webhook's"
    )]
    Signature,
    /// It was signed too long ago or ahead.
    #[error("it was signed {seconds} s from now; see that the clock is right")]
    Stale {
        /// Our time less theirs.
        seconds: i64,
    },
    /// It was signed, and cannot be understood.
    #[error("{0}")]
    Malformed(&'static str),
}

/// Whether a time in seconds is no older than `past` and no further ahead than five minutes.
#[cfg(feature = "sendgrid")]
pub(crate) fn fresh(at: i64, now: Timestamp, past: Duration) -> Result<(), EventRefusal> {
    let seconds = now.timestamp().saturating_sub(at);
    if (-300..=past.num_seconds()).contains(&seconds) {
        Ok(())
    } else {
        Err(EventRefusal::Stale { seconds })
    }
}

/// The fields of an event, read with patience: what is missing or of another kind is not there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The fields of an object.
    pub(crate) fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    #[cfg(feature = "mandrill")]
    pub(crate) fn inner(self, name: &str) -> Option<Self> {
        self.0.get(name).and_then(Self::of)
    }

    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    pub(crate) fn address(self, name: &str) -> Option<EmailAddress> {
        EmailAddress::parse(self.text(name)?).ok()
    }

    /// A time in seconds.
    pub(crate) fn seconds(self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    pub(crate) fn time(self, name: &str) -> Option<Timestamp> {
        DateTime::from_timestamp(self.seconds(name)?, 0)
    }

    /// Our own key, as we gave it.
    pub(crate) fn effect(self) -> Option<EffectKey> {
        EffectKey::from_hex(self.text(EFFECT)?)
    }

    /// The `Message-ID` that we gave.
    pub(crate) fn letter(self) -> Option<&'a str> {
        self.text(LETTER)
    }

    /// `key` where it can be one, else a hash of all fields.
    pub(crate) fn key(self, key: Option<&str>) -> String {
        let plain = |key: &&str| {
            (1..=KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
        };
        key.filter(plain).map_or_else(
            || {
                let all = Value::Object(self.0.clone());
                // The same fields in another order are the same event.
                let hash = canonical::hash(&all);
                hash.unwrap_or_else(|_| Digest32::of(all.to_string().as_bytes()))
                    .to_hex()
            },
            str::to_owned,
        )
    }
}

/// `Message-ID`s without brackets, each once.
pub(crate) fn letters<'a>(all: impl IntoIterator<Item = Option<&'a str>>) -> Vec<String> {
    let mut letters: Vec<String> = Vec::new();
    for id in all.into_iter().flatten() {
        let id = id.trim().trim_start_matches('<').trim_end_matches('>');
        if !id.is_empty() && !letters.iter().any(|known| known == id) {
            letters.push(id.to_owned());
        }
    }
    letters
}
