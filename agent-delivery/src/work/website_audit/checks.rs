//! The measurements: each counts what is as it should be and quotes what is not.

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::page::{BusinessData, Found, PageFacts, PageUrl};
use dealwright_core::party::Country;
use dealwright_core::provenance::{Source, SourceKind};
use dealwright_core::text::Untrusted;

use super::{AuditScope, Check, Evidence, count};
use crate::work::crawl::{Presence, SiteCrawl, Transport, Visit};
use crate::work::listing::{Listing, ListingField, comparable};

/// Characters a title and a description should have.
const TITLE: std::ops::RangeInclusive<usize> = 10..=65;
const DESCRIPTION: std::ops::RangeInclusive<usize> = 50..=160;
/// Bytes of HTML that are still light.
const LIGHT: u64 = 150 * 1024;
/// The most passages that are quoted for one check.
const QUOTED: usize = 8;

/// What a check counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) good: u32,
    pub(super) seen: u32,
    pub(super) evidence: Vec<Evidence>,
}

impl Tally {
    fn add(&mut self, good: bool, page: &PageUrl, passage: impl FnOnce() -> Untrusted<String>) {
        self.seen += 1;
        if good {
            self.good += 1;
        } else if self.evidence.len() < QUOTED {
            self.evidence.push(Evidence {
                page: page.clone(),
                passage: passage().truncated(160),
            });
        }
    }
}

/// Words of ours that stand where a passage is missing.
fn ours(text: impl Into<String>) -> Untrusted<String> {
    Untrusted::new(text.into())
}

/// `None` where the check does not apply to this site.
pub(super) fn measure(
    check: Check,
    crawl: &SiteCrawl,
    pages: &[&PageFacts],
    listings: &[Listing],
    scope: &AuditScope,
) -> Option<Tally> {
    let mut tally = Tally::default();
    let each = |tally: &mut Tally, test: fn(&PageFacts) -> Result<(), Untrusted<String>>| {
        for page in pages {
            let outcome = test(page);
            tally.add(outcome.is_ok(), &page.url, || {
                outcome.err().unwrap_or_default()
            });
        }
    };
    match check {
        Check::Title => each(&mut tally, |page| {
            length(page.title.as_ref(), TITLE, "title")
        }),
        Check::Description => each(&mut tally, |page| {
            length(page.description.as_ref(), DESCRIPTION, "description")
        }),
        Check::Indexable => each(&mut tally, |page| fine(!page.no_index, "noindex")),
        Check::Canonical => each(&mut tally, |page| {
            fine(page.canonical.is_some(), "<link rel=\"canonical\"> –")
        }),
        Check::Headings => each(&mut tally, headings),
        Check::LanguageTag => each(&mut tally, |page| {
            fine(
                page.language.as_ref().is_some_and(|tag| !tag.is_empty()),
                "<html lang> –",
            )
        }),
        Check::Viewport => each(&mut tally, viewport),
        Check::PageWeight => each(&mut tally, |page| {
            fine(
                page.weight <= LIGHT,
                &format!("{} KiB HTML", page.weight / 1024),
            )
        }),
        Check::UniqueTitles => unique_titles(pages, &mut tally),
        Check::AltTexts => alt_texts(pages, &mut tally),
        Check::BrokenLinks => broken_links(crawl, pages, &mut tally),
        Check::RobotsTxt => presence(crawl.robots_txt, crawl, "/robots.txt", &mut tally),
        Check::Sitemap => presence(crawl.sitemap, crawl, "/sitemap.xml", &mut tally),
        Check::Https => https(crawl, &mut tally)?,
        Check::StructuredData => structured_data(crawl, pages, &mut tally),
        Check::ContactData => contact_data(crawl, pages, &mut tally),
        Check::ContactConsistency => contact_consistency(pages, &mut tally),
        Check::ListingConsistency => listing_consistency(pages, listings, &mut tally),
        Check::LanguageVersions => language_versions(crawl, pages, scope, &mut tally),
    }
    Some(tally)
}

fn fine(good: bool, otherwise: &str) -> Result<(), Untrusted<String>> {
    if good { Ok(()) } else { Err(ours(otherwise)) }
}

fn length(
    text: Option<&Untrusted<String>>,
    good: std::ops::RangeInclusive<usize>,
    what: &str,
) -> Result<(), Untrusted<String>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Err(ours(format!("<{what}> –")));
    };
    let characters = text.inspect(|text| text.chars().count());
    if good.contains(&characters) {
        Ok(())
    } else {
        Err(text.clone().map(|text| format!("{characters}: {text}")))
    }
}

/// One main heading, and no level left out on the way down.
fn headings(page: &PageFacts) -> Result<(), Untrusted<String>> {
    let mains = page
        .headings
        .iter()
        .filter(|heading| heading.level == 1)
        .count();
    if mains != 1 {
        return Err(ours(format!("<h1> × {mains}")));
    }
    let mut last = 0;
    for heading in &page.headings {
        if heading.level > last + 1 {
            let (from, to) = (last, heading.level);
            return Err(heading
                .text
                .clone()
                .map(|text| format!("h{from} → h{to}: {text}")));
        }
        last = heading.level;
    }
    Ok(())
}

fn viewport(page: &PageFacts) -> Result<(), Untrusted<String>> {
    match &page.viewport {
        Some(tag) if tag.inspect(|tag| tag.contains("device-width")) => Ok(()),
        Some(tag) => Err(tag.clone()),
        None => Err(ours("<meta name=\"viewport\"> –")),
    }
}

fn unique_titles(pages: &[&PageFacts], tally: &mut Tally) {
    let mut count_of: BTreeMap<&Untrusted<String>, u32> = BTreeMap::new();
    let titled: Vec<_> = pages
        .iter()
        .filter_map(|page| Some((page, page.title.as_ref()?)))
        .collect();
    if titled.len() < 2 {
        return;
    }
    for (_, title) in &titled {
        *count_of.entry(title).or_default() += 1;
    }
    for (page, title) in titled {
        tally.add(count_of.get(title) == Some(&1), &page.url, || title.clone());
    }
}

fn alt_texts(pages: &[&PageFacts], tally: &mut Tally) {
    for page in pages {
        for image in &page.images {
            tally.add(image.alt.is_some(), &page.url, || image.src.clone());
        }
    }
}

/// Only links whose target was looked at count; each pair of page and target once.
fn broken_links(crawl: &SiteCrawl, pages: &[&PageFacts], tally: &mut Tally) {
    for page in pages {
        for link in page.links.iter().filter(|link| link.internal) {
            if let Some(Visit::Answered(answer)) = crawl.visit(&link.to) {
                let status = answer.snapshot().status();
                tally.add(status < 400, &page.url, || {
                    ours(format!("{status}: {}", link.to))
                });
            }
        }
    }
}

fn presence(found: Presence, crawl: &SiteCrawl, path: &str, tally: &mut Tally) {
    if found != Presence::Unknown {
        let page = crawl.start.at_path(path);
        tally.add(found == Presence::Present, &page, || {
            ours(format!("404: {path}"))
        });
    }
}

fn https(crawl: &SiteCrawl, tally: &mut Tally) -> Option<()> {
    let (encrypted, led) = match crawl.transport {
        Transport::Redirects => (true, true),
        Transport::Both => (true, false),
        Transport::HttpOnly => (false, false),
        Transport::Unknown => return None,
    };
    let open = crawl.start.with_https(false);
    tally.add(encrypted, &open, || ours("https –"));
    tally.add(led, &open, || ours("http:// ≠> https://"));
    Some(())
}

/// What a complete description of a local business has.
fn business_parts(business: &BusinessData) -> [(&'static str, bool); 9] {
    let address = &business.address;
    let complete = address.street.is_some() && address.postal_code.is_some();
    [
        ("name", business.name.is_some()),
        ("address", complete && address.locality.is_some()),
        ("telephone", business.telephone.is_some()),
        ("email", business.email.is_some()),
        ("url", business.url.is_some()),
        ("openingHours", !business.opening_hours.is_empty()),
        ("geo", business.geo.is_some()),
        ("image", business.image.is_some()),
        ("description", business.description.is_some()),
    ]
}

fn structured_data(crawl: &SiteCrawl, pages: &[&PageFacts], tally: &mut Tally) {
    if pages.is_empty() {
        return;
    }
    let full = |business: &BusinessData| {
        business_parts(business)
            .into_iter()
            .filter(|(_, there)| *there)
            .count()
    };
    let mut best: Option<(&PageUrl, &BusinessData)> = None;
    for page in pages {
        for business in &page.businesses {
            if best.is_none_or(|(_, known)| full(business) > full(known)) {
                best = Some((&page.url, business));
            }
        }
    }
    let nothing = BusinessData::default();
    let (url, business) = best.unwrap_or((&crawl.start, &nothing));
    for (part, there) in business_parts(business) {
        tally.add(there, url, || ours(format!("LocalBusiness.{part} –")));
    }
    for page in pages.iter().filter(|page| page.broken_json_ld > 0) {
        tally.add(false, &page.url, || ours("application/ld+json: ?"));
    }
}

fn contact_data(crawl: &SiteCrawl, pages: &[&PageFacts], tally: &mut Tally) {
    if pages.is_empty() {
        return;
    }
    let any = |test: fn(&PageFacts) -> bool| pages.iter().any(|page| test(page));
    let address = |page: &PageFacts| {
        !page.addresses.is_empty() || page.businesses.iter().any(|b| !b.address.is_empty())
    };
    for (part, there) in [
        ("tel", any(|page| !page.phones.is_empty())),
        (
            "e-mail",
            any(|page| !page.emails.is_empty() || page.forms.iter().any(|f| f.post)),
        ),
        ("address", any(address)),
    ] {
        tally.add(there, &crawl.start, || ours(format!("{part} –")));
    }
}

/// Every value that a page gives must be the one that most pages give.
fn contact_consistency(pages: &[&PageFacts], tally: &mut Tally) {
    let country = country_of(pages);
    let main = |list: fn(&PageFacts) -> &Vec<Found>, field| {
        let mut values = Vec::new();
        for page in pages {
            if let Some(found) = list(page).first()
                && let Some(form) = comparable(field, &found.value, country)
            {
                values.push((page, found, form));
            }
        }
        values
    };
    for values in [
        main(|page| &page.phones, ListingField::Phone),
        main(|page| &page.emails, ListingField::Email),
    ] {
        let mut votes: BTreeMap<&str, u32> = BTreeMap::new();
        for (_, _, form) in &values {
            *votes.entry(form).or_default() += 1;
        }
        // The most votes, and the first in order among equals.
        let usual = votes.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)));
        let Some((usual, _)) = usual.map(|(form, votes)| ((*form).to_owned(), *votes)) else {
            continue;
        };
        for (page, found, form) in &values {
            tally.add(*form == usual, &page.url, || found.passage.clone());
        }
    }
}

fn country_of(pages: &[&PageFacts]) -> Option<Country> {
    pages
        .iter()
        .flat_map(|page| &page.businesses)
        .find_map(|business| {
            let country = business.address.country.as_ref()?;
            country.inspect(|text| {
                Country::parse(text)
                    .or_else(|_| Country::parse_name(text))
                    .ok()
            })
        })
}

/// The fields that customers use must be in the directories as they are on the site.
fn listing_consistency(pages: &[&PageFacts], listings: &[Listing], tally: &mut Tally) {
    let source = Source::new("site", SourceKind::Website);
    let own: Vec<(&PageUrl, Listing)> = pages
        .iter()
        .filter_map(|page| {
            let at = listings.first()?.retrieved_at();
            Some((&page.url, Listing::of_page(page, source.clone(), at)?))
        })
        .collect();
    let country = country_of(pages).or_else(|| listings.iter().find_map(Listing::country));
    for field in [
        ListingField::Name,
        ListingField::Street,
        ListingField::PostalCode,
        ListingField::Phone,
        ListingField::Email,
        ListingField::Website,
        ListingField::Hours,
    ] {
        // The first page that says it, as of_page orders them.
        let Some((page, mine)) = own.iter().find_map(|(url, listing)| {
            Some((url, comparable(field, listing.value(field)?, country)?))
        }) else {
            continue;
        };
        for listing in listings {
            if let Some(value) = listing.value(field) {
                let same = comparable(field, value, country).as_ref() == Some(&mine);
                let name = listing.source().name();
                tally.add(same, page, || value.clone().map(|v| format!("{name}: {v}")));
            }
        }
    }
}

fn language_versions(
    crawl: &SiteCrawl,
    pages: &[&PageFacts],
    scope: &AuditScope,
    tally: &mut Tally,
) {
    let spoken: BTreeSet<String> = pages
        .iter()
        .filter_map(|page| page.language.as_ref())
        .map(|tag| tag.inspect(|tag| tag.chars().take(2).collect::<String>().to_lowercase()))
        .collect();
    for number in 1..=scope.languages {
        let there = number <= count(spoken.len());
        tally.add(there, &crawl.start, || {
            ours(format!("{} / {}", spoken.len(), scope.languages))
        });
    }
}
