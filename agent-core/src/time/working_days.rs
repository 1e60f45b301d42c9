use super::{Calendar, Timestamp, Zone, zones_for};
use crate::party::Country;

/// Somebody's working days: their holidays, counted in their zone.
///
/// ```
/// use dealwright_core::party::Country;
/// use dealwright_core::time::{Timestamp, WorkingDays};
/// let days = WorkingDays::of(Some(Country::DE), Some("Europe/Berlin"));
/// // Summer time begins in between, and then comes Good Friday: ten by the clock stays ten.
/// let friday: Timestamp = "2026-03-27T09:00:00Z".parse()?;
/// assert_eq!(days.after(friday, 5).to_rfc3339(), "2026-04-07T08:00:00+00:00");
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingDays {
    zone: Zone,
    calendar: Calendar,
}

impl WorkingDays {
    /// Those of a country, in a zone by its IANA name; without a zone that is known the first of
    /// the country's counts, and without a country UTC.
    #[must_use]
    pub fn of(country: Option<Country>, zone: Option<&str>) -> Self {
        let zone = zone
            .and_then(|name| Zone::parse(name).ok())
            .or_else(|| zones_for(country, None).0.into_iter().next())
            .unwrap_or(Zone::UTC);
        Self {
            zone,
            calendar: Calendar::of(country),
        }
    }

    /// The instant `days` working days after `from`, at the same time of day by the clock.
    #[must_use]
    pub fn after(&self, from: Timestamp, days: u16) -> Timestamp {
        let day = self
            .calendar
            .add_working_days(self.zone.date(from), i32::from(days));
        self.zone
            .instant(day, self.zone.local(from).time())
            .max(from)
    }
}
