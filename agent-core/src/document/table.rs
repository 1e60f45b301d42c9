//! Tables, and the values that stand in them.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Inline, Tone, Wording};
use crate::money::{Money, UnitPrice};

/// A value that is printed in the document's language.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Value {
    /// A day.
    Date(NaiveDate),
    /// Nothing.
    #[default]
    Empty,
    /// An amount of money.
    Money(Money),
    /// The price of one unit, which may be finer than the currency.
    Price(UnitPrice),
    /// A number.
    Number(Decimal),
    /// A share in percent: 19 is 19 %.
    Percent(Decimal),
    /// Running text.
    Text(Inline),
}

impl Value {
    /// What is read; still to be escaped for where it goes.
    #[must_use]
    pub fn to_plain(&self, wording: &Wording) -> String {
        match self {
            Self::Date(day) => wording.date(*day),
            Self::Empty => String::new(),
            Self::Money(amount) => wording.money(*amount),
            Self::Price(price) => wording.price(*price),
            Self::Number(number) => wording.number(*number),
            Self::Percent(share) => wording.percent(*share),
            Self::Text(text) => text.to_plain(wording),
        }
    }
}

macro_rules! value_from {
    ($($type:ty => $make:expr;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                ($make)(value)
            }
        }

        impl From<$type> for Cell {
            fn from(value: $type) -> Self {
                Self::new(Value::from(value))
            }
        }
    )*};
}

value_from! {
    &str => |text: &str| Self::Text(text.into());
    String => |text: String| Self::Text(text.into());
    Inline => Self::Text;
    Money => Self::Money;
    Decimal => Self::Number;
    i64 => |number: i64| Self::Number(number.into());
    u32 => |number: u32| Self::Number(number.into());
    NaiveDate => Self::Date;
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        Self::new(value)
    }
}

/// One field of a table.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cell {
    value: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    tone: Tone,
}

impl Cell {
    /// A field.
    #[must_use]
    pub fn new(value: impl Into<Value>) -> Self {
        Self {
            value: value.into(),
            note: None,
            tone: Tone::Neutral,
        }
    }

    /// Adds a line below the value, set small.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Shows the value as a tag in the tone's colour.
    #[must_use]
    pub fn with_tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The line below the value.
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

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Align {
    /// In the middle.
    Center,
    /// At the end of the line: amounts and counts.
    End,
    /// At the beginning of the line.
    #[default]
    Start,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    title: String,
    #[serde(default)]
    align: Align,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    share: Option<u8>,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn text(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            align: Align::Start,
            share: None,
        }
    }

    /// A column of amounts, counts or shares: aligned at the end.
    #[must_use]
    pub fn figures(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            align: Align::End,
            share: None,
        }
    }

    /// A column of short marks, in the middle.
    #[must_use]
    pub fn centered(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            align: Align::Center,
            share: None,
        }
    }

    /// Lets the column share the free width in proportion to the others with a share. Without
    /// any share in a table, its first column of words takes what is left.
    #[must_use]
    pub fn with_share(mut self, share: u8) -> Self {
        self.share = Some(share);
        self
    }

    /// The title; may be empty for a column that speaks for itself.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Where its text stands.
    #[must_use]
    pub fn align(&self) -> Align {
        self.align
    }

    /// Its share of the free width.
    #[must_use]
    pub fn share(&self) -> Option<u8> {
        self.share
    }
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Row {
    /// As many fields as there are columns.
    Cells(Vec<Cell>),
    /// A title for the rows below, over the whole width.
    Group(String),
    /// A label over all columns but the last, and a value in the last.
    Sum {
        /// What is summed up.
        label: String,
        /// The sum.
        value: Value,
        /// Whether it is the last word: the amount to pay.
        grand: bool,
    },
    /// As many fields as there are columns, set as totals.
    Totals(Vec<Cell>),
}

/// A table. Header cells, alignment and totals keep their meaning in every format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caption: Option<String>,
    columns: Vec<Column>,
    rows: Vec<Row>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            caption: None,
            columns: columns.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Sets what stands above the table.
    #[must_use]
    pub fn with_caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }

    /// Adds a row; one that is wider or narrower than the table is refused by
    /// [`Document::check`](super::Document::check).
    #[must_use]
    pub fn row(mut self, cells: impl IntoIterator<Item = Cell>) -> Self {
        self.push(Row::Cells(cells.into_iter().collect()));
        self
    }

    /// Adds a title for the rows that follow.
    #[must_use]
    pub fn group(mut self, title: impl Into<String>) -> Self {
        self.push(Row::Group(title.into()));
        self
    }

    /// Adds a row of totals, a field for each column.
    #[must_use]
    pub fn totals(mut self, cells: impl IntoIterator<Item = Cell>) -> Self {
        self.push(Row::Totals(cells.into_iter().collect()));
        self
    }

    /// Adds an intermediate sum in the last column.
    #[must_use]
    pub fn sum(mut self, label: impl Into<String>, value: impl Into<Value>) -> Self {
        self.push(Row::Sum {
            label: label.into(),
            value: value.into(),
            grand: false,
        });
        self
    }

    /// Adds the final sum in the last column.
    #[must_use]
    pub fn grand_total(mut self, label: impl Into<String>, value: impl Into<Value>) -> Self {
        self.push(Row::Sum {
            label: label.into(),
            value: value.into(),
            grand: true,
        });
        self
    }

    /// Adds a row, in place.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// What stands above the table.
    #[must_use]
    pub fn caption(&self) -> Option<&str> {
        self.caption.as_deref()
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}
