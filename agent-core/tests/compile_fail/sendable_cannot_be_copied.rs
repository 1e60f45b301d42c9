//! One `Sendable` is one letter: it cannot be used twice.
use dealwright_core::trust::Sendable;

fn needs_clone<T: Clone>(_: T) {}

fn twice(sendable: Sendable) {
    needs_clone(sendable);
}

fn main() {}
