use chrono::Utc;
use dealwright_core::process::{IdSource, Random};
use dealwright_core::time::{Clock, Timestamp};
use uuid::Uuid;

/// The machine's clock, to the microsecond.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Utc::now();
        // Stores keep microseconds; what is finer would not come back.
        Timestamp::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }
}

/// Ids of version 7: unique, and in order of time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        // The systems this runs on do not fail here once they have started; a key of zeros must
        // never be used, so the caller sees an unchanged buffer and checks it.
        let _ = getrandom::fill(buffer);
    }
}
