use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use dealwright_core::time::Timestamp;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::pkcs8::DecodePublicKey as _;

use super::{events, form};
use crate::provider::{EventRefusal, ProviderNews, fresh};

/// Room for a signature: 72 bytes in base64 are 96.
const SIGNATURE_BYTES: usize = 200;
/// SendGrid delivers again for a day what was not answered, and does not say that it signs anew.
const PAST: Duration = Duration::hours(25);

/// The public key of a signed webhook, as SendGrid's page shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct SendgridKey(VerifyingKey);

impl SendgridKey {
    /// Reads the key: base64, with or without the lines of PEM around it.
    ///
    /// # Errors
    ///
    /// [`EventRefusal::Setup`] where it is no public key of P-256.
    pub fn parse(text: &str) -> Result<Self, EventRefusal> {
        let none = EventRefusal::Setup(
            "the verification key is none; copy it whole from the page of the signed webhook",
        );
        let lines = text.lines().filter(|line| !line.starts_with("-----"));
        let text: String = lines.flat_map(str::split_whitespace).collect();
        let der = STANDARD.decode(text).map_err(|_| none.clone())?;
        VerifyingKey::from_public_key_der(&der)
            .map(Self)
            .map_err(|_| none)
    }
}

impl fmt::Debug for SendgridKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendgridKey")
    }
}

/// Lets in what SendGrid signed (ECDSA P-256 over time and body): signature and age first, and only
/// then what it says.
///
/// Both kinds of delivery are read: the events of letters, which are JSON, and the mails of Inbound
/// Parse, which are a form; for those, turn on that the raw mail is posted, and give the webhook a
/// security policy with signatures. A delivery that comes twice gives the same events under the
/// same keys, so it is heard once.
#[derive(Clone, Debug)]
pub struct SendgridDoor {
    keys: Vec<SendgridKey>,
    past: Duration,
}

impl SendgridDoor {
    /// A door for what is signed under `key`, up to 25 hours ago: SendGrid delivers again for a day.
    #[must_use]
    pub fn new(key: SendgridKey) -> Self {
        Self {
            keys: vec![key],
            past: PAST,
        }
    }

    /// Takes another key too: that of a second webhook, or the next one while it is changed.
    #[must_use]
    pub fn with_key(mut self, key: SendgridKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Refuses what was signed longer ago than `past`.
    #[must_use]
    pub fn with_past(mut self, past: Duration) -> Self {
        self.past = past;
        self
    }

    /// Reads one delivery: the headers `x-twilio-email-event-webhook-signature`,
    /// `x-twilio-email-event-webhook-timestamp` and `content-type`, and the body byte for byte.
    ///
    /// Events of letters that are no news of ours (opens, clicks, changes of the account) are passed
    /// over.
    ///
    /// # Errors
    ///
    /// [`EventRefusal`]; answer 401 for what is not signed, 400 for what is and makes no sense.
    pub fn read(
        &self,
        (signature, at, media_type): (&str, &str, &str),
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<ProviderNews>, EventRefusal> {
        self.verify(signature, at, body)?;
        let at = at
            .parse()
            .map_err(|_| EventRefusal::Header("has a time that is none"))?;
        fresh(at, now, self.past)?;
        let media = media_type.trim_start().to_ascii_lowercase();
        if media.starts_with("multipart/form-data") {
            let mail = form::field(media_type, body, "email")?;
            return Ok(vec![ProviderNews::Mail(mail.to_vec())]);
        }
        let events = events::read(body, now)?;
        Ok(events.into_iter().map(ProviderNews::Event).collect())
    }

    fn verify(&self, signature: &str, at: &str, body: &[u8]) -> Result<(), EventRefusal> {
        if signature.is_empty() || signature.len() > SIGNATURE_BYTES {
            return Err(EventRefusal::Header("is missing or too long"));
        }
        if !(1..=19).contains(&at.len()) || !at.bytes().all(|b| b.is_ascii_digit()) {
            return Err(EventRefusal::Header("has a time that is none"));
        }
        let der = STANDARD.decode(signature).ok();
        let signature = der
            .and_then(|der| Signature::from_der(&der).ok())
            .ok_or(EventRefusal::Header("is none of ECDSA in base64"))?;
        let mut signed = Vec::with_capacity(at.len() + body.len());
        signed.extend_from_slice(at.as_bytes());
        signed.extend_from_slice(body);
        let fits = |key: &SendgridKey| key.0.verify(&signed, &signature).is_ok();
        if self.keys.iter().any(fits) {
            Ok(())
        } else {
            Err(EventRefusal::Signature)
        }
    }
}
