//! Conformance kit of payment gateways: one function for each clause of the contracts of
//! [`PaymentGateway`] and [`ChargeLog`].
//!
//! A gateway proves itself by [`payment_conformance!`](crate::payment_conformance), with a
//! [`PaymentRig`] for each test that knows what the provider itself holds, and can make the way to
//! it fail. [`flawed`] holds gateways that the kit must catch.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a conformance suite reports by panicking"
)]

pub mod flawed;
mod till;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Duration};
use dealwright_core::canonical::Digest32;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::{ContractId, InvoiceId};
use dealwright_core::money::{Currency, Money};
use dealwright_core::process::EffectClass;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Bill, ChargeLog, ChargeReceipt, PaymentGateway};
use futures::future::join_all;

pub use till::Till;

/// How the next call that would take money goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a rig must say of each whether it can"
)]
pub enum Fault {
    /// The provider refuses it as malformed.
    Refused,
    /// The provider asks to come later, and takes nothing.
    Busy,
    /// The provider fails before it takes it.
    ErrorBefore,
    /// The provider takes it and answers that it failed.
    ErrorAfter,
    /// The provider takes it and the answer never comes.
    SilentAfter,
}

impl Fault {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Refused,
        Self::Busy,
        Self::ErrorBefore,
        Self::ErrorAfter,
        Self::SilentAfter,
    ];
}

/// A gateway under test, and the provider behind it.
#[async_trait]
pub trait PaymentRig: Debug + Send + Sync {
    /// The gateway.
    fn gateway(&self) -> Arc<dyn PaymentGateway>;

    /// Its log.
    fn log(&self) -> Arc<dyn ChargeLog>;

    /// What the provider asks the client for under a bill, by the provider's own books.
    async fn asked(&self, bill: &Bill) -> Vec<Money>;

    /// The provider forgets every idempotency key, as it may after a day.
    async fn forget_keys(&self);

    /// Makes the next call that would take money go wrong; `false` where this cannot be.
    async fn fail_next(&self, how: Fault) -> bool;
}

/// A clause, ready to run.
pub type Clause = fn(Arc<dyn PaymentRig>) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// A Monday morning.
#[must_use]
pub fn morning() -> Timestamp {
    DateTime::UNIX_EPOCH + Duration::days(20_514) + Duration::hours(9)
}

/// The `n`-th bill of the kit; its amount is odd, so that a lost cent shows.
#[must_use]
pub fn bill(n: u8) -> Bill {
    Bill {
        invoice: InvoiceId::derive(&[b"kit", &[n]]),
        number: format!("2026-{n:04}"),
        contract: ContractId::derive(&[b"kit", &[n]]),
        offer: Digest32::of(b"offer"),
        amount: Money::from_minor(119_077 + i64::from(n), Currency::EUR),
        due: morning() + Duration::days(14),
        document: None,
    }
}

/// What says that nothing was taken.
fn nothing_taken(error: &PortError) -> bool {
    use PortErrorKind::{Invalid, PermissionDenied, RateLimited, Unavailable};
    matches!(
        error.kind(),
        Invalid | PermissionDenied | RateLimited | Unavailable
    )
}

async fn taken(rig: &dyn PaymentRig, till: &Till, now: Timestamp) -> ChargeReceipt {
    let charge = till.charge(now).await;
    rig.gateway().charge(charge).await.expect("a receipt")
}

/// A charge asks the client for the bill's amount, to the minor unit, once.
pub async fn a_charge_asks_for_the_bill_once(rig: Arc<dyn PaymentRig>) {
    let till = Till::new(bill(1));
    let receipt = taken(&*rig, &till, morning()).await;
    assert!(!receipt.provider_id.is_empty(), "a receipt names an id");
    assert_eq!(rig.asked(till.bill()).await, [till.bill().amount]);
}

/// A repeat under the same key answers the first receipt and asks nobody again.
pub async fn a_repeat_answers_the_first_receipt(rig: Arc<dyn PaymentRig>) {
    if rig.gateway().class() != EffectClass::Idempotent {
        return;
    }
    let till = Till::new(bill(1));
    let first = taken(&*rig, &till, morning()).await;
    for minutes in [1, 90, 600] {
        let again = taken(&*rig, &till, morning() + Duration::minutes(minutes)).await;
        assert_eq!(again, first, "after {minutes} minutes");
    }
    assert_eq!(rig.asked(till.bill()).await.len(), 1);
}

/// A repeat that is older than the provider's keys live asks nobody again.
pub async fn a_repeat_after_keys_are_forgotten_asks_once(rig: Arc<dyn PaymentRig>) {
    if rig.gateway().class() != EffectClass::Idempotent {
        return;
    }
    let till = Till::new(bill(1));
    let first = taken(&*rig, &till, morning()).await;
    for hours in [21, 30, 24 * 40] {
        rig.forget_keys().await;
        let again = taken(&*rig, &till, morning() + Duration::hours(hours)).await;
        assert_eq!(again, first, "after {hours} hours");
    }
    assert_eq!(rig.asked(till.bill()).await.len(), 1);
}

/// Repeats at the same time, as by two workers of which one is thought dead, ask once.
pub async fn repeats_at_the_same_time_ask_once(rig: Arc<dyn PaymentRig>) {
    if rig.gateway().class() != EffectClass::Idempotent {
        return;
    }
    let till = Till::new(bill(1));
    let mut charges = Vec::new();
    for second in 0..4 {
        charges.push(till.charge(morning() + Duration::seconds(second)).await);
    }
    let gateway = rig.gateway();
    let answers = join_all(charges.into_iter().map(|charge| gateway.charge(charge))).await;
    let mut receipts = answers.into_iter().flatten();
    let last = taken(&*rig, &till, morning() + Duration::minutes(1)).await;
    assert!(receipts.all(|receipt| receipt == last));
    assert_eq!(rig.asked(till.bill()).await, [till.bill().amount]);
}

/// Two bills are two charges, whatever they have in common.
pub async fn two_bills_are_two_charges(rig: Arc<dyn PaymentRig>) {
    let tills = [Till::new(bill(1)), Till::new(bill(2))];
    let first = taken(&*rig, &tills[0], morning()).await;
    let second = taken(&*rig, &tills[1], morning()).await;
    assert_ne!(first.provider_id, second.provider_id);
    for till in &tills {
        assert_eq!(rig.asked(till.bill()).await, [till.bill().amount]);
    }
}

/// The log has what was taken, with its receipt, and nothing else.
pub async fn the_log_has_what_was_taken(rig: Arc<dyn PaymentRig>) {
    let (log, mut receipts) = (rig.log(), Vec::new());
    for n in 1..=3 {
        let till = Till::new(bill(n));
        let key = till.charge(morning()).await.key();
        assert_eq!(log.find_charge(key).await.expect("an answer"), None);
        let again = morning() + Duration::minutes(i64::from(n));
        receipts.push((key, taken(&*rig, &till, again).await));
    }
    rig.forget_keys().await;
    for (key, receipt) in receipts {
        assert_eq!(
            log.find_charge(key).await.expect("an answer"),
            Some(receipt)
        );
    }
}

/// What is said to have taken nothing took nothing; what is not known is found in the log; and in
/// the end the client is asked once.
pub async fn an_error_says_what_is_known(rig: Arc<dyn PaymentRig>) {
    for (n, how) in (10..).zip(Fault::ALL) {
        let till = Till::new(bill(n));
        let charge = till.charge(morning()).await;
        let key = charge.key();
        if !rig.fail_next(how).await {
            continue;
        }
        let answer = rig.gateway().charge(charge).await;
        let asked = rig.asked(till.bill()).await;
        match &answer {
            Ok(_) => assert_eq!(asked.len(), 1, "{how:?}: a receipt for nothing"),
            Err(error) if nothing_taken(error) => {
                assert_eq!(asked, [], "{how:?}: it said `{error}`, and was taken");
            }
            Err(_) => {}
        }
        let found = rig.log().find_charge(key).await.expect("an answer");
        assert_eq!(
            found.is_some(),
            !asked.is_empty(),
            "{how:?}: the log is wrong"
        );
        if rig.gateway().class() == EffectClass::Idempotent {
            let receipt = taken(&*rig, &till, morning() + Duration::hours(1)).await;
            assert_eq!(
                rig.asked(till.bill()).await,
                [till.bill().amount],
                "{how:?}"
            );
            let found = rig.log().find_charge(key).await.expect("an answer");
            assert_eq!(found, Some(receipt), "{how:?}");
        }
    }
}

/// Makes a test of each clause of the contracts of `PaymentGateway` and `ChargeLog`.
///
/// The block makes a fresh `Arc<dyn PaymentRig>`; the attribute is the runtime's own:
///
/// ```text
/// payment_conformance!(#[tokio::test] async { Arc::new(MyRig::connect().await) });
/// ```
#[macro_export]
macro_rules! payment_conformance {
    (#[$test:meta] async $make:block) => {
        $crate::payment_clauses!(@async [#[$test]] $make);
    };
    (@async [#[$test:meta]] $make:block $($clause:ident)*) => {$(
        #[$test]
        async fn $clause() {
            let rig = async { $make }.await;
            $crate::testing::$clause(rig).await;
        }
    )*};
    (@list [] $make:block $($clause:ident)*) => {
        vec![$((
            stringify!($clause),
            (|rig| Box::pin($crate::testing::$clause(rig))) as $crate::testing::Clause,
        )),*]
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! payment_clauses {
    (@$how:ident [$($test:tt)*] $make:block) => {
        $crate::payment_conformance! { @$how [$($test)*] $make
            a_charge_asks_for_the_bill_once
            a_repeat_answers_the_first_receipt
            a_repeat_after_keys_are_forgotten_asks_once
            repeats_at_the_same_time_ask_once
            two_bills_are_two_charges
            the_log_has_what_was_taken
            an_error_says_what_is_known
        }
    };
}

/// Every clause by name, for tables.
#[must_use]
pub fn clauses() -> Vec<(&'static str, Clause)> {
    crate::payment_clauses!(@list [] {})
}
