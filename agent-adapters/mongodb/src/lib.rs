#![doc = include_str!("../README.md")]

mod blobs;
mod commit;
mod error;
mod lease;
mod rows;
mod start;
mod store;
mod values;

pub use blobs::MongoBlobs;
pub use store::{MongoStore, Options};
