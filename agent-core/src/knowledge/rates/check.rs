use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{Billing, PriceRule, PriceRuleKind, RateCardParams, ServicePrice, TaxCategory, Tier};
use crate::knowledge::{Catalogue, Service, Slug, WordsError};
use crate::money::{Currency, Money, Rate, UnitPrice};
use crate::party::Language;

/// Longest term that can be committed to, in months.
const LONGEST_TERM: u16 = 60;
/// No amount on a card is beyond this; keeps every sum of a quote far inside 64 bits.
const LARGEST_AMOUNT: i64 = 10_000_000;

/// Why a rate card was refused; says where and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RateCardError {
    /// A name that the catalogue, or the card itself, does not have.
    #[error("{place} names the {kind} `{id}`, which does not exist; add it or correct the name")]
    Unknown {
        /// Where.
        place: String,
        /// What kind of thing it should be.
        kind: &'static str,
        /// The name.
        id: Slug,
    },
    /// Two things of one name.
    #[error("{place}: `{id}` stands there twice; give each its own name")]
    Twice {
        /// Where.
        place: String,
        /// The name.
        id: Slug,
    },
    /// A translation that does not fit.
    #[error("in `{language}`: {what}")]
    Words {
        /// Its language.
        language: Language,
        /// What does not fit, and what to do.
        what: WordsError,
    },
    /// Something does not fit.
    #[error("{place}: {what}")]
    Wrong {
        /// Where.
        place: String,
        /// What does not fit, and what to do.
        what: &'static str,
    },
}

pub(super) fn check(card: &RateCardParams, catalogue: &Catalogue) -> Result<(), RateCardError> {
    let place = format!("rate card `{}`", card.id);
    if card.valid_until.is_some_and(|last| last < card.valid_from) {
        return wrong(&place, "valid_until lies before valid_from; swap them");
    }
    share(
        &place,
        card.min_margin,
        "min_margin must be at least 0% and below 100%",
    )?;
    share(
        &place,
        card.discounting.max,
        "the largest discount must be at least 0% and below 100%",
    )?;
    share_or_whole(
        &place,
        card.payment.deposit,
        "deposit must be between 0% and 100%",
    )?;
    unique(&place, card.roles.iter().map(|r| &r.role))?;
    for role in &card.roles {
        let place = format!("role `{}` of {place}", role.role);
        unit_price(&place, role.price, card.currency)?;
        unit_price(&place, role.cost, card.currency)?;
    }
    unique(&place, card.services.iter().map(|s| &s.service))?;
    for price in &card.services {
        let known = catalogue.params().services.iter();
        let service = known.into_iter().find(|s| s.id == price.service);
        let service = service.ok_or_else(|| unknown(&place, "service", &price.service))?;
        service_holds(card, price, service)?;
    }
    discounts_hold(card, &place)?;
    tax_holds(card, &place)
}

fn service_holds(
    card: &RateCardParams,
    price: &ServicePrice,
    service: &Service,
) -> Result<(), RateCardError> {
    let place = format!("price of service `{}`", price.service);
    if price.rules.is_empty() {
        return wrong(&place, "has no rules; add at least one");
    }
    amount(&place, price.min_price, card.currency)?;
    if let Some(margin) = price.min_margin {
        share(
            &place,
            margin,
            "min_margin must be at least 0% and below 100%",
        )?;
    }
    unique(&place, price.rules.iter().map(|r| &r.id))?;
    for (_, task) in service.tasks() {
        if !card.roles.iter().any(|r| r.role == task.role) {
            return Err(unknown(&place, "role", &task.role));
        }
    }
    for rule in &price.rules {
        rule_holds(card, price, service, rule)?;
    }
    for option in &service.options {
        if !price
            .rules
            .iter()
            .any(|r| r.option.as_ref() == Some(&option.id))
        {
            return wrong(
                &format!("option `{}` of {place}", option.id),
                "has no rule; add one, at amount 0 if it is free",
            );
        }
    }
    Ok(())
}

fn rule_holds(
    card: &RateCardParams,
    price: &ServicePrice,
    service: &Service,
    rule: &PriceRule,
) -> Result<(), RateCardError> {
    let place = format!("rule `{}` of service `{}`", rule.id, price.service);
    if rule.label.trim().is_empty() {
        return wrong(&place, "has no label; say what the client pays for");
    }
    unit_price(&place, rule.unit_cost, card.currency)?;
    if let Some(option) = &rule.option
        && service.option(option).is_none()
    {
        return Err(unknown(&place, "option", option));
    }
    if let Billing::Monthly { months } = rule.billing
        && !(1..=LONGEST_TERM).contains(&months)
    {
        return wrong(&place, "months must be between 1 and 60");
    }
    if let Some(driver) = rule.how.driver()
        && service.driver(driver).is_none()
    {
        return Err(unknown(&place, "driver", driver));
    }
    match &rule.how {
        PriceRuleKind::Base { amount: base } => amount(&place, *base, card.currency),
        PriceRuleKind::Effort => Ok(()),
        PriceRuleKind::PerUnit { price, free, .. } => {
            if *free < 0 {
                return wrong(&place, "free must not be below zero");
            }
            unit_price(&place, *price, card.currency)
        }
        PriceRuleKind::Tiered { tiers, .. } => tiers_hold(&place, tiers, card.currency),
        PriceRuleKind::Multiplier {
            percent, over, of, ..
        } => {
            if *over < 0 || percent.is_negative() || of.is_empty() {
                return wrong(
                    &place,
                    "needs over and percent of at least 0 and rules in `of`",
                );
            }
            for id in of {
                let base = price.rules.iter().find(|r| r.id == *id);
                let base = base.ok_or_else(|| unknown(&place, "rule", id))?;
                if matches!(base.how, PriceRuleKind::Multiplier { .. }) {
                    return wrong(
                        &place,
                        "takes a share of another multiplier; name its rules",
                    );
                }
            }
            Ok(())
        }
    }
}

fn tiers_hold(place: &str, tiers: &[Tier], currency: Currency) -> Result<(), RateCardError> {
    let mut last = 0;
    for (number, tier) in tiers.iter().enumerate() {
        unit_price(place, tier.price, currency)?;
        match tier.up_to {
            Some(up_to) if up_to > last && number + 1 < tiers.len() => last = up_to,
            None if number + 1 == tiers.len() => {}
            _ => {
                return wrong(
                    place,
                    "tiers must ascend in up_to and only the last be open",
                );
            }
        }
    }
    if tiers.is_empty() {
        return wrong(place, "has no tiers; add at least one");
    }
    Ok(())
}

fn discounts_hold(card: &RateCardParams, place: &str) -> Result<(), RateCardError> {
    unique(place, card.packages.iter().map(|p| &p.id))?;
    for package in &card.packages {
        let place = format!("package `{}` of {place}", package.id);
        share(
            &place,
            package.percent,
            "percent must be at least 0% and below 100%",
        )?;
        if package.services.len() < 2 {
            return wrong(&place, "needs two services or more");
        }
        for service in &package.services {
            if !card.services.iter().any(|s| s.service == *service) {
                return Err(unknown(&place, "service", service));
            }
        }
    }
    let mut last = Decimal::ZERO;
    for step in &card.discounting.volume {
        amount(place, step.from, card.currency)?;
        share(
            place,
            step.percent,
            "volume discounts must be at least 0% and below 100%",
        )?;
        if step.from <= last {
            return wrong(place, "volume steps must ascend from above zero");
        }
        last = step.from;
    }
    Ok(())
}

fn tax_holds(card: &RateCardParams, place: &str) -> Result<(), RateCardError> {
    unique(place, card.tax.iter().map(|t| &t.id))?;
    if card.tax.is_empty() {
        return wrong(place, "has no tax rules; add one, at 0% if there is no tax");
    }
    for rule in &card.tax {
        let place = format!("tax rule `{}` of {place}", rule.id);
        share_or_whole(&place, rule.rate, "rate must be between 0% and 100%")?;
        let standard = rule.category == TaxCategory::Standard;
        if !standard && !rule.rate.is_zero() {
            return wrong(&place, "only the standard category has a rate above 0%");
        }
        let said = rule.note.as_deref().is_some_and(|n| !n.trim().is_empty());
        if !standard && rule.category != TaxCategory::Zero && !said {
            return wrong(&place, "needs a note: the reason must stand on the invoice");
        }
    }
    Ok(())
}

fn unit_price(place: &str, price: Decimal, currency: Currency) -> Result<(), RateCardError> {
    let fits = UnitPrice::new(price, currency).is_ok();
    if fits && !price.is_sign_negative() && price <= Decimal::from(LARGEST_AMOUNT) {
        Ok(())
    } else {
        wrong(
            place,
            "a unit price must be 0 to 10000000 with at most nine digits after the point",
        )
    }
}

fn amount(place: &str, amount: Decimal, currency: Currency) -> Result<(), RateCardError> {
    let fits = Money::new(amount, currency).is_ok();
    if fits && !amount.is_sign_negative() && amount <= Decimal::from(LARGEST_AMOUNT) {
        Ok(())
    } else {
        wrong(
            place,
            "an amount must be 0 to 10000000 with no more digits than the currency has",
        )
    }
}

fn share(place: &str, rate: Rate, what: &'static str) -> Result<(), RateCardError> {
    if rate.is_negative() || rate.fraction() >= Decimal::ONE {
        return wrong(place, what);
    }
    Ok(())
}

fn share_or_whole(place: &str, rate: Rate, what: &'static str) -> Result<(), RateCardError> {
    if rate.is_negative() || rate.fraction() > Decimal::ONE {
        return wrong(place, what);
    }
    Ok(())
}

fn wrong(place: &str, what: &'static str) -> Result<(), RateCardError> {
    Err(RateCardError::Wrong {
        place: place.to_owned(),
        what,
    })
}

fn unknown(place: &str, kind: &'static str, id: &Slug) -> RateCardError {
    RateCardError::Unknown {
        place: place.to_owned(),
        kind,
        id: id.clone(),
    }
}

fn unique<'a>(place: &str, ids: impl IntoIterator<Item = &'a Slug>) -> Result<(), RateCardError> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(RateCardError::Twice {
                place: place.to_owned(),
                id: id.clone(),
            });
        }
    }
    Ok(())
}
