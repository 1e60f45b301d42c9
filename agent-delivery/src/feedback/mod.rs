//! What the work taught us, handed back to discovery: real margin by service, satisfaction,
//! punctuality, free capacity.

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::handoff::{
    DeliveryFeedback, DeliveryFeedbackParts, HandOffError, ServiceOutcome,
};
use dealwright_core::id::{DealId, LeadId, ProjectId};
use dealwright_core::money::{Money, MoneyError};

use crate::report::{Figure, FigureValue, LoggedFact, Measure, ProjectFact};

/// What feedback is made of, besides the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedbackInput<'a> {
    /// The project.
    pub project: ProjectId,
    /// The deal it delivered.
    pub deal: DealId,
    /// The lead it began with.
    pub lead: LeadId,
    /// The client's sector, where known.
    pub sector: Option<String>,
    /// The project's log.
    pub log: &'a [LoggedFact],
    /// Free minutes of each skill in the coming four weeks, as
    /// [`free_minutes`](crate::schedule::free_minutes) gives them.
    pub capacity: BTreeMap<String, i64>,
    /// Skills and tools that delivery has learnt or lost.
    pub capabilities: BTreeMap<String, bool>,
    /// Whether the client allowed us to tell of it.
    pub may_cite: bool,
}

/// Why no feedback was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeedbackError {
    /// The log lacks something that discovery needs.
    #[error(transparent)]
    HandOff(#[from] HandOffError),
    /// Amounts of different currencies meet.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Makes the hand-off to discovery.
///
/// Revenue is what the lines of a service bring, cost what was really spent on its tasks, both
/// before tax. A service without a price line has no outcome.
///
/// # Errors
///
/// [`FeedbackError::HandOff`] where no service has an outcome or the capacity is empty.
pub fn feedback(input: FeedbackInput<'_>) -> Result<DeliveryFeedback, FeedbackError> {
    let services: BTreeSet<&str> = input
        .log
        .iter()
        .filter_map(|logged| match &logged.fact {
            ProjectFact::LinePriced { service, .. } => Some(service.as_str()),
            _ => None,
        })
        .collect();
    let mut outcomes = Vec::with_capacity(services.len());
    for service in services {
        outcomes.extend(outcome(input.log, service)?);
    }
    let whole = |measure: Measure| -> Result<Option<i64>, MoneyError> {
        Ok(measure.of(input.log, None)?.map(|f| number(&f)))
    };
    let satisfaction = whole(Measure::Satisfaction)?.and_then(|score| u8::try_from(score).ok());
    let days_late = whole(Measure::DaysLate)?.unwrap_or(0);
    Ok(DeliveryFeedback::try_from(DeliveryFeedbackParts {
        project: Some(input.project),
        deal: Some(input.deal),
        lead: Some(input.lead),
        sector: input.sector,
        outcomes,
        satisfaction,
        days_late,
        capacity: input.capacity,
        capabilities: input.capabilities,
        may_cite: input.may_cite,
    })?)
}

fn outcome(log: &[LoggedFact], service: &str) -> Result<Option<ServiceOutcome>, MoneyError> {
    let get = |measure: Measure| measure.of(log, Some(service));
    let money = |figure: Option<Figure>| match figure.map(|f| f.value()) {
        Some(FigureValue::Money(money)) => Some(money),
        _ => None,
    };
    let Some(revenue) = money(get(Measure::Net)?) else {
        return Ok(None);
    };
    let cost = money(get(Measure::CostSpent)?).unwrap_or(Money::zero(revenue.currency()));
    let whole = |measure: Measure| -> Result<i64, MoneyError> {
        Ok(get(measure)?.map_or(0, |f| number(&f)))
    };
    Ok(Some(ServiceOutcome {
        service: service.to_owned(),
        revenue,
        cost,
        minutes: (
            whole(Measure::MinutesPlanned)?,
            whole(Measure::MinutesSpent)?,
        ),
        rework: u32::try_from(whole(Measure::Rework)?).unwrap_or(u32::MAX),
        metrics: log
            .iter()
            .filter_map(|logged| match &logged.fact {
                ProjectFact::Measured {
                    service: of,
                    name,
                    value,
                } if of == service => Some((name.clone(), *value)),
                _ => None,
            })
            .collect(),
    }))
}

fn number(figure: &Figure) -> i64 {
    match figure.value() {
        FigureValue::Money(money) => money.minor(),
        FigureValue::Count(number) | FigureValue::Minutes(number) => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{log, running};
    use crate::setup::tests::eur;

    fn input(log: &[LoggedFact]) -> FeedbackInput<'_> {
        FeedbackInput {
            project: ProjectId::derive(&[b"project"]),
            deal: DealId::derive(&[b"deal"]),
            lead: LeadId::derive(&[b"lead"]),
            sector: Some("bakery".to_owned()),
            log,
            capacity: [("web".to_owned(), 480)].into(),
            capabilities: BTreeMap::new(),
            may_cite: false,
        }
    }

    // covers: DF-3, CR-5
    #[test]
    fn real_margin_rework_and_punctuality_come_from_the_log() {
        let log = log();
        let told = feedback(input(&log)).unwrap();
        let parts = told.parts();
        let audit = parts
            .outcomes
            .iter()
            .find(|o| o.service == "website-audit")
            .unwrap();
        assert_eq!((audit.revenue, audit.cost), (eur(49_000), eur(17_000)));
        assert_eq!((audit.minutes, audit.rework), ((150, 170), 1));
        assert_eq!(audit.metrics["score"], 61);
        assert_eq!((parts.satisfaction, parts.days_late), (Some(5), -1));
        let costs = parts.outcomes.iter().map(|o| o.cost);
        let spent = Measure::CostSpent.of(&log, None).unwrap().unwrap().value();
        let sum = Money::sum(eur(0).currency(), costs).unwrap();
        assert_eq!(FigureValue::Money(sum), spent);
    }

    // covers: DF-3
    #[test]
    fn feedback_without_capacity_or_services_is_refused() {
        let log = running();
        let mut none = input(&log);
        none.capacity.clear();
        assert!(matches!(feedback(none), Err(FeedbackError::HandOff(_))));
        assert!(matches!(
            feedback(input(&[])),
            Err(FeedbackError::HandOff(_))
        ));
        assert_eq!(feedback(input(&log)).unwrap().parts().satisfaction, None);
    }
}
