use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use dealwright_core::knowledge::{RateCard, Slug};
use dealwright_core::money::{Money, Rate};
use dealwright_core::process::{Bug, bug};
use serde::{Deserialize, Serialize};

use crate::pricing::{ApprovalReason, PricingError, Quote, Reduction};
use crate::proposal::OfferTerms;

/// A discount for work that begins later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaterStart {
    /// Days later.
    pub days: u16,
    /// The discount it brings.
    pub discount: Rate,
}

/// Limits as they are written; not checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityParams {
    /// Largest discount for nothing but their yes.
    pub max_discount: Rate,
    /// Largest discount whatever it is given for.
    pub max_traded_discount: Rate,
    /// Smallest margin of the whole, of the net price.
    pub min_margin: Rate,
    /// Longest time to pay, in days.
    pub max_due_days: u16,
    /// Smallest deposit.
    pub min_deposit: Rate,
    /// Discount for paying all at signature; `None` where that is not traded.
    #[serde(default)]
    pub prepayment: Option<Rate>,
    /// Discount for a later start; `None` where that is not traded.
    #[serde(default)]
    pub later_start: Option<LaterStart>,
    /// Days from the quote's day to the earliest start.
    pub earliest_start_days: u16,
    /// The clauses that may be agreed.
    #[serde(default)]
    pub clauses: BTreeSet<Slug>,
    /// Days in which their yes must come for a concession to hold.
    pub acceptance_days: u16,
    /// How many alternatives are shown, 1 to 8.
    pub max_alternatives: u8,
}

impl AuthorityParams {
    /// Checks the limits against the rate card: nobody is given more than the card allows.
    ///
    /// # Errors
    ///
    /// [`AuthorityError`] for the first limit that does not fit.
    pub fn check(self, card: &RateCard) -> Result<Authority, AuthorityError> {
        let card = card.params();
        let traded = [self.prepayment, self.later_start.map(|l| l.discount)];
        let traded = traded.into_iter().flatten();
        let wrong = |what| Err(AuthorityError { what });
        if self.max_traded_discount > card.discounting.max {
            return wrong("max_traded_discount goes beyond the rate card's cap; lower it");
        }
        if self.max_discount.is_negative() || self.max_discount > self.max_traded_discount {
            return wrong("max_discount must lie between 0% and max_traded_discount");
        }
        if traded
            .into_iter()
            .any(|t| t.is_negative() || t > self.max_traded_discount)
        {
            return wrong("a traded discount goes beyond max_traded_discount; lower it");
        }
        if self.min_margin < card.min_margin {
            return wrong("min_margin lies below the rate card's; raise it");
        }
        if self.min_deposit.is_negative() || self.min_deposit > card.payment.deposit {
            return wrong("min_deposit must lie between 0% and the rate card's deposit");
        }
        if self.max_due_days < card.payment.due_days || self.max_due_days > 120 {
            return wrong("max_due_days must be the rate card's due_days to 120");
        }
        if !(1..=8).contains(&self.max_alternatives) {
            return wrong("max_alternatives must be between 1 and 8");
        }
        if !(1..=90).contains(&self.acceptance_days) {
            return wrong("acceptance_days must be between 1 and 90");
        }
        Ok(Authority(self))
    }
}

/// Why limits were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("authority: {what}")]
pub struct AuthorityError {
    what: &'static str,
}

/// What may be agreed without asking a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Authority(AuthorityParams);

/// One way in which an offer goes beyond authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "excess", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Excess {
    /// The price itself: below a floor or above the card's cap.
    Price {
        /// How.
        reason: ApprovalReason,
    },
    /// The discount that was given.
    Discount {
        /// The limit.
        most: Rate,
    },
    /// The margin of the whole.
    Margin {
        /// The limit.
        least: Rate,
    },
    /// The time to pay.
    DueDays {
        /// The limit.
        most: u16,
    },
    /// The deposit.
    Deposit {
        /// The limit.
        least: Rate,
    },
    /// The start.
    Start {
        /// The earliest.
        earliest: NaiveDate,
    },
    /// A clause that is not approved.
    Clause {
        /// The clause.
        clause: Slug,
    },
}

impl Authority {
    /// The limits as they were written.
    #[must_use]
    pub fn params(&self) -> &AuthorityParams {
        &self.0
    }

    /// In which ways an offer goes beyond authority; empty where it may be issued without
    /// asking anybody.
    ///
    /// # Errors
    ///
    /// [`PricingError::Money`] on overflow.
    pub fn excess(&self, quote: &Quote, terms: &OfferTerms) -> Result<Vec<Excess>, PricingError> {
        if bug(Bug::AuthorityIgnored) {
            return Ok(Vec::new());
        }
        let limits = &self.0;
        let mut excess: Vec<Excess> = quote
            .needs_approval()
            .iter()
            .map(|reason| Excess::Price {
                reason: reason.clone(),
            })
            .collect();
        if self.gives_too_much(quote)? {
            excess.push(Excess::Discount {
                most: limits.max_traded_discount,
            });
        }
        let totals = quote.totals();
        if crate::pricing::below_margin(totals.net, totals.cost, limits.min_margin)? {
            excess.push(Excess::Margin {
                least: limits.min_margin,
            });
        }
        if terms.payment.due_days.max(terms.payment.deposit_due_days) > limits.max_due_days {
            excess.push(Excess::DueDays {
                most: limits.max_due_days,
            });
        }
        if terms.payment.deposit < limits.min_deposit {
            excess.push(Excess::Deposit {
                least: limits.min_deposit,
            });
        }
        let earliest = self.earliest_start(quote.on());
        if terms.start < earliest {
            excess.push(Excess::Start { earliest });
        }
        let stray = terms.clauses.difference(&limits.clauses);
        excess.extend(stray.map(|clause| Excess::Clause {
            clause: clause.clone(),
        }));
        Ok(excess)
    }

    /// The first day on which work can begin.
    #[must_use]
    pub fn earliest_start(&self, on: NaiveDate) -> NaiveDate {
        on.checked_add_days(Days::new(u64::from(self.0.earliest_start_days)))
            .unwrap_or(NaiveDate::MAX)
    }

    /// Whether what somebody gave, as a share of the list price, is beyond the limit.
    fn gives_too_much(&self, quote: &Quote) -> Result<bool, PricingError> {
        if bug(Bug::AuthorityIgnored) {
            return Ok(false);
        }
        let most = self.0.max_traded_discount;
        let mut percent = Rate::ZERO;
        let mut amounts = Money::zero(quote.currency());
        for discount in &quote.request().discounts {
            match discount.reduction {
                Reduction::Percent(rate) => percent = percent.checked_add(rate)?,
                Reduction::Amount(amount) => amounts = amounts.checked_add(amount)?,
            }
        }
        if percent > most {
            return Ok(true);
        }
        if amounts.is_zero() {
            return Ok(false);
        }
        let list = quote.totals().list;
        let taken = list
            .apply(percent, quote.rounding())?
            .checked_add(amounts)?;
        Ok(taken
            .checked_cmp(list.apply(most, quote.rounding())?)?
            .is_gt())
    }
}
