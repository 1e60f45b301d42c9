//! Sends by SMTP, signed by DKIM.

mod dkim;
mod refusal;
mod settings;

use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use dealwright_core::blobs::Blobs;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::party::{Channel, EmailAddress};
use dealwright_core::personal::Purpose;
use dealwright_core::process::EffectClass;
use dealwright_core::time::{Clock, Timestamp};
use dealwright_core::trust::{Letter, Messenger, Receipt, Sendable};
use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::free_mail;
use crate::prepare::{self, invalid};
use crate::settings::{Security, is_loopback};

pub use dkim::Dkim;
pub use refusal::{SmtpRefusal, SmtpStep};
pub use settings::SmtpSettings;

/// Connections that are kept open for the next letter.
const KEPT: usize = 4;
/// How long one is kept: servers close what idles for five minutes.
const IDLE: Duration = Duration::from_secs(60);

/// Hands letters to a mail server.
///
/// `AtMostOnce`: SMTP knows no keys, so a repeat is a second letter. Until the letter itself is on
/// its way an error means that it was not taken; from then on a lost answer is a `Timeout`, and
/// nobody knows.
pub struct SmtpMessenger {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    dkim: Option<Dkim>,
    blobs: Arc<dyn Blobs>,
    clock: Arc<dyn Clock>,
    kept: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl fmt::Debug for SmtpMessenger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMessenger")
            .field("settings", &self.settings)
            .field("dkim", &self.dkim)
            .finish_non_exhaustive()
    }
}

impl SmtpMessenger {
    /// Sends by the server of `settings`; attachments come from `blobs`. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Invalid` where the settings cannot be used, with what to change.
    pub fn new(
        settings: SmtpSettings,
        blobs: Arc<dyn Blobs>,
        clock: impl Clock + 'static,
    ) -> Result<Self, PortError> {
        let wrong =
            |what: String| PortError::new("set up smtp", PortErrorKind::Invalid).with_source(what);
        let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
        if settings.hello.is_empty() || !settings.hello.bytes().all(name) {
            return Err(wrong(format!(
                "`{}` is no name to greet by; use a domain of yours",
                settings.hello
            )));
        }
        let local = is_loopback(&settings.host);
        let marks = b"-----BEGIN CERTIFICATE-----";
        let holds = |pem: &Vec<u8>| pem.windows(marks.len()).any(|part| part == marks);
        if settings.root_pem.as_ref().is_some_and(|pem| !holds(pem)) {
            return Err(wrong(
                "the root certificate is none in PEM (`-----BEGIN CERTIFICATE-----`)".to_owned(),
            ));
        }
        let tls = match settings.security {
            Security::Loopback if local => None,
            Security::Loopback => {
                return Err(wrong(format!(
                    "letters go to `{}` without TLS only where it is this machine; use TLS or STARTTLS",
                    settings.host
                )));
            }
            Security::Tls | Security::StartTls => Some(
                parameters(&settings).map_err(|e| wrong(format!("TLS cannot be set up: {e}")))?,
            ),
        };
        Ok(Self {
            settings,
            tls,
            dkim: None,
            blobs,
            clock: Arc::new(clock),
            kept: Mutex::default(),
        })
    }

    /// Signs letters of the key's domain.
    #[must_use]
    pub fn with_dkim(mut self, dkim: Dkim) -> Self {
        self.dkim = Some(dkim);
        self
    }

    async fn bytes(&self, letter: &Letter, sent_at: Timestamp) -> Result<Vec<u8>, PortError> {
        let from = letter.sender.address.domain();
        free_mail::check(from.as_str(), &self.settings.host)?;
        let mut message = prepare::message(letter, &*self.blobs, sent_at).await?;
        if let Some(dkim) = &self.dkim {
            // A signature of another domain proves nothing of this one (DMARC's alignment).
            if dkim.domain() != from {
                return Err(invalid(format!(
                    "the DKIM key is of `{}`, the letter from `{from}`",
                    dkim.domain()
                )));
            }
            dkim.sign(&mut message);
        }
        prepare::bytes(letter, &message)
    }

    /// An open connection: a kept one that still answers, else a new one.
    async fn connection(&self, at: &At) -> Result<AsyncSmtpConnection, PortError> {
        loop {
            let kept = self.kept.lock().await.pop();
            let Some((mut connection, since)) = kept else {
                return self.connect(at).await;
            };
            if since.elapsed() < IDLE && connection.command(Rset).await.is_ok() {
                return Ok(connection);
            }
            connection.abort().await;
        }
    }

    async fn connect(&self, at: &At) -> Result<AsyncSmtpConnection, PortError> {
        let settings = &self.settings;
        let hello = ClientId::Domain(settings.hello.clone());
        let first = (settings.security == Security::Tls)
            .then(|| self.tls.clone())
            .flatten();
        at.step(SmtpStep::Connect);
        let server = (settings.host.as_str(), settings.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            server,
            Some(settings.timeout),
            &hello,
            first,
            None,
        )
        .await
        .map_err(|e| refusal::map(SmtpStep::Connect, &e))?;
        if let (Security::StartTls, Some(tls)) = (settings.security, &self.tls) {
            at.step(SmtpStep::StartTls);
            if !connection.can_starttls() {
                connection.abort().await;
                let what = format!(
                    "`{}` offers no STARTTLS, and nothing personal goes there without; use its TLS port, or another server",
                    settings.host
                );
                return Err(
                    PortError::new("send letter", PortErrorKind::PermissionDenied)
                        .with_source(what),
                );
            }
            connection
                .starttls(tls.clone(), &hello)
                .await
                .map_err(|e| refusal::map(SmtpStep::StartTls, &e))?;
        }
        if let Some((user, password)) = &settings.login {
            at.step(SmtpStep::Auth);
            let login = Credentials::new(user.clone(), password.reveal().to_owned());
            let known = [Mechanism::Plain, Mechanism::Login];
            connection
                .auth(&known, &login)
                .await
                .map_err(|e| refusal::map(SmtpStep::Auth, &e))?;
        }
        Ok(connection)
    }

    /// One letter over one connection; answers what the server called it.
    async fn hand_over(
        &self,
        from: &EmailAddress,
        to: &EmailAddress,
        bytes: &[u8],
        at: &At,
    ) -> Result<String, PortError> {
        let address = |text: &EmailAddress| {
            text.as_str()
                .parse::<Address>()
                .map_err(|e| invalid(format!("an address cannot stand in an envelope: {e}")))
        };
        let (from, to) = (address(from)?, address(to)?);
        let mut connection = self.connection(at).await?;
        let said = async {
            let mut options = Vec::new();
            let abroad = [&from, &to]
                .iter()
                .any(|a| !AsRef::<str>::as_ref(*a).is_ascii());
            for (needed, extension, option) in [
                (abroad, Extension::SmtpUtfEight, MailParameter::SmtpUtfEight),
                (
                    !bytes.is_ascii(),
                    Extension::EightBitMime,
                    MailParameter::Body(MailBodyParameter::EightBitMime),
                ),
            ] {
                if needed && !connection.server_info().supports_feature(extension) {
                    return Err(invalid(format!(
                        "the mail server takes no {extension}, which the letter needs"
                    )));
                }
                if needed {
                    options.push(option);
                }
            }
            let step = |step: SmtpStep| {
                at.step(step);
                move |e: lettre::transport::smtp::Error| refusal::map(step, &e)
            };
            let failed = step(SmtpStep::Sender);
            let mail = Mail::new(Some(from), options);
            connection.command(mail).await.map_err(failed)?;
            let failed = step(SmtpStep::Recipient);
            let rcpt = Rcpt::new(to, Vec::new());
            connection.command(rcpt).await.map_err(failed)?;
            let failed = step(SmtpStep::Data);
            connection.command(Data).await.map_err(failed)?;
            let failed = step(SmtpStep::Content);
            let taken = connection.message(bytes).await.map_err(failed)?;
            Ok(taken.message().collect::<Vec<_>>().join(" "))
        }
        .await;
        match said {
            Ok(said) => {
                let mut kept = self.kept.lock().await;
                if kept.len() < KEPT {
                    kept.push((connection, Instant::now()));
                }
                Ok(said)
            }
            Err(error) => {
                // Not waited for: the server may be the reason.
                drop(connection);
                Err(error)
            }
        }
    }
}

/// The step that a letter stands at, for when its time runs out.
#[derive(Debug)]
struct At(std::sync::Mutex<SmtpStep>);

impl At {
    fn start() -> Self {
        Self(std::sync::Mutex::new(SmtpStep::Connect))
    }

    fn step(&self, step: SmtpStep) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    fn now(&self) -> SmtpStep {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parameters(settings: &SmtpSettings) -> Result<TlsParameters, lettre::transport::smtp::Error> {
    let mut builder: TlsParametersBuilder = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.root_pem {
        builder = builder.add_root_certificate(Certificate::from_pem(pem)?);
    }
    builder.build_rustls()
}

#[async_trait]
impl Messenger for SmtpMessenger {
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
        let (letter, _) = sendable.take(now)?;
        let bytes = self.bytes(&letter, first).await?;
        let at = At::start();
        let to = letter.to.reveal(Purpose::Contact);
        let handed = self.hand_over(&letter.sender.address, to, &bytes, &at);
        let said = match timeout(self.settings.timeout, handed).await {
            Ok(said) => said?,
            Err(_) => return Err(refusal::late(at.now(), self.settings.timeout.as_secs())),
        };
        Ok(Receipt {
            provider_id: if said.is_empty() {
                letter.message_id
            } else {
                said
            },
            at: now,
        })
    }
}
