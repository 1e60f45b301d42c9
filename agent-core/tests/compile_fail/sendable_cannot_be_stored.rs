//! A `Sendable` cannot come out of JSON, nor go into it.
use dealwright_core::trust::Sendable;

fn read(json: &str) -> Sendable {
    serde_json::from_str(json).unwrap()
}

fn write(sendable: &Sendable) -> String {
    serde_json::to_string(sendable).unwrap()
}

fn main() {}
