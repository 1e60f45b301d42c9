use serde_json::{Value, json};

use super::*;
use crate::knowledge::CatalogueParams;
use crate::knowledge::catalogue::tests::audit;
use crate::party::Country;

fn card() -> Value {
    json!({
        "id": "standard", "currency": "EUR", "valid_from": "2026-01-01", "valid_until": "2026-12-31",
        "roles": [{"role": "analyst", "price": "90", "cost": "41.50"}],
        "services": [{
            "service": "website-audit", "min_price": "250",
            "rules": [
                {"id": "base", "label": "Audit", "how": {"kind": "base", "amount": 290}},
                {"id": "pages", "label": "Pages", "how": {"kind": "tiered", "driver": "pages",
                 "tiers": [{"up_to": 10, "price": "0"}, {"up_to": 100, "price": "4.50"}, {"price": "2.25"}]}},
                {"id": "large", "label": "Large site", "how": {"kind": "multiplier", "driver": "pages",
                 "over": 200, "percent": "0.1%", "of": ["base"]}},
                {"id": "again", "label": "Second look", "option": "rescan",
                 "how": {"kind": "base", "amount": "120"}}
            ]
        }],
        "discounting": {"max": "15%", "volume": [{"from": "1000", "percent": "5%"}]},
        "min_margin": "35%",
        "tax": [
            {"id": "reverse", "eu": true, "client": "business", "vat_id": true, "countries": ["FR"],
             "category": "reverse_charge", "rate": "0%", "note": "Reverse charge"},
            {"id": "home", "category": "standard", "rate": "19%"}
        ],
        "payment": {"deposit": "30%", "due_days": 14, "deposit_due_days": 7}
    })
}

fn load(value: Value) -> Result<RateCard, RateCardError> {
    let catalogue = serde_json::from_value::<CatalogueParams>(audit()).unwrap();
    serde_json::from_value::<RateCardParams>(value)
        .unwrap()
        .check(&catalogue.check().unwrap())
}

#[test]
fn a_whole_card_loads() {
    let card = load(card()).unwrap();
    assert!(card.is_valid_on("2026-12-31".parse().unwrap()));
    assert!(!card.is_valid_on("2027-01-01".parse().unwrap()));
    let client = TaxSubject {
        country: Country::FR,
        client: ClientKind::Business,
        vat_id: true,
    };
    assert_eq!(card.tax(&client, "services").unwrap().category.code(), "AE");
    let consumer = TaxSubject {
        client: ClientKind::Consumer,
        ..client
    };
    assert_eq!(card.tax(&consumer, "services").unwrap().id.as_str(), "home");
    assert_eq!(
        card.service("website-audit").unwrap().rules[0].how,
        PriceRuleKind::Base { amount: 290.into() }
    );
}

#[test]
fn floats_are_not_amounts() {
    let mut float = card();
    float["services"][0]["min_price"] = json!(249.99);
    let error = serde_json::from_value::<RateCardParams>(float).unwrap_err();
    assert!(error.to_string().contains("as text"), "{error}");
    let mut typo = card();
    typo["services"][0]["rules"][0]["fre"] = json!(3);
    assert!(serde_json::from_value::<RateCardParams>(typo).is_err());
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    for (path, value, word) in [
        ("/services/0/rules/1/how/driver", json!("words"), "words"),
        (
            "/services/0/rules/1/how/tiers/0/up_to",
            json!(100),
            "ascend",
        ),
        ("/services/0/rules/2/how/of", json!(["large"]), "multiplier"),
        ("/services/0/rules/2/how/of", json!(["gone"]), "gone"),
        ("/services/0/rules/3/option", json!("rush"), "rush"),
        ("/services/0/service", json!("painting"), "painting"),
        ("/services/0/min_price", json!("250.005"), "digits"),
        ("/roles", json!([]), "analyst"),
        ("/tax", json!([]), "tax rules"),
        ("/tax/0/note", json!(null), "note"),
        ("/tax/0/rate", json!("7%"), "standard"),
        ("/discounting/max", json!("100%"), "below 100%"),
        ("/valid_until", json!("2025-12-31"), "valid_until"),
    ] {
        let mut changed = card();
        *changed.pointer_mut(path).unwrap() = value;
        let error = load(changed).unwrap_err().to_string();
        assert!(error.contains(word), "{path}: {error}");
    }
}
