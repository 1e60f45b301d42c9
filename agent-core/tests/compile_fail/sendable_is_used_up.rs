//! Taking the letter out uses the `Sendable` up.
use dealwright_core::time::Timestamp;
use dealwright_core::trust::Sendable;

fn twice(sendable: Sendable, now: Timestamp) {
    let _ = sendable.take(now);
    let _ = sendable.take(now);
}

fn main() {}
