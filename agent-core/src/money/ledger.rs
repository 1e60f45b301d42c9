//! Double entry: postings that sum to zero in every currency.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Currency, Money, MoneyError};
use crate::time::Timestamp;

/// The name of an account: lower-case words with `:` between them, `receivable:deal_…`.
///
/// Not a customer: that is [`party::Account`](crate::party::Account).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Account(String);

impl Account {
    /// Checks a name: 1 to 120 characters of `a-z 0-9 _ - . :`.
    ///
    /// # Errors
    ///
    /// [`LedgerError::BadName`].
    pub fn parse(name: &str) -> Result<Self, LedgerError> {
        let allowed = |c: char| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.' | ':')
        };
        if name.is_empty() || name.len() > 120 || !name.chars().all(allowed) {
            return Err(LedgerError::BadName {
                name: super::excerpt(name),
            });
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Account {
    type Error = LedgerError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name)
    }
}

impl From<Account> for String {
    fn from(account: Account) -> Self {
        account.0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One side of a posting: what an account gains, or loses where it is negative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    account: Account,
    amount: Money,
}

impl Entry {
    /// `amount` onto `account`.
    #[must_use]
    pub fn new(account: Account, amount: Money) -> Self {
        Self { account, amount }
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// What it gains.
    #[must_use]
    pub fn amount(&self) -> Money {
        self.amount
    }
}

/// What happened at once: entries whose amounts sum to zero in each currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PostingParts", into = "PostingParts")]
pub struct Posting {
    key: String,
    at: Timestamp,
    entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct PostingParts {
    key: String,
    at: Timestamp,
    entries: Vec<Entry>,
}

impl Posting {
    /// A balanced posting; `key` names it once and for all, so that it counts once.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Unbalanced`] naming the currency and the difference;
    /// [`LedgerError::Empty`] without entries.
    pub fn new(
        key: impl Into<String>,
        at: Timestamp,
        entries: Vec<Entry>,
    ) -> Result<Self, LedgerError> {
        let key = key.into();
        if entries.is_empty() {
            return Err(LedgerError::Empty { key });
        }
        let mut sums: BTreeMap<Currency, Money> = BTreeMap::new();
        for entry in &entries {
            let currency = entry.amount.currency();
            let sum = sums.entry(currency).or_insert(Money::zero(currency));
            *sum = sum.checked_add(entry.amount)?;
        }
        match sums.into_values().find(|sum| !sum.is_zero()) {
            Some(difference) => Err(LedgerError::Unbalanced { key, difference }),
            None => Ok(Self { key, at, entries }),
        }
    }

    /// Moves `amount` from one account to another.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Money`] where the amount has no negative.
    pub fn transfer(
        key: impl Into<String>,
        at: Timestamp,
        from: Account,
        to: Account,
        amount: Money,
    ) -> Result<Self, LedgerError> {
        let entries = vec![
            Entry::new(from, amount.checked_neg()?),
            Entry::new(to, amount),
        ];
        Self::new(key, at, entries)
    }

    /// What names it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// When it happened.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Its sides.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl TryFrom<PostingParts> for Posting {
    type Error = LedgerError;

    fn try_from(parts: PostingParts) -> Result<Self, Self::Error> {
        Self::new(parts.key, parts.at, parts.entries)
    }
}

impl From<Posting> for PostingParts {
    fn from(posting: Posting) -> Self {
        Self {
            key: posting.key,
            at: posting.at,
            entries: posting.entries,
        }
    }
}

/// Why a posting or a name was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The name of an account has other characters or another length.
    #[error("`{name}` cannot name an account; use a-z, 0-9, `_`, `-`, `.` and `:`")]
    BadName {
        /// What was given.
        name: String,
    },
    /// No entries.
    #[error("posting `{key}` has no entries")]
    Empty {
        /// The posting.
        key: String,
    },
    /// The entries do not sum to zero.
    #[error("posting `{key}` is out of balance by {difference}")]
    Unbalanced {
        /// The posting.
        key: String,
        /// The sum, which should be zero.
        difference: Money,
    },
    /// The key was used for something else.
    #[error("posting `{key}` exists with other entries")]
    KeyReused {
        /// The posting.
        key: String,
    },
    /// The amounts could not be summed.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Postings in the order they came, and the balances that follow.
///
/// A key posted again with the same entries changes nothing; with others it is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Posting>", into = "Vec<Posting>")]
pub struct Ledger {
    postings: Vec<Posting>,
    places: BTreeMap<String, usize>,
    balances: BTreeMap<(Account, Currency), Money>,
}

impl Ledger {
    /// A ledger without postings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a posting; answers whether it was new.
    ///
    /// # Errors
    ///
    /// [`LedgerError::KeyReused`], or [`LedgerError::Money`] on overflow; the ledger is then
    /// as it was.
    pub fn post(&mut self, posting: Posting) -> Result<bool, LedgerError> {
        if let Some(known) = self.places.get(posting.key()) {
            return match self.postings.get(*known) {
                Some(known) if known.entries == posting.entries => Ok(false),
                _ => Err(LedgerError::KeyReused { key: posting.key }),
            };
        }
        let mut changed: BTreeMap<(Account, Currency), Money> = BTreeMap::new();
        for entry in &posting.entries {
            let slot = (entry.account.clone(), entry.amount.currency());
            let before = changed
                .get(&slot)
                .or_else(|| self.balances.get(&slot))
                .copied()
                .unwrap_or(Money::zero(slot.1));
            changed.insert(slot, before.checked_add(entry.amount)?);
        }
        self.balances.extend(changed);
        self.places.insert(posting.key.clone(), self.postings.len());
        self.postings.push(posting);
        Ok(true)
    }

    /// What an account holds of a currency; zero where it has no entries.
    #[must_use]
    pub fn balance(&self, account: &Account, currency: Currency) -> Money {
        self.balances
            .get(&(account.clone(), currency))
            .copied()
            .unwrap_or(Money::zero(currency))
    }

    /// Every account with its balance, by account and currency.
    pub fn balances(&self) -> impl Iterator<Item = (&Account, Money)> {
        self.balances
            .iter()
            .map(|((account, _), balance)| (account, *balance))
    }

    /// The postings, oldest first.
    #[must_use]
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// The sum over all accounts by currency: zero each, always. For invariant checks, which
    /// take nothing for granted.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Money`] on overflow.
    pub fn totals(&self) -> Result<BTreeMap<Currency, Money>, LedgerError> {
        let mut totals = BTreeMap::new();
        for ((_, currency), balance) in &self.balances {
            let total = totals.entry(*currency).or_insert(Money::zero(*currency));
            *total = total.checked_add(*balance)?;
        }
        Ok(totals)
    }
}

impl TryFrom<Vec<Posting>> for Ledger {
    type Error = LedgerError;

    fn try_from(postings: Vec<Posting>) -> Result<Self, Self::Error> {
        let mut ledger = Self::new();
        for posting in postings {
            ledger.post(posting)?;
        }
        Ok(ledger)
    }
}

impl From<Ledger> for Vec<Posting> {
    fn from(ledger: Ledger) -> Self {
        ledger.postings
    }
}
