//! Project set-up: from the hand-off to a project whose money, requirements, phases and inputs
//! are in order.
//!
//! One deal makes one project: its id follows from the deal's, so that the same hand-off,
//! however often it arrives, sets up the same thing.

mod budget;
mod inputs;
#[cfg(test)]
pub(crate) mod tests;

pub use budget::{ProjectBudget, ServiceBudget, reconcile};
pub use inputs::{Chaser, ChaserKind, ChaserPolicy, RequiredInput};

use std::collections::BTreeMap;

use dealwright_core::handoff::{
    DealWon, MilestoneTerms, Requirement, RequirementStatus, ServiceLevel, ServiceOrder,
};
use dealwright_core::id::{DealId, LeadId, LineId, ProjectId, RequirementId};
use dealwright_core::knowledge::{Catalogue, Criterion, Phase, Service, Slug};
use dealwright_core::money::{Money, MoneyError};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The project that delivers a deal.
#[must_use]
pub fn project_of(deal: DealId) -> ProjectId {
    ProjectId::derive(&[b"project of deal", deal.uuid().as_bytes()])
}

/// A group of tasks of one service, with what must hold at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectPhase {
    /// The service.
    pub service: Slug,
    /// The phase within the service.
    pub phase: Slug,
    /// Its name, for people.
    pub name: String,
    /// The roles that work in it.
    pub roles: Vec<Slug>,
    /// What to tick off, task by task.
    pub checklist: Vec<String>,
    /// What must hold before it counts as done; never empty.
    pub done_when: Vec<String>,
}

/// A condition that a deliverable of an ordered service must meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectCriterion {
    /// The service.
    pub service: Slug,
    /// The condition.
    pub criterion: Criterion,
}

/// A project as it begins. It carries no personal data; those stay with the hand-off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProjectSetup {
    /// The project.
    pub project: ProjectId,
    /// The deal it delivers.
    pub deal: DealId,
    /// The lead it began with, where the hand-off names it.
    pub lead: Option<LeadId>,
    /// The client's name.
    pub client: String,
    /// The language of what the client reads, ISO 639.
    pub language: String,
    /// When work may begin.
    pub start: Timestamp,
    /// What the client needs, each once.
    pub requirements: BTreeMap<RequirementId, Requirement>,
    /// What was ordered.
    pub orders: Vec<ServiceOrder>,
    /// The money, reconciled to the cent.
    pub budget: ProjectBudget,
    /// The promised dates.
    pub milestones: Vec<MilestoneTerms>,
    /// What was promised about how the work is done.
    pub service_levels: Vec<ServiceLevel>,
    /// The phases of all ordered services, in order.
    pub phases: Vec<ProjectPhase>,
    /// The conditions that the deliverables must meet.
    pub criteria: Vec<ProjectCriterion>,
    /// What must come from the client before some tasks can start.
    pub inputs: Vec<RequiredInput>,
    /// Facts that tasks may use, by name.
    pub facts: BTreeMap<String, String>,
}

/// Why a project could not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A requirement stands in the hand-off twice.
    #[error("{requirement} stands in the hand-off twice; the sender must merge the two")]
    Twice {
        /// The requirement.
        requirement: RequirementId,
    },
    /// A requirement that the client took back is still ordered.
    #[error("{requirement} was dropped by the client and is still ordered; correct the offer")]
    Dropped {
        /// The requirement.
        requirement: RequirementId,
    },
    /// The lines do not sum to what was agreed.
    #[error("the price lines sum to {lines}, the agreed total is {total}; no project is set up")]
    Unreconciled {
        /// The sum of the lines.
        lines: Money,
        /// The agreed total.
        total: Money,
    },
    /// A price line stands there twice.
    #[error("{line} stands in the budget twice; it would be paid for twice")]
    LineTwice {
        /// The line.
        line: LineId,
    },
    /// Amounts of different currencies, or too large ones.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A service that the catalogue does not offer.
    #[error("service `{service}` is not in the catalogue; add it or correct the order")]
    UnknownService {
        /// The service.
        service: String,
    },
    /// An option that the service does not have.
    #[error("service `{service}` has no option `{option}`; correct the order")]
    UnknownOption {
        /// The service.
        service: String,
        /// The option.
        option: String,
    },
    /// An ordered service without a price line, or a line for a service that nobody ordered.
    #[error("service `{service}` is {what}; correct the offer")]
    Unpaired {
        /// The service.
        service: String,
        /// What is missing.
        what: &'static str,
    },
}

/// Sets a project up: checks that money, requirements and services fit together, and gathers
/// phases, criteria and the inputs to ask for.
///
/// # Errors
///
/// [`SetupError`] for the first thing that does not fit; nothing is set up then.
pub fn set_up(
    deal: &DealWon,
    catalogue: &Catalogue,
    chasing: &ChaserPolicy,
) -> Result<ProjectSetup, SetupError> {
    let parts = deal.parts();
    let mut requirements = BTreeMap::new();
    for requirement in &parts.requirements {
        let id = requirement.id;
        if requirement.status == RequirementStatus::Dropped {
            return Err(SetupError::Dropped { requirement: id });
        }
        if requirements.insert(id, requirement.clone()).is_some() {
            return Err(SetupError::Twice { requirement: id });
        }
    }
    let budget = reconcile(&parts.budget, deal.total())?;
    let mut facts: BTreeMap<String, String> = parts.facts.iter().cloned().collect();
    if let Some(website) = &parts.website {
        facts.insert("website".to_owned(), website.clone());
    }
    let mut ordered = Vec::with_capacity(parts.orders.len());
    for order in &parts.orders {
        ordered.push((order, service_of(order, catalogue)?));
    }
    for (order, _) in &ordered {
        let paid = budget
            .services
            .iter()
            .any(|s| s.service.as_str() == order.service);
        if !paid {
            return Err(unpaired(
                &order.service,
                "ordered, but no price line pays for it",
            ));
        }
    }
    for paid in &budget.services {
        if !ordered.iter().any(|(o, _)| o.service == paid.service) {
            return Err(unpaired(&paid.service, "paid for, but not ordered"));
        }
    }
    Ok(ProjectSetup {
        project: project_of(deal.deal()),
        deal: deal.deal(),
        lead: parts.lead,
        client: parts.client.clone().unwrap_or_default(),
        language: parts
            .language
            .map_or_else(|| "en".to_owned(), |l| l.to_string()),
        start: deal.start(),
        phases: ordered.iter().flat_map(|(o, s)| phases(o, s)).collect(),
        criteria: ordered.iter().flat_map(|(o, s)| criteria(o, s)).collect(),
        inputs: inputs::required(&ordered, &facts, deal.start(), chasing),
        orders: parts.orders.clone(),
        milestones: parts.milestones.clone(),
        service_levels: parts.service_levels.clone(),
        requirements,
        budget,
        facts,
    })
}

impl ProjectSetup {
    /// What the promised dates call each service, in the client's language.
    #[must_use]
    pub fn service_names(&self) -> BTreeMap<String, String> {
        let milestones = self.milestones.iter().filter(|m| m.services.len() == 1);
        milestones
            .flat_map(|m| m.services.iter().map(|s| (s.clone(), m.name.clone())))
            .collect()
    }

    /// When a service was promised: the first milestone that its acceptance reaches.
    #[must_use]
    pub fn due(&self, service: &str) -> Option<Timestamp> {
        self.milestones
            .iter()
            .filter(|m| m.services.iter().any(|s| s == service))
            .map(|m| m.due)
            .min()
    }

    /// The conditions that a deliverable of a service must meet.
    pub fn criteria_for<'a>(
        &'a self,
        service: &'a str,
        deliverable: &'a str,
    ) -> impl Iterator<Item = &'a Criterion> {
        self.criteria
            .iter()
            .filter(move |c| {
                c.service.as_str() == service && c.criterion.deliverable.as_str() == deliverable
            })
            .map(|c| &c.criterion)
    }
}

/// Whether something that may hang on an option is part of an order.
pub(crate) fn is_ordered(option: Option<&Slug>, order: &ServiceOrder) -> bool {
    option.is_none_or(|wanted| order.options.iter().any(|o| o == wanted.as_str()))
}

fn service_of<'a>(
    order: &ServiceOrder,
    catalogue: &'a Catalogue,
) -> Result<&'a Service, SetupError> {
    let service = catalogue
        .service(&order.service)
        .ok_or_else(|| SetupError::UnknownService {
            service: order.service.clone(),
        })?;
    match order.options.iter().find(|o| service.option(o).is_none()) {
        None => Ok(service),
        Some(option) => Err(SetupError::UnknownOption {
            service: order.service.clone(),
            option: option.clone(),
        }),
    }
}

/// The phases of which at least one task is ordered. The catalogue promises their criteria.
fn phases(order: &ServiceOrder, service: &Service) -> Vec<ProjectPhase> {
    let instance = |phase: &Phase| {
        let tasks: Vec<_> = phase
            .tasks
            .iter()
            .filter(|t| is_ordered(t.option.as_ref(), order))
            .collect();
        let mut roles: Vec<Slug> = tasks.iter().map(|t| t.role.clone()).collect();
        roles.sort_unstable();
        roles.dedup();
        (!tasks.is_empty()).then(|| ProjectPhase {
            service: service.id.clone(),
            phase: phase.id.clone(),
            name: phase.name.clone(),
            roles,
            checklist: tasks.iter().flat_map(|t| t.checklist.clone()).collect(),
            done_when: phase.done_when.clone(),
        })
    };
    service.phases.iter().filter_map(instance).collect()
}

fn criteria(order: &ServiceOrder, service: &Service) -> Vec<ProjectCriterion> {
    let comes = |criterion: &Criterion| {
        service
            .deliverables
            .iter()
            .any(|d| d.id == criterion.deliverable && is_ordered(d.option.as_ref(), order))
    };
    service
        .criteria
        .iter()
        .filter(|c| comes(c))
        .map(|criterion| ProjectCriterion {
            service: service.id.clone(),
            criterion: criterion.clone(),
        })
        .collect()
}

fn unpaired(service: &str, what: &'static str) -> SetupError {
    SetupError::Unpaired {
        service: service.to_owned(),
        what,
    }
}
