#![doc = include_str!("../README.md")]

pub mod client;
pub mod enrich;
pub mod facts;
pub mod lead;
pub mod market;
pub mod qualify;
pub mod research;
pub mod resolve;
pub mod score;
pub mod source;
