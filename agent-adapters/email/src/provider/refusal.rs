//! What a provider and the line to it say, in the port's terms.

use std::fmt;

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::mail::BounceClass;
use dealwright_core::text::{Context, Untrusted};

use super::{Answer, Failed};
use crate::Secret;

const OPERATION: &str = "send letter";
/// Words of an answer that are kept.
const WORDS: usize = 60;

/// What a provider said instead of taking a letter; the source of the port's error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderRefusal {
    /// `sendgrid`, `mandrill`.
    pub provider: &'static str,
    /// The status of its answer: 400, 429 and so on; 200 where it answered that it will not.
    pub status: u16,
    /// Its own name for it, or the field that it is about.
    pub name: Option<String>,
    /// What it says of the address; nothing where it is not about the recipient.
    pub class: Option<BounceClass>,
    /// Its words, without addresses and key.
    pub text: Untrusted<String>,
}

impl fmt::Display for ProviderRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}", self.provider, self.status)?;
        if let Some(name) = &self.name {
            write!(f, " `{name}`")?;
        }
        let text = self.text.render_for(Context::Header);
        if text.is_empty() {
            Ok(())
        } else {
            write!(f, ": {text}")
        }
    }
}

impl std::error::Error for ProviderRefusal {}

impl ProviderRefusal {
    /// What the error tells of a refusal, where a provider made it.
    #[must_use]
    pub fn of(error: &PortError) -> Option<&Self> {
        std::error::Error::source(error)?.downcast_ref()
    }

    /// The provider's words, cleared of what no log may hold.
    pub(crate) fn new(
        provider: &'static str,
        status: u16,
        name: Option<&str>,
        said: &str,
        key: &Secret,
    ) -> Self {
        let clean = |text: &str| text.chars().filter(|c| !c.is_control()).take(80).collect();
        let said = said.replace(key.reveal(), "<key>");
        let words: Vec<&str> = said
            .split_whitespace()
            .map(|word| {
                if word.contains('@') {
                    "<address>"
                } else {
                    word
                }
            })
            .take(WORDS)
            .collect();
        Self {
            provider,
            status,
            name: name.map(clean),
            class: None,
            text: Untrusted::new(words.join(" ")),
        }
    }
}

/// The port's error for a refusal, with the wait that the answer asks for.
pub(crate) fn refused(
    kind: PortErrorKind,
    refusal: ProviderRefusal,
    answer: &Answer,
    now: i64,
) -> PortError {
    let error = PortError::new(OPERATION, kind);
    let wait = (kind == PortErrorKind::RateLimited)
        .then(|| answer.retry_after(now))
        .flatten();
    let error = match wait {
        Some(after) => error.retry_after(after),
        None => error,
    };
    error.with_source(refusal)
}

/// The port's error where no answer came: before the request left nothing was taken, from then on
/// nobody knows.
pub(crate) fn lost(failed: Failed) -> PortError {
    let kind = match failed.sent {
        true => PortErrorKind::Timeout,
        false if failed.source.is_builder() => PortErrorKind::Invalid,
        false => PortErrorKind::Unavailable,
    };
    PortError::new(OPERATION, kind).with_source(failed.source)
}

/// The port's error where the answer says yes, and not to what: nobody knows.
pub(crate) fn unread(provider: &'static str, status: u16, why: &str) -> PortError {
    PortError::new(OPERATION, PortErrorKind::Timeout)
        .with_source(format!("{provider} answered {status} with {why}"))
}
