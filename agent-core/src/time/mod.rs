//! Time as an argument: the clock port, working days, and windows to write in.

mod calendar;
mod clock;
mod holidays;
mod send_window;
mod working_days;
mod zone;

#[cfg(any(test, feature = "testing"))]
pub use clock::conformance;

pub use calendar::Calendar;
pub use clock::{Clock, FixedClock};
pub use holidays::easter;
pub use send_window::{SendWindow, WindowError};
pub use working_days::WorkingDays;
pub use zone::{Zone, ZoneBasis, ZoneError, zones_for};

/// An instant, in UTC. Zones belong to people and places, not to instants.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

#[cfg(test)]
mod tests;
