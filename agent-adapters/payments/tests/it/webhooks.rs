//! What is signed, fresh and new is taken in; what it says of money is asked for; and in whatever
//! order and how often it comes, the books are the same.

use std::collections::BTreeMap;

use chrono::DateTime;
use dealwright_core::id::InvoiceId;
use dealwright_core::money::{Currency, Money};
use dealwright_core::time::Timestamp;
use dealwright_payments::stripe::{
    Confirmed, Delivery, SigningSecret, StripeClient, WebhookDoor, WebhookRefusal, confirm,
    verify_standard,
};
use dealwright_payments::{Books, Theirs};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::fake::{Fake, World};
use crate::{Dice, shared};

pub(crate) const SECRET: &str = "whsec_of_the_tests_1234";

pub(crate) fn door() -> WebhookDoor {
    WebhookDoor::new(SigningSecret::stripe(SECRET).unwrap()).with_mode(false)
}

/// The header with which Stripe would send `body`.
pub(crate) fn sign(body: &[u8], at: i64) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes()))
}

pub(crate) fn instant(seconds: i64) -> Timestamp {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

// covers: CF-4
#[test]
fn all_verdicts_on_stripes_scheme_are_right() {
    let Some(file) = shared("corpora/webhooks/stripe_style.json") else {
        return;
    };
    let secret = SigningSecret::stripe(file["secret"].as_str().unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let text = |name: &str| case[name].as_str().unwrap();
        let name = text("name");
        let (header, body) = (text("header"), text("body").as_bytes());
        let now = instant(case["now"].as_i64().unwrap());
        assert_eq!(case["tolerance"], 300, "{name}");
        let door = WebhookDoor::new(secret.clone());
        let answer = door.receive(header, body, now);
        match text("expect") {
            "accept" | "accept_boundary" | "accept_once" => {
                let Ok(Delivery::Fresh(event)) = answer else {
                    panic!("{name}: {answer:?}");
                };
                // Until its news is stored, it may come again.
                let again = door.receive(header, body, now);
                assert_eq!(again, Ok(Delivery::Fresh(event.clone())), "{name}");
                door.done(event.id(), now);
                let again = door.receive(header, body, now);
                assert_eq!(again, Ok(Delivery::Repeat(event.id().clone())), "{name}");
            }
            "reject" | "reject_or_flag" | "reject_bounded_work" => {
                assert!(answer.is_err(), "{name}: {answer:?}");
            }
            // Hexadecimal digits are read by value, so large ones are the same signature.
            "implementation_defined" => assert!(answer.is_ok(), "{name}: {answer:?}"),
            other => panic!("{name}: no verdict `{other}`"),
        }
    }
    assert_eq!(cases.len(), 25);
}

// covers: CF-4
#[test]
fn all_verdicts_on_standard_webhooks_are_right() {
    let Some(file) = shared("corpora/webhooks/standard_webhooks.json") else {
        return;
    };
    let secret = SigningSecret::standard(file["secret"].as_str().unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let header = |name: &str| case["headers"][name].as_str().unwrap();
        let headers = (
            header("webhook-id"),
            header("webhook-timestamp"),
            header("webhook-signature"),
        );
        let body = case["body"].as_str().unwrap().as_bytes();
        let now = instant(case["now"].as_i64().unwrap());
        let answer = verify_standard(&secret, headers, body, now);
        let wanted = case["expect"] == "accept";
        assert_eq!(answer.is_ok(), wanted, "{}: {answer:?}", case["name"]);
    }
    assert_eq!(cases.len(), 11);
}

#[test]
fn size_comes_before_the_signature_and_the_signature_before_the_words() {
    let (door, now) = (door(), instant(1_772_442_000));
    let event = |pad: usize| {
        json!({"id": "evt_1", "type": "invoice.paid", "pad": "x".repeat(pad),
            "data": {"object": {"id": "in_1", "object": "invoice"}}})
        .to_string()
        .into_bytes()
    };
    let large = event(600 * 1024);
    let header = sign(&large, now.timestamp());
    assert_eq!(
        door.receive(&header, &large, now),
        Err(WebhookRefusal::BodyTooLarge)
    );
    let unsigned = door.receive("t=1,v1=00", b"{nonsense", now);
    assert_eq!(unsigned, Err(WebhookRefusal::Signature));
    for garbage in [
        &b""[..],
        b"{nonsense",
        b"[]",
        b"null",
        b"{\"id\":1}",
        b"\xff\xfe",
    ] {
        let header = sign(garbage, now.timestamp());
        let answer = door.receive(&header, garbage, now);
        assert!(
            matches!(answer, Err(WebhookRefusal::Malformed { .. })),
            "{answer:?}"
        );
    }
    let live = json!({"id": "evt_1", "type": "a.b", "livemode": true, "data": {"object": {}}});
    let live = live.to_string().into_bytes();
    let answer = door.receive(&sign(&live, now.timestamp()), &live, now);
    assert_eq!(answer, Err(WebhookRefusal::Mode { found: "live" }));
    // A secret that is being rolled: both are good.
    let rolled = WebhookDoor::new(SigningSecret::stripe("whsec_another_one_9876").unwrap())
        .with_secret(SigningSecret::stripe(SECRET).unwrap());
    let small = event(1);
    assert!(
        rolled
            .receive(&sign(&small, now.timestamp()), &small, now)
            .is_ok()
    );
    assert_eq!(
        format!("{:?}", SigningSecret::stripe(SECRET)),
        "Ok(SigningSecret)"
    );
}

#[test]
fn events_are_remembered_for_longer_than_they_come_again() {
    let (door, now) = (door(), 1_772_442_000);
    let body = json!({"id": "evt_1", "type": "a.b", "data": {"object": {}}}).to_string();
    let deliver = |at: i64| {
        let header = sign(body.as_bytes(), at);
        door.receive(&header, body.as_bytes(), instant(at)).unwrap()
    };
    let Delivery::Fresh(event) = deliver(now) else {
        panic!("it is new");
    };
    door.done(event.id(), instant(now));
    let days = |n: i64| now + n * 86_400;
    door.done(&"evt_2".parse().unwrap(), instant(days(29)));
    assert!(matches!(deliver(days(29)), Delivery::Repeat(_)));
    door.done(&"evt_3".parse().unwrap(), instant(days(31)));
    assert!(matches!(deliver(days(31)), Delivery::Fresh(_)));
}

fn invoice(n: u8) -> InvoiceId {
    InvoiceId::derive(&[b"history", &[n]])
}

/// An invoice that was asked for.
fn ask(world: &mut World, n: u8, total: i64) {
    let ours = invoice(n).to_string();
    let asked = json!({
        "id": format!("in_{n}"), "object": "invoice", "status": "open", "total": total,
        "amount_paid": 0, "currency": "eur", "created": world.now, "customer": "cus_1",
        "payment_intent": null, "charge": null, "metadata": {"dealwright_invoice": ours},
        "status_transitions": {"finalized_at": world.now, "paid_at": null},
    });
    world
        .objects
        .entry("invoice")
        .or_default()
        .push(asked.clone());
    world.tell("invoice.finalized", &asked);
}

/// One thing that happens at Stripe, by the dice.
fn happens(world: &mut World, dice: &mut Dice) {
    let pick = |all: Vec<Value>, dice: &mut Dice| {
        (!all.is_empty()).then(|| all[dice.below(all.len())].clone())
    };
    let of = |world: &World, kind: &str, status: &str| -> Vec<Value> {
        let all = world.all(kind).iter();
        all.filter(|o| o["status"] == status).cloned().collect()
    };
    match dice.below(5) {
        0 | 1 => {
            if let Some(open) = pick(of(world, "invoice", "open"), dice) {
                world.pay(open["id"].as_str().unwrap());
            }
        }
        2 => {
            if let Some(paid) = pick(of(world, "payment_intent", "succeeded"), dice) {
                let amount = 1 + i64::try_from(dice.below(900)).unwrap();
                world.refund_by_person(paid["id"].as_str().unwrap(), amount);
            }
        }
        3 => {
            if let Some(refund) = pick(of(world, "refund", "succeeded"), dice) {
                world.set_refund(refund["id"].as_str().unwrap(), "failed");
            }
        }
        _ => {
            let object = json!({"id": "x_1", "object": "radar.early_fraud_warning"});
            world.tell("radar.early_fraud_warning.created", &object);
        }
    }
}

/// What Stripe's own books say.
fn theirs(world: &World) -> BTreeMap<InvoiceId, Theirs> {
    let eur = |minor: i64| Money::from_minor(minor, Currency::EUR);
    let mut all = BTreeMap::new();
    for one in world.all("invoice") {
        let id = one["metadata"]["dealwright_invoice"].as_str().unwrap();
        let back = world
            .all("refund")
            .iter()
            .filter(|r| r["payment_intent"] == one["payment_intent"] && r["status"] == "succeeded");
        let said = Theirs {
            paid: eur(one["amount_paid"].as_i64().unwrap()),
            returned: eur(back.map(|r| r["amount"].as_i64().unwrap()).sum()),
        };
        all.insert(id.parse().unwrap(), said);
    }
    all
}

/// Takes one delivery in, as the program does.
async fn deliver(
    client: &StripeClient,
    door: &WebhookDoor,
    books: &mut Books,
    event: &Value,
    crash: bool,
) -> &'static str {
    let body = event.to_string().into_bytes();
    let at = event["created"].as_i64().unwrap();
    let received = door.receive(&sign(&body, at), &body, instant(at)).unwrap();
    let Delivery::Fresh(event) = received else {
        return "repeat";
    };
    let kept = match confirm(client, &event).await.unwrap() {
        Confirmed::Facts(facts) => {
            for fact in &facts {
                books.absorb(fact).unwrap();
            }
            "facts"
        }
        Confirmed::Unknown => "unknown",
        other => panic!("{other:?} of {event:?}"),
    };
    if !crash {
        door.done(event.id(), instant(at));
    }
    kept
}

/// A history by its seed, delivered in order or not; answers the books.
async fn history(fake: &Fake, seed: u64, in_order: bool, count: &mut usize) -> Books {
    let client = fake.client();
    let mut dice = Dice::new(seed);
    // What goes wrong with deliveries has dice of its own, so that Stripe's history is the same.
    let mut mess = Dice::new(seed ^ 0xdead_beef);
    *fake.world() = World::at(1_772_442_000);
    let (door, mut books) = (door(), Books::new("stripe").unwrap());
    for n in 1..=3 {
        let total = 1_000 + i64::try_from(dice.below(100_000)).unwrap();
        ask(&mut fake.world(), n, total);
    }
    let mut waiting: Vec<Value> = Vec::new();
    let mut told = 0;
    for step in 0..=12 {
        if step < 12 {
            happens(&mut fake.world(), &mut dice);
        }
        let new: Vec<Value> = {
            let world = fake.world();
            world.events[told..].to_vec()
        };
        told += new.len();
        let mut now = new;
        if !in_order {
            // One to four times each, and any of them later.
            let copies = now
                .iter()
                .flat_map(|event| std::iter::repeat_n(event.clone(), 1 + mess.below(4)));
            waiting.extend(copies.collect::<Vec<_>>());
            mess.shuffle(&mut waiting);
            let keep = if step < 12 {
                mess.below(waiting.len() + 1)
            } else {
                0
            };
            now = waiting.split_off(keep);
        }
        for event in &now {
            let crash = !in_order && mess.below(6) == 0;
            deliver(&client, &door, &mut books, event, crash).await;
            *count += 1;
        }
    }
    assert_eq!(
        books.compare(&theirs(&fake.world())).unwrap(),
        [],
        "seed {seed}"
    );
    let totals = books.ledger().totals().unwrap();
    assert!(totals.values().all(|total| total.is_zero()), "seed {seed}");
    books
}

// covers: CF-4
#[tokio::test]
async fn a_thousand_shuffled_and_repeated_histories_end_in_the_same_ledger() {
    let fake = Fake::start().await;
    let (mut ordered, mut shuffled, mut refunds) = (0, 0, 0);
    for seed in 0..1_000 {
        let calm = history(&fake, seed, true, &mut ordered).await;
        refunds += fake.world().all("refund").len();
        let wild = history(&fake, seed, false, &mut shuffled).await;
        assert_eq!(calm.standing(), wild.standing(), "seed {seed}");
    }
    println!(
        "1,000 histories, {ordered} events in order, {shuffled} deliveries, {refunds} refunds"
    );
    assert!(shuffled > 2 * ordered && refunds > 500);
}
