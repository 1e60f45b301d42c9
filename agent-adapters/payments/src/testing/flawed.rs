//! A gateway in memory that keeps the contract, and the same with one flaw each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::money::Money;
use dealwright_core::process::{EffectClass, EffectKey};
use dealwright_core::trust::{Bill, Charge, ChargeLog, ChargeReceipt, PaymentGateway};

use super::{Fault, PaymentRig};

/// What is wrong with a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the kit must catch every one")]
pub enum Flaw {
    /// It gives the provider a new key at each try.
    KeyOfItsOwn,
    /// It relies on the provider's memory of keys for ever.
    TrustsKeys,
    /// It asks for one cent more.
    OneCentMore,
    /// It says of what it does not know that nothing was taken.
    SurelyNot,
    /// It answers each try with another receipt.
    NewReceipts,
    /// Its log knows only what it took itself without an error.
    LogOfAnswers,
    /// Its log finds what was never taken.
    LogOfWishes,
    /// It takes bills of one amount in a minute for one.
    KeyByAmount,
}

impl Flaw {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::KeyOfItsOwn,
        Self::TrustsKeys,
        Self::OneCentMore,
        Self::SurelyNot,
        Self::NewReceipts,
        Self::LogOfAnswers,
        Self::LogOfWishes,
        Self::KeyByAmount,
    ];
}

/// A provider in memory, and the gateway to it.
#[derive(Clone, Debug, Default)]
pub struct MemoryGateway {
    flaw: Option<Flaw>,
    provider: Arc<Mutex<Provider>>,
}

#[derive(Debug, Default)]
struct Provider {
    keys: BTreeMap<String, usize>,
    requests: Vec<Request>,
    next: Option<Fault>,
    tries: u32,
    answered: Vec<String>,
}

#[derive(Clone, Debug)]
struct Request {
    key: String,
    bill: Bill,
    asked: Money,
    receipt: ChargeReceipt,
}

impl MemoryGateway {
    /// One with a flaw.
    #[must_use]
    pub fn with(flaw: Flaw) -> Self {
        Self {
            flaw: Some(flaw),
            ..Self::default()
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn provider(&self) -> MutexGuard<'_, Provider> {
        self.provider.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider {
    /// Takes a request once under its key, while it remembers it.
    fn post(&mut self, key: String, mut request: Request) -> ChargeReceipt {
        if let Some(known) = self.keys.get(&key) {
            return self.requests[*known].receipt.clone();
        }
        let place = self.requests.len();
        request.receipt.provider_id = format!("req-{place}");
        let receipt = request.receipt.clone();
        self.keys.insert(key, place);
        self.requests.push(request);
        receipt
    }

    fn of_step(&self, key: &str) -> Option<ChargeReceipt> {
        let found = self.requests.iter().find(|request| request.key == key);
        found.map(|request| request.receipt.clone())
    }
}

#[async_trait]
impl PaymentGateway for MemoryGateway {
    fn class(&self) -> EffectClass {
        EffectClass::Idempotent
    }

    async fn charge(&self, charge: Charge) -> Result<ChargeReceipt, PortError> {
        let failed = |kind| PortError::new("charge in memory", kind);
        let (bill, step) = (charge.bill().clone(), charge.key().to_hex());
        let mut provider = self.provider();
        provider.tries += 1;
        let tries = provider.tries;
        let of_its_own = self.has(Flaw::KeyOfItsOwn);
        let asks_first = !of_its_own && !self.has(Flaw::TrustsKeys);
        if asks_first
            && charge.first_started().is_some()
            && let Some(mut receipt) = provider.of_step(&step)
        {
            if self.has(Flaw::NewReceipts) {
                receipt.at = charge.opened_at();
            }
            return Ok(receipt);
        }
        let key = match self.flaw {
            Some(Flaw::KeyOfItsOwn) => format!("{step}-{tries}"),
            Some(Flaw::KeyByAmount) => format!("{}", bill.amount.minor() / 100),
            _ => step.clone(),
        };
        let extra = i64::from(self.has(Flaw::OneCentMore));
        let request = Request {
            key: step.clone(),
            asked: Money::from_minor(bill.amount.minor() + extra, bill.amount.currency()),
            receipt: ChargeReceipt {
                provider_id: String::new(),
                at: charge.opened_at(),
            },
            bill,
        };
        let unclear = if self.has(Flaw::SurelyNot) {
            PortErrorKind::Unavailable
        } else {
            PortErrorKind::Timeout
        };
        let receipt = match provider.next.take() {
            Some(Fault::Refused) => return Err(failed(PortErrorKind::Invalid)),
            Some(Fault::Busy) => return Err(failed(PortErrorKind::RateLimited)),
            // The gateway cannot tell it from the next.
            Some(Fault::ErrorBefore) => return Err(failed(unclear)),
            Some(Fault::ErrorAfter | Fault::SilentAfter) => {
                provider.post(key, request);
                return Err(failed(unclear));
            }
            None => provider.post(key, request),
        };
        provider.answered.push(step);
        Ok(receipt)
    }
}

#[async_trait]
impl ChargeLog for MemoryGateway {
    async fn find_charge(&self, key: EffectKey) -> Result<Option<ChargeReceipt>, PortError> {
        let key = key.to_hex();
        let provider = self.provider();
        if self.has(Flaw::LogOfAnswers) && !provider.answered.contains(&key) {
            return Ok(None);
        }
        let wish = self.has(Flaw::LogOfWishes).then(|| ChargeReceipt {
            provider_id: "req".to_owned(),
            at: super::morning(),
        });
        Ok(provider.of_step(&key).or(wish))
    }
}

#[async_trait]
impl PaymentRig for MemoryGateway {
    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::new(self.clone())
    }

    fn log(&self) -> Arc<dyn ChargeLog> {
        Arc::new(self.clone())
    }

    async fn asked(&self, bill: &Bill) -> Vec<Money> {
        let provider = self.provider();
        let mine = provider
            .requests
            .iter()
            .filter(|r| r.bill.invoice == bill.invoice);
        mine.map(|request| request.asked).collect()
    }

    async fn forget_keys(&self) {
        self.provider().keys.clear();
    }

    async fn fail_next(&self, how: Fault) -> bool {
        self.provider().next = Some(how);
        true
    }
}
