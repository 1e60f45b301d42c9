use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::handoff::BudgetLine;
use dealwright_core::money::Money;
use serde::{Deserialize, Serialize};

use super::SetupError;

/// The money of one service: the sum of its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceBudget {
    /// The service, a slug.
    pub service: String,
    /// What the client pays, before tax.
    pub net: Money,
    /// What it may cost us.
    pub cost: Money,
}

/// The money of a project. `net` is the agreed total, the sum of the lines, and the sum of the
/// services, to the cent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectBudget {
    /// What the client pays, before tax.
    pub net: Money,
    /// What the work may cost us.
    pub cost: Money,
    /// The same by service, in order of their slugs.
    pub services: Vec<ServiceBudget>,
    /// The lines, as they were agreed.
    pub lines: Vec<BudgetLine>,
}

/// Makes the budget of a project from its price lines.
///
/// # Errors
///
/// [`SetupError::Unreconciled`] where the lines do not sum to `total`,
/// [`SetupError::LineTwice`], and [`SetupError::Money`] where currencies differ.
pub fn reconcile(lines: &[BudgetLine], total: Money) -> Result<ProjectBudget, SetupError> {
    let zero = Money::zero(total.currency());
    let mut services: BTreeMap<&str, (Money, Money)> = BTreeMap::new();
    let mut known = BTreeSet::new();
    for line in lines {
        if !known.insert(line.line) {
            return Err(SetupError::LineTwice { line: line.line });
        }
        let sums = services.entry(&line.service).or_insert((zero, zero));
        *sums = (
            sums.0.checked_add(line.net)?,
            sums.1.checked_add(line.cost)?,
        );
    }
    let net = Money::sum(total.currency(), services.values().map(|(net, _)| *net))?;
    let cost = Money::sum(total.currency(), services.values().map(|(_, cost)| *cost))?;
    if net != total {
        return Err(SetupError::Unreconciled { lines: net, total });
    }
    Ok(ProjectBudget {
        net,
        cost,
        services: services
            .into_iter()
            .map(|(service, (net, cost))| ServiceBudget {
                service: service.to_owned(),
                net,
                cost,
            })
            .collect(),
        lines: lines.to_vec(),
    })
}
