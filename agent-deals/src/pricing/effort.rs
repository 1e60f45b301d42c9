use std::collections::BTreeMap;

use dealwright_core::knowledge::{RateCard, Service, Slug};
use rust_decimal::Decimal;

use super::{PricedItem, Term};

/// Sixths of minutes in an hour.
pub(super) const SIXTHS: u32 = 360;

/// Expected effort by what causes it: the option it belongs to, and the driver it comes from.
/// Inside by role, in sixths of minutes.
pub(super) type Causes = BTreeMap<(Option<Slug>, Option<Slug>), BTreeMap<Slug, i64>>;

/// The effort of an item, sorted by cause.
pub(super) fn causes(service: &Service, item: &PricedItem) -> Causes {
    let mut causes = Causes::new();
    let mut add = |option: &Option<Slug>, driver: Option<&Slug>, role: &Slug, sixths: i64| {
        if sixths > 0 {
            let cause = (option.clone(), driver.cloned());
            let roles = causes.entry(cause).or_default();
            let sum = roles.entry(role.clone()).or_insert(0);
            *sum = sum.saturating_add(sixths);
        }
    };
    for (_, task) in service.tasks() {
        if task
            .option
            .as_ref()
            .is_some_and(|o| !item.options.contains(o))
        {
            continue;
        }
        add(&task.option, None, &task.role, task.base.expected_sixths());
        for part in &task.per {
            let value = item.drivers.get(&part.driver).copied().unwrap_or(0);
            let effort = part.each.saturating_mul(value);
            add(
                &task.option,
                Some(&part.driver),
                &task.role,
                effort.expected_sixths(),
            );
        }
    }
    causes
}

/// Which column of the rate card hours are valued by.
#[derive(Clone, Copy)]
pub(super) enum Valued {
    Price,
    Cost,
}

/// The value of hours by role, to be divided by [`SIXTHS`]; `None` where there are none.
pub(super) fn hours(card: &RateCard, roles: &BTreeMap<Slug, i64>, valued: Valued) -> Option<Term> {
    let of: Vec<Term> = roles
        .iter()
        .filter_map(|(role, sixths)| {
            let rate = card.role(role)?;
            let (value, column) = match valued {
                Valued::Price => (rate.price, "price"),
                Valued::Cost => (rate.cost, "cost"),
            };
            Some(Term::Product {
                of: vec![
                    Term::Given {
                        value,
                        from: format!("{}/roles/{role}/{column}", card.id()),
                    },
                    Term::Given {
                        value: Decimal::from(*sixths),
                        from: "expected minutes, in sixths".to_owned(),
                    },
                ],
            })
        })
        .collect();
    (!of.is_empty()).then_some(Term::Sum { of })
}
