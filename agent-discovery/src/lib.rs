//! Placeholder.
pub mod client;
pub mod facts;
pub mod qualify;
pub mod resolve;
pub mod score;

pub mod lead;
pub mod market;
pub mod source;
