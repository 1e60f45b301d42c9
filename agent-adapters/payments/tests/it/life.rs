//! The whole life of an invoice, with the real payer and its host, while every call may fail
//! before, after, without an end, twice or as a proxy's page.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Duration;
use dealwright_core::error::PortError;
use dealwright_core::id::InvoiceId;
use dealwright_core::money::Money;
use dealwright_core::process::{
    Actor, Claim, Host, MemoryStore, PlainSealer, ProcessKey, RetryPolicy, Tenant, WorkQuery,
    WorkState,
};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{
    AskCharge, ChargeLog, InstalmentPhase, Payer, PayerInput, PayerPerformer, PayerPolicy,
    PaymentGateway,
};
use dealwright_payments::credit::{Amounts, credit};
use dealwright_payments::stripe::{
    Confirmed, Delivery, Invoice, StripeClient, StripeGateway, confirm,
};
use dealwright_payments::testing::{bill, morning};
use dealwright_payments::{Books, MoneyFact, Theirs};
use serde_json::Value;

use crate::Dice;
use crate::conformance::TwoLines;
use crate::fake::Fake;
use crate::refunds::{Paid, Returns};
use crate::webhooks::{door, instant, sign};

struct Life {
    fake: Fake,
    client: StripeClient,
    gateway: Arc<StripeGateway>,
    host: Host,
    now: Timestamp,
    troubles: usize,
}

impl Life {
    async fn start(seed: u64) -> Self {
        let fake = Fake::start().await;
        fake.weather(seed, 4);
        let client = fake.client();
        let gateway = Arc::new(StripeGateway::new(client.clone(), TwoLines));
        let tenant = Tenant::parse("t").unwrap();
        let performer = PayerPerformer::new(Arc::clone(&gateway) as Arc<dyn PaymentGateway>);
        let host = Host::builder(tenant, MemoryStore::new(), PlainSealer::ZERO)
            .retry(RetryPolicy::new(vec![Duration::hours(5); 40]))
            .process::<Payer>(PayerPolicy::default(), performer)
            .unwrap()
            .build();
        Self {
            fake,
            client,
            gateway,
            host,
            now: morning(),
            troubles: 0,
        }
    }

    /// Does all that is due, and what comes due, until nothing waits.
    async fn run(&mut self) {
        for _ in 0..400 {
            let claim = Claim {
                now: self.now,
                worker: "w".to_owned(),
                kinds: vec!["payer".to_owned()],
                shares: Vec::new(),
                lease: Duration::minutes(5),
                n: 4,
                exclusive: true,
            };
            let claims = self.host.store().claim(claim).await.unwrap();
            if claims.works.is_empty() {
                match claims.next_due {
                    Some(due) => self.now = due.max(self.now),
                    None => return,
                }
                // Half of the waits outlive Stripe's memory of keys.
                if self.now.timestamp() % 2 == 0 {
                    self.fake.forget_keys();
                }
            }
            for work in claims.works {
                self.host.handle(work, self.now).await.unwrap();
            }
        }
        panic!("it does not come to rest");
    }

    /// Repeats a call until the weather lets it through.
    async fn until<T, F: Future<Output = Result<T, PortError>>>(
        &mut self,
        mut call: impl FnMut() -> F,
    ) -> T {
        for _ in 0..60 {
            match call().await {
                Ok(done) => return done,
                Err(_) => self.troubles += 1,
            }
        }
        panic!("60 failures in a row");
    }

    async fn phase(&self) -> InstalmentPhase {
        let key = self.host.key::<Payer>("p");
        let stored = self.host.state::<Payer>(&key).await.unwrap();
        let (_, state) = stored.expect("a payer");
        state.instalments()[&bill(1).invoice.to_string()].phase
    }

    /// Delivers what Stripe told, shuffled and repeated.
    async fn hear(&mut self, dice: &mut Dice, books: &mut Books) {
        let events = std::mem::take(&mut self.fake.world().events);
        let mut all: Vec<Value> = events
            .iter()
            .flat_map(|event| std::iter::repeat_n(event.clone(), 1 + dice.below(3)))
            .collect();
        dice.shuffle(&mut all);
        let door = door();
        for event in all {
            let (body, at) = (
                event.to_string().into_bytes(),
                event["created"].as_i64().unwrap(),
            );
            let received = door.receive(&sign(&body, at), &body, instant(at)).unwrap();
            let Delivery::Fresh(event) = received else {
                continue;
            };
            let client = self.client.clone();
            let Confirmed::Facts(facts) = self.until(|| confirm(&client, &event)).await else {
                continue;
            };
            for fact in facts {
                books.absorb(&fact).unwrap();
                self.tell(&fact, event.id().as_str()).await;
            }
            // One in four dies before it says that it is done, and hears it again.
            if dice.below(4) > 0 {
                door.done(event.id(), instant(at));
            }
        }
        self.run().await;
    }

    async fn tell(&mut self, fact: &MoneyFact, event: &str) {
        if let Some(input) = fact.input() {
            let (host, now) = (self.host.clone(), self.now);
            let told = host
                .offer::<Payer>("p", event, Actor::System, now, &input)
                .await;
            told.unwrap();
        }
    }

    /// Stripe's books, as its own lists tell them.
    async fn theirs(&mut self) -> BTreeMap<InvoiceId, Theirs> {
        let client = self.client.clone();
        let invoices = self.until(|| client.invoices(None, None, None)).await.data;
        let refunds = self.until(|| client.refunds(None, None, None)).await.data;
        let said = |invoice: &Invoice| {
            let nothing = Money::zero(invoice.paid().unwrap().currency());
            let mine = refunds
                .iter()
                .filter(|r| r.is_done() && r.payment_intent == invoice.payment_intent);
            let back = mine.map(|r| r.money().unwrap());
            Theirs {
                paid: invoice.paid().unwrap(),
                returned: Money::sum(nothing.currency(), back).unwrap(),
            }
        };
        let ours = |invoice: &Invoice| invoice.metadata["dealwright_invoice"].parse().unwrap();
        invoices.iter().map(|i| (ours(i), said(i))).collect()
    }
}

async fn live(seed: u64) -> (usize, usize) {
    let mut life = Life::start(seed).await;
    let (mut dice, mut books) = (Dice::new(seed), Books::new("stripe").unwrap());
    let (bill, at) = (bill(1), morning());
    let issued = Amounts::new(
        bill.amount
            .checked_sub(Money::from_minor(19_013, bill.amount.currency()))
            .unwrap(),
        Money::from_minor(19_013, bill.amount.currency()),
    )
    .unwrap();
    books.issue(bill.invoice, issued, at).unwrap();

    // The client is asked.
    let asker = ProcessKey::new(life.host.tenant(), "deal", "d");
    let ask = PayerInput::Ask {
        asker,
        ask: Box::new(AskCharge {
            step: "invoice-1".to_owned(),
            accepted_total: bill.amount,
            bill: bill.clone(),
        }),
    };
    let host = life.host.clone();
    host.offer::<Payer>("p", "ask", Actor::Agent, at, &ask)
        .await
        .unwrap();
    life.run().await;
    // What is not known in the end is settled by Stripe's lists.
    let query = WorkQuery {
        state: Some(WorkState::Unknown),
        n: 10,
        ..WorkQuery::default()
    };
    for work in host.store().works(query).await.unwrap() {
        let gateway = Arc::clone(&life.gateway);
        let found = life.until(|| gateway.find_charge(work.effect_key())).await;
        let outcome = host.effect_of::<Payer>(&work).unwrap();
        let outcome = outcome.taken(found.expect("forty tries took it"));
        let proved =
            host.prove_performed::<Payer>(&Actor::System, &work, &outcome, life.now, "list");
        proved.await.unwrap();
    }
    life.run().await;
    assert_eq!(
        life.phase().await,
        InstalmentPhase::Requested,
        "seed {seed}"
    );
    let asked = {
        let world = life.fake.world();
        let asked = world
            .all("invoice")
            .iter()
            .filter(|i| i["status"] != "draft");
        let asked: Vec<Value> = asked.cloned().collect();
        assert_eq!(
            asked.len(),
            1,
            "seed {seed}: the client was asked {} times",
            asked.len()
        );
        asked[0].clone()
    };
    assert_eq!(asked["total"], bill.amount.minor(), "seed {seed}");

    // The client pays, and Stripe tells it in its own order.
    life.fake.world().pay(asked["id"].as_str().unwrap());
    life.hear(&mut dice, &mut books).await;
    assert_eq!(life.phase().await, InstalmentPhase::Paid, "seed {seed}");
    assert!(
        books
            .open(bill.invoice, bill.amount.currency())
            .unwrap()
            .is_zero()
    );

    // A part is credited and goes back.
    let part = Money::from_minor(11_901, bill.amount.currency());
    let note = credit(issued, &[], part).unwrap();
    let id = InvoiceId::derive(&[b"note", &seed.to_be_bytes()]);
    books.credit(bill.invoice, id, note, at).unwrap();
    let payment = life.fake.world().all("payment_intent")[0]["id"]
        .as_str()
        .unwrap()
        .parse();
    let back = StripeGateway::new(life.client.clone(), Paid(payment.unwrap()));
    let returns = Returns::new(part.minor());
    let mut hours = 0;
    loop {
        let charge = returns.charge(morning() + Duration::hours(hours)).await;
        match back.charge(charge).await {
            Ok(_) => break,
            Err(_) => life.troubles += 1,
        }
        hours += 7;
        if hours % 4 == 0 {
            life.fake.forget_keys();
        }
        assert!(hours < 300, "it does not go back");
    }
    life.hear(&mut dice, &mut books).await;
    assert_eq!(life.fake.world().all("refund").len(), 1, "seed {seed}");

    // Nobody owes anything, and Stripe's books say the same.
    assert!(
        books
            .open(bill.invoice, bill.amount.currency())
            .unwrap()
            .is_zero()
    );
    let mut theirs = life.theirs().await;
    theirs.retain(|_, said| !said.paid.is_zero());
    assert_eq!(books.compare(&theirs).unwrap(), [], "seed {seed}");
    let calls = life.fake.world().seen.len();
    (calls, life.troubles)
}

// covers: CF-4
#[tokio::test]
async fn an_invoice_lives_to_its_end_through_every_fault() {
    let (mut calls, mut troubles) = (0, 0);
    for seed in 0..120 {
        let (c, t) = live(seed).await;
        calls += c;
        troubles += t;
    }
    println!("120 lives, {calls} calls, one in four wrong; {troubles} told to the caller");
    assert!(troubles > 100);
}
