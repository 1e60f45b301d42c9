//! A small agency to price with: four services, each priced by other kinds of rules.

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::id::{DealId, RequirementId};
use dealwright_core::knowledge::{
    Catalogue, CatalogueParams, ClientKind, RateCard, RateCardParams, Slug, TaxSubject,
};
use dealwright_core::money::Rate;
use dealwright_core::party::Country;
use serde_json::{Value, json};

use super::{ItemRequest, QuoteRequest};

pub(crate) fn slug(name: &str) -> Slug {
    Slug::parse(name).unwrap()
}

pub(crate) fn percent(text: &str) -> Rate {
    Rate::parse_percent(text).unwrap()
}

fn effort(min: i64, likely: i64, max: i64) -> Value {
    json!({"min": min, "likely": likely, "max": max})
}

struct Sketch {
    id: &'static str,
    name: &'static str,
    limits: Value,
    drivers: Value,
    options: Value,
    tasks: Value,
}

fn service(sketch: Sketch) -> Value {
    json!({
        "id": sketch.id, "name": sketch.name, "summary": format!("{} for small businesses.", sketch.name),
        "outcomes": ["A result that can be checked."], "limits": sketch.limits, "needs": [sketch.id],
        "deliverables": [{"id": "result", "name": format!("{} result", sketch.name), "format": "pdf"}],
        "criteria": [{"id": "complete", "deliverable": "result", "text": "Nothing that was ordered is missing."}],
        "phases": [{"id": "work", "name": "Work", "done_when": ["The result was accepted."], "tasks": sketch.tasks}],
        "worker": {"kind": "tool", "name": sketch.id}, "drivers": sketch.drivers, "options": sketch.options,
        "lead_time_days": 10
    })
}

fn driver(id: &str, unit: &str, min: i64, max: i64, default: i64) -> Value {
    json!({"id": id, "name": format!("Number of {id}"), "unit": unit, "min": min, "max": max,
           "default": default, "ask": format!("How many {id} are there?")})
}

pub(crate) fn catalogue() -> Catalogue {
    let services = [
        service(Sketch {
            id: "website-audit",
            name: "Website audit",
            limits: json!(["It repairs nothing.", "It does not judge legal texts."]),
            drivers: json!([driver("pages", "page", 1, 500, 20)]),
            options: json!([{"id": "rescan", "name": "Second look", "summary": "We look again after a month."}]),
            tasks: json!([
                {"id": "crawl", "name": "Crawl", "role": "analyst", "skill": "web", "base": effort(10, 20, 60),
                 "per": [{"driver": "pages", "each": effort(1, 1, 2)}]},
                {"id": "write", "name": "Write", "role": "analyst", "skill": "writing", "base": effort(60, 75, 180),
                 "after": ["crawl"], "produces": ["result"]},
                {"id": "again", "name": "Look again", "role": "analyst", "skill": "web", "option": "rescan",
                 "base": effort(20, 30, 60), "after": ["write"]}
            ]),
        }),
        service(Sketch {
            id: "listing-repair",
            name: "Listing repair",
            limits: json!(["It does not write reviews."]),
            drivers: json!([
                driver("listings", "listing", 1, 200, 10),
                driver("languages", "language", 1, 8, 1)
            ]),
            options: json!([]),
            tasks: json!([
                {"id": "repair", "name": "Repair", "role": "editor", "skill": "data", "base": effort(15, 30, 60),
                 "per": [{"driver": "listings", "each": effort(3, 5, 10)}], "produces": ["result"]}
            ]),
        }),
        service(Sketch {
            id: "site-care",
            name: "Site care",
            limits: json!(["It does not build new pages."]),
            drivers: json!([driver("sites", "site", 1, 20, 1)]),
            options: json!([{"id": "weekend", "name": "Weekend watch", "summary": "We also look on weekends."}]),
            tasks: json!([
                {"id": "care", "name": "Care", "role": "engineer", "skill": "web", "base": effort(120, 180, 300),
                 "produces": ["result"]},
                {"id": "watch", "name": "Watch", "role": "engineer", "skill": "web", "option": "weekend",
                 "base": effort(60, 90, 120)}
            ]),
        }),
        service(Sketch {
            id: "form-automation",
            name: "Form automation",
            limits: json!(["It does not change the systems behind the form."]),
            drivers: json!([driver("forms", "form", 1, 40, 2)]),
            options: json!([]),
            tasks: json!([
                {"id": "build", "name": "Build", "role": "engineer", "skill": "automation", "base": effort(100, 200, 500),
                 "per": [{"driver": "forms", "each": effort(45, 70, 200)}], "produces": ["result"]},
                {"id": "hand-over", "name": "Hand over", "role": "editor", "skill": "writing", "base": effort(20, 25, 35),
                 "after": ["build"]}
            ]),
        }),
    ];
    let needs: Vec<Value> = [
        "website-audit",
        "listing-repair",
        "site-care",
        "form-automation",
    ]
    .iter()
    .map(|id| json!({"id": id, "name": id, "statement": format!("Needs {id}."), "keywords": []}))
    .collect();
    serde_json::from_value::<CatalogueParams>(json!({"needs": needs, "services": services}))
        .unwrap()
        .check()
        .unwrap()
}

pub(crate) fn card_params() -> RateCardParams {
    serde_json::from_value(json!({
        "id": "standard-2026", "currency": "EUR", "valid_from": "2026-01-01", "valid_until": "2026-12-31",
        "roles": [
            {"role": "analyst", "price": "95", "cost": "41.50"},
            {"role": "editor", "price": "72.50", "cost": "33.33"},
            {"role": "engineer", "price": "110", "cost": "52"}
        ],
        "services": [
            {"service": "website-audit", "min_price": "220", "rules": [
                {"id": "base", "label": "Website audit", "how": {"kind": "base", "amount": "290"}},
                {"id": "pages", "label": "Pages beyond the first ten", "unit_cost": "0.0125",
                 "how": {"kind": "tiered", "driver": "pages", "tiers": [
                    {"up_to": 10, "price": "0"}, {"up_to": 100, "price": "4.75"}, {"price": "2.395"}]}},
                {"id": "rescan", "label": "Second look", "option": "rescan", "how": {"kind": "base", "amount": "119"}}
            ]},
            {"service": "listing-repair", "min_price": "120", "min_margin": "30%", "rules": [
                {"id": "base", "label": "Listing repair", "how": {"kind": "base", "amount": "99.90"}},
                {"id": "listings", "label": "Listings repaired",
                 "how": {"kind": "per_unit", "driver": "listings", "price": "12.333", "free": 2}},
                {"id": "languages", "label": "Further languages",
                 "how": {"kind": "multiplier", "driver": "languages", "percent": "17.5%", "over": 1,
                         "of": ["base", "listings"]}}
            ]},
            {"service": "site-care", "min_price": "300", "tax_class": "retainer", "rules": [
                {"id": "set-up", "label": "Set-up", "billing": {"kind": "setup"}, "how": {"kind": "base", "amount": "150"}},
                {"id": "month", "label": "Care, by the month", "billing": {"kind": "monthly", "months": 7},
                 "how": {"kind": "per_unit", "driver": "sites", "price": "89.99"}, "unit_cost": "21.1"},
                {"id": "weekend", "label": "Weekend watch", "billing": {"kind": "monthly", "months": 7},
                 "option": "weekend", "how": {"kind": "base", "amount": "35"}}
            ]},
            {"service": "form-automation", "min_price": "500", "rules": [
                {"id": "hours", "label": "Automation, expected hours", "how": {"kind": "effort"}}
            ]}
        ],
        "packages": [{"id": "be-found", "name": "Be found", "services": ["website-audit", "listing-repair"], "percent": "8%"}],
        "discounting": {"max": "15%", "stacking": "sum",
                        "volume": [{"from": "1500", "percent": "3%"}, {"from": "5000", "percent": "6.5%"}]},
        "min_margin": "35%",
        "tax": [
            {"id": "reverse-charge", "eu": true, "client": "business", "vat_id": true, "countries": ["FR", "AT"],
             "category": "reverse_charge", "rate": "0%", "note": "Reverse charge: the recipient owes the tax."},
            {"id": "abroad", "eu": false, "category": "outside_scope", "rate": "0%", "note": "Not taxable in Germany."},
            {"id": "reduced", "class": "retainer", "category": "standard", "rate": "7%"},
            {"id": "standard", "category": "standard", "rate": "19%"}
        ],
        "payment": {"deposit": "30%", "due_days": 14, "deposit_due_days": 7}
    }))
    .unwrap()
}

pub(crate) fn card() -> RateCard {
    card_params().check(&catalogue()).unwrap()
}

pub(crate) fn german() -> TaxSubject {
    TaxSubject {
        country: Country::DE,
        client: ClientKind::Business,
        vat_id: true,
    }
}

pub(crate) fn requirement(name: &str) -> RequirementId {
    RequirementId::derive(&[name.as_bytes()])
}

pub(crate) fn item(service: &str, drivers: &[(&str, i64)], options: &[&str]) -> ItemRequest {
    ItemRequest {
        service: slug(service),
        requirements: vec![requirement(service)],
        drivers: drivers
            .iter()
            .map(|(d, v)| (slug(d), *v))
            .collect::<BTreeMap<_, _>>(),
        options: options.iter().map(|o| slug(o)).collect::<BTreeSet<_>>(),
    }
}

pub(crate) fn request(items: Vec<ItemRequest>) -> QuoteRequest {
    QuoteRequest {
        deal: DealId::derive(&[b"fixture"]),
        on: "2026-03-02".parse().unwrap(),
        requirements: items.iter().flat_map(|i| i.requirements.clone()).collect(),
        items,
        package: None,
        discounts: Vec::new(),
        tax: german(),
    }
}

/// A small generator, so that a failing case is named by its number alone.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// A cart that nobody thought of.
pub(crate) fn random_request(dice: &mut Dice) -> QuoteRequest {
    let roll = |dice: &mut Dice, most: u64| i64::try_from(dice.roll(most)).unwrap() + 1;
    let mut items = Vec::new();
    if dice.roll(3) > 0 {
        let options: &[&str] = if dice.roll(2) == 0 { &["rescan"] } else { &[] };
        items.push(item(
            "website-audit",
            &[("pages", roll(dice, 500))],
            options,
        ));
    }
    if dice.roll(3) > 0 {
        let (listings, languages) = (roll(dice, 200), roll(dice, 8));
        items.push(item(
            "listing-repair",
            &[("listings", listings), ("languages", languages)],
            &[],
        ));
    }
    if dice.roll(3) > 0 {
        let options: &[&str] = if dice.roll(2) == 0 { &["weekend"] } else { &[] };
        items.push(item("site-care", &[("sites", roll(dice, 20))], options));
    }
    if items.is_empty() || dice.roll(2) == 0 {
        items.push(item("form-automation", &[("forms", roll(dice, 40))], &[]));
    }
    let mut request = request(items);
    let both = ["website-audit", "listing-repair"]
        .iter()
        .all(|s| request.item(s).is_some());
    if both && dice.roll(2) == 0 {
        request.package = Some(slug("be-found"));
    }
    for _ in 0..dice.roll(3) {
        let reduction = if dice.roll(2) == 0 {
            let hundredths = i64::try_from(dice.roll(2_500)).unwrap();
            super::Reduction::Percent(
                Rate::from_percent(rust_decimal::Decimal::new(hundredths, 2)).unwrap(),
            )
        } else {
            let minor = i64::try_from(dice.roll(9_000)).unwrap();
            super::Reduction::Amount(dealwright_core::money::Money::from_minor(
                minor,
                dealwright_core::money::Currency::EUR,
            ))
        };
        request.discounts.push(super::DiscountRequest {
            reduction,
            reason: slug("asked"),
        });
    }
    request.tax = TaxSubject {
        country: [Country::DE, Country::FR, Country::AT, Country::US][dice.roll(4) as usize],
        client: if dice.roll(2) == 0 {
            ClientKind::Business
        } else {
            ClientKind::Consumer
        },
        vat_id: dice.roll(2) == 0,
    };
    request
}
