use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use dealwright_core::error::PortError;
use dealwright_core::process::EffectClass;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Bill, Charge, ChargeReceipt, PaymentGateway};

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
        let mut books = self.lock();
        let booked = books
            .charges
            .entry(key.clone())
            .or_insert_with(|| BookedCharge {
                bill: charge.bill().clone(),
                at: charge.opened_at(),
                asked: 0,
            });
        if self.class == EffectClass::AtMostOnce || booked.asked == 0 {
            booked.asked += 1;
        }
        Ok(ChargeReceipt {
            provider_id: format!("pay-{}", key.get(..16).unwrap_or(&key)),
            at: booked.at,
        })
    }
}
