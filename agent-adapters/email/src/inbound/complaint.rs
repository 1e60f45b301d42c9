use dealwright_core::party::EmailAddress;

use super::bounce::{addresses, field, message_id};
use super::event::Event;
use super::mime::Walked;

/// A report that somebody does not want a letter (RFC 5965).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Complaint {
    /// `abuse`, `fraud`, `virus`, `opt-out` and so on, as the report says.
    pub feedback: Option<String>,
    /// Who complained, where the report does not hide it.
    pub recipient: Option<EmailAddress>,
    /// The `Message-ID` of the letter.
    pub letter: Option<String>,
}

pub(super) fn of(mail: &Walked) -> Option<Complaint> {
    let report = mail.report("message/feedback-report");
    let typed = mail.report_type.as_deref() == Some("feedback-report");
    // Before RFC 5965 some providers sent the letter back under a heading of their own.
    let old = mail.header("x-hmxmroriginalrecipient");
    let about = mail.subject.to_lowercase();
    let told = about.starts_with("complaint about message from")
        || about.starts_with("abuse report")
        || about.contains("email feedback report for ip");
    // A mail program that unsubscribes for its owner.
    if mail.header("x-apple-unsubscribe").is_some() {
        return Some(Complaint {
            feedback: Some("opt-out".to_owned()),
            recipient: mail.from.clone(),
            letter: None,
        });
    }
    if let Some(event) = notified(mail) {
        return Some(event);
    }
    if report.is_none() && !typed && old.is_none() && !told {
        return None;
    }
    let text = report.unwrap_or(&mail.text);
    let feedback = field(text, "feedback-type").map(|kind| kind.to_lowercase());
    let enclosed = mail.enclosed.as_deref().unwrap_or_default();
    let named = [
        field(text, "original-rcpt-to"),
        field(text, "removal-recipient"),
        old.map(str::to_owned),
        field(enclosed, "x-hmxmroriginalrecipient"),
        field(enclosed, "to"),
    ];
    let recipient = named
        .iter()
        .flatten()
        .find_map(|value| addresses(value).into_iter().next());
    Some(Complaint {
        feedback,
        recipient,
        letter: message_id(enclosed).or_else(|| {
            let headers = mail.report("text/rfc822-headers");
            headers.and_then(message_id)
        }),
    })
}

/// The same as an event.
fn notified(mail: &Walked) -> Option<Complaint> {
    let event = Event::of(mail, "Complaint")?;
    let list = event.list("complainedRecipients")?;
    Some(Complaint {
        feedback: None,
        recipient: addresses(list).into_iter().next(),
        letter: None,
    })
}
