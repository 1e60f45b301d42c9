use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Why we may process a person's data to write to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LegalBasis {
    /// They agreed; the consent itself is kept at the `Recipient`.
    Consent,
    /// They asked us something.
    Inquiry {
        /// When.
        at: Timestamp,
    },
    /// They are or were a customer.
    Customer {
        /// Since when.
        since: Timestamp,
    },
    /// A contract with them, or steps towards one that they asked for.
    Contract,
    /// Our legitimate interest, weighed against theirs in a recorded assessment.
    LegitimateInterest {
        /// The assessment of this type of campaign.
        assessment: String,
    },
}

/// A person's yes, with the words they said yes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// When they said it.
    pub at: Timestamp,
    /// Where it was given, for example `web form 3`.
    pub source: String,
    /// The version of the words they were shown; a consent without one proves nothing.
    pub wording: String,
    /// Who recorded it.
    pub recorded_by: String,
}
