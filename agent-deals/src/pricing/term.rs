use dealwright_core::id::LineId;
use dealwright_core::knowledge::Slug;
use dealwright_core::money::{Currency, Money, Rate, Rounding};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::PricingError;

/// Where amounts round; nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RoundingPoint {
    /// The list price of a line (of a month of it, where it is billed monthly).
    LinePrice,
    /// The discount of a line.
    LineDiscount,
    /// What a line costs us.
    LineCost,
    /// The tax on all lines of one tax rule.
    Tax,
}

/// How a figure came about: a tree of operands and operations that anybody can redo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Term {
    /// A number of the rate card or the catalogue.
    Given {
        /// The number.
        value: Decimal,
        /// Where it stands.
        from: String,
    },
    /// A share of the rate card or of the request.
    Share {
        /// The share.
        rate: Rate,
        /// Where it stands.
        from: String,
    },
    /// Units of a driver beyond those that do not count; never below zero.
    Units {
        /// The driver.
        driver: Slug,
        /// Its value.
        value: i64,
        /// Units that do not count.
        beyond: i64,
        /// Units counted at most; `None` for all.
        most: Option<i64>,
    },
    /// An amount of money found elsewhere: the list price of a line, or a sum.
    Amount {
        /// The amount.
        amount: Money,
        /// The line, where it is one.
        line: Option<LineId>,
    },
    /// The sum of the parts.
    Sum {
        /// The parts.
        of: Vec<Term>,
    },
    /// The product of the parts.
    Product {
        /// The parts.
        of: Vec<Term>,
    },
    /// A named rounding point: the quotient rounded to the currency's minor unit.
    Round {
        /// The point.
        point: RoundingPoint,
        /// How halves go.
        rounding: Rounding,
        /// The currency whose minor unit it is rounded to.
        currency: Currency,
        /// What is rounded.
        of: Box<Term>,
        /// What it is divided by first; 360 for sixths of minutes at hourly rates.
        by: u32,
    },
    /// One share of an amount that was allocated by weight.
    Part {
        /// The whole amount.
        of: Money,
        /// The weights.
        weights: Vec<u64>,
        /// Which share, from 0.
        place: u32,
    },
}

/// What `Bug::FloatMoney` makes of an amount: exact tenths do not exist in it.
#[cfg(feature = "seeded-bugs")]
fn in_floats(exact: Decimal, digits: u32) -> Decimal {
    use rust_decimal::prelude::ToPrimitive as _;
    let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(2));
    let float = exact.to_f64().unwrap_or_default();
    Decimal::new((float * scale) as i64, digits)
}

impl Term {
    /// What the tree comes to; exact, but for its rounding points.
    ///
    /// # Errors
    ///
    /// [`PricingError::Inexact`] and [`PricingError::Money`] where it does not fit.
    pub fn value(&self) -> Result<Decimal, PricingError> {
        match self {
            Self::Given { value, .. } => Ok(*value),
            Self::Share { rate, .. } => Ok(rate.fraction()),
            Self::Units {
                value,
                beyond,
                most,
                ..
            } => {
                let units = value.saturating_sub(*beyond).max(0);
                Ok(Decimal::from(most.map_or(units, |most| units.min(most))))
            }
            Self::Amount { amount, .. } => Ok(amount.amount()),
            Self::Sum { of } => of
                .iter()
                .try_fold(Decimal::ZERO, |sum, part| exact_sum(sum, part.value()?)),
            Self::Product { of } => of.iter().try_fold(Decimal::ONE, |product, part| {
                exact_product(product, part.value()?)
            }),
            Self::Round {
                rounding,
                currency,
                of,
                by,
                ..
            } => {
                let quotient = of
                    .value()?
                    .checked_div(Decimal::from(*by))
                    .ok_or(PricingError::Inexact)?;
                #[cfg(feature = "seeded-bugs")]
                if dealwright_core::process::bug(dealwright_core::process::Bug::FloatMoney) {
                    return Ok(in_floats(quotient, currency.digits()));
                }
                Ok(quotient.round_dp_with_strategy(currency.digits(), strategy(*rounding)))
            }
            Self::Part { of, weights, place } => {
                let shares = of.allocate(weights)?;
                let share = shares.get(*place as usize).ok_or(PricingError::Inexact)?;
                Ok(share.amount())
            }
        }
    }

    /// What it comes to as money.
    ///
    /// # Errors
    ///
    /// As [`value`](Self::value); [`PricingError::Money`] also where it was not rounded and has
    /// more digits than the currency.
    pub fn money(&self, currency: Currency) -> Result<Money, PricingError> {
        Ok(Money::new(self.value()?, currency)?)
    }

    pub(super) fn rounded(
        self,
        point: RoundingPoint,
        rounding: Rounding,
        currency: Currency,
    ) -> Self {
        self.rounded_by(point, rounding, currency, 1)
    }

    pub(super) fn rounded_by(
        self,
        point: RoundingPoint,
        rounding: Rounding,
        currency: Currency,
        by: u32,
    ) -> Self {
        Self::Round {
            point,
            rounding,
            currency,
            of: Box::new(self),
            by,
        }
    }
}

fn strategy(rounding: Rounding) -> RoundingStrategy {
    match rounding {
        Rounding::HalfEven => RoundingStrategy::MidpointNearestEven,
        _ => RoundingStrategy::MidpointAwayFromZero,
    }
}

fn exact_sum(left: Decimal, right: Decimal) -> Result<Decimal, PricingError> {
    let sum = left.checked_add(right).ok_or(PricingError::Inexact)?;
    if sum.scale() < left.scale().max(right.scale()) {
        return Err(PricingError::Inexact);
    }
    Ok(sum)
}

/// Decimals cut a product that has too many digits without a word; here it is refused.
fn exact_product(left: Decimal, right: Decimal) -> Result<Decimal, PricingError> {
    let (left, right) = (left.normalize(), right.normalize());
    let product = left.checked_mul(right).ok_or(PricingError::Inexact)?;
    if !product.is_zero() && product.scale() < left.scale() + right.scale() {
        return Err(PricingError::Inexact);
    }
    Ok(product)
}
