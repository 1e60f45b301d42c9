//! Money on its way back, under the same gate.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::access::Action;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::money::{Currency, Money};
use dealwright_core::process::{
    Actor, Claim, Context, Decision, EffectClass, Host, IndexEntry, Lease, MemoryStore, Performer,
    PlainSealer, Process, Record, Refusal, RetryPolicy, Tenant, Unsettled,
};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Bill, Charge, ChargeLog, PaymentGateway, gate};
use dealwright_payments::stripe::{StripeGateway, StripeId};
use dealwright_payments::testing::{Fault, Till, bill, morning};
use dealwright_payments::{BillBook, BillDetails};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conformance::TwoLines;
use crate::fake::{Fake, Trouble};

/// A payer that asks for money to go back. The real one does not yet; a gateway must be ready.
#[derive(Debug)]
enum Returner {}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Return {
    step: String,
    attempt: u32,
    bill: Bill,
}

type Answer = Result<Decision<Returner>, Refusal>;

impl Process for Returner {
    const KIND: &'static str = "payer";
    const STATE_VERSION: u32 = 1;
    const EVENT_VERSION: u32 = 1;

    type State = ();
    type Input = Option<Bill>;
    type Event = ();
    type Effect = Return;
    type Policy = ();

    fn action(_: &Option<Bill>) -> Action {
        Action::Propose
    }

    fn decide((): &(), input: &Option<Bill>, _: &Context<'_, ()>) -> Answer {
        let Some(bill) = input else {
            return Ok(Decision::nothing());
        };
        let effect = Return {
            step: bill.invoice.to_string(),
            attempt: 0,
            bill: bill.clone(),
        };
        Ok(Decision::nothing().effect("return", effect))
    }

    fn apply((): (), (): &()) {}

    fn index((): &()) -> Vec<IndexEntry> {
        Vec::new()
    }

    fn unsettled(_: Return, _: Unsettled) -> Option<Bill> {
        None
    }

    fn receive(_: &Record<'_>) -> Result<Option<Bill>, PortError> {
        Err(PortError::new("receive", PortErrorKind::Invalid))
    }

    fn business((): &()) -> Value {
        Value::Null
    }

    fn upcast(_: u32, _: Value) -> Result<Value, PortError> {
        Err(PortError::new("upcast", PortErrorKind::Corrupt))
    }
}

#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Option<Charge>>>);

#[async_trait]
impl Performer<Returner> for Kept {
    fn class(&self, _: &Return) -> EffectClass {
        EffectClass::Idempotent
    }

    fn gated(&self, _: &Return) -> bool {
        true
    }

    async fn perform(&self, _: Return, lease: Lease) -> Result<Option<Bill>, PortError> {
        *self.0.lock().unwrap() = Some(gate::open_charge(lease).await?);
        Err(PortError::new("keep charge", PortErrorKind::Timeout))
    }
}

/// Makes charges that give money back.
pub(crate) struct Returns {
    host: Host,
    kept: Kept,
    bill: Bill,
}

impl Returns {
    pub(crate) fn new(amount: i64) -> Self {
        let kept = Kept::default();
        let tenant = Tenant::parse("t").unwrap();
        let waits = vec![Duration::zero(); 100];
        let host = Host::builder(tenant, MemoryStore::new(), PlainSealer::ZERO)
            .retry(RetryPolicy::new(waits))
            .process::<Returner>((), kept.clone())
            .unwrap()
            .build();
        let amount = Money::from_minor(-amount, Currency::EUR);
        let bill = Bill { amount, ..bill(1) };
        Self { host, kept, bill }
    }

    pub(crate) async fn charge(&self, now: Timestamp) -> Charge {
        let bill = Some(self.bill.clone());
        let offered = self
            .host
            .offer::<Returner>("p", "r", Actor::Agent, now, &bill)
            .await;
        offered.unwrap();
        for _ in 0..8 {
            let claim = Claim {
                now,
                worker: "w".to_owned(),
                kinds: Vec::new(),
                shares: Vec::new(),
                lease: Duration::minutes(1),
                n: 1,
                exclusive: true,
            };
            for work in self.host.store().claim(claim).await.unwrap().works {
                self.host.handle(work, now).await.unwrap();
            }
            if let Some(charge) = self.kept.0.lock().unwrap().take() {
                return charge;
            }
        }
        panic!("no charge");
    }
}

/// Says which payment goes back.
#[derive(Debug)]
pub(crate) struct Paid(pub(crate) StripeId);

#[async_trait]
impl BillBook for Paid {
    async fn details(&self, _: &Bill) -> Result<BillDetails, PortError> {
        let payment = self.0.clone();
        Ok(BillDetails::Refund { payment })
    }
}

/// A paid invoice at the fake; answers its payment.
pub(crate) async fn paid(fake: &Fake) -> StripeId {
    let gateway = StripeGateway::new(fake.client(), TwoLines);
    let till = Till::new(bill(1));
    let receipt = gateway.charge(till.charge(morning()).await).await.unwrap();
    let mut world = fake.world();
    world.pay(&receipt.provider_id);
    let payment = world.all("payment_intent")[0]["id"].as_str().unwrap();
    payment.parse().unwrap()
}

#[tokio::test]
async fn a_refund_goes_back_once_whatever_the_line_does() {
    for how in Fault::ALL {
        let fake = Fake::start().await;
        let gateway = StripeGateway::new(fake.client(), Paid(paid(&fake).await));
        let returns = Returns::new(5_000);
        fake.fail_next(Trouble::Of(how));
        let charge = returns.charge(morning()).await;
        let key = charge.key();
        let first = gateway.charge(charge).await;
        let made = fake.world().all("refund").len();
        let found = gateway.find_charge(key).await.unwrap();
        assert_eq!(found.is_some(), made == 1, "{how:?}");
        match first.map_err(|e| e.kind()) {
            Err(PortErrorKind::Invalid | PortErrorKind::RateLimited) => assert_eq!(made, 0),
            Err(kind) => assert_eq!(kind, PortErrorKind::Timeout, "{how:?}"),
            Ok(_) => panic!("{how:?} was not seen"),
        }
        for hours in [1, 30, 400] {
            fake.forget_keys();
            let again = returns.charge(morning() + Duration::hours(hours)).await;
            let receipt = gateway.charge(again).await.unwrap();
            assert!(receipt.provider_id.starts_with("re_"));
        }
        let world = fake.world();
        let refunds = world.all("refund");
        assert_eq!(refunds.len(), 1, "{how:?}");
        assert_eq!(refunds[0]["amount"], 5_000);
    }
}

#[tokio::test]
async fn more_than_was_paid_and_details_of_the_other_kind_are_refused() {
    let fake = Fake::start().await;
    let payment = paid(&fake).await;
    let gateway = StripeGateway::new(fake.client(), Paid(payment));
    let much = Returns::new(10_000_000).charge(morning()).await;
    let error = gateway.charge(much).await.unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Invalid, "{}", error.chain());
    let asks = Till::new(bill(2)).charge(morning()).await;
    let error = gateway.charge(asks).await.unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Invalid, "{}", error.chain());
    assert!(fake.world().all("refund").is_empty());
}
