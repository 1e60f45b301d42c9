//! Time as an argument: the clock port, working days, and windows to write in.

use std::fmt::Debug;
use std::sync::Arc;

/// An instant, in UTC. Zones belong to people and places, not to instants.
pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// Port: what time it is.
///
/// # Contract
///
/// - Two calls one after the other never go backwards.
pub trait Clock: Debug + Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

impl<T: Clock + ?Sized> Clock for &T {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

impl<T: Clock + ?Sized> Clock for Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

impl<T: Clock + ?Sized> Clock for Box<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

/// A clock that stands where it was put: for tests and replays.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub Timestamp);

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}
