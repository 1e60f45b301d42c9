use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::FactValue;

/// A question put to one fact, as data. In TOML: `when = { at_least = 5 }`, `when = { one_of = ["dentist"] }`,
/// `when = "known"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Predicate {
    /// There is a value at all. An absent fact leaves this open as well; it is never answered "no".
    Known,
    /// The words equal one of these.
    OneOf(Vec<String>),
    /// The words equal none of these.
    NoneOf(Vec<String>),
    /// The words contain this.
    Contains(String),
    /// The number is this or more.
    AtLeast(Decimal),
    /// The number is this or less.
    AtMost(Decimal),
    /// The number lies between these, both included.
    Between(Decimal, Decimal),
    /// The flag is so.
    Flag(bool),
}

impl Predicate {
    /// Answers for a value; `None` where the value is not of the kind asked about (words where a number is needed):
    /// that stays open, it is not "no".
    #[must_use]
    pub fn test(&self, value: &FactValue) -> Option<bool> {
        match self {
            Self::Known => Some(match value {
                FactValue::Text(text) => !text.trim().is_empty(),
                FactValue::Number(_) | FactValue::Flag(_) => true,
            })
            .filter(|known| *known),
            Self::OneOf(options) => words(value).map(|w| options.iter().any(|o| fold(o) == w)),
            Self::NoneOf(options) => words(value).map(|w| options.iter().all(|o| fold(o) != w)),
            Self::Contains(part) => words(value).map(|w| w.contains(&fold(part))),
            Self::AtLeast(least) => value.number().map(|n| n >= *least),
            Self::AtMost(most) => value.number().map(|n| n <= *most),
            Self::Between(least, most) => value.number().map(|n| n >= *least && n <= *most),
            Self::Flag(wanted) => match value {
                FactValue::Flag(flag) => Some(flag == wanted),
                FactValue::Text(text) => match fold(text).as_str() {
                    "yes" | "true" | "1" => Some(*wanted),
                    "no" | "false" | "0" => Some(!*wanted),
                    _ => None,
                },
                FactValue::Number(_) => None,
            },
        }
    }

    /// Whether some value can answer it "yes".
    ///
    /// # Errors
    ///
    /// [`PredicateError`] names what makes that impossible: an empty list, an empty word, bounds the wrong way round.
    pub fn check(&self) -> Result<(), PredicateError> {
        match self {
            Self::OneOf(options) | Self::NoneOf(options) if options.is_empty() => {
                Err(PredicateError::NoOptions)
            }
            Self::OneOf(options) | Self::NoneOf(options)
                if options.iter().any(|o| o.trim().is_empty()) =>
            {
                Err(PredicateError::EmptyWord)
            }
            Self::Contains(part) if part.trim().is_empty() => Err(PredicateError::EmptyWord),
            Self::Between(least, most) if least > most => Err(PredicateError::Bounds {
                least: *least,
                most: *most,
            }),
            Self::Known
            | Self::OneOf(_)
            | Self::NoneOf(_)
            | Self::Contains(_)
            | Self::AtLeast(_)
            | Self::AtMost(_)
            | Self::Between(..)
            | Self::Flag(_) => Ok(()),
        }
    }

    /// A value that answers it "yes"; `None` where no such value can be named (`none_of`, `known`).
    #[must_use]
    pub fn witness(&self) -> Option<FactValue> {
        match self {
            Self::Known | Self::NoneOf(_) => None,
            Self::OneOf(options) => options.first().map(|o| FactValue::Text(o.clone())),
            Self::Contains(part) => Some(FactValue::Text(part.clone())),
            Self::AtLeast(number) | Self::AtMost(number) | Self::Between(number, _) => {
                Some(FactValue::Number(*number))
            }
            Self::Flag(flag) => Some(FactValue::Flag(*flag)),
        }
    }
}

/// A text of one word or more, folded; an empty one says nothing.
fn words(value: &FactValue) -> Option<String> {
    match value {
        FactValue::Text(text) => Some(fold(text)).filter(|w| !w.is_empty()),
        FactValue::Number(_) => Some(value.to_string()),
        FactValue::Flag(_) => None,
    }
}

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

impl fmt::Display for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known => f.write_str("is known"),
            Self::OneOf(options) => write!(f, "is one of {}", options.join(", ")),
            Self::NoneOf(options) => write!(f, "is none of {}", options.join(", ")),
            Self::Contains(part) => write!(f, "contains {part}"),
            Self::AtLeast(number) => write!(f, "is at least {number}"),
            Self::AtMost(number) => write!(f, "is at most {number}"),
            Self::Between(least, most) => write!(f, "is between {least} and {most}"),
            Self::Flag(true) => f.write_str("is yes"),
            Self::Flag(false) => f.write_str("is no"),
        }
    }
}

/// Why a predicate can never hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PredicateError {
    /// A list of nothing.
    #[error("its list is empty; name at least one word")]
    NoOptions,
    /// An empty word.
    #[error("one of its words is empty; remove it")]
    EmptyWord,
    /// Bounds the wrong way round.
    #[error("its lower bound {least} is above its upper bound {most}; swap them")]
    Bounds {
        /// The lower bound as given.
        least: Decimal,
        /// The upper bound as given.
        most: Decimal,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_by_kind_and_leaves_the_rest_open() {
        let five = FactValue::from(5);
        let word = FactValue::from(" Dentist ");
        let cases = [
            (Predicate::AtLeast(5.into()), &five, Some(true)),
            (Predicate::AtMost(4.into()), &five, Some(false)),
            (Predicate::Between(1.into(), 5.into()), &five, Some(true)),
            (Predicate::AtLeast(5.into()), &word, None),
            (Predicate::OneOf(vec!["dentist".into()]), &word, Some(true)),
            (
                Predicate::NoneOf(vec!["dentist".into()]),
                &word,
                Some(false),
            ),
            (Predicate::Contains("tis".into()), &word, Some(true)),
            (Predicate::Flag(true), &word, None),
            (Predicate::Known, &word, Some(true)),
        ];
        for (predicate, value, answer) in cases {
            assert_eq!(predicate.test(value), answer, "{predicate} for {value}");
        }
        assert_eq!(Predicate::Known.test(&FactValue::from("  ")), None);
        assert_eq!(
            Predicate::OneOf(vec!["x".into()]).test(&FactValue::from("")),
            None
        );
    }

    #[test]
    fn refuses_what_can_never_hold() {
        assert!(Predicate::OneOf(Vec::new()).check().is_err());
        assert!(Predicate::Contains(" ".into()).check().is_err());
        assert!(Predicate::Between(2.into(), 1.into()).check().is_err());
        assert!(Predicate::Between(1.into(), 1.into()).check().is_ok());
    }

    #[test]
    fn a_witness_answers_yes() {
        for predicate in [
            Predicate::OneOf(vec!["a".into(), "b".into()]),
            Predicate::Contains("part".into()),
            Predicate::AtLeast(3.into()),
            Predicate::AtMost(3.into()),
            Predicate::Between(1.into(), 4.into()),
            Predicate::Flag(false),
        ] {
            let witness = predicate.witness().unwrap();
            assert_eq!(predicate.test(&witness), Some(true), "{predicate}");
        }
    }
}
