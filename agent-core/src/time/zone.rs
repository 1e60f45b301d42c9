use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::party::Country;

/// A time zone of the IANA database, by name: `Europe/Berlin`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(Tz);

/// The name is not in the database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a time zone; use a name of the iana database such as Europe/Berlin")]
pub struct ZoneError {
    name: String,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// Reads a name of the database.
    ///
    /// # Errors
    ///
    /// [`ZoneError`] for any other.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        Tz::from_str(name.trim()).map(Self).map_err(|_| ZoneError {
            name: name.chars().filter(|c| !c.is_control()).take(40).collect(),
        })
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The zone as chrono knows it.
    #[must_use]
    pub const fn tz(self) -> Tz {
        self.0
    }

    /// What clocks there show at `at`.
    #[must_use]
    pub fn local(self, at: Timestamp) -> DateTime<Tz> {
        at.with_timezone(&self.0)
    }

    /// The day it is there at `at`.
    #[must_use]
    pub fn date(self, at: Timestamp) -> NaiveDate {
        self.local(at).date_naive()
    }

    /// The first instant at which clocks there show `time` on `date` or, where they skip it,
    /// the end of the gap. A time that comes twice counts when it comes first.
    #[must_use]
    pub fn instant(self, date: NaiveDate, time: NaiveTime) -> Timestamp {
        let wanted = date.and_time(time);
        // No gap is longer than a day (Samoa skipped one when it crossed the date line).
        for minutes in 0..=1_500 {
            let tried = wanted
                .checked_add_signed(TimeDelta::minutes(minutes))
                .unwrap_or(wanted);
            match self.0.from_local_datetime(&tried) {
                LocalResult::Single(found) => return found.with_timezone(&Utc),
                LocalResult::Ambiguous(first, _) => return first.with_timezone(&Utc),
                LocalResult::None => {}
            }
        }
        wanted.and_utc()
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::parse(name)
    }
}

impl TryFrom<String> for Zone {
    type Error = ZoneError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

impl From<Tz> for Zone {
    fn from(zone: Tz) -> Self {
        Self(zone)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialOrd for Zone {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Zone {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name().cmp(other.name())
    }
}

/// What zones were concluded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ZoneBasis {
    /// The state, province or postal code.
    Region,
    /// The country.
    Country,
    /// Nothing is known: New York and Berlin, the ends of where most recipients are.
    Fallback,
}

/// The zones a recipient may be in, and what that rests on.
///
/// Never empty. Where a country or region has several zones they are all named, and a
/// [`SendWindow`](super::SendWindow) opens only while it is open in each of them. `region` is
/// a state or province (`IL`, `ON`) or, in the US, a ZIP code.
#[must_use]
pub fn zones_for(country: Option<Country>, region: Option<&str>) -> (Vec<Zone>, ZoneBasis) {
    let code = country.map(Country::code);
    let region = region.map(|text| text.trim().to_ascii_uppercase());
    if let (Some(code), Some(region)) = (code, region.as_deref()) {
        let names = match code {
            "US" => us_state(region).or_else(|| us_zip(region)),
            "CA" => ca_province(region),
            "AU" => au_state(region),
            _ => None,
        };
        if let Some(zones) = names.map(named) {
            return (zones, ZoneBasis::Region);
        }
    }
    match code.and_then(country_zones) {
        Some(names) => (named(names), ZoneBasis::Country),
        None => (named("America/New_York Europe/Berlin"), ZoneBasis::Fallback),
    }
}

fn named(names: &str) -> Vec<Zone> {
    names
        .split(' ')
        .filter_map(|name| Zone::parse(name).ok())
        .collect()
}

const EASTERN: &str = "America/New_York";
const CENTRAL: &str = "America/Chicago";
const MOUNTAIN: &str = "America/Denver";
const PACIFIC: &str = "America/Los_Angeles";
const EASTERN_CENTRAL: &str = "America/New_York America/Chicago";
const CENTRAL_MOUNTAIN: &str = "America/Chicago America/Denver";
const MOUNTAIN_PACIFIC: &str = "America/Denver America/Los_Angeles";

fn us_state(state: &str) -> Option<&'static str> {
    Some(match state {
        "CT" | "DC" | "DE" | "GA" | "MA" | "MD" | "ME" | "NC" | "NH" | "NJ" | "NY" | "OH"
        | "PA" | "RI" | "SC" | "VA" | "VT" | "WV" => EASTERN,
        "FL" | "IN" | "KY" | "MI" | "TN" => EASTERN_CENTRAL,
        "AL" | "AR" | "IA" | "IL" | "LA" | "MN" | "MO" | "MS" | "OK" | "WI" => CENTRAL,
        "KS" | "ND" | "NE" | "SD" | "TX" => CENTRAL_MOUNTAIN,
        "CO" | "MT" | "NM" | "UT" | "WY" => MOUNTAIN,
        "ID" | "OR" => MOUNTAIN_PACIFIC,
        "AZ" => "America/Phoenix America/Denver",
        "CA" | "NV" | "WA" => PACIFIC,
        "AK" => "America/Anchorage America/Adak",
        "HI" => "Pacific/Honolulu",
        "PR" | "VI" => "America/Puerto_Rico",
        _ => return None,
    })
}

/// By the first digits, which go from east to west; a split area names both zones.
fn us_zip(zip: &str) -> Option<&'static str> {
    let digits = zip
        .get(..5)
        .filter(|five| five.bytes().all(|b| b.is_ascii_digit()))?;
    let area: u32 = digits.get(..3)?.parse().ok()?;
    Some(match area {
        6..=9 => "America/Puerto_Rico",
        0..=299 => EASTERN,
        350..=369 | 386..=397 => CENTRAL,
        300..=319 | 330..=349 | 398..=399 | 430..=458 => EASTERN,
        320..=499 => EASTERN_CENTRAL,
        500..=567 | 600..=658 => CENTRAL,
        590..=599 => MOUNTAIN,
        568..=589 | 660..=699 => CENTRAL_MOUNTAIN,
        797..=799 | 885 => CENTRAL_MOUNTAIN,
        700..=796 => CENTRAL,
        850..=865 => "America/Phoenix America/Denver",
        832..=838 => MOUNTAIN_PACIFIC,
        889..=898 => PACIFIC,
        800..=884 => MOUNTAIN,
        967..=968 => "Pacific/Honolulu",
        969 => "Pacific/Guam",
        970..=979 => MOUNTAIN_PACIFIC,
        995..=999 => "America/Anchorage America/Adak",
        900..=994 => PACIFIC,
        _ => return None,
    })
}

fn ca_province(province: &str) -> Option<&'static str> {
    Some(match province {
        "NL" => "America/St_Johns America/Goose_Bay",
        "NS" | "NB" | "PE" => "America/Halifax",
        "QC" => "America/Toronto America/Halifax",
        "ON" => "America/Toronto America/Winnipeg",
        "MB" => "America/Winnipeg",
        "SK" => "America/Regina America/Edmonton",
        "AB" => "America/Edmonton",
        "BC" => "America/Vancouver America/Edmonton",
        "NT" => "America/Edmonton",
        "NU" => "America/Iqaluit America/Edmonton",
        "YT" => "America/Whitehorse",
        _ => return None,
    })
}

fn au_state(state: &str) -> Option<&'static str> {
    Some(match state {
        "NSW" | "ACT" => "Australia/Sydney",
        "VIC" => "Australia/Melbourne",
        "QLD" => "Australia/Brisbane",
        "SA" => "Australia/Adelaide",
        "WA" => "Australia/Perth",
        "TAS" => "Australia/Hobart",
        "NT" => "Australia/Darwin",
        _ => return None,
    })
}

/// The zones business is done in; islands far off with few people are left out (the Canary
/// Islands, the Azores and Hawaii's neighbours are not).
fn country_zones(code: &str) -> Option<&'static str> {
    Some(match code {
        "US" => {
            "America/New_York America/Chicago America/Denver America/Los_Angeles America/Anchorage Pacific/Honolulu"
        }
        "CA" => {
            "America/Toronto America/St_Johns America/Halifax America/Winnipeg America/Edmonton America/Vancouver"
        }
        "MX" => "America/Mexico_City America/Tijuana America/Cancun",
        "BR" => "America/Sao_Paulo America/Manaus America/Rio_Branco",
        "AU" => "Australia/Sydney Australia/Brisbane Australia/Adelaide Australia/Perth",
        "AT" => "Europe/Vienna",
        "BE" => "Europe/Brussels",
        "BG" => "Europe/Sofia",
        "CH" | "LI" => "Europe/Zurich",
        "CY" => "Asia/Nicosia",
        "CZ" => "Europe/Prague",
        "DE" => "Europe/Berlin",
        "DK" => "Europe/Copenhagen",
        "EE" => "Europe/Tallinn",
        "ES" => "Europe/Madrid Atlantic/Canary",
        "FI" => "Europe/Helsinki",
        "FR" => "Europe/Paris",
        "GB" => "Europe/London",
        "GR" => "Europe/Athens",
        "HR" => "Europe/Zagreb",
        "HU" => "Europe/Budapest",
        "IE" => "Europe/Dublin",
        "IN" => "Asia/Kolkata",
        "IS" => "Atlantic/Reykjavik",
        "IT" => "Europe/Rome",
        "JP" => "Asia/Tokyo",
        "LT" => "Europe/Vilnius",
        "LU" => "Europe/Luxembourg",
        "LV" => "Europe/Riga",
        "MT" => "Europe/Malta",
        "NL" => "Europe/Amsterdam",
        "NO" => "Europe/Oslo",
        "NZ" => "Pacific/Auckland",
        "PL" => "Europe/Warsaw",
        "PT" => "Europe/Lisbon Atlantic/Azores",
        "RO" => "Europe/Bucharest",
        "SE" => "Europe/Stockholm",
        "SG" => "Asia/Singapore",
        "SI" => "Europe/Ljubljana",
        "SK" => "Europe/Bratislava",
        "ZA" => "Africa/Johannesburg",
        _ => return None,
    })
}
