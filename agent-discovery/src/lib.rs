//! Placeholder.
pub mod client;
pub mod facts;
pub mod qualify;
pub mod resolve;
pub mod score;

pub mod source;
pub mod lead;
pub mod market;
