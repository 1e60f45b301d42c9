use dealwright_core::time::Timestamp;
use dealwright_delivery::deliverable::{Deliverable, Manifest, Released};
use dealwright_delivery::review::ReviewRecord;

fn release(manifest: Manifest, review: ReviewRecord, at: Timestamp) -> Deliverable<Released> {
    Deliverable {
        manifest,
        stage: Released { review, at },
    }
}

fn main() {
    let _ = release;
}
