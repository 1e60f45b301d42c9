use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Weekday};
use dealwright_core::time::{Calendar, Timestamp, Zone};
use serde::{Deserialize, Serialize};

use super::Windows;
use crate::execute::WorkerIdentity;

/// When somebody works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Hours {
    /// At any time: tools and models.
    Always,
    /// By the clock of a place.
    Week(WorkingWeek),
}

/// Working hours by the clock of a zone, on the working days of a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkingWeek {
    /// The zone whose clocks count.
    pub zone: Zone,
    /// Weekends and holidays.
    pub calendar: Calendar,
    /// From and to, on each working day; the rest of the day is free.
    pub daily: Vec<(NaiveTime, NaiveTime)>,
    /// Working days on which this person does not work, for part-timers.
    pub off: Vec<Weekday>,
    /// Leave: first and last day of each.
    pub leave: Vec<(NaiveDate, NaiveDate)>,
}

impl WorkingWeek {
    /// Nine to twelve and one to five on every working day: seven hours.
    #[must_use]
    pub fn office(zone: Zone, calendar: Calendar) -> Self {
        let hour = |h| NaiveTime::from_hms_opt(h, 0, 0).unwrap_or(NaiveTime::MIN);
        Self {
            zone,
            calendar,
            daily: vec![(hour(9), hour(12)), (hour(13), hour(17))],
            off: Vec::new(),
            leave: Vec::new(),
        }
    }

    fn works_on(&self, day: NaiveDate) -> bool {
        self.calendar.is_working_day(day)
            && !self.off.contains(&day.weekday())
            && !self
                .leave
                .iter()
                .any(|(first, last)| *first <= day && day <= *last)
    }
}

impl Hours {
    /// The working minutes of `days` days from `origin` on, as minutes since `origin`.
    #[must_use]
    pub fn windows(&self, origin: Timestamp, days: u32) -> Windows {
        let week = match self {
            Self::Always => return Windows::always(),
            Self::Week(week) => week,
        };
        let first = week.zone.date(origin);
        let spans = first
            .iter_days()
            .take(usize::try_from(days).unwrap_or(0))
            .filter(|day| week.works_on(*day))
            .flat_map(|day| {
                week.daily.iter().map(move |(from, to)| {
                    let minute = |time| (week.zone.instant(day, time) - origin).num_minutes();
                    (minute(*from).max(0), minute(*to))
                })
            });
        Windows::of_spans(spans)
    }
}

/// Somebody who can be given tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffMember {
    /// Who it is.
    pub worker: WorkerIdentity,
    /// The skills it has, by the catalogue's names.
    pub skills: BTreeSet<String>,
    /// How many tasks it can do at a time; 0 counts as 1.
    pub parallel: u32,
    /// When it works.
    pub hours: Hours,
}

/// Time of somebody that is given away already, for example to another project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Booking {
    /// Whose time.
    pub worker: WorkerIdentity,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
}

impl StaffMember {
    /// One window list for each task it can do at a time, with what is booked taken out: each
    /// booking takes the first of them that is free of other bookings then.
    pub(super) fn lanes(&self, bookings: &[Booking], origin: Timestamp, days: u32) -> Vec<Windows> {
        let open = self.hours.windows(origin, days);
        let minute = |at: Timestamp| (at - origin).num_minutes();
        // A booking that ends within a minute takes the whole of it.
        let until = |at: Timestamp| minute(at + TimeDelta::seconds(59));
        let mut own: Vec<(i64, i64)> = bookings
            .iter()
            .filter(|b| b.worker == self.worker)
            .map(|b| (minute(b.from), until(b.to)))
            .collect();
        own.sort_unstable();
        let lanes = usize::try_from(self.parallel.max(1)).unwrap_or(1);
        let mut taken: Vec<Vec<(i64, i64)>> = vec![Vec::new(); lanes];
        for (from, to) in own {
            let free = |lane: &&mut Vec<(i64, i64)>| lane.iter().all(|(_, end)| *end <= from);
            match taken.iter_mut().find(free) {
                Some(lane) => lane.push((from, to)),
                // Booked above capacity elsewhere: the time is gone all the same.
                None => taken
                    .iter_mut()
                    .take(1)
                    .for_each(|lane| lane.push((from, to))),
            }
        }
        taken.iter().map(|booked| open.without(booked)).collect()
    }
}

/// Free minutes of each skill in the coming days, bookings taken out.
///
/// Whoever has two skills counts for both, so the figures of different skills do not add up;
/// those of one do. Workers without hours (tools, models) count around the clock.
#[must_use]
pub fn free_minutes(
    staff: &[StaffMember],
    bookings: &[Booking],
    from: Timestamp,
    days: u32,
) -> BTreeMap<String, i64> {
    let mut free = BTreeMap::new();
    let to = from
        .checked_add_days(Days::new(u64::from(days)))
        .map_or(0, |end| (end - from).num_minutes());
    for member in staff {
        let lanes = member.lanes(bookings, from, days.saturating_add(1));
        let minutes: i64 = lanes.iter().map(|lane| lane.between(0, to)).sum();
        for skill in &member.skills {
            let sum: &mut i64 = free.entry(skill.clone()).or_default();
            *sum = sum.saturating_add(minutes);
        }
    }
    free
}

#[cfg(test)]
mod tests {
    use dealwright_core::party::Country;

    use super::*;
    use crate::setup::tests::at;

    fn berlin() -> StaffMember {
        let calendar = Calendar::of(Some(Country::parse("DE").unwrap()));
        StaffMember {
            worker: WorkerIdentity::person("kim"),
            skills: ["web".to_owned(), "writing".to_owned()].into(),
            parallel: 1,
            hours: Hours::Week(WorkingWeek::office(
                Zone::parse("Europe/Berlin").unwrap(),
                calendar,
            )),
        }
    }

    #[test]
    fn hours_follow_the_clock_of_the_place_across_the_change() {
        // The clocks go forward on Sunday, 29 March 2026.
        let origin = at("2026-03-27T00:00:00Z");
        let windows = berlin().hours.windows(origin, 4);
        let day = 24 * 60;
        assert_eq!(
            windows.spans().unwrap(),
            [
                (480, 660),
                (720, 960),
                (3 * day + 420, 3 * day + 600),
                (3 * day + 660, 3 * day + 900)
            ]
        );
    }

    #[test]
    fn leave_holidays_and_part_time_are_free() {
        let mut kim = berlin();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let Hours::Week(week) = &mut kim.hours else {
            panic!("kim has hours")
        };
        week.leave.push((day("2026-04-08"), day("2026-04-09")));
        week.off.push(Weekday::Tue);
        // Good Friday, weekend, Easter Monday, a Tuesday off, two days of leave: 10 April is left.
        let windows = kim.hours.windows(at("2026-04-03T00:00:00Z"), 8);
        assert_eq!(windows.between(0, 9 * 24 * 60), 7 * 60);
    }

    // covers: TB-7
    #[test]
    fn filled_capacity_leaves_no_free_minute() {
        let from = at("2026-03-02T00:00:00Z");
        let free = |bookings: &[Booking]| free_minutes(&[berlin()], bookings, from, 7);
        assert_eq!(free(&[])["web"], 5 * 7 * 60);
        let booked = |from: &str, to: &str| Booking {
            worker: WorkerIdentity::person("kim"),
            from: at(from),
            to: at(to),
        };
        let some = [booked("2026-03-02T08:00:00Z", "2026-03-02T09:30:00Z")];
        assert_eq!(free(&some)["writing"], 5 * 7 * 60 - 90);
        let all = [booked("2026-03-01T00:00:00Z", "2026-03-10T00:00:00Z")];
        assert_eq!(free(&all)["web"], 0);
    }
}
