use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Currency, Money, MoneyError, Rate, Rounding, divide, power_of_ten};

/// Digits after the point of a price or a quantity.
const DIGITS: u32 = 9;

/// The price of one unit, which may be finer than the currency: 0.0125 EUR a word.
///
/// Prices and quantities have up to nine digits after the point and 64 bits in all, so that
/// their product is exact in 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct UnitPrice {
    amount: Decimal,
    currency: Currency,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    amount: Decimal,
    currency: Currency,
}

impl UnitPrice {
    /// A price of one unit.
    ///
    /// # Errors
    ///
    /// [`MoneyError::TooPrecise`] beyond nine digits after the point,
    /// [`MoneyError::Overflow`] beyond 64 bits.
    pub fn new(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        Ok(Self {
            amount: bounded(amount)?,
            currency,
        })
    }

    /// The price for one unit, at its own precision.
    #[must_use]
    pub fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// A named rounding point: the price of `quantity` units.
    ///
    /// # Errors
    ///
    /// [`MoneyError::TooPrecise`] for a quantity beyond nine digits after the point,
    /// [`MoneyError::Overflow`] where price, quantity or product leave 64 bits.
    pub fn extend(self, quantity: Decimal, rounding: Rounding) -> Result<Money, MoneyError> {
        let quantity = bounded(quantity)?;
        let product = self
            .amount
            .mantissa()
            .checked_mul(quantity.mantissa())
            .ok_or(MoneyError::Overflow)?;
        let scale = self.amount.scale() + quantity.scale();
        let digits = self.currency.digits();
        let minor = if scale > digits {
            divide(product, power_of_ten(scale - digits)?, rounding)?
        } else {
            product
                .checked_mul(power_of_ten(digits - scale)?)
                .ok_or(MoneyError::Overflow)?
        };
        Money::from_wide(minor, self.currency)
    }

    /// The price with `rate` of it added; exact, no rounding.
    ///
    /// # Errors
    ///
    /// [`MoneyError::TooPrecise`] where the product needs more than nine digits,
    /// [`MoneyError::Overflow`].
    pub fn marked_up(self, rate: Rate) -> Result<Self, MoneyError> {
        let factor = rate.fraction() + Decimal::ONE;
        // 21 digits after the point at most and 64 bits before: a Decimal would round, so
        // the exact product is checked in whole numbers first.
        let exact = self.amount.mantissa().checked_mul(factor.mantissa());
        let product = exact
            .and_then(|mantissa| {
                Decimal::try_from_i128_with_scale(mantissa, self.amount.scale() + factor.scale())
                    .ok()
            })
            .ok_or(MoneyError::Overflow)?;
        Self::new(product, self.currency)
    }
}

fn bounded(number: Decimal) -> Result<Decimal, MoneyError> {
    let number = number.normalize();
    if number.scale() > DIGITS {
        return Err(MoneyError::TooPrecise {
            amount: number.to_string(),
            digits: DIGITS,
        });
    }
    i64::try_from(number.mantissa()).map_err(|_| MoneyError::Overflow)?;
    Ok(number)
}

impl From<Money> for UnitPrice {
    fn from(money: Money) -> Self {
        Self {
            amount: money.amount().normalize(),
            currency: money.currency(),
        }
    }
}

impl TryFrom<Stored> for UnitPrice {
    type Error = MoneyError;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        Self::new(stored.amount, stored.currency)
    }
}

impl From<UnitPrice> for Stored {
    fn from(price: UnitPrice) -> Self {
        Self {
            amount: price.amount,
            currency: price.currency,
        }
    }
}

impl fmt::Display for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

impl fmt::Debug for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
