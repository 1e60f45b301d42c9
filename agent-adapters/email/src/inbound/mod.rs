//! Mail that comes in: who wrote what in answer to which letter, and what kind of mail it is.
//!
//! Everything is decided by rules over headers, reports and wording, never by a model, and a mail
//! that nobody could have meant well costs no more than its size: bytes, parts, nesting and text
//! are bounded. What a stranger wrote stays [`Untrusted`].

mod bounce;
mod complaint;
mod cut;
mod event;
mod kind;
mod mime;
mod phrases;
mod to_event;

use dealwright_core::party::EmailAddress;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;

#[cfg(any(feature = "smtp", feature = "sendgrid", feature = "mandrill"))]
pub(crate) use bounce::class_of;
pub use bounce::{Bounce, FailedRecipient, StatusCode};
pub use complaint::Complaint;
pub use cut::without_quotes;

use mime::Walked;

/// What is read of one mail at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InboundLimits {
    /// Bytes of the whole mail.
    pub bytes: usize,
    /// Parts, those of enclosed mails counted in.
    pub parts: usize,
    /// Characters of text that are kept.
    pub text: usize,
}

impl Default for InboundLimits {
    /// 25 MiB, 500 parts, 100,000 characters.
    fn default() -> Self {
        Self {
            bytes: 25 * 1024 * 1024,
            parts: 500,
            text: 100_000,
        }
    }
}

/// Why a mail is not read. It stays where it is, and the next one is read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InboundError {
    /// Too many bytes.
    #[error("the mail has {bytes} bytes, the limit is {limit}; raise it, or let a person read it")]
    TooLarge {
        /// How many.
        bytes: usize,
        /// How many may be.
        limit: usize,
    },
    /// Too many parts.
    #[error("the mail has more than {limit} parts; raise the limit, or let a person read it")]
    TooManyParts {
        /// How many may be.
        limit: usize,
    },
    /// No headers at all.
    #[error("the bytes are no mail: there is not one header in them")]
    NoMail,
}

/// What kind of mail it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InboundKind {
    /// A person wrote.
    Reply,
    /// A machine answered for a person: an absence note, an acknowledgement.
    Automatic,
    /// A letter did not arrive, or is late.
    Bounce(Bounce),
    /// Somebody reported a letter as unwanted.
    Complaint(Complaint),
}

impl InboundKind {
    /// The word for it: `reply`, `automatic`, `bounce`, `complaint`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Automatic => "automatic",
            Self::Bounce(_) => "bounce",
            Self::Complaint(_) => "complaint",
        }
    }
}

/// A file that came with a mail; its content stays in the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundFile {
    /// The name it was given.
    pub name: Option<Untrusted<String>>,
    /// `application/pdf`, as the mail says.
    pub media_type: String,
    /// Its size after decoding, in bytes.
    pub bytes: usize,
}

/// One mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundMail {
    /// What kind it is.
    pub kind: InboundKind,
    /// Its `Message-ID`, without brackets.
    pub message_id: Option<String>,
    /// What it answers, by `In-Reply-To`.
    pub in_reply_to: Vec<String>,
    /// The thread before it, oldest first, by `References`.
    pub references: Vec<String>,
    /// Who says to have written it.
    pub from: Option<EmailAddress>,
    /// To whom it is addressed.
    pub to: Vec<EmailAddress>,
    /// The subject.
    pub subject: Untrusted<String>,
    /// When it says to have been written.
    pub sent_at: Option<Timestamp>,
    /// Its text; of a mail in HTML alone, that as text.
    pub text: Untrusted<String>,
    /// The text without what it quotes and without signature.
    pub reply: Untrusted<String>,
    /// What came with it.
    pub files: Vec<InboundFile>,
}

impl InboundMail {
    /// Reads the bytes of a mail as they came.
    ///
    /// # Errors
    ///
    /// [`InboundError`] for what is beyond `limits` or no mail; never for what a mail says.
    pub fn read(raw: &[u8], limits: &InboundLimits) -> Result<Self, InboundError> {
        let walked = mime::walk(raw, limits)?;
        let kind = kind::of(&walked);
        let Walked {
            message_id,
            in_reply_to,
            references,
            from,
            to,
            subject,
            sent_at,
            text,
            files,
            ..
        } = walked;
        let reply = without_quotes(&text);
        Ok(Self {
            kind,
            message_id,
            in_reply_to,
            references,
            from,
            to,
            subject: Untrusted::new(subject),
            sent_at,
            text: Untrusted::new(text),
            reply: Untrusted::new(reply),
            files,
        })
    }

    /// The letter of ours that it answers: the one named by `In-Reply-To`, else the latest of the
    /// thread that `is_ours` knows. Bounces and complaints name it in what they enclose.
    pub fn answers(&self, is_ours: impl Fn(&str) -> bool) -> Option<&str> {
        self.letters().find(|id| is_ours(id))
    }

    /// The letters that it may be about, the likeliest first; one may come twice.
    fn letters(&self) -> impl Iterator<Item = &str> {
        let enclosed = match &self.kind {
            InboundKind::Bounce(bounce) => bounce.letter.as_ref(),
            InboundKind::Complaint(complaint) => complaint.letter.as_ref(),
            InboundKind::Reply | InboundKind::Automatic => None,
        };
        let named = self.in_reply_to.iter();
        let thread = self.references.iter().rev();
        enclosed
            .into_iter()
            .chain(named)
            .chain(thread)
            .map(String::as_str)
    }
}
