//! Running text: words with emphasis, links, amounts and dates.

use std::fmt;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Wording;
use crate::money::Money;

/// A run of text. `"plain words".into()` makes one; the methods add to it.
///
/// ```
/// use dealwright_core::document::Inline;
/// let text = Inline::new().text("Due by ").strong("Friday").text(".");
/// assert_eq!(text.spans().len(), 3);
/// ```
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inline(Vec<Span>);

impl Inline {
    /// No text.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a span.
    #[must_use]
    pub fn span(mut self, span: Span) -> Self {
        self.0.push(span);
        self
    }

    /// Adds plain words.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.span(Span::Text(text.into()))
    }

    /// Adds words that matter more.
    #[must_use]
    pub fn strong(self, text: impl Into<String>) -> Self {
        self.span(Span::Strong(text.into()))
    }

    /// Adds stressed words.
    #[must_use]
    pub fn emphasis(self, text: impl Into<String>) -> Self {
        self.span(Span::Emphasis(text.into()))
    }

    /// Adds text to be read letter by letter.
    #[must_use]
    pub fn code(self, text: impl Into<String>) -> Self {
        self.span(Span::Code(text.into()))
    }

    /// Adds a link.
    #[must_use]
    pub fn link(self, text: impl Into<String>, to: Href) -> Self {
        self.span(Span::Link {
            text: text.into(),
            to,
        })
    }

    /// Adds an amount.
    #[must_use]
    pub fn money(self, amount: Money) -> Self {
        self.span(Span::Money(amount))
    }

    /// Adds a day.
    #[must_use]
    pub fn date(self, day: NaiveDate) -> Self {
        self.span(Span::Date(day))
    }

    /// The spans.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.0
    }

    /// Whether there is nothing to read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words without their emphasis; still to be escaped for where they go.
    #[must_use]
    pub fn to_plain(&self, wording: &Wording) -> String {
        self.0.iter().map(|span| span.words(wording)).collect()
    }
}

impl fmt::Debug for Inline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} spans]", self.0.len())
    }
}

impl From<&str> for Inline {
    fn from(text: &str) -> Self {
        Self::new().text(text)
    }
}

impl From<String> for Inline {
    fn from(text: String) -> Self {
        Self::new().text(text)
    }
}

impl From<Span> for Inline {
    fn from(span: Span) -> Self {
        Self::new().span(span)
    }
}

/// A piece of running text that looks the same throughout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Span {
    /// A new line within the paragraph.
    Break,
    /// Text to be read letter by letter: an address, a field name.
    Code(String),
    /// A day, printed in the document's language.
    Date(NaiveDate),
    /// Stressed words.
    Emphasis(String),
    /// Words that lead somewhere.
    Link {
        /// What is read.
        text: String,
        /// Where it leads.
        to: Href,
    },
    /// An amount, printed in the document's language.
    Money(Money),
    /// A number, printed in the document's language.
    Number(Decimal),
    /// Words that matter more.
    Strong(String),
    /// Words.
    Text(String),
}

impl Span {
    /// What is read, without its look; still to be escaped for where it goes.
    #[must_use]
    pub fn words(&self, wording: &Wording) -> String {
        match self {
            Self::Break => "\n".to_owned(),
            Self::Code(text)
            | Self::Emphasis(text)
            | Self::Strong(text)
            | Self::Text(text)
            | Self::Link { text, .. } => text.clone(),
            Self::Date(day) => wording.date(*day),
            Self::Money(amount) => wording.money(*amount),
            Self::Number(number) => wording.number(*number),
        }
    }
}

/// An address that a link may lead to: `https:`, `http:` or `mailto:`, without credentials.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Href(String);

/// Longest address in a document, in bytes.
const HREF_LIMIT: usize = 2_000;

impl Href {
    /// Reads an absolute address; it comes out normalised and percent-encoded.
    ///
    /// # Errors
    ///
    /// [`HrefError`] for any other scheme (`javascript:`, `data:`, `file:`), for credentials
    /// in the address, and for what is no address at all.
    pub fn parse(text: &str) -> Result<Self, HrefError> {
        let refused = |reason| HrefError {
            href: text.chars().take(60).filter(|c| !c.is_control()).collect(),
            reason,
        };
        if text.len() > HREF_LIMIT {
            return Err(refused("it is too long"));
        }
        let url = url::Url::parse(text).map_err(|_| refused("it is not an absolute address"))?;
        if !matches!(url.scheme(), "https" | "http" | "mailto") {
            return Err(refused("only https, http and mailto are allowed"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused("it carries credentials"));
        }
        Ok(Self(String::from(url)))
    }

    /// The address, ASCII and without white space.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Href {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Href {
    type Error = HrefError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Href> for String {
    fn from(href: Href) -> Self {
        href.0
    }
}

/// The address may not stand behind a link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{href}` cannot be linked to: {reason}")]
pub struct HrefError {
    href: String,
    reason: &'static str,
}
