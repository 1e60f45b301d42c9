//! Placeholder.
pub mod work;
