use std::fmt;

use dealwright_core::knowledge::Slug;
use dealwright_core::money::{Money, Rate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A share of 0 to 100 %, in hundredths of a percent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Percent(u16);

/// The share is above 100 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} hundredths of a percent are more than 100 %")]
pub struct PercentError(u16);

impl Percent {
    /// From hundredths of a percent: 750 is 7.5 %.
    ///
    /// # Errors
    ///
    /// [`PercentError`] above 10,000.
    pub const fn from_hundredths(hundredths: u16) -> Result<Self, PercentError> {
        if hundredths > 10_000 {
            Err(PercentError(hundredths))
        } else {
            Ok(Self(hundredths))
        }
    }

    /// Hundredths of a percent.
    #[must_use]
    pub const fn hundredths(self) -> u16 {
        self.0
    }

    /// As a rate.
    #[must_use]
    pub fn rate(self) -> Rate {
        // Four digits after the point at most 1: every such fraction is a rate.
        Rate::from_fraction(Decimal::new(i64::from(self.0), 4)).unwrap_or(Rate::ZERO)
    }
}

impl TryFrom<u16> for Percent {
    type Error = PercentError;

    fn try_from(hundredths: u16) -> Result<Self, Self::Error> {
        Self::from_hundredths(hundredths)
    }
}

impl From<Percent> for u16 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

impl fmt::Debug for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.rate(), f)
    }
}

/// What a client wants changed. Names are looked up, numbers are in range; a text is nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Ask {
    /// A discount of so much.
    Discount {
        /// The share.
        percent: Percent,
    },
    /// A total of no more than this.
    TotalAtMost {
        /// The amount; it is aimed at and never becomes a price itself.
        amount: Money,
        /// Whether it includes tax.
        with_tax: bool,
    },
    /// "Cheaper", without a figure.
    Cheaper,
    /// Longer to pay.
    DueDays {
        /// Days after the invoice.
        days: u16,
    },
    /// A smaller deposit.
    Deposit {
        /// The share due at signature.
        percent: Percent,
    },
    /// Work begins within so many days.
    StartWithin {
        /// Days from the quote's day.
        days: u16,
    },
    /// An option less.
    DropOption {
        /// The service.
        service: Slug,
        /// The option.
        option: Slug,
    },
    /// An option more.
    AddOption {
        /// The service.
        service: Slug,
        /// The option.
        option: Slug,
    },
    /// Another size.
    ChangeDriver {
        /// The service.
        service: Slug,
        /// The driver.
        driver: Slug,
        /// Its new value.
        to: i64,
    },
    /// A service less.
    DropService {
        /// The service.
        service: Slug,
    },
    /// A clause of the library.
    Clause {
        /// The clause.
        clause: Slug,
    },
    /// Anything else; a person answers.
    Other,
}
