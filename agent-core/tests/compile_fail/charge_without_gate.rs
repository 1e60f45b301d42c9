//! A gateway takes a `Charge` and nothing else, and only the gate makes one.
use dealwright_core::process::EffectKey;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Bill, Charge, PaymentGateway};

async fn bill_it(gateway: &dyn PaymentGateway, bill: Bill) {
    let _ = gateway.charge(bill).await;
}

fn forge(bill: Bill, key: EffectKey, now: Timestamp) -> Charge {
    Charge { bill, key, opened_at: now, first_started: None }
}

fn main() {}
