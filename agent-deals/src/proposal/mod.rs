//! Proposals: numbered versions that never change, and the document each is read as.
//!
//! A version is drafted, issued and perhaps accepted. Its hash covers the price, the terms, the
//! content and the dates; approvals and acceptances are bound to it. A later version supersedes
//! the earlier ones, which can then no longer be accepted, and an acceptance does not carry over.

mod content;
mod document;
mod versions;
pub(crate) mod words;

pub use content::{
    ContentError, DeliverableLine, DriverLine, ProposalContent, ProposalInput, ScopeEntry,
    TimelineEntry, Traced,
};
pub(crate) use document::{plan_table, price_table, tax_notes};
pub use versions::{
    AcceptRefusal, Acceptance, Draft, Offer, ProposalError, ProposalVersion, Proposals,
};

use std::collections::BTreeSet;

use chrono::NaiveDate;
use dealwright_core::knowledge::{PaymentTerms, Slug};
use serde::{Deserialize, Serialize};

/// The terms of an offer beside its price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferTerms {
    /// When and how it is paid.
    pub payment: PaymentTerms,
    /// The day on which work begins, if they accept in time.
    pub start: NaiveDate,
    /// Clauses beyond the standing ones, by name.
    pub clauses: BTreeSet<Slug>,
}

#[cfg(test)]
pub(crate) mod tests;
