//! Only the gate makes a `Charge`.
use dealwright_core::process::EffectKey;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Bill, Charge};

fn forge(bill: Bill, key: EffectKey, now: Timestamp) -> Charge {
    Charge { bill, key, opened_at: now, first_started: None }
}

fn main() {}
