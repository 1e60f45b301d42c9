use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::party::Country;

/// How the date of a holiday follows from the year.
#[derive(Clone, Copy)]
enum Rule {
    /// Month and day.
    On(u32, u32),
    /// Days after Easter Sunday; before it where negative.
    Easter(i64),
    /// The n-th such weekday of a month, from 1.
    Nth(u32, Weekday, u8),
    /// The last such weekday of a month.
    Last(u32, Weekday),
    /// The last Monday before a day of a month.
    MondayBefore(u32, u32),
}

/// What happens to a fixed day that falls on a weekend.
#[derive(Clone, Copy, PartialEq)]
enum Substitute {
    /// Nothing.
    None,
    /// Saturday's is kept on Friday, Sunday's on Monday (United States, 5 U.S.C. 6103).
    Nearest,
    /// It is kept on the next weekday that is not a holiday itself (United Kingdom, Canada).
    Next,
}

struct Holiday {
    name: &'static str,
    rule: Rule,
    since: i32,
}

const fn day(name: &'static str, rule: Rule) -> Holiday {
    Holiday {
        name,
        rule,
        since: i32::MIN,
    }
}

const fn day_since(since: i32, name: &'static str, rule: Rule) -> Holiday {
    Holiday { name, rule, since }
}

use Rule::{Easter, Last, MondayBefore, Nth, On};
use Weekday::{Mon, Thu};

/// Federal holidays.
const US: &[Holiday] = &[
    day("New Year's Day", On(1, 1)),
    day_since(1986, "Martin Luther King Jr. Day", Nth(1, Mon, 3)),
    day("Washington's Birthday", Nth(2, Mon, 3)),
    day("Memorial Day", Last(5, Mon)),
    day_since(2021, "Juneteenth", On(6, 19)),
    day("Independence Day", On(7, 4)),
    day("Labor Day", Nth(9, Mon, 1)),
    day("Columbus Day", Nth(10, Mon, 2)),
    day("Veterans Day", On(11, 11)),
    day("Thanksgiving Day", Nth(11, Thu, 4)),
    day("Christmas Day", On(12, 25)),
];

/// Holidays of all sixteen states; what single states add is not here.
const DE: &[Holiday] = &[
    day("Neujahr", On(1, 1)),
    day("Karfreitag", Easter(-2)),
    day("Ostermontag", Easter(1)),
    day("Tag der Arbeit", On(5, 1)),
    day("Christi Himmelfahrt", Easter(39)),
    day("Pfingstmontag", Easter(50)),
    day_since(1990, "Tag der Deutschen Einheit", On(10, 3)),
    day("1. Weihnachtstag", On(12, 25)),
    day("2. Weihnachtstag", On(12, 26)),
];

/// Bank holidays of England and Wales, without those proclaimed for one year.
const GB: &[Holiday] = &[
    day("New Year's Day", On(1, 1)),
    day("Good Friday", Easter(-2)),
    day("Easter Monday", Easter(1)),
    day("Early May bank holiday", Nth(5, Mon, 1)),
    day("Spring bank holiday", Last(5, Mon)),
    day("Summer bank holiday", Last(8, Mon)),
    day("Christmas Day", On(12, 25)),
    day("Boxing Day", On(12, 26)),
];

/// General holidays of the Canada Labour Code.
const CA: &[Holiday] = &[
    day("New Year's Day", On(1, 1)),
    day("Good Friday", Easter(-2)),
    day("Victoria Day", MondayBefore(5, 25)),
    day("Canada Day", On(7, 1)),
    day("Labour Day", Nth(9, Mon, 1)),
    day_since(2021, "National Day for Truth and Reconciliation", On(9, 30)),
    day("Thanksgiving Day", Nth(10, Mon, 2)),
    day("Remembrance Day", On(11, 11)),
    day("Christmas Day", On(12, 25)),
    day("Boxing Day", On(12, 26)),
];

const FR: &[Holiday] = &[
    day("Jour de l'an", On(1, 1)),
    day("Lundi de Pâques", Easter(1)),
    day("Fête du Travail", On(5, 1)),
    day("Victoire 1945", On(5, 8)),
    day("Ascension", Easter(39)),
    day("Lundi de Pentecôte", Easter(50)),
    day("Fête nationale", On(7, 14)),
    day("Assomption", On(8, 15)),
    day("Toussaint", On(11, 1)),
    day("Armistice 1918", On(11, 11)),
    day("Noël", On(12, 25)),
];

const AT: &[Holiday] = &[
    day("Neujahr", On(1, 1)),
    day("Heilige Drei Könige", On(1, 6)),
    day("Ostermontag", Easter(1)),
    day("Staatsfeiertag", On(5, 1)),
    day("Christi Himmelfahrt", Easter(39)),
    day("Pfingstmontag", Easter(50)),
    day("Fronleichnam", Easter(60)),
    day("Mariä Himmelfahrt", On(8, 15)),
    day("Nationalfeiertag", On(10, 26)),
    day("Allerheiligen", On(11, 1)),
    day("Mariä Empfängnis", On(12, 8)),
    day("Christtag", On(12, 25)),
    day("Stefanitag", On(12, 26)),
];

/// The days that every canton keeps.
const CH: &[Holiday] = &[
    day("Neujahr", On(1, 1)),
    day("Auffahrt", Easter(39)),
    day("Bundesfeiertag", On(8, 1)),
    day("Weihnachten", On(12, 25)),
];

const NL: &[Holiday] = &[
    day("Nieuwjaarsdag", On(1, 1)),
    day("Tweede paasdag", Easter(1)),
    day_since(2014, "Koningsdag", On(4, 27)),
    day("Hemelvaartsdag", Easter(39)),
    day("Tweede pinksterdag", Easter(50)),
    day("Eerste kerstdag", On(12, 25)),
    day("Tweede kerstdag", On(12, 26)),
];

/// For countries without a table: the two days that most of the world keeps.
const OTHER: &[Holiday] = &[
    day("New Year's Day", On(1, 1)),
    day("Christmas Day", On(12, 25)),
];

/// The holiday that `date` is in `country`, by name.
pub(super) fn name_of(country: Option<Country>, date: NaiveDate) -> Option<&'static str> {
    // A day of next year may be kept in this one: 1 January 2028 on 31 December 2027.
    [date.year(), date.year().saturating_add(1)]
        .into_iter()
        .find_map(|year| {
            in_year(country, year)
                .into_iter()
                .find(|(kept, _)| *kept == date)
                .map(|(_, name)| name)
        })
}

/// The holidays of a year, on the days they are kept.
fn in_year(country: Option<Country>, year: i32) -> Vec<(NaiveDate, &'static str)> {
    let (days, substitute) = table(country);
    let mut kept: Vec<(NaiveDate, &'static str)> = Vec::with_capacity(days.len());
    let mut moved = Vec::new();
    for holiday in days.iter().filter(|holiday| holiday.since <= year) {
        let Some(date) = date_of(holiday.rule, year) else {
            continue;
        };
        let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        if weekend && substitute == Substitute::Next {
            moved.push((date, holiday.name));
        } else if weekend && substitute == Substitute::Nearest {
            let friday = date.weekday() == Weekday::Sat;
            let near = if friday {
                date.pred_opt()
            } else {
                date.succ_opt()
            };
            kept.extend(near.map(|near| (near, holiday.name)));
        } else {
            kept.push((date, holiday.name));
        }
    }
    // In order, so that Christmas takes the first free day and Boxing Day the next.
    for (date, name) in moved {
        let free = date
            .iter_days()
            .find(|day| !is_weekend(*day) && kept.iter().all(|(taken, _)| taken != day));
        kept.extend(free.map(|free| (free, name)));
    }
    kept
}

fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

fn table(country: Option<Country>) -> (&'static [Holiday], Substitute) {
    match country.map(Country::code) {
        Some("US") => (US, Substitute::Nearest),
        Some("DE") => (DE, Substitute::None),
        Some("GB") => (GB, Substitute::Next),
        Some("CA") => (CA, Substitute::Next),
        Some("FR") => (FR, Substitute::None),
        Some("AT") => (AT, Substitute::None),
        Some("CH") => (CH, Substitute::None),
        Some("NL") => (NL, Substitute::None),
        _ => (OTHER, Substitute::None),
    }
}

fn date_of(rule: Rule, year: i32) -> Option<NaiveDate> {
    match rule {
        On(month, day) => NaiveDate::from_ymd_opt(year, month, day),
        Easter(offset) => shift(easter(year)?, offset),
        Nth(month, weekday, n) => NaiveDate::from_weekday_of_month_opt(year, month, weekday, n),
        Last(month, weekday) => [5, 4]
            .into_iter()
            .find_map(|n| NaiveDate::from_weekday_of_month_opt(year, month, weekday, n)),
        MondayBefore(month, day) => {
            let mut date = NaiveDate::from_ymd_opt(year, month, day)?.pred_opt()?;
            while date.weekday() != Mon {
                date = date.pred_opt()?;
            }
            Some(date)
        }
    }
}

fn shift(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    let count = Days::new(days.unsigned_abs());
    if days < 0 {
        date.checked_sub_days(count)
    } else {
        date.checked_add_days(count)
    }
}

/// Easter Sunday of the western churches, by the anonymous Gregorian algorithm (Meeus).
///
/// `None` before the Gregorian calendar (1583) and beyond what dates can hold.
#[must_use]
pub fn easter(year: i32) -> Option<NaiveDate> {
    if year < 1583 {
        return None;
    }
    let a = year % 19;
    let (b, c) = (year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    let month = u32::try_from(n / 31).ok()?;
    let day = u32::try_from(n % 31).ok()?;
    NaiveDate::from_ymd_opt(year, month, day + 1)
}
