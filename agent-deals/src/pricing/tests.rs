use std::collections::BTreeMap;

use dealwright_core::knowledge::{ClientKind, PaymentTerms, TaxSubject};
use dealwright_core::money::{Currency, Money, Rate};
use dealwright_core::party::Country;
use serde_json::{Value, json};

use super::fixtures::*;
use super::*;

pub(super) fn eur(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

pub(super) fn sum(amounts: impl IntoIterator<Item = Money>) -> Money {
    Money::sum(Currency::EUR, amounts).unwrap()
}

pub(super) fn terms(deposit: &str) -> PaymentTerms {
    PaymentTerms {
        deposit: percent(deposit),
        due_days: 14,
        deposit_due_days: 7,
    }
}

fn contract() -> dealwright_core::id::ContractId {
    dealwright_core::id::ContractId::derive(&[b"contract"])
}

/// All invoices of a quote.
pub(super) fn invoices(quote: &Quote, plan: &PaymentPlan) -> Vec<Invoice> {
    plan.instalments()
        .iter()
        .map(|i| {
            let number = InvoiceNumber::parse(&format!("2026-{:04}", i.number)).unwrap();
            Invoice::for_instalment(
                contract(),
                quote,
                plan,
                i.number,
                number,
                "2026-03-09".parse().unwrap(),
            )
            .unwrap()
        })
        .collect()
}

// covers: PC-1
#[test]
fn the_textbook_case_comes_to_165_01_everywhere() {
    let catalogue = catalogue();
    let mut params = card_params();
    let base = json!({"kind": "base", "amount": "138.66"});
    params.services[0].rules[0].how = serde_json::from_value(base).unwrap();
    params.services[0].min_price = 100.into();
    params.min_margin = percent("0%");
    let card = params.check(&catalogue).unwrap();
    let request = request(vec![item("website-audit", &[("pages", 5)], &[])]);
    let quote = quote(&catalogue, &card, &request).unwrap();
    assert_eq!(quote.totals().gross, eur(16_501));
    for deposit in ["0%", "30%", "33.3%", "100%"] {
        let plan = PaymentPlan::new(&quote, &terms(deposit)).unwrap();
        let invoices = invoices(&quote, &plan);
        assert_eq!(
            sum(invoices.iter().map(Invoice::gross)),
            eur(16_501),
            "{deposit}"
        );
        assert_eq!(
            sum(invoices.iter().map(Invoice::net)),
            eur(13_866),
            "{deposit}"
        );
    }
    let stored = serde_json::to_value(&quote).unwrap();
    assert_eq!(stored["totals"]["gross"]["minor"], 16_501);
}

// covers: PC-2
#[test]
fn golden_quotes_one_a_service() {
    let (catalogue, card) = (catalogue(), card());
    for item in [
        item("website-audit", &[("pages", 137)], &["rescan"]),
        item("listing-repair", &[("listings", 23), ("languages", 3)], &[]),
        item("site-care", &[("sites", 2)], &["weekend"]),
        item("form-automation", &[("forms", 3)], &[]),
    ] {
        let name = format!("quote-{}", item.service);
        let quote = quote(&catalogue, &card, &request(vec![item])).unwrap();
        verify(&catalogue, &card, &quote).unwrap();
        insta::assert_json_snapshot!(name, quote);
    }
}

// covers: PC-2
#[test]
fn a_driver_changes_only_its_own_lines() {
    let (catalogue, card) = (catalogue(), card());
    let cart = |pages, listings, languages, sites| {
        let items = vec![
            item("website-audit", &[("pages", pages)], &[]),
            item(
                "listing-repair",
                &[("listings", listings), ("languages", languages)],
                &[],
            ),
            item("site-care", &[("sites", sites)], &[]),
        ];
        quote(&catalogue, &card, &request(items)).unwrap()
    };
    let before = cart(50, 10, 2, 1);
    for (after, changed) in [
        (cart(51, 10, 2, 1), vec!["pages"]),
        // The surcharge for languages is a share of the listings' price, so it moves with them.
        (cart(50, 11, 2, 1), vec!["listings", "languages"]),
        (cart(50, 10, 3, 1), vec!["languages"]),
        (cart(50, 10, 2, 2), vec!["month"]),
    ] {
        let lines: BTreeMap<_, _> = before.lines().iter().map(|l| (l.id, l)).collect();
        let differing: Vec<&str> = after
            .lines()
            .iter()
            .filter(|l| {
                let old = lines[&l.id];
                (l.list, l.cost, l.quantity) != (old.list, old.cost, old.quantity)
            })
            .map(|l| l.rule.as_str())
            .collect();
        assert_eq!(differing, changed);
    }
}

// covers: PC-4
#[test]
fn what_is_not_covered_is_listed_on_both_sides() {
    let (catalogue, card) = (catalogue(), card());
    let mut wanted = request(vec![
        item("website-audit", &[("pages", 50)], &[]),
        item("listing-repair", &[("listings", 10)], &[]),
    ]);
    assert!(
        quote(&catalogue, &card, &wanted)
            .unwrap()
            .coverage()
            .is_complete()
    );
    let lonely = requirement("a shop in three languages");
    wanted.requirements.push(lonely);
    wanted.items[0].requirements.clear();
    let quote = quote(&catalogue, &card, &wanted).unwrap();
    let coverage = quote.coverage();
    assert_eq!(coverage.unanswered, [requirement("website-audit"), lonely]);
    let untraced: Vec<&str> = coverage
        .untraced
        .iter()
        .map(|id| quote.line(*id).unwrap().rule.as_str())
        .collect();
    assert_eq!(untraced, ["base", "pages"]);
}

#[test]
fn a_figure_changed_in_the_store_is_not_read() {
    let (catalogue, card) = (catalogue(), card());
    let mut wanted = request(vec![
        item("website-audit", &[("pages", 50)], &[]),
        item("listing-repair", &[("listings", 10), ("languages", 2)], &[]),
    ]);
    wanted = wanted.with_discount(percent("20%"), slug("friends"));
    let quote = quote(&catalogue, &card, &wanted).unwrap();
    assert!(!quote.needs_approval().is_empty());
    let stored = serde_json::to_value(&quote).unwrap();
    let read = |value: Value| serde_json::from_value::<Quote>(value);
    assert_eq!(read(stored.clone()).unwrap(), quote);
    for path in [
        "/lines/0/list/minor",
        "/lines/0/net/minor",
        "/lines/1/cost/minor",
        "/lines/1/discount/amount/minor",
        "/taxes/0/base/minor",
        "/taxes/0/tax/minor",
        "/totals/gross/minor",
        "/totals/discount/minor",
        "/totals/margin/minor",
        "/lines/4/derivation/of/of/2/of/0/amount/minor",
    ] {
        let mut changed = stored.clone();
        let figure = changed
            .pointer_mut(path)
            .unwrap_or_else(|| panic!("{path}"));
        *figure = json!(figure.as_i64().unwrap() - 1);
        assert!(read(changed).is_err(), "{path}");
    }
    let mut silent = stored.clone();
    silent["approval"] = json!([]);
    assert!(read(silent).is_err());
    let mut twice = stored;
    let line = twice["lines"][0].clone();
    twice["lines"].as_array_mut().unwrap().push(line);
    assert!(read(twice).is_err());
}

#[test]
fn floors_and_caps_ask_for_approval_and_nothing_else_does() {
    let (catalogue, card) = (catalogue(), card());
    let audit = |discount: &str| {
        let request = request(vec![item("website-audit", &[("pages", 10)], &[])]);
        quote(
            &catalogue,
            &card,
            &request.with_discount(percent(discount), slug("asked")),
        )
        .unwrap()
    };
    assert_eq!(audit("0%").needs_approval(), []);
    assert_eq!(audit("15%").needs_approval(), []);
    let above = audit("15.01%");
    assert!(matches!(
        above.needs_approval(),
        [ApprovalReason::DiscountAboveCap { .. }]
    ));
    let below = audit("25%");
    assert!(
        below
            .needs_approval()
            .contains(&ApprovalReason::BelowFloor {
                service: slug("website-audit")
            })
    );
    let losing = audit("90%");
    assert!(
        losing
            .needs_approval()
            .contains(&ApprovalReason::BelowMargin {
                service: None,
                floor: percent("35%")
            })
    );
}

#[test]
fn discounts_do_not_stack_above_the_cap_by_themselves() {
    let (catalogue, card) = (catalogue(), card());
    let mut wanted = request(vec![
        item("website-audit", &[("pages", 500)], &[]),
        item(
            "listing-repair",
            &[("listings", 200), ("languages", 8)],
            &[],
        ),
    ]);
    wanted.package = Some(slug("be-found"));
    let all = quote(&catalogue, &card, &wanted).unwrap();
    assert_eq!(
        all.lines()[0].discount.as_ref().unwrap().rate,
        percent("14.5%")
    );
    let given = wanted.with_discount(percent("10%"), slug("asked"));
    let all = quote(&catalogue, &card, &given).unwrap();
    let discount = all.lines()[0].discount.clone().unwrap();
    assert_eq!(discount.rate, percent("15%"));
    assert_eq!(
        discount.sources.len(),
        2,
        "the package fills the cap, volume adds nothing"
    );
    assert_eq!(all.needs_approval(), []);

    let mut largest = card_params();
    largest.discounting.stacking = dealwright_core::knowledge::Stacking::Largest;
    let all = quote(&catalogue, &largest.check(&catalogue).unwrap(), &given).unwrap();
    assert_eq!(
        all.lines()[0].discount.as_ref().unwrap().rate,
        percent("10%")
    );
}

#[test]
fn tax_follows_the_client_and_says_why() {
    let (catalogue, card) = (catalogue(), card());
    let taxed = |country, client, vat_id| {
        let mut wanted = request(vec![
            item("website-audit", &[("pages", 10)], &[]),
            item("site-care", &[("sites", 1)], &[]),
        ]);
        wanted.tax = TaxSubject {
            country,
            client,
            vat_id,
        };
        quote(&catalogue, &card, &wanted).unwrap()
    };
    let rates = |q: &Quote| {
        q.taxes()
            .iter()
            .map(|t| (t.rule.to_string(), t.rate))
            .collect::<Vec<_>>()
    };
    let home = taxed(Country::DE, ClientKind::Business, true);
    assert_eq!(
        rates(&home),
        [
            ("reduced".into(), percent("7%")),
            ("standard".into(), percent("19%"))
        ]
    );
    let reverse = taxed(Country::FR, ClientKind::Business, true);
    assert_eq!(rates(&reverse), [("reverse-charge".into(), Rate::ZERO)]);
    assert!(
        reverse.taxes()[0]
            .note
            .as_ref()
            .unwrap()
            .contains("Reverse charge")
    );
    let consumer = taxed(Country::FR, ClientKind::Consumer, false);
    assert_eq!(rates(&consumer).len(), 2);
    let abroad = taxed(Country::US, ClientKind::Business, false);
    assert_eq!(abroad.totals().tax, eur(0));
}

#[test]
fn what_cannot_be_priced_says_why() {
    let (catalogue, card) = (catalogue(), card());
    let price = |request: &QuoteRequest| quote(&catalogue, &card, request).unwrap_err().to_string();
    let audit = || item("website-audit", &[("pages", 10)], &[]);
    assert!(price(&request(vec![])).contains("nothing was asked for"));
    assert!(price(&request(vec![audit(), audit()])).contains("twice"));
    assert!(price(&request(vec![item("painting", &[], &[])])).contains("painting"));
    assert!(
        price(&request(vec![item(
            "website-audit",
            &[("pages", 501)],
            &[]
        )]))
        .contains("1 to 500")
    );
    assert!(price(&request(vec![item("website-audit", &[("words", 1)], &[])])).contains("words"));
    assert!(price(&request(vec![item("website-audit", &[], &["rush"])])).contains("rush"));
    let mut late = request(vec![audit()]);
    late.on = "2027-01-01".parse().unwrap();
    assert!(price(&late).contains("not valid on 2027-01-01"));
    let mut alone = request(vec![audit()]);
    alone.package = Some(slug("be-found"));
    assert!(price(&alone).contains("listing-repair"));
    let mut stray = request(vec![audit()]);
    stray.requirements.clear();
    assert!(price(&stray).contains("requirement_"));
}

#[test]
fn assumptions_and_options_are_said() {
    let (catalogue, card) = (catalogue(), card());
    let quote = quote(
        &catalogue,
        &card,
        &request(vec![item("website-audit", &[], &[])]),
    )
    .unwrap();
    assert_eq!(quote.assumptions()[0].value, 20);
    assert_eq!(quote.offers()[0].price, eur(11_900));
    assert_eq!(quote.totals().list, eur(29_000 + 10 * 475));
}

// covers: CF-3
#[test]
fn deposit_milestones_and_months_bill_everything_once() {
    let (catalogue, card) = (catalogue(), card());
    let wanted = request(vec![
        item("website-audit", &[("pages", 137)], &[]),
        item("site-care", &[("sites", 3)], &[]),
    ]);
    let quote = quote(&catalogue, &card, &wanted).unwrap();
    let plan = PaymentPlan::new(&quote, &card.params().payment).unwrap();
    let kinds: Vec<String> = plan
        .instalments()
        .iter()
        .map(|i| match &i.kind {
            InstalmentKind::Deposit => "deposit".to_owned(),
            InstalmentKind::Milestone { service, .. } => service.to_string(),
            InstalmentKind::Retainer { month } => format!("month {month}"),
        })
        .collect();
    assert_eq!(kinds[..3], ["deposit", "website-audit", "month 1"]);
    assert_eq!(kinds.len(), 2 + 7);
    assert_eq!(plan.gross(), quote.totals().gross);
    // The same acceptance heard twice names the same invoice.
    let again = Invoice::id_for(contract(), 2);
    let invoices = invoices(&quote, &plan);
    assert_eq!(invoices[1].id(), again);
    assert_eq!(invoices[0].due().to_string(), "2026-03-16");

    let number = InvoiceNumber::parse("2026-0099").unwrap();
    let note = invoices[1]
        .credit_note(number.clone(), "2026-04-01".parse().unwrap())
        .unwrap();
    assert_eq!(
        note.gross().checked_add(invoices[1].gross()).unwrap(),
        eur(0)
    );
    assert!(
        matches!(note.kind(), InvoiceKind::CreditNote { corrects } if corrects == invoices[1].number())
    );
    assert!(
        note.credit_note(number, "2026-04-01".parse().unwrap())
            .is_err()
    );
}

#[test]
fn needs_become_items() {
    use dealwright_core::handoff::{Requirement, RequirementKind, RequirementStatus};
    use dealwright_core::provenance::Confidence;
    let requirement = |name: &str, need: &str, drivers: &[(&str, i64)]| Requirement {
        id: requirement(name),
        need: need.to_owned(),
        statement: name.to_owned(),
        kind: RequirementKind::Explicit,
        evidence: Vec::new(),
        confidence: Confidence::CERTAIN,
        status: RequirementStatus::Open,
        owner: None,
        drivers: drivers.iter().map(|(d, v)| ((*d).to_owned(), *v)).collect(),
    };
    let mut dropped = requirement("c", "site-care", &[]);
    dropped.status = RequirementStatus::Dropped;
    let all = [
        requirement("a", "website-audit", &[("pages", 30), ("colour", 4)]),
        requirement("b", "website-audit", &[("pages", 80)]),
        dropped,
        requirement("d", "paint-my-house", &[]),
    ];
    let (catalogue, card) = (catalogue(), card());
    let deal = dealwright_core::id::DealId::derive(&[b"x"]);
    let on = "2026-03-02".parse().unwrap();
    let request = QuoteRequest::for_requirements(&catalogue, deal, on, german(), &all);
    assert_eq!(request.items.len(), 1);
    assert_eq!(request.items[0].drivers, [(slug("pages"), 80)].into());
    let quote = quote(&catalogue, &card, &request).unwrap();
    assert_eq!(quote.coverage().unanswered, [all[3].id]);
}

#[test]
fn nobody_pays_for_what_was_not_there() {
    let (catalogue, card) = (catalogue(), card());
    let request = request(vec![
        item("website-audit", &[("pages", 30)], &[]),
        item("listing-repair", &[("listings", 6), ("languages", 1)], &[]),
    ]);
    let ordered = quote(&catalogue, &card, &request).unwrap();
    let counted: BTreeMap<String, BTreeMap<String, i64>> = [
        ("website-audit".to_owned(), [("pages".to_owned(), 6)].into()),
        // More than was ordered is our own affair.
        (
            "listing-repair".to_owned(),
            [("listings".to_owned(), 9)].into(),
        ),
    ]
    .into();
    let short = shortfalls(&catalogue, &card, &ordered, &counted).unwrap();
    assert_eq!(short.len(), 1);
    assert_eq!((short[0].ordered, short[0].counted), (30, 6));
    // Twenty pages beyond the first ten at 4.75 EUR.
    assert_eq!(short[0].net.to_string(), "95.00 EUR");
    let mut there = ordered.request().clone();
    let audit = there.item_mut("website-audit").unwrap();
    audit.drivers.insert(Slug::parse("pages").unwrap(), 6);
    let there = quote(&catalogue, &card, &there).unwrap();
    let less = ordered
        .totals()
        .net
        .checked_sub(there.totals().net)
        .unwrap();
    assert_eq!(
        less, short[0].net,
        "what is taken off is the difference of the two quotes"
    );
    assert!(
        shortfalls(&catalogue, &card, &ordered, &BTreeMap::new())
            .unwrap()
            .is_empty()
    );
}
