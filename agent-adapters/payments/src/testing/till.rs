use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{
    Actor, Claim, EffectClass, Host, Lease, MemoryStore, Performer, PlainSealer, Process,
    ProcessKey, RetryPolicy, Tenant,
};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{
    AskCharge, Bill, Charge, ChargeEffect, Payer, PayerInput, PayerPolicy, gate,
};

/// Makes charges as the business does: a payer that grants one, and the gate that opens for it.
///
/// One till is for one bill. Each charge after the first is a repeat under the same key.
#[derive(Debug)]
pub struct Till {
    host: Host,
    kept: Kept,
    bill: Bill,
}

/// Keeps the charge instead of handing it on, and says that nobody knows what came of it, so that
/// the host asks again.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Option<Charge>>>);

#[async_trait]
impl Performer<Payer> for Kept {
    fn class(&self, _: &ChargeEffect) -> EffectClass {
        EffectClass::Idempotent
    }

    fn gated(&self, _: &ChargeEffect) -> bool {
        true
    }

    async fn perform(&self, _: ChargeEffect, lease: Lease) -> Result<PayerInput, PortError> {
        let charge = gate::open_charge(lease).await?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(charge);
        Err(PortError::new("keep charge", PortErrorKind::Timeout))
    }
}

impl Till {
    /// A till for one bill, whose contract was accepted for just its amount.
    #[must_use]
    pub fn new(bill: Bill) -> Self {
        let kept = Kept::default();
        let tenant = Tenant::parse("till").expect("a tenant");
        let host = Host::builder(tenant, MemoryStore::new(), PlainSealer::ZERO)
            .retry(RetryPolicy::new(vec![Duration::zero(); 1_000]))
            .process::<Payer>(PayerPolicy::default(), kept.clone())
            .expect("a policy with a canonical form")
            .build();
        Self { host, kept, bill }
    }

    /// The bill.
    #[must_use]
    pub fn bill(&self) -> &Bill {
        &self.bill
    }

    /// The charge at `now`: the first one, or a repeat of it. Times must not go back.
    pub async fn charge(&self, now: Timestamp) -> Charge {
        let ask = AskCharge {
            step: "bill".to_owned(),
            bill: self.bill.clone(),
            accepted_total: self.bill.amount,
        };
        let asker = ProcessKey::new(self.host.tenant(), "deal", "d");
        let input = PayerInput::Ask {
            asker,
            ask: Box::new(ask),
        };
        // Offered at each call and taken at the first.
        self.host
            .offer::<Payer>("p", "ask", Actor::Agent, now, &input)
            .await
            .expect("an ask");
        for _ in 0..8 {
            let claim = Claim {
                now,
                worker: "till".to_owned(),
                kinds: vec![Payer::KIND.to_owned()],
                shares: Vec::new(),
                lease: Duration::minutes(1),
                n: 1,
                exclusive: true,
            };
            let claims = self.host.store().claim(claim).await.expect("a claim");
            for work in claims.works {
                self.host.handle(work, now).await.expect("a step");
            }
            let kept = self.kept.0.lock();
            if let Some(charge) = kept.unwrap_or_else(PoisonError::into_inner).take() {
                return charge;
            }
        }
        panic!("the payer granted no charge of {}", self.bill.amount);
    }
}
