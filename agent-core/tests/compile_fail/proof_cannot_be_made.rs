//! What settles an unknown effect comes from a host.
use dealwright_core::process::{Proof, Unsettled, WorkResult};
use dealwright_core::time::Timestamp;

fn forge(at: Timestamp) -> Proof {
    Proof {
        result: WorkResult::Unsettled(Unsettled::NotPerformed),
        at,
        note: "trust me".to_owned(),
    }
}

fn main() {}
