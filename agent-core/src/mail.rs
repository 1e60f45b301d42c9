//! The one form that news of letters takes, whoever tells it.

mod inbox;

use serde::{Deserialize, Serialize};

#[cfg(any(test, feature = "testing"))]
pub use inbox::conformance as inbox_conformance;
pub use inbox::{Arrived, Inbox, MailboxPlace, MemoryInbox, PlaceError, Unreadable};

use crate::party::EmailAddress;
use crate::process::EffectKey;
use crate::text::Untrusted;
use crate::time::Timestamp;
use crate::trust::News;

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
