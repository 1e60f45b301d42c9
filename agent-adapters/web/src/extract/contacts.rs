//! E-mail addresses and telephone numbers that stand openly on a page.
//!
//! Disguised addresses (`name (at) host`, entities in a script, pictures) are left
//! disguised: who hides one does not want it collected.

use dealwright_core::page::{Found, FoundIn, PageFacts};
use dealwright_core::party::EmailAddress;
use dealwright_core::text::Untrusted;
use scraper::Html;

use super::all;

/// The most of either that are listed.
const MOST: usize = 50;
/// Characters of a passage on either side.
const AROUND: usize = 60;

/// Words before a number that make it a telephone number.
const CUES: [&str; 12] = [
    "tel", "phone", "fon", "call", "mobil", "ruf", "handy", "tél", "appel", "bel ", "☎", "📞",
];

/// Adds what links and visible text hold; a value counts once, links first.
pub(super) fn read(document: &Html, lines: &[String], facts: &mut PageFacts) {
    for anchor in all(document, "a[href]") {
        let href = anchor.attr("href").unwrap_or_default().trim();
        let passage = anchor.text().collect::<String>();
        if let Some(rest) = strip_scheme(href, "mailto:") {
            let address = decode(rest.split('?').next().unwrap_or_default());
            for one in address.split(',') {
                push_email(&mut facts.emails, one.trim(), &passage, FoundIn::Link);
            }
        } else if let Some(number) = strip_scheme(href, "tel:") {
            push_phone(&mut facts.phones, &decode(number), &passage, FoundIn::Link);
        }
    }
    for line in lines {
        for (at, _) in line.match_indices('@') {
            if let Some(address) = address_around(line, at) {
                let passage = passage(line, at);
                push_email(&mut facts.emails, address, &passage, FoundIn::Text);
            }
        }
        for (at, number) in numbers(line) {
            let passage = passage(line, at);
            push_phone(&mut facts.phones, number, &passage, FoundIn::Text);
        }
    }
}

/// Whether a text is an address and nothing else.
pub(super) fn is_email(text: &Untrusted<String>) -> bool {
    text.parse::<EmailAddress>().is_ok()
}

fn strip_scheme<'a>(href: &'a str, scheme: &str) -> Option<&'a str> {
    let head = href.get(..scheme.len())?;
    head.eq_ignore_ascii_case(scheme)
        .then(|| href.get(scheme.len()..).unwrap_or_default())
}

fn push_email(list: &mut Vec<Found>, address: &str, passage: &str, place: FoundIn) {
    let value = Untrusted::new(address.to_owned());
    let fold = |found: &Found| found.value.inspect(|v| v.to_lowercase());
    let known = list
        .iter()
        .any(|found| fold(found) == address.to_lowercase());
    if is_email(&value) && !known && list.len() < MOST {
        list.push(Found {
            value,
            passage: super::line(passage),
            place,
        });
    }
}

fn push_phone(list: &mut Vec<Found>, number: &str, passage: &str, place: FoundIn) {
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let own = digits(number);
    let tail = own.get(own.len().saturating_sub(7)..).unwrap_or_default();
    let known = list
        .iter()
        .any(|found| found.value.inspect(|v| digits(v).ends_with(tail)));
    if (7..=15).contains(&own.len()) && !known && list.len() < MOST {
        list.push(Found {
            value: super::line(number),
            passage: super::line(passage),
            place,
        });
    }
}

/// The address around an `@`: the parser of addresses has the last word.
fn address_around(line: &str, at: usize) -> Option<&str> {
    let local = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    let domain = |c: char| c.is_alphanumeric() || ".-".contains(c);
    let (before, after) = (line.get(..at)?, line.get(at + 1..)?);
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, c)| local(*c))
        .last()
        .map(|(start, _)| start)?;
    let length = after.find(|c: char| !domain(c)).unwrap_or(after.len());
    let whole = line.get(start..at + 1 + length)?;
    Some(whole.trim_matches(|c| ".-_%+".contains(c)))
}

/// Runs of digits and the signs between them that read like a telephone number: they
/// begin with `+`, or a word before them says what they are.
fn numbers(line: &str) -> Vec<(usize, &str)> {
    let inner = |c: char| c.is_ascii_digit() || " -/().\u{a0}".contains(c);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(step) = line
        .get(from..)
        .and_then(|rest| rest.find(|c: char| c.is_ascii_digit() || c == '+' || c == '('))
    {
        let start = from + step;
        let rest = line.get(start..).unwrap_or_default();
        let skip = usize::from(rest.starts_with('+'));
        let length = rest
            .get(skip..)
            .and_then(|tail| tail.find(|c| !inner(c)))
            .map_or(rest.len(), |end| end + skip)
            .max(1);
        from = start + length;
        let number = rest.get(..length).unwrap_or_default();
        let number = number.trim_end_matches(|c: char| !c.is_ascii_digit());
        let before = line.get(..start).unwrap_or_default();
        let glued = before.ends_with(char::is_alphanumeric);
        if !glued && (number.starts_with('+') || has_cue(before)) {
            found.push((start, number));
        }
    }
    found
}

fn has_cue(before: &str) -> bool {
    let mut near: Vec<char> = before.chars().rev().take(20).collect();
    near.reverse();
    let near = near.into_iter().collect::<String>().to_lowercase();
    // What is closest decides: "Tel 1, Fax 2".
    let cue = CUES.iter().filter_map(|cue| near.rfind(cue)).max();
    match (cue, near.rfind("fax")) {
        (Some(cue), Some(fax)) => cue > fax,
        (cue, _) => cue.is_some(),
    }
}

/// The characters around a place.
fn passage(line: &str, at: usize) -> String {
    let before: Vec<char> = line
        .get(..at)
        .unwrap_or_default()
        .chars()
        .rev()
        .take(AROUND)
        .collect();
    let after = line.get(at..).unwrap_or_default().chars().take(AROUND + 40);
    before.into_iter().rev().chain(after).collect()
}

/// Decodes percent signs where they hide UTF-8.
fn decode(text: &str) -> String {
    let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        let pair = (digit(bytes.get(at + 1)), digit(bytes.get(at + 2)));
        at += 1;
        match (byte, pair) {
            (b'%', (Some(high), Some(low))) => {
                out.extend(u8::try_from(high * 16 + low));
                at += 2;
            }
            _ => out.push(*byte),
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}
