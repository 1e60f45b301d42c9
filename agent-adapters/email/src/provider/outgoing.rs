//! A letter in the parts that providers ask for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dealwright_core::blobs::Blobs;
use dealwright_core::error::PortError;
use dealwright_core::personal::Purpose;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::Letter;
use lettre::Message;
use serde_json::{Map, Value, json};

use crate::prepare;
use crate::render::{file_name, header_text};

/// The field in which a provider keeps our effect key, and gives it back in events.
pub(crate) const EFFECT: &str = "dealwright_effect";
/// The field in which it keeps the letter's `Message-ID`.
pub(crate) const LETTER: &str = "dealwright_letter";
/// Names the files that an AI made: the providers have no headers for a part.
const AI_FILES: &str = "X-AI-Generated-Files";
/// The headers that providers do not make from fields of their own.
const HEADERS: [&str; 8] = [
    "Message-ID",
    "In-Reply-To",
    "References",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    "X-AI-Generated",
    "X-Principal",
];

/// The parts of a letter. Headers are those of the rendered message, so that the MIME form stays
/// the one place where they are decided.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) from: String,
    pub(crate) from_name: String,
    pub(crate) reply_to: String,
    pub(crate) to: String,
    pub(crate) to_name: Option<String>,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) files: Vec<File>,
}

/// A file of a letter.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) media_type: String,
    /// Its bytes, in base64.
    pub(crate) content: String,
}

impl Outgoing {
    /// The parts of `letter`, its MIME form looked at first.
    ///
    /// # Errors
    ///
    /// `Invalid` where the letter has no MIME form or lacks what it promises, `Unavailable` where
    /// its files cannot be read now.
    pub(crate) async fn of(
        letter: &Letter,
        blobs: &dyn Blobs,
        date: Timestamp,
    ) -> Result<Self, PortError> {
        let bytes = prepare::files(letter, blobs).await?;
        let message = prepare::message_with(letter, &bytes, date)?;
        prepare::bytes(letter, &message)?;
        let files = letter.attachments.iter().zip(&bytes);
        let files = files.map(|(attachment, bytes)| File {
            name: file_name(&attachment.name),
            media_type: attachment.media_type.clone(),
            content: STANDARD.encode(bytes),
        });
        let name = |name: &str| header_text(name);
        Ok(Self {
            from: letter.sender.address.as_str().to_owned(),
            from_name: name(&letter.sender.name),
            reply_to: letter.sender.reply_to.as_str().to_owned(),
            to: letter.to.reveal(Purpose::Contact).as_str().to_owned(),
            to_name: letter
                .to_name
                .as_ref()
                .map(|n| name(n.reveal(Purpose::Contact))),
            subject: letter.subject(),
            text: letter.text(),
            html: letter.html(),
            headers: headers(letter, &message),
            files: files.collect(),
        })
    }

    /// The recipient as a JSON object.
    pub(crate) fn recipient(&self) -> Value {
        let name = self.to_name.as_deref().map(Value::from);
        with(json!({ "email": self.to }), "name", name)
    }

    /// The files as a JSON list, where there are any.
    pub(crate) fn file_list(&self, file: impl FnMut(&File) -> Value) -> Option<Value> {
        let any = !self.files.is_empty();
        any.then(|| self.files.iter().map(file).collect())
    }

    /// The headers as a JSON object.
    pub(crate) fn header_object(&self) -> Map<String, Value> {
        let all = self.headers.iter();
        all.map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())))
            .collect()
    }
}

/// The object with one field more, where there is one.
pub(crate) fn with(mut object: Value, name: &str, value: Option<Value>) -> Value {
    if let (Some(fields), Some(value)) = (object.as_object_mut(), value) {
        fields.insert(name.to_owned(), value);
    }
    object
}

fn headers(letter: &Letter, message: &Message) -> Vec<(&'static str, String)> {
    let mut headers: Vec<_> = HEADERS
        .iter()
        .filter_map(|name| Some((*name, encoded(message.headers().get_raw(name)?))))
        .collect();
    let made = letter.attachments.iter().filter(|a| a.made_by_ai);
    let made: Vec<String> = made.map(|a| file_name(&a.name)).collect();
    if !made.is_empty() {
        headers.push((AI_FILES, encoded(&made.join(", "))));
    }
    headers
}

/// A header's value in ASCII: as it is, or in encoded words (RFC 2047).
fn encoded(value: &str) -> String {
    if value.is_ascii() {
        return value.to_owned();
    }
    let (mut words, mut run) = (Vec::new(), String::new());
    for c in value.chars() {
        // 45 bytes are 60 letters of base64, and a word has room for 75.
        if run.len() + c.len_utf8() > 45 {
            words.push(std::mem::take(&mut run));
        }
        run.push(c);
    }
    words.push(run);
    let word = |run: &String| format!("=?utf-8?B?{}?=", STANDARD.encode(run));
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    #[test]
    fn words_beyond_ascii_come_back_as_they_were() {
        assert_eq!(encoded("agency.example"), "agency.example");
        let long = "Bäckerei Übermut & Söhne in Größenwahn, für alle, die früh aufstehen müssen";
        let value = encoded(long);
        assert!(value.is_ascii());
        assert!(value.split(' ').all(|word| word.len() <= 75), "{value}");
        let raw = format!("Subject: {value}\r\n\r\n");
        let mail = MessageParser::default().parse(raw.as_bytes()).unwrap();
        assert_eq!(mail.subject(), Some(long));
    }
}
