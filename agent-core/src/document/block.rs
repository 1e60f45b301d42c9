//! The pieces that follow one another in a document.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Chart, Inline, Table, Value};
use crate::canonical::Digest32;

/// A piece of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Block {
    /// A box that stands out.
    Callout(Callout),
    /// Text to be taken letter by letter, such as structured data.
    Code(String),
    /// Labels and values, one pair a line.
    Facts(Vec<Fact>),
    /// A chart.
    Figure(Chart),
    /// A heading.
    Heading(Heading),
    /// A list.
    List(List),
    /// A few key figures side by side.
    Metrics(Vec<Metric>),
    /// What follows begins on a new page, where there are pages.
    PageBreak,
    /// Running text.
    Paragraph(Inline),
    /// Words quoted from somebody else.
    Passage(Passage),
    /// Where the parties sign.
    Signatures(Vec<Signature>),
    /// Running text set small: notices, terms of use.
    SmallPrint(Inline),
    /// A table.
    Table(Table),
}

macro_rules! block_from {
    ($($type:ident $variant:ident),*) => {$(
        impl From<$type> for Block {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}

block_from!(Callout Callout, Chart Figure, Heading Heading, List List, Passage Passage, Table Table);

/// A heading: level 1 is the highest below the title, 3 the lowest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    level: u8,
    text: String,
}

impl Heading {
    /// A heading; a level outside 1 to 3 is refused by [`Document::check`](super::Document::check).
    #[must_use]
    pub fn new(level: u8, text: impl Into<String>) -> Self {
        Self {
            level,
            text: text.into(),
        }
    }

    /// 1 to 3.
    #[must_use]
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// How something is to be taken; shown by colour and always by a word or sign too.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tone {
    /// Needs repair.
    Bad,
    /// As it should be.
    Good,
    /// Says nothing either way.
    #[default]
    Neutral,
    /// Worth knowing.
    Note,
    /// Needs a look.
    Warning,
}

/// A box that stands out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callout {
    tone: Tone,
    title: String,
    body: Inline,
}

impl Callout {
    /// A box with a title; the title says in words what the tone says in colour.
    #[must_use]
    pub fn new(tone: Tone, title: impl Into<String>, body: impl Into<Inline>) -> Self {
        Self {
            tone,
            title: title.into(),
            body: body.into(),
        }
    }

    /// How it is to be taken.
    #[must_use]
    pub fn tone(&self) -> Tone {
        self.tone
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The text.
    #[must_use]
    pub fn body(&self) -> &Inline {
        &self.body
    }
}

/// Words quoted from somebody else, with where they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
}

impl Passage {
    /// The words, without quotation marks.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            source: None,
        }
    }

    /// Names who said it, or where it stands.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Who said it, or where it stands.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }
}

/// A list, with bullets or numbers.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct List {
    ordered: bool,
    items: Vec<ListItem>,
}

impl List {
    /// A list with bullets.
    #[must_use]
    pub fn bullets() -> Self {
        Self::default()
    }

    /// A list numbered from 1.
    #[must_use]
    pub fn numbered() -> Self {
        Self {
            ordered: true,
            items: Vec::new(),
        }
    }

    /// Adds a point.
    #[must_use]
    pub fn item(mut self, text: impl Into<Inline>) -> Self {
        self.items.push(ListItem {
            text: text.into(),
            points: Vec::new(),
        });
        self
    }

    /// Adds a point with points below it.
    #[must_use]
    pub fn item_with<T: Into<Inline>>(
        mut self,
        text: impl Into<Inline>,
        points: impl IntoIterator<Item = T>,
    ) -> Self {
        self.items.push(ListItem {
            text: text.into(),
            points: points.into_iter().map(Into::into).collect(),
        });
        self
    }

    /// A list of plain points.
    #[must_use]
    pub fn of<T: Into<Inline>>(points: impl IntoIterator<Item = T>) -> Self {
        points.into_iter().fold(Self::bullets(), Self::item)
    }

    /// Whether its points are numbered.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        self.ordered
    }

    /// The points.
    #[must_use]
    pub fn items(&self) -> &[ListItem] {
        &self.items
    }
}

/// A point of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListItem {
    text: Inline,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    points: Vec<Inline>,
}

impl ListItem {
    /// The point.
    #[must_use]
    pub fn text(&self) -> &Inline {
        &self.text
    }

    /// The points below it.
    #[must_use]
    pub fn points(&self) -> &[Inline] {
        &self.points
    }
}

/// A label and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    label: String,
    value: Value,
}

impl Fact {
    /// A label without colon, and its value.
    #[must_use]
    pub fn new(label: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            label: label.into(),
            value: value.into(),
        }
    }

    /// The label.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }
}

/// A key figure, shown large.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    label: String,
    value: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(default)]
    tone: Tone,
}

impl Metric {
    /// What is measured, and the figure.
    #[must_use]
    pub fn new(label: impl Into<String>, value: impl Into<Value>) -> Self {
        Self {
            label: label.into(),
            value: value.into(),
            note: None,
            tone: Tone::Neutral,
        }
    }

    /// Adds a short remark, such as what it was before.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Says how the figure is to be taken.
    #[must_use]
    pub fn with_tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// What is measured.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The figure.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The remark.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// How it is to be taken.
    #[must_use]
    pub fn tone(&self) -> Tone {
        self.tone
    }
}

/// Where a party signs, or what shows that it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    party: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signatory: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed: Option<Signed>,
}

impl Signature {
    /// A line for `party` to sign on.
    #[must_use]
    pub fn new(party: impl Into<String>) -> Self {
        Self {
            party: party.into(),
            signatory: None,
            signed: None,
        }
    }

    /// Names the person who signs, with their role.
    #[must_use]
    pub fn with_signatory(mut self, signatory: impl Into<String>) -> Self {
        self.signatory = Some(signatory.into());
        self
    }

    /// States that it was signed on `day`, as the record with this hash proves.
    #[must_use]
    pub fn signed(mut self, day: NaiveDate, record: Digest32) -> Self {
        self.signed = Some(Signed { day, record });
        self
    }

    /// The party.
    #[must_use]
    pub fn party(&self) -> &str {
        &self.party
    }

    /// The person who signs.
    #[must_use]
    pub fn signatory(&self) -> Option<&str> {
        self.signatory.as_deref()
    }

    /// The record, once signed.
    #[must_use]
    pub fn record(&self) -> Option<&Signed> {
        self.signed.as_ref()
    }
}

/// That a signature was given, and the hash of the record that proves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    day: NaiveDate,
    record: Digest32,
}

impl Signed {
    /// The day.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.day
    }

    /// The hash of the record.
    #[must_use]
    pub fn record(&self) -> Digest32 {
        self.record
    }
}
