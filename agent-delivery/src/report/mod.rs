//! Client reporting: figures that resolve to events, alerts before it is too late, and the
//! report as a document.
//!
//! The process translates its log into [`LoggedFact`]s. A [`Figure`] is a [`Measure`] of them
//! together with the events it rests on; [`Figure::verify`] computes it again from those alone.

mod alert;
mod document;
mod fact;
mod figure;
mod status;
mod words;

pub use alert::{Alert, AlertKind, AlertPolicy, alerts};
pub use document::document;
pub(crate) use document::hours_of;
pub use fact::{EventRef, LoggedFact, ProjectFact};
pub use figure::{Figure, FigureFault, FigureValue, Measure};
pub use status::{Audience, MilestoneLine, Risk, StatusReport, TaskLine};
pub(crate) use words::Words;

#[cfg(test)]
pub(crate) mod tests;
