//! A mail as what rules look at: a few headers, texts and reports, flat.

use std::borrow::Cow;

use dealwright_core::party::EmailAddress;
use dealwright_core::time::Timestamp;
use mail_parser::decoders::html::html_to_text;
use mail_parser::{HeaderName, HeaderValue, Message, MessageParser, MimeHeaders as _, PartType};

use super::{InboundError, InboundFile, InboundLimits};

/// Enclosed mails in enclosed mails are looked into so far.
const DEPTH: usize = 4;
/// Ids of a thread that are kept.
const THREAD: usize = 100;

/// One mail, walked through.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) message_id: Option<String>,
    pub(super) in_reply_to: Vec<String>,
    pub(super) references: Vec<String>,
    pub(super) from: Option<EmailAddress>,
    /// The name and address of the sender as written, in small letters.
    pub(super) sender: String,
    pub(super) to: Vec<EmailAddress>,
    pub(super) subject: String,
    pub(super) sent_at: Option<Timestamp>,
    /// The envelope's sender, where the mail keeps it; empty for `<>`.
    pub(super) return_path: Option<String>,
    /// All other headers, names in small letters.
    pub(super) headers: Vec<(String, String)>,
    /// `report-type` of the mail itself.
    pub(super) report_type: Option<String>,
    pub(super) text: String,
    /// Reports and headers of enclosed mails: their media type and text.
    pub(super) reports: Vec<(String, String)>,
    /// The headers of an enclosed mail, as they stand there.
    pub(super) enclosed: Option<String>,
    pub(super) files: Vec<InboundFile>,
}

impl Walked {
    /// The first header of that name, in small letters.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first report of that media type.
    pub(super) fn report(&self, media_type: &str) -> Option<&str> {
        let found = self.reports.iter().find(|(known, _)| known == media_type);
        found.map(|(_, text)| text.as_str())
    }
}

pub(super) fn walk(raw: &[u8], limits: &InboundLimits) -> Result<Walked, InboundError> {
    if raw.len() > limits.bytes {
        return Err(InboundError::TooLarge {
            bytes: raw.len(),
            limit: limits.bytes,
        });
    }
    let message = MessageParser::default()
        .parse(raw)
        .filter(|message| !message.headers().is_empty())
        .ok_or(InboundError::NoMail)?;
    let mut walked = headers(&message);
    let mut left = limits.parts;
    parts(&message, &mut walked, limits, &mut left, 0)?;
    if walked.text.is_empty() && walked.reports.is_empty() {
        // Its parts are not where it says; what there is can still be read as text.
        let body = message.root_part().offset_body;
        let body = usize::try_from(body).ok().and_then(|at| raw.get(at..));
        let text = String::from_utf8_lossy(body.unwrap_or_default());
        add(&mut walked.text, &text, limits.text);
    }
    Ok(walked)
}

fn headers(message: &Message<'_>) -> Walked {
    let first = message.from().and_then(|from| from.first());
    let written = |name: Option<&str>, address: Option<&str>| {
        format!(
            "{} <{}>",
            name.unwrap_or_default(),
            address.unwrap_or_default()
        )
        .to_lowercase()
    };
    let address = |text: Option<&str>| EmailAddress::parse(text?.trim()).ok();
    let to = message.to().into_iter().flat_map(|to| to.iter());
    Walked {
        message_id: message.message_id().map(str::to_owned),
        in_reply_to: ids(message.in_reply_to()),
        references: ids(message.references()),
        from: address(first.and_then(|from| from.address())),
        sender: written(
            first.and_then(|from| from.name()),
            first.and_then(|from| from.address()),
        ),
        to: to
            .take(THREAD)
            .filter_map(|to| address(to.address()))
            .collect(),
        subject: message.subject().unwrap_or_default().to_owned(),
        sent_at: message
            .date()
            .and_then(|date| Timestamp::from_timestamp(date.to_timestamp(), 0)),
        return_path: message
            .header_raw(HeaderName::ReturnPath)
            .map(|path| path.trim().trim_matches(['<', '>']).to_owned()),
        headers: message
            .headers_raw()
            .map(|(name, value)| (name.to_lowercase(), unfolded(value)))
            .collect(),
        report_type: message
            .content_type()
            .and_then(|kind| kind.attribute("report-type"))
            .map(str::to_lowercase),
        ..Walked::default()
    }
}

fn unfolded(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(ids) => ids.iter().take(THREAD).map(Cow::to_string).collect(),
        _ => Vec::new(),
    }
}

fn parts(
    message: &Message<'_>,
    walked: &mut Walked,
    limits: &InboundLimits,
    left: &mut usize,
    depth: usize,
) -> Result<(), InboundError> {
    let own = depth == 0;
    let html_alone = message.text_body == message.html_body;
    for (place, part) in message.parts.iter().enumerate() {
        *left = left.checked_sub(1).ok_or(InboundError::TooManyParts {
            limit: limits.parts,
        })?;
        let media = part.content_type().map_or_else(
            || "text/plain".to_owned(),
            |kind| {
                let sub = kind.subtype().unwrap_or("plain");
                format!("{}/{sub}", kind.ctype()).to_lowercase()
            },
        );
        let is_body = message
            .text_body
            .iter()
            .any(|body| usize::try_from(*body) == Ok(place));
        match &part.body {
            PartType::Message(inner) => {
                if own && walked.enclosed.is_none() {
                    walked.enclosed = Some(head_of(inner.raw_message()));
                }
                if depth < DEPTH {
                    parts(inner, walked, limits, left, depth + 1)?;
                }
            }
            // A report that an enclosed mail carried is about an older letter.
            _ if !own && walked.report(&media).is_some() => {}
            PartType::Text(text) if report(&media) => {
                keep(&mut walked.reports, &media, text, limits.text);
            }
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) if report(&media) => {
                let text = String::from_utf8_lossy(bytes);
                keep(&mut walked.reports, &media, &text, limits.text);
            }
            PartType::Text(text) if own && is_body => add(&mut walked.text, text, limits.text),
            PartType::Html(html) if own && is_body && html_alone => {
                add(&mut walked.text, &html_to_text(html), limits.text);
            }
            PartType::Text(_) | PartType::Html(_) | PartType::Multipart(_) => {}
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                if own {
                    walked.files.push(InboundFile {
                        name: part
                            .attachment_name()
                            .map(|name| dealwright_core::text::Untrusted::new(name.to_owned())),
                        media_type: media,
                        bytes: bytes.len(),
                    });
                }
            }
        }
    }
    Ok(())
}

/// What machines tell machines.
fn report(media: &str) -> bool {
    matches!(
        media,
        "message/delivery-status"
            | "message/global-delivery-status"
            | "message/feedback-report"
            | "message/disposition-notification"
            | "text/rfc822-headers"
            | "message/rfc822-headers"
            | "message/global-headers"
    )
}

fn keep(reports: &mut Vec<(String, String)>, media: &str, text: &str, limit: usize) {
    reports.push((media.to_owned(), text.chars().take(limit).collect()));
}

fn add(to: &mut String, text: &str, limit: usize) {
    let room = limit.saturating_sub(to.chars().count());
    if !to.is_empty() && room > 0 {
        to.push('\n');
    }
    to.extend(text.chars().take(room));
}

/// The headers of a mail, as text.
fn head_of(raw: &[u8]) -> String {
    let head = raw.get(..raw.len().min(64 * 1024)).unwrap_or(raw);
    let text = String::from_utf8_lossy(head).replace("\r\n", "\n");
    let end = text.find("\n\n").unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).to_owned()
}
