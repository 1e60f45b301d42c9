//! What services cost: rules, floors, discounts and tax as data.

mod check;
mod exact;
mod rule;
mod tax;

pub use check::RateCardError;
pub use rule::{
    Billing, Discounting, PackageRule, PaymentTerms, PriceRule, PriceRuleKind, RoleRate,
    ServicePrice, Stacking, Tier, VolumeStep,
};
pub use tax::{ClientKind, TaxCategory, TaxRule, TaxSubject};

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Catalogue, Slug, Words};
use crate::money::{Currency, Rate, Rounding};
use crate::party::Language;

/// A rate card as it is written in a file; not checked.
///
/// Amounts are decimals of [`currency`](Self::currency) as text (`"89.50"`) or whole numbers,
/// never floats; shares are text with their sign (`"19%"`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateCardParams {
    /// Its name, which every quote made from it carries.
    pub id: Slug,
    /// The currency of every amount on it.
    pub currency: Currency,
    /// First day it may be quoted from.
    pub valid_from: NaiveDate,
    /// Last day it may be quoted from; `None` until it is replaced.
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
    /// How amounts are rounded at each named point.
    #[serde(default)]
    pub rounding: Rounding,
    /// What an hour of each role is sold for and costs.
    #[serde(default)]
    pub roles: Vec<RoleRate>,
    /// The rules that price each service.
    pub services: Vec<ServicePrice>,
    /// Services that are cheaper together.
    #[serde(default)]
    pub packages: Vec<PackageRule>,
    /// How far and how discounts go.
    pub discounting: Discounting,
    /// The margin below which nothing is offered without an approval, of the net price.
    pub min_margin: Rate,
    /// Tax rules; the first that fits counts.
    pub tax: Vec<TaxRule>,
    /// When and how clients pay.
    pub payment: PaymentTerms,
    /// What clients read on it in other languages: labels of rules and packages by
    /// `services.<service>.<rule>` and `packages.<package>`, notes on tax by `tax.<rule>`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<Language, Words>,
}

impl RateCardParams {
    /// Checks the card against the catalogue it prices.
    ///
    /// # Errors
    ///
    /// [`RateCardError`] for the first thing that does not hold: it names the place and says
    /// what to do.
    pub fn check(self, catalogue: &Catalogue) -> Result<RateCard, RateCardError> {
        check::check(&self, catalogue)?;
        let mut spoken = BTreeMap::new();
        for (language, words) in &self.words {
            let mut other = Self {
                words: BTreeMap::new(),
                ..self.clone()
            };
            words
                .apply(other.texts())
                .map_err(|what| RateCardError::Words {
                    language: *language,
                    what,
                })?;
            spoken.insert(*language, other.check(catalogue)?);
        }
        Ok(RateCard {
            spoken,
            services: self
                .services
                .iter()
                .map(|s| (s.service.clone(), s.clone()))
                .collect(),
            roles: self
                .roles
                .iter()
                .map(|r| (r.role.clone(), r.clone()))
                .collect(),
            params: self,
        })
    }

    fn texts(&mut self) -> Vec<(String, &mut String)> {
        let mut all = Vec::new();
        for service in &mut self.services {
            for rule in &mut service.rules {
                all.push((
                    format!("services.{}.{}", service.service, rule.id),
                    &mut rule.label,
                ));
            }
        }
        for package in &mut self.packages {
            all.push((format!("packages.{}", package.id), &mut package.name));
        }
        for rule in &mut self.tax {
            if let Some(note) = &mut rule.note {
                all.push((format!("tax.{}", rule.id), note));
            }
        }
        all
    }
}

/// What services cost, known to fit the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "RateCardParams")]
pub struct RateCard {
    params: RateCardParams,
    services: BTreeMap<Slug, ServicePrice>,
    roles: BTreeMap<Slug, RoleRate>,
    spoken: BTreeMap<Language, RateCard>,
}

impl RateCard {
    /// The same prices in the words of a language; as they were written where there are none in
    /// it.
    #[must_use]
    pub fn spoken(&self, language: Language) -> &Self {
        self.spoken.get(&language).unwrap_or(self)
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &Slug {
        &self.params.id
    }

    /// The currency of every amount on it.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.params.currency
    }

    /// Whether quotes may be made from it on that day.
    #[must_use]
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.params.valid_from <= day && self.params.valid_until.is_none_or(|last| day <= last)
    }

    /// The rules that price a service; `None` where the card does not price it.
    #[must_use]
    pub fn service(&self, id: &str) -> Option<&ServicePrice> {
        self.services.get(id)
    }

    /// What an hour of a role is sold for and costs.
    #[must_use]
    pub fn role(&self, id: &str) -> Option<&RoleRate> {
        self.roles.get(id)
    }

    /// The package of that name.
    #[must_use]
    pub fn package(&self, id: &str) -> Option<&PackageRule> {
        self.params.packages.iter().find(|p| p.id.as_str() == id)
    }

    /// The tax rule for a client and a class of lines; `None` where no rule fits, in which
    /// case nothing may be quoted.
    #[must_use]
    pub fn tax(&self, subject: &TaxSubject, class: &str) -> Option<&TaxRule> {
        self.params
            .tax
            .iter()
            .find(|rule| rule.fits(subject, class))
    }

    /// Everything on it.
    #[must_use]
    pub fn params(&self) -> &RateCardParams {
        &self.params
    }
}

impl From<RateCard> for RateCardParams {
    fn from(card: RateCard) -> Self {
        card.params
    }
}

#[cfg(test)]
mod tests;
