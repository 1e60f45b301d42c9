use dealwright_core::time::Timestamp;
use dealwright_delivery::deliverable::{Deliverable, Draft, ReleaseRecord};
use dealwright_delivery::review::Review;

fn release(draft: Deliverable<Draft>, review: &Review, at: Timestamp) -> Option<ReleaseRecord> {
    let passed = review.gate().ok()?;
    Some(draft.release(passed, at).ok()?.into_record())
}

fn main() {
    let _ = release;
}
