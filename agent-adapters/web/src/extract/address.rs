//! Postal addresses in visible text and in microdata.

use dealwright_core::page::FoundAddress;
use dealwright_core::text::Untrusted;
use scraper::Html;

use super::one;

/// The most addresses that are listed.
const MOST: usize = 10;

/// Addresses marked up as microdata, then those of the text, each once.
pub(super) fn read(document: &Html, lines: &[String]) -> Vec<FoundAddress> {
    let property = |name: &str| {
        let element = one(document, &format!("[itemprop='{name}']"))?;
        let text = super::fold(&element.text().collect::<String>(), 120);
        (!text.is_empty()).then(|| Untrusted::new(text))
    };
    let marked = FoundAddress {
        street: property("streetAddress"),
        postal_code: property("postalCode"),
        locality: property("addressLocality"),
        region: property("addressRegion"),
        country: property("addressCountry"),
    };
    let mut found = Vec::new();
    if !marked.is_empty() {
        found.push(marked);
    }
    for address in of_lines(lines) {
        if !found.contains(&address) && found.len() < MOST {
            found.push(address);
        }
    }
    found
}

/// A code and a town in one part, the street in the part before.
fn of_lines(lines: &[String]) -> Vec<FoundAddress> {
    let parts: Vec<&str> = lines
        .iter()
        .flat_map(|line| line.split([',', '|', '·', '•', ';', '\u{2013}']))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    let mut found = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let before = |steps: usize| at.checked_sub(steps).and_then(|at| parts.get(at)).copied();
        let (code, town, region, back) = if let Some((code, town)) = continental(part) {
            (code, Some(town), None, 1)
        } else if let Some((state, code)) = american(part) {
            (code, before(1), Some(state), 2)
        } else if let Some((town, code)) = british(part) {
            match town {
                "" => (code, before(1), None, 2),
                town => (code, Some(town), None, 1),
            }
        } else {
            continue;
        };
        let text = |text: &str| Untrusted::new(text.to_owned());
        found.push(FoundAddress {
            street: before(back).filter(|street| is_street(street)).map(text),
            postal_code: Some(text(code)),
            locality: town.map(text),
            region: region.map(text),
            country: None,
        });
    }
    found
}

/// `10115 Berlin`, also with `D-` before it and a four-digit code as in Austria.
fn continental(part: &str) -> Option<(&str, &str)> {
    let part = part
        .split_once('-')
        .filter(|(country, _)| (1..=3).contains(&country.len()) && is_upper(country))
        .map_or(part, |(_, rest)| rest);
    let (code, town) = part.split_once(' ')?;
    let town = town.trim();
    let digits = (4..=5).contains(&code.len()) && code.chars().all(|c| c.is_ascii_digit());
    let named = town.chars().next().is_some_and(char::is_uppercase)
        && town.chars().count() <= 40
        && town.split(' ').count() <= 4
        && !town.contains(|c: char| c.is_ascii_digit() || c == ':');
    // Four digits before a word are more often a year.
    let year = code.len() == 4 && (code.starts_with("19") || code.starts_with("20"));
    (digits && named && !year).then_some((code, town))
}

/// `IL 60601`, with or without four more digits.
fn american(part: &str) -> Option<(&str, &str)> {
    let (state, code) = part.split_once(' ')?;
    let code = code.trim();
    let (five, four) = code.split_once('-').unwrap_or((code, "0000"));
    let digits = |text: &str, n| text.len() == n && text.chars().all(|c| c.is_ascii_digit());
    (state.len() == 2 && is_upper(state) && digits(five, 5) && digits(four, 4))
        .then_some((state, code))
}

/// `London SW1A 1AA`, or the code alone.
fn british(part: &str) -> Option<(&str, &str)> {
    let (rest, inward) = part.rsplit_once(' ')?;
    let (town, outward) = rest.rsplit_once(' ').unwrap_or(("", rest));
    let shape = |text: &str| -> String {
        let kind = |c: char| match c {
            '0'..='9' => '9',
            'A'..='Z' => 'A',
            _ => '?',
        };
        text.chars().map(kind).collect()
    };
    let outer = ["A9", "A99", "A9A", "AA9", "AA99", "AA9A"];
    if shape(inward) != "9AA" || !outer.contains(&shape(outward).as_str()) {
        return None;
    }
    let start = part.len() - inward.len() - outward.len() - 1;
    Some((town.trim(), part.get(start..)?))
}

fn is_upper(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase())
}

/// A part with letters and a number in it that is not too long.
fn is_street(text: &str) -> bool {
    let has = |test: fn(char) -> bool| text.chars().any(test);
    text.chars().count() <= 60 && has(char::is_alphabetic) && has(|c| c.is_ascii_digit())
}
