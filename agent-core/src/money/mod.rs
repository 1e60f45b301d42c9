//! Money, exact to the currency's minor unit, and the ledger that keeps it.
//!
//! Amounts are whole minor units; prices and rates keep their precision. Rounding happens
//! at named points only: [`Money::apply`], [`Money::net_of`] and [`UnitPrice::extend`].
//! There are no operators: [`Money::checked_add`] refuses another currency and overflow.

mod amount;
mod currency;
pub mod ledger;
mod rate;
mod unit_price;

pub use amount::Money;
pub use currency::Currency;
pub use rate::Rate;
pub use unit_price::UnitPrice;

/// How a value between two minor units becomes one of them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rounding {
    /// Halves go away from zero, so a credit note mirrors its invoice. The commercial default.
    #[default]
    HalfUp,
    /// Halves go to the even neighbour, so that many roundings do not drift.
    HalfEven,
}

/// Why an amount could not be made or combined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// The code is not in ISO 4217, or is not money that can be paid.
    #[error("`{code}` is not a currency of ISO 4217; use a three-letter code such as EUR")]
    UnknownCurrency {
        /// What was given.
        code: String,
    },
    /// Two currencies in one sum.
    #[error("cannot combine {left} with {right}; convert one of them first")]
    CurrencyMismatch {
        /// The currency on the left.
        left: Currency,
        /// The currency on the right.
        right: Currency,
    },
    /// The amount does not fit.
    #[error("the amount is too large to be kept exactly")]
    Overflow,
    /// More digits than the currency has, or than a price or rate may have.
    #[error("`{amount}` has more than {digits} digits after the point; round it at a named point")]
    TooPrecise {
        /// What was given.
        amount: String,
        /// How many are allowed.
        digits: u32,
    },
    /// The text is not a number.
    #[error("`{text}` is not an amount; write it as `1234.50 EUR` or `19 %`")]
    NotANumber {
        /// What was given.
        text: String,
    },
    /// Nothing to share by.
    #[error("cannot allocate by weights that sum to zero")]
    NoWeights,
}

/// `numerator / denominator` to a whole number; `denominator` is above zero.
fn divide(numerator: i128, denominator: i128, rounding: Rounding) -> Result<i128, MoneyError> {
    let quotient = numerator
        .checked_div(denominator)
        .ok_or(MoneyError::Overflow)?;
    let rest = numerator
        .checked_rem(denominator)
        .ok_or(MoneyError::Overflow)?
        .abs();
    let twice = rest.checked_mul(2).ok_or(MoneyError::Overflow)?;
    let away = match rounding {
        Rounding::HalfUp => twice >= denominator,
        Rounding::HalfEven => twice > denominator || (twice == denominator && quotient % 2 != 0),
    };
    let step = if away { numerator.signum() } else { 0 };
    quotient.checked_add(step).ok_or(MoneyError::Overflow)
}

/// Ten to the power of `digits`.
fn power_of_ten(digits: u32) -> Result<i128, MoneyError> {
    10_i128.checked_pow(digits).ok_or(MoneyError::Overflow)
}

/// The first characters of outside text, for an error message.
fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests;
