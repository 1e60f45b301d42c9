//! What comes back from outside: mail, providers' events, opt-outs by a link.

use chrono::Duration;
use dealwright_core::error::PortError;
use dealwright_core::mail::{MailEvent, MailEventKind};
use dealwright_core::party::EmailAddress;
use dealwright_core::personal::Purpose;
use dealwright_core::process::{Actor, Process, ProcessKey, WorkKey};
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{LetterClass, News, Receipt, Recipient, RecipientState};

use crate::Agency;
use crate::agency::{Told, read_answer};
use crate::gates::unknown_works;

/// Days after a letter within which a bounce or a complaint that names no letter of ours is
/// believed: mail servers try for five days, and say so within a day of giving up.
const BELIEVED_DAYS: i64 = 7;

/// What a [`MailEvent`] led to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Taken {
    /// The recipient hears of it.
    Heard {
        /// Who.
        recipient: ProcessKey,
        /// What.
        news: News,
        /// Whether for the first time.
        new: bool,
    },
    /// It proves that a letter left of which nobody knew.
    Settled(WorkKey),
    /// It changes nothing.
    Noted,
    /// It is about no letter of ours. A person may look at it.
    Stray(Stray),
}

/// Why something that came in is about no letter of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stray {
    /// Somebody wrote whom we never wrote to.
    Unasked,
    /// It tells of a letter that we did not send, or not of late: forged, or long past.
    NotSent,
    /// It names neither a letter nor an address.
    Nameless,
}

impl Stray {
    /// The reason, for people.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::Unasked => "it is from somebody whom no letter went to",
            Self::NotSent => {
                "it tells of a letter that was not sent from here, or not within a week"
            }
            Self::Nameless => "it names neither a letter nor an address",
        }
    }
}

/// The part of an opt-out address that names recipient and list.
#[derive(Clone, PartialEq, Eq)]
pub struct OptOutToken(String);

impl OptOutToken {
    /// The token, where the text can be one: 16 to 128 characters of URL-safe text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let fits = (16..=128).contains(&text.len()) && text.bytes().all(plain);
        fits.then(|| Self(text.to_owned()))
    }
}

impl std::fmt::Debug for OptOutToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OptOutToken(..)")
    }
}

impl Agency {
    /// Takes in news of a letter. What it says is held against what was sent: a bounce of a letter
    /// that never left suppresses nobody. The same event is heard once.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn mail(&self, event: &MailEvent) -> Result<Taken, PortError> {
        if let Some(settled) = self.proven(event).await?
            && !speaks(&event.what)
        {
            return Ok(Taken::Settled(settled));
        }
        match &event.what {
            MailEventKind::Answered { text, automatic } => {
                self.answered(event, text, *automatic).await
            }
            MailEventKind::Bounced(class) => self.befell(event, class.news()).await,
            MailEventKind::Complained => self.befell(event, News::Complaint).await,
            MailEventKind::OptedOut => self.befell(event, News::OptOut).await,
            _ => Ok(Taken::Noted),
        }
    }

    /// Whether an opt-out address of ours ends in this, and the recipient has opted out already.
    /// `None` where no letter bore it.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn opted_out(&self, token: &OptOutToken) -> Result<Option<bool>, PortError> {
        let found = self.recipient_under(RecipientState::OPT_OUT_INDEX, &token.0);
        let state = found.await?.map(|(_, state)| state);
        Ok(state.map(|s| s.is_suppressed(LetterClass::Marketing)))
    }

    /// Takes in that whoever has the letter with this address wants no more of them, by `way`
    /// (`one-click`, `opt-out-page`). It holds from now on; saying it again changes nothing. `None` where
    /// no letter bore the address.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn opt_out(
        &self,
        token: &OptOutToken,
        way: &str,
        at: Timestamp,
    ) -> Result<Option<()>, PortError> {
        let found = self.recipient_under(RecipientState::OPT_OUT_INDEX, &token.0);
        let Some((recipient, state)) = found.await? else {
            return Ok(None);
        };
        let Some(address) = state.address() else {
            return Ok(None);
        };
        if state.is_suppressed(LetterClass::Marketing) {
            return Ok(Some(()));
        }
        // Who agreed anew and changed their mind again says something new by the same link.
        let times = state.suppressions().len() + state.consents().len();
        self.tell_recipient(Told {
            from: address.reveal(Purpose::Contact).clone(),
            recipient,
            key: format!("opt-out-{}-{times}", token.0),
            news: News::OptOut,
            until: None,
            text: None,
            answers: None,
            source: way.to_owned(),
            at,
        })
        .await?;
        Ok(Some(()))
    }

    async fn answered(
        &self,
        event: &MailEvent,
        text: &Untrusted<String>,
        automatic: bool,
    ) -> Result<Taken, PortError> {
        let Some(about) = self.about(event).await? else {
            return Ok(Taken::Stray(Stray::Unasked));
        };
        let Some(from) = event.address.clone().or_else(|| about.address()) else {
            return Ok(Taken::Stray(Stray::Nameless));
        };
        let (mut news, until) = text.inspect(|text| read_answer(text, &event.key, event.at));
        if automatic {
            // A machine neither agrees nor declines, whatever its words.
            news = News::OutOfOffice;
        }
        // Whoever says no from another address than the one written to means both.
        let own = self.host().recipient(&from);
        if news.suppression().is_some() && own != about.recipient {
            self.tell_recipient(said(event, own, from.clone(), news.clone()))
                .await?;
        }
        let told = Told {
            until,
            text: Some(text.clone()),
            answers: about.letter,
            ..said(event, about.recipient, from, news)
        };
        self.hand(told).await
    }

    /// Something befell a letter of ours, as the source says.
    async fn befell(&self, event: &MailEvent, news: News) -> Result<Taken, PortError> {
        if event.letters.is_empty() && event.address.is_none() {
            return Ok(Taken::Stray(Stray::Nameless));
        }
        let Some(about) = self.about(event).await? else {
            return Ok(Taken::Stray(Stray::NotSent));
        };
        let late = |sent| event.at.signed_duration_since(sent) > Duration::days(BELIEVED_DAYS);
        if about.letter.is_none() && about.state.last_sent().is_none_or(late) {
            return Ok(Taken::Stray(Stray::NotSent));
        }
        // What is said of an address is said of the one that was written to.
        let Some(from) = about.address() else {
            return Ok(Taken::Stray(Stray::NotSent));
        };
        let told = Told {
            answers: about.letter,
            ..said(event, about.recipient, from, news)
        };
        self.hand(told).await
    }

    async fn hand(&self, told: Told) -> Result<Taken, PortError> {
        let (recipient, news) = (told.recipient.clone(), told.news.clone());
        let new = self.tell_recipient(told).await?;
        Ok(Taken::Heard {
            recipient,
            news,
            new,
        })
    }

    /// Whose letter the event is about: by its `Message-ID`, else by the address that it names,
    /// where a letter left for it.
    async fn about(&self, event: &MailEvent) -> Result<Option<About>, PortError> {
        for letter in &event.letters {
            let found = self.recipient_under(RecipientState::MESSAGE_ID_INDEX, letter);
            if let Some((recipient, state)) = found.await? {
                return Ok(Some(About {
                    recipient,
                    letter: Some(letter.clone()),
                    state,
                }));
            }
        }
        let Some(address) = &event.address else {
            return Ok(None);
        };
        let recipient = self.host().recipient(address);
        let state = self.host().state::<Recipient>(&recipient).await?;
        Ok(state
            .map(|(_, state)| state)
            .filter(|state| state.last_sent().is_some())
            .map(|state| About {
                recipient,
                letter: None,
                state,
            }))
    }

    pub(crate) async fn recipient_under(
        &self,
        index: &str,
        text: &str,
    ) -> Result<Option<(ProcessKey, RecipientState)>, PortError> {
        let Some(key) = self.under(Recipient::KIND, index, text).await? else {
            return Ok(None);
        };
        let state = self.host().state::<Recipient>(&key).await?;
        Ok(state.map(|(_, state)| (key, state)))
    }

    /// Settles the send that the event proves, where nobody knew of it.
    async fn proven(&self, event: &MailEvent) -> Result<Option<WorkKey>, PortError> {
        let Some(effect) = event.effect else {
            return Ok(None);
        };
        let host = self.host();
        let unknown = unknown_works(host).await?.into_iter();
        let mut sends = unknown.filter(|w| w.receiver.kind() == Recipient::KIND);
        let Some(work) = sends.find(|w| w.effect_key() == effect) else {
            return Ok(None);
        };
        let provider_id = match &event.what {
            MailEventKind::Taken { provider_id } => provider_id.clone(),
            _ => event.key.clone(),
        };
        let at = work.started_at.unwrap_or(event.at);
        let outcome = host
            .effect_of::<Recipient>(&work)?
            .sent(Receipt { provider_id, at });
        let note = format!("an event of {}", event.source);
        host.prove_performed::<Recipient>(&Actor::System, &work, &outcome, event.at, &note)
            .await?;
        Ok(Some(work.key))
    }
}

/// Whose letter something is about.
struct About {
    recipient: ProcessKey,
    /// The `Message-ID`, where the event names one of ours.
    letter: Option<String>,
    state: RecipientState,
}

impl About {
    fn address(&self) -> Option<EmailAddress> {
        let address = self.state.address()?;
        Some(address.reveal(Purpose::Contact).clone())
    }
}

/// What an event tells a recipient.
fn said(event: &MailEvent, recipient: ProcessKey, from: EmailAddress, news: News) -> Told {
    Told {
        recipient,
        from,
        key: event.key.clone(),
        news,
        until: None,
        text: None,
        answers: None,
        source: event.source.clone(),
        at: event.at,
    }
}

/// Whether an event says more than that the letter left.
fn speaks(what: &MailEventKind) -> bool {
    !matches!(
        what,
        MailEventKind::Taken { .. } | MailEventKind::Delivered | MailEventKind::Delayed
    )
}
