use dealwright_core::document::{DocumentRenderer as _, Format, Meta, PlainRenderer};
use dealwright_core::party::Language;
use dealwright_core::provenance::{Confidence, Source};
use dealwright_core::time::Timestamp;

use super::*;

fn text(text: &str) -> Untrusted<String> {
    Untrusted::new(text.to_owned())
}

fn at(day: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + chrono::Duration::days(20_000 + day)
}

fn listing(name: &str, kind: SourceKind, day: i64, values: &[(ListingField, &str)]) -> Listing {
    let confidence = Confidence::saturating(70);
    let listing = Listing::new(Source::new(name, kind), at(day), confidence);
    values.iter().fold(listing, |listing, (field, value)| {
        listing.with(*field, text(value))
    })
}

fn plain(value: Option<&Untrusted<String>>) -> String {
    value
        .map(|value| value.inspect(String::clone))
        .unwrap_or_default()
}

use ListingField::*;

fn bakery() -> Vec<Listing> {
    vec![
        listing(
            "site",
            SourceKind::Website,
            5,
            &[
                (Name, "Bäckerei Amsel GmbH"),
                (Street, "Lindenstraße 4"),
                (PostalCode, "10115"),
                (City, "Berlin"),
                (Country, "DE"),
                (Phone, "030 23125 101"),
                (Website, "https://amsel.example/"),
            ],
        ),
        listing(
            "city-guide",
            SourceKind::Directory,
            1,
            &[
                (Name, "Baeckerei Amsel"),
                (Street, "Lindenstr. 4"),
                (PostalCode, "10117"),
                (Phone, "+49 30 23125 101"),
                (Hours, "Mo-Fr 6-18"),
            ],
        ),
        listing(
            "yellow",
            SourceKind::Directory,
            2,
            &[
                (Name, "Amsel Backshop"),
                (Phone, "030 23125 999"),
                (Hours, "Mo-Fr 06:00-18:00"),
                (Email, "info@amsel.example"),
            ],
        ),
        listing(
            "maps",
            SourceKind::Directory,
            3,
            &[
                (Phone, "on request"),
                (Hours, "Mo-Sa 07:00-18:00"),
                (Email, "amsel@mail.example"),
            ],
        ),
    ]
}

fn scope(drivers: &[(&str, i64)], options: &[&str]) -> RepairScope {
    let drivers = drivers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect();
    let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
    RepairScope::of_order(&drivers, &options)
}

#[test]
fn the_right_value_is_decided_by_who_says_it() {
    let repair = repair(&bakery(), &scope(&[], &["hours"]));
    let rule = |field| {
        repair
            .fields
            .iter()
            .find(|one| one.field == field)
            .map(|one| one.rule)
    };
    assert_eq!(rule(Name), Some(Rule::OwnSite));
    assert_eq!(plain(repair.value(Name)), "Bäckerei Amsel GmbH");
    assert_eq!(
        rule(Street),
        Some(Rule::Agreement),
        "another spelling is no conflict"
    );
    assert_eq!(rule(PostalCode), Some(Rule::OwnSite));
    assert_eq!(rule(Hours), Some(Rule::Majority));
    assert_eq!(rule(Email), Some(Rule::Newest));
    assert_eq!(plain(repair.value(Email)), "amsel@mail.example");
    assert!(
        repair
            .fields
            .iter()
            .find(|one| one.field == Email)
            .unwrap()
            .needs_confirmation()
    );
    assert_eq!(repair.missing, [], "nobody misses a region");
    assert_eq!(repair.conflicts(), 5);
}

#[test]
fn the_clients_own_word_wins_and_is_not_corrected() {
    let mut listings = bakery();
    let word = [(Phone, "+49 30 23125 222")];
    listings.push(listing("client", SourceKind::Person, 0, &word));
    let repair = repair(&listings, &RepairScope::default());
    let phone = repair.fields.iter().find(|one| one.field == Phone).unwrap();
    assert_eq!(phone.rule, Rule::OwnWord);
    assert_eq!(phone.others.len(), 2);
    let told: Vec<&str> = repair
        .changes
        .iter()
        .filter(|c| c.field == Phone)
        .map(|c| c.source.as_str())
        .collect();
    assert_eq!(
        told,
        ["city-guide", "maps", "site", "yellow"],
        "the site is corrected too"
    );
}

#[test]
fn the_order_bounds_the_work() {
    let all = repair(&bakery(), &RepairScope::default());
    let sources = |repair: &ListingRepair| {
        repair
            .changes
            .iter()
            .map(|c| c.source.clone())
            .collect::<BTreeSet<_>>()
    };
    // The site is not asked for more than it says of itself.
    assert_eq!(sources(&all).len(), 3);
    assert!(all.left_out.is_empty());
    let one = repair(&bakery(), &scope(&[("directories", 1)], &[]));
    // Two wrong values (name, telephone) outweigh what is only missing elsewhere.
    assert_eq!(sources(&one), ["yellow".to_owned()].into());
    assert_eq!(one.left_out.len(), 2);
    assert!(
        all.fields.iter().all(|one| one.field != Hours),
        "hours were not ordered"
    );
}

#[test]
fn the_result_does_not_depend_on_the_order_of_listings() {
    let mut listings = bakery();
    let first = repair(&listings, &RepairScope::default());
    listings.reverse();
    assert_eq!(repair(&listings, &RepairScope::default()), first);
}

#[test]
fn the_files_are_harmless() {
    let hostile = listing(
        "guide",
        SourceKind::Directory,
        1,
        &[
            (Name, "=HYPERLINK(\"http://x.example\")</script><b>"),
            (Phone, "+49 30 23125 101"),
            (Website, "javascript:alert(1)//a.example"),
            (Category, "Bakery"),
        ],
    );
    let other = listing(
        "maps",
        SourceKind::Directory,
        2,
        &[(Phone, "+49 30 23125 102")],
    );
    let repair = repair(&[hostile, other], &scope(&[], &["categories"]));
    let script = json_ld_script(&repair);
    assert!(!script.contains('<') && !script.contains('>'), "{script}");
    let value: serde_json::Value = serde_json::from_str(&script).unwrap();
    assert_eq!(value["@type"], "Bakery");
    assert!(value.get("url").is_none(), "{value}");
    let sheet = corrected_csv(&repair);
    assert!(
        sheet.starts_with("name,phone,website,category\r\n\"'=HYPERLINK"),
        "{sheet}"
    );
    let before_after = before_after_csv(&repair);
    assert!(
        before_after
            .contains("\"guide\",phone,\"'+49 30 23125 101\",\"'+49 30 23125 102\",newest,yes"),
        "{before_after}"
    );
}

#[test]
fn json_ld_reads_back_as_the_same_business() {
    let repair = repair(&bakery(), &scope(&[], &["hours"]));
    let found = dealwright_core::page::BusinessData::all_from_json_ld(&json_ld(&repair));
    assert_eq!(found.len(), 1);
    assert_eq!(plain(found[0].name.as_ref()), "Bäckerei Amsel GmbH");
    assert_eq!(plain(found[0].address.country.as_ref()), "DE");
    assert_eq!(plain(found[0].opening_hours.first()), "Mo-Fr 06:00-18:00");
    assert_eq!(plain(found[0].url.as_ref()), "https://amsel.example/");
}

#[test]
fn the_sheet_can_be_rendered() {
    for listings in [bakery(), Vec::new()] {
        let repair = repair(&listings, &scope(&[], &["hours"]));
        for language in [Language::EN, Language::DE] {
            let document = report(&repair, Meta::new(), language);
            document.check().unwrap();
            PlainRenderer.render(&document, Format::Markdown).unwrap();
        }
    }
}
