#![doc = include_str!("../README.md")]

mod clock;
pub mod files;
mod keys;

pub use clock::{SystemClock, SystemIds, SystemRandom};
pub use keys::Keyring;
