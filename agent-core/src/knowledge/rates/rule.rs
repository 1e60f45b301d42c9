use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::exact;
use crate::knowledge::Slug;
use crate::money::Rate;

/// What an hour of a role is sold for and what it costs us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRate {
    /// The role, as the catalogue's tasks name it.
    pub role: Slug,
    /// Price of an hour.
    #[serde(with = "exact")]
    pub price: Decimal,
    /// Cost of an hour.
    #[serde(with = "exact")]
    pub cost: Decimal,
}

/// How often a line is billed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Billing {
    /// Once, with the work.
    #[default]
    Once,
    /// Once, before the work.
    Setup,
    /// Every month of a committed term; the line's amount is that of the whole term.
    Monthly {
        /// Months committed to, at least 1.
        months: u16,
    },
}

/// A step of a graduated price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// The last unit at this price; `None` for all further units.
    #[serde(default)]
    pub up_to: Option<i64>,
    /// Price of each unit in the step.
    #[serde(with = "exact")]
    pub price: Decimal,
}

/// How a rule comes to its amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(
    clippy::exhaustive_enums,
    reason = "pricing must know how to compute every kind"
)]
pub enum PriceRuleKind {
    /// A fixed amount.
    Base {
        /// The amount.
        #[serde(with = "exact")]
        amount: Decimal,
    },
    /// The expected hours of the service's tasks at their roles' rates.
    Effort,
    /// A price for each unit of a driver beyond those that are free.
    PerUnit {
        /// The driver.
        driver: Slug,
        /// Price of each unit.
        #[serde(with = "exact")]
        price: Decimal,
        /// Units that cost nothing.
        #[serde(default)]
        free: i64,
    },
    /// A price for each unit of a driver that changes from step to step; each unit pays the
    /// price of its own step.
    Tiered {
        /// The driver.
        driver: Slug,
        /// The steps, ascending; the last is open.
        tiers: Vec<Tier>,
    },
    /// A share of other lines of the same service, once for each unit of the driver beyond
    /// `over`: `percent` x (driver - over) x sum of `of`.
    Multiplier {
        /// The driver.
        driver: Slug,
        /// The share each unit adds.
        percent: Rate,
        /// Units that add nothing.
        #[serde(default)]
        over: i64,
        /// The rules whose lines it is taken of; none of them a multiplier.
        of: Vec<Slug>,
    },
}

impl PriceRuleKind {
    /// The driver it depends on.
    #[must_use]
    pub fn driver(&self) -> Option<&Slug> {
        match self {
            Self::Base { .. } | Self::Effort => None,
            Self::PerUnit { driver, .. }
            | Self::Tiered { driver, .. }
            | Self::Multiplier { driver, .. } => Some(driver),
        }
    }
}

/// One rule; it yields one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRule {
    /// Its name within the service.
    pub id: Slug,
    /// The line's text, for the client.
    pub label: String,
    /// The option it prices; `None` where the line always stands.
    #[serde(default)]
    pub option: Option<Slug>,
    /// How often it is billed.
    #[serde(default)]
    pub billing: Billing,
    /// What it costs us beside the work, for each unit (licences, model calls).
    #[serde(default, with = "exact")]
    pub unit_cost: Decimal,
    /// How it comes to its amount.
    pub how: PriceRuleKind,
}

/// The rules and floors of one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServicePrice {
    /// The service.
    pub service: Slug,
    /// The rules, in the order of the lines.
    pub rules: Vec<PriceRule>,
    /// Net price of the service below which nothing is offered without an approval.
    #[serde(with = "exact")]
    pub min_price: Decimal,
    /// Its own margin floor; `None` takes the card's.
    #[serde(default)]
    pub min_margin: Option<Rate>,
    /// The class of its lines for tax.
    #[serde(default = "services_class")]
    pub tax_class: Slug,
}

fn services_class() -> Slug {
    Slug::literal("services")
}

/// Services that are cheaper together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageRule {
    /// Its name.
    pub id: Slug,
    /// What to call it, for people.
    pub name: String,
    /// The services that all must be bought.
    pub services: Vec<Slug>,
    /// The discount on their lines.
    pub percent: Rate,
}

/// A discount that comes with size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeStep {
    /// List price of the whole quote from which it counts.
    #[serde(with = "exact")]
    pub from: Decimal,
    /// The discount.
    pub percent: Rate,
}

/// What happens where several discounts apply to a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stacking {
    /// The largest counts, the others do not.
    #[default]
    Largest,
    /// They add up; those that come by themselves stop at the cap.
    Sum,
}

/// How far and how discounts go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discounting {
    /// The cap on all discounts of a line together; beyond it an approval is needed.
    pub max: Rate,
    /// How discounts combine.
    #[serde(default)]
    pub stacking: Stacking,
    /// Discounts that come with size, ascending.
    #[serde(default)]
    pub volume: Vec<VolumeStep>,
}

/// When and how clients pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentTerms {
    /// The part that is due at signature, before work begins.
    pub deposit: Rate,
    /// Days to pay an invoice.
    pub due_days: u16,
    /// Days to pay the deposit.
    pub deposit_due_days: u16,
}
