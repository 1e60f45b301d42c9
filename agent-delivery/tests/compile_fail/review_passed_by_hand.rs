use dealwright_delivery::review::{ReviewPassed, ReviewRecord};

fn pass(record: ReviewRecord) -> ReviewPassed {
    ReviewPassed(record)
}

fn main() {
    let _ = pass;
}
