use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::recipient::{Recipient, RecipientInput, SendEffect};
use super::{Letter, gate};
use crate::error::{PortError, PortErrorKind};
use crate::party::Channel;
use crate::process::{EffectClass, EffectKey, Lease, Performer};
use crate::time::Timestamp;

/// The right to hand one letter to one person now.
///
/// Made by [`gate::open`] alone, after the started mark is durable. It cannot be copied, stored
/// or made in tests, expires after 60 seconds, and the port consumes it.
#[derive(Debug)]
#[must_use = "a letter that was marked started is neither sent nor unsent until a messenger takes it"]
pub struct Sendable {
    pub(super) letter: Letter,
    pub(super) key: EffectKey,
    pub(super) opened_at: Timestamp,
    pub(super) first_started: Option<Timestamp>,
}

impl Sendable {
    /// How long after opening it may be handed over, in seconds.
    pub const LIFETIME_SECONDS: i64 = 60;

    /// The letter.
    #[must_use]
    pub fn letter(&self) -> &Letter {
        &self.letter
    }

    /// What to give the provider, so that it can tell a repeat from a new letter.
    #[must_use]
    pub fn key(&self) -> EffectKey {
        self.key
    }

    /// When the gate opened.
    #[must_use]
    pub fn opened_at(&self) -> Timestamp {
        self.opened_at
    }

    /// When an earlier try under the same key started, where one did.
    #[must_use]
    pub fn first_started(&self) -> Option<Timestamp> {
        self.first_started
    }

    /// Takes the letter out to hand it over.
    ///
    /// # Errors
    ///
    /// `Invalid` where more than [`LIFETIME_SECONDS`](Self::LIFETIME_SECONDS) have passed or the
    /// clock went backwards.
    pub fn take(self, now: Timestamp) -> Result<(Letter, EffectKey), PortError> {
        let age = now.signed_duration_since(self.opened_at).num_seconds();
        if (0..=Self::LIFETIME_SECONDS).contains(&age) {
            Ok((self.letter, self.key))
        } else {
            Err(PortError::new("take sendable", PortErrorKind::Invalid)
                .with_source(format!("it is {age} s old")))
        }
    }
}

/// A provider's word that it took a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The provider's own id for the letter.
    pub provider_id: String,
    /// When it took it.
    pub at: Timestamp,
}

/// Port: hands letters to a provider of one channel.
///
/// # Contract
///
/// - Takes a letter at most once under one key where it says `Idempotent`: a repeat answers the
///   first receipt.
/// - `Unavailable`, `RateLimited`, `Invalid` and `PermissionDenied` mean that the letter was not
///   taken; `Timeout` and all else mean that nobody knows.
/// - Sends the letter's parts unchanged, with every notice and header the letter names.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Messenger: Debug + Send + Sync {
    /// The channel it serves.
    fn channel(&self) -> Channel;

    /// What it promises about repeats.
    fn class(&self) -> EffectClass;

    /// Hands one letter over.
    async fn send(&self, sendable: Sendable) -> Result<Receipt, PortError>;
}

#[async_trait]
impl<T: Messenger + ?Sized> Messenger for Arc<T> {
    fn channel(&self) -> Channel {
        (**self).channel()
    }

    fn class(&self) -> EffectClass {
        (**self).class()
    }

    async fn send(&self, sendable: Sendable) -> Result<Receipt, PortError> {
        (**self).send(sendable).await
    }
}

/// Port: asks a provider what it took, to settle what is `Unknown`.
///
/// # Contract
///
/// - `None` only where the provider is sure that it never took the key.
#[async_trait]
pub trait SentLog: Debug + Send + Sync {
    /// The receipt of the letter sent under `key`, where there is one.
    async fn find(&self, key: EffectKey) -> Result<Option<Receipt>, PortError>;
}

/// Performs the sends of recipients by one messenger a channel.
#[derive(Clone, Debug)]
pub struct MessengerPerformer {
    messengers: Vec<Arc<dyn Messenger>>,
}

impl MessengerPerformer {
    /// Sends by `messengers`, the first that serves a letter's channel.
    #[must_use]
    pub fn new(messengers: Vec<Arc<dyn Messenger>>) -> Self {
        Self { messengers }
    }

    fn of(&self, channel: Channel) -> Option<&Arc<dyn Messenger>> {
        self.messengers.iter().find(|m| m.channel() == channel)
    }
}

#[async_trait]
impl Performer<Recipient> for MessengerPerformer {
    fn class(&self, effect: &SendEffect) -> EffectClass {
        self.of(effect.letter.channel)
            .map_or(EffectClass::AtMostOnce, |m| m.class())
    }

    fn gated(&self, _effect: &SendEffect) -> bool {
        true
    }

    async fn perform(&self, effect: SendEffect, lease: Lease) -> Result<RecipientInput, PortError> {
        let messenger = self.of(effect.letter.channel).ok_or_else(|| {
            PortError::new("send letter", PortErrorKind::Invalid).with_source(format!(
                "no messenger for channel `{}`",
                effect.letter.channel.name()
            ))
        })?;
        let sendable = gate::open(lease).await?;
        let receipt = messenger.send(sendable).await?;
        Ok(RecipientInput::Sent {
            intent: effect.intent,
            attempt: effect.attempt,
            receipt,
        })
    }
}
