use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Contract, HandOffError, Listed, Requirement};
use crate::canonical::Digest32;
use crate::id::{ContractId, DealId, LeadId, LineId, MilestoneId, OfferId, RequirementId};
use crate::money::Money;
use crate::party::{Country, EmailAddress, Language};
use crate::personal::Personal;
use crate::time::Timestamp;

/// What is promised about how the work is done, in whole units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLevel {
    /// What is measured, for example `first-response`.
    pub measure: String,
    /// The promised bound.
    pub at_most: i64,
    /// Its unit, for example `working hours`.
    pub unit: String,
}

/// One service to be delivered, with the drivers its price was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceOrder {
    /// A slug of the catalogue.
    pub service: String,
    /// The requirements it answers.
    pub requirements: Vec<RequirementId>,
    /// What makes the work larger or smaller.
    pub drivers: BTreeMap<String, i64>,
    /// The options that were chosen.
    pub options: Vec<String>,
}

/// The part of the price that one line brings, net of tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetLine {
    /// The priced line.
    pub line: LineId,
    /// The service it pays for.
    pub service: String,
    /// The requirements it answers.
    pub requirements: Vec<RequirementId>,
    /// What the client pays for it, after discount, before tax.
    pub net: Money,
    /// What we reckon it costs us.
    pub cost: Money,
}

/// A dated point on which an invoice may hang.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneTerms {
    /// Its id, the same in the payment plan.
    pub id: MilestoneId,
    /// Its name, for people.
    pub name: String,
    /// When it was promised.
    pub due: Timestamp,
    /// The services whose acceptance reaches it.
    pub services: Vec<String>,
}

/// The parts of [`DealWon`], any of which may still be missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DealWonParts {
    /// The deal.
    pub deal: Option<DealId>,
    /// The lead it came from.
    pub lead: Option<LeadId>,
    /// The signed contract.
    pub contract: Option<ContractId>,
    /// The hash of the exact document that was signed.
    pub contract_hash: Option<Digest32>,
    /// The accepted offer.
    pub offer: Option<OfferId>,
    /// The client's name.
    pub client: Option<String>,
    /// Whom to report to.
    pub contact: Option<Personal<EmailAddress>>,
    /// How to address them, where known.
    pub contact_name: Option<Personal<String>>,
    /// The client's country.
    pub country: Option<Country>,
    /// The zone of the recipient, an IANA name, where known.
    pub zone: Option<String>,
    /// The language of reports.
    pub language: Option<Language>,
    /// The client's website, where the work needs one.
    pub website: Option<String>,
    /// Facts about the business from discovery, name and value.
    pub facts: Vec<(String, String)>,
    /// What public sources say of the business, each with when it was read. Since
    /// version 2.
    #[serde(default)]
    pub listings: Option<Personal<Vec<Listed>>>,
    /// What the client needs; each stands here once.
    pub requirements: Vec<Requirement>,
    /// What was promised about how the work is done.
    pub service_levels: Vec<ServiceLevel>,
    /// What is to be delivered: the specification.
    pub orders: Vec<ServiceOrder>,
    /// When work may begin.
    pub start: Option<Timestamp>,
    /// The promised dates.
    pub milestones: Vec<MilestoneTerms>,
    /// The price line by line.
    pub budget: Vec<BudgetLine>,
    /// The sum of the budget.
    pub total: Option<Money>,
}

/// Deals to delivery: a signed contract, reconciled to the cent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "DealWonParts", into = "DealWonParts")]
pub struct DealWon {
    deal: DealId,
    total: Money,
    start: Timestamp,
    parts: DealWonParts,
}

impl DealWon {
    /// The deal.
    #[must_use]
    pub fn deal(&self) -> DealId {
        self.deal
    }

    /// The sum of the budget lines.
    #[must_use]
    pub fn total(&self) -> Money {
        self.total
    }

    /// When work may begin.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// Everything else, known to be complete.
    #[must_use]
    pub fn parts(&self) -> &DealWonParts {
        &self.parts
    }
}

impl TryFrom<DealWonParts> for DealWon {
    type Error = HandOffError;

    fn try_from(parts: DealWonParts) -> Result<Self, Self::Error> {
        let missing = |part| HandOffError::Missing {
            contract: Self::NAME,
            part,
        };
        let wrong = |what: String| HandOffError::Contradiction {
            contract: Self::NAME,
            what,
        };
        let deal = parts.deal.ok_or_else(|| missing("deal"))?;
        let total = parts.total.ok_or_else(|| missing("total"))?;
        let start = parts.start.ok_or_else(|| missing("start"))?;
        for (part, there) in [
            ("lead", parts.lead.is_some()),
            ("contract", parts.contract.is_some()),
            ("contract_hash", parts.contract_hash.is_some()),
            ("offer", parts.offer.is_some()),
            ("client", parts.client.is_some()),
            ("contact", parts.contact.is_some()),
            ("language", parts.language.is_some()),
            ("requirements", !parts.requirements.is_empty()),
            ("service_levels", !parts.service_levels.is_empty()),
            ("orders", !parts.orders.is_empty()),
            ("milestones", !parts.milestones.is_empty()),
            ("budget", !parts.budget.is_empty()),
        ] {
            if !there {
                return Err(missing(part));
            }
        }
        let mut known = BTreeSet::new();
        for requirement in &parts.requirements {
            if !known.insert(requirement.id) {
                return Err(wrong(format!("{} stands in it twice", requirement.id)));
            }
        }
        let ordered: BTreeSet<_> = parts.orders.iter().flat_map(|o| &o.requirements).collect();
        let priced: BTreeSet<_> = parts.budget.iter().flat_map(|l| &l.requirements).collect();
        for id in &known {
            if !ordered.contains(id) {
                return Err(wrong(format!("no service answers {id}")));
            }
            if !priced.contains(id) {
                return Err(wrong(format!("no budget line pays for {id}")));
            }
        }
        if let Some(stray) = ordered
            .iter()
            .chain(&priced)
            .find(|id| !known.contains(**id))
        {
            return Err(wrong(format!("{stray} is not among the requirements")));
        }
        let sum = Money::sum(total.currency(), parts.budget.iter().map(|l| l.net))
            .map_err(|e| wrong(e.to_string()))?;
        if sum != total {
            return Err(wrong(format!(
                "the budget sums to {sum}, the total is {total}"
            )));
        }
        Ok(Self {
            deal,
            total,
            start,
            parts,
        })
    }
}

impl From<DealWon> for DealWonParts {
    fn from(whole: DealWon) -> Self {
        whole.parts
    }
}

impl Contract for DealWon {
    const NAME: &'static str = "deal-won";
    const VERSION: u32 = 2;
}
