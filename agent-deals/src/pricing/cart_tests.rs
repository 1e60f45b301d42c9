//! A hundred thousand carts that nobody thought of.

use super::fixtures::*;
use super::tests::{invoices, sum, terms};
use super::*;

// covers: PC-1, CF-3, NG-1
#[test]
fn every_view_of_a_random_cart_comes_to_the_same_cent_and_none_goes_below_floor_unapproved() {
    let (catalogue, card) = (catalogue(), card());
    let (authority, terms_now) = (
        crate::negotiation::tests::authority(),
        crate::negotiation::tests::terms(),
    );
    let (mut free, mut bound) = (0, 0);
    let mut dice = Dice(1);
    let mut priced = 0;
    for number in 0..100_000 {
        let request = random_request(&mut dice);
        let quote = match quote(&catalogue, &card, &request) {
            Ok(quote) => quote,
            Err(PricingError::Discount) => continue,
            Err(error) => panic!("cart {number}: {error}"),
        };
        priced += 1;
        let totals = quote.totals();
        let net = sum(quote.lines().iter().map(|l| l.net));
        let tax = sum(quote.taxes().iter().map(|t| t.tax));
        assert_eq!(net, totals.net, "cart {number}");
        assert_eq!(net.checked_add(tax).unwrap(), totals.gross, "cart {number}");
        if authority.excess(&quote, &terms_now).unwrap().is_empty() {
            free += 1;
            assert!(is_above_all_floors(&quote), "cart {number}");
        } else {
            bound += 1;
        }
        // Derivations and invoices are dear to redo: every tenth cart.
        if number % 10 == 0 {
            recompute(&quote).unwrap_or_else(|e| panic!("cart {number}: {e}"));
            let plan = PaymentPlan::new(&quote, &terms("30%")).unwrap();
            assert_eq!(
                sum(plan.instalments().iter().map(|i| i.gross)),
                totals.gross,
                "cart {number}"
            );
            let invoices = invoices(&quote, &plan);
            assert_eq!(
                sum(invoices.iter().map(Invoice::gross)),
                totals.gross,
                "cart {number}"
            );
            assert_eq!(
                sum(invoices.iter().map(Invoice::tax)),
                totals.tax,
                "cart {number}"
            );
            for line in quote.lines() {
                let billed = invoices.iter().flat_map(Invoice::lines);
                let billed = billed.filter(|l| l.line == line.id).map(|l| l.net);
                assert_eq!(sum(billed), line.net, "cart {number}, {}", line.label);
            }
        }
    }
    assert!(priced > 95_000, "{priced}");
    assert!(
        free > 10_000 && bound > 10_000,
        "{free} free, {bound} bound"
    );
}

/// The floors of the fixtures, said once more in other words: card 35 % (listing repair 30 %),
/// authority 40 % of the whole, at most 15 % off.
fn is_above_all_floors(quote: &Quote) -> bool {
    let floors = [
        ("website-audit", 22_000, 35),
        ("listing-repair", 12_000, 30),
        ("site-care", 30_000, 35),
        ("form-automation", 50_000, 35),
    ];
    let totals = quote.totals();
    let off = totals.discount.minor() * 100
        <= totals.list.minor() * 15 + 100 * i64::try_from(quote.lines().len()).unwrap();
    off && totals.margin.minor() * 100 >= totals.net.minor() * 40
        && quote.items().iter().all(|item| {
            let (_, least, margin) = floors
                .iter()
                .find(|f| f.0 == item.service.as_str())
                .unwrap();
            let lines = || quote.lines().iter().filter(|l| l.service == item.service);
            let net: i64 = lines().map(|l| l.net.minor()).sum();
            let cost: i64 = lines().map(|l| l.cost.minor()).sum();
            net >= *least && (net - cost) * 100 >= net * margin
        })
}
