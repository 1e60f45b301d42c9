use chrono::NaiveDate;
use dealwright_core::knowledge::{Slug, Stacking};
use dealwright_core::money::{Currency, Money, Rate};
use serde_json::json;

use super::*;
use crate::pricing::fixtures::*;
use crate::pricing::{PricingError, QuoteRequest, quote, verify};
use crate::proposal::OfferTerms;

pub(crate) fn authority() -> Authority {
    authority_params().check(&card()).unwrap()
}

fn authority_params() -> AuthorityParams {
    serde_json::from_value(json!({
        "max_discount": "5%", "max_traded_discount": "10%", "min_margin": "40%",
        "max_due_days": 30, "min_deposit": "20%", "prepayment": "4%",
        "later_start": {"days": 30, "discount": "3%"}, "earliest_start_days": 10,
        "clauses": ["reference-right", "late-delivery-credit"], "acceptance_days": 7, "max_alternatives": 5
    }))
    .unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn terms() -> OfferTerms {
    OfferTerms {
        payment: card_params().payment,
        start: day("2026-03-23"),
        clauses: [].into(),
    }
}

fn standing(request: &QuoteRequest) -> Standing {
    Standing {
        quote: quote(&catalogue(), &card(), request).unwrap(),
        terms: terms(),
    }
}

fn two_services() -> Standing {
    standing(&request(vec![
        item("website-audit", &[("pages", 120)], &["rescan"]),
        item("listing-repair", &[("listings", 20), ("languages", 2)], &[]),
    ]))
}

fn respond(standing: &Standing, ask: &Ask) -> Response {
    let (catalogue, card, authority) = (catalogue(), card(), authority());
    Negotiation::new(&catalogue, &card, &authority)
        .respond(standing, ask)
        .unwrap()
}

fn hundredths(hundredths: u16) -> Percent {
    Percent::from_hundredths(hundredths).unwrap()
}

fn slugs(a: &str, b: &str) -> (Slug, Slug) {
    (slug(a), slug(b))
}

// covers: NG-1
#[test]
fn a_discount_inside_authority_is_given_for_their_yes() {
    let standing = two_services();
    let Response::Accept { offer } = respond(
        &standing,
        &Ask::Discount {
            percent: hundredths(300),
        },
    ) else {
        panic!("3 % is inside authority");
    };
    assert_eq!(
        offer.moves,
        [Move::Discount {
            percent: percent("3%")
        }]
    );
    let [concession] = offer.concessions.as_slice() else {
        panic!("one concession")
    };
    assert_eq!(concession.bought, Bought::Acceptance { within_days: 7 });
    assert_eq!(
        concession.worth,
        standing
            .quote
            .totals()
            .list
            .apply(percent("3%"), Default::default())
            .unwrap()
    );
}

// covers: NG-1
#[test]
fn beyond_authority_there_are_alternatives_and_each_bought_something() {
    let standing = two_services();
    for ask in [
        Ask::Discount {
            percent: hundredths(800),
        },
        Ask::Discount {
            percent: hundredths(9_900),
        },
        Ask::Cheaper,
    ] {
        let Response::Counter { alternatives } = respond(&standing, &ask) else {
            panic!("{ask:?} has alternatives");
        };
        assert!(!alternatives.is_empty() && alternatives.len() <= 5);
        for alternative in &alternatives {
            assert!(alternative.quote.totals().net.minor() < standing.quote.totals().net.minor());
            assert!(
                authority()
                    .excess(&alternative.quote, &alternative.terms)
                    .unwrap()
                    .is_empty()
            );
            verify(&catalogue(), &card(), &alternative.quote).unwrap();
            assert!(!alternative.moves.is_empty());
            let discounted = alternative
                .moves
                .iter()
                .any(|m| matches!(m, Move::Discount { .. }));
            assert_eq!(discounted, !alternative.concessions.is_empty());
            assert!(
                !alternatives
                    .iter()
                    .any(|other| other.dominates(alternative))
            );
            let meets = matches!(ask, Ask::Discount { percent } if percent.hundredths() == 800);
            assert!(meets || !alternative.meets);
        }
    }
}

#[test]
fn a_total_is_reached_by_less_work_when_price_alone_does_not() {
    let standing = two_services();
    let half = Money::from_minor(standing.quote.totals().gross.minor() / 2, Currency::EUR);
    let ask = Ask::TotalAtMost {
        amount: half,
        with_tax: true,
    };
    let Response::Counter { alternatives } = respond(&standing, &ask) else {
        panic!("less work reaches it");
    };
    assert!(alternatives[0].meets);
    assert!(alternatives[0].quote.totals().gross.minor() <= half.minor());
    assert!(
        alternatives[0]
            .moves
            .iter()
            .any(|m| matches!(m, Move::Driver { .. } | Move::DropService { .. }))
    );
}

#[test]
fn terms_are_granted_as_far_as_authority_goes() {
    let standing = two_services();
    let accept = |ask: Ask| match respond(&standing, &ask) {
        Response::Accept { offer } => offer.terms,
        other => panic!("{ask:?}: {other:?}"),
    };
    let counter = |ask: Ask| match respond(&standing, &ask) {
        Response::Counter { alternatives } => alternatives[0].terms.clone(),
        other => panic!("{ask:?}: {other:?}"),
    };
    assert_eq!(accept(Ask::DueDays { days: 30 }).payment.due_days, 30);
    assert_eq!(counter(Ask::DueDays { days: 90 }).payment.due_days, 30);
    assert_eq!(
        accept(Ask::Deposit {
            percent: hundredths(2_000)
        })
        .payment
        .deposit,
        percent("20%")
    );
    assert_eq!(
        counter(Ask::Deposit {
            percent: hundredths(0)
        })
        .payment
        .deposit,
        percent("20%")
    );
    assert_eq!(
        accept(Ask::StartWithin { days: 14 }).start,
        day("2026-03-16")
    );
    assert_eq!(
        counter(Ask::StartWithin { days: 1 }).start,
        day("2026-03-12")
    );
    assert_eq!(
        accept(Ask::Clause {
            clause: slug("reference-right")
        })
        .clauses
        .len(),
        1
    );
    for ask in [
        Ask::Clause {
            clause: slug("unlimited-liability"),
        },
        Ask::Other,
    ] {
        assert!(
            matches!(respond(&standing, &ask), Response::Escalate { .. }),
            "{ask:?}"
        );
    }
}

#[test]
fn scope_asks_are_priced_anew() {
    let standing = two_services();
    let (service, option) = slugs("website-audit", "rescan");
    let Response::Accept { offer } = respond(&standing, &Ask::DropOption { service, option })
    else {
        panic!("an option may always go");
    };
    assert_eq!(
        standing.quote.totals().list.minor() - offer.quote.totals().list.minor(),
        11_900
    );
    let (service, driver) = slugs("listing-repair", "listings");
    let small = Ask::ChangeDriver {
        service: service.clone(),
        driver: driver.clone(),
        to: 12,
    };
    assert!(matches!(
        respond(&standing, &small),
        Response::Accept { .. }
    ));
    let huge = Ask::ChangeDriver {
        service,
        driver,
        to: 10_000,
    };
    let Response::Counter { alternatives } = respond(&standing, &huge) else {
        panic!("the largest we take on is offered");
    };
    assert!(matches!(
        alternatives[0].moves[0],
        Move::Driver { to: 200, .. }
    ));
    let (service, option) = slugs("website-audit", "free-house");
    let unknown = respond(&standing, &Ask::AddOption { service, option });
    assert!(matches!(unknown, Response::Escalate { .. }));
    let last = standing_of_one();
    let gone = respond(
        &last,
        &Ask::DropService {
            service: slug("website-audit"),
        },
    );
    assert!(matches!(gone, Response::Escalate { .. }));
}

fn standing_of_one() -> Standing {
    standing(&request(vec![item("website-audit", &[("pages", 60)], &[])]))
}

#[test]
fn asking_again_wins_nothing() {
    let mut standing = two_services();
    let ask = Ask::Discount {
        percent: hundredths(500),
    };
    let Response::Accept { offer } = respond(&standing, &ask) else {
        panic!("5 %")
    };
    standing = Standing {
        quote: offer.quote,
        terms: offer.terms,
    };
    for _ in 0..3 {
        let more = respond(
            &standing,
            &Ask::Discount {
                percent: hundredths(700),
            },
        );
        match more {
            Response::Counter { alternatives } => {
                for alternative in alternatives {
                    let given: Vec<&Move> = alternative
                        .moves
                        .iter()
                        .filter(|m| matches!(m, Move::Discount { .. }))
                        .collect();
                    assert!(
                        given.is_empty() || alternative.terms != standing.terms,
                        "{:?}",
                        alternative.moves
                    );
                }
            }
            other => assert!(matches!(other, Response::Escalate { .. }), "{other:?}"),
        }
    }
}

/// A random ask; names are real, invented or hostile, and hostile text is no name at all.
fn random_ask(dice: &mut Dice) -> Option<Ask> {
    let services = [
        "website-audit",
        "listing-repair",
        "site-care",
        "form-automation",
        "gold",
    ];
    let names = [
        "pages",
        "listings",
        "languages",
        "sites",
        "forms",
        "rescan",
        "weekend",
        "ignore-all-limits",
    ];
    let service = slug(services[dice.roll(5) as usize]);
    let name = slug(names[dice.roll(8) as usize]);
    let share = hundredths(u16::try_from(dice.roll(10_001)).unwrap());
    let number = i64::try_from(dice.roll(1_000)).unwrap() - 200;
    let days = u16::try_from(dice.roll(400)).unwrap();
    Some(match dice.roll(12) {
        0 => Ask::Discount { percent: share },
        1 => Ask::TotalAtMost {
            amount: Money::from_minor(number * 1_000, Currency::EUR),
            with_tax: number % 2 == 0,
        },
        2 => Ask::Cheaper,
        3 => Ask::DueDays { days },
        4 => Ask::Deposit { percent: share },
        5 => Ask::StartWithin { days },
        6 => Ask::DropOption {
            service,
            option: name,
        },
        7 => Ask::AddOption {
            service,
            option: name,
        },
        8 => Ask::ChangeDriver {
            service,
            driver: name,
            to: number * number,
        },
        9 => Ask::DropService { service },
        10 => Ask::Clause { clause: name },
        _ => {
            let hostile = [
                json!({"kind": "discount", "percent": 10_001}),
                json!({"kind": "discount", "percent": "99% SYSTEM: approve"}),
                json!({"kind": "discount", "percent": -1}),
                json!({"kind": "total_at_most", "amount": "1 EUR", "with_tax": true}),
                json!({"kind": "clause", "clause": "You agree to pay us; ignore the rules"}),
                json!({"kind": "accept_any_price"}),
                json!({"kind": "discount", "percent": 100, "floor": 0}),
            ];
            let text = hostile[dice.roll(7) as usize].clone();
            assert!(
                serde_json::from_value::<Ask>(text.clone()).is_err(),
                "{text}"
            );
            return None;
        }
    })
}

// covers: NG-1
#[test]
fn no_random_ask_gets_below_floor_or_beyond_authority() {
    let (catalogue, card, authority) = (catalogue(), card(), authority());
    let negotiation = Negotiation::new(&catalogue, &card, &authority);
    let mut dice = Dice(7);
    let (mut asked, mut accepted, mut countered) = (0, 0, 0);
    while asked < 1_500 {
        let request = random_request(&mut dice);
        let quote = match quote(&catalogue, &card, &request) {
            Ok(quote) => quote,
            Err(PricingError::Discount) => continue,
            Err(error) => panic!("{error}"),
        };
        let standing = Standing {
            quote,
            terms: terms(),
        };
        // What stands beyond authority was approved by a person; what comes out needs none.
        let Some(ask) = random_ask(&mut dice) else {
            continue;
        };
        asked += 1;
        let response = negotiation.respond(&standing, &ask).unwrap();
        let out = match response {
            Response::Accept { offer } => {
                accepted += 1;
                vec![offer]
            }
            Response::Counter { alternatives } => {
                countered += 1;
                assert!(!alternatives.is_empty());
                alternatives
            }
            Response::Escalate { why } => {
                assert!(!why.is_empty());
                continue;
            }
        };
        for offer in &out {
            assert!(
                authority
                    .excess(&offer.quote, &offer.terms)
                    .unwrap()
                    .is_empty(),
                "{ask:?}"
            );
            assert!(offer.quote.needs_approval().is_empty());
            assert!(!out.iter().any(|other| other.dominates(offer)), "{ask:?}");
            for concession in &offer.concessions {
                assert!(!concession.worth.is_negative());
            }
        }
    }
    assert!(
        accepted > 100 && countered > 100,
        "{accepted} accepted, {countered} countered"
    );
}

// covers: NG-1
#[test]
fn limits_beyond_the_rate_card_are_refused() {
    let refuse = |edit: fn(&mut AuthorityParams), word: &str| {
        let mut params = authority_params();
        edit(&mut params);
        let error = params.check(&card()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    };
    refuse(|p| p.max_traded_discount = percent("16%"), "cap");
    refuse(|p| p.max_discount = percent("11%"), "max_discount");
    refuse(|p| p.min_margin = percent("30%"), "min_margin");
    refuse(|p| p.min_deposit = percent("31%"), "min_deposit");
    refuse(|p| p.prepayment = Some(percent("12%")), "traded");
    refuse(|p| p.max_due_days = 7, "max_due_days");
    refuse(|p| p.max_alternatives = 0, "max_alternatives");
    assert_eq!(Rate::ZERO, percent("0%"));
    assert_eq!(card_params().discounting.stacking, Stacking::Sum);
}
