use chrono::NaiveDate;
use dealwright_core::knowledge::Slug;
use dealwright_core::time::Calendar;
use serde::{Deserialize, Serialize};

/// One reminder of an unpaid invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DunningStep {
    /// Its name.
    pub id: Slug,
    /// Working days after the due date.
    pub after: u16,
    /// The template of the letter.
    pub template: Slug,
    /// Whether a person takes over instead of a letter being sent.
    #[serde(default)]
    pub person: bool,
}

/// Reminders as they are written; not checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DunningParams {
    /// The steps, ascending.
    pub steps: Vec<DunningStep>,
}

impl DunningParams {
    /// Checks the steps: 1 to 6, ascending, the last by a person, since what follows (a court, a
    /// stop of work) is not decided here.
    ///
    /// # Errors
    ///
    /// [`DunningError`].
    pub fn check(self) -> Result<DunningSchedule, DunningError> {
        let wrong = |what| Err(DunningError { what });
        if self.steps.is_empty() || self.steps.len() > 6 {
            return wrong("needs 1 to 6 steps");
        }
        let ascending = |pair: &[DunningStep]| match pair {
            [first, second] => first.after < second.after,
            _ => true,
        };
        if self.steps.first().is_some_and(|s| s.after == 0) || !self.steps.windows(2).all(ascending)
        {
            return wrong("needs steps that ascend from one working day on");
        }
        if self.steps.last().is_none_or(|s| !s.person) {
            return wrong("needs a person at its last step");
        }
        Ok(DunningSchedule(self))
    }
}

/// Why reminders were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the dunning schedule {what}")]
pub struct DunningError {
    what: &'static str,
}

/// When unpaid invoices are reminded of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "DunningParams", into = "DunningParams")]
pub struct DunningSchedule(DunningParams);

impl DunningSchedule {
    /// The steps.
    #[must_use]
    pub fn steps(&self) -> &[DunningStep] {
        &self.0.steps
    }

    /// The days on which an invoice due on `due` is reminded of, while it is unpaid.
    pub fn days<'a>(
        &'a self,
        due: NaiveDate,
        calendar: &'a Calendar,
    ) -> impl Iterator<Item = (NaiveDate, &'a DunningStep)> {
        self.0
            .steps
            .iter()
            .map(move |step| (calendar.add_working_days(due, i32::from(step.after)), step))
    }
}

impl TryFrom<DunningParams> for DunningSchedule {
    type Error = DunningError;

    fn try_from(params: DunningParams) -> Result<Self, Self::Error> {
        params.check()
    }
}

impl From<DunningSchedule> for DunningParams {
    fn from(schedule: DunningSchedule) -> Self {
        schedule.0
    }
}
