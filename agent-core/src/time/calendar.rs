use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use super::holidays;
use crate::party::Country;

/// No stretch of closed days is longer; bounds every search.
const HORIZON: usize = 3_700;

/// Which days business is done on: no weekend, no holiday of the country, no closed day.
///
/// Holidays follow from rules for US (federal), DE (national), GB (England and Wales), CA
/// (federal), FR, AT, CH (every canton) and NL; elsewhere only 1 January and 25 December.
/// Regional and one-off days are added as closed days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    country: Option<Country>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    closed: BTreeSet<NaiveDate>,
}

impl Calendar {
    /// The calendar of a country, or of one that is not known.
    #[must_use]
    pub fn of(country: Option<Country>) -> Self {
        Self {
            country,
            closed: BTreeSet::new(),
        }
    }

    /// Closes one more day: a regional holiday, a company's own.
    #[must_use]
    pub fn with_closed(mut self, date: NaiveDate) -> Self {
        self.closed.insert(date);
        self
    }

    /// The country.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        self.country
    }

    /// The name of the holiday that `date` is.
    #[must_use]
    pub fn holiday(&self, date: NaiveDate) -> Option<&'static str> {
        holidays::name_of(self.country, date)
    }

    /// Whether business is done on `date`.
    #[must_use]
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        !self.is_weekend(date) && self.is_no_holiday(date)
    }

    /// `date` if business is done on it, else the next day on which it is.
    #[must_use]
    pub fn next_working_day(&self, date: NaiveDate) -> NaiveDate {
        date.iter_days()
            .take(HORIZON)
            .find(|day| self.is_working_day(*day))
            .unwrap_or(date)
    }

    /// The `count`-th working day after `date`, or before it where negative; `0` is
    /// [`next_working_day`](Self::next_working_day).
    #[must_use]
    pub fn add_working_days(&self, date: NaiveDate, count: i32) -> NaiveDate {
        if count == 0 {
            return self.next_working_day(date);
        }
        let one = Days::new(1);
        let mut day = date;
        let mut left = count.unsigned_abs();
        while left > 0 {
            let next = if count > 0 {
                day.checked_add_days(one)
            } else {
                day.checked_sub_days(one)
            };
            let Some(next) = next else { break };
            day = next;
            if self.is_working_day(day) {
                left -= 1;
            }
        }
        day
    }

    /// How many working days lie in `from..to`, the first counted and the last not.
    #[must_use]
    pub fn working_days_between(&self, from: NaiveDate, to: NaiveDate) -> usize {
        from.iter_days()
            .take_while(|day| *day < to)
            .filter(|day| self.is_working_day(*day))
            .count()
    }

    pub(super) fn is_no_holiday(&self, date: NaiveDate) -> bool {
        !self.closed.contains(&date) && self.holiday(date).is_none()
    }

    /// Friday and Saturday where the week begins on Sunday, else Saturday and Sunday.
    fn is_weekend(&self, date: NaiveDate) -> bool {
        let friday = matches!(
            self.country.map(Country::code),
            Some("BH" | "DZ" | "EG" | "IL" | "IQ" | "JO" | "KW" | "LY" | "OM" | "QA" | "SA" | "YE")
        );
        match date.weekday() {
            Weekday::Sat => true,
            Weekday::Sun => !friday,
            Weekday::Fri => friday,
            _ => false,
        }
    }
}
