//! Bugs on purpose, to show that the tests would find them.

/// A deliberate bug. Each can be switched on only in builds with `--cfg dealwright_bugs`.
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
    /// A merge forgets the suppression of the side that goes.
    MergeDropsSuppression,
}

impl Bug {
    /// All of them, in order.
    pub const ALL: [Self; 12] = [
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
        Self::MergeDropsSuppression,
    ];
}

#[cfg(dealwright_bugs)]
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

    pub(super) fn is_on(bug: Bug) -> bool {
        ON.with(Cell::get) == Some(bug)
    }
}

#[cfg(dealwright_bugs)]
pub use switch::seed_bug;

/// Whether `bug` is switched on: a constant `false` in every ordinary build.
#[inline]
#[must_use]
pub fn bug(bug: Bug) -> bool {
    #[cfg(dealwright_bugs)]
    {
        switch::is_on(bug)
    }
    #[cfg(not(dealwright_bugs))]
    {
        let _ = bug;
        false
    }
}
