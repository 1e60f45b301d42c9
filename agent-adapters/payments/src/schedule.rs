//! Payments by schedule where no quote stands behind them; the plan of a quote is
//! [`PaymentPlan`](dealwright_deals::pricing::PaymentPlan).

use chrono::{Months, NaiveDate};
use dealwright_core::money::{MoneyError, Rate};
use rust_decimal::Decimal;

use crate::credit::Amounts;

/// What makes a payment due.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Occasion {
    /// The signature.
    Signature,
    /// A milestone is accepted.
    Milestone {
        /// Its name.
        name: String,
    },
    /// A date comes.
    Date(NaiveDate),
}

/// One payment of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// Its number, from 1.
    pub number: u32,
    /// What makes it due.
    pub occasion: Occasion,
    /// What is paid.
    pub amounts: Amounts,
}

/// Why no schedule was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// No payment, or more than a schedule holds.
    #[error("a schedule has 1 to {MOST} payments, not {count}")]
    Count {
        /// How many were asked for.
        count: usize,
    },
    /// A deposit below nothing or above everything.
    #[error("a deposit is 0 to 100 %")]
    Deposit,
    /// A date beyond the calendar.
    #[error("the last date lies beyond the calendar")]
    Date,
    /// Amounts that do not combine.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Fifty years of months.
const MOST: usize = 600;

/// A deposit at signature and the rest on milestones, by weight. Payments of nothing are left
/// out; net and tax sum to the total, to the cent.
///
/// # Errors
///
/// [`ScheduleError`].
pub fn milestones(
    total: Amounts,
    deposit: Rate,
    milestones: &[(String, u32)],
) -> Result<Vec<Scheduled>, ScheduleError> {
    count(milestones.len())?;
    let part = deposit.fraction();
    if part < Decimal::ZERO || part > Decimal::ONE {
        return Err(ScheduleError::Deposit);
    }
    // Both at the scale of the first.
    let weight = |mut part: Decimal| {
        part.rescale(deposit.fraction().scale());
        u64::try_from(part.mantissa()).map_err(|_| ScheduleError::Deposit)
    };
    let first = split(total, &[weight(part)?, weight(Decimal::ONE - part)?])?;
    let [at_signature, rest] = first.as_slice() else {
        return Err(ScheduleError::Deposit);
    };
    let weights: Vec<u64> = milestones.iter().map(|(_, w)| u64::from(*w)).collect();
    let shares = split(*rest, &weights)?;
    let occasions = milestones
        .iter()
        .map(|(name, _)| Occasion::Milestone { name: name.clone() });
    let all = std::iter::once((Occasion::Signature, *at_signature))
        .chain(occasions.zip(shares))
        .filter(|(_, amounts)| !amounts.net().is_zero() || !amounts.tax().is_zero());
    Ok(numbered(all))
}

/// Equal instalments, `every` months from `first` on. A day that a month does not have is its
/// last; the months after it have the day again.
///
/// # Errors
///
/// [`ScheduleError`].
pub fn instalments(
    total: Amounts,
    payments: u16,
    first: NaiveDate,
    every: u16,
) -> Result<Vec<Scheduled>, ScheduleError> {
    count(usize::from(payments))?;
    let shares = split(total, &vec![1; usize::from(payments)])?;
    let dates = dates(payments, first, every)?;
    Ok(numbered(dates.into_iter().map(Occasion::Date).zip(shares)))
}

/// The same amount each month.
///
/// # Errors
///
/// [`ScheduleError`].
pub fn retainer(
    monthly: Amounts,
    months: u16,
    first: NaiveDate,
) -> Result<Vec<Scheduled>, ScheduleError> {
    count(usize::from(months))?;
    // What all of it comes to can be said, so that a total that overflows is refused here.
    monthly.gross()?.checked_mul(i64::from(months))?;
    let dates = dates(months, first, 1)?;
    Ok(numbered(
        dates
            .into_iter()
            .map(|date| (Occasion::Date(date), monthly)),
    ))
}

fn dates(count: u16, first: NaiveDate, every: u16) -> Result<Vec<NaiveDate>, ScheduleError> {
    (0..u32::from(count))
        .map(|n| {
            let months = Months::new(n * u32::from(every));
            first.checked_add_months(months).ok_or(ScheduleError::Date)
        })
        .collect()
}

fn count(count: usize) -> Result<(), ScheduleError> {
    if (1..=MOST).contains(&count) {
        Ok(())
    } else {
        Err(ScheduleError::Count { count })
    }
}

fn split(total: Amounts, weights: &[u64]) -> Result<Vec<Amounts>, MoneyError> {
    let nets = total.net().allocate(weights)?;
    let taxes = total.tax().allocate(weights)?;
    let pairs = nets.into_iter().zip(taxes);
    pairs.map(|(net, tax)| Amounts::new(net, tax)).collect()
}

fn numbered(all: impl Iterator<Item = (Occasion, Amounts)>) -> Vec<Scheduled> {
    (1..)
        .zip(all)
        .map(|(number, (occasion, amounts))| Scheduled {
            number,
            occasion,
            amounts,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use dealwright_core::money::{Currency, Money};
    use proptest::prelude::*;

    use super::*;

    fn amounts(net: i64, tax: i64) -> Amounts {
        let eur = |minor| Money::from_minor(minor, Currency::EUR);
        Amounts::new(eur(net), eur(tax)).unwrap()
    }

    fn sums(schedule: &[Scheduled]) -> (i64, i64) {
        schedule.iter().fold((0, 0), |(net, tax), s| {
            (net + s.amounts.net().minor(), tax + s.amounts.tax().minor())
        })
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    proptest! {
        // covers: CF-3
        #[test]
        fn no_schedule_loses_a_cent(
            net in 0_i64..1_000_000_000,
            tax in 0_i64..200_000_000,
            deposit in 0_u32..=1_000,
            weights in prop::collection::vec(0_u32..1_000, 1..40),
            count in 1_u16..=120,
        ) {
            let total = amounts(net, tax);
            let rate = Rate::from_fraction(Decimal::new(i64::from(deposit), 3)).unwrap();
            let named: Vec<_> = weights.iter().map(|w| (format!("m{w}"), *w)).collect();
            match milestones(total, rate, &named) {
                Ok(schedule) => prop_assert_eq!(sums(&schedule), (net, tax)),
                Err(error) => {
                    let none = error == ScheduleError::Money(MoneyError::NoWeights);
                    prop_assert!(none && weights.iter().all(|w| *w == 0), "{}", error);
                }
            }
            let schedule = instalments(total, count, day("2026-01-31"), 1).unwrap();
            prop_assert_eq!(sums(&schedule), (net, tax));
            prop_assert_eq!(schedule.len(), usize::from(count));
            let nets = schedule.iter().map(|s| s.amounts.net().minor());
            let (least, most) = (nets.clone().min().unwrap(), nets.max().unwrap());
            prop_assert!(most - least <= 1);
        }
    }

    #[test]
    fn the_last_of_january_is_the_last_of_each_month() {
        let schedule = instalments(amounts(100, 19), 4, day("2027-12-31"), 1).unwrap();
        let dates: Vec<_> = schedule.iter().map(|s| s.occasion.clone()).collect();
        let wanted = ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"];
        assert_eq!(dates, wanted.map(|d| Occasion::Date(day(d))));
        let quarters = instalments(amounts(100, 19), 2, day("2026-11-30"), 3).unwrap();
        assert_eq!(quarters[1].occasion, Occasion::Date(day("2027-02-28")));
    }

    #[test]
    fn a_retainer_is_the_same_each_month_and_bounded() {
        let schedule = retainer(amounts(50_000, 9_500), 12, day("2026-01-15")).unwrap();
        assert_eq!(sums(&schedule), (600_000, 114_000));
        for wrong in [0, 601] {
            let refused = retainer(amounts(1, 0), wrong, day("2026-01-15"));
            assert!(matches!(refused, Err(ScheduleError::Count { .. })));
        }
        let last = NaiveDate::MAX;
        let beyond = retainer(amounts(1, 0), 2, last);
        assert_eq!(beyond, Err(ScheduleError::Date));
    }
}
