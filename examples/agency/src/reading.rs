//! What comes back by mail, heard while the agency works.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::mail::{Inbox, MailboxPlace};
use dealwright_core::time::Clock;
use dealwright_email::imap::{ImapInbox, ImapSettings};
use dealwright_email::inbound::{InboundLimits, InboundMail};
use dealwright_email::{Secret, Security};
use dealwright_runtime::{Agency, InboxSettings, MailSecurity, Taken};
use dealwright_system::SystemClock;

use crate::files;
use crate::home::told;
use crate::sending::certificate;

/// How many mails are asked for at a time.
const PAGE: usize = 50;
/// The longest that is waited for mail before the next look.
const WAIT: Duration = Duration::from_secs(9 * 60);
/// Between two tries to reach a mailbox that is gone: first, and at most.
const AGAIN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));

/// What mails came to.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Events that somebody hears for the first time.
    pub(crate) heard: usize,
    /// Events that were heard before.
    pub(crate) known: usize,
    /// What is about no letter of ours, for a person to look at.
    pub(crate) strays: Vec<String>,
    /// What is no mail that can be read.
    pub(crate) unread: Vec<String>,
}

impl Heard {
    /// Hears what a mail says; one that cannot be read keeps no other from being heard.
    pub(crate) async fn take(
        &mut self,
        agency: &Agency,
        raw: &[u8],
        name: &str,
        source: &str,
    ) -> Result<(), PortError> {
        let mail = match InboundMail::read(raw, &InboundLimits::default()) {
            Ok(mail) => mail,
            Err(error) => {
                self.unread.push(format!("`{name}`: {error}"));
                return Ok(());
            }
        };
        for event in mail.events(raw, SystemClock.now(), source) {
            match agency.mail(&event).await? {
                Taken::Heard { new: true, .. } | Taken::Settled(_) => self.heard += 1,
                Taken::Heard { new: false, .. } => self.known += 1,
                Taken::Stray(why) => self.strays.push(format!("`{name}`: {}", why.why())),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The mailbox of a home, and how far it was heard.
pub(crate) struct Mailbox {
    inbox: ImapInbox,
    /// What the place is of; another mailbox is read from its beginning.
    name: String,
    /// Where the place is kept. It only saves work: a mail that comes again changes nothing.
    place: PathBuf,
}

impl Mailbox {
    /// The one that agency.toml names.
    pub(crate) fn open(home: &Path, settings: &InboxSettings) -> Result<Self, String> {
        let variable = &settings.password_from;
        let password = std::env::var(variable).map_err(|_| {
            format!(
                "agency.toml reads mail as `{}`; put the password into the environment variable {variable}",
                settings.user
            )
        })?;
        let name = settings.root_certificate.as_deref();
        let mut imap = ImapSettings::tls(&settings.host, &settings.user, Secret::new(password));
        imap.port = settings.port;
        imap.folder.clone_from(&settings.folder);
        imap.root_pem = certificate(home, name, "[inbox]")?;
        imap.security = match settings.security {
            MailSecurity::StartTls => Security::StartTls,
            MailSecurity::Loopback => Security::Loopback,
            _ => Security::Tls,
        };
        Ok(Self {
            inbox: ImapInbox::new(imap).map_err(told)?,
            name: format!("{}@{}/{}", settings.user, settings.host, settings.folder),
            place: home.join("inbox.place"),
        })
    }

    fn heard_to(&self) -> Option<MailboxPlace> {
        let text = fs::read_to_string(&self.place).ok()?;
        let (place, name) = text.trim_end().split_once(' ')?;
        (name == self.name).then(|| place.parse().ok()).flatten()
    }

    fn hold(&self, place: MailboxPlace) -> Result<(), PortError> {
        let kept = files::replace(&self.place, |out| {
            writeln!(out, "{place} {}", self.name).map_err(|e| e.to_string())
        });
        kept.map_err(|e| PortError::new("keep place", PortErrorKind::Unavailable).with_source(e))
    }

    /// Hears all there is, and tells of what nobody heard. The place moves on only behind what is
    /// stored, so nothing is lost where it breaks off.
    pub(crate) async fn hear(
        &self,
        agency: &Agency,
        tell: &(dyn Fn(String) + Sync),
    ) -> Result<usize, PortError> {
        let mut heard = Heard::default();
        loop {
            let arrived = self.inbox.after(self.heard_to(), PAGE).await?;
            let Some(last) = arrived.last().map(|a| a.place) else {
                break;
            };
            for mail in &arrived {
                let name = format!("{} {}", self.name, mail.place.last);
                match &mail.mail {
                    Ok(raw) => heard.take(agency, raw, &name, "imap").await?,
                    Err(why) => heard.unread.push(format!("`{name}`: {why}")),
                }
            }
            self.hold(last)?;
        }
        for line in heard.strays.iter() {
            tell(format!("note: a mail was left for a person: {line}"));
        }
        for line in heard.unread.iter() {
            tell(format!("note: a mail was not read: {line}"));
        }
        Ok(heard.heard)
    }

    /// Hears what comes, for ever. A server that is gone is tried again, ever later.
    pub(crate) async fn listen(&self, agency: &Agency, tell: &(dyn Fn(String) + Sync)) {
        let mut again = AGAIN.0;
        loop {
            let come = async {
                self.hear(agency, tell).await?;
                self.inbox.wait(self.heard_to(), WAIT).await
            };
            match come.await {
                Ok(()) => again = AGAIN.0,
                Err(error) => {
                    tell(format!(
                        "note: {}; tried again in {} s",
                        told(error),
                        again.as_secs()
                    ));
                    tokio::time::sleep(again).await;
                    again = again.saturating_mul(2).min(AGAIN.1);
                }
            }
        }
    }
}
