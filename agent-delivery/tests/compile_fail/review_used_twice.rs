use dealwright_core::time::Timestamp;
use dealwright_delivery::deliverable::{Deliverable, Draft};
use dealwright_delivery::review::ReviewPassed;

fn both(
    one: Deliverable<Draft>,
    other: Deliverable<Draft>,
    passed: ReviewPassed,
    at: Timestamp,
) {
    let _ = one.release(passed, at);
    let _ = other.release(passed, at);
}

fn main() {
    let _ = both;
}
