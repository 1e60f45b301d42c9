use dealwright_core::knowledge::{RateCard, Slug, Stacking};
use dealwright_core::money::{Money, Rate};
use rust_decimal::Decimal;

use super::{
    ApprovalReason, Discount, DiscountSource, Line, PricingError, QuoteRequest, Reduction,
    RoundingPoint, Term,
};

/// Reduces the lines; yields the reasons for which a person must approve.
///
/// Percentages combine by the card's rule. Those that come by themselves (package, volume) stop
/// at the cap; those that somebody gave do not, but need an approval beyond it. Amounts are
/// taken off what is left and spread by price; they count against the cap too.
pub(super) fn reduce(
    card: &RateCard,
    request: &QuoteRequest,
    lines: &mut [Line],
) -> Result<Vec<ApprovalReason>, PricingError> {
    let cap = card.params().discounting.max;
    let currency = card.currency();
    let list = Money::sum(currency, lines.iter().map(|l| l.list))?;
    let automatic = Automatic::of(card, request, list)?;
    let mut reasons = Vec::new();
    for line in lines.iter_mut() {
        let sources = combine(card, request, &automatic, &line.service)?;
        let fraction: Decimal = sources.iter().map(|(_, rate)| rate.fraction()).sum();
        if fraction > Decimal::ONE {
            return Err(PricingError::Discount);
        }
        let rate = Rate::from_fraction(fraction)?;
        if rate > cap {
            let reason = ApprovalReason::DiscountAboveCap {
                service: Some(line.service.clone()),
                cap,
            };
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        if !rate.is_zero() {
            let of = vec![
                Term::Amount {
                    amount: line.list,
                    line: Some(line.id),
                },
                Term::Share {
                    rate,
                    from: "all percentages".to_owned(),
                },
            ];
            let point = RoundingPoint::LineDiscount;
            let derivation = Term::Product { of }.rounded(point, card.params().rounding, currency);
            let amount = derivation.money(currency)?;
            line.net = line.list.checked_sub(amount)?;
            line.discount = Some(Discount {
                rate,
                sources,
                amount,
                derivation,
            });
        }
    }
    spread_amounts(request, lines, cap, card, &mut reasons)?;
    Ok(reasons)
}

/// The discounts that come by themselves.
struct Automatic {
    package: Option<(Slug, Rate, Vec<Slug>)>,
    volume: Rate,
}

impl Automatic {
    fn of(card: &RateCard, request: &QuoteRequest, list: Money) -> Result<Self, PricingError> {
        let package = match &request.package {
            None => None,
            Some(id) => {
                let unknown = || PricingError::Unknown {
                    service: id.clone(),
                    kind: "package",
                    id: id.clone(),
                };
                let package = card.package(id).ok_or_else(unknown)?;
                if let Some(missing) = package.services.iter().find(|s| request.item(s).is_none()) {
                    return Err(PricingError::Unknown {
                        service: missing.clone(),
                        kind: "place in the request, which the package needs:",
                        id: id.clone(),
                    });
                }
                Some((id.clone(), package.percent, package.services.clone()))
            }
        };
        let reached = |from: Decimal| from <= list.amount();
        let mut steps = card.params().discounting.volume.iter();
        let volume = steps.rfind(|step| reached(step.from));
        Ok(Self {
            package,
            volume: volume.map_or(Rate::ZERO, |step| step.percent),
        })
    }
}

fn combine(
    card: &RateCard,
    request: &QuoteRequest,
    automatic: &Automatic,
    service: &Slug,
) -> Result<Vec<(DiscountSource, Rate)>, PricingError> {
    let cap = card.params().discounting.max;
    let mut given = Vec::new();
    for discount in &request.discounts {
        if let Reduction::Percent(rate) = discount.reduction {
            if rate.is_negative() || rate.fraction() > Decimal::ONE {
                return Err(PricingError::Discount);
            }
            given.push((DiscountSource::Given(discount.reason.clone()), rate));
        }
    }
    let package = automatic.package.iter();
    let package = package.filter(|(_, _, services)| services.contains(service));
    let own = package.map(|(id, rate, _)| (DiscountSource::Package(id.clone()), *rate));
    let own = own.chain([(DiscountSource::Volume, automatic.volume)]);
    let mut all: Vec<(DiscountSource, Rate)> = given;
    match card.params().discounting.stacking {
        Stacking::Sum => {
            let mut left = cap.fraction() - all.iter().map(|(_, r)| r.fraction()).sum::<Decimal>();
            for (source, rate) in own {
                let room = rate.fraction().min(left).max(Decimal::ZERO);
                left -= room;
                all.push((source, Rate::from_fraction(room)?));
            }
        }
        // What is not known to add up does not.
        _ => {
            all.extend(own.map(|(source, rate)| (source, rate.min(cap))));
            let mut best: Option<(DiscountSource, Rate)> = None;
            for candidate in all {
                if best.as_ref().is_none_or(|(_, most)| candidate.1 > *most) {
                    best = Some(candidate);
                }
            }
            all = best.into_iter().collect();
        }
    }
    all.retain(|(_, rate)| !rate.is_zero());
    Ok(all)
}

fn spread_amounts(
    request: &QuoteRequest,
    lines: &mut [Line],
    cap: Rate,
    card: &RateCard,
    reasons: &mut Vec<ApprovalReason>,
) -> Result<(), PricingError> {
    let currency = card.currency();
    let mut amounts = Vec::new();
    for discount in &request.discounts {
        if let Reduction::Amount(amount) = discount.reduction {
            if amount.is_negative() {
                return Err(PricingError::Discount);
            }
            amounts.push((discount.reason.clone(), amount));
        }
    }
    let whole = Money::sum(currency, amounts.iter().map(|(_, amount)| *amount))?;
    if whole.is_zero() {
        return Ok(());
    }
    let left = Money::sum(currency, lines.iter().map(|l| l.net))?;
    if whole.checked_cmp(left)?.is_gt() {
        return Err(PricingError::Discount);
    }
    let weights: Vec<u64> = lines.iter().map(|l| l.net.minor().unsigned_abs()).collect();
    let shares = whole.allocate(&weights)?;
    for (place, (line, share)) in lines.iter_mut().zip(shares).enumerate() {
        let part = Term::Part {
            of: whole,
            weights: weights.clone(),
            place: u32::try_from(place).map_err(|_| PricingError::Inexact)?,
        };
        let before = line.discount.take();
        let (rate, mut sources, amount, derivation) = match before {
            Some(d) => (
                d.rate,
                d.sources,
                d.amount.checked_add(share)?,
                Term::Sum {
                    of: vec![d.derivation, part],
                },
            ),
            None => (Rate::ZERO, Vec::new(), share, part),
        };
        sources.extend(
            amounts
                .iter()
                .map(|(reason, _)| (DiscountSource::Given(reason.clone()), Rate::ZERO)),
        );
        line.net = line.list.checked_sub(amount)?;
        line.discount = Some(Discount {
            rate,
            sources,
            amount,
            derivation,
        });
    }
    let mut allowed = Money::zero(currency);
    let mut taken = Money::zero(currency);
    for line in lines.iter() {
        allowed = allowed.checked_add(line.list.apply(cap, card.params().rounding)?)?;
        taken = taken.checked_add(line.list.checked_sub(line.net)?)?;
    }
    if taken.checked_cmp(allowed)?.is_gt() {
        reasons.push(ApprovalReason::DiscountAboveCap { service: None, cap });
    }
    Ok(())
}
