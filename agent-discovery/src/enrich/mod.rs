//! Enrichment: completing what is known of a lead, one provider after the other.
//!
//! The lead's own website is read first and costs nothing. After it come the providers in the
//! order people set, each only for fields that are still not known well enough, and each only if
//! its terms allow it, the lead is worth a call, and what it costs fits what the lead and the
//! day may still spend. What a provider says is taken where it is a valid value of the same firm;
//! it stands beside what others say and overwrites nothing.

mod answer;
mod field;
mod memory;
mod page;
mod plan;
mod prescreen;
mod provider;
mod purse;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
pub(crate) mod tests;

pub use answer::{Accepted, RefusedFinding, read_answer};
pub use field::{EnrichField, FieldValue, Found, Invalid, is_mobile};
pub use memory::MemoryProvider;
pub use page::read_page;
pub use plan::{EnrichPolicy, Passed, PassedOver, Progress, ProviderSettings, Step, next};
pub use prescreen::{Junk, is_dud_host, prescreen};
pub use provider::{
    About, EnrichAnswer, EnrichRequest, EnrichmentProvider, Finding, ProviderProfile, Who,
};
pub use purse::{AskSpend, Ceiling, DayBook, Price, Purse, SpendAnswer, SpendDone};
