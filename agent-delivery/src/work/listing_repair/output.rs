//! The corrected data as files.

use dealwright_core::text::{Context, Untrusted};
use serde_json::{Map, Value, json};

use super::{ListingRepair, Rule};
use crate::work::listing::{ListingField, opening_hours};

/// The business as schema.org data: an object of type `LocalBusiness`, or of the listed
/// type where it is a plain name.
///
/// Values are outside text without control and direction marks; encoding the value as
/// JSON makes them harmless there. For a page use [`json_ld_script`].
#[must_use]
pub fn json_ld(repair: &ListingRepair) -> Value {
    let text = |field| repair.value(field).map(clean);
    let mut business = Map::new();
    business.insert("@context".to_owned(), json!("https://schema.org"));
    business.insert("@type".to_owned(), json!(kind(repair)));
    for (key, field) in [
        ("name", ListingField::Name),
        ("telephone", ListingField::Phone),
        ("email", ListingField::Email),
    ] {
        if let Some(text) = text(field) {
            business.insert(key.to_owned(), Value::String(text));
        }
    }
    // A link that others follow must be one.
    if let Some(url) = text(ListingField::Website) {
        let url = if url.contains("://") {
            url
        } else {
            format!("https://{url}")
        };
        if let Ok(url) = dealwright_core::page::PageUrl::parse(&url) {
            business.insert("url".to_owned(), json!(url.as_str()));
        }
    }
    let mut address = Map::new();
    for (key, field) in [
        ("streetAddress", ListingField::Street),
        ("postalCode", ListingField::PostalCode),
        ("addressLocality", ListingField::City),
        ("addressRegion", ListingField::Region),
        ("addressCountry", ListingField::Country),
    ] {
        if let Some(text) = text(field) {
            address.insert(key.to_owned(), Value::String(text));
        }
    }
    if let Some(country) = repair.country {
        address.insert("addressCountry".to_owned(), json!(country.to_string()));
    }
    if !address.is_empty() {
        address.insert("@type".to_owned(), json!("PostalAddress"));
        business.insert("address".to_owned(), Value::Object(address));
    }
    if let Some(hours) = repair.value(ListingField::Hours).and_then(opening_hours) {
        business.insert("openingHours".to_owned(), json!(hours));
    }
    Value::Object(business)
}

/// The same, ready to stand between the tags of a `script` element: nothing in it can
/// end the element.
#[must_use]
pub fn json_ld_script(repair: &ListingRepair) -> String {
    let text = format!("{:#}", json_ld(repair));
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

fn kind(repair: &ListingRepair) -> String {
    let listed = repair
        .value(ListingField::Category)
        .map(clean)
        .unwrap_or_default();
    let plain = listed.chars().all(|c| c.is_ascii_alphabetic());
    if plain && listed.starts_with(|c: char| c.is_ascii_uppercase()) {
        listed
    } else {
        "LocalBusiness".to_owned()
    }
}

/// The corrected values as one CSV row under a header. No cell is a formula.
#[must_use]
pub fn corrected_csv(repair: &ListingRepair) -> String {
    let decided = || repair.fields.iter().filter(|one| one.rule != Rule::Open);
    let keys: Vec<&str> = decided().map(|one| one.field.key()).collect();
    let cells: Vec<String> = decided()
        .map(|one| one.chosen.value.render_for(Context::Csv))
        .collect();
    format!("{}\r\n{}\r\n", keys.join(","), cells.join(","))
}

/// Every change as a CSV row: source, field, before, after, why, to be confirmed.
#[must_use]
pub fn before_after_csv(repair: &ListingRepair) -> String {
    let mut out = "source,field,before,after,decided_by,confirm\r\n".to_owned();
    for change in &repair.changes {
        let decided = repair.fields.iter().find(|one| one.field == change.field);
        let before = change
            .before
            .as_ref()
            .map(|text| text.render_for(Context::Csv));
        let row = [
            Context::Csv.encode(&change.source),
            change.field.key().to_owned(),
            before.unwrap_or_default(),
            change.after.render_for(Context::Csv),
            decided.map_or("", |one| rule_key(one.rule)).to_owned(),
            decided
                .map_or("", |one| {
                    if one.needs_confirmation() {
                        "yes"
                    } else {
                        "no"
                    }
                })
                .to_owned(),
        ];
        out.push_str(&row.join(","));
        out.push_str("\r\n");
    }
    out
}

fn rule_key(rule: Rule) -> &'static str {
    match rule {
        Rule::Agreement => "agreement",
        Rule::OwnWord => "own-word",
        Rule::OwnSite => "own-site",
        Rule::Register => "register",
        Rule::Majority => "majority",
        Rule::Newest => "newest",
        Rule::Open => "open",
    }
}

fn clean(text: &Untrusted<String>) -> String {
    let plain = text.render_for(Context::PlainText);
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
