//! Lanes, fairness, shares, off-peak windows and budgets: pure policy, for whoever drives
//! the work.

mod budget;
mod fair_queue;
mod lane;
mod off_peak;
mod shares;

pub use budget::{Budget, BudgetError, BudgetLedger, Cost, Limited, Spent};
pub use fair_queue::{FairQueue, Fairness, Item};
pub use lane::{Lane, Priority, PriorityError};
pub use off_peak::OffPeak;
pub use shares::shares;

#[cfg(test)]
mod tests;
