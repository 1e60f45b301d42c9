#![doc = include_str!("../README.md")]

pub mod contract;
pub mod deal;
pub mod needs;
pub mod negotiation;
pub mod outreach;
pub mod pricing;
pub mod proposal;
pub mod reply;
mod words;
