use chrono::Days;
use dealwright_core::knowledge::Slug;
use dealwright_core::money::{Money, Rate};
use dealwright_core::process::{Bug, bug};
use rust_decimal::Decimal;

use super::respond::{Negotiation, Standing};
use super::scope::Scope;
use super::{Alternative, Bought, Concession, Move};
use crate::pricing::{DiscountRequest, PricingError, Quote, QuoteRequest, Reduction, quote};
use crate::proposal::OfferTerms;

/// Discounts move in steps of this many hundredths of a percent, so that a client's figure
/// never becomes a price.
const STEP: i64 = 50;

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
            key(left)
                .cmp(&key(right))
                .then(left.moves.cmp(&right.moves))
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
        let most = if bug(Bug::AuthorityIgnored) {
            Rate::from_fraction(Decimal::ONE)?
        } else {
            self.authority().params().max_discount
        };
        let request = standing.quote.request();
        let found = self.least_discount(standing, target, request, &standing.terms, most)?;
        let Some((quote, percent)) = found.filter(|(_, _, meets)| *meets).map(|(q, p, _)| (q, p))
        else {
            return Ok(None);
        };
        self.alternative(
            standing,
            quote,
            standing.terms.clone(),
            vec![],
            percent,
            true,
            || Bought::Acceptance {
                within_days: self.authority().params().acceptance_days,
            },
        )
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
        let less = standing
            .quote
            .totals()
            .list
            .checked_sub(quote.totals().list)?;
        if !less.is_positive() {
            return Ok(None);
        }
        self.alternative(
            standing,
            quote,
            standing.terms.clone(),
            scope.moves,
            percent,
            meets,
            || Bought::SmallerScope { worth: less },
        )
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
        self.traded(
            standing,
            target,
            terms,
            Move::Prepayment,
            bonus,
            Bought::Prepayment,
        )
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
        self.traded(
            standing,
            target,
            terms,
            Move::Start { on },
            later.discount,
            bought,
        )
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
                .alternative(
                    standing,
                    quote,
                    terms,
                    vec![changed],
                    percent,
                    meets,
                    || bought,
                )
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
