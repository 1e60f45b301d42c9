use dealwright_core::document::{DocumentRenderer as _, Format, Meta, PlainRenderer};
use dealwright_core::page::{
    BusinessData, Found, FoundIn, Heading, ImageFacts, Link, Page, PageFacts, Snapshot,
};
use dealwright_core::party::Language;
use dealwright_core::provenance::{Confidence, Source, SourceKind};
use dealwright_core::time::Timestamp;

use super::*;
use crate::work::crawl::{Presence, Transport, Visit};
use crate::work::listing::ListingField;

fn text(text: &str) -> Untrusted<String> {
    Untrusted::new(text.to_owned())
}

fn url(path: &str) -> PageUrl {
    PageUrl::parse(&format!("https://amsel.example{path}")).unwrap()
}

fn found(value: &str) -> Found {
    Found {
        value: text(value),
        passage: text(&format!("Tel. {value}")),
        place: FoundIn::Text,
    }
}

/// A page that has everything.
fn good_page(path: &str, title: &str) -> PageFacts {
    let mut facts = PageFacts::empty(url(path), 200, 20_000);
    facts.language = Some(text("de"));
    facts.title = Some(text(title));
    facts.description = Some(text(
        &"Wir backen seit 1974 mit eigenem Sauerteig in Berlin. ".repeat(2),
    ));
    facts.viewport = Some(text("width=device-width, initial-scale=1"));
    facts.canonical = Some(url(path));
    facts.headings = [(1, "Brot"), (2, "Preise"), (3, "Kuchen"), (2, "Zeiten")]
        .map(|(level, words)| Heading {
            level,
            text: text(words),
        })
        .into();
    facts.images = vec![ImageFacts {
        src: text("/brot.jpg"),
        alt: Some(text("Brot")),
    }];
    facts.phones = vec![found("+49 30 23125 101")];
    facts.emails = vec![found("info@amsel.example")];
    facts.businesses = BusinessData::all_from_json_ld(&serde_json::json!({
        "@type": "Bakery", "name": "Bäckerei Amsel", "telephone": "+49 30 23125 101",
        "email": "info@amsel.example", "url": "https://amsel.example/", "image": "/brot.jpg",
        "description": "Brot", "openingHours": "Mo-Fr 06:00-18:00",
        "geo": {"latitude": "52.5", "longitude": "13.4"},
        "address": {"streetAddress": "Lindenweg 4", "postalCode": "10115",
                    "addressLocality": "Berlin", "addressCountry": "DE"}
    }));
    facts
}

fn crawl_of(pages: Vec<PageFacts>) -> SiteCrawl {
    let mut crawl = SiteCrawl::new(url("/"));
    crawl.robots_txt = Presence::Present;
    crawl.sitemap = Presence::Present;
    crawl.transport = Transport::Redirects;
    for facts in pages {
        let at = facts.url.clone();
        let snapshot = Snapshot::new(at.clone(), 200, String::new(), Timestamp::UNIX_EPOCH);
        let visit = Visit::Answered(Box::new(Page::new(snapshot, Some(facts))));
        crawl.visits.insert(at, visit);
    }
    crawl
}

fn good_site() -> SiteCrawl {
    crawl_of(vec![
        good_page("/", "Bäckerei Amsel in Berlin"),
        good_page("/kontakt", "Kontakt zur Bäckerei Amsel"),
    ])
}

fn result(audit: &Audit, check: Check) -> &CheckResult {
    audit
        .results
        .iter()
        .find(|result| result.check == check)
        .unwrap()
}

#[test]
fn a_good_site_gets_all_points() {
    let audit = audit(&good_site(), &[], &AuditScope::default());
    let poor: Vec<_> = audit
        .results
        .iter()
        .filter(|r| r.verdict != Verdict::Pass)
        .collect();
    assert!(poor.is_empty(), "{poor:?}");
    assert_eq!(audit.score, 100);
    assert!(audit.recommendations.is_empty());
}

/// Spoils one thing; exactly the check about it must notice.
#[test]
fn each_fault_is_noticed_by_its_check() {
    type Spoil = fn(&mut SiteCrawl, &mut PageFacts);
    let faults: [(Check, Spoil); 17] = [
        (Check::Title, |_, page| page.title = Some(text("Home"))),
        (Check::Description, |_, page| page.description = None),
        (Check::UniqueTitles, |_, page| {
            page.title = Some(text("Kontakt zur Bäckerei Amsel"))
        }),
        (Check::Indexable, |_, page| page.no_index = true),
        (Check::Canonical, |_, page| page.canonical = None),
        (Check::Sitemap, |crawl, _| crawl.sitemap = Presence::Absent),
        (Check::RobotsTxt, |crawl, _| {
            crawl.robots_txt = Presence::Absent
        }),
        (Check::StructuredData, |_, page| page.broken_json_ld = 1),
        (Check::Headings, |_, page| {
            page.headings.remove(1);
        }),
        (Check::LanguageTag, |_, page| page.language = None),
        (Check::AltTexts, |_, page| page.images[0].alt = None),
        (Check::Viewport, |_, page| {
            page.viewport = Some(text("width=1024"))
        }),
        (Check::ContactConsistency, |_, page| {
            page.phones = vec![found("+49 30 23125 999")]
        }),
        (Check::Https, |crawl, _| crawl.transport = Transport::Both),
        (Check::PageWeight, |_, page| page.weight = 400 * 1024),
        (Check::BrokenLinks, |crawl, page| {
            let gone = url("/alt");
            let snapshot = Snapshot::new(gone.clone(), 404, String::new(), Timestamp::UNIX_EPOCH);
            let visit = Visit::Answered(Box::new(Page::new(snapshot, None)));
            crawl.visits.insert(gone.clone(), visit);
            page.links.push(Link {
                to: gone,
                text: text("alt"),
                internal: true,
                nofollow: false,
            });
        }),
        (Check::Https, |crawl, _| {
            crawl.transport = Transport::HttpOnly
        }),
    ];
    for (check, spoil) in faults {
        let mut crawl = good_site();
        let mut page = good_page("/", "Bäckerei Amsel in Berlin");
        spoil(&mut crawl, &mut page);
        let other = crawl_of(vec![page]);
        crawl.visits.extend(other.visits);
        let audit = audit(&crawl, &[], &AuditScope::default());
        let noticed: Vec<Check> = audit
            .results
            .iter()
            .filter(|result| result.verdict != Verdict::Pass)
            .map(|result| result.check)
            .collect();
        assert_eq!(noticed, [check]);
        assert!(
            !result(&audit, check).evidence.is_empty(),
            "{check:?} quotes nothing"
        );
        assert!(audit.score < 100);
    }
}

#[test]
fn the_points_sum_to_the_score_whatever_applies() {
    let empty = audit(&SiteCrawl::new(url("/")), &[], &AuditScope::default());
    assert_eq!((empty.score, empty.results.len()), (0, 0));
    let mut crawl = good_site();
    crawl.transport = Transport::Unknown;
    crawl.robots_txt = Presence::Unknown;
    for audit in [
        audit(&crawl, &[], &AuditScope::default()),
        audit(&good_site(), &[], &AuditScope::default()),
    ] {
        assert_eq!(audit.results.iter().map(|r| r.of_points).sum::<u32>(), 100);
        assert_eq!(
            audit.results.iter().map(|r| r.points).sum::<u32>(),
            audit.score
        );
        let (points, of) = audit
            .by_category()
            .values()
            .fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        assert_eq!((points, of), (audit.score, 100));
    }
    for weights in [
        vec![1; 7],
        vec![10, 1, 1],
        vec![3],
        vec![],
        vec![8, 9, 10, 2, 5],
    ] {
        let shares = shares_of_hundred(&weights);
        assert_eq!(
            shares.iter().sum::<u32>(),
            if weights.is_empty() { 0 } else { 100 }
        );
    }
}

#[test]
fn the_order_decides_what_is_done() {
    let order = |drivers: &[(&str, i64)], options: &[&str]| {
        let drivers = drivers
            .iter()
            .map(|(name, n)| ((*name).to_owned(), *n))
            .collect();
        let options: Vec<String> = options.iter().map(|o| (*o).to_owned()).collect();
        AuditScope::of_order(&drivers, &options)
    };
    assert_eq!(order(&[("pages", 7)], &[]).limits().pages(), 7);
    assert_eq!(order(&[("pages", -1)], &[]).limits().pages(), 1);
    let two = audit(&good_site(), &[], &order(&[("languages", 2)], &[]));
    assert_eq!(result(&two, Check::LanguageVersions).verdict, Verdict::Warn);
    let bare = audit(&good_site(), &[], &order(&[], &["no-structured-data"]));
    assert!(
        bare.results
            .iter()
            .all(|r| r.check != Check::StructuredData)
    );
}

#[test]
fn directories_are_compared_with_the_site() {
    let guide = Listing::new(
        Source::new("city-guide", SourceKind::Directory),
        Timestamp::UNIX_EPOCH,
        Confidence::saturating(60),
    )
    .with(ListingField::Phone, text("030 23125 102"))
    .with(ListingField::Street, text("Lindenweg 4"));
    let audit = audit(&good_site(), &[guide], &AuditScope::default());
    let result = result(&audit, Check::ListingConsistency);
    assert_eq!((result.good, result.seen), (1, 2));
    let quoted = result.evidence[0].passage.inspect(String::clone);
    assert_eq!(quoted, "city-guide: 030 23125 102");
}

#[test]
fn the_most_useful_for_its_work_comes_first() {
    let mut crawl = good_site();
    crawl.transport = Transport::HttpOnly;
    let mut page = good_page("/", "Bäckerei Amsel in Berlin");
    page.viewport = None;
    page.weight = 400 * 1024;
    crawl.visits.extend(crawl_of(vec![page]).visits);
    let audit = audit(&crawl, &[], &AuditScope::default());
    let order: Vec<Check> = audit.recommendations.iter().map(|r| r.check).collect();
    assert_eq!(order, [Check::Viewport, Check::Https, Check::PageWeight]);
    assert_eq!(audit.hours(), 1 + 4 + 12);
}

#[test]
fn the_report_can_be_rendered_and_hides_no_points() {
    let mut crawl = good_site();
    crawl.transport = Transport::HttpOnly;
    let mut page = good_page(
        "/",
        "<script>alert(1)</script> Bäckerei Amsel, die beste Bäckerei von allen",
    );
    page.headings.clear();
    crawl.visits.extend(crawl_of(vec![page]).visits);
    let audit = audit(&crawl, &[], &AuditScope::default());
    for language in [Language::EN, Language::DE, Language::FR] {
        let document = report(&audit, Meta::new(), language);
        document.check().unwrap();
        assert_eq!(document.charts().count(), 2);
        let bytes = PlainRenderer.render(&document, Format::Markdown).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains(&format!("{} / 100", audit.score)), "{text}");
    }
    let nothing = super::audit(&SiteCrawl::new(url("/")), &[], &AuditScope::default());
    report(&nothing, Meta::new(), Language::DE).check().unwrap();
}
