use std::fmt;

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::mail::BounceClass;
use dealwright_core::text::{Context, Untrusted};
use lettre::transport::smtp::Error;

use crate::inbound::{StatusCode, class_of};

const OPERATION: &str = "send letter";

/// The step of a conversation with a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SmtpStep {
    /// Reaching it and the greeting.
    Connect,
    /// Going over to TLS.
    StartTls,
    /// Showing who we are.
    Auth,
    /// Naming the sender.
    Sender,
    /// Naming the recipient.
    Recipient,
    /// Asking to hand over.
    Data,
    /// The letter itself, to the dot that ends it.
    Content,
}

impl SmtpStep {
    fn words(self) -> &'static str {
        match self {
            Self::Connect => "at the greeting",
            Self::StartTls => "at STARTTLS",
            Self::Auth => "at AUTH",
            Self::Sender => "at MAIL FROM",
            Self::Recipient => "at RCPT TO",
            Self::Data => "at DATA",
            Self::Content => "after the letter",
        }
    }
}

/// What a server said instead of taking a letter; the source of the port's error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SmtpRefusal {
    /// Where.
    pub step: SmtpStep,
    /// Its code: 421, 450, 550 and so on.
    pub code: u16,
    /// The code that says more (RFC 3463), where it gave one.
    pub status: Option<StatusCode>,
    /// What it says of the address; nothing where it is not about the recipient or the letter.
    pub class: Option<BounceClass>,
    /// Its words.
    pub text: Untrusted<String>,
}

impl fmt::Display for SmtpRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.render_for(Context::Header);
        write!(
            f,
            "the mail server said {} {}",
            self.code,
            self.step.words()
        )?;
        if text.is_empty() {
            Ok(())
        } else {
            write!(f, ": {text}")
        }
    }
}

impl std::error::Error for SmtpRefusal {}

impl SmtpRefusal {
    /// What the error tells of a refusal, where a mail server made it.
    #[must_use]
    pub fn of(error: &PortError) -> Option<&Self> {
        std::error::Error::source(error)?.downcast_ref()
    }

    fn new(step: SmtpStep, code: u16, said: &str) -> Self {
        let status = StatusCode::find(said);
        let about = matches!(
            step,
            SmtpStep::Recipient | SmtpStep::Data | SmtpStep::Content
        );
        let class = about.then(|| {
            let late = (400..500).contains(&code);
            match class_of(status, &said.to_lowercase(), late) {
                // What a server says of one letter says nothing of the address.
                BounceClass::Hard
                    if step != SmtpStep::Recipient && status.is_none_or(|s| s.subject != 1) =>
                {
                    BounceClass::Block
                }
                class => class,
            }
        });
        Self {
            step,
            code,
            status,
            class,
            text: Untrusted::new(said.to_owned()),
        }
    }

    /// 4xx may go well later. Of 5xx, what is about us (login, policy) is a matter of permission,
    /// and what is about the letter or the address would be refused again.
    fn kind(&self) -> PortErrorKind {
        match (self.code, self.step) {
            (421, _) => PortErrorKind::Unavailable,
            (400..500, _) if self.slow_down() => PortErrorKind::RateLimited,
            (400..500, _) => PortErrorKind::Unavailable,
            (_, SmtpStep::Auth | SmtpStep::Sender) => PortErrorKind::PermissionDenied,
            _ if self.class == Some(BounceClass::Block) => PortErrorKind::PermissionDenied,
            _ => PortErrorKind::Invalid,
        }
    }

    /// Whether it says that we send too much at once.
    fn slow_down(&self) -> bool {
        let told = self.text.inspect(|text| {
            let text = text.to_lowercase();
            ["rate limit", "too many", "too fast", "throttl"]
                .iter()
                .any(|words| text.contains(words))
        });
        told || matches!(
            self.status,
            Some(StatusCode {
                class: 4,
                subject: 7,
                ..
            })
        )
    }
}

/// The port's error for what went wrong at a step.
///
/// Until the letter itself is on its way nothing was taken. From then on a lost answer means that
/// nobody knows: the dot may have arrived.
pub(super) fn map(step: SmtpStep, error: &Error) -> PortError {
    if let Some(code) = error.status() {
        let refusal = SmtpRefusal::new(step, code.into(), &said(error));
        return PortError::new(OPERATION, refusal.kind()).with_source(refusal);
    }
    let what = format!("{} the mail server: {}", step.words(), said(error));
    let kind = match step {
        SmtpStep::Content => PortErrorKind::Timeout,
        _ if error.is_client() => PortErrorKind::Invalid,
        _ => PortErrorKind::Unavailable,
    };
    PortError::new(OPERATION, kind).with_source(what)
}

/// The letter took too long.
pub(super) fn late(step: SmtpStep, seconds: u64) -> PortError {
    let kind = match step {
        SmtpStep::Content => PortErrorKind::Timeout,
        _ => PortErrorKind::Unavailable,
    };
    let what = format!(
        "the mail server did not answer {} within {seconds} s",
        step.words()
    );
    PortError::new(OPERATION, kind).with_source(what)
}

fn said(error: &Error) -> String {
    let mut at: &dyn std::error::Error = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}
