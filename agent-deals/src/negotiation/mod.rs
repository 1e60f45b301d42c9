//! Negotiation: what may be conceded, for what, and nothing beyond.
//!
//! Limits are code and data of the operator ([`Authority`]); what the client wants is an [`Ask`],
//! a closed enum of names and numbers in range, so that no text of theirs has a say. Where an
//! ask goes too far, the answer is not a no but [`Alternative`]s: less scope, other terms, a
//! later start, each priced anew by [`quote`](crate::pricing::quote) and none worse than
//! another in price, margin and scope at once. Every concession says what it bought.

mod alternative;
mod alternatives;
mod ask;
mod authority;
mod respond;
mod scope;

pub use alternative::{Alternative, Bought, Concession, Move};
pub use ask::{Ask, Percent, PercentError};
pub use authority::{Authority, AuthorityError, AuthorityParams, Excess, LaterStart};
pub use respond::{EscalationReason, Negotiation, Response, Standing};

#[cfg(test)]
pub(crate) mod tests;
