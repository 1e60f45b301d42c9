use std::collections::BTreeMap;

use chrono::NaiveDate;
use dealwright_core::contract;
use dealwright_core::money::Money;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Days that settled spending is kept in a [`DayBook`].
const KEPT_DAYS: u64 = 31;

/// What one call costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Price {
    /// Nothing.
    #[default]
    Free,
    /// Money, zero or more.
    Money(Money),
    /// Credits that were bought in advance.
    Credits(u64),
}

impl Price {
    /// Whether a call takes anything at all.
    #[must_use]
    pub fn is_free(&self) -> bool {
        match self {
            Self::Free => true,
            Self::Money(money) => money.minor() == 0,
            Self::Credits(credits) => *credits == 0,
        }
    }

    /// Whether it is no more than `other`. Different currencies, and money and credits, cannot
    /// be told apart, so they are not within one another.
    #[must_use]
    pub fn within(&self, other: Self) -> bool {
        match (*self, other) {
            (price, _) if price.is_free() => true,
            (Self::Money(own), Self::Money(other)) => {
                own.checked_cmp(other).is_ok_and(std::cmp::Ordering::is_le)
            }
            (Self::Credits(own), Self::Credits(other)) => own <= other,
            _ => false,
        }
    }
}

/// The most that may be spent. What is not named may not be spent at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ceiling {
    /// Money, in the one currency providers are paid in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
    /// Credits.
    pub credits: u64,
}

/// What was spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Purse {
    /// Money, where any was spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
    /// Credits.
    pub credits: u64,
}

impl Purse {
    /// Whether one more call for `price` stays within `ceiling`.
    #[must_use]
    pub fn affords(&self, price: Price, ceiling: &Ceiling) -> bool {
        match price {
            price if price.is_free() => true,
            Price::Money(money) if money.is_negative() => false,
            Price::Money(money) => {
                let all = match self.money {
                    Some(spent) => spent.checked_add(money).ok(),
                    None => Some(money),
                };
                match (all, ceiling.money) {
                    (Some(all), Some(most)) => {
                        all.checked_cmp(most).is_ok_and(std::cmp::Ordering::is_le)
                    }
                    _ => false,
                }
            }
            Price::Credits(credits) => self
                .credits
                .checked_add(credits)
                .is_some_and(|all| all <= ceiling.credits),
            Price::Free => true,
        }
    }

    /// Books what a call took. A sum that cannot be kept leaves the purse full: nothing more is
    /// affordable.
    #[must_use]
    pub fn with(mut self, price: Price) -> Self {
        match price {
            Price::Free => {}
            Price::Money(money) => {
                self.money = match self.money {
                    Some(spent) => Some(
                        spent
                            .checked_add(money)
                            .unwrap_or_else(|_| Money::from_minor(i64::MAX, spent.currency())),
                    ),
                    None => Some(money),
                };
            }
            Price::Credits(credits) => self.credits = self.credits.saturating_add(credits),
        }
        self
    }
}

/// What a day has spent and holds for calls under way. A call that is held counts as spent, and
/// one whose outcome is not known stays held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayBook {
    days: BTreeMap<NaiveDate, Day>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Day {
    spent: Purse,
    held: BTreeMap<String, Price>,
}

impl DayBook {
    /// Whether the day of `at` can hold `price` more.
    #[must_use]
    pub fn affords(&self, at: Timestamp, price: Price, ceiling: &Ceiling) -> bool {
        self.of(at).affords(price, ceiling)
    }

    /// What the day of `at` has spent, with what is held.
    #[must_use]
    pub fn of(&self, at: Timestamp) -> Purse {
        self.days
            .get(&at.date_naive())
            .map_or_else(Purse::default, |day| {
                day.held.values().fold(day.spent, |all, p| all.with(*p))
            })
    }

    /// Whether something is held for the call `key`.
    #[must_use]
    pub fn holds(&self, key: &str) -> bool {
        self.days.values().any(|day| day.held.contains_key(key))
    }

    /// Holds `price` for the call `key`; settled days that are long past are dropped.
    pub fn hold(&mut self, at: Timestamp, key: &str, price: Price) {
        let day = at.date_naive();
        let entry = self.days.entry(day).or_default();
        entry.held.insert(key.to_owned(), price);
        let oldest = day.checked_sub_days(chrono::Days::new(KEPT_DAYS));
        self.days
            .retain(|of, day| oldest.is_none_or(|oldest| *of >= oldest) || !day.held.is_empty());
    }

    /// Books what the call `key` took, on the day it was held for. One that took more than was
    /// held is booked in full: it is gone.
    pub fn settle(&mut self, key: &str, took: Price) {
        for day in self.days.values_mut() {
            if day.held.remove(key).is_some() {
                day.spent = day.spent.with(took);
            }
        }
    }
}

/// A lead to the market: may this be spent today?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskSpend {
    /// The call: distinct among all that ask.
    pub key: String,
    /// The most it takes.
    pub price: Price,
}
contract!(AskSpend, "ask-spend");

/// The market to a lead: the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendAnswer {
    /// The call.
    pub key: String,
    /// Whether it may be made. What is granted is held until [`SpendDone`] says what it took.
    pub granted: bool,
}
contract!(SpendAnswer, "spend-answer");

/// A lead to the market: what a granted call took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendDone {
    /// The call.
    pub key: String,
    /// What it took; nothing where it was not made.
    pub took: Price,
}
contract!(SpendDone, "spend-done");
