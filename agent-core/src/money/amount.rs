use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Currency, MoneyError, Rate, Rounding, divide, excerpt, power_of_ten};

/// An amount of one currency, in whole minor units.
///
/// ```
/// use dealwright_core::money::{Currency, Money, Rate, Rounding};
/// let net = Money::from_minor(13_866, Currency::EUR);
/// let tax = net.apply(Rate::parse_percent("19")?, Rounding::HalfUp)?;
/// assert_eq!(net.checked_add(tax)?.to_string(), "165.01 EUR");
/// # Ok::<(), dealwright_core::money::MoneyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// An amount from minor units: `from_minor(1250, EUR)` is 12.50 EUR.
    #[must_use]
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, of a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::from_minor(0, currency)
    }

    /// An amount from a decimal; zeros at its end do not count as digits.
    ///
    /// # Errors
    ///
    /// [`MoneyError::TooPrecise`] where the currency has fewer digits,
    /// [`MoneyError::Overflow`] beyond 64 bits of minor units.
    pub fn new(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let amount = amount.normalize();
        let missing = currency
            .digits()
            .checked_sub(amount.scale())
            .ok_or_else(|| MoneyError::TooPrecise {
                amount: amount.to_string(),
                digits: currency.digits(),
            })?;
        let minor = amount
            .mantissa()
            .checked_mul(power_of_ten(missing)?)
            .ok_or(MoneyError::Overflow)?;
        Self::from_wide(minor, currency)
    }

    /// Reads `1234.50 EUR`: the form that [`Display`](fmt::Display) writes.
    ///
    /// # Errors
    ///
    /// [`MoneyError::NotANumber`], [`MoneyError::UnknownCurrency`] or what
    /// [`new`](Self::new) refuses.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let (number, code) =
            text.trim()
                .rsplit_once(' ')
                .ok_or_else(|| MoneyError::NotANumber {
                    text: excerpt(text),
                })?;
        let number =
            Decimal::from_str_exact(number.trim()).map_err(|_| MoneyError::NotANumber {
                text: excerpt(text),
            })?;
        Self::new(number, Currency::parse(code)?)
    }

    /// Whole minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The amount at exactly the currency's scale.
    #[must_use]
    pub fn amount(self) -> Decimal {
        Decimal::new(self.minor, self.currency.digits())
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether it is above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// The sum.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor);
        Ok(Self::from_minor(
            minor.ok_or(MoneyError::Overflow)?,
            self.currency,
        ))
    }

    /// The difference.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor);
        Ok(Self::from_minor(
            minor.ok_or(MoneyError::Overflow)?,
            self.currency,
        ))
    }

    /// The same amount the other way.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`] for the smallest 64-bit number alone.
    pub fn checked_neg(self) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_neg().ok_or(MoneyError::Overflow)?;
        Ok(Self::from_minor(minor, self.currency))
    }

    /// The amount `times` over.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`].
    pub fn checked_mul(self, times: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(times).ok_or(MoneyError::Overflow)?;
        Ok(Self::from_minor(minor, self.currency))
    }

    /// How the two compare; money has no `PartialOrd`, since 1 EUR and 1 JPY have no order.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`].
    pub fn checked_cmp(self, other: Self) -> Result<Ordering, MoneyError> {
        self.same_currency(other)?;
        Ok(self.minor.cmp(&other.minor))
    }

    /// The smaller of the two.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`].
    pub fn checked_min(self, other: Self) -> Result<Self, MoneyError> {
        Ok(match self.checked_cmp(other)? {
            Ordering::Greater => other,
            Ordering::Less | Ordering::Equal => self,
        })
    }

    /// The larger of the two.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`].
    pub fn checked_max(self, other: Self) -> Result<Self, MoneyError> {
        Ok(match self.checked_cmp(other)? {
            Ordering::Less => other,
            Ordering::Greater | Ordering::Equal => self,
        })
    }

    /// The sum of all, which is zero of `currency` where there is none.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn sum(
        currency: Currency,
        amounts: impl IntoIterator<Item = Self>,
    ) -> Result<Self, MoneyError> {
        amounts
            .into_iter()
            .try_fold(Self::zero(currency), Self::checked_add)
    }

    /// A named rounding point: the part that `rate` takes of this amount (a tax, a discount).
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`].
    pub fn apply(self, rate: Rate, rounding: Rounding) -> Result<Self, MoneyError> {
        let product = i128::from(self.minor)
            .checked_mul(rate.mantissa())
            .ok_or(MoneyError::Overflow)?;
        let minor = divide(product, power_of_ten(rate.scale())?, rounding)?;
        Self::from_wide(minor, self.currency)
    }

    /// A named rounding point: the net amount inside this gross amount, `gross / (1 + rate)`.
    ///
    /// # Errors
    ///
    /// [`MoneyError::Overflow`], also for a rate of -100 % and below.
    pub fn net_of(self, rate: Rate, rounding: Rounding) -> Result<Self, MoneyError> {
        let one = power_of_ten(rate.scale())?;
        let product = i128::from(self.minor)
            .checked_mul(one)
            .ok_or(MoneyError::Overflow)?;
        let whole = one.checked_add(rate.mantissa()).filter(|whole| *whole > 0);
        let minor = divide(product, whole.ok_or(MoneyError::Overflow)?, rounding)?;
        Self::from_wide(minor, self.currency)
    }

    /// Shares the amount by weight and loses no cent.
    ///
    /// Each share is its exact part cut towards zero; what is left goes, one minor unit each,
    /// to the largest remainders, the earlier share first where they tie.
    ///
    /// ```
    /// use dealwright_core::money::{Currency, Money};
    /// let shares = Money::from_minor(100, Currency::EUR).allocate(&[1, 1, 1])?;
    /// assert_eq!(shares.iter().map(|s| s.minor()).collect::<Vec<_>>(), [34, 33, 33]);
    /// # Ok::<(), dealwright_core::money::MoneyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`MoneyError::NoWeights`] where the weights sum to zero.
    pub fn allocate(self, weights: &[u64]) -> Result<Vec<Self>, MoneyError> {
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        if total == 0 {
            return Err(MoneyError::NoWeights);
        }
        let size = u128::from(self.minor.unsigned_abs());
        // 64 by 64 bits: the product cannot leave 128.
        let mut shares: Vec<(usize, u128, u128)> = weights
            .iter()
            .map(|weight| size * u128::from(*weight))
            .enumerate()
            .map(|(place, part)| (place, part / total, part % total))
            .collect();
        let given: u128 = shares.iter().map(|(_, whole, _)| whole).sum();
        shares.sort_by(|left, right| right.2.cmp(&left.2).then(left.0.cmp(&right.0)));
        let mut left = size.saturating_sub(given);
        for (_, whole, _) in &mut shares {
            if left == 0 {
                break;
            }
            *whole += 1;
            left -= 1;
        }
        shares.sort_by_key(|(place, _, _)| *place);
        shares
            .into_iter()
            .map(|(_, whole, _)| {
                let whole = i128::try_from(whole).map_err(|_| MoneyError::Overflow)?;
                Self::from_wide(if self.minor < 0 { -whole } else { whole }, self.currency)
            })
            .collect()
    }

    pub(super) fn from_wide(minor: i128, currency: Currency) -> Result<Self, MoneyError> {
        let minor = i64::try_from(minor).map_err(|_| MoneyError::Overflow)?;
        Ok(Self::from_minor(minor, currency))
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch {
                left: self.currency,
                right: other.currency,
            })
        }
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} {}", self.amount(), self.currency))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
