//! What tokens cost, exactly.

use std::collections::BTreeMap;

use dealwright_core::money::{Currency, Money};
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::SetupError;

/// Digits after the point of a price.
const DIGITS: u32 = 9;
/// Prices are per million tokens: six more digits.
const MILLION: u32 = 6;

/// What a million tokens of one model cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenPrice {
    /// A million tokens that are read.
    pub input: Decimal,
    /// A million tokens that are written, those of thinking included.
    pub output: Decimal,
}

/// Prices by model, in one currency: the operator's, from the provider's price list. There is no
/// table in the code, because prices change and a wrong one would lift a budget.
///
/// ```
/// use dealwright_models::PriceTable;
/// let table: PriceTable = serde_json::from_str(
///     r#"{"currency":"USD","models":{"small-2026-01-15":{"input":"0.25","output":"2.00"}}}"#,
/// )?;
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Stored")]
pub struct PriceTable {
    currency: Currency,
    models: BTreeMap<String, Price>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    currency: Currency,
    models: BTreeMap<String, TokenPrice>,
}

impl TryFrom<Stored> for PriceTable {
    type Error = SetupError;

    fn try_from(stored: Stored) -> Result<Self, SetupError> {
        let table = Self::new(stored.currency);
        stored
            .models
            .into_iter()
            .try_fold(table, |table, (model, price)| table.with(&model, price))
    }
}

impl PriceTable {
    /// A table without prices.
    #[must_use]
    pub fn new(currency: Currency) -> Self {
        Self {
            currency,
            models: BTreeMap::new(),
        }
    }

    /// Names the price of a model; a later one replaces an earlier.
    ///
    /// # Errors
    ///
    /// [`SetupError::Price`] below zero, beyond nine digits after the point or beyond 64 bits.
    pub fn with(mut self, model: &str, price: TokenPrice) -> Result<Self, SetupError> {
        let exact = |amount: Decimal| {
            let amount = amount.normalize();
            let digits = DIGITS.checked_sub(amount.scale())?;
            let mantissa = amount.mantissa().checked_mul(10_i128.pow(digits))?;
            u64::try_from(mantissa).ok()
        };
        let wrong = || SetupError::Price(model.to_owned());
        let price = Price {
            currency: self.currency,
            input: exact(price.input).ok_or_else(wrong)?,
            output: exact(price.output).ok_or_else(wrong)?,
        };
        self.models.insert(model.to_owned(), price);
        Ok(self)
    }

    pub(crate) fn of(&self, model: &str) -> Result<Price, SetupError> {
        let found = self.models.get(model).copied();
        found.ok_or_else(|| SetupError::NoPrice(model.to_owned()))
    }
}

/// The tokens of one or more calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) input: u64,
    pub(crate) output: u64,
}

impl Usage {
    pub(crate) fn total(self) -> u64 {
        self.input.saturating_add(self.output)
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
        }
    }
}

/// The price of one model in billionths of the currency's unit, per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    currency: Currency,
    input: u64,
    output: u64,
}

impl Price {
    pub(crate) fn currency(self) -> Currency {
        self.currency
    }

    /// A named rounding point: the exact price of all tokens together, up to the next minor unit,
    /// so that a budget can end a little early and never late. `None` beyond 64 bits.
    pub(crate) fn of(self, usage: Usage) -> Option<Money> {
        let side = |price: u64, tokens: u64| u128::from(price).checked_mul(u128::from(tokens));
        let exact = side(self.input, usage.input)?.checked_add(side(self.output, usage.output)?)?;
        // Minor units have at most four digits, so the exponent is positive.
        let per_minor = 10_u128.pow((DIGITS + MILLION).checked_sub(self.currency.digits())?);
        let minor = i64::try_from(exact.div_ceil(per_minor)).ok()?;
        Some(Money::from_minor(minor, self.currency))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(currency: Currency, input: &str, output: &str) -> Price {
        let (input, output) = (input.parse().unwrap(), output.parse().unwrap());
        let table = PriceTable::new(currency).with("m", TokenPrice { input, output });
        table.unwrap().of("m").unwrap()
    }

    fn usage(input: u64, output: u64) -> Usage {
        Usage { input, output }
    }

    // covers: OR-5
    #[test]
    fn a_price_is_exact_and_rounded_up_once() {
        let usd = price(Currency::USD, "0.25", "2");
        let cents = |minor| Some(Money::from_minor(minor, Currency::USD));
        assert_eq!(usd.of(usage(0, 0)), cents(0));
        assert_eq!(usd.of(usage(1, 0)), cents(1));
        assert_eq!(usd.of(usage(4_000_000, 0)), cents(100));
        assert_eq!(usd.of(usage(4_000_000, 500_000)), cents(200));
        assert_eq!(usd.of(usage(4_000_001, 500_000)), cents(201));
        // Rounded once: two halves of a cent are one.
        assert_eq!(usd.of(usage(20_000, 2_500)), cents(1));
        let yen = price(Currency::parse("JPY").unwrap(), "37.5", "150");
        assert_eq!(yen.of(usage(1_000_000, 0)).unwrap().minor(), 38);
    }

    #[test]
    fn a_price_that_cannot_be_kept_is_refused() {
        for wrong in ["-1", "0.0000000001", "99999999999999"] {
            let input = wrong.parse().unwrap();
            let output = Decimal::ONE;
            let table = PriceTable::new(Currency::EUR).with("m", TokenPrice { input, output });
            assert_eq!(
                table.unwrap_err(),
                SetupError::Price("m".to_owned()),
                "{wrong}"
            );
        }
        let unknown = PriceTable::new(Currency::EUR).of("m").unwrap_err();
        assert_eq!(unknown, SetupError::NoPrice("m".to_owned()));
        let text = r#"{"currency":"EUR","models":{"m":{"input":"-1","output":"1"}}}"#;
        assert!(serde_json::from_str::<PriceTable>(text).is_err());
        let most = price(Currency::EUR, "9999999999", "0");
        assert_eq!(most.of(usage(u64::MAX, 0)), None);
    }

    proptest! {
        #[test]
        fn never_less_than_it_costs_and_less_than_a_cent_more(
            input in 0_u64..50_000_000_000, output in 0_u64..50_000_000_000,
            read in 0_u64..1_000_000, wrote in 0_u64..1_000_000,
        ) {
            let text = |n: u64| Decimal::new(i64::try_from(n).unwrap(), 9).to_string();
            let money = price(Currency::EUR, &text(input), &text(output)).of(usage(read, wrote));
            let billed = i128::from(money.unwrap().minor()) * 10_i128.pow(13);
            let exact = i128::from(input) * i128::from(read)
                + i128::from(output) * i128::from(wrote);
            prop_assert!(billed >= exact && billed - exact < 10_i128.pow(13));
        }
    }
}
