//! A lease comes from a host that claimed the work.
use dealwright_core::process::Lease;

fn forge(other: &Lease) -> Lease {
    Lease { ..other.clone() }
}

fn main() {}
