//! The outside world that letters and charges go to, with its books.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::error::PortError;
use dealwright_core::process::{Actor, EffectClass, EffectKey, Host};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{
    ChargeLog, ChargeReceipt, Messenger, Payer, PaymentGateway, Receipt, Recipient, SentLog,
};
use dealwright_runtime::unknown_works;

use crate::{FakeMailProvider, FakePaymentProvider, MailBooks, MoneyBooks};

/// A mail and a payment provider that can be asked for their books.
#[async_trait]
pub trait Providers: SentLog + ChargeLog + Debug + Send + Sync {
    /// Who takes letters.
    fn messenger(&self) -> Arc<dyn Messenger>;

    /// Who asks for money.
    fn gateway(&self) -> Arc<dyn PaymentGateway>;

    /// What they took, by their own account.
    async fn books(&self) -> Result<(MailBooks, MoneyBooks), PortError>;
}

/// Both fakes in memory.
#[derive(Clone, Debug)]
pub struct Fakes {
    mail: FakeMailProvider,
    money: FakePaymentProvider,
}

impl Fakes {
    /// Fakes that honour keys (`Idempotent`) or do not (`AtMostOnce`).
    #[must_use]
    pub fn new(class: EffectClass) -> Self {
        Self {
            mail: FakeMailProvider::new(class),
            money: FakePaymentProvider::new(class),
        }
    }
}

#[async_trait]
impl SentLog for Fakes {
    async fn find(&self, key: EffectKey) -> Result<Option<Receipt>, PortError> {
        self.mail.find(key).await
    }
}

#[async_trait]
impl ChargeLog for Fakes {
    async fn find_charge(&self, key: EffectKey) -> Result<Option<ChargeReceipt>, PortError> {
        self.money.find_charge(key).await
    }
}

#[async_trait]
impl Providers for Fakes {
    fn messenger(&self) -> Arc<dyn Messenger> {
        Arc::new(self.mail.clone())
    }

    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::new(self.money.clone())
    }

    async fn books(&self) -> Result<(MailBooks, MoneyBooks), PortError> {
        Ok((self.mail.books(), self.money.books()))
    }
}

/// Settles what is not known by the providers' own books: what they took happened, what they
/// did not take did not. Answers how many that were.
///
/// # Errors
///
/// Those of the store and of the providers.
pub async fn reconcile(
    host: &Host,
    providers: &dyn Providers,
    now: Timestamp,
) -> Result<usize, PortError> {
    let mut settled = 0;
    for work in &unknown_works(host).await? {
        let key = work.effect_key();
        let note = "the provider's books";
        let proven = match work.receiver.kind() {
            "recipient" => match providers.find(key).await? {
                Some(receipt) => {
                    let outcome = host.effect_of::<Recipient>(work)?.sent(receipt);
                    host.prove_performed::<Recipient>(&Actor::System, work, &outcome, now, note)
                        .await?;
                    true
                }
                None => false,
            },
            "payer" => match providers.find_charge(key).await? {
                Some(receipt) => {
                    let outcome = host.effect_of::<Payer>(work)?.taken(receipt);
                    host.prove_performed::<Payer>(&Actor::System, work, &outcome, now, note)
                        .await?;
                    true
                }
                None => false,
            },
            // What goes to neither of them is not in their books, which proves nothing.
            _ => continue,
        };
        if !proven {
            host.prove_not_performed(&Actor::System, work, now, note)
                .await?;
        }
        settled += 1;
    }
    Ok(settled)
}
