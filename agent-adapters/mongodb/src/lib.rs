#![doc = include_str!("../README.md")]

mod commit;
mod error;
mod lease;
mod rows;
mod start;
mod store;
mod values;

pub use store::{MongoStore, Options};
