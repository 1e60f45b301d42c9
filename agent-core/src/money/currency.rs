use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::MoneyError;

/// A currency of ISO 4217 with a minor unit: 0 digits (JPY), 2 (EUR), 3 (KWD) or 4 (CLF).
///
/// Codes without a minor unit (gold, test codes) are refused: nothing can be paid in them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);
    /// The United States dollar.
    pub const USD: Self = Self(iso_currency::Currency::USD);
    /// The pound sterling.
    pub const GBP: Self = Self(iso_currency::Currency::GBP);
    /// The Canadian dollar.
    pub const CAD: Self = Self(iso_currency::Currency::CAD);
    /// The Swiss franc.
    pub const CHF: Self = Self(iso_currency::Currency::CHF);

    /// Reads a code such as `EUR`; case and surrounding space do not matter.
    ///
    /// # Errors
    ///
    /// [`MoneyError::UnknownCurrency`] where ISO 4217 has no such code, or the code has no
    /// minor unit.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        iso_currency::Currency::from_code(&code.trim().to_ascii_uppercase())
            .filter(|found| found.exponent().is_some())
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency {
                code: super::excerpt(code),
            })
    }

    /// The three letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many digits stand after the point.
    #[must_use]
    pub fn digits(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }

    /// The English name, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::parse(code)
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
