//! Placeholder.
pub mod facts;
pub mod qualify;
pub mod score;

pub mod source;
