//! Prices: computed by rule, traced line by line, exact to the cent.
//!
//! [`quote`] is pure and total: the same catalogue, rate card and request give the same
//! [`Quote`], and nothing but these three has a say in it. Each [`Line`] names the requirements
//! it answers and the rule that priced it, and carries the [`Term`] it was computed by, so that
//! [`recompute`] can check every figure without the rate card, and [`verify`] with it.
//!
//! Amounts round at four named points only ([`RoundingPoint`]): the price of a line, its
//! discount, its cost, and the tax of all lines of one tax rule.

mod build;
mod counted;
mod coverage;
mod discount;
mod effort;
mod engine;
mod invoice;
mod plan;
mod quote;
mod recompute;
mod request;
mod term;

pub use counted::{Shortfall, shortfalls};
pub use coverage::Coverage;
pub(crate) use engine::below_margin;
pub use engine::quote;
pub use invoice::{Invoice, InvoiceError, InvoiceKind, InvoiceLine, InvoiceNumber, InvoiceTax};
pub use plan::{Instalment, InstalmentKind, InstalmentLine, InstalmentTax, PaymentPlan};
pub use quote::{
    ApprovalReason, Assumption, Discount, DiscountSource, Line, OptionOffer, PricedItem, Quote,
    TaxLine, Totals,
};
pub use recompute::{Discrepancy, recompute, verify};
pub use request::{DiscountRequest, ItemRequest, QuoteRequest, Reduction};
pub use term::{RoundingPoint, Term};

use chrono::NaiveDate;
use dealwright_core::canonical::CanonicalError;
use dealwright_core::id::RequirementId;
use dealwright_core::knowledge::Slug;
use dealwright_core::money::MoneyError;

/// Why a request cannot be priced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PricingError {
    /// Nothing was asked for.
    #[error("nothing was asked for; name at least one service")]
    Empty,
    /// The catalogue does not offer it.
    #[error("the catalogue offers no service `{service}`")]
    UnknownService {
        /// The service.
        service: Slug,
    },
    /// The rate card has no rules for it.
    #[error("rate card `{card}` has no price for service `{service}`; add its rules")]
    NotPriced {
        /// The rate card.
        card: Slug,
        /// The service.
        service: Slug,
    },
    /// A service stands in the request twice.
    #[error("service `{service}` was asked for twice; join the two")]
    Twice {
        /// The service.
        service: Slug,
    },
    /// The service has no such driver, option or package.
    #[error("service `{service}` has no {kind} `{id}`")]
    Unknown {
        /// The service, or the request where it is about a package.
        service: Slug,
        /// What kind of thing.
        kind: &'static str,
        /// Its name.
        id: Slug,
    },
    /// A driver is outside what we take on.
    #[error("`{driver}` of service `{service}` is {value}; it must be {min} to {max}")]
    OutOfRange {
        /// The service.
        service: Slug,
        /// The driver.
        driver: Slug,
        /// What was given.
        value: i64,
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// An item answers a requirement that the request does not list.
    #[error("{requirement} is not among the requirements of the request")]
    UnknownRequirement {
        /// The requirement.
        requirement: RequirementId,
    },
    /// The rate card is not valid on that day.
    #[error("rate card `{card}` is not valid on {day}; load the card of that day")]
    CardNotValid {
        /// The rate card.
        card: Slug,
        /// The day.
        day: NaiveDate,
    },
    /// No tax rule fits the client.
    #[error("no tax rule of card `{card}` fits a client of {country} for `{class}`; add one")]
    NoTaxRule {
        /// The rate card.
        card: Slug,
        /// The client's country.
        country: dealwright_core::party::Country,
        /// The class of lines.
        class: Slug,
    },
    /// The rules yield no line for a service.
    #[error("the rules of service `{service}` yield no line; add a base rule")]
    NoLines {
        /// The service.
        service: Slug,
    },
    /// A discount below nothing, or above the price.
    #[error("a discount must lie between nothing and the whole price")]
    Discount,
    /// An amount that cannot be kept exactly.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A product with more digits than can be kept exactly.
    #[error("the price has more digits than can be kept exactly; shorten the rates")]
    Inexact,
    /// The quote cannot be hashed.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

#[cfg(test)]
mod cart_tests;
#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
