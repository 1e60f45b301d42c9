#![doc = include_str!("../README.md")]

mod agency;
mod business;
mod runtime;
mod starter;

#[cfg(test)]
mod tests;

pub use agency::{Agency, AgencyBuilder, AgencyError, NoFetcher};
pub use business::{
    Business, BusinessError, CheckedBusiness, DealSettings, LawSettings, LeadSettings,
    MarketSettings,
};
pub use runtime::{Progress, Runtime, RuntimeOptions};
pub use starter::{STARTER_AGENCY, STARTER_SERVICES, STARTER_TEMPLATES};
