use chrono::NaiveDate;
use dealwright_core::knowledge::Slug;
use dealwright_core::money::{Money, Rate};
use serde::{Deserialize, Serialize};

use crate::pricing::Quote;
use crate::proposal::OfferTerms;

/// One change against the offer that stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "move", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Move {
    /// A discount given, in place of the one before.
    Discount {
        /// The share.
        percent: Rate,
    },
    /// An option taken out.
    DropOption {
        /// The service.
        service: Slug,
        /// The option.
        option: Slug,
    },
    /// An option put in.
    AddOption {
        /// The service.
        service: Slug,
        /// The option.
        option: Slug,
    },
    /// Another size.
    Driver {
        /// The service.
        service: Slug,
        /// The driver.
        driver: Slug,
        /// Before.
        from: i64,
        /// Now.
        to: i64,
    },
    /// A service taken out.
    DropService {
        /// The service.
        service: Slug,
    },
    /// All is paid at signature.
    Prepayment,
    /// Another deposit.
    Deposit {
        /// The share due at signature.
        percent: Rate,
    },
    /// Another time to pay.
    DueDays {
        /// Days after the invoice.
        days: u16,
    },
    /// Another start.
    Start {
        /// The day.
        on: NaiveDate,
    },
    /// A clause agreed.
    Clause {
        /// The clause.
        clause: Slug,
    },
}

/// What a concession was given for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "bought", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Bought {
    /// Their yes within so many days.
    Acceptance {
        /// The days.
        within_days: u16,
    },
    /// Payment of the whole at signature.
    Prepayment,
    /// A start so many days later.
    LaterStart {
        /// The days.
        days: u16,
    },
    /// Work that is not done.
    SmallerScope {
        /// Its list price.
        worth: Money,
    },
}

/// Something given, what it is worth and what it bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concession {
    /// What was given.
    pub gave: Move,
    /// What it takes off the net price; nothing where it is about terms.
    pub worth: Money,
    /// What it was given for.
    pub bought: Bought,
}

/// Another offer, priced by rule and inside authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alternative {
    /// The price; its request says what was priced.
    pub quote: Quote,
    /// The terms.
    pub terms: OfferTerms,
    /// What changes against the offer that stands.
    pub moves: Vec<Move>,
    /// What is conceded, and for what.
    pub concessions: Vec<Concession>,
    /// Whether it gives what was asked for.
    pub meets: bool,
}

impl Alternative {
    /// Whether it is at least as good as `other` in price for them, margin for us and scope,
    /// and better in one.
    #[must_use]
    pub fn dominates(&self, other: &Self) -> bool {
        let (left, right) = (self.measures(), other.measures());
        left.iter().zip(&right).all(|(l, r)| l >= r) && left != right
    }

    /// Cheapness, margin and scope (the list price of the work), more is better, in minor
    /// units.
    fn measures(&self) -> [i64; 3] {
        let totals = self.quote.totals();
        [
            totals.net.minor().saturating_neg(),
            totals.margin.minor(),
            totals.list.minor(),
        ]
    }
}
