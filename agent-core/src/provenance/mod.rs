//! Where a value comes from, which of several to believe, and when to look again.

mod ageing;
mod field;

pub use ageing::Ageing;
pub use field::{Added, Because, Choice, Field};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::personal::Purpose;
use crate::text::Untrusted;
use crate::time::Timestamp;

/// How sure a source is, in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Confidence(u8);

impl Confidence {
    /// Certain: a person said so, or it was checked.
    pub const CERTAIN: Self = Self(100);
    /// Nothing is known.
    pub const NONE: Self = Self(0);

    /// From percent.
    ///
    /// # Errors
    ///
    /// [`ConfidenceError`] above 100.
    pub const fn new(percent: u8) -> Result<Self, ConfidenceError> {
        if percent > 100 {
            Err(ConfidenceError(percent))
        } else {
            Ok(Self(percent))
        }
    }

    /// From percent; above 100 counts as 100.
    #[must_use]
    pub const fn saturating(percent: u8) -> Self {
        if percent > 100 {
            Self(100)
        } else {
            Self(percent)
        }
    }

    /// In percent.
    #[must_use]
    pub const fn percent(self) -> u8 {
        self.0
    }
}

/// A confidence above 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a confidence is 0 to 100 percent, not {0}")]
pub struct ConfidenceError(u8);

impl TryFrom<u8> for Confidence {
    type Error = ConfidenceError;

    fn try_from(percent: u8) -> Result<Self, Self::Error> {
        Self::new(percent)
    }
}

impl From<Confidence> for u8 {
    fn from(confidence: Confidence) -> Self {
        confidence.0
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

/// What kind of source said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SourceKind {
    /// A person typed or confirmed it.
    Person,
    /// The party itself said it to us: a form, a mail.
    Subject,
    /// A public register.
    Register,
    /// The party's own website.
    Website,
    /// A directory or its export.
    Directory,
    /// A feed or a public post.
    Feed,
    /// A paid data provider.
    Provider,
    /// A rule or a model derived it.
    Derived,
}

/// Who said something. Its name is the one in the register of terms.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    name: String,
    kind: SourceKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl Source {
    /// A source by its name in the register of terms.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: SourceKind) -> Self {
        Self {
            name: name.into(),
            kind,
            url: None,
        }
    }

    /// A person who works here.
    #[must_use]
    pub fn person(name: impl Into<String>) -> Self {
        Self::new(name, SourceKind::Person)
    }

    /// Adds where exactly it was read.
    #[must_use]
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        self.kind
    }

    /// Where exactly it was read.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

/// A value with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sourced<T> {
    value: T,
    source: Source,
    retrieved_at: Timestamp,
    confidence: Confidence,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    passage: Option<Untrusted<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purpose: Option<Purpose>,
}

impl<T> Sourced<T> {
    /// `value`, as `source` gave it at `retrieved_at`.
    #[must_use]
    pub fn new(value: T, source: Source, retrieved_at: Timestamp, confidence: Confidence) -> Self {
        Self {
            value,
            source,
            retrieved_at,
            confidence,
            passage: None,
            purpose: None,
        }
    }

    /// Adds the words it was read from.
    #[must_use]
    pub fn with_passage(mut self, passage: Untrusted<String>) -> Self {
        self.passage = Some(passage);
        self
    }

    /// Adds what it was collected for.
    #[must_use]
    pub fn with_purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = Some(purpose);
        self
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The value, without where it comes from.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }

    /// Who gave it.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// When it was read.
    #[must_use]
    pub fn retrieved_at(&self) -> Timestamp {
        self.retrieved_at
    }

    /// How sure the source is.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// The words it was read from.
    #[must_use]
    pub fn passage(&self) -> Option<&Untrusted<String>> {
        self.passage.as_ref()
    }

    /// What it was collected for.
    #[must_use]
    pub fn purpose(&self) -> Option<Purpose> {
        self.purpose
    }

    /// Another value read out of this one, from the same source.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced {
            value: change(self.value),
            source: self.source,
            retrieved_at: self.retrieved_at,
            confidence: self.confidence,
            passage: self.passage,
            purpose: self.purpose,
        }
    }
}

#[cfg(test)]
mod tests;
