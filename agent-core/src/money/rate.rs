use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{MoneyError, excerpt};

/// Digits that the fraction of a rate may have: a millionth of a millionth.
const DIGITS: u32 = 12;
/// No tax, discount or markup is beyond 10,000 fold; keeps `money * rate` inside 128 bits.
const LARGEST: i64 = 10_000;

/// A share of an amount: a tax, a discount, a markup; may be negative.
///
/// Serialised with its sign so that 0.19 and 19 % cannot be mixed up: `"19%"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate(Decimal);

impl Rate {
    /// Takes nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// From hundredths: `19` is 19 %.
    ///
    /// # Errors
    ///
    /// As [`from_fraction`](Self::from_fraction).
    pub fn from_percent(percent: Decimal) -> Result<Self, MoneyError> {
        let mut fraction = percent.normalize();
        let scale = fraction.scale() + 2;
        if scale > DIGITS + 2 || fraction.set_scale(scale).is_err() {
            return Err(too_precise(percent));
        }
        Self::from_fraction(fraction)
    }

    /// From a fraction: `0.19` is 19 %.
    ///
    /// # Errors
    ///
    /// [`MoneyError::TooPrecise`] beyond 12 digits after the point,
    /// [`MoneyError::Overflow`] beyond 10,000 fold.
    pub fn from_fraction(fraction: Decimal) -> Result<Self, MoneyError> {
        let fraction = fraction.normalize();
        if fraction.scale() > DIGITS {
            return Err(too_precise(fraction));
        }
        if fraction.abs() > Decimal::from(LARGEST) {
            return Err(MoneyError::Overflow);
        }
        Ok(Self(fraction))
    }

    /// Reads `19`, `19%`, `19 %` or `7.7 %`.
    ///
    /// # Errors
    ///
    /// [`MoneyError::NotANumber`] or what [`from_percent`](Self::from_percent) refuses.
    pub fn parse_percent(text: &str) -> Result<Self, MoneyError> {
        let number = text.trim();
        let number = number.strip_suffix('%').unwrap_or(number).trim_end();
        Decimal::from_str_exact(number)
            .map_err(|_| MoneyError::NotANumber {
                text: excerpt(text),
            })
            .and_then(Self::from_percent)
    }

    /// The fraction: 0.19 for 19 %.
    #[must_use]
    pub fn fraction(self) -> Decimal {
        self.0
    }

    /// Hundredths: 19 for 19 %.
    #[must_use]
    pub fn percent(self) -> Decimal {
        (self.0 * Decimal::ONE_HUNDRED).normalize()
    }

    /// Whether it takes nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// What is left of the whole: 81 % for 19 %.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`] at the far end of the range.
    pub fn complement(self) -> Result<Self, MoneyError> {
        Self::from_fraction(Decimal::ONE - self.0)
    }

    /// The sum of two rates.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`] beyond 10,000 fold.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        Self::from_fraction(self.0 + other.0)
    }

    pub(super) fn mantissa(self) -> i128 {
        self.0.mantissa()
    }

    pub(super) fn scale(self) -> u32 {
        self.0.scale()
    }
}

fn too_precise(rate: Decimal) -> MoneyError {
    MoneyError::TooPrecise {
        amount: rate.to_string(),
        digits: DIGITS,
    }
}

impl FromStr for Rate {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse_percent(text)
    }
}

impl TryFrom<String> for Rate {
    type Error = MoneyError;

    /// Unlike [`Rate::parse_percent`] it insists on the percent sign: a stored `0.19` would
    /// silently become a fifth of a percent.
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.trim_end().ends_with('%') {
            Self::parse_percent(&text)
        } else {
            Err(MoneyError::NotANumber {
                text: excerpt(&text),
            })
        }
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        format!("{}%", rate.percent())
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.percent())
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
