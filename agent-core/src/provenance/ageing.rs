use std::collections::BTreeMap;

use chrono::Days;
use serde::{Deserialize, Serialize};

use super::Field;
use crate::time::Timestamp;

/// After how many days a kind of field is looked at again; `None` is never.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ageing {
    days: BTreeMap<String, Option<u32>>,
    otherwise: u32,
}

impl Ageing {
    /// A schedule that looks at everything again after `otherwise` days.
    #[must_use]
    pub fn new(otherwise: u32) -> Self {
        Self {
            days: BTreeMap::new(),
            otherwise,
        }
    }

    /// Says after how many days fields of `kind` are due; `None` is never.
    #[must_use]
    pub fn with(mut self, kind: impl Into<String>, days: Option<u32>) -> Self {
        self.days.insert(kind.into(), days);
        self
    }

    /// When a value of `kind` that was read at `retrieved_at` is to be read again.
    #[must_use]
    pub fn due_at(&self, kind: &str, retrieved_at: Timestamp) -> Option<Timestamp> {
        let days = match self.days.get(kind) {
            Some(days) => (*days)?,
            None => self.otherwise,
        };
        retrieved_at.checked_add_days(Days::new(days.into()))
    }

    /// Whether the chosen value of a field is due; a field of which nothing is known is.
    #[must_use]
    pub fn is_due<T: PartialEq>(&self, kind: &str, field: &Field<T>, now: Timestamp) -> bool {
        field.choose().is_none_or(|choice| {
            self.due_at(kind, choice.value().retrieved_at())
                .is_some_and(|due| due <= now)
        })
    }
}

impl Default for Ageing {
    /// What changes often is looked at often: people change jobs within months, numbers and
    /// premises within a year, the year of foundation never.
    fn default() -> Self {
        [
            ("contact_name", Some(90)),
            ("title", Some(90)),
            ("email", Some(180)),
            ("website", Some(180)),
            ("technology", Some(90)),
            ("headcount", Some(180)),
            ("phone", Some(365)),
            ("address", Some(365)),
            ("name", Some(730)),
            ("legal_form", Some(730)),
            ("founding_year", None),
            ("registration_number", None),
        ]
        .into_iter()
        .fold(Self::new(365), |ageing, (kind, days)| {
            ageing.with(kind, days)
        })
    }
}
