//! Only the gate makes a `Sendable`.
use dealwright_core::process::EffectKey;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Letter, Sendable};

fn forge(letter: Letter, key: EffectKey, now: Timestamp) -> Sendable {
    Sendable { letter, key, opened_at: now, first_started: None }
}

fn main() {}
