//! Bugs on purpose, to show that the tests would find them.

/// A deliberate bug. Each is in the code only with the feature `seeded-bugs`, and even then off
/// unless a test plants it for its own thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Bug {
    /// An opt-out leaves sends that wait as they are.
    OptOutKeepsSends,
    /// The gate hands out a `Sendable` without the `Started` mark.
    SendableWithoutStarted,
    /// A part of a price goes through a float.
    FloatMoney,
    /// A timeout of an at-most-once port is retried.
    RetryTimeout,
    /// A commit does not look at the lease's token.
    LeaseWithoutFence,
    /// A consumed input stays ready.
    InputConsumedTwice,
    /// The desk never gives caps a look.
    CapsIgnored,
    /// An approval can be used again.
    ApprovalReused,
    /// A discount beyond authority is granted when asked twice.
    AuthorityIgnored,
    /// An invoice step has a new key each time it is asked for.
    InvoiceKeyPerAttempt,
    /// The letter of a first contact lacks the source notice and nobody looks.
    LintSkipped,
}

impl Bug {
    /// All of them, in order.
    pub const ALL: [Self; 11] = [
        Self::OptOutKeepsSends,
        Self::SendableWithoutStarted,
        Self::FloatMoney,
        Self::RetryTimeout,
        Self::LeaseWithoutFence,
        Self::InputConsumedTwice,
        Self::CapsIgnored,
        Self::ApprovalReused,
        Self::AuthorityIgnored,
        Self::InvoiceKeyPerAttempt,
        Self::LintSkipped,
    ];
}

#[cfg(feature = "seeded-bugs")]
mod switch {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static ON: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Switches one bug on (or all off) for this thread.
    pub fn seed_bug(bug: Option<Bug>) {
        ON.with(|on| on.set(bug));
    }

    /// Switches all bugs off for this thread until it is dropped: an oracle must see soundly.
    #[derive(Debug)]
    pub struct Sound(Option<Bug>);

    impl Sound {
        /// Begins now.
        #[must_use]
        pub fn begin() -> Self {
            Self(ON.with(Cell::take))
        }
    }

    impl Drop for Sound {
        fn drop(&mut self) {
            seed_bug(self.0);
        }
    }

    pub(super) fn is_on(bug: Bug) -> bool {
        ON.with(Cell::get) == Some(bug)
    }
}

#[cfg(feature = "seeded-bugs")]
pub use switch::{Sound, seed_bug};

/// Whether `bug` is switched on: a constant `false` in every ordinary build.
#[inline]
#[must_use]
pub fn bug(bug: Bug) -> bool {
    #[cfg(feature = "seeded-bugs")]
    {
        switch::is_on(bug)
    }
    #[cfg(not(feature = "seeded-bugs"))]
    {
        let _ = bug;
        false
    }
}
