use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use dealwright_core::knowledge::{Service, Slug};
use dealwright_core::money::{Money, Rate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::respond::{Negotiation, Standing};
use crate::pricing::{
    DiscountRequest, PricingError, Quote, QuoteRequest, Reduction, quote,
};
use crate::proposal::OfferTerms;

/// Discounts move in steps of this many hundredths of a percent, so that a client's figure
/// never becomes a price.
const STEP: i64 = 50;

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

/// What a price ask aims at.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// At least this share given.
    Discount(Rate),
    /// A total of at most this.
    Total { amount: Money, with_tax: bool },
    /// As cheap as can be.
    Cheaper,
}

impl Target {
    pub(super) fn is_met_by(self, quote: &Quote) -> Result<bool, PricingError> {
        match self {
            Self::Cheaper => Ok(false),
            Self::Discount(percent) => Ok(given_percent(quote.request())? >= percent),
            Self::Total { amount, with_tax } => {
                let totals = quote.totals();
                let total = if with_tax { totals.gross } else { totals.net };
                Ok(total.checked_cmp(amount)?.is_le())
            }
        }
    }
}

/// A change of scope that may be traded.
struct Scope {
    moves: Vec<Move>,
    request: QuoteRequest,
}

impl Negotiation<'_> {
    /// Every trade inside authority that comes nearer to the target, none dominated; those that
    /// meet it first, then the larger scope, then the larger margin.
    pub(super) fn alternatives(
        &self,
        standing: &Standing,
        target: Target,
    ) -> Result<Vec<Alternative>, PricingError> {
        let mut found = Vec::new();
        for scope in self.scopes(standing) {
            found.extend(self.smaller(standing, target, scope)?);
        }
        found.extend(self.prepaid(standing, target)?);
        found.extend(self.later(standing, target)?);
        let before = standing.quote.totals().net;
        let mut kept: Vec<Alternative> = Vec::new();
        for candidate in &found {
            let cheaper = candidate.quote.totals().net.checked_cmp(before)?.is_lt();
            let dominated = found.iter().any(|other| other.dominates(candidate));
            if cheaper && !dominated && !kept.contains(candidate) {
                kept.push(candidate.clone());
            }
        }
        kept.sort_by(|left, right| {
            let key = |a: &Alternative| {
                let totals = a.quote.totals();
                (!a.meets, -totals.list.minor(), -totals.margin.minor())
            };
            key(left).cmp(&key(right)).then(left.moves.cmp(&right.moves))
        });
        kept.truncate(usize::from(self.authority().params().max_alternatives));
        Ok(kept)
    }

    /// The unconditional way: a discount for their yes alone, if it meets the target.
    pub(super) fn for_their_yes(
        &self,
        standing: &Standing,
        target: Target,
    ) -> Result<Option<Alternative>, PricingError> {
        let most = self.authority().params().max_discount;
        let request = standing.quote.request();
        let found = self.least_discount(standing, target, request, &standing.terms, most)?;
        let Some((quote, percent)) = found.filter(|(_, _, meets)| *meets).map(|(q, p, _)| (q, p))
        else {
            return Ok(None);
        };
        self.alternative(standing, quote, standing.terms.clone(), vec![], percent, true, || {
            Bought::Acceptance {
                within_days: self.authority().params().acceptance_days,
            }
        })
        .map(Some)
    }

    fn smaller(
        &self,
        standing: &Standing,
        target: Target,
        scope: Scope,
    ) -> Result<Option<Alternative>, PricingError> {
        let most = self.authority().params().max_discount;
        let found = self.least_discount(standing, target, &scope.request, &standing.terms, most)?;
        let Some((mut quote, mut percent, meets)) = found else {
            return Ok(None);
        };
        if !meets {
            // Less work is the trade; a discount on top that still misses would be a gift.
            percent = given_percent(standing.quote.request())?;
            let kept = self.priced(&scope.request, &standing.terms, percent)?;
            let Some(kept) = kept else { return Ok(None) };
            quote = kept;
        }
        let less = standing.quote.totals().list.checked_sub(quote.totals().list)?;
        if !less.is_positive() {
            return Ok(None);
        }
        self.alternative(standing, quote, standing.terms.clone(), scope.moves, percent, meets, || {
            Bought::SmallerScope { worth: less }
        })
        .map(Some)
    }

    fn prepaid(
        &self,
        standing: &Standing,
        target: Target,
    ) -> Result<Option<Alternative>, PricingError> {
        let whole = Rate::from_fraction(Decimal::ONE)?;
        let Some(bonus) = self.authority().params().prepayment else {
            return Ok(None);
        };
        if standing.terms.payment.deposit == whole {
            return Ok(None);
        }
        let mut terms = standing.terms.clone();
        terms.payment.deposit = whole;
        self.traded(standing, target, terms, Move::Prepayment, bonus, Bought::Prepayment)
    }

    fn later(
        &self,
        standing: &Standing,
        target: Target,
    ) -> Result<Option<Alternative>, PricingError> {
        let Some(later) = self.authority().params().later_start else {
            return Ok(None);
        };
        let mut terms = standing.terms.clone();
        let days = Days::new(u64::from(later.days));
        let Some(on) = terms.start.checked_add_days(days) else {
            return Ok(None);
        };
        terms.start = on;
        let bought = Bought::LaterStart { days: later.days };
        self.traded(standing, target, terms, Move::Start { on }, later.discount, bought)
    }

    /// A discount for other terms: what they bring on top of what stands, up to the limit.
    fn traded(
        &self,
        standing: &Standing,
        target: Target,
        terms: OfferTerms,
        changed: Move,
        bonus: Rate,
        bought: Bought,
    ) -> Result<Option<Alternative>, PricingError> {
        let now = given_percent(standing.quote.request())?;
        let most = now.checked_add(bonus)?;
        let most = most.min(self.authority().params().max_traded_discount);
        let request = standing.quote.request();
        let found = self.least_discount(standing, target, request, &terms, most)?;
        match found {
            Some((quote, percent, meets)) if percent > now => self
                .alternative(standing, quote, terms, vec![changed], percent, meets, || bought)
                .map(Some),
            _ => Ok(None),
        }
    }

    /// The smallest discount in steps, from what is given already up to `most`, that meets the
    /// target, else the largest that is inside authority. `None` where none is.
    fn least_discount(
        &self,
        standing: &Standing,
        target: Target,
        request: &QuoteRequest,
        terms: &OfferTerms,
        most: Rate,
    ) -> Result<Option<(Quote, Rate, bool)>, PricingError> {
        let now = given_percent(standing.quote.request())?;
        let (Some(mut low), Some(mut high)) = (steps_up(now), steps_down(most)) else {
            return Ok(None);
        };
        let Some(first) = self.priced(request, terms, now)? else {
            return Ok(None);
        };
        if target.is_met_by(&first)? {
            return Ok(Some((first, now, true)));
        }
        // Inside authority and meeting the target both change once along the steps.
        let mut best = (first, now, false);
        while low <= high {
            let step = low + (high - low) / 2;
            let percent = Rate::from_fraction(Decimal::new(step * STEP, 4))?;
            match self.priced(request, terms, percent)? {
                None => high = step - 1,
                Some(quote) => {
                    let meets = target.is_met_by(&quote)?;
                    if meets {
                        high = step - 1;
                    } else {
                        low = step + 1;
                    }
                    if meets || !best.2 {
                        best = (quote, percent, meets);
                    }
                }
            }
        }
        Ok(Some(best))
    }

    /// The quote, if it can be made and is inside authority.
    pub(super) fn priced(
        &self,
        request: &QuoteRequest,
        terms: &OfferTerms,
        percent: Rate,
    ) -> Result<Option<Quote>, PricingError> {
        let request = with_given(request.clone(), percent);
        match quote(self.catalogue(), self.card(), &request) {
            Ok(quote) if self.authority().excess(&quote, terms)?.is_empty() => Ok(Some(quote)),
            Ok(_) => Ok(None),
            // What the request names exists, since it stands in an offer; sizes may not fit.
            Err(
                PricingError::OutOfRange { .. }
                | PricingError::Unknown { .. }
                | PricingError::Discount
                | PricingError::NoLines { .. },
            ) => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one alternative")]
    fn alternative(
        &self,
        standing: &Standing,
        quote: Quote,
        terms: OfferTerms,
        mut moves: Vec<Move>,
        percent: Rate,
        meets: bool,
        bought: impl FnOnce() -> Bought,
    ) -> Result<Alternative, PricingError> {
        let now = given_percent(standing.quote.request())?;
        let mut concessions = Vec::new();
        if percent > now {
            let gave = Move::Discount { percent };
            let more = Rate::from_fraction(percent.fraction() - now.fraction())?;
            concessions.push(Concession {
                gave: gave.clone(),
                worth: quote.totals().list.apply(more, quote.rounding())?,
                bought: bought(),
            });
            moves.push(gave);
        }
        Ok(Alternative {
            quote,
            terms,
            moves,
            concessions,
            meets,
        })
    }

    /// The ways to make the work smaller: each option out, all out, each driver to three
    /// quarters, half and its least, each service out where several are asked for.
    fn scopes(&self, standing: &Standing) -> Vec<Scope> {
        let request = standing.quote.request();
        let mut scopes = Vec::new();
        let mut change = |moves: Vec<Move>, edit: &dyn Fn(&mut QuoteRequest)| {
            let mut request = request.clone();
            edit(&mut request);
            scopes.push(Scope { moves, request });
        };
        let mut all_options = Vec::new();
        for item in standing.quote.items() {
            let service = &item.service;
            for option in &item.options {
                let out = Move::DropOption {
                    service: service.clone(),
                    option: option.clone(),
                };
                all_options.push(out.clone());
                change(vec![out], &|r| drop_option(r, service, option));
            }
            let template = self.catalogue().service(service);
            for (driver, from) in &item.drivers {
                for to in smaller_values(template, driver, *from) {
                    let moved = Move::Driver {
                        service: service.clone(),
                        driver: driver.clone(),
                        from: *from,
                        to,
                    };
                    change(vec![moved], &|r| set_driver(r, service, driver, to));
                }
            }
            if request.items.len() > 1 {
                let out = Move::DropService {
                    service: service.clone(),
                };
                change(vec![out], &|r| drop_service(r, service));
            }
        }
        if all_options.len() > 1 {
            change(all_options, &|r| {
                r.items.iter_mut().for_each(|item| item.options.clear());
            });
        }
        scopes
    }
}

fn smaller_values(template: Option<&Service>, driver: &Slug, from: i64) -> BTreeSet<i64> {
    let least = template
        .and_then(|s| s.driver(driver))
        .map_or(from, |d| d.min);
    [from * 3 / 4, from / 2, least]
        .into_iter()
        .map(|to| to.max(least))
        .filter(|to| *to < from)
        .collect()
}

pub(super) fn drop_option(request: &mut QuoteRequest, service: &Slug, option: &Slug) {
    if let Some(item) = request.item_mut(service) {
        item.options.remove(option);
    }
}

pub(super) fn set_driver(request: &mut QuoteRequest, service: &Slug, driver: &Slug, to: i64) {
    if let Some(item) = request.item_mut(service) {
        item.drivers.insert(driver.clone(), to);
    }
}

/// Takes a service out, with the package that needs it; its requirements stay listed, so that
/// the offer says they are not answered.
pub(super) fn drop_service(request: &mut QuoteRequest, service: &Slug) {
    request.items.retain(|item| item.service != *service);
    request.package = None;
}

/// All percentages that somebody gave.
pub(super) fn given_percent(request: &QuoteRequest) -> Result<Rate, PricingError> {
    let mut sum = Rate::ZERO;
    for discount in &request.discounts {
        if let Reduction::Percent(rate) = discount.reduction {
            sum = sum.checked_add(rate)?;
        }
    }
    Ok(sum)
}

/// The request with one percentage in place of those given; amounts stay.
fn with_given(mut request: QuoteRequest, percent: Rate) -> QuoteRequest {
    request
        .discounts
        .retain(|d| matches!(d.reduction, Reduction::Amount(_)));
    if !percent.is_zero()
        && let Ok(reason) = Slug::parse("negotiated")
    {
        request.discounts.push(DiscountRequest {
            reduction: Reduction::Percent(percent),
            reason,
        });
    }
    request
}

/// The first step above a rate, and the last that is not above it.
fn steps_up(rate: Rate) -> Option<i64> {
    steps_down(rate).map(|steps| steps + 1)
}

fn steps_down(rate: Rate) -> Option<i64> {
    let hundredths = rate.fraction().checked_mul(Decimal::from(10_000))?;
    i64::try_from(hundredths.trunc().mantissa())
        .ok()
        .map(|whole| whole / STEP)
}
