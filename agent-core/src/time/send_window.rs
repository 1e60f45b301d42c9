use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Weekday};
use serde::{Deserialize, Serialize};

use super::{Calendar, Timestamp, Zone};

/// Days that are searched for an opening before the zones are said not to overlap.
const HORIZON: usize = 400;

/// When somebody may be written to: on some weekdays, between two local times, not on
/// holidays, and not too soon after the last time.
///
/// Local time is what clocks show in the recipient's zone, also across daylight-saving
/// changes: where clocks skip the opening, it opens at the end of the gap; where they show it
/// twice, at the first. With several zones it is open while it is open in each of them.
///
/// ```
/// use dealwright_core::party::Country;
/// use dealwright_core::time::{Calendar, SendWindow, Timestamp, Zone};
/// let window = SendWindow::office_hours(
///     vec![Zone::parse("Europe/Berlin")?],
///     Calendar::of(Some(Country::DE)),
/// );
/// let saturday: Timestamp = "2026-03-28T12:00:00Z".parse()?;
/// // Monday 09:00 in Berlin, by then summer time.
/// assert_eq!(window.next_open(saturday).to_rfc3339(), "2026-03-30T07:00:00+00:00");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct SendWindow {
    weekdays: BTreeSet<u8>,
    from: NaiveTime,
    to: NaiveTime,
    zones: Vec<Zone>,
    calendar: Calendar,
    spacing: TimeDelta,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    /// ISO 8601: Monday is 1.
    weekdays: BTreeSet<u8>,
    from: NaiveTime,
    to: NaiveTime,
    zones: Vec<Zone>,
    #[serde(default)]
    calendar: Calendar,
    #[serde(default)]
    spacing_seconds: u32,
}

/// Why a window was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WindowError {
    /// It would never open.
    #[error("a window needs a weekday, monday being 1 and sunday 7")]
    NoWeekday,
    /// It would never open, or run over midnight.
    #[error("a window opens before it closes, on the same day")]
    NoTime,
    /// Local time of nowhere.
    #[error("a window needs a time zone")]
    NoZone,
}

impl SendWindow {
    /// A window on `weekdays` from `from` until before `to`, without spacing.
    ///
    /// # Errors
    ///
    /// [`WindowError`] where it could never open.
    pub fn new(
        weekdays: impl IntoIterator<Item = Weekday>,
        from: NaiveTime,
        to: NaiveTime,
        zones: Vec<Zone>,
        calendar: Calendar,
    ) -> Result<Self, WindowError> {
        Self::check(Parts {
            weekdays: weekdays.into_iter().map(iso).collect(),
            from,
            to,
            zones,
            calendar,
            spacing_seconds: 0,
        })
    }

    /// Monday to Friday, 09:00 to 17:00. Without zones those of the calendar's country count.
    #[must_use]
    pub fn office_hours(zones: Vec<Zone>, calendar: Calendar) -> Self {
        let zones = if zones.is_empty() {
            super::zones_for(calendar.country(), None).0
        } else {
            zones
        };
        Self {
            weekdays: (1..=5).collect(),
            from: NaiveTime::from_hms_opt(9, 0, 0).unwrap_or(NaiveTime::MIN),
            to: NaiveTime::from_hms_opt(17, 0, 0).unwrap_or(NaiveTime::MIN),
            zones,
            calendar,
            spacing: TimeDelta::zero(),
        }
    }

    /// Sets how long to wait after the last time, at least.
    #[must_use]
    pub fn with_spacing(mut self, seconds: u32) -> Self {
        self.spacing = TimeDelta::seconds(i64::from(seconds));
        self
    }

    /// The zones, one or more.
    #[must_use]
    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// The calendar.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Whether it is open at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.zones
            .iter()
            .all(|zone| self.open_in(*zone, now) == now)
    }

    /// The first instant from `now` on at which it is open: `now` itself while it is.
    ///
    /// Where the zones are so far apart that their hours never meet, the first zone decides.
    #[must_use]
    pub fn next_open(&self, now: Timestamp) -> Timestamp {
        let mut at = now;
        for _ in 0..HORIZON {
            let latest = self
                .zones
                .iter()
                .map(|zone| self.open_in(*zone, at))
                .max()
                .unwrap_or(at);
            if latest == at {
                return at;
            }
            at = latest;
        }
        self.zones
            .first()
            .map_or(now, |zone| self.open_in(*zone, now))
    }

    /// As [`next_open`](Self::next_open), and no sooner than the spacing after `last`.
    #[must_use]
    pub fn next_slot(&self, now: Timestamp, last: Option<Timestamp>) -> Timestamp {
        let spaced = last.and_then(|last| last.checked_add_signed(self.spacing));
        self.next_open(spaced.map_or(now, |spaced| spaced.max(now)))
    }

    /// The first instant from `at` on at which it is open in one zone.
    fn open_in(&self, zone: Zone, at: Timestamp) -> Timestamp {
        for date in zone.date(at).iter_days().take(HORIZON) {
            if !self.takes(date) {
                continue;
            }
            let (opens, closes) = (zone.instant(date, self.from), zone.instant(date, self.to));
            if at < closes && opens < closes {
                return at.max(opens);
            }
        }
        at
    }

    fn takes(&self, date: NaiveDate) -> bool {
        // Whoever names a Saturday means it: weekends are the weekdays' business here.
        self.weekdays.contains(&iso(date.weekday())) && self.calendar.is_no_holiday(date)
    }

    fn check(parts: Parts) -> Result<Self, WindowError> {
        if parts.weekdays.is_empty() || parts.weekdays.iter().any(|day| !(1..=7).contains(day)) {
            return Err(WindowError::NoWeekday);
        }
        if parts.from >= parts.to {
            return Err(WindowError::NoTime);
        }
        if parts.zones.is_empty() {
            return Err(WindowError::NoZone);
        }
        Ok(Self {
            weekdays: parts.weekdays,
            from: parts.from,
            to: parts.to,
            zones: parts.zones,
            calendar: parts.calendar,
            spacing: TimeDelta::seconds(parts.spacing_seconds.into()),
        })
    }
}

fn iso(weekday: Weekday) -> u8 {
    u8::try_from(weekday.number_from_monday()).unwrap_or(1)
}

impl TryFrom<Parts> for SendWindow {
    type Error = WindowError;

    fn try_from(parts: Parts) -> Result<Self, Self::Error> {
        Self::check(parts)
    }
}

impl From<SendWindow> for Parts {
    fn from(window: SendWindow) -> Self {
        Self {
            weekdays: window.weekdays,
            from: window.from,
            to: window.to,
            zones: window.zones,
            calendar: window.calendar,
            spacing_seconds: u32::try_from(window.spacing.num_seconds()).unwrap_or_default(),
        }
    }
}
