use dealwright_delivery::deliverable::{Deliverable, Draft, Released};

fn release(draft: Deliverable<Draft>) -> Deliverable<Released> {
    draft.into()
}

fn main() {
    let _ = release;
}
