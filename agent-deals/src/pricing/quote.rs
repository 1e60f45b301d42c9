use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use dealwright_core::canonical::{self, Digest32};
use dealwright_core::id::{LineId, RequirementId};
use dealwright_core::knowledge::{Billing, Slug, TaxCategory};
use dealwright_core::money::{Currency, Money, Rate, Rounding};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Coverage, Discrepancy, PricingError, QuoteRequest, Term, recompute};

/// Where a percentage came from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DiscountSource {
    /// Somebody gave it, for this reason.
    Given(Slug),
    /// The package brings it.
    Package(Slug),
    /// The size brings it.
    Volume,
}

/// What a line is reduced by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// All percentages together, after the rule for combining them.
    pub rate: Rate,
    /// Where they came from.
    pub sources: Vec<(DiscountSource, Rate)>,
    /// Percentages and shares of amounts together.
    pub amount: Money,
    /// How the amount came about.
    pub derivation: Term,
}

/// One priced row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id: the same deal, service and rule give the same.
    pub id: LineId,
    /// The service.
    pub service: Slug,
    /// The rule of the rate card that priced it.
    pub rule: Slug,
    /// The option it belongs to.
    pub option: Option<Slug>,
    /// What the client pays for.
    pub label: String,
    /// The requirements it answers.
    pub requirements: Vec<RequirementId>,
    /// How many units.
    pub quantity: Decimal,
    /// The unit, in the singular; empty where it is a lump sum.
    pub unit: String,
    /// Price of a unit, where all units cost the same.
    pub unit_price: Option<Decimal>,
    /// How often it is billed.
    pub billing: Billing,
    /// Price before discount, for the whole term.
    pub list: Money,
    /// How the price came about.
    pub derivation: Term,
    /// What it is reduced by; `None` where by nothing.
    pub discount: Option<Discount>,
    /// Price after discount, before tax.
    pub net: Money,
    /// What it costs us.
    pub cost: Money,
    /// How the cost came about.
    pub cost_derivation: Term,
    /// The tax rule that decides on it.
    pub tax_rule: Slug,
}

impl Line {
    /// What is left after cost.
    ///
    /// # Errors
    ///
    /// [`PricingError::Money`] on overflow.
    pub fn margin(&self) -> Result<Money, PricingError> {
        Ok(self.net.checked_sub(self.cost)?)
    }
}

/// The tax on all lines of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxLine {
    /// The rule.
    pub rule: Slug,
    /// How it is taxed.
    pub category: TaxCategory,
    /// The rate.
    pub rate: Rate,
    /// The words that must stand on the invoice.
    pub note: Option<String>,
    /// The net sum of its lines.
    pub base: Money,
    /// The tax, rounded once.
    pub tax: Money,
    /// How it came about.
    pub derivation: Term,
}

/// The sums of a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Before discount.
    pub list: Money,
    /// All discounts.
    pub discount: Money,
    /// After discount, before tax.
    pub net: Money,
    /// All taxes.
    pub tax: Money,
    /// What the client pays.
    pub gross: Money,
    /// What it costs us.
    pub cost: Money,
    /// What is left: net less cost.
    pub margin: Money,
}

/// A service as it was priced, with every driver decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedItem {
    /// The service.
    pub service: Slug,
    /// What to call it.
    pub name: String,
    /// The requirements it answers.
    pub requirements: Vec<RequirementId>,
    /// Every driver, given or assumed.
    pub drivers: BTreeMap<Slug, i64>,
    /// The options chosen.
    pub options: BTreeSet<Slug>,
    /// The price below which an approval is needed.
    pub min_price: Money,
    /// The margin below which an approval is needed.
    pub min_margin: Rate,
}

/// A size that the client has not told yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assumption {
    /// The service.
    pub service: Slug,
    /// The driver.
    pub driver: Slug,
    /// What to call it.
    pub name: String,
    /// What was assumed.
    pub value: i64,
    /// Its unit.
    pub unit: String,
}

/// An option that was not chosen, with what it would add before discount and tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionOffer {
    /// The service.
    pub service: Slug,
    /// The option.
    pub option: Slug,
    /// What to call it.
    pub name: String,
    /// What it adds.
    pub summary: String,
    /// What it would add.
    pub price: Money,
}

/// Why a quote may not be offered without a person's approval.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum ApprovalReason {
    /// Discounts go beyond the cap.
    DiscountAboveCap {
        /// The service whose lines they reduce most; `None` for the whole quote.
        service: Option<Slug>,
        /// The cap.
        cap: Rate,
    },
    /// A service is sold below its floor.
    BelowFloor {
        /// The service.
        service: Slug,
    },
    /// The margin is below its floor.
    BelowMargin {
        /// The service; `None` for the whole quote.
        service: Option<Slug>,
        /// The floor.
        floor: Rate,
    },
}

/// A price: lines that sum to their totals, each traced to requirements and a rule.
///
/// It cannot be changed, and it deserialises only if every figure in it can be recomputed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "QuoteParts", into = "QuoteParts")]
pub struct Quote(QuoteParts);

/// What a quote consists of, unchecked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QuoteParts {
    pub(super) card: Slug,
    pub(super) currency: Currency,
    pub(super) rounding: Rounding,
    pub(super) request: QuoteRequest,
    pub(super) items: Vec<PricedItem>,
    pub(super) lines: Vec<Line>,
    pub(super) offers: Vec<OptionOffer>,
    pub(super) assumptions: Vec<Assumption>,
    pub(super) taxes: Vec<TaxLine>,
    pub(super) totals: Totals,
    pub(super) discount_cap: Rate,
    pub(super) min_margin: Rate,
    pub(super) approval: Vec<ApprovalReason>,
}

impl Quote {
    pub(super) fn from_parts(parts: QuoteParts) -> Self {
        Self(parts)
    }

    pub(super) fn parts(&self) -> &QuoteParts {
        &self.0
    }

    /// The rate card it was made from.
    #[must_use]
    pub fn card(&self) -> &Slug {
        &self.0.card
    }

    /// The currency of every amount in it.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.0.currency
    }

    /// The day whose prices count.
    #[must_use]
    pub fn on(&self) -> NaiveDate {
        self.0.request.on
    }

    /// What was asked for; pricing it again gives the same quote.
    #[must_use]
    pub fn request(&self) -> &QuoteRequest {
        &self.0.request
    }

    /// The services with every driver decided.
    #[must_use]
    pub fn items(&self) -> &[PricedItem] {
        &self.0.items
    }

    /// The rows that count, in the order of the offer.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.0.lines
    }

    /// The row of that id.
    #[must_use]
    pub fn line(&self, id: LineId) -> Option<&Line> {
        self.0.lines.iter().find(|l| l.id == id)
    }

    /// Options that were not chosen.
    #[must_use]
    pub fn offers(&self) -> &[OptionOffer] {
        &self.0.offers
    }

    /// Sizes that were assumed.
    #[must_use]
    pub fn assumptions(&self) -> &[Assumption] {
        &self.0.assumptions
    }

    /// The taxes, by rule.
    #[must_use]
    pub fn taxes(&self) -> &[TaxLine] {
        &self.0.taxes
    }

    /// The sums.
    #[must_use]
    pub fn totals(&self) -> &Totals {
        &self.0.totals
    }

    /// How its amounts were rounded.
    #[must_use]
    pub fn rounding(&self) -> Rounding {
        self.0.rounding
    }

    /// Why a person must approve before it is offered; empty where nobody needs to.
    #[must_use]
    pub fn needs_approval(&self) -> &[ApprovalReason] {
        &self.0.approval
    }

    /// Which requirements no line answers, and which lines answer none.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        Coverage::of(self)
    }

    /// SHA-256 of its canonical form.
    ///
    /// # Errors
    ///
    /// [`PricingError::Canonical`], which its types rule out.
    pub fn hash(&self) -> Result<Digest32, PricingError> {
        Ok(canonical::hash_of(&self.0)?)
    }
}

impl TryFrom<QuoteParts> for Quote {
    type Error = Discrepancy;

    fn try_from(parts: QuoteParts) -> Result<Self, Self::Error> {
        let quote = Self(parts);
        recompute(&quote)?;
        Ok(quote)
    }
}

impl From<Quote> for QuoteParts {
    fn from(quote: Quote) -> Self {
        quote.0
    }
}
