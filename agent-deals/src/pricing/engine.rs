use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::knowledge::{Catalogue, RateCard, Service, ServicePrice, Slug, TaxRule};
use dealwright_core::money::{Money, Rate};
use rust_decimal::Decimal;

use super::build::Builder;
use super::quote::QuoteParts;
use super::{
    ApprovalReason, Assumption, ItemRequest, Line, OptionOffer, PricedItem, PricingError, Quote,
    QuoteRequest, RoundingPoint, TaxLine, Term, Totals, discount,
};

/// Prices a request: pure and total, the same arguments give the same quote.
///
/// A quote that goes below a floor or above a cap is still made; it says so in
/// [`needs_approval`](Quote::needs_approval) and cannot be issued without one.
///
/// # Errors
///
/// [`PricingError`] where the request names something that does not exist, a size we do not
/// take on, or a client whom no tax rule fits.
pub fn quote(
    catalogue: &Catalogue,
    card: &RateCard,
    request: &QuoteRequest,
) -> Result<Quote, PricingError> {
    if request.items.is_empty() {
        return Err(PricingError::Empty);
    }
    if !card.is_valid_on(request.on) {
        return Err(PricingError::CardNotValid {
            card: card.id().clone(),
            day: request.on,
        });
    }
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    let mut lines = Vec::new();
    let mut offers = Vec::new();
    let mut assumptions = Vec::new();
    let mut rules: BTreeMap<Slug, &TaxRule> = BTreeMap::new();
    for wanted in &request.items {
        if !seen.insert(&wanted.service) {
            return Err(PricingError::Twice {
                service: wanted.service.clone(),
            });
        }
        let (service, price) = known(catalogue, card, wanted)?;
        let item = decide(card, request, wanted, service, price, &mut assumptions)?;
        let tax = card.tax(&request.tax, &price.tax_class);
        let tax = tax.ok_or_else(|| PricingError::NoTaxRule {
            card: card.id().clone(),
            country: request.tax.country,
            class: price.tax_class.clone(),
        })?;
        rules.insert(tax.id.clone(), tax);
        let builder = Builder {
            card,
            request,
            service,
            price,
            item: &item,
            tax_rule: &tax.id,
        };
        lines.extend(builder.lines()?);
        offers.extend(offered(&builder)?);
        items.push(item);
    }
    let mut approval = discount::reduce(card, request, &mut lines)?;
    approval.extend(below_floors(card, &items, &lines)?);
    let taxes = taxes(card, &rules, &lines)?;
    let totals = totals(card, &lines, &taxes)?;
    Ok(Quote::from_parts(QuoteParts {
        card: card.id().clone(),
        currency: card.currency(),
        rounding: card.params().rounding,
        request: request.clone(),
        items,
        lines,
        offers,
        assumptions,
        taxes,
        totals,
        discount_cap: card.params().discounting.max,
        min_margin: card.params().min_margin,
        approval,
    }))
}

fn known<'a>(
    catalogue: &'a Catalogue,
    card: &'a RateCard,
    wanted: &ItemRequest,
) -> Result<(&'a Service, &'a ServicePrice), PricingError> {
    let service = catalogue.service(&wanted.service);
    let service = service.ok_or_else(|| PricingError::UnknownService {
        service: wanted.service.clone(),
    })?;
    let price = card.service(&wanted.service);
    let price = price.ok_or_else(|| PricingError::NotPriced {
        card: card.id().clone(),
        service: wanted.service.clone(),
    })?;
    Ok((service, price))
}

/// Every driver given or assumed, every name known, every value in range.
fn decide(
    card: &RateCard,
    request: &QuoteRequest,
    wanted: &ItemRequest,
    service: &Service,
    price: &ServicePrice,
    assumptions: &mut Vec<Assumption>,
) -> Result<PricedItem, PricingError> {
    let unknown = |kind: &'static str, id: &Slug| PricingError::Unknown {
        service: service.id.clone(),
        kind,
        id: id.clone(),
    };
    if let Some(id) = wanted.drivers.keys().find(|d| service.driver(d).is_none()) {
        return Err(unknown("driver", id));
    }
    if let Some(id) = wanted.options.iter().find(|o| service.option(o).is_none()) {
        return Err(unknown("option", id));
    }
    if let Some(requirement) = wanted
        .requirements
        .iter()
        .find(|r| !request.requirements.contains(r))
    {
        return Err(PricingError::UnknownRequirement {
            requirement: *requirement,
        });
    }
    let mut drivers = BTreeMap::new();
    for driver in &service.drivers {
        let value = match wanted.drivers.get(&driver.id) {
            Some(value) => *value,
            None => {
                assumptions.push(Assumption {
                    service: service.id.clone(),
                    driver: driver.id.clone(),
                    name: driver.name.clone(),
                    value: driver.default,
                    unit: driver.unit_of(driver.default.into()).to_owned(),
                });
                driver.default
            }
        };
        if !(driver.min..=driver.max).contains(&value) {
            return Err(PricingError::OutOfRange {
                service: service.id.clone(),
                driver: driver.id.clone(),
                value,
                min: driver.min,
                max: driver.max,
            });
        }
        drivers.insert(driver.id.clone(), value);
    }
    Ok(PricedItem {
        service: service.id.clone(),
        name: service.name.clone(),
        requirements: wanted.requirements.clone(),
        drivers,
        options: wanted.options.clone(),
        min_price: Money::new(price.min_price, card.currency())?,
        min_margin: price.min_margin.unwrap_or(card.params().min_margin),
    })
}

/// What each option that was not chosen would add, before discount.
fn offered(builder: &Builder<'_>) -> Result<Vec<OptionOffer>, PricingError> {
    let mut offers = Vec::new();
    for option in &builder.service.options {
        if builder.item.options.contains(&option.id) {
            continue;
        }
        let mut item = builder.item.clone();
        item.options.insert(option.id.clone());
        let lines = Builder {
            item: &item,
            ..*builder
        }
        .lines()?;
        let added = lines
            .iter()
            .filter(|l| l.option.as_ref() == Some(&option.id));
        offers.push(OptionOffer {
            service: builder.service.id.clone(),
            option: option.id.clone(),
            name: option.name.clone(),
            summary: option.summary.clone(),
            price: Money::sum(builder.card.currency(), added.map(|l| l.list))?,
        });
    }
    Ok(offers)
}

pub(super) fn below_floors(
    card: &RateCard,
    items: &[PricedItem],
    lines: &[Line],
) -> Result<Vec<ApprovalReason>, PricingError> {
    let currency = card.currency();
    let mut reasons = Vec::new();
    for item in items {
        let mine = || lines.iter().filter(|l| l.service == item.service);
        let net = Money::sum(currency, mine().map(|l| l.net))?;
        let cost = Money::sum(currency, mine().map(|l| l.cost))?;
        if net.checked_cmp(item.min_price)?.is_lt() {
            reasons.push(ApprovalReason::BelowFloor {
                service: item.service.clone(),
            });
        }
        if below_margin(net, cost, item.min_margin)? {
            reasons.push(ApprovalReason::BelowMargin {
                service: Some(item.service.clone()),
                floor: item.min_margin,
            });
        }
    }
    let net = Money::sum(currency, lines.iter().map(|l| l.net))?;
    let cost = Money::sum(currency, lines.iter().map(|l| l.cost))?;
    let floor = card.params().min_margin;
    if below_margin(net, cost, floor)? {
        reasons.push(ApprovalReason::BelowMargin {
            service: None,
            floor,
        });
    }
    Ok(reasons)
}

/// Whether `net - cost < floor * net`, without rounding or division.
pub(crate) fn below_margin(net: Money, cost: Money, floor: Rate) -> Result<bool, PricingError> {
    let margin = net.checked_sub(cost)?.amount();
    let wanted = net
        .amount()
        .checked_mul(floor.fraction())
        .ok_or(PricingError::Inexact)?;
    Ok(margin < wanted || (net.is_zero() && cost.is_positive()))
}

fn taxes(
    card: &RateCard,
    rules: &BTreeMap<Slug, &TaxRule>,
    lines: &[Line],
) -> Result<Vec<TaxLine>, PricingError> {
    let currency = card.currency();
    let mut taxes = Vec::new();
    for rule in rules.values() {
        let mine = lines.iter().filter(|l| l.tax_rule == rule.id);
        let base = Money::sum(currency, mine.map(|l| l.net))?;
        let derivation = tax_term(base, rule.rate, &rule.id).rounded(
            RoundingPoint::Tax,
            card.params().rounding,
            currency,
        );
        taxes.push(TaxLine {
            rule: rule.id.clone(),
            category: rule.category,
            rate: rule.rate,
            note: rule.note.clone(),
            base,
            tax: derivation.money(currency)?,
            derivation,
        });
    }
    Ok(taxes)
}

fn tax_term(base: Money, rate: Rate, rule: &Slug) -> Term {
    Term::Product {
        of: vec![
            Term::Amount {
                amount: base,
                line: None,
            },
            Term::Share {
                rate,
                from: format!("tax/{rule}"),
            },
        ],
    }
}

fn totals(card: &RateCard, lines: &[Line], taxes: &[TaxLine]) -> Result<Totals, PricingError> {
    let currency = card.currency();
    let list = Money::sum(currency, lines.iter().map(|l| l.list))?;
    let net = Money::sum(currency, lines.iter().map(|l| l.net))?;
    let cost = Money::sum(currency, lines.iter().map(|l| l.cost))?;
    let tax = Money::sum(currency, taxes.iter().map(|t| t.tax))?;
    // Keeps floors and shares, which multiply by at most a million-millionth, inside a Decimal.
    if net.amount() > Decimal::from(1_000_000_000_000_i64) {
        return Err(PricingError::Inexact);
    }
    Ok(Totals {
        list,
        discount: list.checked_sub(net)?,
        net,
        tax,
        gross: net.checked_add(tax)?,
        cost,
        margin: net.checked_sub(cost)?,
    })
}
