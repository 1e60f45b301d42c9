//! The gateways against a fake of Stripe that keeps books, the published specification and
//! samples, and files as banks write them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

mod bank;
mod conformance;
mod fake;
mod form;
mod life;
mod matching;
mod refunds;
mod samples;
mod spec;
mod trouble;
mod webhooks;

use std::path::PathBuf;

use serde_json::Value;

/// A file of the shared data, or a line that says what is skipped.
pub(crate) fn shared(path: &str) -> Option<Value> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let data = std::env::var("DEALWRIGHT_DATA").unwrap_or_else(|_| beside.to_owned());
    match std::fs::read(PathBuf::from(data).join(path)) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).expect("shared data is json")),
        Err(_) => {
            println!("skipped: no shared data at {path}");
            None
        }
    }
}

/// Small numbers that anybody can draw again.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    pub(crate) fn shuffle<T>(&mut self, all: &mut [T]) {
        for place in (1..all.len()).rev() {
            all.swap(place, self.below(place + 1));
        }
    }
}
