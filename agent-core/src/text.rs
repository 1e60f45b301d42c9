//! Text from outside, kept apart from text of our own.

use std::fmt;
use std::fmt::Write as _;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A value that somebody else chose: it may be shown, searched and quoted, never obeyed.
///
/// There is no `Display`, `Deref` or `AsRef`. The ways out are [`parse`](Self::parse) into a
/// checked type and [`render_for`](Untrusted::render_for) a named context. Readers such as
/// classifiers look through [`inspect`](Self::inspect).
///
/// ```
/// use dealwright_core::party::EmailAddress;
/// use dealwright_core::text::{Context, Untrusted};
/// let subject = Untrusted::new("Offer\r\nBcc: all@shop.example".to_owned());
/// assert_eq!(subject.render_for(Context::Header), "Offer Bcc: all@shop.example");
/// assert!(subject.parse::<EmailAddress>().is_err());
/// ```
///
/// ```compile_fail
/// let text = dealwright_core::text::Untrusted::new("free text");
/// println!("{text}");
/// ```
///
/// ```compile_fail
/// let text = dealwright_core::text::Untrusted::new(String::from("free text"));
/// let plain: &str = text.as_ref();
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Untrusted<T>(T);

impl<T> Untrusted<T> {
    /// Marks a value as chosen by somebody else.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Reading, not using: lets a pure classifier or extractor look inside.
    ///
    /// What comes out must again be a checked type (an enum, a number, an offset) or
    /// [`Untrusted`]; handing the text itself out defeats the type.
    pub fn inspect<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.0)
    }

    /// Another value made of this one, as untrusted as before.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Untrusted<U> {
        Untrusted(change(self.0))
    }
}

impl<T: crate::personal::Placeholder> crate::personal::Placeholder for Untrusted<T> {
    fn placeholder() -> Self {
        Self(T::placeholder())
    }
}

impl<T: AsRef<str>> Untrusted<T> {
    /// Parses into a checked type.
    ///
    /// # Errors
    ///
    /// What the type's own parser says.
    pub fn parse<U: FromUntrusted>(&self) -> Result<U, U::Error> {
        U::from_untrusted(self.0.as_ref())
    }

    /// The text, made harmless for one context.
    #[must_use]
    pub fn render_for(&self, context: Context) -> String {
        context.encode(self.0.as_ref())
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().len()
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_empty()
    }

    /// The first `limit` characters.
    #[must_use]
    pub fn truncated(&self, limit: usize) -> Untrusted<String> {
        Untrusted(self.0.as_ref().chars().take(limit).collect())
    }

    /// The same text, owned.
    #[must_use]
    pub fn to_owned_text(&self) -> Untrusted<String> {
        Untrusted(self.0.as_ref().to_owned())
    }
}

impl<T: AsRef<str>> fmt::Debug for Untrusted<T> {
    /// The length only: logs are read by tools that obey.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[untrusted, {} bytes]", self.len())
    }
}

/// A checked type that can be read from outside text.
pub trait FromUntrusted: Sized {
    /// Why the text is not one.
    type Error: std::error::Error;

    /// Reads it; the whole text has to be one, nothing is searched for.
    ///
    /// # Errors
    ///
    /// Where the text is anything else.
    fn from_untrusted(text: &str) -> Result<Self, Self::Error>;
}

macro_rules! from_untrusted {
    ($($type:ty, $error:ty, $parse:expr;)*) => {$(
        impl FromUntrusted for $type {
            type Error = $error;

            fn from_untrusted(text: &str) -> Result<Self, Self::Error> {
                ($parse)(text)
            }
        }
    )*};
}

// Amounts and prices are deliberately absent: a number may be read and judged, but an amount
// that is paid or asked for never comes out of somebody's text.
from_untrusted! {
    crate::party::Country, crate::party::PartyError, crate::party::Country::parse;
    crate::party::DomainName, crate::party::PartyError, crate::party::DomainName::parse;
    crate::party::EmailAddress, crate::party::PartyError, crate::party::EmailAddress::parse;
    crate::party::Language, crate::party::PartyError, crate::party::Language::parse;
    crate::party::PhoneNumber, crate::party::PartyError, |text| crate::party::PhoneNumber::parse(text, None);
    Decimal, rust_decimal::Error, |text: &str| Decimal::from_str_exact(text.trim());
    i64, std::num::ParseIntError, |text: &str| text.trim().parse();
    u32, std::num::ParseIntError, |text: &str| text.trim().parse();
    u64, std::num::ParseIntError, |text: &str| text.trim().parse();
}

/// Where a piece of outside text is about to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Context {
    /// Between the tags of HTML.
    HtmlText,
    /// Inside a quoted attribute of HTML. Not for `href`, `src`, `style` or event handlers.
    HtmlAttr,
    /// In a mail or HTTP header: one line of at most [`HEADER_LIMIT`] characters.
    Header,
    /// In a cell of a CSV file: quoted, and not a formula.
    Csv,
    /// As one component of a URL, percent-encoded.
    Url,
    /// Inside a quoted string of Typst source, without the quotes.
    Typst,
    /// In a terminal or a text part: no control characters but newline and tab, no marks that
    /// turn the direction of writing, no tag characters.
    PlainText,
    /// In a model's prompt, framed as data: see [`Context::encode`].
    LlmData,
}

/// Most characters of outside text in one header.
pub const HEADER_LIMIT: usize = 200;

impl Context {
    /// Makes `text` harmless here. Own text that was made of outside text, such as a file
    /// name, can be encoded too.
    ///
    /// [`LlmData`](Self::LlmData) yields `<data bytes="N">`, N bytes, `</data>`: the length
    /// says where the data ends, whatever it says itself. No nonce is needed, so the same
    /// text gives the same prompt.
    #[must_use]
    pub fn encode(self, text: &str) -> String {
        match self {
            Self::HtmlText => html(text),
            Self::HtmlAttr => html(text).replace('\n', "&#10;").replace('\t', "&#9;"),
            Self::Header => header(text),
            Self::Csv => csv(text),
            Self::Url => url(text),
            Self::Typst => typst(text),
            Self::PlainText => plain(text),
            Self::LlmData => llm_data(text),
        }
    }
}

/// Whether a character can hide or reorder what stands around it: directional marks and
/// overrides, invisible joiners and the tag block that mirrors ASCII unseen.
fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{061c}' | '\u{00ad}' | '\u{180e}' | '\u{feff}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter(|c| (!c.is_control() || matches!(c, '\n' | '\t')) && !is_deceptive(*c))
        .collect()
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Some browsers still end an unquoted attribute or a string at these.
            '`' => out.push_str("&#96;"),
            '=' => out.push_str("&#61;"),
            c => out.push(c),
        }
    }
    out
}

fn header(text: &str) -> String {
    let mut out = String::new();
    let visible = text
        .chars()
        .map(|c| {
            if c.is_control() || c.is_whitespace() {
                ' '
            } else {
                c
            }
        })
        .filter(|c| !is_deceptive(*c));
    for c in visible {
        if c != ' ' || !(out.is_empty() || out.ends_with(' ')) {
            out.push(c);
        }
    }
    // An encoded word would be decoded by the reader, line breaks and all.
    let out = out.replace("=?", "= ?");
    let short: String = out.chars().take(HEADER_LIMIT).collect();
    short.trim_end().to_owned()
}

fn csv(text: &str) -> String {
    let text = plain(text).replace('\t', " ");
    // A spreadsheet skips leading space and quotes, and takes full-width signs too.
    let first = text
        .chars()
        .find(|c| !c.is_whitespace() && !matches!(c, '"' | '\''));
    let formula = matches!(
        first,
        Some('=' | '+' | '-' | '@' | '|' | '%' | '＝' | '＋' | '－' | '＠')
    ) || text.starts_with('\n');
    let harmless_number = {
        let digits = text.strip_prefix('-').unwrap_or(&text);
        !digits.is_empty()
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && Decimal::from_str_exact(digits).is_ok()
    };
    let guard = if formula && !harmless_number { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

fn url(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn typst(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out
}

fn llm_data(text: &str) -> String {
    // Zero-width and tag characters carry instructions that no person sees.
    let text = plain(text)
        .replace("</data", "‹/data")
        .replace("<data", "‹data");
    format!("<data bytes=\"{}\">{text}</data>", text.len())
}

#[cfg(test)]
mod tests;
