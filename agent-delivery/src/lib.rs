#![doc = include_str!("../README.md")]

pub mod breakdown;
pub mod deliverable;
pub mod execute;
pub mod feedback;
pub mod project;
pub mod report;
pub mod review;
pub mod schedule;
pub mod setup;
pub mod work;
