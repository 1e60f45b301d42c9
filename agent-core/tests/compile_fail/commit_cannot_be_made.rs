//! A commit comes from a decision alone.
use dealwright_core::process::{Commit, Consumed, Envelope, ProcessKey, Revision};

fn forge(process: ProcessKey, envelope: Envelope, consumed: Consumed) -> Commit {
    Commit {
        process,
        expected: Revision::new(0),
        state: serde_json::Value::Null,
        state_version: 1,
        envelope,
        consumed,
        work: Vec::new(),
        cancelled: Vec::new(),
        index: Vec::new(),
    }
}

fn main() {}
