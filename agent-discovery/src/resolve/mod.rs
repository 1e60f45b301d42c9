//! Which records speak of the same site, firm or person.
//!
//! A [`Plan`] says what each column of a table holds, found from its values. It turns rows into
//! [`Record`]s. An [`Index`] is fed records and answers with the ones that may be the same, the
//! points of each comparison and why; [`resolve`] does it for whole tables and groups them.
//! What decides are integers: points are deci-bans (ten times the decimal logarithm of the
//! odds), so 10 points make a match ten times as likely, and the reasons of a match sum to its
//! points. The same records in the same order give the same answer.
//!
//! ```
//! use dealwright_discovery::resolve::{Index, Params, Record, Role};
//! let mut index = Index::new(Params::default().check()?);
//! index.insert(
//!     &Record::new("a")
//!         .with(Role::Name, "Lindenhof Bäckerei GmbH")
//!         .with(Role::Website, "https://www.lindenhof.example/")
//!         .with(Role::Phone, "030 23125 042"),
//! )?;
//! let again = Record::new("b")
//!     .with(Role::Name, "BÄCKEREI LINDENHOF")
//!     .with(Role::Website, "LINDENHOF.example")
//!     .with(Role::Phone, "+49 30 23125-042");
//! let matches = index.candidates(&again);
//! assert_eq!(matches.first().map(|best| best.id()), Some("a"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod alike;
mod blocks;
mod cluster;
mod compare;
mod firm;
mod identity;
mod index;
mod infer;
mod learn;
mod matches;
mod normal;
mod params;
mod plan;
mod points;
mod prepared;
mod record;
mod table;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use alike::{alike_name, same_name, same_street};
pub use identity::{Anchor, Identity, identify};
pub use index::{Index, IndexError};
pub use learn::{Label, LearnError, learn};
pub use matches::{Level, Match, Reason};
pub use params::{CheckedParams, Params, ParamsError, Weight, Weights};
pub use plan::{CheckedPlan, Plan, PlanError};
pub use points::{Points, Probability};
pub use record::{Record, Role};
pub use table::{Pair, Resolution, resolve, resolve_firms};
