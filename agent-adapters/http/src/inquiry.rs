//! Inquiries: people who write first, by a form of ours or through a website of the agency.

use std::fmt;
use std::sync::Arc;

use dealwright_core::error::PortError;
use dealwright_core::page::SourceName;
use dealwright_core::party::EmailAddress;
use dealwright_core::personal::Personal;
use dealwright_core::process::{Actor, Random};
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use dealwright_discovery::client::ImportLeads;
use dealwright_discovery::lead::{Inquiry, IntakeRecord};
use dealwright_discovery::resolve::CheckedParams;
use dealwright_runtime::Agency;

use crate::page::{quoted, safe};
use crate::selftest::nonce;
use crate::words::Words;

/// How long a form may stand open, in seconds.
const OLDEST: i64 = 24 * 60 * 60;
/// How long a person takes to fill it in at least, in seconds.
const YOUNGEST: i64 = 2;
const NAME: usize = 200;
const MESSAGE: usize = 5_000;

/// What somebody asked, checked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    key: String,
    business: String,
    email: EmailAddress,
    message: String,
}

/// What of an inquiry cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Business,
    Email,
    Message,
}

impl Asked {
    /// An inquiry as it came; `key` names the delivery, and the same one twice is one inquiry.
    pub(crate) fn new(
        key: String,
        business: &str,
        email: &str,
        message: &str,
    ) -> Result<Self, Wrong> {
        let fits =
            |text: &str, most: usize| !text.trim().is_empty() && text.chars().count() <= most;
        if !fits(business, NAME) {
            return Err(Wrong::Business);
        }
        let email = EmailAddress::parse(email.trim()).map_err(|_| Wrong::Email)?;
        if !fits(message, MESSAGE) {
            return Err(Wrong::Message);
        }
        Ok(Self {
            key,
            business: business.trim().to_owned(),
            email,
            message: message.trim().to_owned(),
        })
    }
}

/// Takes inquiries in as leads, matched against those that there are.
#[derive(Clone, Debug)]
pub struct Inquiries {
    source: SourceName,
    params: CheckedParams,
}

impl Inquiries {
    /// Inquiries of this source, matched by `params`.
    #[must_use]
    pub fn new(source: SourceName, params: CheckedParams) -> Self {
        Self { source, params }
    }

    pub(crate) async fn take(
        &self,
        agency: &Agency,
        asked: Asked,
        now: Timestamp,
    ) -> Result<(), PortError> {
        let subject = format!("{}#{}", self.source.as_str(), asked.key);
        let mut record = IntakeRecord::new(self.source.clone(), asked.key, now);
        record.name = Some(asked.business);
        record.email = Some(Personal::new(asked.email, subject.clone()));
        record.contact_allowed = true;
        record.facts.insert("asked".to_owned(), "yes".to_owned());
        record.inquiry = Some(Inquiry {
            at: now,
            text: Personal::new(Untrusted::new(asked.message), subject),
        });
        let import = ImportLeads::new(agency.host().clone(), self.params.clone());
        import.run(&Actor::System, vec![record], now).await?;
        Ok(())
    }
}

/// A form on a page of ours. Each is signed and counts once, so that only those who opened the page
/// can send it, and a repeat is the same inquiry.
#[derive(Clone)]
pub struct InquiryForm {
    inquiries: Inquiries,
    random: Arc<dyn Random>,
}

impl fmt::Debug for InquiryForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InquiryForm")
            .field("inquiries", &self.inquiries)
            .finish_non_exhaustive()
    }
}

/// What became of a form that was sent.
#[derive(Debug)]
pub(crate) enum Sent {
    Taken,
    /// A field is wrong: which words say so, and what stood in the fields.
    Wrong(&'static str, Filled),
}

/// What stood in the fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filled {
    business: String,
    email: String,
    message: String,
}

impl InquiryForm {
    /// A form whose inquiries go to `inquiries`.
    #[must_use]
    pub fn new(inquiries: Inquiries, random: impl Random + 'static) -> Self {
        Self {
            inquiries,
            random: Arc::new(random),
        }
    }

    /// The form as it stands in the page.
    pub(crate) fn html(
        &self,
        agency: &Agency,
        words: &Words,
        filled: &Filled,
        wrong: Option<&str>,
        now: Timestamp,
    ) -> String {
        let nonce = nonce(&*self.random);
        let token = token(agency, now.timestamp(), &nonce);
        let wrong = wrong.map_or_else(String::new, |why| {
            format!("<p class=\"no\">{}</p>\n", safe(why))
        });
        format!(
            "{wrong}<form method=\"post\">\n<input type=\"hidden\" name=\"token\" value=\"{}\">\n\
             <label>{}<input name=\"business\" maxlength=\"{NAME}\" required value=\"{}\"></label>\n\
             <label>{}<input name=\"email\" type=\"email\" required value=\"{}\"></label>\n\
             <label>{}<textarea name=\"message\" rows=\"6\" maxlength=\"{MESSAGE}\" required>{}</textarea></label>\n\
             <label class=\"trap\" aria-hidden=\"true\">URL<input name=\"url\" tabindex=\"-1\" autocomplete=\"off\"></label>\n\
             <p><small>{}</small></p>\n<button>{}</button>\n</form>",
            quoted(&token),
            safe(words.business),
            quoted(&filled.business),
            safe(words.email),
            quoted(&filled.email),
            safe(words.message),
            safe(&filled.message),
            safe(words.use_of_data),
            safe(words.send),
        )
    }

    pub(crate) async fn send(
        &self,
        agency: &Agency,
        words: &'static Words,
        fields: Vec<(String, String)>,
        now: Timestamp,
    ) -> Result<Sent, PortError> {
        let take = |name: &str| {
            let found = fields.iter().find(|(key, _)| key == name);
            found.map_or_else(String::new, |(_, value)| value.trim().to_owned())
        };
        let filled = Filled {
            business: take("business"),
            email: take("email"),
            message: take("message"),
        };
        let Some(key) = opened(agency, &take("token"), now) else {
            return Ok(Sent::Wrong(words.old, filled));
        };
        // No person sees that field.
        if !take("url").is_empty() {
            return Ok(Sent::Taken);
        }
        match Asked::new(key, &filled.business, &filled.email, &filled.message) {
            Ok(asked) => {
                self.inquiries.take(agency, asked, now).await?;
                Ok(Sent::Taken)
            }
            Err(Wrong::Business) => Ok(Sent::Wrong(words.needs_name, filled)),
            Err(Wrong::Email) => Ok(Sent::Wrong(words.needs_email, filled)),
            Err(Wrong::Message) => Ok(Sent::Wrong(words.needs_message, filled)),
        }
    }
}

fn token(agency: &Agency, opened: i64, nonce: &str) -> String {
    let signed = agency
        .host()
        .keyed("inquiry-form", &format!("{opened}.{nonce}"));
    format!("{opened}.{nonce}.{signed}")
}

/// The nonce of a token that is ours and of its age; it names the inquiry.
fn opened(agency: &Agency, text: &str, now: Timestamp) -> Option<String> {
    let mut parts = text.splitn(3, '.');
    let (at, nonce, _) = (parts.next()?, parts.next()?, parts.next()?);
    let at: i64 = at.parse().ok()?;
    // Both are hashed under the tenant's key before they are compared, so that the time that it
    // takes tells nothing of the right one.
    let host = agency.host();
    let same = host.keyed("compare", text) == host.keyed("compare", &token(agency, at, nonce));
    let age = now.timestamp().checked_sub(at)?;
    (same && (YOUNGEST..=OLDEST).contains(&age)).then(|| nonce.to_owned())
}
