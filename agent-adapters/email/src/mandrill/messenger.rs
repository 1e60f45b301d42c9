use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dealwright_core::blobs::Blobs;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::mail::BounceClass;
use dealwright_core::party::Channel;
use dealwright_core::process::{EffectClass, EffectKey};
use dealwright_core::time::{Clock, Timestamp};
use dealwright_core::trust::{Messenger, Receipt, Sendable, SentLog};
use serde_json::Value;

use super::{NAME, body};
use crate::provider::{Answer, Api, Fields, Outgoing, ProviderRefusal, lost, refused, unread};
use crate::{Secret, free_mail};

const FIND: &str = "find letter";

/// How letters go to Mandrill.
#[derive(Clone, Debug)]
pub struct MandrillSettings {
    /// The API key; one that was made as a test key sends nothing.
    pub key: Secret,
    /// `https://mandrillapp.com`.
    pub base: String,
    /// The longest that one letter or one search may take, answer included.
    pub timeout: Duration,
}

impl MandrillSettings {
    /// Sends for `key`, a minute a letter.
    #[must_use]
    pub fn new(key: Secret) -> Self {
        Self {
            key,
            base: "https://mandrillapp.com".to_owned(),
            timeout: Duration::from_secs(60),
        }
    }
}

/// Hands letters to Mandrill, and asks it what it took.
///
/// `AtMostOnce`: Mandrill knows no keys, so a repeat is a second letter. Our key travels with the
/// letter and comes back in events and searches. A refusal that Mandrill names means that the letter
/// was not taken; once the request has left, a lost answer and errors without a known name are a
/// `Timeout`, and nobody knows.
///
/// Mandrill writes the MIME form itself. What it cannot carry is the mark of AI on a single file: a
/// header of the letter, `X-AI-Generated-Files`, names those files instead.
///
/// As a [`SentLog`] it never answers `None` because nothing was found: the index of a search lags,
/// and holds our field only where the account says so. `None` is a letter that Mandrill knows and
/// turned down.
pub struct MandrillMessenger {
    settings: MandrillSettings,
    api: Api,
    blobs: Arc<dyn Blobs>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for MandrillMessenger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MandrillMessenger")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl MandrillMessenger {
    /// Sends as `settings` say; attachments come from `blobs`. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Invalid` where the settings cannot be used, with what to change; `Unexpected` where no
    /// encrypted connection can be set up on this machine.
    pub fn new(
        settings: MandrillSettings,
        blobs: Arc<dyn Blobs>,
        clock: impl Clock + 'static,
    ) -> Result<Self, PortError> {
        let api = Api::new(&settings.base, &settings.key, settings.timeout)?;
        Ok(Self {
            settings,
            api,
            blobs,
            clock: Arc::new(clock),
        })
    }

    fn refusal(&self, status: u16, name: Option<&str>, said: &str) -> ProviderRefusal {
        ProviderRefusal::new(NAME, status, name, said, &self.settings.key)
    }

    /// An error answer, and what it says of the letter.
    fn refused(&self, answer: &Answer, now: Timestamp) -> PortError {
        let said = answer.json();
        let fields = said.as_ref().and_then(Fields::of);
        let word = |name: &str| fields.and_then(|fields| fields.text(name));
        let (name, said) = (word("name"), word("message").unwrap_or_default());
        let refusal = self.refusal(answer.status, name, said);
        let kind = kind(answer.status, name);
        refused(kind, refusal, answer, now.timestamp())
    }

    /// Mandrill's own id of the letter, or the error.
    fn taken(&self, answer: &Answer, now: Timestamp) -> Result<String, PortError> {
        if answer.status != 200 {
            return Err(self.refused(answer, now));
        }
        let unread = |why| unread(NAME, answer.status, why);
        let said = answer.json().ok_or_else(|| unread("no JSON"))?;
        let one = said
            .as_array()
            .and_then(|all| all.first())
            .and_then(Fields::of);
        let result = one.ok_or_else(|| unread("no word of the letter"))?;
        match (result.text("status"), result.text("_id")) {
            (Some("sent" | "queued" | "scheduled"), Some(id)) => Ok(id.to_owned()),
            (Some(word @ ("rejected" | "invalid")), _) => {
                let reason = result.text("reject_reason").unwrap_or(word);
                let (kind, class) = turned_down(reason);
                let said = "the letter is turned down";
                let refusal = ProviderRefusal {
                    class,
                    ..self.refusal(answer.status, Some(reason), said)
                };
                Err(refused(kind, refusal, answer, now.timestamp()))
            }
            _ => Err(unread("a state of the letter that is not known")),
        }
    }
}

/// What an error says of the letter: by its name, since Mandrill answers most of them with 500.
fn kind(status: u16, name: Option<&str>) -> PortErrorKind {
    match (name, status) {
        (Some("Invalid_Key" | "PaymentRequired"), _) => PortErrorKind::PermissionDenied,
        (Some("ValidationError" | "Unknown_Subaccount"), _) => PortErrorKind::Invalid,
        (Some("RequestLimitExceeded"), _) | (_, 429) => PortErrorKind::RateLimited,
        // The part that takes letters says itself that it is down.
        (Some("ServiceUnavailable"), _) => PortErrorKind::Unavailable,
        (_, 401..=403) => PortErrorKind::PermissionDenied,
        (_, 400 | 404 | 405 | 413 | 415 | 422) => PortErrorKind::Invalid,
        // It may have been taken before that.
        (_, 408 | 500..=599) => PortErrorKind::Timeout,
        _ => PortErrorKind::Unexpected,
    }
}

/// What a reason for turning a letter down says of us and of the address.
fn turned_down(reason: &str) -> (PortErrorKind, Option<BounceClass>) {
    match reason {
        "hard-bounce" | "invalid" => (PortErrorKind::Invalid, Some(BounceClass::Hard)),
        "soft-bounce" => (PortErrorKind::Invalid, Some(BounceClass::Soft)),
        "spam" | "unsub" | "custom" => (PortErrorKind::PermissionDenied, Some(BounceClass::Block)),
        // The sender is not verified, the domain not signed, a rule or a quota of the account.
        _ => (PortErrorKind::PermissionDenied, None),
    }
}

#[async_trait]
impl Messenger for MandrillMessenger {
    fn channel(&self) -> Channel {
        Channel::Email
    }

    fn class(&self) -> EffectClass {
        EffectClass::AtMostOnce
    }

    async fn send(&self, sendable: Sendable) -> Result<Receipt, PortError> {
        let opened = sendable.opened_at();
        let first = sendable.first_started().unwrap_or(opened);
        let now = self.clock.now();
        let (letter, key) = sendable.take(now)?;
        free_mail::check(letter.sender.address.domain().as_str(), self.api.host())?;
        let out = Outgoing::of(&letter, &*self.blobs, first).await?;
        let body = body::send(&out, &letter.message_id, key, &self.settings.key);
        let posted = self.api.post("/api/1.0/messages/send", None, &body).await;
        let provider_id = self.taken(&posted.map_err(lost)?, now)?;
        Ok(Receipt {
            provider_id,
            at: now,
        })
    }
}

#[async_trait]
impl SentLog for MandrillMessenger {
    /// Asks Mandrill's search for the letter under `key`, over its last 30 days.
    ///
    /// # Errors
    ///
    /// `NotFound` where the search finds nothing, which proves nothing; those of the line.
    async fn find(&self, key: EffectKey) -> Result<Option<Receipt>, PortError> {
        let now = self.clock.now();
        let body = body::search(key, now, &self.settings.key);
        let posted = self.api.post("/api/1.0/messages/search", None, &body).await;
        let unavailable = |why: String| {
            PortError::new(FIND, PortErrorKind::Unavailable)
                .with_source(format!("mandrill answered with {why}"))
        };
        // A search changes nothing, so whatever becomes of it, it may be asked again.
        let answer = posted
            .map_err(|e| PortError::new(FIND, PortErrorKind::Unavailable).with_source(e.source))?;
        if answer.status != 200 {
            let error = self.refused(&answer, now);
            let kind = match error.kind() {
                PortErrorKind::Timeout => PortErrorKind::Unavailable,
                kind => kind,
            };
            return Err(PortError::new(FIND, kind).with_source(error));
        }
        let said = answer.json();
        let all = said.as_ref().and_then(Value::as_array);
        let all = all.ok_or_else(|| unavailable("no list of letters".to_owned()))?;
        // Words are searched everywhere: what counts is the field.
        let ours = |fields: &Fields<'_>| {
            let metadata = fields.inner("metadata");
            metadata.is_some_and(|metadata| metadata.effect() == Some(key))
        };
        let mut turned_down = false;
        for letter in all.iter().filter_map(Fields::of).filter(ours) {
            if letter.text("state") == Some("rejected") {
                turned_down = true;
            } else if let Some(id) = letter.text("_id") {
                return Ok(Some(Receipt {
                    provider_id: id.to_owned(),
                    at: letter.time("ts").unwrap_or(now),
                }));
            }
        }
        if turned_down {
            return Ok(None);
        }
        let what = "the search knows no such letter, which proves nothing: its index lags, and must be told of `dealwright_effect`";
        Err(PortError::new(FIND, PortErrorKind::NotFound).with_source(what))
    }
}
