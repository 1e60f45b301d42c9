use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dealwright_core::blobs::Blobs;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::party::Channel;
use dealwright_core::process::EffectClass;
use dealwright_core::time::{Clock, Timestamp};
use dealwright_core::trust::{Messenger, Receipt, Sendable};
use serde_json::Value;

use super::{NAME, body::body};
use crate::provider::{Answer, Api, Outgoing, ProviderRefusal, lost, refused, unread};
use crate::{Secret, free_mail};

/// How letters go to SendGrid.
#[derive(Clone, Debug)]
pub struct SendgridSettings {
    /// The API key, `SG.…`, with the permission to send mail.
    pub key: Secret,
    /// `https://api.sendgrid.com`, or `https://api.eu.sendgrid.com` for a subuser of the EU region.
    pub base: String,
    /// Whether SendGrid only checks each letter and sends none.
    pub sandbox: bool,
    /// The longest that one letter may take, answer included.
    pub timeout: Duration,
}

impl SendgridSettings {
    /// Sends for `key` in earnest by the global region, a minute a letter.
    #[must_use]
    pub fn new(key: Secret) -> Self {
        Self {
            key,
            base: "https://api.sendgrid.com".to_owned(),
            sandbox: false,
            timeout: Duration::from_secs(60),
        }
    }
}

/// Hands letters to SendGrid.
///
/// `AtMostOnce`: SendGrid knows no keys, so a repeat is a second letter. Our key travels with the
/// letter and comes back in events. An answer of 4xx means that the letter was not taken; once the
/// request has left, a lost answer and 5xx are a `Timeout`, and nobody knows.
///
/// SendGrid writes the MIME form itself. What it cannot carry is the mark of AI on a single file:
/// a header of the letter, `X-AI-Generated-Files`, names those files instead.
pub struct SendgridMessenger {
    settings: SendgridSettings,
    api: Api,
    blobs: Arc<dyn Blobs>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for SendgridMessenger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendgridMessenger")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl SendgridMessenger {
    /// Sends as `settings` say; attachments come from `blobs`. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Invalid` where the settings cannot be used, with what to change; `Unexpected` where no
    /// encrypted connection can be set up on this machine.
    pub fn new(
        settings: SendgridSettings,
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

    /// SendGrid's own id of the letter, or the error.
    fn taken(&self, answer: &Answer, now: Timestamp) -> Result<Option<String>, PortError> {
        let wanted = if self.settings.sandbox { 200 } else { 202 };
        if answer.status == wanted {
            let id = answer.header("x-message-id").filter(|id| !id.is_empty());
            return Ok(id.map(str::to_owned));
        }
        if (200..300).contains(&answer.status) {
            let why = "no word of having taken the letter";
            return Err(unread(NAME, answer.status, why));
        }
        let said = answer.json();
        let first = said.as_ref().and_then(|said| said["errors"].get(0));
        let word = |name: &str| first.and_then(|e| e[name].as_str());
        let refusal = ProviderRefusal::new(
            NAME,
            answer.status,
            word("field"),
            word("message").unwrap_or_default(),
            &self.settings.key,
        );
        Err(refused(
            kind(answer.status),
            refusal,
            answer,
            now.timestamp(),
        ))
    }
}

/// What a status says of the letter.
fn kind(status: u16) -> PortErrorKind {
    match status {
        // Malformed, too large, or a path that is none: not taken, and never will be.
        400 | 404 | 405 | 406 | 410 | 411 | 413 | 415 | 422 => PortErrorKind::Invalid,
        // The key, its permission, the sender that is not verified, credits used up.
        401..=403 => PortErrorKind::PermissionDenied,
        429 => PortErrorKind::RateLimited,
        // It may have been taken before that.
        408 | 500..=599 => PortErrorKind::Timeout,
        _ => PortErrorKind::Unexpected,
    }
}

#[async_trait]
impl Messenger for SendgridMessenger {
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
        let body: Value = body(&out, &letter.message_id, key, self.settings.sandbox);
        let posted = self
            .api
            .post("/v3/mail/send", Some(&self.settings.key), &body)
            .await;
        let id = self.taken(&posted.map_err(lost)?, now)?;
        let provider_id = match id {
            _ if self.settings.sandbox => format!("sandbox:{}", letter.message_id),
            Some(id) => id,
            None => letter.message_id,
        };
        Ok(Receipt {
            provider_id,
            at: now,
        })
    }
}
