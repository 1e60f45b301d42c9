//! Hand-offs: the versioned contracts at which discovery, deals and delivery meet.
//!
//! The domain crates do not see each other. What one hands to the next is one of the contracts
//! here, complete or refused by type: `XParts` may lack anything, `X` lacks nothing, and the only
//! way from one to the other is [`TryFrom`], which deserialisation takes as well.
//!
//! A contract of version *n* is read by a consumer of version *n + 1*: what a later version
//! adds has a default. A consumer refuses versions it does not know.

mod deal_won;
mod feedback;
mod lead_qualified;
mod listing;
mod notices;
mod requirement;

pub use deal_won::{BudgetLine, DealWon, DealWonParts, MilestoneTerms, ServiceLevel, ServiceOrder};
pub use feedback::{DeliveryFeedback, DeliveryFeedbackParts, ServiceOutcome};
pub use lead_qualified::{LeadQualified, LeadQualifiedParts, ReasonPoints, RecommendedService};
pub use listing::{Listed, ListingField};
pub use notices::{AskPriors, DealClosed, MilestoneAccepted, Priors, ProjectClosed};
pub use requirement::{Quotation, Requirement, RequirementKind, RequirementStatus};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::error::{PortError, PortErrorKind};

/// A versioned contract between two processes that do not know each other's code.
pub trait Contract: Serialize + DeserializeOwned {
    /// The name on the wire, for example `lead-qualified`.
    const NAME: &'static str;
    /// The version this code writes; it reads this one and all before.
    const VERSION: u32;
}

/// Makes a type the first version of a [`Contract`](crate::handoff::Contract) of this name.
///
/// ```
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct AskRoom { nights: u32 }
/// dealwright_core::contract!(AskRoom, "ask-room");
/// # use dealwright_core::handoff::Contract;
/// assert_eq!((AskRoom::NAME, AskRoom::VERSION), ("ask-room", 1));
/// ```
#[macro_export]
macro_rules! contract {
    ($type:ty, $name:literal) => {
        impl $crate::handoff::Contract for $type {
            const NAME: &'static str = $name;
            const VERSION: u32 = 1;
        }
    };
}

/// Why a hand-off was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandOffError {
    /// A part that the receiver cannot do without is not there.
    #[error("hand-off `{contract}` lacks `{part}`; the sender must fill it before it hands over")]
    Missing {
        /// The contract's name.
        contract: &'static str,
        /// The part that is not there.
        part: &'static str,
    },
    /// Two parts contradict each other.
    #[error("hand-off `{contract}` contradicts itself: {what}")]
    Contradiction {
        /// The contract's name.
        contract: &'static str,
        /// What does not fit.
        what: String,
    },
}

/// Reads a contract from a message body.
///
/// # Errors
///
/// [`PortErrorKind::Invalid`] where the name differs or the version is newer than this code;
/// [`PortErrorKind::Corrupt`] where the body is not complete, naming the part.
pub fn read<C: Contract>(name: &str, version: u32, body: &Value) -> Result<C, PortError> {
    if name != C::NAME || version == 0 || version > C::VERSION {
        return Err(
            PortError::new("read hand-off", PortErrorKind::Invalid).with_source(format!(
                "expected `{}` up to version {}, got `{name}` version {version}",
                C::NAME,
                C::VERSION
            )),
        );
    }
    C::deserialize(body)
        .map_err(|e| PortError::new("read hand-off", PortErrorKind::Corrupt).with_source(e))
}

#[cfg(test)]
mod tests;
