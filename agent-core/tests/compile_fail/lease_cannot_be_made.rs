//! A lease comes from a host that claimed the work, and is used once.
use dealwright_core::process::Lease;

fn needs_clone<T: Clone>(_: T) {}

fn twice(lease: Lease) {
    needs_clone(lease);
}

fn main() {}
