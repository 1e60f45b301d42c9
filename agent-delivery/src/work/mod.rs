//! The work our own workers do without any model: pure functions from facts to results.

pub mod crawl;
pub mod listing;
pub mod listing_repair;
pub mod meta_repair;
mod tongue;
pub mod website_audit;
