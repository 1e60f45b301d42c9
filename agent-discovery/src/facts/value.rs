use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The name of a fact, such as `sector` or `website.https`: 1 to 120 characters, no control characters, no blanks
/// at its ends. Case counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FactName(String);

impl FactName {
    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`FactNameError`] where it is empty, too long, or carries control characters or blanks at its ends.
    pub fn parse(name: impl Into<String>) -> Result<Self, FactNameError> {
        let name = name.into();
        let fits = !name.is_empty()
            && name.chars().count() <= 120
            && name.trim() == name
            && !name.chars().any(char::is_control);
        if fits {
            Ok(Self(name))
        } else {
            Err(FactNameError { name })
        }
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FactName {
    type Err = FactNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::parse(name)
    }
}

impl TryFrom<String> for FactName {
    type Error = FactNameError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(name)
    }
}

impl From<FactName> for String {
    fn from(name: FactName) -> Self {
        name.0
    }
}

/// A name that cannot be a fact's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "fact name `{name}` is empty, over 120 characters, or has blanks at its ends or control characters; rename it"
)]
pub struct FactNameError {
    name: String,
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FactValue {
    /// Words, compared without regard to case and to blanks at the ends.
    Text(String),
    /// A count, a measure, a share.
    Number(Decimal),
    /// Yes or no, positively known.
    Flag(bool),
}

impl FactValue {
    /// The number it is or spells; `None` for a flag and for other words.
    #[must_use]
    pub fn number(&self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => parse_number(text),
            Self::Flag(_) => None,
        }
    }
}

/// Reads `12`, `-3.50` and `1e3`; anything else, and what does not fit 28 digits, is `None`.
pub(crate) fn parse_number(text: &str) -> Option<Decimal> {
    let text = text.trim();
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return None;
    }
    Decimal::from_str(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
        .map(|number| number.normalize())
}

impl fmt::Display for FactValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{}", number.normalize()),
            Self::Flag(true) => f.write_str("yes"),
            Self::Flag(false) => f.write_str("no"),
        }
    }
}

impl From<&str> for FactValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for FactValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Decimal> for FactValue {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

impl From<i64> for FactValue {
    fn from(number: i64) -> Self {
        Self::Number(Decimal::from(number))
    }
}

impl From<bool> for FactValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}
