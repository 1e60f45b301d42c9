//! When two ways to write a value mean the same.

use std::collections::BTreeMap;

use dealwright_core::party::{Country, EmailAddress, PhoneNumber};
use dealwright_core::text::Untrusted;

use super::ListingField;

/// The form in which two values of a field are compared; `None` where the value is no
/// value of the field at all, such as a telephone number without digits.
///
/// Case, punctuation, abbreviations of street, legal forms, a leading `www.` and the ways
/// to write a telephone number do not matter.
#[must_use]
pub fn comparable(
    field: ListingField,
    value: &Untrusted<String>,
    country: Option<Country>,
) -> Option<String> {
    let form = value.inspect(|text| match field {
        ListingField::Name => name(text),
        ListingField::Street => street(text),
        ListingField::Phone => phone(text, country),
        ListingField::Email => EmailAddress::parse(text.trim())
            .map(|mail| mail.as_str().to_lowercase())
            .unwrap_or_default(),
        ListingField::Website => website(text),
        ListingField::Hours => hours(text),
        ListingField::Country => Country::parse(text.trim())
            .or_else(|_| Country::parse_name(text))
            .map(|country| country.to_string())
            .unwrap_or_default(),
        ListingField::PostalCode => letters(text).replace(' ', ""),
        ListingField::City | ListingField::Region | ListingField::Category => letters(text),
    });
    (!form.is_empty()).then_some(form)
}

/// Lower-case letters and digits, words parted by one blank, umlauts as ASCII writes them.
fn letters(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            'é' | 'è' | 'ê' => out.push('e'),
            'á' | 'à' | 'â' => out.push('a'),
            '\'' | '\u{2019}' => {}
            c if c.is_alphanumeric() => out.push(c),
            _ if out.ends_with(' ') || out.is_empty() => {}
            _ => out.push(' '),
        }
    }
    out.trim_end().to_owned()
}

fn name(text: &str) -> String {
    const FORMS: [&str; 16] = [
        "gmbh", "ug", "ag", "kg", "ohg", "gbr", "ek", "mbh", "inc", "llc", "ltd", "limited", "plc",
        "corp", "co", "und",
    ];
    let letters = letters(&text.replace("e.K.", "ek").replace('&', " und "));
    let kept: Vec<&str> = letters
        .split(' ')
        .filter(|word| !FORMS.contains(word))
        .collect();
    if kept.is_empty() {
        letters
    } else {
        kept.join(" ")
    }
}

fn street(text: &str) -> String {
    let words = letters(text);
    let words = words.split(' ').map(|word| match word {
        "st" | "street" => "street".to_owned(),
        "ave" | "av" | "avenue" => "avenue".to_owned(),
        "rd" | "road" => "road".to_owned(),
        "blvd" | "boulevard" => "boulevard".to_owned(),
        "n" | "north" => "north".to_owned(),
        "s" | "south" => "south".to_owned(),
        "w" | "west" => "west".to_owned(),
        "e" | "east" => "east".to_owned(),
        "str" | "strasse" => "strasse".to_owned(),
        word => match word.strip_suffix("str") {
            Some(stem) if stem.len() > 2 => format!("{stem}strasse"),
            _ => word.to_owned(),
        },
    });
    words
        .collect::<Vec<_>>()
        .join(" ")
        .replace(" strasse", "strasse")
}

/// The international form where the country is known, else the last nine digits.
fn phone(text: &str, country: Option<Country>) -> String {
    if let Ok(number) = PhoneNumber::parse(text.trim(), country)
        && number.is_international()
    {
        return number.as_str().to_owned();
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let tail = digits.len().saturating_sub(9);
    if digits.len() < 7 {
        return String::new();
    }
    digits.get(tail..).unwrap_or_default().to_owned()
}

fn website(text: &str) -> String {
    let text = text.trim().to_lowercase();
    let rest = text
        .split_once("://")
        .map_or(text.as_str(), |(_, rest)| rest);
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    let rest = rest.trim_end_matches('/');
    if rest.contains('.') && !rest.contains(' ') {
        rest.to_owned()
    } else {
        String::new()
    }
}

/// Opening hours day by day, `mo 0800-1800`, whatever way they were grouped.
fn hours(text: &str) -> String {
    match week(text) {
        Some(week) => {
            let open = week.iter().map(|(day, spans)| {
                let name = DAYS.get(*day).map_or("", |(short, _)| *short);
                format!("{name} {}", spans.join(","))
            });
            open.collect::<Vec<_>>().join(";")
        }
        None => letters(text),
    }
}

/// The short names that are written out, and the ways to write a day.
const DAYS: [(&str, [&str; 6]); 7] = [
    ("mo", ["mo", "mon", "monday", "montag", "lu", "lundi"]),
    ("tu", ["tu", "tue", "tuesday", "di", "dienstag", "tues"]),
    ("we", ["we", "wed", "wednesday", "mi", "mittwoch", "weds"]),
    ("th", ["th", "thu", "thursday", "do", "donnerstag", "thur"]),
    ("fr", ["fr", "fri", "friday", "freitag", "vendredi", "frei"]),
    ("sa", ["sa", "sat", "saturday", "samstag", "samedi", "sams"]),
    ("su", ["su", "sun", "sunday", "so", "sonntag", "dimanche"]),
];

/// Reads `Mo-Fr 08:00-18:00; Sa 9-13`; `None` where any part has another form.
fn week(text: &str) -> Option<BTreeMap<usize, Vec<String>>> {
    let mut week: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let text = text.to_lowercase().replace(['\u{2013}', '\u{2014}'], "-");
    let text = text
        .replace(" - ", "-")
        .replace(" uhr", "")
        .replace(": ", " ");
    for part in text
        .split([';', '|', '\n'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let at = part.find(|c: char| c.is_ascii_digit())?;
        let (days, times) = (part.get(..at)?.trim(), part.get(at..)?);
        let mut chosen = Vec::new();
        for run in days.split(',').map(str::trim).filter(|run| !run.is_empty()) {
            let (first, last) = run.split_once('-').unwrap_or((run, run));
            let (first, last) = (day(first)?, day(last)?);
            let count = (last + 7 - first) % 7;
            chosen.extend((0..=count).map(|step| (first + step) % 7));
        }
        let mut spans = Vec::new();
        for span in times.split(',') {
            let (from, to) = span.split_once('-')?;
            spans.push(format!("{}-{}", clock(from)?, clock(to)?));
        }
        if chosen.is_empty() {
            return None;
        }
        for day in chosen {
            week.entry(day).or_default().extend(spans.iter().cloned());
        }
    }
    for spans in week.values_mut() {
        spans.sort();
        spans.dedup();
    }
    (!week.is_empty()).then_some(week)
}

fn day(text: &str) -> Option<usize> {
    let text = text.trim().trim_end_matches('.');
    DAYS.iter().position(|(_, names)| names.contains(&text))
}

/// `8`, `8:30`, `08.30` or `5pm` as four digits.
fn clock(text: &str) -> Option<String> {
    let text = text.trim();
    let (text, later) = match (text.strip_suffix("pm"), text.strip_suffix("am")) {
        (Some(rest), _) => (rest.trim(), 12),
        (_, Some(rest)) => (rest.trim(), 0),
        _ => (text, 0),
    };
    let (hour, minute) = text.split_once([':', '.']).unwrap_or((text, "0"));
    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = if later == 12 && hour < 12 {
        hour + 12
    } else {
        hour
    };
    (hour <= 24 && minute < 60).then(|| format!("{hour:02}{minute:02}"))
}

/// Opening hours in schema.org's short form, grouped by equal days, where they can be
/// read: `Mo-Fr 08:00-18:00`.
#[must_use]
pub fn opening_hours(value: &Untrusted<String>) -> Option<Vec<String>> {
    let week = value.inspect(|text| week(text))?;
    let title = |day: usize| {
        let short = DAYS.get(day).map_or("", |(short, _)| *short);
        let (first, rest) = short.split_at(short.len().min(1));
        format!("{}{rest}", first.to_uppercase())
    };
    let colon = |span: &String| {
        let part = |text: &str| {
            let (hour, minute) = text.split_at(text.len().min(2));
            format!("{hour}:{minute}")
        };
        let (from, to) = span.split_once('-').unwrap_or_default();
        format!("{}-{}", part(from), part(to))
    };
    let mut groups: Vec<(usize, usize, &Vec<String>)> = Vec::new();
    for (day, spans) in &week {
        match groups.last_mut() {
            Some((_, last, same)) if *last + 1 == *day && *same == spans => *last = *day,
            _ => groups.push((*day, *day, spans)),
        }
    }
    let mut lines = Vec::new();
    for (first, last, spans) in groups {
        let days = match first == last {
            true => title(first),
            false => format!("{}-{}", title(first), title(last)),
        };
        lines.extend(spans.iter().map(|span| format!("{days} {}", colon(span))));
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(field: ListingField, text: &str) -> Option<String> {
        let germany = Country::parse("DE").ok();
        comparable(field, &Untrusted::new(text.to_owned()), germany)
    }

    #[test]
    fn ways_to_write_one_value_are_equal() {
        use ListingField::*;
        for (field, one, other) in [
            (Name, "Bäckerei Amsel GmbH", "BAECKEREI AMSEL"),
            (Name, "Amsel & Star", "Amsel und Star"),
            (Street, "Lindenstr. 4", "Lindenstraße 4"),
            (Street, "Linden Str. 4", "Lindenstrasse 4"),
            (Street, "12 N. Elm St.", "12 North Elm Street"),
            (Phone, "030 23125 101", "+49 30 23125-101"),
            (Email, "Info@Amsel.example", "info@amsel.example"),
            (
                Website,
                "https://www.amsel.example/",
                "http://amsel.example",
            ),
            (PostalCode, "SW1A 1AA", "sw1a1aa"),
            (
                Hours,
                "Mo-Fr 8-18; Sa 9:00-13:00",
                "Mo-Fr 08:00-18:00; Sa 09.00 – 13.00 Uhr",
            ),
            (Hours, "Mon-Tue 9am-5pm", "Mo,Di 09:00-17:00"),
            (Country, "Germany", "DE"),
        ] {
            assert_eq!(form(field, one), form(field, other), "{one} / {other}");
            assert!(form(field, one).is_some(), "{one}");
        }
        assert_ne!(form(Street, "Lindenstr. 4"), form(Street, "Lindenstr. 40"));
        assert_ne!(form(Hours, "Mo-Fr 8-18"), form(Hours, "Mo-Fr 8-17"));
    }

    #[test]
    fn what_is_no_value_has_no_form() {
        use ListingField::*;
        for (field, text) in [
            (Phone, "on request"),
            (Email, "none"),
            (Website, "n/a"),
            (Name, "--"),
        ] {
            assert_eq!(form(field, text), None, "{text}");
        }
    }

    #[test]
    fn hours_are_grouped_by_equal_days() {
        let hours = |text: &str| opening_hours(&Untrusted::new(text.to_owned()));
        assert_eq!(
            hours("Mo 8-12, 14-18; Di 8-12,14-18; Mi 8-12").unwrap(),
            ["Mo-Tu 08:00-12:00", "Mo-Tu 14:00-18:00", "We 08:00-12:00"]
        );
        assert_eq!(hours("by appointment"), None);
    }
}
