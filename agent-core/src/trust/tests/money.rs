//! The payer: never above what was accepted, each invoice once, each payment once.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::canonical::Digest32;
use crate::id::{ContractId, InvoiceId};
use crate::money::{Currency, Money};

struct Alone {
    key: ProcessKey,
    state: PayerState,
    policy: PayerPolicy,
    revision: u64,
    /// Effects that were asked for: invoice and key.
    effects: Vec<(String, EffectKey, Money)>,
}

fn eur(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

fn invoice(n: u8) -> InvoiceId {
    InvoiceId::derive(&[b"invoice", &[n]])
}

fn ask(n: u8, amount: i64) -> AskCharge {
    AskCharge {
        step: format!("invoice-{n}"),
        bill: Bill {
            invoice: invoice(n),
            number: format!("2026-{n:03}"),
            contract: ContractId::derive(&[b"contract"]),
            offer: Digest32::of(b"offer"),
            amount: eur(amount),
            due: noon(),
            document: None,
        },
        accepted_total: eur(10_000),
    }
}

impl Alone {
    fn new(policy: PayerPolicy) -> Self {
        Self {
            key: ProcessKey::new(&Tenant::parse("t").unwrap(), "payer", "p"),
            state: PayerState::default(),
            policy,
            revision: 0,
            effects: Vec::new(),
        }
    }

    fn step_as(&mut self, actor: Actor, input: &PayerInput) -> Result<(), String> {
        let origin = WorkKey::from_stored("t/payer/p/i/x");
        let revision = Revision::new(self.revision);
        let cx = Context::testing(noon(), &self.key, revision, &self.policy, &actor, &origin);
        self.revision += 1;
        let decision = Payer::decide(&self.state, input, &cx).map_err(|r| r.rule().to_owned())?;
        for planned in &decision.effects {
            let key = EffectKey::derive(&self.key, &planned.step, planned.attempt);
            self.effects.push((
                planned.effect.invoice().to_owned(),
                key,
                planned.effect.bill.amount,
            ));
        }
        for event in decision.events() {
            self.state = Payer::apply(std::mem::take(&mut self.state), event);
        }
        Ok(())
    }

    fn step(&mut self, input: &PayerInput) -> Result<(), String> {
        self.step_as(Actor::System, input)
    }

    fn ask(&mut self, ask: AskCharge) -> Result<(), String> {
        let asker = ProcessKey::new(self.key.tenant(), "deal", "d");
        self.step(&PayerInput::Ask {
            asker,
            ask: Box::new(ask),
        })
    }

    fn pay(&mut self, n: u8, amount: i64, event: &str) -> Result<(), String> {
        self.step(&PayerInput::Received {
            invoice: invoice(n).to_string(),
            amount: eur(amount),
            event: event.to_owned(),
            at: noon(),
        })
    }

    fn of(&self, n: u8) -> &Instalment {
        &self.state.instalments()[&invoice(n).to_string()]
    }
}

#[derive(Clone, Debug)]
enum Turn {
    Ask(u8, i64),
    Taken(u8),
    Untaken(u8),
    Pay(u8, i64, u8),
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        4 => (0..6_u8, 1..6_000_i64).prop_map(|(n, a)| Turn::Ask(n, a)),
        2 => (0..6_u8).prop_map(Turn::Taken),
        2 => (0..6_u8).prop_map(Turn::Untaken),
        3 => (0..6_u8, 1..4_000_i64, 0..8_u8).prop_map(|(n, a, e)| Turn::Pay(n, a, e)),
    ];
    prop::collection::vec(turn, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    // covers: CF-4, X-4
    #[test]
    fn charges_stay_within_what_was_accepted_and_money_is_conserved(turns in turns()) {
        let mut payer = Alone::new(PayerPolicy::default());
        let mut books: BTreeMap<u8, BTreeMap<u8, i64>> = BTreeMap::new();
        for turn in &turns {
            match *turn {
                Turn::Ask(n, amount) => {
                    let _ = payer.ask(ask(n, amount));
                }
                Turn::Taken(n) | Turn::Untaken(n) => {
                    let id = invoice(n).to_string();
                    let Some(attempt) = payer.state.instalments().get(&id).map(|i| i.attempt) else { continue };
                    let input = if matches!(turn, Turn::Taken(_)) {
                        let receipt = ChargeReceipt { provider_id: format!("ch-{n}-{attempt}"), at: noon() };
                        PayerInput::Taken { step: id, attempt, receipt }
                    } else {
                        PayerInput::Untaken { step: id, attempt, how: Unsettled::Exhausted }
                    };
                    let _ = payer.step(&input);
                }
                Turn::Pay(n, amount, event) => {
                    if payer.pay(n, amount, &format!("pay-{event}")).is_ok() {
                        prop_assert!(books.entry(n).or_default().insert(event, amount).is_none(), "counted twice");
                    }
                }
            }
            let asked: i64 = payer.state.instalments().values().map(|i| i.bill.amount.minor()).sum();
            prop_assert!(asked <= 10_000, "{asked} asked for");
            for (n, paid) in &books {
                let kept = payer.of(*n);
                prop_assert_eq!(kept.paid.minor(), paid.values().sum::<i64>());
                prop_assert!(kept.paid.minor() <= kept.bill.amount.minor());
            }
        }
        // One key for one wish: no effect is asked for twice under one key.
        let keys: BTreeSet<_> = payer.effects.iter().map(|(_, key, _)| *key).collect();
        prop_assert_eq!(keys.len(), payer.effects.len());
    }

    // covers: CF-4
    #[test]
    fn payments_in_any_order_and_any_number_of_times_count_once(
        order in Just((0..8_usize).collect::<Vec<_>>()).prop_shuffle(),
        again in prop::collection::vec(0..8_usize, 0..20),
    ) {
        let parts = [100, 250, 650, 1_000, 1_000, 2_000, 3_000, 2_000];
        let mut payer = Alone::new(PayerPolicy::default());
        prop_assert!(payer.ask(ask(1, 10_000)).is_ok());
        for n in order.iter().chain(&again) {
            let _ = payer.pay(1, parts[*n], &format!("pay-{n}"));
        }
        prop_assert_eq!(payer.of(1).paid, eur(10_000));
        prop_assert_eq!(payer.of(1).phase, InstalmentPhase::Paid);
    }
}

//
#[test]
fn each_invoice_is_charged_once_unless_the_first_try_failed() {
    let mut payer = Alone::new(PayerPolicy::default());
    assert!(payer.ask(ask(1, 4_000)).is_ok());
    assert_eq!(payer.ask(ask(1, 4_000)), Err("I6".to_owned()));
    assert_eq!(payer.ask(ask(1, 1)), Err("I6".to_owned()));
    assert_eq!(payer.effects.len(), 1);
    let untaken = |attempt, how| PayerInput::Untaken {
        step: invoice(1).to_string(),
        attempt,
        how,
    };
    // Proof that it was not taken puts it out again, under a key of its own.
    assert!(payer.step(&untaken(0, Unsettled::NotPerformed)).is_ok());
    assert_eq!(
        payer.step(&untaken(0, Unsettled::NotPerformed)),
        Err("I7".to_owned())
    );
    assert_eq!(payer.ask(ask(1, 4_000)), Err("I6".to_owned()));
    assert!(payer.step(&untaken(1, Unsettled::Exhausted)).is_ok());
    assert!(
        payer.ask(ask(1, 4_000)).is_ok(),
        "a person or the asker may try again"
    );
    let keys: BTreeSet<_> = payer.effects.iter().map(|(_, key, _)| *key).collect();
    assert_eq!(
        (keys.len(), payer.effects.len()),
        (3, 3),
        "each under a key of its own"
    );
    // What came in for an invoice is kept over a repeat.
    assert_eq!(payer.of(1).paid, eur(0));
}

// covers: CF-4
#[test]
fn what_came_in_is_kept_when_a_failed_charge_is_tried_again() {
    let mut payer = Alone::new(PayerPolicy::default());
    payer.ask(ask(1, 4_000)).unwrap();
    payer.pay(1, 1_500, "early").unwrap();
    let untaken = PayerInput::Untaken {
        step: invoice(1).to_string(),
        attempt: 0,
        how: Unsettled::Exhausted,
    };
    payer.step(&untaken).unwrap();
    payer.ask(ask(1, 4_000)).unwrap();
    assert_eq!(payer.of(1).paid, eur(1_500));
    assert_eq!(
        payer.pay(1, 1_500, "early"),
        Err("CF-4".to_owned()),
        "counted already"
    );
    assert_eq!(payer.ask(ask(1, 1_000)), Err("I6".to_owned()));
    payer.pay(1, 2_500, "rest").unwrap();
    assert_eq!(payer.of(1).phase, InstalmentPhase::Paid);
}

#[test]
fn a_charge_rests_on_the_accepted_offer() {
    type Change = Box<dyn Fn(&mut AskCharge)>;
    let mut payer = Alone::new(PayerPolicy::default());
    payer.ask(ask(1, 6_000)).unwrap();
    let table: [(&str, Change); 6] = [
        ("above the rest", Box::new(|a| a.bill.amount = eur(4_001))),
        ("nothing", Box::new(|a| a.bill.amount = eur(0))),
        ("less than nothing", Box::new(|a| a.bill.amount = eur(-5))),
        (
            "another offer",
            Box::new(|a| a.bill.offer = Digest32::of(b"other")),
        ),
        (
            "another total",
            Box::new(|a| a.accepted_total = eur(99_999)),
        ),
        (
            "another currency",
            Box::new(|a| a.bill.amount = Money::from_minor(100, Currency::USD)),
        ),
    ];
    for (what, change) in table {
        let mut asked = ask(2, 4_000);
        change(&mut asked);
        assert_eq!(payer.ask(asked), Err("I5".to_owned()), "{what}");
    }
    assert!(payer.ask(ask(2, 4_000)).is_ok());
    for amount in [0, -100] {
        assert_eq!(
            payer.pay(2, amount, "odd"),
            Err("I5".to_owned()),
            "a payment of {amount}"
        );
    }
    assert_eq!(payer.pay(2, 4_001, "too much"), Err("I5".to_owned()));
    assert_eq!(payer.pay(9, 1, "stray"), Err("CF-4".to_owned()));
}

// covers: OR-6
#[test]
fn a_large_charge_waits_for_a_person_who_saw_the_amount() {
    let mut payer = Alone::new(PayerPolicy {
        stopped: false,
        approve_above: [("EUR".to_owned(), 1_000)].into(),
    });
    payer.ask(ask(1, 1_000)).unwrap();
    assert_eq!(payer.effects.len(), 1, "at the limit nobody is asked");
    payer.ask(ask(2, 1_001)).unwrap();
    assert_eq!(payer.effects.len(), 1);
    let approve = |amount| PayerInput::Approve {
        invoice: invoice(2).to_string(),
        amount,
    };
    let mara = || Actor::Person("mara".to_owned());
    for actor in [
        Actor::Agent,
        Actor::System,
        Actor::Outside("client".to_owned()),
    ] {
        assert_eq!(
            payer.step_as(actor, &approve(eur(1_001))),
            Err("I14".to_owned())
        );
    }
    assert_eq!(
        payer.step_as(mara(), &approve(eur(1_002))),
        Err("OR-6".to_owned())
    );
    assert!(payer.step_as(mara(), &approve(eur(1_001))).is_ok());
    assert_eq!(
        payer.step_as(mara(), &approve(eur(1_001))),
        Err("OR-6".to_owned()),
        "once"
    );
    assert_eq!(payer.effects.len(), 2);
    let mut stopped = Alone::new(PayerPolicy {
        stopped: true,
        ..PayerPolicy::default()
    });
    assert_eq!(stopped.ask(ask(1, 5)), Err("TRUST-15".to_owned()));
}
