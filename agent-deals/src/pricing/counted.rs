use std::collections::BTreeMap;

use dealwright_core::id::LineId;
use dealwright_core::knowledge::{Catalogue, RateCard};
use dealwright_core::money::Money;

use super::{PricingError, Quote, quote};

/// A line of a quote that costs less since there was less to do than was ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortfall {
    /// The line.
    pub line: LineId,
    /// What was ordered of the driver that fell short most.
    pub ordered: i64,
    /// What there was of it.
    pub counted: i64,
    /// By how much the line costs less, before tax; above zero.
    pub net: Money,
}

/// What is taken off a price where the work counted less than was ordered: `counted` by service
/// and driver.
///
/// The same request is priced with what there was, by the same rules and discounts, and each line
/// that is cheaper then is a shortfall. A line is never dearer for it: a discount that came with
/// the size of the order stays.
///
/// # Errors
///
/// [`PricingError`] where the catalogue or the rate card no longer has what was ordered.
pub fn shortfalls(
    catalogue: &Catalogue,
    card: &RateCard,
    given: &Quote,
    counted: &BTreeMap<String, BTreeMap<String, i64>>,
) -> Result<Vec<Shortfall>, PricingError> {
    let mut request = given.request().clone();
    let mut short: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for item in given.items() {
        let Some(there) = counted.get(item.service.as_str()) else {
            continue;
        };
        let template = catalogue.service(&item.service);
        for (driver, ordered) in &item.drivers {
            let least = template.and_then(|t| t.driver(driver)).map_or(0, |d| d.min);
            let Some(count) = there.get(driver.as_str()).map(|count| (*count).max(least)) else {
                continue;
            };
            if count >= *ordered {
                continue;
            }
            if let Some(wanted) = request.item_mut(&item.service) {
                wanted.drivers.insert(driver.clone(), count);
            }
            let most = short
                .entry(item.service.as_str())
                .or_insert((*ordered, count));
            if ordered - count > most.0 - most.1 {
                *most = (*ordered, count);
            }
        }
    }
    if short.is_empty() {
        return Ok(Vec::new());
    }
    let there = quote(catalogue, card, &request)?;
    let mut all = Vec::new();
    for line in given.lines() {
        let Some((ordered, counted)) = short.get(line.service.as_str()) else {
            continue;
        };
        let now = there
            .line(line.id)
            .map_or_else(|| Money::zero(line.net.currency()), |line| line.net);
        let less = line.net.checked_sub(now)?;
        if less.minor() > 0 {
            all.push(Shortfall {
                line: line.id,
                ordered: *ordered,
                counted: *counted,
                net: less,
            });
        }
    }
    Ok(all)
}
