//! The head of a document: who writes to whom, when, under which number.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Fact, Value};
use crate::canonical::Digest32;
use crate::party::{Language, PostalAddress};

/// Parties, number, date, version and references of a document.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Meta {
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<Identity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<Identity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    facts: Vec<Fact>,
    references: Vec<Reference>,
    draft: bool,
    paper: Paper,
}

impl Meta {
    /// An empty head.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets who writes: the letterhead and the footer.
    #[must_use]
    pub fn with_sender(mut self, sender: Identity) -> Self {
        self.sender = Some(sender);
        self
    }

    /// Sets whom it is addressed to.
    #[must_use]
    pub fn with_recipient(mut self, recipient: Identity) -> Self {
        self.recipient = Some(recipient);
        self
    }

    /// Sets the number, such as `INV-2026-0042`.
    #[must_use]
    pub fn with_number(mut self, number: impl Into<String>) -> Self {
        self.number = Some(number.into());
        self
    }

    /// Sets the day it bears. No renderer asks a clock.
    #[must_use]
    pub fn with_date(mut self, date: NaiveDate) -> Self {
        self.date = Some(date);
        self
    }

    /// Sets the version, from 1.
    #[must_use]
    pub fn with_version(mut self, version: u32) -> Self {
        self.version = Some(version);
        self
    }

    /// Adds a line beside number and date, such as `Valid until`.
    #[must_use]
    pub fn with_fact(mut self, label: impl Into<String>, value: impl Into<Value>) -> Self {
        self.facts.push(Fact::new(label, value));
        self
    }

    /// Adds the hash of something the document rests on; printed at its end.
    #[must_use]
    pub fn with_reference(mut self, label: impl Into<String>, digest: Digest32) -> Self {
        self.references.push(Reference {
            label: label.into(),
            digest,
        });
        self
    }

    /// Says on every page that it is a draft.
    #[must_use]
    pub fn as_draft(mut self) -> Self {
        self.draft = true;
        self
    }

    /// Sets the paper; A4 otherwise.
    #[must_use]
    pub fn with_paper(mut self, paper: Paper) -> Self {
        self.paper = paper;
        self
    }

    /// Who writes.
    #[must_use]
    pub fn sender(&self) -> Option<&Identity> {
        self.sender.as_ref()
    }

    /// Whom it is addressed to.
    #[must_use]
    pub fn recipient(&self) -> Option<&Identity> {
        self.recipient.as_ref()
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        self.number.as_deref()
    }

    /// The day it bears.
    #[must_use]
    pub fn date(&self) -> Option<NaiveDate> {
        self.date
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> Option<u32> {
        self.version
    }

    /// The lines beside number and date.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// The hashes it rests on.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Whether it is a draft.
    #[must_use]
    pub fn is_draft(&self) -> bool {
        self.draft
    }

    /// The paper.
    #[must_use]
    pub fn paper(&self) -> Paper {
        self.paper
    }
}

impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta")
            .field("version", &self.version)
            .field("draft", &self.draft)
            .finish_non_exhaustive()
    }
}

/// A party as it stands in a letterhead or an address field.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    details: Vec<String>,
}

impl Identity {
    /// A party by its name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            lines: Vec::new(),
            details: Vec::new(),
        }
    }

    /// Adds a line of the address.
    #[must_use]
    pub fn with_line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Adds the lines of a postal address.
    #[must_use]
    pub fn with_address(mut self, address: &PostalAddress, language: Language) -> Self {
        self.lines.extend(address.lines(language));
        self
    }

    /// Adds a way to reach or identify the party: mail address, site, tax number.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address, line by line, without the name.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Mail address, site, tax number.
    #[must_use]
    pub fn details(&self) -> &[String] {
        &self.details
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[identity]")
    }
}

/// The hash of something a document rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    label: String,
    digest: Digest32,
}

impl Reference {
    /// What was hashed.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Its hash.
    #[must_use]
    pub fn digest(&self) -> Digest32 {
        self.digest
    }
}

/// The size of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Paper {
    /// 210 by 297 mm.
    #[default]
    A4,
    /// 8.5 by 11 inches.
    Letter,
}

/// The one colour of a sender, dark enough to be read on white.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Accent([u8; 3]);

/// The lightest accent: 0 is black, 255 white. At 130 grey has a contrast of 4 to 1 on white.
const PALEST: u32 = 130;

impl Accent {
    /// Reads `#1f4e5f`.
    ///
    /// # Errors
    ///
    /// [`AccentError`] where it is not six hexadecimal digits after `#`, or too pale to be
    /// read on white.
    pub fn parse(text: &str) -> Result<Self, AccentError> {
        let shown = || text.chars().take(20).filter(|c| !c.is_control()).collect();
        let mut rgb = [0; 3];
        text.strip_prefix('#')
            .and_then(|digits| hex::decode_to_slice(digits, &mut rgb).ok())
            .ok_or_else(|| AccentError::Form(shown()))?;
        let [r, g, b] = rgb.map(u32::from);
        if (299 * r + 587 * g + 114 * b) / 1_000 > PALEST {
            return Err(AccentError::Pale(shown()));
        }
        Ok(Self(rgb))
    }

    /// Red, green and blue.
    #[must_use]
    pub const fn rgb(self) -> [u8; 3] {
        self.0
    }
}

impl Default for Accent {
    /// A dark petrol.
    fn default() -> Self {
        Self([0x1c, 0x4e, 0x63])
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl fmt::Debug for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Accent {
    type Error = AccentError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Accent> for String {
    fn from(accent: Accent) -> Self {
        accent.to_string()
    }
}

/// The colour cannot be an accent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccentError {
    /// Not a colour.
    #[error("`{0}` is not a colour; write it like `#1c4e63`")]
    Form(String),
    /// Too pale.
    #[error("`{0}` is too pale to be read on white; take a darker one")]
    Pale(String),
}
