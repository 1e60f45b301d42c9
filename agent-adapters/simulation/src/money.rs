use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use dealwright_core::error::PortError;
use dealwright_core::process::{EffectClass, EffectKey};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Bill, Charge, ChargeLog, ChargeReceipt, PaymentGateway};

/// A charge as the provider took it.
#[derive(Clone, Debug)]
pub struct BookedCharge {
    /// The bill.
    pub bill: Bill,
    /// When it was taken first.
    pub at: Timestamp,
    /// How often the client was asked for the money.
    pub asked: u32,
}

/// What a payment provider knows that it took, by key. It knows nothing of our store.
#[derive(Clone, Debug, Default)]
pub struct MoneyBooks {
    charges: BTreeMap<String, BookedCharge>,
}

impl MoneyBooks {
    /// The charges, by key in hexadecimal digits.
    #[must_use]
    pub fn charges(&self) -> &BTreeMap<String, BookedCharge> {
        &self.charges
    }

    /// Enters a charge that was handed over, and whether the client was asked for the money.
    pub(crate) fn enter(&mut self, key: &str, bill: Bill, at: Timestamp, again: bool) {
        let booked = self
            .charges
            .entry(key.to_owned())
            .or_insert_with(|| BookedCharge { bill, at, asked: 0 });
        if again || booked.asked == 0 {
            booked.asked += 1;
        }
    }
}

/// A payment provider that takes every charge and keeps books.
#[derive(Clone, Debug)]
pub struct FakePaymentProvider {
    class: EffectClass,
    books: Arc<Mutex<MoneyBooks>>,
}

impl FakePaymentProvider {
    /// One that honours keys (`Idempotent`) or asks for money whenever it is told to
    /// (`AtMostOnce`).
    #[must_use]
    pub fn new(class: EffectClass) -> Self {
        Self {
            class,
            books: Arc::default(),
        }
    }

    /// A copy of the books.
    #[must_use]
    pub fn books(&self) -> MoneyBooks {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, MoneyBooks> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl PaymentGateway for FakePaymentProvider {
    fn class(&self) -> EffectClass {
        self.class
    }

    async fn charge(&self, charge: Charge) -> Result<ChargeReceipt, PortError> {
        let key = charge.key().to_hex();
        let at = charge.opened_at();
        let mut books = self.lock();
        let again = self.class == EffectClass::AtMostOnce;
        books.enter(&key, charge.bill().clone(), at, again);
        Ok(ChargeReceipt {
            provider_id: provider_id(&key),
            at: books.charges.get(&key).map_or(at, |booked| booked.at),
        })
    }
}

#[async_trait]
impl ChargeLog for FakePaymentProvider {
    async fn find_charge(&self, key: EffectKey) -> Result<Option<ChargeReceipt>, PortError> {
        let key = key.to_hex();
        Ok(self.lock().charges.get(&key).map(|booked| ChargeReceipt {
            provider_id: provider_id(&key),
            at: booked.at,
        }))
    }
}

/// The provider's own id follows from the key, so that a run with kills reads like one without.
pub(crate) fn provider_id(key: &str) -> String {
    format!("pay-{}", key.get(..16).unwrap_or(key))
}
