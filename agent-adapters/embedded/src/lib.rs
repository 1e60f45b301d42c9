#![doc = include_str!("../README.md")]

mod blobs;
mod error;
mod jobs;
mod rows;
mod schema;
mod store;

pub use blobs::FileBlobs;
pub use store::{EmbeddedStore, Options};
