use chrono::{DateTime, Utc};
use dealwright_core::personal::Purpose;
use dealwright_core::text::{Context, Untrusted};
use dealwright_core::trust::{Attachment, Letter, LetterClass};
use lettre::message::header::{ContentDisposition, ContentType};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};

use crate::headers::{AiGenerated, AutoSubmitted, ListUnsubscribe, ListUnsubscribePost, Principal};

/// Why a letter has no MIME form.
#[derive(Debug)]
#[non_exhaustive]
pub enum RenderError {
    /// An address cannot stand in a header.
    Address(String),
    /// A file's media type is not one.
    MediaType(String),
    /// An attachment's bytes were not given.
    Missing(String),
    /// The library refused the message.
    Message(String),
}

impl std::fmt::Display for RenderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(what) => write!(
                f,
                "an address of the letter cannot stand in a header: {what}"
            ),
            Self::MediaType(what) => {
                write!(f, "attachment has the media type `{what}`, which is none")
            }
            Self::Missing(what) => write!(f, "the bytes of attachment `{what}` are missing"),
            Self::Message(what) => write!(f, "the letter has no mime form: {what}"),
        }
    }
}

impl std::error::Error for RenderError {}

/// The bytes of `letter` as an RFC 5322 message. `files` holds the attachments' bytes in the
/// letter's order.
///
/// The same letter, files and date give the same bytes.
///
/// # Errors
///
/// [`RenderError`] says which part has no MIME form.
pub fn render(
    letter: &Letter,
    files: &[Vec<u8>],
    date: DateTime<Utc>,
) -> Result<Vec<u8>, RenderError> {
    message(letter, files, date).map(|message| message.formatted())
}

/// The same before it is bytes.
pub(crate) fn message(
    letter: &Letter,
    files: &[Vec<u8>],
    date: DateTime<Utc>,
) -> Result<Message, RenderError> {
    let sender = &letter.sender;
    let to_name = letter
        .to_name
        .as_ref()
        .map(|name| header_text(name.reveal(Purpose::Contact)));
    let mut builder = Message::builder()
        .from(mailbox(
            Some(header_text(&sender.name)),
            sender.address.as_str(),
        )?)
        .reply_to(mailbox(None, sender.reply_to.as_str())?)
        .to(mailbox(
            to_name,
            letter.to.reveal(Purpose::Contact).as_str(),
        )?)
        .subject(letter.subject())
        .date(date.into())
        .message_id(Some(format!("<{}>", letter.message_id)))
        .header(Principal(header_text(&sender.principal)));
    if let Some(thread) = &letter.thread {
        let mut references: Vec<String> = thread
            .references
            .iter()
            .map(|id| format!("<{id}>"))
            .collect();
        let parent = format!("<{}>", thread.in_reply_to);
        if references.last() != Some(&parent) {
            references.push(parent.clone());
        }
        builder = builder.in_reply_to(parent).references(references.join(" "));
    }
    if let Some(opt_out) = &letter.notices.opt_out {
        let mut value = format!("<{}>", opt_out.url);
        if let Some(mailbox) = &opt_out.mailto {
            value.push_str(&format!(
                ", <mailto:{}?subject=unsubscribe>",
                mailbox.as_str()
            ));
        }
        builder = builder
            .header(ListUnsubscribe(value))
            .header(ListUnsubscribePost("List-Unsubscribe=One-Click".to_owned()));
    }
    if letter.made_by_ai {
        builder = builder.header(AiGenerated("true".to_owned()));
        if !letter.approved {
            // Nobody looked at it: other machines must know, so that two do not answer each other
            // for ever.
            let word = match letter.class {
                LetterClass::Answer => "auto-replied",
                _ => "auto-generated",
            };
            builder = builder.header(AutoSubmitted(word.to_owned()));
        }
    }
    let body = MultiPart::alternative()
        .boundary(boundary(letter, "alternative"))
        .singlepart(SinglePart::plain(letter.text()))
        .singlepart(SinglePart::html(letter.html()));
    let message = if letter.attachments.is_empty() {
        builder.multipart(body)
    } else {
        let mut mixed = MultiPart::mixed()
            .boundary(boundary(letter, "mixed"))
            .multipart(body);
        for (at, attachment) in letter.attachments.iter().enumerate() {
            let bytes = files
                .get(at)
                .ok_or_else(|| RenderError::Missing(attachment.name.clone()))?;
            mixed = mixed.singlepart(part(attachment, bytes)?);
        }
        builder.multipart(mixed)
    };
    message.map_err(|e| RenderError::Message(e.to_string()))
}

fn part(attachment: &Attachment, bytes: &[u8]) -> Result<SinglePart, RenderError> {
    let media_type = ContentType::parse(&attachment.media_type)
        .map_err(|_| RenderError::MediaType(attachment.media_type.clone()))?;
    let mut builder = SinglePart::builder()
        .header(media_type)
        .header(ContentDisposition::attachment(&file_name(&attachment.name)));
    if attachment.made_by_ai {
        builder = builder.header(AiGenerated("true".to_owned()));
    }
    Ok(builder.body(bytes.to_vec()))
}

/// A name that is only a name: no path, no control characters, no quotes.
pub(crate) fn file_name(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') {
                c
            } else {
                '-'
            }
        })
        .take(100)
        .collect()
}

pub(crate) fn header_text(text: &str) -> String {
    Untrusted::new(text.to_owned()).render_for(Context::Header)
}

fn mailbox(name: Option<String>, address: &str) -> Result<Mailbox, RenderError> {
    let address: Address = address
        .parse()
        .map_err(|e| RenderError::Address(format!("{e}")))?;
    Ok(Mailbox::new(name, address))
}

/// A boundary that follows from the letter and cannot stand in it.
fn boundary(letter: &Letter, level: &str) -> String {
    let digest = dealwright_core::canonical::Digest32::of_parts(&[
        letter.message_id.as_bytes(),
        level.as_bytes(),
    ]);
    let mut hex = digest.to_hex();
    hex.truncate(32);
    format!("=_{level}_{hex}")
}
