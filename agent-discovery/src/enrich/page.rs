use std::collections::BTreeSet;

use dealwright_core::page::{FoundIn, Page, PageFacts, PageUrl};
use dealwright_core::party::{Country, DomainName};
use dealwright_core::personal::Personal;
use dealwright_core::provenance::{Confidence, Source, SourceKind};
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;

use super::{EnrichField, FieldValue, Found};

/// The most characters kept of a passage.
const PASSAGE: usize = 160;
/// How sure a page is of what stands in a link, in its text, in its structured data.
const LINK: u8 = 85;
const TEXT: u8 = 80;
const DATA: u8 = 80;
/// What an address of the site's own domain is surer than any other on it.
const OWN: u8 = 10;

/// What a firm's own page says of it: every valid value with its passage, the same value once for
/// each place it stands in. Structured data and visible text are statements of their own, so a
/// page that contradicts itself is seen to.
///
/// A page that another domain answered for is read as that domain's: nothing on it is taken for
/// the firm's.
#[must_use]
pub fn read_page(
    page: &Page,
    domain: &DomainName,
    home: Option<Country>,
    subject: &str,
    at: Timestamp,
) -> Vec<Found> {
    let Some(facts) = page.facts() else {
        return Vec::new();
    };
    let answered = DomainName::of_url(page.snapshot().url().as_str()).ok();
    if answered.is_some_and(|other| !same_site(&other, domain)) {
        return Vec::new();
    }
    let mut reader = Reader {
        url: &facts.url,
        domain,
        home,
        subject,
        at,
        found: Vec::new(),
        seen: BTreeSet::new(),
    };
    reader.visible(facts);
    reader.data(facts);
    reader.found
}

fn same_site(one: &DomainName, other: &DomainName) -> bool {
    one.site() == other.site() || one.same_owner(other)
}

struct Reader<'a> {
    url: &'a PageUrl,
    domain: &'a DomainName,
    home: Option<Country>,
    subject: &'a str,
    at: Timestamp,
    found: Vec<Found>,
    seen: BTreeSet<(EnrichField, &'static str)>,
}

impl Reader<'_> {
    fn visible(&mut self, facts: &PageFacts) {
        // An address of the site's own domain speaks for the firm before any other on the page.
        let mut emails: Vec<_> = facts.emails.iter().collect();
        let own = |value: &Untrusted<String>| {
            value
                .parse::<dealwright_core::party::EmailAddress>()
                .is_ok_and(|email| same_site(email.domain(), self.domain))
        };
        emails.sort_by_key(|found| (!own(&found.value), found.place));
        for found in emails {
            let sure = sureness(found.place) + if own(&found.value) { OWN } else { 0 };
            self.take(
                EnrichField::Email,
                &found.value,
                found.place,
                sure,
                Some(&found.passage),
            );
        }
        for found in &facts.phones {
            let sure = sureness(found.place);
            self.take(
                EnrichField::Phone,
                &found.value,
                found.place,
                sure,
                Some(&found.passage),
            );
        }
        for address in &facts.addresses {
            if let (Some(street), Some(code)) = (&address.street, &address.postal_code) {
                self.take(EnrichField::Street, street, FoundIn::Text, TEXT - 10, None);
                self.take(
                    EnrichField::PostalCode,
                    code,
                    FoundIn::Text,
                    TEXT - 10,
                    None,
                );
            }
        }
    }

    fn data(&mut self, facts: &PageFacts) {
        let Some(business) = facts.businesses.first() else {
            return;
        };
        let data = FoundIn::StructuredData;
        let address = &business.address;
        let fields = [
            (EnrichField::Name, &business.name),
            (EnrichField::Email, &business.email),
            (EnrichField::Phone, &business.telephone),
            (EnrichField::Street, &address.street),
            (EnrichField::PostalCode, &address.postal_code),
            (EnrichField::Locality, &address.locality),
            (EnrichField::Country, &address.country),
        ];
        for (field, value) in fields {
            if let Some(value) = value {
                self.take(field, value, data, DATA, None);
            }
        }
    }

    /// Keeps the first valid value of a field in each place.
    fn take(
        &mut self,
        field: EnrichField,
        value: &Untrusted<String>,
        place: FoundIn,
        sure: u8,
        passage: Option<&Untrusted<String>>,
    ) {
        let place = word(place);
        if self.seen.contains(&(field, place)) {
            return;
        }
        let Ok(parsed) = FieldValue::read(field, value, self.home, self.subject) else {
            return;
        };
        self.seen.insert((field, place));
        let passage = passage.unwrap_or(value).truncated(PASSAGE);
        self.found.push(Found {
            value: parsed,
            source: Source::new(self.domain.as_str(), SourceKind::Website)
                .with_url(format!("{}#{place}", self.url.as_str())),
            retrieved_at: self.at,
            confidence: Confidence::saturating(sure),
            passage: Some(Personal::new(passage, self.subject)),
        });
    }
}

fn sureness(place: FoundIn) -> u8 {
    match place {
        FoundIn::Link => LINK,
        FoundIn::StructuredData => DATA,
        _ => TEXT,
    }
}

fn word(place: FoundIn) -> &'static str {
    match place {
        FoundIn::Link => "link",
        FoundIn::StructuredData => "structured-data",
        _ => "text",
    }
}
