//! Mail that comes back: the port that reads a mailbox, and the one form that news of letters
//! takes, whoever tells it.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::PortError;
use crate::party::EmailAddress;
use crate::process::EffectKey;
use crate::text::Untrusted;
use crate::time::Timestamp;
use crate::trust::News;

/// Where a reader of a mailbox stands. Opaque: only the inbox that made it reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailboxPlace(String);

impl MailboxPlace {
    /// Wraps an inbox's own position.
    #[must_use]
    pub fn new(position: impl Into<String>) -> Self {
        Self(position.into())
    }

    /// The position, for the inbox that made it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One mail as it lies in the mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The place behind it: reading after this gives what came later.
    pub place: MailboxPlace,
    /// Its bytes, or why they cannot be had. It stays in the mailbox either way.
    pub mail: Result<Vec<u8>, Unreadable>,
}

/// A mail that cannot be handed over. The ones behind it can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

/// Port: a mailbox that is read.
///
/// # Contract
///
/// - Reading after a place gives the mails that came after it, oldest first, each once, and none
///   that the place has passed. Reading after the same place again gives the same mails.
/// - A mail that cannot be handed over is [`Unreadable`] in its turn, never an error, so that it
///   stops nothing behind it.
/// - Nothing in the mailbox is moved, marked or deleted.
/// - A place that the mailbox does not know any more, because it was made anew, reads from its
///   beginning: readers know what they heard by the mails' own ids.
#[async_trait]
pub trait Inbox: Debug + Send + Sync {
    /// Up to `n` mails after a place; from the beginning where there is none.
    async fn read(&self, after: Option<&MailboxPlace>, n: usize)
    -> Result<Vec<Arrived>, PortError>;

    /// Returns once there may be a new mail, at the latest after `at_most`.
    async fn wait(&self, at_most: Duration) -> Result<(), PortError>;
}

/// What a letter that did not arrive says of the address (RFC 3464, RFC 3463).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever suppresses must decide every case"
)]
pub enum BounceClass {
    /// The address takes no mail and never will.
    Hard,
    /// Not now: full, busy, late.
    Soft,
    /// This letter or this sender is not wanted there; the address may be good.
    Block,
}

impl BounceClass {
    /// What the recipient hears.
    #[must_use]
    pub fn news(self) -> News {
        match self {
            Self::Hard => News::HardBounce,
            Self::Soft => News::SoftBounce,
            Self::Block => News::PolicyBlock,
        }
    }

    /// `hard`, `soft`, `block`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hard => "hard",
            Self::Soft => "soft",
            Self::Block => "block",
        }
    }
}

/// What happened to a letter, or came in answer to one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailEventKind {
    /// The provider took the letter, under its own id: proof for an effect that is `Unknown`.
    Taken {
        /// The provider's id.
        provider_id: String,
    },
    /// The recipient's server took it.
    Delivered,
    /// It is late, and still tried.
    Delayed,
    /// It did not arrive.
    Bounced(BounceClass),
    /// The recipient reported it as unwanted.
    Complained,
    /// The recipient wants no more of them.
    OptedOut,
    /// The recipient wrote, or a machine for them.
    Answered {
        /// What, without what it quotes and without signature.
        text: Untrusted<String>,
        /// Whether no person wrote it (RFC 3834).
        automatic: bool,
    },
}

/// News of one letter, in one form: a mail in a mailbox and every provider's event become this.
///
/// Nothing in it is proven but what the source proves: a mail can be forged, so what it says of a
/// letter is held against what was sent before anything follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailEvent {
    /// Its natural key at the source: two with the same one are one event.
    pub key: String,
    /// What happened.
    pub what: MailEventKind,
    /// The `Message-ID`s that it may be about, without brackets, the likeliest first.
    pub letters: Vec<String>,
    /// The effect whose letter it is about, where the provider gives our key back.
    pub effect: Option<EffectKey>,
    /// Who wrote, or whom the letter did not reach.
    pub address: Option<EmailAddress>,
    /// When, by the source's clock.
    pub at: Timestamp,
    /// Who tells it: `imap`, `sendgrid`, `mandrill`.
    pub source: String,
}
