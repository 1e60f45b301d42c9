//! Lanes, fairness, shares and budgets: pure policy, for whoever drives the work.

mod lane;

pub use lane::{Lane, Priority, PriorityError};
