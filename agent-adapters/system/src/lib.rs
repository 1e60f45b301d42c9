#![doc = include_str!("../README.md")]

mod checkpoints;
mod clock;
pub mod files;
mod keys;

pub use checkpoints::{
    CheckpointFault, CheckpointFolder, NoteError, NoteKey, NoteVerifier, VerifierError, open_note,
};
pub use clock::{SystemClock, SystemIds, SystemRandom};
pub use keys::Keyring;
