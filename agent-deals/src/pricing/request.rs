use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use dealwright_core::handoff::{Requirement, RequirementStatus};
use dealwright_core::id::{DealId, RequirementId};
use dealwright_core::knowledge::{Catalogue, Slug, TaxSubject};
use dealwright_core::money::{Money, Rate};
use serde::{Deserialize, Serialize};

/// One service asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRequest {
    /// The service.
    pub service: Slug,
    /// The requirements it answers.
    pub requirements: Vec<RequirementId>,
    /// What is known of its size; a driver that is missing counts as its default and is listed
    /// as an assumption.
    pub drivers: BTreeMap<Slug, i64>,
    /// The options chosen.
    pub options: BTreeSet<Slug>,
}

/// How a discount that somebody asked for is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reduction {
    /// A share of each line's list price.
    Percent(Rate),
    /// An amount, spread over the lines by their price.
    Amount(Money),
}

/// A discount that somebody gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountRequest {
    /// How much.
    pub reduction: Reduction,
    /// Why, as a name: `prepayment`, `goodwill`.
    pub reason: Slug,
}

/// What is to be priced. References only: no price, label or clause stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteRequest {
    /// The deal.
    pub deal: DealId,
    /// The day whose prices count.
    pub on: NaiveDate,
    /// Everything the client needs, whether a service answers it or not.
    pub requirements: Vec<RequirementId>,
    /// The services, in the order of the offer.
    pub items: Vec<ItemRequest>,
    /// The package, where one was chosen.
    pub package: Option<Slug>,
    /// Discounts that were given.
    pub discounts: Vec<DiscountRequest>,
    /// The facts that decide on tax.
    pub tax: TaxSubject,
}

impl QuoteRequest {
    /// The request that follows from what a client needs: each requirement that was not dropped
    /// goes to a service that answers it, one already asked for before a new one, and then the
    /// first by name. Of several values of a driver the largest counts. A requirement that no
    /// service answers stays listed, so that [`coverage`](super::Quote::coverage) shows it.
    #[must_use]
    pub fn for_requirements(
        catalogue: &Catalogue,
        deal: DealId,
        on: NaiveDate,
        tax: TaxSubject,
        requirements: &[Requirement],
    ) -> Self {
        let mut items: Vec<ItemRequest> = Vec::new();
        let open = || {
            requirements
                .iter()
                .filter(|r| r.status != RequirementStatus::Dropped)
        };
        for requirement in open() {
            let mut answering = catalogue.answering(&requirement.need).peekable();
            let first = answering.peek().map(|s| s.id.clone());
            let known = answering.find(|s| items.iter().any(|i| i.service == s.id));
            let Some(service) = known.map(|s| s.id.clone()).or(first) else {
                continue;
            };
            let place = items.iter().position(|i| i.service == service);
            let place = place.unwrap_or_else(|| {
                items.push(ItemRequest {
                    service: service.clone(),
                    requirements: Vec::new(),
                    drivers: BTreeMap::new(),
                    options: BTreeSet::new(),
                });
                items.len() - 1
            });
            if let Some(item) = items.get_mut(place) {
                item.requirements.push(requirement.id);
                for (name, value) in &requirement.drivers {
                    let template = catalogue.service(&service);
                    let driver = Slug::parse(name).ok();
                    let driver = driver.filter(|d| template.is_some_and(|s| s.driver(d).is_some()));
                    if let Some(driver) = driver {
                        let largest = item.drivers.entry(driver).or_insert(*value);
                        *largest = (*largest).max(*value);
                    }
                }
            }
        }
        Self {
            deal,
            on,
            requirements: open().map(|r| r.id).collect(),
            items,
            package: None,
            discounts: Vec::new(),
            tax,
        }
    }

    /// The item of that service.
    #[must_use]
    pub fn item(&self, service: &str) -> Option<&ItemRequest> {
        self.items.iter().find(|i| i.service.as_str() == service)
    }

    /// The item of that service, to change it.
    pub fn item_mut(&mut self, service: &str) -> Option<&mut ItemRequest> {
        self.items
            .iter_mut()
            .find(|i| i.service.as_str() == service)
    }

    /// The request with a discount in percent in place of all others that were given.
    #[must_use]
    pub fn with_discount(mut self, percent: Rate, reason: Slug) -> Self {
        self.discounts.clear();
        if !percent.is_zero() {
            self.discounts.push(DiscountRequest {
                reduction: Reduction::Percent(percent),
                reason,
            });
        }
        self
    }
}
