//! What mail providers tell of letters, and the mails that they received for us.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;

use async_trait::async_trait;
use dealwright_core::canonical::Digest32;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::time::Timestamp;
use dealwright_email::inbound::{InboundLimits, InboundMail};
#[cfg(feature = "mandrill")]
use dealwright_email::mandrill::MandrillDoor;
#[cfg(feature = "sendgrid")]
use dealwright_email::sendgrid::SendgridDoor;
use dealwright_email::{EventRefusal, ProviderNews};
use dealwright_runtime::{Agency, Taken};

use crate::hook::{Delivery, HookRefusal, Webhook};

/// SendGrid posts mails of up to 30 MB as they are.
#[cfg(feature = "sendgrid")]
const SENDGRID_BYTES: usize = 32 * 1024 * 1024;
/// Mandrill posts up to a thousand events, or a mail of 25 MB as a form, its files beside it again.
#[cfg(feature = "mandrill")]
const MANDRILL_BYTES: usize = 96 * 1024 * 1024;

/// Takes in what a mail provider delivers: events of letters, and mails that came in.
///
/// What a mail says is held against what was sent, as [`Agency::mail`] does. A mail that is about
/// no letter of ours, or cannot be read, is left in a folder for a person, under the hash of its
/// bytes, before the delivery is answered; an event of a letter that somebody else sent by the same
/// account is passed over.
#[derive(Debug)]
pub struct MailHook {
    door: Door,
    folder: PathBuf,
    limit: usize,
}

#[derive(Debug)]
enum Door {
    #[cfg(feature = "sendgrid")]
    Sendgrid(SendgridDoor),
    #[cfg(feature = "mandrill")]
    Mandrill(MandrillDoor),
}

impl MailHook {
    /// Takes what SendGrid signed: its event webhook, and its Inbound Parse with raw mails. Mails for
    /// a person are left in `folder`, which is made when the first one comes.
    #[cfg(feature = "sendgrid")]
    #[must_use]
    pub fn sendgrid(door: SendgridDoor, folder: impl Into<PathBuf>) -> Self {
        Self {
            door: Door::Sendgrid(door),
            folder: folder.into(),
            limit: SENDGRID_BYTES,
        }
    }

    /// The same of Mandrill: its webhook of messages, and its inbound routes.
    #[cfg(feature = "mandrill")]
    #[must_use]
    pub fn mandrill(door: MandrillDoor, folder: impl Into<PathBuf>) -> Self {
        Self {
            door: Door::Mandrill(door),
            folder: folder.into(),
            limit: MANDRILL_BYTES,
        }
    }

    /// Refuses longer bodies than `bytes`. Where no mail comes in by the provider, 4 MiB hold any
    /// delivery of events.
    #[must_use]
    pub fn with_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// What stands in the delivery, and whose word it is.
    fn read(
        &self,
        delivery: Delivery<'_>,
    ) -> Result<(Vec<ProviderNews>, &'static str), EventRefusal> {
        let header = |name| delivery.header(name).unwrap_or_default();
        match &self.door {
            #[cfg(feature = "sendgrid")]
            Door::Sendgrid(door) => {
                let headers = (
                    header("x-twilio-email-event-webhook-signature"),
                    header("x-twilio-email-event-webhook-timestamp"),
                    header("content-type"),
                );
                let news = door.read(headers, delivery.body, delivery.now)?;
                Ok((news, "sendgrid"))
            }
            #[cfg(feature = "mandrill")]
            Door::Mandrill(door) => {
                let signature = header("x-mandrill-signature");
                let news = door.read(signature, delivery.body, delivery.now)?;
                Ok((news, "mandrill"))
            }
        }
    }

    async fn mail(
        &self,
        agency: &Agency,
        raw: &[u8],
        source: &str,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let Ok(mail) = InboundMail::read(raw, &InboundLimits::default()) else {
            return self.leave(raw);
        };
        for event in mail.events(raw, now, source) {
            if let Taken::Stray(_) = agency.mail(&event).await? {
                self.leave(raw)?;
            }
        }
        Ok(())
    }

    /// Leaves a mail for a person, durably. The same mail is left once.
    fn leave(&self, raw: &[u8]) -> Result<(), PortError> {
        let hash = Digest32::of(raw).to_hex();
        let path = self.folder.join(format!("{hash}.eml"));
        let beside = self.folder.join(format!(".{hash}.part"));
        let written = || -> io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            let mut file = File::create(&beside)?;
            file.write_all(raw)?;
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        written().map_err(|e| {
            let kind = match e.kind() {
                io::ErrorKind::StorageFull => PortErrorKind::Full,
                _ => PortErrorKind::Unavailable,
            };
            PortError::new("leave mail for a person", kind).with_source(e)
        })
    }
}

#[async_trait]
impl Webhook for MailHook {
    fn limit(&self) -> usize {
        self.limit
    }

    async fn take(&self, agency: &Agency, delivery: Delivery<'_>) -> Result<(), HookRefusal> {
        let (news, source) = self.read(delivery).map_err(|why| match why {
            EventRefusal::Malformed(what) => HookRefusal::Malformed(what.to_owned()),
            why => HookRefusal::Forged(why.to_string()),
        })?;
        for news in news {
            match news {
                ProviderNews::Event(event) => {
                    agency.mail(&event).await?;
                }
                ProviderNews::Mail(raw) => self.mail(agency, &raw, source, delivery.now).await?,
            }
        }
        Ok(())
    }
}
