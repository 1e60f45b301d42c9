use chrono::{NaiveDate, NaiveTime, TimeDelta, Weekday};

use super::*;
use crate::party::Country;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

fn office(name: &str, country: Country) -> SendWindow {
    SendWindow::office_hours(vec![zone(name)], Calendar::of(Some(country)))
}

// covers: OU-3
#[test]
fn nine_in_berlin_stays_nine_across_the_change_of_29_march_2026() {
    let window = office("Europe/Berlin", Country::DE);
    let before = window.next_open(at("2026-03-26T20:00:00Z"));
    let after = window.next_open(at("2026-03-29T20:00:00Z"));
    assert_eq!(before, at("2026-03-27T08:00:00Z"));
    assert_eq!(after, at("2026-03-30T07:00:00Z"));
    for opening in [before, after] {
        assert_eq!(
            zone("Europe/Berlin").local(opening).time(),
            time("09:00:00")
        );
    }
}

// covers: OU-3
#[test]
fn nine_in_new_york_stays_nine_across_the_change_of_8_march_2026() {
    let window = office("America/New_York", Country::US);
    assert_eq!(
        window.next_open(at("2026-03-05T23:00:00Z")),
        at("2026-03-06T14:00:00Z")
    );
    assert_eq!(
        window.next_open(at("2026-03-08T23:00:00Z")),
        at("2026-03-09T13:00:00Z")
    );
}

#[test]
fn on_the_day_of_the_change_a_sunday_window_opens_at_its_local_time() {
    let every_day = (1..=7).map(|n| Weekday::try_from(n - 1).unwrap());
    let days: Vec<Weekday> = every_day.collect();
    let sunday = |from: &str, to: &str, name: &str| {
        SendWindow::new(
            days.clone(),
            time(from),
            time(to),
            vec![zone(name)],
            Calendar::default(),
        )
        .unwrap()
    };
    let berlin = sunday("09:00:00", "17:00:00", "Europe/Berlin");
    assert_eq!(
        berlin.next_open(at("2026-03-29T00:00:00Z")),
        at("2026-03-29T07:00:00Z")
    );
    assert_eq!(
        berlin.next_open(at("2026-10-25T00:00:00Z")),
        at("2026-10-25T08:00:00Z")
    );
    // 02:30 does not exist: the window opens at the end of the gap, 03:00 summer time.
    let gap = sunday("02:30:00", "04:00:00", "Europe/Berlin");
    assert_eq!(
        gap.next_open(at("2026-03-29T00:00:00Z")),
        at("2026-03-29T01:00:00Z")
    );
    // 02:30 comes twice: it counts the first time, and the window does not open again.
    let fold = sunday("01:00:00", "02:30:00", "Europe/Berlin");
    assert!(fold.is_open(at("2026-10-25T00:29:00Z")));
    assert!(!fold.is_open(at("2026-10-25T01:15:00Z")));
    // A window inside the gap does not open that day.
    let inside = sunday("02:10:00", "02:50:00", "America/New_York");
    assert_eq!(
        inside.next_open(at("2026-03-08T06:00:00Z")),
        at("2026-03-09T06:10:00Z")
    );
}

// covers: OU-3
#[test]
fn a_holiday_moves_the_opening_to_the_next_working_day() {
    let berlin = office("Europe/Berlin", Country::DE);
    // Good Friday to Easter Monday 2026.
    assert_eq!(
        berlin.next_open(at("2026-04-03T06:00:00Z")),
        at("2026-04-07T07:00:00Z")
    );
    // Independence Day 2026 is a Saturday, kept on Friday.
    let york = office("America/New_York", Country::US);
    assert_eq!(
        york.next_open(at("2026-07-03T12:00:00Z")),
        at("2026-07-06T13:00:00Z")
    );
}

// covers: OU-3
#[test]
fn the_spacing_is_kept_inside_the_window() {
    let window = office("Europe/Berlin", Country::DE).with_spacing(3_600);
    let last = at("2026-03-27T15:30:00Z");
    assert_eq!(
        window.next_slot(last, Some(last)),
        at("2026-03-30T07:00:00Z")
    );
    let early = at("2026-03-27T09:00:00Z");
    assert_eq!(
        window.next_slot(early, Some(early)),
        at("2026-03-27T10:00:00Z")
    );
    assert_eq!(window.next_slot(early, None), early);
}

// covers: OU-3
#[test]
fn an_unknown_zone_falls_back_to_where_all_zones_of_the_country_are_open() {
    let (zones, basis) = zones_for(Some(Country::US), None);
    assert_eq!(basis, ZoneBasis::Country);
    let window = SendWindow::office_hours(zones.clone(), Calendar::of(Some(Country::US)));
    let opens = window.next_open(at("2026-07-07T08:00:00Z"));
    // 09:00 in Honolulu is 15:00 in New York.
    assert_eq!(opens, at("2026-07-07T19:00:00Z"));
    for zone in zones {
        let hour = zone.local(opens).time();
        assert!(
            hour >= time("09:00:00") && hour < time("17:00:00"),
            "{zone} {hour}"
        );
    }
    assert_eq!(
        zones_for(Some(Country::US), Some("IL")),
        (vec![zone("America/Chicago")], ZoneBasis::Region)
    );
    assert_eq!(
        zones_for(Some(Country::US), Some("60614")).0,
        [zone("America/Chicago")]
    );
    assert_eq!(
        zones_for(Some(Country::DE), Some("10115")).0,
        [zone("Europe/Berlin")]
    );
    let (unknown, basis) = zones_for(None, None);
    assert_eq!((unknown.len(), basis), (2, ZoneBasis::Fallback));
    let window = SendWindow::office_hours(unknown, Calendar::of(None));
    assert_eq!(
        window.next_open(at("2026-07-07T08:00:00Z")),
        at("2026-07-07T13:00:00Z")
    );
}

#[test]
fn every_zone_of_the_tables_is_in_the_database() {
    for code in ["US", "CA", "AU", "BR", "MX", "ES", "PT"] {
        let (zones, basis) = zones_for(Some(Country::parse(code).unwrap()), None);
        assert_eq!(basis, ZoneBasis::Country);
        assert!(zones.len() > 1, "{code}");
    }
    for zip in 0..1000 {
        let zip = format!("{zip:03}01");
        assert!(!zones_for(Some(Country::US), Some(&zip)).0.is_empty());
    }
    for state in ["NY", "FL", "TX", "AZ", "AK", "ID"] {
        assert_eq!(
            zones_for(Some(Country::US), Some(state)).1,
            ZoneBasis::Region
        );
    }
    for province in ["NL", "QC", "ON", "SK", "BC", "NU", "YT"] {
        assert_eq!(
            zones_for(Some(Country::CA), Some(province)).1,
            ZoneBasis::Region
        );
    }
}

#[test]
fn hours_that_never_meet_leave_the_first_zone_to_decide() {
    let window = SendWindow::office_hours(
        vec![zone("Europe/Berlin"), zone("Pacific/Honolulu")],
        Calendar::of(Some(Country::DE)),
    );
    assert_eq!(
        window.next_open(at("2026-07-07T01:00:00Z")),
        at("2026-07-07T07:00:00Z")
    );
}

#[test]
fn an_opening_is_open_and_nothing_before_it_is() {
    let window = office("Europe/London", Country::GB);
    let mut now = at("2026-03-20T00:00:00Z");
    let end = at("2026-04-10T00:00:00Z");
    while now < end {
        let opens = window.next_open(now);
        assert!(opens >= now && window.is_open(opens));
        assert!(opens == now || !window.is_open(now));
        now += TimeDelta::minutes(37);
    }
}

#[test]
fn easter_falls_where_the_tables_say() {
    for day in [
        "1961-04-02",
        "2000-04-23",
        "2008-03-23",
        "2024-03-31",
        "2026-04-05",
        "2038-04-25",
    ] {
        let day = date(day);
        assert_eq!(easter(chrono::Datelike::year(&day)), Some(day));
    }
    assert_eq!(easter(1500), None);
}

#[test]
fn holidays_of_2026_and_their_substitutes() {
    let table = [
        ("US", "2026-01-19", "Martin Luther King Jr. Day"),
        ("US", "2026-05-25", "Memorial Day"),
        ("US", "2026-07-03", "Independence Day"),
        ("US", "2026-11-26", "Thanksgiving Day"),
        ("US", "2027-12-31", "New Year's Day"),
        ("DE", "2026-05-14", "Christi Himmelfahrt"),
        ("DE", "2026-05-25", "Pfingstmontag"),
        ("GB", "2026-05-04", "Early May bank holiday"),
        ("GB", "2026-08-31", "Summer bank holiday"),
        ("GB", "2026-12-28", "Boxing Day"),
        ("GB", "2027-12-27", "Christmas Day"),
        ("GB", "2027-12-28", "Boxing Day"),
        ("CA", "2026-05-18", "Victoria Day"),
        ("CA", "2026-10-12", "Thanksgiving Day"),
        ("FR", "2026-07-14", "Fête nationale"),
        ("AT", "2026-06-04", "Fronleichnam"),
        ("CH", "2026-08-01", "Bundesfeiertag"),
        ("NL", "2026-04-27", "Koningsdag"),
        ("JP", "2026-01-01", "New Year's Day"),
    ];
    for (country, day, name) in table {
        let calendar = Calendar::of(Some(Country::parse(country).unwrap()));
        assert_eq!(calendar.holiday(date(day)), Some(name), "{country} {day}");
        assert!(!calendar.is_working_day(date(day)));
    }
    let german = Calendar::of(Some(Country::DE));
    assert_eq!(german.holiday(date("2026-07-03")), None);
    assert!(
        !german
            .with_closed(date("2026-07-03"))
            .is_working_day(date("2026-07-03"))
    );
}

#[test]
fn working_days_are_counted_over_weekends_and_holidays() {
    let german = Calendar::of(Some(Country::DE));
    assert_eq!(
        german.add_working_days(date("2026-04-02"), 1),
        date("2026-04-07")
    );
    assert_eq!(
        german.add_working_days(date("2026-04-07"), -1),
        date("2026-04-02")
    );
    assert_eq!(
        german.add_working_days(date("2026-04-03"), 0),
        date("2026-04-07")
    );
    assert_eq!(
        german.add_working_days(date("2026-01-01"), 10),
        date("2026-01-15")
    );
    assert_eq!(
        german.working_days_between(date("2026-04-01"), date("2026-04-08")),
        3
    );
    let israel = Calendar::of(Some(Country::parse("IL").unwrap()));
    assert!(israel.is_working_day(date("2026-03-01")));
    assert!(!israel.is_working_day(date("2026-02-27")));
}

#[test]
fn windows_that_never_open_are_refused_and_the_form_stays() {
    let new = |days: &[Weekday], from, to, zones| {
        SendWindow::new(
            days.to_vec(),
            time(from),
            time(to),
            zones,
            Calendar::default(),
        )
    };
    let utc = vec![Zone::UTC];
    assert_eq!(
        new(&[], "09:00:00", "17:00:00", utc.clone()),
        Err(WindowError::NoWeekday)
    );
    assert_eq!(
        new(&[Weekday::Mon], "17:00:00", "09:00:00", utc),
        Err(WindowError::NoTime)
    );
    assert_eq!(
        new(&[Weekday::Mon], "09:00:00", "17:00:00", vec![]),
        Err(WindowError::NoZone)
    );
    let window = office("Europe/Berlin", Country::DE).with_spacing(60);
    let text = serde_json::to_string(&window).unwrap();
    assert_eq!(
        text,
        r#"{"weekdays":[1,2,3,4,5],"from":"09:00:00","to":"17:00:00","zones":["Europe/Berlin"],"calendar":{"country":"DE"},"spacing_seconds":60}"#
    );
    assert_eq!(serde_json::from_str::<SendWindow>(&text).unwrap(), window);
    let error = serde_json::from_str::<Zone>("\"Berlin\"").unwrap_err();
    assert!(error.to_string().contains("Europe/Berlin"));
}

#[test]
fn clocks_pass_through_pointers() {
    let clock = FixedClock(at("2026-01-01T00:00:00Z"));
    let shared: std::sync::Arc<dyn Clock> = std::sync::Arc::new(clock);
    assert_eq!(Clock::now(&shared), Clock::now(&&clock));
    conformance::time_never_goes_backwards(&shared);
}
