use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::money::{Money, MoneyError};

/// What may be spent in all; what is `None` is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
    /// Tokens of models, in and out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Calls to the outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<u64>,
}

/// What one call costs: before it, the most it can cost; after it, what it did cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Money, zero or more.
    pub money: Money,
    /// Tokens.
    pub tokens: u64,
    /// Calls.
    pub calls: u64,
}

impl Cost {
    /// One call that costs money alone.
    #[must_use]
    pub const fn of(money: Money) -> Self {
        Self {
            money,
            tokens: 0,
            calls: 1,
        }
    }

    /// Adds tokens.
    #[must_use]
    pub const fn with_tokens(mut self, tokens: u64) -> Self {
        self.tokens = tokens;
        self
    }
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Limited {
    /// Money.
    Money,
    /// Tokens.
    Tokens,
    /// Calls.
    Calls,
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Money => "money",
            Self::Tokens => "tokens",
            Self::Calls => "calls",
        })
    }
}

/// What a scope has spent, and what is held for calls that are under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Money that was spent, where any was.
    pub money: Option<Money>,
    /// Tokens that were spent.
    pub tokens: u64,
    /// Calls that were made.
    pub calls: u64,
}

/// Why a call may not be made, or could not be booked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetError {
    /// The call could cost more than is left.
    #[error("the budget `{scope}` has too little left: {limited}")]
    Exhausted {
        /// Whose budget.
        scope: String,
        /// Of what there is too little.
        limited: Limited,
    },
    /// The scope has no budget; nothing may be spent from it.
    #[error("there is no budget `{scope}`; set one before spending")]
    NoBudget {
        /// The scope.
        scope: String,
    },
    /// The key holds something else already.
    #[error("the call `{key}` already holds another amount")]
    KeyReused {
        /// The call.
        key: String,
    },
    /// Nothing is held under the key.
    #[error("nothing is held for the call `{key}`")]
    NotReserved {
        /// The call.
        key: String,
    },
    /// The cost is negative, or its sum cannot be kept.
    #[error("the cost of `{key}` cannot be booked")]
    BadCost {
        /// The call.
        key: String,
    },
    /// Two currencies in one budget.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Budgets by scope (`lead:…`, `deal:…`, `day:2026-03-29`), checked before each call.
///
/// A call first reserves the most it can cost from every scope it counts in, and is made only
/// if all of them allow it. Settling books what it did cost and frees the rest. What is held
/// counts as spent, so calls under way together cannot overspend either, and a call whose
/// outcome is unknown stays held until it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetLedger {
    scopes: BTreeMap<String, Scope>,
    held: BTreeMap<String, Held>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Scope {
    budget: Budget,
    spent: Spent,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    scopes: BTreeSet<String>,
    most: Cost,
}

impl BudgetLedger {
    /// A ledger without budgets, which allows nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the budget of a scope; what it has spent stays.
    pub fn set(&mut self, scope: impl Into<String>, budget: Budget) {
        self.scopes
            .entry(scope.into())
            .and_modify(|known| known.budget = budget)
            .or_insert(Scope {
                budget,
                spent: Spent::default(),
            });
    }

    /// Holds `most` for the call `key` in all `scopes`, or in none. Asking again for the same
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// [`BudgetError::Exhausted`] with the first scope, by name, that has too little left,
    /// [`BudgetError::NoBudget`], [`BudgetError::KeyReused`], [`BudgetError::BadCost`] for
    /// negative money, [`BudgetError::Money`] for another currency than the budget's.
    pub fn reserve<'a>(
        &mut self,
        key: &str,
        scopes: impl IntoIterator<Item = &'a str>,
        most: Cost,
    ) -> Result<(), BudgetError> {
        let held = Held {
            scopes: scopes.into_iter().map(str::to_owned).collect(),
            most,
        };
        if let Some(known) = self.held.get(key) {
            return if *known == held {
                Ok(())
            } else {
                Err(BudgetError::KeyReused {
                    key: key.to_owned(),
                })
            };
        }
        if most.money.is_negative() {
            return Err(BudgetError::BadCost {
                key: key.to_owned(),
            });
        }
        for name in &held.scopes {
            self.check(key, name, &most)?;
        }
        self.held.insert(key.to_owned(), held);
        Ok(())
    }

    /// Books what a call did cost and frees what was held for it.
    ///
    /// A call that cost more than it said is booked in full all the same: the money is gone,
    /// and its scopes allow nothing until their budgets are raised.
    ///
    /// # Errors
    ///
    /// [`BudgetError::NotReserved`], [`BudgetError::BadCost`] for negative money or a sum that
    /// cannot be kept, [`BudgetError::Money`] for another currency; the call then stays held.
    pub fn settle(&mut self, key: &str, actual: Cost) -> Result<(), BudgetError> {
        let held = self.held.get(key).ok_or_else(|| BudgetError::NotReserved {
            key: key.to_owned(),
        })?;
        if actual.money.is_negative() {
            return Err(BudgetError::BadCost {
                key: key.to_owned(),
            });
        }
        let mut booked = Vec::with_capacity(held.scopes.len());
        for name in &held.scopes {
            if let Some(scope) = self.scopes.get(name) {
                booked.push((name.clone(), add(key, &scope.spent, &actual)?));
            }
        }
        for (name, spent) in booked {
            if let Some(scope) = self.scopes.get_mut(&name) {
                scope.spent = spent;
            }
        }
        self.held.remove(key);
        Ok(())
    }

    /// Frees what was held for a call that was not made.
    ///
    /// # Errors
    ///
    /// [`BudgetError::NotReserved`].
    pub fn release(&mut self, key: &str) -> Result<(), BudgetError> {
        match self.held.remove(key) {
            Some(_) => Ok(()),
            None => Err(BudgetError::NotReserved {
                key: key.to_owned(),
            }),
        }
    }

    /// What a scope has spent, without what is held.
    #[must_use]
    pub fn spent(&self, scope: &str) -> Option<Spent> {
        self.scopes.get(scope).map(|scope| scope.spent)
    }

    /// The scopes and their budgets, by name.
    pub fn budgets(&self) -> impl Iterator<Item = (&str, Budget)> {
        self.scopes
            .iter()
            .map(|(name, scope)| (name.as_str(), scope.budget))
    }

    /// The calls for which something is held, by key.
    pub fn under_way(&self) -> impl Iterator<Item = &str> {
        self.held.keys().map(String::as_str)
    }

    fn check(&self, key: &str, name: &str, most: &Cost) -> Result<(), BudgetError> {
        let scope = self.scopes.get(name).ok_or_else(|| BudgetError::NoBudget {
            scope: name.to_owned(),
        })?;
        let mut all = add(key, &scope.spent, most)?;
        for other in self.held.values().filter(|held| held.scopes.contains(name)) {
            all = add(key, &all, &other.most)?;
        }
        let exhausted = |limited| {
            Err(BudgetError::Exhausted {
                scope: name.to_owned(),
                limited,
            })
        };
        if let (Some(limit), Some(money)) = (scope.budget.money, all.money)
            && money.checked_cmp(limit)?.is_gt()
        {
            return exhausted(Limited::Money);
        }
        if scope.budget.tokens.is_some_and(|limit| all.tokens > limit) {
            return exhausted(Limited::Tokens);
        }
        if scope.budget.calls.is_some_and(|limit| all.calls > limit) {
            return exhausted(Limited::Calls);
        }
        Ok(())
    }
}

fn add(key: &str, spent: &Spent, cost: &Cost) -> Result<Spent, BudgetError> {
    let money = match spent.money {
        Some(money) => money.checked_add(cost.money)?,
        None => cost.money,
    };
    let too_large = || BudgetError::BadCost {
        key: key.to_owned(),
    };
    Ok(Spent {
        money: Some(money),
        tokens: spent
            .tokens
            .checked_add(cost.tokens)
            .ok_or_else(too_large)?,
        calls: spent.calls.checked_add(cost.calls).ok_or_else(too_large)?,
    })
}
