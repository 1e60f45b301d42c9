//! Bugs on purpose, to show that the tests would find them.

/// A deliberate bug, written where the mistake would be made.
///
/// None is in a build without the feature `seeded-bugs`, which is for tests of this family only.
/// With it a bug is in force only in the thread that planted it, until another is planted there.
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
    /// Neither a mark nor a commit looks at the lease and its token.
    LeaseWithoutFence,
    /// A consumed input stays ready.
    InputConsumedTwice,
    /// The desk looks at neither hours nor caps.
    CapsIgnored,
    /// Whatever discount is asked for is granted.
    AuthorityIgnored,
    /// A charge has a new key each time it is tried.
    InvoiceKeyPerAttempt,
    /// Nobody looks at the letter itself.
    LintSkipped,
    /// A commit does not look at the revision it rests on.
    RevisionUnchecked,
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
        Self::AuthorityIgnored,
        Self::InvoiceKeyPerAttempt,
        Self::LintSkipped,
        Self::RevisionUnchecked,
    ];
}

#[cfg(feature = "seeded-bugs")]
mod switch {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Plants one bug in this thread, in place of the one that was there; `None` plants none.
    pub fn plant_bug(bug: Option<Bug>) {
        PLANTED.with(|planted| planted.set(bug));
    }

    /// Takes whatever bug is planted in this thread out of it until dropped: an oracle must see
    /// soundly.
    #[derive(Debug)]
    pub struct Sound(Option<Bug>);

    impl Sound {
        /// Begins now.
        #[must_use]
        pub fn begin() -> Self {
            Self(PLANTED.with(Cell::take))
        }
    }

    impl Drop for Sound {
        fn drop(&mut self) {
            plant_bug(self.0);
        }
    }

    pub(super) fn is_planted(bug: Bug) -> bool {
        PLANTED.with(Cell::get) == Some(bug)
    }
}

#[cfg(feature = "seeded-bugs")]
pub use switch::{Sound, plant_bug};

/// Whether `bug` is planted in this thread: a constant `false` without the feature.
#[inline]
#[must_use]
pub fn bug(bug: Bug) -> bool {
    #[cfg(feature = "seeded-bugs")]
    {
        switch::is_planted(bug)
    }
    #[cfg(not(feature = "seeded-bugs"))]
    {
        let _ = bug;
        false
    }
}
