use chrono::NaiveDate;
use dealwright_core::handoff::Requirement;
use dealwright_core::id::{LineId, MilestoneId, RequirementId};
use dealwright_core::knowledge::{Catalogue, Service, Slug};
use dealwright_core::party::Language;
use dealwright_core::time::Calendar;
use serde::{Deserialize, Serialize};

use super::OfferTerms;
use crate::pricing::{
    Assumption, InstalmentKind, OptionOffer, PaymentPlan, PricedItem, PricingError, Quote,
};

/// What a proposal is made of beside its price.
#[derive(Clone, Debug)]
pub struct ProposalInput<'a> {
    /// The client's name as it may stand in a letter.
    pub client: &'a str,
    /// The language of the fixed words; the catalogue's texts stand as they are.
    pub language: Language,
    /// What the client needs.
    pub requirements: &'a [Requirement],
    /// The working days that lead times count.
    pub calendar: &'a Calendar,
}

/// A requirement as the proposal states it, in our words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traced {
    /// The requirement.
    pub requirement: RequirementId,
    /// What it says.
    pub statement: String,
}

/// A driver as it was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriverLine {
    /// What to call it.
    pub name: String,
    /// Its value.
    pub value: i64,
    /// Its unit.
    pub unit: String,
}

/// A result with what it must meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverableLine {
    /// What to call it.
    pub name: String,
    /// The form it comes in.
    pub format: Slug,
    /// What it must meet.
    pub criteria: Vec<String>,
}

/// One service of the offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeEntry {
    /// The service.
    pub service: Slug,
    /// What to call it.
    pub name: String,
    /// What it is.
    pub summary: String,
    /// What the client has afterwards.
    pub outcomes: Vec<String>,
    /// The requirements it answers.
    pub answers: Vec<Traced>,
    /// Its size.
    pub drivers: Vec<DriverLine>,
    /// The options chosen, by what they are called.
    pub options: Vec<String>,
    /// What the client receives.
    pub deliverables: Vec<DeliverableLine>,
    /// What it does not do.
    pub limits: Vec<String>,
    /// Whether a model makes its results.
    pub ai_made: bool,
}

/// A promised date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// The milestone; the payment plan uses the same.
    pub milestone: MilestoneId,
    /// The service whose acceptance reaches it.
    pub service: Slug,
    /// What to call it.
    pub name: String,
    /// When.
    pub due: NaiveDate,
}

/// What a proposal says, as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalContent {
    /// The client's name.
    pub client: String,
    /// The language of the fixed words.
    pub language: Language,
    /// The services.
    pub scope: Vec<ScopeEntry>,
    /// Requirements that the offer does not answer.
    pub unanswered: Vec<Traced>,
    /// Sizes that were assumed.
    pub assumptions: Vec<Assumption>,
    /// Options that were not chosen.
    pub options: Vec<OptionOffer>,
    /// The promised dates, by date.
    pub timeline: Vec<TimelineEntry>,
    /// The payments.
    pub plan: PaymentPlan,
}

/// Why a proposal cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// The quote has a service that the catalogue does not offer any more.
    #[error("the catalogue offers no service `{service}`; quote again")]
    UnknownService {
        /// The service.
        service: Slug,
    },
    /// Lines that answer no requirement.
    #[error("{} lines answer no requirement, the first is {}; drop them or say what for",
        .lines.len(), .lines.first().map(ToString::to_string).unwrap_or_default())]
    Untraced {
        /// The lines.
        lines: Vec<LineId>,
    },
    /// The quote names a requirement that was not given.
    #[error("{requirement} is priced and was not given; pass all requirements of the deal")]
    UnknownRequirement {
        /// The requirement.
        requirement: RequirementId,
    },
    /// The payment plan cannot be made.
    #[error(transparent)]
    Pricing(#[from] PricingError),
}

impl ProposalContent {
    /// The content that follows from a quote: every priced service with the requirements it
    /// answers, its limits, sizes, results and date; what is not answered is said.
    ///
    /// # Errors
    ///
    /// [`ContentError::Untraced`] for a line that answers nothing, and where the quote does not
    /// fit the catalogue or the requirements.
    pub fn new(
        catalogue: &Catalogue,
        quote: &Quote,
        terms: &OfferTerms,
        input: &ProposalInput<'_>,
    ) -> Result<Self, ContentError> {
        let coverage = quote.coverage();
        if !coverage.untraced.is_empty() {
            return Err(ContentError::Untraced {
                lines: coverage.untraced,
            });
        }
        let plan = PaymentPlan::new(quote, &terms.payment)?;
        let mut scope = Vec::new();
        let mut timeline = Vec::new();
        for item in quote.items() {
            let service = catalogue.service(&item.service);
            let service = service.ok_or_else(|| ContentError::UnknownService {
                service: item.service.clone(),
            })?;
            scope.push(entry(service, item, input)?);
            let days = i32::from(service.lead_time_days);
            timeline.push(TimelineEntry {
                milestone: milestone(quote, &plan, &item.service),
                service: item.service.clone(),
                name: item.name.clone(),
                due: input.calendar.add_working_days(terms.start, days),
            });
        }
        timeline.sort_by(|l, r| (l.due, &l.service).cmp(&(r.due, &r.service)));
        Ok(Self {
            client: input.client.to_owned(),
            language: input.language,
            scope,
            unanswered: coverage
                .unanswered
                .iter()
                .map(|id| traced(*id, input))
                .collect::<Result<_, _>>()?,
            assumptions: quote.assumptions().to_vec(),
            options: quote.offers().to_vec(),
            timeline,
            plan,
        })
    }

    /// All limits, by service: what the offer does not include.
    pub fn limits(&self) -> impl Iterator<Item = (&ScopeEntry, &str)> {
        self.scope.iter().flat_map(|entry| {
            entry
                .limits
                .iter()
                .map(move |limit| (entry, limit.as_str()))
        })
    }
}

fn entry(
    service: &Service,
    item: &PricedItem,
    input: &ProposalInput<'_>,
) -> Result<ScopeEntry, ContentError> {
    let came = |option: &Option<Slug>| option.as_ref().is_none_or(|o| item.options.contains(o));
    let deliverables = service.deliverables.iter().filter(|d| came(&d.option));
    Ok(ScopeEntry {
        service: service.id.clone(),
        name: service.name.clone(),
        summary: service.summary.clone(),
        outcomes: service.outcomes.clone(),
        answers: item
            .requirements
            .iter()
            .map(|id| traced(*id, input))
            .collect::<Result<_, _>>()?,
        drivers: service
            .drivers
            .iter()
            .filter_map(|driver| {
                let value = *item.drivers.get(&driver.id)?;
                Some(DriverLine {
                    name: driver.name.clone(),
                    value,
                    unit: driver.unit_of(value.into()).to_owned(),
                })
            })
            .collect(),
        options: service
            .options
            .iter()
            .filter(|o| item.options.contains(&o.id))
            .map(|o| o.name.clone())
            .collect(),
        deliverables: deliverables
            .map(|deliverable| DeliverableLine {
                name: deliverable.name.clone(),
                format: deliverable.format.clone(),
                criteria: service
                    .criteria
                    .iter()
                    .filter(|c| c.deliverable == deliverable.id)
                    .map(|c| c.text.clone())
                    .collect(),
            })
            .collect(),
        limits: service.limits.clone(),
        ai_made: service.ai_made,
    })
}

fn traced(id: RequirementId, input: &ProposalInput<'_>) -> Result<Traced, ContentError> {
    let requirement = input.requirements.iter().find(|r| r.id == id);
    let requirement = requirement.ok_or(ContentError::UnknownRequirement { requirement: id })?;
    Ok(Traced {
        requirement: id,
        statement: requirement.statement.clone(),
    })
}

/// The milestone of a service: that of its instalment, or, where nothing is billed on
/// acceptance, the same id made anew.
fn milestone(quote: &Quote, plan: &PaymentPlan, service: &Slug) -> MilestoneId {
    let billed = plan.instalments().iter().find_map(|i| match &i.kind {
        InstalmentKind::Milestone {
            milestone,
            service: of,
            ..
        } if of == service => Some(*milestone),
        _ => None,
    });
    billed.unwrap_or_else(|| PaymentPlan::milestone(quote.request().deal, service))
}
