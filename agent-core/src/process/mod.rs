//! Processes: decide, commit, act.
//!
//! A lead, a deal, a project, and each gate is a [`Process`]: a long-lived case with a state.
//! Everything that happens to it is an input; everything it wants is an effect. One step reads
//! the state, lets the process [decide](Process::decide), and stores state, events, the consumed
//! input and the new work in one [`Commit`] on one [`Store`]. A [`Host`] runs steps and performs
//! effects; it owns no loop, so that a runtime, a simulation or a cluster engine can drive it.
//!
//! ```text
//! inbox row -> decide(state, input, context) -> Decision | Refusal     pure
//!           -> one commit: state, events, consumed row, new work       atomic
//!           -> effects are claimed, performed, their outcomes stored,  at least once,
//!              and come back as inputs                                 fenced
//! ```

mod broken_switch;
mod codec;
mod commit;
mod decision;
mod envelope;
mod hash;
mod host;
mod ids;
mod key;
mod memory;
mod seal;
mod store;
mod work;

#[cfg(any(test, feature = "testing"))]
pub mod suite;
#[cfg(test)]
mod tests;

pub use broken_switch::{Bug, bug};
#[cfg(feature = "seeded-bugs")]
pub use broken_switch::{Sound, plant_bug};
pub use commit::{Commit, Consumed, IndexEntry, IndexPart, IndexRange};
pub use decision::{Context, Decision, Process, Record, Refusal, Unsettled};
pub use envelope::{Actor, Envelope, InputRecord, Outcome, Recorded};
pub use hash::{EventLogHash, business_hash, event_log_hash};
pub use host::{
    Handled, Host, HostBuilder, Lease, NoEffects, NoPerformer, Performer, PersonalValue,
    RetryPolicy,
};
pub use ids::{IdSource, Random};
pub use key::{EffectKey, ProcessKey, ProcessKeyError, Revision, Tenant, TenantError, WorkKey};
pub use memory::MemoryStore;
pub use seal::{PlainSealer, Sealed, Sealer, SubjectKeys};
pub use store::{Cursor, Find, Found, Store, Stored};
pub use work::{
    Claim, Claims, EffectClass, Mark, Offered, Proof, Work, WorkKind, WorkQuery, WorkResult,
    WorkState,
};
