use std::fmt::Debug;
use std::sync::Arc;

use super::Timestamp;

/// Port: what time it is.
///
/// # Contract
///
/// - Of two calls, one after the other, the second never answers an earlier time.
pub trait Clock: Debug + Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

#[deny(clippy::missing_trait_methods)]
impl<T: Clock + ?Sized> Clock for &T {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

#[deny(clippy::missing_trait_methods)]
impl<T: Clock + ?Sized> Clock for Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

#[deny(clippy::missing_trait_methods)]
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

/// One function for each clause of the contract of [`Clock`].
#[cfg(any(test, feature = "testing"))]
pub mod conformance {
    use super::Clock;

    /// A thousand calls never go backwards.
    pub fn time_never_goes_backwards(clock: &dyn Clock) {
        let mut last = clock.now();
        for _ in 0..1_000 {
            let now = clock.now();
            assert!(now >= last, "{now} came after {last}");
            last = now;
        }
    }
}
