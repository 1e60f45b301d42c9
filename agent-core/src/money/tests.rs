use proptest::prelude::*;
use rust_decimal::Decimal;

use super::ledger::{Account, Entry, Ledger, LedgerError, Posting};
use super::*;
use crate::time::Timestamp;

fn euro(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn currencies_have_the_digits_of_iso_4217() {
    for (code, digits, text) in [
        ("JPY", 0, "1234 JPY"),
        ("EUR", 2, "12.34 EUR"),
        ("KWD", 3, "1.234 KWD"),
        ("CLF", 4, "0.1234 CLF"),
    ] {
        let currency = Currency::parse(code).unwrap();
        assert_eq!(currency.digits(), digits);
        let money = Money::from_minor(1_234, currency);
        assert_eq!(money.to_string(), text);
        assert_eq!(Money::parse(text), Ok(money));
    }
    assert_eq!(Currency::parse(" eur "), Ok(Currency::EUR));
    for code in ["XAU", "XXX", "EURO", "", "€"] {
        let error = Currency::parse(code).unwrap_err().to_string();
        assert!(error.contains("is not a currency of ISO 4217"), "{error}");
    }
}

#[test]
fn more_digits_than_the_currency_has_are_refused() {
    assert_eq!(Money::new(dec("12.500"), Currency::EUR), Ok(euro(1_250)));
    assert!(matches!(
        Money::new(dec("12.345"), Currency::EUR),
        Err(MoneyError::TooPrecise { digits: 2, .. })
    ));
    assert_eq!(
        Money::new(Decimal::MAX, Currency::EUR),
        Err(MoneyError::Overflow)
    );
    assert_eq!(
        Money::new(dec("92233720368547758.07"), Currency::EUR),
        Ok(euro(i64::MAX))
    );
}

#[test]
fn arithmetic_refuses_other_currencies_and_overflow() {
    let dollar = Money::from_minor(1, Currency::USD);
    assert!(matches!(
        euro(1).checked_add(dollar),
        Err(MoneyError::CurrencyMismatch { .. })
    ));
    assert!(euro(1).checked_cmp(dollar).is_err() && euro(1).checked_sub(dollar).is_err());
    assert_eq!(
        euro(i64::MAX).checked_add(euro(1)),
        Err(MoneyError::Overflow)
    );
    assert_eq!(euro(i64::MIN).checked_neg(), Err(MoneyError::Overflow));
    assert_eq!(Money::sum(Currency::EUR, []), Ok(euro(0)));
    assert_eq!(Money::sum(Currency::EUR, [euro(1), euro(2)]), Ok(euro(3)));
    assert_eq!(euro(1).checked_max(euro(2)), Ok(euro(2)));
    assert_eq!(euro(1).checked_min(euro(2)), Ok(euro(1)));
}

// covers: PC-1
#[test]
fn tax_of_19_percent_on_138_66_gives_165_01() {
    let net = Money::parse("138.66 EUR").unwrap();
    let rate = Rate::parse_percent("19").unwrap();
    let tax = net.apply(rate, Rounding::HalfUp).unwrap();
    assert_eq!(tax.to_string(), "26.35 EUR");
    let gross = net.checked_add(tax).unwrap();
    assert_eq!(gross.to_string(), "165.01 EUR");
    assert_eq!(gross.net_of(rate, Rounding::HalfUp), Ok(net));
}

#[test]
fn halves_round_as_named_and_alike_on_both_sides_of_zero() {
    let half = Rate::parse_percent("50 %").unwrap();
    for (minor, up, even) in [
        (1, 1, 0),
        (3, 2, 2),
        (5, 3, 2),
        (-1, -1, 0),
        (-5, -3, -2),
        (4, 2, 2),
    ] {
        assert_eq!(euro(minor).apply(half, Rounding::HalfUp), Ok(euro(up)));
        assert_eq!(euro(minor).apply(half, Rounding::HalfEven), Ok(euro(even)));
    }
}

#[test]
fn rates_keep_their_precision_and_are_stored_with_their_sign() {
    let rate = Rate::parse_percent("7.7%").unwrap();
    assert_eq!(
        (rate.fraction(), rate.percent()),
        (dec("0.077"), dec("7.7"))
    );
    assert_eq!(rate, Rate::from_fraction(dec("0.077")).unwrap());
    assert_eq!(rate.to_string(), "7.7 %");
    assert_eq!(serde_json::to_string(&rate).unwrap(), r#""7.7%""#);
    assert_eq!(serde_json::from_str::<Rate>(r#""7.7%""#).unwrap(), rate);
    assert!(serde_json::from_str::<Rate>(r#""0.077""#).is_err());
    assert!(serde_json::from_str::<Rate>("0.077").is_err());
    assert_eq!(rate.complement().unwrap().percent(), dec("92.3"));
    assert!(Rate::from_fraction(dec("10001")).is_err());
    assert!(Rate::from_fraction(dec("0.0000000000001")).is_err());
    assert!(Rate::parse_percent("a lot").is_err());
}

#[test]
fn unit_prices_are_exact_until_they_are_extended() {
    let price = UnitPrice::new(dec("0.0125"), Currency::EUR).unwrap();
    assert_eq!(price.extend(dec("1000"), Rounding::HalfUp), Ok(euro(1_250)));
    assert_eq!(price.extend(dec("1"), Rounding::HalfUp), Ok(euro(1)));
    assert_eq!(price.extend(dec("2.5"), Rounding::HalfUp), Ok(euro(3)));
    let yen = UnitPrice::new(dec("1.5"), Currency::parse("JPY").unwrap()).unwrap();
    assert_eq!(yen.extend(dec("3"), Rounding::HalfEven).unwrap().minor(), 4);
    assert_eq!(
        price
            .marked_up(Rate::parse_percent("20").unwrap())
            .unwrap()
            .amount(),
        dec("0.015")
    );
    assert!(UnitPrice::new(dec("0.0000000001"), Currency::EUR).is_err());
    assert_eq!(
        serde_json::to_string(&price).unwrap(),
        r#"{"amount":"0.0125","currency":"EUR"}"#
    );
}

#[test]
fn the_serialised_form_of_money_stays() {
    let text = serde_json::to_string(&euro(-123)).unwrap();
    assert_eq!(text, r#"{"minor":-123,"currency":"EUR"}"#);
    assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), euro(-123));
    assert!(serde_json::from_str::<Money>(r#"{"minor":1.5,"currency":"EUR"}"#).is_err());
    let error = serde_json::from_str::<Money>(r#"{"minor":1,"currency":"EUX"}"#).unwrap_err();
    assert!(error.to_string().contains("`EUX` is not a currency"));
}

#[test]
fn allocation_gives_the_odd_cents_to_the_largest_remainders() {
    let minors = |money: Money, weights: &[u64]| -> Vec<i64> {
        let shares = money.allocate(weights).unwrap();
        shares.into_iter().map(Money::minor).collect()
    };
    assert_eq!(minors(euro(100), &[1, 1, 1]), [34, 33, 33]);
    assert_eq!(minors(euro(-100), &[1, 1, 1]), [-34, -33, -33]);
    assert_eq!(minors(euro(5), &[0, 1]), [0, 5]);
    assert_eq!(minors(euro(10), &[3, 7, 3]), [2, 6, 2]);
    assert_eq!(minors(euro(i64::MIN), &[1]), [i64::MIN]);
    assert_eq!(euro(1).allocate(&[]), Err(MoneyError::NoWeights));
    assert_eq!(euro(1).allocate(&[0, 0]), Err(MoneyError::NoWeights));
}

proptest! {
    #[test]
    fn allocation_loses_no_cent(
        minor in any::<i64>(),
        weights in prop::collection::vec(any::<u64>(), 1..12),
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let shares = euro(minor).allocate(&weights).unwrap();
        prop_assert_eq!(Money::sum(Currency::EUR, shares.iter().copied()), Ok(euro(minor)));
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        for (share, weight) in shares.iter().zip(&weights) {
            prop_assert!(share.minor().signum() * minor.signum() >= 0);
            // Within one minor unit of the exact part, in whole numbers of `1 / total`.
            let off = (i128::from(share.minor()).checked_mul(total))
                .zip(i128::from(minor).checked_mul(i128::from(*weight)))
                .map(|(given, exact)| (given - exact).abs());
            prop_assert!(off.is_none_or(|off| off < total));
        }
    }

    #[test]
    fn rounding_is_within_half_a_unit_and_mirrors(minor in -1_000_000_000_i64..1_000_000_000, basis in 0_i64..20_000) {
        let rate = Rate::from_fraction(Decimal::new(basis, 4)).unwrap();
        for rounding in [Rounding::HalfUp, Rounding::HalfEven] {
            let part = euro(minor).apply(rate, rounding).unwrap();
            prop_assert!((part.minor() * 10_000 - minor * basis).abs() <= 5_000);
            let mirror = euro(-minor).apply(rate, rounding).unwrap();
            prop_assert_eq!(mirror.minor(), -part.minor());
        }
    }

    #[test]
    fn text_and_json_come_back(minor in any::<i64>(), code in prop::sample::select(vec!["JPY", "EUR", "KWD", "CLF"])) {
        let money = Money::from_minor(minor, Currency::parse(code).unwrap());
        prop_assert_eq!(Money::parse(&money.to_string()), Ok(money));
        prop_assert_eq!(Money::new(money.amount(), money.currency()), Ok(money));
    }
}

// covers: PC-1
#[test]
fn no_float_stands_in_the_code_of_money() {
    for code in [
        include_str!("amount.rs"),
        include_str!("currency.rs"),
        include_str!("ledger.rs"),
        include_str!("mod.rs"),
        include_str!("rate.rs"),
        include_str!("unit_price.rs"),
    ] {
        assert!(!code.contains("f32") && !code.contains("f64"));
    }
}

/// A small generator of its own: a hundred thousand carts from proptest would take minutes.
fn step(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

// covers: PC-1
#[test]
fn a_hundred_thousand_random_carts_add_up_in_every_view() {
    let rates: Vec<Rate> = ["0", "5", "7", "7.7", "8.1", "19", "20", "21", "8.875"]
        .into_iter()
        .map(|rate| Rate::parse_percent(rate).unwrap())
        .collect();
    let mut state = 20_260_302;
    for _ in 0..100_000 {
        let rate = rates[(step(&mut state) % 9) as usize];
        let count = 1 + step(&mut state) % 5;
        let mut lines = Vec::new();
        for _ in 0..count {
            let price = Decimal::new((step(&mut state) % 1_000_000) as i64, 4);
            let quantity = Decimal::new(1 + (step(&mut state) % 4_000) as i64, 2);
            let price = UnitPrice::new(price, Currency::EUR).unwrap();
            lines.push(price.extend(quantity, Rounding::HalfUp).unwrap());
        }
        // The proposal: lines, tax on their sum, total.
        let net = Money::sum(Currency::EUR, lines.iter().copied()).unwrap();
        let tax = net.apply(rate, Rounding::HalfUp).unwrap();
        let total = net.checked_add(tax).unwrap();
        // The invoice: the tax shown a line is the same tax, allocated.
        let weights: Vec<u64> = lines.iter().map(|line| line.minor() as u64).collect();
        let taxes = if net.is_zero() {
            vec![tax; 1]
        } else {
            tax.allocate(&weights).unwrap()
        };
        let by_line = Money::sum(Currency::EUR, lines.into_iter().chain(taxes)).unwrap();
        // The program's interface: minor units, there and back.
        let json = serde_json::to_value(total).unwrap();
        let read: Money = serde_json::from_value(json).unwrap();
        assert!(by_line == total && read == total);
    }
}

fn at() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

fn account(name: &str) -> Account {
    Account::parse(name).unwrap()
}

#[test]
fn postings_balance_in_each_currency_or_are_refused() {
    let dollar = |minor| Money::from_minor(minor, Currency::USD);
    let entry = |name: &str, money| Entry::new(account(name), money);
    let posting = Posting::new(
        "invoice 1",
        at(),
        vec![
            entry("receivable:1", euro(119)),
            entry("revenue", euro(-100)),
            entry("tax", euro(-19)),
            entry("fx:usd", dollar(5)),
            entry("fx:out", dollar(-5)),
        ],
    );
    assert!(posting.is_ok());
    let crossed = Posting::new("x", at(), vec![entry("a", euro(1)), entry("b", dollar(-1))]);
    assert!(matches!(crossed, Err(LedgerError::Unbalanced { .. })));
    assert!(matches!(
        Posting::new("x", at(), vec![]),
        Err(LedgerError::Empty { .. })
    ));
    for name in ["", "Revenue", "a b", "ä"] {
        assert!(Account::parse(name).is_err());
    }
}

#[test]
fn a_ledger_counts_a_posting_once_and_sums_to_zero() {
    let mut ledger = Ledger::new();
    let pay = |key: &str, minor| {
        Posting::transfer(key, at(), account("customer"), account("bank"), euro(minor)).unwrap()
    };
    assert_eq!(ledger.post(pay("p1", 500)), Ok(true));
    assert_eq!(ledger.post(pay("p1", 500)), Ok(false));
    assert!(matches!(
        ledger.post(pay("p1", 501)),
        Err(LedgerError::KeyReused { .. })
    ));
    assert_eq!(ledger.post(pay("p2", 1)), Ok(true));
    assert_eq!(ledger.balance(&account("bank"), Currency::EUR), euro(501));
    assert_eq!(
        ledger.balance(&account("customer"), Currency::EUR),
        euro(-501)
    );
    assert_eq!(ledger.balance(&account("nobody"), Currency::EUR), euro(0));
    let totals = ledger.totals().unwrap();
    assert!(totals.values().all(|total| total.is_zero()));
    let before = ledger.clone();
    assert!(ledger.post(pay("p3", i64::MAX)).is_err());
    assert_eq!(ledger, before);
    let text = serde_json::to_string(&ledger).unwrap();
    assert_eq!(serde_json::from_str::<Ledger>(&text).unwrap(), ledger);
}
