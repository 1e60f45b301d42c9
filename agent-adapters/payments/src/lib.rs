#![doc = include_str!("../README.md")]

pub mod bank;
mod books;
pub mod credit;
mod details;
pub mod dunning;
mod fact;
pub mod pan;
pub mod schedule;
pub mod stripe;
#[cfg(feature = "testing")]
pub mod testing;

pub use books::{Books, Difference, Theirs};
pub use details::{BillBook, BillDetails, BillLine, BillTax};
pub use fact::{MoneyFact, RefundState};
