//! A `Charge` cannot be copied and cannot come out of JSON.
use dealwright_core::trust::Charge;

fn read(json: &str) -> Charge {
    serde_json::from_str(json).unwrap()
}

fn twice(charge: Charge) -> (Charge, Charge) {
    (Clone::clone(&charge), charge)
}

fn main() {}
