//! Reads a mailbox by IMAP (RFC 3501, RFC 9051) and waits by IDLE (RFC 2177).

mod connect;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use async_imap::error::Error as ImapError;
use async_imap::types::Mailbox;
use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::mail::{Arrived, Inbox, MailboxPlace, Unreadable};
use futures::TryStreamExt as _;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::Secret;
use crate::settings::Security;
use connect::{Connector, Session};

/// How long a server without IDLE is left alone between two looks.
const LOOK: Duration = Duration::from_secs(30);
/// The longest that one IDLE lasts: servers hang up after half an hour, routers sooner.
const IDLE: Duration = Duration::from_secs(9 * 60);

/// Where mail comes back to.
#[derive(Clone, Debug)]
pub struct ImapSettings {
    /// The server's name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub security: Security,
    /// Who we are there.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// The mailbox that is read.
    pub folder: String,
    /// The longest that the server may take for one answer.
    pub timeout: Duration,
    /// The most bytes of a mail; what is larger is left there.
    pub limit: u32,
    /// A root certificate in PEM, trusted besides the public ones.
    pub root_pem: Option<Vec<u8>>,
}

impl ImapSettings {
    /// The inbox of `user` at `host` with TLS on port 993; a minute an answer, 25 MiB a mail.
    #[must_use]
    pub fn tls(host: impl Into<String>, user: impl Into<String>, password: Secret) -> Self {
        Self {
            host: host.into(),
            port: 993,
            security: Security::Tls,
            user: user.into(),
            password,
            folder: "INBOX".to_owned(),
            timeout: Duration::from_secs(60),
            limit: 25 << 20,
            root_pem: None,
        }
    }
}

/// A mailbox on an IMAP server.
///
/// It is opened read-only, so that no mail is marked as read and nobody else who reads it is
/// disturbed. One connection is kept; where it broke, the next call makes another one.
pub struct ImapInbox {
    settings: ImapSettings,
    connector: Connector,
    open: Mutex<Option<Open>>,
}

/// A connection with the mailbox open.
struct Open {
    session: Session,
    validity: u32,
    /// Whether the server tells of mail by itself.
    idles: bool,
}

impl fmt::Debug for ImapInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImapInbox")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl ImapInbox {
    /// The mailbox of `settings`. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Invalid` where the settings cannot be used, with what to change.
    pub fn new(settings: ImapSettings) -> Result<Self, PortError> {
        let connector = Connector::new(&settings)?;
        Ok(Self {
            settings,
            connector,
            open: Mutex::default(),
        })
    }

    async fn within<T>(
        &self,
        operation: &'static str,
        answer: impl Future<Output = Result<T, ImapError>> + Send,
    ) -> Result<T, PortError> {
        match timeout(self.settings.timeout, answer).await {
            Ok(answered) => answered.map_err(|e| self.failed(operation, &e)),
            Err(_) => Err(self.told(
                operation,
                PortErrorKind::Timeout,
                format!("no answer within {} s", self.settings.timeout.as_secs()),
            )),
        }
    }

    fn told(&self, operation: &'static str, kind: PortErrorKind, what: String) -> PortError {
        let (host, port) = (&self.settings.host, self.settings.port);
        PortError::new(operation, kind).with_source(format!("{host}:{port}: {what}"))
    }

    /// What an error of the protocol means: a server that says no may say yes later, unless it
    /// said so of the password or the mailbox, which are asked for elsewhere.
    fn failed(&self, operation: &'static str, error: &ImapError) -> PortError {
        self.told(operation, PortErrorKind::Unavailable, error.to_string())
    }

    async fn opened(&self) -> Result<Open, PortError> {
        const OPEN: &str = "open mailbox";
        let settings = &self.settings;
        let patience = settings.timeout;
        let late = || {
            let what = format!("no connection within {} s", patience.as_secs());
            self.told(OPEN, PortErrorKind::Timeout, what)
        };
        let client = timeout(patience, self.connector.connect(settings))
            .await
            .map_err(|_| late())?
            .map_err(|what| self.told(OPEN, PortErrorKind::Unavailable, what))?;
        let login = client.login(&settings.user, settings.password.reveal());
        let mut session = match timeout(patience, login).await {
            Err(_) => return Err(late()),
            Ok(Ok(session)) => session,
            Ok(Err((ImapError::No(why), _))) if !passes(&why) => {
                let what = format!("it does not let `{}` in: {why}", settings.user);
                return Err(self.told(OPEN, PortErrorKind::PermissionDenied, what));
            }
            Ok(Err((error, _))) => return Err(self.failed(OPEN, &error)),
        };
        let capabilities = self.within(OPEN, session.capabilities()).await?;
        let idles = capabilities.has_str("IDLE");
        // Read-only: nothing that is read here counts as read.
        let mailbox = match timeout(patience, session.examine(&settings.folder)).await {
            Err(_) => return Err(late()),
            Ok(Ok(mailbox)) => mailbox,
            Ok(Err(ImapError::No(why))) if !passes(&why) => {
                let what = format!("there is no mailbox `{}`: {why}", settings.folder);
                return Err(self.told(OPEN, PortErrorKind::NotFound, what));
            }
            Ok(Err(error)) => return Err(self.failed(OPEN, &error)),
        };
        let Mailbox { uid_validity, .. } = mailbox;
        let validity = uid_validity.ok_or_else(|| {
            let what = "it numbers no mails (UIDVALIDITY is missing)".to_owned();
            self.told(OPEN, PortErrorKind::Invalid, what)
        })?;
        Ok(Open {
            session,
            validity,
            idles,
        })
    }

    /// The numbers of the mails after `last`, in order, with their sizes.
    async fn sizes(&self, open: &mut Open, last: u32) -> Result<Vec<(u32, u32)>, PortError> {
        let Some(first) = last.checked_add(1) else {
            return Ok(Vec::new());
        };
        // Before it a server may not say what has come since; after it a connection that broke
        // shows, which while listing looks like the end of the list.
        let listed = async {
            open.session.noop().await?;
            let range = format!("{first}:*");
            let items = open.session.uid_fetch(range, "(UID RFC822.SIZE)").await?;
            let items = items.try_collect::<Vec<_>>().await?;
            open.session.noop().await?;
            Ok(items)
        };
        let listed = self.within("list mails", listed).await?;
        // A range up to `*` has the last mail always, also where it is before the range.
        let mut sizes: Vec<(u32, u32)> = listed
            .iter()
            .filter_map(|item| Some((item.uid?, item.size.unwrap_or(0))))
            .filter(|(uid, _)| *uid > last)
            .collect();
        sizes.sort_unstable();
        sizes.dedup();
        Ok(sizes)
    }

    /// The mail of a number; where the server answers nonsense, the connection is of no more use.
    async fn mail(
        &self,
        open: &mut Open,
        uid: u32,
        size: u32,
    ) -> Result<(Result<Vec<u8>, Unreadable>, bool), PortError> {
        let limit = self.settings.limit;
        if size > limit {
            let (size, limit) = (size.into(), limit.into());
            return Ok((Err(Unreadable::TooLarge { size, limit }), true));
        }
        let given = async {
            let items = open
                .session
                .uid_fetch(uid.to_string(), "(UID BODY.PEEK[])")
                .await?;
            let items = items.try_collect::<Vec<_>>().await?;
            if items.iter().all(|i| i.uid != Some(uid)) {
                // Taken away meanwhile, or the connection broke.
                open.session.noop().await?;
            }
            Ok(items)
        };
        let not = |what: &str| Err(Unreadable::NotGiven(what.to_owned()));
        match timeout(self.settings.timeout, given).await {
            Ok(Ok(items)) => {
                let found = items.iter().find(|i| i.uid == Some(uid));
                Ok(match found.and_then(|i| i.body()) {
                    Some(bytes) => (Ok(bytes.to_vec()), true),
                    None => (not("nothing came; it was taken away meanwhile"), true),
                })
            }
            Ok(Err(ImapError::No(why) | ImapError::Bad(why))) if !passes(&why) => {
                Ok((not(&why), true))
            }
            Ok(Err(error @ ImapError::Parse(_))) => Ok((not(&error.to_string()), false)),
            Ok(Err(error)) => Err(self.failed("read mail", &error)),
            Err(_) => Err(self.told(
                "read mail",
                PortErrorKind::Timeout,
                format!("no answer within {} s", self.settings.timeout.as_secs()),
            )),
        }
    }

    async fn read(
        &self,
        open: &mut Option<Open>,
        place: Option<MailboxPlace>,
        n: usize,
    ) -> Result<Vec<Arrived>, PortError> {
        let mut arrived = Vec::new();
        let mut at = place;
        loop {
            let mut now = match open.take() {
                Some(now) => now,
                None => self.opened().await?,
            };
            let validity = now.validity;
            let last = at.filter(|p| p.validity == validity).map_or(0, |p| p.last);
            let sizes = self.sizes(&mut now, last).await?;
            let mut whole = true;
            for (uid, size) in sizes.into_iter().take(n.saturating_sub(arrived.len())) {
                let (mail, sound) = self.mail(&mut now, uid, size).await?;
                let place = MailboxPlace {
                    validity,
                    last: uid,
                };
                arrived.push(Arrived { place, mail });
                at = Some(place);
                if !sound {
                    whole = false;
                    break;
                }
            }
            if whole {
                *open = Some(now);
                return Ok(arrived);
            }
        }
    }

    async fn waited(
        &self,
        open: &mut Option<Open>,
        place: Option<MailboxPlace>,
        at_most: Duration,
    ) -> Result<(), PortError> {
        let mut now = match open.take() {
            Some(now) => now,
            None => self.opened().await?,
        };
        let validity = now.validity;
        let last = place
            .filter(|p| p.validity == validity)
            .map_or(0, |p| p.last);
        // What came while another answer was read is told by no IDLE any more.
        if !self.sizes(&mut now, last).await?.is_empty() {
            *open = Some(now);
            return Ok(());
        }
        if !now.idles {
            *open = Some(now);
            tokio::time::sleep(at_most.min(LOOK)).await;
            return Ok(());
        }
        let mut idle = now.session.idle();
        self.within("wait for mail", idle.init()).await?;
        let (told, _stop) = idle.wait_with_timeout(at_most.min(IDLE));
        told.await.map_err(|e| self.failed("wait for mail", &e))?;
        now.session = self.within("wait for mail", idle.done()).await?;
        *open = Some(now);
        Ok(())
    }
}

/// Whether a refusal is of this hour only (RFC 5530).
fn passes(why: &str) -> bool {
    let why = why.to_ascii_uppercase();
    ["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG"]
        .iter()
        .any(|code| why.contains(code))
}

#[async_trait]
impl Inbox for ImapInbox {
    async fn after(
        &self,
        place: Option<MailboxPlace>,
        n: usize,
    ) -> Result<Vec<Arrived>, PortError> {
        // Where anything fails the connection is not put back, and the next call makes one.
        self.read(&mut *self.open.lock().await, place, n).await
    }

    async fn wait(&self, place: Option<MailboxPlace>, at_most: Duration) -> Result<(), PortError> {
        self.waited(&mut *self.open.lock().await, place, at_most)
            .await
    }
}
