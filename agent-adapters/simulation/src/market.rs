//! The leads of a seed: who they are, what directories say of them, and when they come in.

use chrono::Duration;
use dealwright_core::id::LeadId;
use dealwright_core::page::SourceName;
use dealwright_core::party::{Country, DomainName, EmailAddress, LegalForm, PhoneNumber};
use dealwright_core::personal::Personal;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use dealwright_discovery::lead::{Inquiry, IntakeRecord};

use crate::SeededRng;
use crate::world::start;

const TRADES: [&str; 8] = [
    "Bakery", "Cafe", "Dental", "Florist", "Joinery", "Cycles", "Books", "Garden",
];
const NAMES: [&str; 12] = [
    "Amsel", "Birch", "Cedar", "Dorn", "Elm", "Falcon", "Ginkgo", "Hazel", "Iris", "Juniper",
    "Kestrel", "Linden",
];
const PLACES: [(&str, &str, &str, &str); 5] = [
    ("US", "Springfield", "62701", "America/Chicago"),
    ("FR", "Lyon", "69001", "Europe/Paris"),
    ("GB", "Leeds", "LS1 1AA", "Europe/London"),
    ("DE", "Leipzig", "04103", "Europe/Berlin"),
    ("US", "Portland", "97201", "America/Los_Angeles"),
];

/// The leads of a seed: who they are, and when they come in. About every other lead stands in a
/// second directory too, some in a third; those are read first, know no address, and are often
/// outdated.
#[must_use]
pub fn market(rng: SeededRng, leads: u32, days: u32) -> Vec<(LeadId, IntakeRecord, Timestamp)> {
    (0..leads)
        .filter_map(|n| lead(rng, n, days))
        .flatten()
        .collect()
}

fn lead(rng: SeededRng, n: u32, days: u32) -> Option<Vec<(LeadId, IntakeRecord, Timestamp)>> {
    let key = n.to_string();
    let pick =
        |what: &str, of: usize| usize::try_from(rng.below(of as u64, &[what, &key])).unwrap_or(0);
    let trade = TRADES.get(pick("trade", TRADES.len()))?;
    let name = NAMES.get(pick("name", NAMES.len()))?;
    let place = PLACES.get(pick("place", PLACES.len()))?;
    let domain = DomainName::parse(&format!(
        "{}-{}-{n}.example",
        name.to_lowercase(),
        trade.to_lowercase()
    ))
    .ok()?;
    let subject = format!("person-{n}");
    let window = u64::from(days.max(3) / 3) * 24 * 60;
    let minutes = i64::try_from(rng.below(window, &["when", &key])).unwrap_or(0);
    let at = start() + Duration::minutes(minutes);
    let street = format!("{} Example Street", n + 1);
    let country = Country::parse(place.0).ok();
    let phone = |text: Option<String>| {
        text.and_then(|t| PhoneNumber::parse(&t, country).ok())
            .map(|p| Personal::new(p, subject.clone()))
    };
    let listed = |source: &str, row: String| -> Option<IntakeRecord> {
        let mut record = IntakeRecord::new(SourceName::parse(source).ok()?, row, start());
        record.name = Some(match rng.chance(40, &["gap", &key]) {
            // A directory whose own template was never filled in.
            true => format!("{name} {{{{trade}}}} {n} Ltd"),
            false => format!("{name} {trade} {n} Ltd"),
        });
        record.phone = phone(phone_of(rng, &domain));
        record.street = Some(street.clone());
        record.locality = Some(place.1.to_owned());
        record.postal_code = Some(place.2.to_owned());
        record.country = country;
        record.sector = Some(trade.to_lowercase());
        record.legal_form = LegalForm::from_name("Example Ltd");
        record.contact_allowed = true;
        Some(record)
    };
    let mut main = listed("example-directory", format!("row-{n}"))?;
    main.email = EmailAddress::parse(&format!("office@{}", domain.as_str()))
        .ok()
        .map(|e| Personal::new(e, subject.clone()));
    main.website = Some(domain.clone());
    main.zone = Some(place.3.to_owned());
    main.facts.insert("street".to_owned(), street.clone());
    main.facts
        .insert("postal-code".to_owned(), place.2.to_owned());
    main.source_notice = "We found your address in the Example Directory.".to_owned();
    if rng.chance(150, &["inquiry", &key]) {
        main.inquiry = Some(Inquiry {
            at: start(),
            text: Personal::new(
                Untrusted::new("Our opening hours are wrong everywhere.".to_owned()),
                subject.clone(),
            ),
        });
        main.facts.insert("asked".to_owned(), "yes".to_owned());
    }
    let id = LeadId::derive(&[main.natural_key().as_bytes()]);
    let mut found = Vec::new();
    for (source, per_mille, before) in [("town-guide", 500, 40), ("web-register", 200, 20)] {
        if !rng.chance(per_mille, &[source, &key]) {
            continue;
        }
        let mut other = listed(source, format!("entry-{n}"))?;
        other.source_notice = format!("We found you in the {source}.");
        if rng.chance(500, &[source, "phone", &key]) {
            other.phone = phone(old_phone(rng, &domain));
        }
        if rng.chance(350, &[source, "street", &key]) {
            other.street = Some(format!("{} Exmaple Street", n + 1));
        }
        if rng.chance(200, &[source, "moved", &key]) {
            other.street = Some(format!("{} Former Road", n + 7));
        }
        found.push((id, other, at - Duration::minutes(before)));
    }
    found.push((id, main, at));
    Some(found)
}

/// What a client who comes back writes, as a record of its own.
pub(crate) fn comes_back(first: &IntakeRecord, at: Timestamp) -> Option<IntakeRecord> {
    let mut again = first.clone();
    again.source = SourceName::parse("own-inbox").ok()?;
    again.key = format!("{}-again", first.key);
    again.read_at = at;
    let subject = first.email.as_ref()?.subject().to_owned();
    again.inquiry = Some(Inquiry {
        at,
        text: Personal::new(
            Untrusted::new("We would like to work with you again.".to_owned()),
            subject,
        ),
    });
    again.facts.insert("asked".to_owned(), "yes".to_owned());
    Some(again)
}

/// The business that a domain's first label names: `amsel-bakery-7.example` is Amsel Bakery 7 Ltd.
pub(crate) fn spoken_name(domain: &str) -> String {
    let label = domain.split('.').next().unwrap_or(domain);
    let words = label.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect()
        })
    });
    let mut name: Vec<String> = words.collect();
    name.push("Ltd".to_owned());
    name.join(" ")
}

/// The number that belongs to a domain, from the ranges kept free for stories.
pub(crate) fn phone_of(rng: SeededRng, domain: &DomainName) -> Option<String> {
    number(rng, "phone", domain)
}

fn old_phone(rng: SeededRng, domain: &DomainName) -> Option<String> {
    number(rng, "old phone", domain)
}

fn number(rng: SeededRng, what: &str, domain: &DomainName) -> Option<String> {
    let n = rng.below(1_000, &[what, domain.as_str()]);
    Some(match rng.below(2, &["range", domain.as_str()]) {
        0 => format!("+49 30 23125 {n:03}"),
        _ => format!("+44 20 7946 0{n:03}"),
    })
}

/// The `n`-th bakery of a directory whose terms allow writing to it, from 1, reached at `address`:
/// for tests that need a lead and no market. `None` where the directory's name is none.
#[must_use]
pub fn bakery(n: u32, address: &EmailAddress) -> Option<IntakeRecord> {
    let source = SourceName::parse("example-directory").ok()?;
    let mut record = IntakeRecord::new(source, format!("row-{n}"), start());
    let names = ["Amsel", "Birke", "Cedar", "Drossel"];
    let name = names
        .iter()
        .cycle()
        .nth(usize::try_from(n.max(1) - 1).ok()?)?;
    let street = format!("{n} Example Street");
    record.name = Some(format!("{name} Bakery Ltd"));
    record.email = Some(Personal::new(address.clone(), format!("person-{n}")));
    record.street = Some(street.clone());
    record.locality = Some("Springfield".to_owned());
    record.postal_code = Some("62701".to_owned());
    record.country = Country::parse("US").ok();
    record.zone = Some("America/Chicago".to_owned());
    record.sector = Some("bakery".to_owned());
    record.legal_form = LegalForm::from_name("Example Ltd");
    record.source_notice = "We found your address in the Example Directory.".to_owned();
    record.contact_allowed = true;
    record.facts.insert("street".to_owned(), street);
    record
        .facts
        .insert("postal-code".to_owned(), "62701".to_owned());
    Some(record)
}
