use std::collections::BTreeMap;

use dealwright_core::id::LineId;
use dealwright_core::knowledge::{
    Billing, PriceRule, PriceRuleKind, RateCard, Service, ServicePrice, Slug,
};
use dealwright_core::money::Money;
use rust_decimal::Decimal;

use super::effort::{self, Causes, SIXTHS, Valued};
use super::{Line, PricedItem, PricingError, QuoteRequest, RoundingPoint, Term};

/// Everything a rule needs to become a line.
pub(super) struct Builder<'a> {
    pub(super) card: &'a RateCard,
    pub(super) request: &'a QuoteRequest,
    pub(super) service: &'a Service,
    pub(super) price: &'a ServicePrice,
    pub(super) item: &'a PricedItem,
    pub(super) tax_rule: &'a Slug,
}

/// What a rule comes to before cost.
struct Priced {
    quantity: Decimal,
    unit: String,
    unit_price: Option<Decimal>,
    term: Term,
}

impl Builder<'_> {
    /// The lines of the item, in the order of the rules, with their cost.
    pub(super) fn lines(&self) -> Result<Vec<Line>, PricingError> {
        let mut lines: Vec<Line> = Vec::new();
        let causes = effort::causes(self.service, self.item);
        let chosen = |rule: &&PriceRule| {
            let option = rule.option.as_ref();
            option.is_none_or(|o| self.item.options.contains(o))
        };
        for rule in self.price.rules.iter().filter(chosen) {
            if let Some(priced) = self.priced(rule, &lines, &causes)? {
                lines.push(self.line(rule, priced)?);
            }
        }
        if lines.is_empty() {
            return Err(PricingError::NoLines {
                service: self.service.id.clone(),
            });
        }
        self.add_costs(&mut lines, causes)?;
        Ok(lines)
    }

    fn priced(
        &self,
        rule: &PriceRule,
        before: &[Line],
        causes: &Causes,
    ) -> Result<Option<Priced>, PricingError> {
        let from =
            |part: &str| format!("{}/{}/{}/{part}", self.card.id(), self.service.id, rule.id);
        let given = |value: Decimal, part: &str| Term::Given {
            value,
            from: from(part),
        };
        let units = |driver: &Slug, beyond: i64, most: Option<i64>| Term::Units {
            driver: driver.clone(),
            value: self.value(driver),
            beyond,
            most,
        };
        let unit = |driver: &Slug, quantity: Decimal| {
            let driver = self.service.driver(driver);
            driver.map_or_else(String::new, |d| d.unit_of(quantity).to_owned())
        };
        let priced = match &rule.how {
            PriceRuleKind::Base { amount } => Priced {
                quantity: Decimal::ONE,
                unit: String::new(),
                unit_price: Some(*amount),
                term: self.rounded(given(*amount, "amount"), 1),
            },
            PriceRuleKind::Effort => {
                // An option's own effort rule prices its tasks; the service's rule the rest.
                let mut roles: BTreeMap<Slug, i64> = BTreeMap::new();
                let mine = causes
                    .iter()
                    .filter(|((option, _), _)| *option == rule.option);
                for (role, sixths) in mine.flat_map(|(_, roles)| roles) {
                    let sum = roles.entry(role.clone()).or_insert(0);
                    *sum = sum.saturating_add(*sixths);
                }
                let sixths: i64 = roles.values().fold(0, |sum, s| sum.saturating_add(*s));
                let Some(hours) = effort::hours(self.card, &roles, Valued::Price) else {
                    return Ok(None);
                };
                Priced {
                    quantity: (Decimal::from(sixths) / Decimal::from(SIXTHS)).round_dp(2),
                    unit: "hour".to_owned(),
                    unit_price: None,
                    term: self.rounded(hours, SIXTHS),
                }
            }
            PriceRuleKind::PerUnit {
                driver,
                price,
                free,
            } => {
                let units = units(driver, *free, None);
                let quantity = units.value()?;
                let of = vec![given(*price, "price"), units];
                Priced {
                    quantity,
                    unit: unit(driver, quantity),
                    unit_price: Some(*price),
                    term: self.rounded(Term::Product { of }, 1),
                }
            }
            PriceRuleKind::Tiered { driver, tiers } => {
                let mut last = 0;
                let mut of = Vec::new();
                for (number, tier) in tiers.iter().enumerate() {
                    let most = tier.up_to.map(|up_to| up_to.saturating_sub(last));
                    let units = units(driver, last, most);
                    if !units.value()?.is_zero() {
                        let price = given(tier.price, &format!("tiers/{number}"));
                        of.push(Term::Product {
                            of: vec![price, units],
                        });
                    }
                    last = tier.up_to.unwrap_or(last);
                }
                Priced {
                    quantity: Decimal::from(self.value(driver)),
                    unit: unit(driver, Decimal::from(self.value(driver))),
                    unit_price: None,
                    term: self.rounded(Term::Sum { of }, 1),
                }
            }
            PriceRuleKind::Multiplier {
                driver,
                percent,
                over,
                of,
            } => {
                let units = units(driver, *over, None);
                let quantity = units.value()?;
                let bases = before.iter().filter(|l| of.contains(&l.rule));
                let bases = bases.map(|l| Term::Amount {
                    amount: l.list,
                    line: Some(l.id),
                });
                let share = Term::Share {
                    rate: *percent,
                    from: from("percent"),
                };
                let of = vec![
                    share,
                    units,
                    Term::Sum {
                        of: bases.collect(),
                    },
                ];
                Priced {
                    quantity,
                    unit: unit(driver, quantity),
                    unit_price: None,
                    term: self.rounded(Term::Product { of }, 1),
                }
            }
        };
        Ok((!priced.quantity.is_zero()).then_some(priced))
    }

    fn line(&self, rule: &PriceRule, priced: Priced) -> Result<Line, PricingError> {
        let shares_others = matches!(rule.how, PriceRuleKind::Multiplier { .. });
        let derivation = match rule.billing {
            // A multiplier takes its share of whole terms already.
            Billing::Monthly { months } if !shares_others => Term::Product {
                of: vec![
                    priced.term,
                    Term::Given {
                        value: Decimal::from(months),
                        from: "months of the term".to_owned(),
                    },
                ],
            },
            _ => priced.term,
        };
        let list = derivation.money(self.card.currency())?;
        Ok(Line {
            id: LineId::derive(&[
                self.request.deal.uuid().as_bytes(),
                self.service.id.as_bytes(),
                rule.id.as_bytes(),
            ]),
            service: self.service.id.clone(),
            rule: rule.id.clone(),
            option: rule.option.clone(),
            label: rule.label.clone(),
            requirements: self.item.requirements.clone(),
            quantity: priced.quantity.normalize(),
            unit: priced.unit,
            unit_price: priced.unit_price.map(|p| p.normalize()),
            billing: rule.billing,
            list,
            derivation,
            discount: None,
            net: list,
            cost: Money::zero(self.card.currency()),
            cost_derivation: Term::Sum { of: Vec::new() },
            tax_rule: self.tax_rule.clone(),
        })
    }

    /// Gives each cause of effort to the line that is paid for it: the line of its option and
    /// driver, else the first of its option, else the first of the service.
    fn add_costs(&self, lines: &mut [Line], causes: Causes) -> Result<(), PricingError> {
        let driver_of = |line: &Line| {
            let rule = self.price.rules.iter().find(|r| r.id == line.rule);
            rule.filter(|r| !matches!(r.how, PriceRuleKind::Multiplier { .. }))
                .and_then(|r| r.how.driver().cloned())
        };
        let mut shares: BTreeMap<usize, BTreeMap<Slug, i64>> = BTreeMap::new();
        for ((option, driver), roles) in causes {
            let own = lines
                .iter()
                .position(|l| l.option == option && driver.is_some() && driver_of(l) == driver);
            let place = own
                .or_else(|| lines.iter().position(|l| l.option == option))
                .unwrap_or(0);
            for (role, sixths) in roles {
                let sum = shares.entry(place).or_default().entry(role).or_insert(0);
                *sum = sum.saturating_add(sixths);
            }
        }
        for (place, line) in lines.iter_mut().enumerate() {
            let mut of = Vec::new();
            if let Some(hours) = shares
                .get(&place)
                .and_then(|roles| effort::hours(self.card, roles, Valued::Cost))
            {
                of.push(self.cost(hours, SIXTHS));
            }
            if let Some(rule) = self.price.rules.iter().find(|r| r.id == line.rule)
                && !rule.unit_cost.is_zero()
            {
                let months = match line.billing {
                    Billing::Monthly { months } => months,
                    _ => 1,
                };
                let numbers = [
                    (rule.unit_cost, "unit_cost"),
                    (line.quantity, "quantity"),
                    (Decimal::from(months), "months"),
                ];
                let product = numbers.map(|(value, part)| Term::Given {
                    value,
                    from: format!("{}/{}/{}/{part}", self.card.id(), self.service.id, rule.id),
                });
                of.push(self.cost(Term::Product { of: product.into() }, 1));
            }
            line.cost_derivation = Term::Sum { of };
            line.cost = line.cost_derivation.money(self.card.currency())?;
        }
        Ok(())
    }

    fn value(&self, driver: &Slug) -> i64 {
        self.item.drivers.get(driver).copied().unwrap_or(0)
    }

    fn rounded(&self, term: Term, by: u32) -> Term {
        let rounding = self.card.params().rounding;
        term.rounded_by(RoundingPoint::LinePrice, rounding, self.card.currency(), by)
    }

    fn cost(&self, term: Term, by: u32) -> Term {
        let rounding = self.card.params().rounding;
        term.rounded_by(RoundingPoint::LineCost, rounding, self.card.currency(), by)
    }
}
