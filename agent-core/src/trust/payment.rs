use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::gate;
use super::payer::{ChargeEffect, Payer, PayerInput};
use crate::canonical::Digest32;
use crate::error::PortError;
use crate::id::{ContractId, InvoiceId};
use crate::money::Money;
use crate::process::{EffectClass, EffectKey, Lease, Performer};
use crate::time::Timestamp;

/// What is to be charged, and on what it rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// The invoice.
    pub invoice: InvoiceId,
    /// Its number, as printed.
    pub number: String,
    /// The contract it is under.
    pub contract: ContractId,
    /// The hash of the accepted offer.
    pub offer: Digest32,
    /// What is asked for, tax included; negative to give money back.
    pub amount: Money,
    /// When it is due.
    pub due: Timestamp,
    /// The invoice document, in `Blobs`.
    pub document: Option<Digest32>,
}

/// The right to ask for one amount once. Made by [`gate::open_charge`] alone.
#[derive(Debug)]
#[must_use = "a charge that was marked started is neither asked for nor not until a gateway takes it"]
pub struct Charge {
    pub(super) bill: Bill,
    pub(super) key: EffectKey,
    pub(super) opened_at: Timestamp,
    pub(super) first_started: Option<Timestamp>,
}

impl Charge {
    /// What is charged.
    #[must_use]
    pub fn bill(&self) -> &Bill {
        &self.bill
    }

    /// What to give the provider, so that it can tell a repeat from a new charge.
    #[must_use]
    pub fn key(&self) -> EffectKey {
        self.key
    }

    /// When the gate opened.
    #[must_use]
    pub fn opened_at(&self) -> Timestamp {
        self.opened_at
    }

    /// When an earlier try under the same key started. A provider may have forgotten the key
    /// after a day: ask what it holds before a repeat that is older than 20 hours.
    #[must_use]
    pub fn first_started(&self) -> Option<Timestamp> {
        self.first_started
    }
}

/// A provider's word that it took a charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeReceipt {
    /// The provider's own id.
    pub provider_id: String,
    /// When it took it.
    pub at: Timestamp,
}

/// Port: asks clients for money and gives it back.
///
/// # Contract
///
/// - A charge is taken at most once under one key where it says `Idempotent`: a repeat answers
///   the first receipt.
/// - `Unavailable`, `RateLimited`, `Invalid` and `PermissionDenied` mean that nothing was taken;
///   `Timeout` and all else mean that nobody knows.
/// - The amount asked for is the bill's, to the minor unit.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PaymentGateway: Debug + Send + Sync {
    /// What it promises about repeats.
    fn class(&self) -> EffectClass;

    /// Takes one charge.
    async fn charge(&self, charge: Charge) -> Result<ChargeReceipt, PortError>;
}

#[async_trait]
impl<T: PaymentGateway + ?Sized> PaymentGateway for Arc<T> {
    fn class(&self) -> EffectClass {
        (**self).class()
    }

    async fn charge(&self, charge: Charge) -> Result<ChargeReceipt, PortError> {
        (**self).charge(charge).await
    }
}

/// Port: asks a provider which charges it took, to settle what is `Unknown`.
///
/// # Contract
///
/// - `None` only where the provider is sure that it never took the key.
#[async_trait]
pub trait ChargeLog: Debug + Send + Sync {
    /// The receipt of the charge under `key`, where there is one.
    async fn find_charge(&self, key: EffectKey) -> Result<Option<ChargeReceipt>, PortError>;
}

/// Performs the charges of payers by one gateway.
#[derive(Clone, Debug)]
pub struct PayerPerformer {
    gateway: Arc<dyn PaymentGateway>,
}

impl PayerPerformer {
    /// Charges by `gateway`.
    #[must_use]
    pub fn new(gateway: Arc<dyn PaymentGateway>) -> Self {
        Self { gateway }
    }
}

#[async_trait]
impl Performer<Payer> for PayerPerformer {
    fn class(&self, _effect: &ChargeEffect) -> EffectClass {
        self.gateway.class()
    }

    fn gated(&self, _effect: &ChargeEffect) -> bool {
        true
    }

    async fn perform(&self, effect: ChargeEffect, lease: Lease) -> Result<PayerInput, PortError> {
        let charge = gate::open_charge(lease).await?;
        let receipt = self.gateway.charge(charge).await?;
        Ok(PayerInput::Taken {
            step: effect.step,
            attempt: effect.attempt,
            receipt,
        })
    }
}
