use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::id::LineId;
use dealwright_core::knowledge::{Catalogue, RateCard, Slug};
use dealwright_core::money::Money;

use super::engine::below_margin;
use super::quote::QuoteParts;
use super::{ApprovalReason, Line, PricingError, Quote, Term, quote};

/// A figure that does not follow from the others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Discrepancy {
    /// A line's figure.
    #[error("{line}: {what} does not follow from its derivation")]
    Line {
        /// The line.
        line: LineId,
        /// Which figure.
        what: &'static str,
    },
    /// The tax of a rule.
    #[error("the tax by rule `{rule}` does not follow from its lines")]
    Tax {
        /// The rule.
        rule: Slug,
    },
    /// A sum.
    #[error("{what} is not the sum of its parts")]
    Total {
        /// Which sum.
        what: &'static str,
    },
    /// The approval that the figures call for is not asked for.
    #[error("the quote goes below a floor or above a cap and does not say so")]
    Approval,
    /// Another catalogue or rate card gives other figures.
    #[error("the catalogue and rate card give another quote for the same request")]
    Differs,
    /// The figures cannot be computed at all.
    #[error(transparent)]
    Pricing(#[from] PricingError),
}

impl From<dealwright_core::money::MoneyError> for Discrepancy {
    fn from(error: dealwright_core::money::MoneyError) -> Self {
        Self::Pricing(error.into())
    }
}

/// Redoes every figure of a quote from its derivations, without the rate card.
///
/// This is what an oracle or a reader runs; a stored quote that fails it is not read.
///
/// # Errors
///
/// The first [`Discrepancy`].
pub fn recompute(quote: &Quote) -> Result<(), Discrepancy> {
    let parts = quote.parts();
    let mut lists = BTreeMap::new();
    for line in &parts.lines {
        let wrong = |what| Discrepancy::Line {
            line: line.id,
            what,
        };
        // A line rests on lines above it only.
        refers(&line.derivation, &lists).map_err(|()| wrong("a price it rests on"))?;
        if line.derivation.money(parts.currency)? != line.list {
            return Err(wrong("price"));
        }
        if lists.insert(line.id, line.list).is_some() {
            return Err(wrong("id"));
        }
        let taken = match &line.discount {
            None => Money::zero(parts.currency),
            Some(discount) => {
                refers(&discount.derivation, &lists).map_err(|()| wrong("discount"))?;
                if discount.derivation.money(parts.currency)? != discount.amount
                    || discount.amount.is_negative()
                {
                    return Err(wrong("discount"));
                }
                discount.amount
            }
        };
        if line.list.checked_sub(taken)? != line.net || line.net.is_negative() {
            return Err(wrong("net price"));
        }
        if line.cost_derivation.money(parts.currency)? != line.cost {
            return Err(wrong("cost"));
        }
        if !parts.items.iter().any(|i| i.service == line.service) {
            return Err(wrong("service"));
        }
    }
    taxes_hold(parts)?;
    totals_hold(parts)?;
    approval_holds(parts)
}

/// Whether the catalogue and the card give the very same quote for its request.
///
/// # Errors
///
/// [`Discrepancy::Differs`], or what [`recompute`] finds.
pub fn verify(catalogue: &Catalogue, card: &RateCard, given: &Quote) -> Result<(), Discrepancy> {
    recompute(given)?;
    if quote(catalogue, card, given.request())? == *given {
        Ok(())
    } else {
        Err(Discrepancy::Differs)
    }
}

/// Every line that a term names must have the list price that stands there.
fn refers(term: &Term, lists: &BTreeMap<LineId, Money>) -> Result<(), ()> {
    match term {
        Term::Amount {
            amount,
            line: Some(line),
        } => match lists.get(line) {
            Some(list) if list == amount => Ok(()),
            _ => Err(()),
        },
        Term::Sum { of } | Term::Product { of } => of.iter().try_for_each(|t| refers(t, lists)),
        Term::Round { of, .. } => refers(of, lists),
        Term::Given { .. }
        | Term::Share { .. }
        | Term::Units { .. }
        | Term::Amount { line: None, .. }
        | Term::Part { .. } => Ok(()),
    }
}

fn taxes_hold(parts: &QuoteParts) -> Result<(), Discrepancy> {
    let rules: BTreeSet<&Slug> = parts.taxes.iter().map(|t| &t.rule).collect();
    if rules.len() != parts.taxes.len() {
        return Err(Discrepancy::Total { what: "tax" });
    }
    for line in &parts.lines {
        if !rules.contains(&line.tax_rule) {
            return Err(Discrepancy::Line {
                line: line.id,
                what: "tax rule",
            });
        }
    }
    for tax in &parts.taxes {
        let mine = parts.lines.iter().filter(|l| l.tax_rule == tax.rule);
        let base = Money::sum(parts.currency, mine.map(|l| l.net))?;
        // Not by the derivation alone: `apply` is another way to the same figure.
        let direct = base.apply(tax.rate, parts.rounding)?;
        if base != tax.base || direct != tax.tax || tax.derivation.money(parts.currency)? != tax.tax
        {
            return Err(Discrepancy::Tax {
                rule: tax.rule.clone(),
            });
        }
    }
    Ok(())
}

fn totals_hold(parts: &QuoteParts) -> Result<(), Discrepancy> {
    let sum = |of: fn(&Line) -> Money| Money::sum(parts.currency, parts.lines.iter().map(of));
    let totals = &parts.totals;
    let tax = Money::sum(parts.currency, parts.taxes.iter().map(|t| t.tax))?;
    for (what, given, found) in [
        ("list price", totals.list, sum(|l| l.list)?),
        ("net price", totals.net, sum(|l| l.net)?),
        ("cost", totals.cost, sum(|l| l.cost)?),
        ("tax", totals.tax, tax),
        (
            "discount",
            totals.discount,
            totals.list.checked_sub(totals.net)?,
        ),
        (
            "gross price",
            totals.gross,
            totals.net.checked_add(totals.tax)?,
        ),
        (
            "margin",
            totals.margin,
            totals.net.checked_sub(totals.cost)?,
        ),
    ] {
        if given != found {
            return Err(Discrepancy::Total { what });
        }
    }
    Ok(())
}

/// The quote may ask for more approvals than needed, never for fewer.
fn approval_holds(parts: &QuoteParts) -> Result<(), Discrepancy> {
    let asks = |reason: &ApprovalReason| parts.approval.contains(reason);
    let mut allowed = Money::zero(parts.currency);
    for line in &parts.lines {
        allowed = allowed.checked_add(line.list.apply(parts.discount_cap, parts.rounding)?)?;
    }
    let capped = parts
        .approval
        .iter()
        .any(|r| matches!(r, ApprovalReason::DiscountAboveCap { .. }));
    if parts.totals.discount.checked_cmp(allowed)?.is_gt() && !capped {
        return Err(Discrepancy::Approval);
    }
    for item in &parts.items {
        let mine = || parts.lines.iter().filter(|l| l.service == item.service);
        let net = Money::sum(parts.currency, mine().map(|l| l.net))?;
        let cost = Money::sum(parts.currency, mine().map(|l| l.cost))?;
        let floor = ApprovalReason::BelowFloor {
            service: item.service.clone(),
        };
        let margin = ApprovalReason::BelowMargin {
            service: Some(item.service.clone()),
            floor: item.min_margin,
        };
        let below = net.checked_cmp(item.min_price)?.is_lt() && !asks(&floor);
        if below || (below_margin(net, cost, item.min_margin)? && !asks(&margin)) {
            return Err(Discrepancy::Approval);
        }
    }
    let whole = ApprovalReason::BelowMargin {
        service: None,
        floor: parts.min_margin,
    };
    let totals = &parts.totals;
    if below_margin(totals.net, totals.cost, parts.min_margin)? && !asks(&whole) {
        return Err(Discrepancy::Approval);
    }
    Ok(())
}
