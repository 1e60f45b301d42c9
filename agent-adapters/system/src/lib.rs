#![doc = include_str!("../README.md")]

mod checkpoints;
mod clock;
pub mod files;
mod keys;

pub use checkpoints::{CheckpointError, CheckpointFile, Ed25519, Ed25519Signer};
pub use clock::{SystemClock, SystemIds, SystemRandom};
pub use keys::Keyring;
