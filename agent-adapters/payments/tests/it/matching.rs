//! Which invoice a payment is for, with reasons, and what is left to a person.

use dealwright_core::id::InvoiceId;
use dealwright_core::money::{Currency, Money};
use dealwright_core::personal::Personal;
use dealwright_payments::Books;
use dealwright_payments::bank::{
    CreditorReference, Incoming, Match, MatchParams, MatchPolicy, OpenInvoice, Why, find_match,
    read_camt,
};
use dealwright_payments::credit::Amounts;

use crate::Dice;
use crate::bank::{camt, day, details, entry, eur};

fn id(n: u8) -> InvoiceId {
    InvoiceId::derive(&[b"open", &[n]])
}

fn reference(n: u8) -> CreditorReference {
    CreditorReference::for_invoice(&format!("2026-000{n}"), id(n)).unwrap()
}

fn person(name: &str) -> Personal<String> {
    Personal::new(name.to_owned(), "contact_1")
}

/// Invoice `2026-000n` of Ada's over an amount.
fn open(n: u8, amount: i64) -> OpenInvoice {
    let dates = (day("2026-03-02"), day("2026-03-16"));
    OpenInvoice::new(
        id(n),
        format!("2026-000{n}"),
        reference(n),
        eur(amount),
        dates,
    )
    .with_payer(person("Ada Söhne GmbH"))
}

/// A payment of Ada's, by the way of a statement.
fn payment(amount: &str, from: &str, text: &str, reference: &str) -> Incoming {
    let details = details(text, reference).replace("Ada &amp; Söhne GmbH", from);
    let file = camt(&entry(amount, "CRDT", "BOOK", &details));
    let mut statements = read_camt(file.as_bytes()).unwrap();
    statements.remove(0).rows.remove(0).unwrap()
}

fn matched(payment: &Incoming, open: &[OpenInvoice]) -> Match {
    find_match(MatchPolicy::default(), payment, open)
}

fn allocated(found: &Match) -> Vec<(InvoiceId, i64)> {
    let parts = found.allocations().iter();
    parts
        .map(|part| (part.invoice, part.amount.minor()))
        .collect()
}

/// What is paid, by whom, what they wrote, the reference; whether it is sure, for which invoices,
/// and what is left.
type Row<'a> = (&'a str, &'a str, &'a str, String, bool, Vec<(u8, i64)>, i64);

#[test]
fn each_kind_of_payment_goes_where_it_belongs_or_to_a_person() {
    let two = [open(1, 119_000), open(2, 59_500)];
    let rf = |n: u8| reference(n).as_str().to_owned();
    let spaced = reference(2).to_string();
    let rows: Vec<Row> = vec![
        (
            "1190.00",
            "Söhne, Ada",
            "thanks",
            rf(1),
            true,
            vec![(1, 119_000)],
            0,
        ),
        (
            "1190.00",
            "Somebody Else",
            "thanks",
            rf(1),
            true,
            vec![(1, 119_000)],
            0,
        ),
        (
            "595.00",
            "Ada Soehne",
            &spaced,
            String::new(),
            true,
            vec![(2, 59_500)],
            0,
        ),
        (
            "1190.00",
            "ADA SOHNE",
            "re 2026/0001",
            String::new(),
            true,
            vec![(1, 119_000)],
            0,
        ),
        // A part by reference, and more than was asked for.
        (
            "500.00",
            "Ada Söhne",
            "part",
            rf(1),
            true,
            vec![(1, 50_000)],
            0,
        ),
        (
            "1200.00",
            "Ada Söhne",
            "",
            rf(1),
            true,
            vec![(1, 119_000)],
            1_000,
        ),
        // One payment for two invoices.
        (
            "1785.00",
            "Ada Söhne",
            "2026-0001 and 2026-0002",
            String::new(),
            true,
            vec![(1, 119_000), (2, 59_500)],
            0,
        ),
        // Two are named and the sum is another.
        (
            "1700.00",
            "Ada Söhne",
            "2026-0001 and 2026-0002",
            String::new(),
            false,
            vec![(1, 119_000), (2, 51_000)],
            0,
        ),
        // Nobody is named: the amount alone is not enough.
        (
            "1190.00",
            "Ada Söhne",
            "thanks",
            String::new(),
            false,
            vec![(1, 119_000)],
            0,
        ),
        (
            "1190.00",
            "Bo Other",
            "thanks",
            String::new(),
            false,
            vec![(1, 119_000)],
            0,
        ),
        (
            "1785.00",
            "Ada Söhne",
            "thanks",
            String::new(),
            false,
            vec![(1, 119_000), (2, 59_500)],
            0,
        ),
        // Another's number, and a number that only begins like one of ours.
        (
            "1190.00",
            "Ada Söhne",
            "2026-00011",
            String::new(),
            false,
            vec![(1, 119_000)],
            0,
        ),
        (
            "3.00",
            "Bo Other",
            "2026-0001",
            String::new(),
            false,
            vec![(1, 300)],
            0,
        ),
    ];
    for (amount, from, text, reference, sure, wanted, over) in rows {
        let payment = payment(amount, from, text, &reference);
        let found = matched(&payment, &two);
        let wanted: Vec<_> = wanted
            .into_iter()
            .map(|(n, minor)| (id(n), minor))
            .collect();
        let why = format!("{amount} of {from}, `{text}` {reference}: {found:?}");
        assert_eq!(found.is_sure(), sure, "{why}");
        assert_eq!(allocated(&found), wanted, "{why}");
        assert_eq!(found.over(), eur(over), "{why}");
        assert_eq!(
            found.facts(&payment).len(),
            if sure { wanted.len() } else { 0 }
        );
        let points: i16 = found.reasons().iter().map(|reason| reason.points).sum();
        let confidence = i16::from(found.confidence());
        assert_eq!(points.clamp(0, 100), confidence, "{why}");
        // What is sure is so by words that can be read.
        assert!(
            found
                .reasons()
                .iter()
                .all(|reason| reason.to_string().contains('('))
        );
    }
}

#[test]
fn two_invoices_that_fit_alike_are_for_a_person() {
    let twins = [open(1, 119_000), open(2, 119_000)];
    let found = matched(&payment("1190.00", "Ada Söhne", "thanks", ""), &twins);
    assert!(!found.is_sure() && found.confidence() > 0);
    // Even where their sum is another's amount.
    let sum = matched(&payment("2380.00", "Ada Söhne", "thanks", ""), &twins);
    assert!(!sum.is_sure());
    assert_eq!(allocated(&sum), [(id(1), 119_000), (id(2), 119_000)]);
    let none = matched(&payment("1.00", "Ada", "", ""), &[]);
    assert_eq!((none.confidence(), none.is_sure()), (0, false));
}

#[test]
fn a_payment_before_its_invoice_and_one_that_came_back_are_for_a_person() {
    let early = OpenInvoice::new(
        id(1),
        "2026-0001",
        reference(1),
        eur(119_000),
        (day("2026-04-01"), day("2026-04-15")),
    );
    let named = payment("1190.00", "Bo", "2026-0001", "");
    let found = matched(&named, std::slice::from_ref(&early));
    assert!(!found.is_sure(), "{found:?}");
    assert!(found.reasons().iter().any(|r| r.why == Why::OtherDate));
    let file = camt(&entry(
        "1190.00",
        "CRDT",
        "BOOK",
        &details("", reference(1).as_str()),
    ))
    .replace("<Sts>", "<RvslInd>true</RvslInd><Sts>");
    let back = read_camt(file.as_bytes())
        .unwrap()
        .remove(0)
        .rows
        .remove(0)
        .unwrap();
    assert!(!matched(&back, &[open(1, 119_000)]).is_sure());
    let mut dollars = back;
    dollars.amount = Money::from_minor(119_000, Currency::USD);
    assert_eq!(matched(&dollars, &[open(1, 119_000)]).allocations(), []);
}

#[test]
fn nothing_is_entered_below_the_stated_confidence() {
    for (at_least, lead) in [(49, 20), (101, 20), (75, 0), (75, 51)] {
        assert!(MatchParams { at_least, lead }.check().is_err());
    }
    let strict = MatchParams {
        at_least: 100,
        lead: 20,
    };
    let by_number = payment("1190.00", "Somebody", "2026-0001", "");
    let invoices = [open(1, 119_000)];
    let found = find_match(strict.check().unwrap(), &by_number, &invoices);
    assert!(!found.is_sure() && found.confidence() < 100);
}

/// Random payments on random invoices: no cent is made or lost, and what is sure is never for an
/// invoice that the payment does not name.
#[test]
fn matches_lose_no_cent_and_guess_nothing() {
    let mut sure = 0;
    for seed in 0..2_000 {
        let mut dice = Dice::new(seed);
        let amount = |dice: &mut Dice| 100 + i64::try_from(dice.below(40)).unwrap() * 50;
        let invoices: Vec<OpenInvoice> = (1..=4).map(|n| open(n, amount(&mut dice))).collect();
        let named: Vec<u8> = (1..=4).filter(|_| dice.below(4) == 0).collect();
        let text: Vec<String> = named.iter().map(|n| format!("2026-000{n}")).collect();
        let paid = match dice.below(3) {
            0 => amount(&mut dice),
            _ => named
                .iter()
                .map(|n| invoices[usize::from(*n) - 1].open().minor())
                .sum::<i64>()
                .max(1),
        };
        let from = ["Ada Söhne", "Somebody Else"][dice.below(2)];
        let payment = payment(&eur(paid).amount().to_string(), from, &text.join(" "), "");
        let found = matched(&payment, &invoices);
        let parts = found.allocations().iter().map(|part| part.amount);
        let whole = Money::sum(Currency::EUR, parts.chain([found.over()])).unwrap();
        assert_eq!(whole, payment.amount, "seed {seed}");
        for part in found.allocations() {
            let open = invoices
                .iter()
                .find(|open| open.invoice() == part.invoice)
                .unwrap();
            assert!(part.amount.is_positive() && part.amount.minor() <= open.open().minor());
        }
        if found.is_sure() {
            sure += 1;
            let names = |part: &InvoiceId| named.iter().any(|n| id(*n) == *part);
            assert!(
                allocated(&found).iter().all(|(part, _)| names(part)),
                "seed {seed}"
            );
        }
    }
    println!("{sure} of 2,000 payments were sure");
    assert!((300..1_700).contains(&sure));
}

// covers: CF-4
#[test]
fn a_statement_that_is_imported_twice_is_booked_once() {
    let file = camt(&entry(
        "1785.00",
        "CRDT",
        "BOOK",
        &details("2026-0001 + 2026-0002", ""),
    ));
    let mut books = Books::new("bank").unwrap();
    let nothing = eur(0);
    for (n, net) in [(1, 119_000), (2, 59_500)] {
        let amounts = Amounts::new(eur(net), nothing).unwrap();
        books
            .issue(id(n), amounts, chrono::DateTime::UNIX_EPOCH)
            .unwrap();
    }
    for round in 0..3 {
        let statement = read_camt(file.as_bytes()).unwrap().remove(0);
        for row in statement.rows.iter().flatten() {
            // As they were open when it was first matched: a later round would find them paid.
            let found = matched(row, &[open(1, 119_000), open(2, 59_500)]);
            let new = found
                .facts(row)
                .iter()
                .filter(|f| books.absorb(f).unwrap())
                .count();
            assert_eq!(new, if round == 0 { 2 } else { 0 });
        }
    }
    for n in [1, 2] {
        assert!(books.open(id(n), Currency::EUR).unwrap().is_zero());
    }
}
