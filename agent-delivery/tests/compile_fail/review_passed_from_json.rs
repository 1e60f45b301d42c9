use dealwright_delivery::review::ReviewPassed;

fn pass(text: &str) -> ReviewPassed {
    serde_json::from_str(text).unwrap()
}

fn main() {
    let _ = pass;
}
