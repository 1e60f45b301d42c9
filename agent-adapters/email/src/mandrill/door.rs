use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dealwright_core::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha1::Sha1;
use url::{Url, form_urlencoded};

use super::events;
use crate::Secret;
use crate::provider::{EventRefusal, ProviderNews};

/// Room for a signature: 20 bytes in base64 are 28.
const SIGNATURE_BYTES: usize = 100;
/// Mandrill posts one field; more may come.
const FIELDS: usize = 16;
const EVENTS: &str = "mandrill_events";
/// What Mandrill signs its question with, whether there is a webhook at an address.
const QUESTION: &str = "test-webhook";

/// Lets in what Mandrill signed (HMAC-SHA1 over the webhook's address and the sorted fields): the
/// signature first, and only then what it says.
///
/// Mandrill signs no time, so an old delivery cannot be told from a new one: it gives the same
/// events under the same keys, and is heard once. Events of letters and mails that came in by an
/// inbound route are read; each webhook and each route has a key of its own.
#[derive(Clone, Debug)]
pub struct MandrillDoor {
    url: String,
    keys: Vec<Secret>,
}

impl MandrillDoor {
    /// A door for the webhook that Mandrill knows under `url`, to the letter, and signs with `key`.
    ///
    /// # Errors
    ///
    /// [`EventRefusal::Setup`] where the address is none of HTTPS, or the key is empty.
    pub fn new(url: &str, key: Secret) -> Result<Self, EventRefusal> {
        let parsed = Url::parse(url).ok().filter(|url| url.scheme() == "https");
        if parsed.is_none() {
            return Err(EventRefusal::Setup(
                "the webhook's address is none with https; write it exactly as Mandrill has it",
            ));
        }
        let door = Self {
            url: url.to_owned(),
            keys: Vec::new(),
        };
        door.with_key(key)
    }

    /// Takes another key too: that of an inbound route at the same address, or the next one while
    /// it is changed.
    ///
    /// # Errors
    ///
    /// [`EventRefusal::Setup`] where the key is empty, or the one that everybody knows.
    pub fn with_key(mut self, key: Secret) -> Result<Self, EventRefusal> {
        if key.reveal().is_empty() || key.reveal() == QUESTION {
            return Err(EventRefusal::Setup(
                "the webhook's key is none; copy it from Mandrill's page of webhooks",
            ));
        }
        self.keys.push(key);
        Ok(self)
    }

    /// Reads one delivery: the header `x-mandrill-signature`, and the body as it came.
    ///
    /// Events that are no news of ours (opens, clicks, changes of lists) are passed over. The empty
    /// delivery by which Mandrill asks whether the webhook is there holds nothing.
    ///
    /// # Errors
    ///
    /// [`EventRefusal`]; answer 401 for what is not signed, 400 for what is and makes no sense.
    pub fn read(
        &self,
        signature: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<ProviderNews>, EventRefusal> {
        if signature.is_empty() || signature.len() > SIGNATURE_BYTES {
            return Err(EventRefusal::Header("is missing or too long"));
        }
        let signature = STANDARD
            .decode(signature)
            .map_err(|_| EventRefusal::Header("is no base64"))?;
        let mut fields: Vec<(String, String)> = form_urlencoded::parse(body)
            .take(FIELDS)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        fields.sort();
        let signed = |key: &Secret| self.signed(key, &fields, &signature);
        let ours = self
            .keys
            .iter()
            .fold(false, |found, key| found | signed(key));
        if !ours {
            let asks = fields
                .iter()
                .all(|(name, value)| name == EVENTS && value.trim() == "[]");
            if asks && fields.len() == 1 && signed(&Secret::new(QUESTION)) {
                return Ok(Vec::new());
            }
            return Err(EventRefusal::Signature);
        }
        let mut events = fields.iter().filter(|(name, _)| name == EVENTS);
        let (Some((_, events)), None) = (events.next(), events.next()) else {
            return Err(EventRefusal::Malformed(
                "the body has not one field `mandrill_events`",
            ));
        };
        let all: Vec<Value> = serde_json::from_str(events)
            .map_err(|_| EventRefusal::Malformed("the events are no JSON list"))?;
        Ok(events::read(&all, now))
    }

    /// Compared in constant time.
    fn signed(&self, key: &Secret, fields: &[(String, String)], signature: &[u8]) -> bool {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.reveal().as_bytes()) else {
            return false;
        };
        mac.update(self.url.as_bytes());
        for (name, value) in fields {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        mac.verify_slice(signature).is_ok()
    }
}
