use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::brief::Known;
use super::machine::Assessment;
use super::policy::{AssessmentPolicy, DriverShape, Required};
use crate::needs::Field;

/// A driver is taken to lie between its default through this and its default times this.
const SPREAD: i64 = 3;

/// What a set of services would cost, roughly; the planner compares prices, it promises none.
pub trait PriceSketch {
    /// The price in minor units for these needs and drivers; `None` where it cannot be told.
    fn price(&self, needs: &[&str], drivers: &BTreeMap<String, i64>) -> Option<i64>;
}

impl<F: Fn(&[&str], &BTreeMap<String, i64>) -> Option<i64>> PriceSketch for F {
    fn price(&self, needs: &[&str], drivers: &BTreeMap<String, i64>) -> Option<i64> {
        self(needs, drivers)
    }
}

/// The best thing to ask next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What to ask for.
    pub field: Field,
    /// How far its answer moves the price, in minor units.
    pub value: i64,
    /// The words of the catalogue, where it has some.
    pub words: Option<String>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every caller must decide every case"
)]
pub enum Next {
    /// Ask.
    Ask(Question),
    /// Assume the default of a driver that was asked for in vain.
    Assume {
        /// The driver.
        driver: String,
    },
    /// Nothing is missing: say what we understood.
    Summarise,
    /// Wait for the client's word on the summary.
    AwaitConfirmation,
    /// Make the proposal.
    Propose,
    /// A person has to look: it is escalated, or asking got nowhere.
    CallPerson,
    /// It is over.
    Nothing,
}

/// The next best step: the question whose answer moves the price most, among what is missing
/// and was not asked too often. The same state gives the same step; ties go by the field's order.
#[must_use]
pub fn next(state: &Assessment, policy: &AssessmentPolicy, sketch: &dyn PriceSketch) -> Next {
    let known = match state {
        Assessment::Listening { known } | Assessment::Asking { known } => known,
        Assessment::Summarised { .. } => return Next::AwaitConfirmation,
        Assessment::Ready { .. } => return Next::Propose,
        Assessment::Escalated { .. } => return Next::CallPerson,
        Assessment::Closed { .. } => return Next::Nothing,
    };
    let lacks = known.lacks(policy);
    if lacks.is_empty() {
        return Next::Summarise;
    }
    let plan = Plan {
        known,
        policy,
        sketch,
    };
    let best = lacks
        .iter()
        .filter(|field| known.times_asked(field) < policy.most_asks())
        .map(|field| (plan.value(field), field))
        // Of equal values the first field wins.
        .min_by_key(|(value, field)| (std::cmp::Reverse(*value), (*field).clone()));
    match best {
        Some((value, field)) => {
            let words = match field {
                Field::Driver(id) => policy
                    .driver(known.needs(), id)
                    .map(|driver| driver.ask.clone()),
                _ => None,
            };
            Next::Ask(Question {
                field: field.clone(),
                value,
                words,
            })
        }
        None => lacks
            .iter()
            .find_map(|field| match field {
                Field::Driver(driver) => Some(Next::Assume {
                    driver: driver.clone(),
                }),
                _ => None,
            })
            .unwrap_or(Next::CallPerson),
    }
}

struct Plan<'a> {
    known: &'a Known,
    policy: &'a AssessmentPolicy,
    sketch: &'a dyn PriceSketch,
}

impl Plan<'_> {
    /// How far the answer moves the price.
    fn value(&self, field: &Field) -> i64 {
        match field {
            Field::Needs => i64::MAX,
            // Whether all of it is in or out.
            Field::Confirm(need) => self
                .sketch
                .price(&[need.as_str()], &self.figures(None))
                .unwrap_or(0),
            Field::Driver(id) => self
                .policy
                .driver(self.known.needs(), id)
                .map(|driver| self.moved_by(driver))
                .unwrap_or(0),
            Field::Decider => self.share(Required::Decider),
            Field::Budget => self.share(Required::Budget),
            Field::Deadline => self.share(Required::Deadline),
        }
    }

    fn moved_by(&self, driver: &DriverShape) -> i64 {
        let low = (driver.default / SPREAD).max(driver.min);
        let high = driver
            .default
            .saturating_mul(SPREAD)
            .max(driver.default.saturating_add(1))
            .min(driver.max);
        let needs: Vec<&str> = self.known.needs().collect();
        let at = |value: i64| {
            self.sketch
                .price(&needs, &self.figures(Some((&driver.id, value))))
        };
        match (at(low), at(high)) {
            (Some(low), Some(high)) => high.saturating_sub(low).saturating_abs(),
            _ => 0,
        }
    }

    /// What is known or assumed of every driver, one of them set.
    fn figures(&self, set: Option<(&str, i64)>) -> BTreeMap<String, i64> {
        let mut figures: BTreeMap<String, i64> = self
            .known
            .needs()
            .filter_map(|need| self.policy.service(need))
            .flat_map(|service| &service.drivers)
            .map(|driver| (driver.id.clone(), driver.default))
            .collect();
        figures.extend(
            self.known
                .figures()
                .iter()
                .map(|(id, figure)| (id.clone(), figure.value())),
        );
        figures.extend(set.map(|(id, value)| (id.to_owned(), value)));
        figures
    }

    fn share(&self, what: Required) -> i64 {
        let needs: Vec<&str> = self.known.needs().collect();
        let price = self.sketch.price(&needs, &self.figures(None)).unwrap_or(0);
        price.saturating_mul(i64::from(self.policy.worth_ppm(what))) / 1_000_000
    }
}
