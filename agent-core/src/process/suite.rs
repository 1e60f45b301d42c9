//! Conformance suite of stores: one function for each clause of the contract of [`Store`].
//!
//! Commits are made by the typed layer alone, so the suite drives a small process of its own,
//! the probe, through a [`Host`](super::Host), and catches the commit on its way where a test
//! has to hold one back. A store proves itself by
//! [`store_conformance!`](crate::store_conformance), with a [`Rig`] for each test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a conformance suite reports by panicking"
)]

mod clauses;
mod probe;

#[cfg(test)]
mod broken;

use std::fmt::{self, Debug};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

pub use clauses::*;
pub use probe::{Probe, ProbeEffect, ProbeEvent, ProbePerformer, ProbeState, Script};

use super::Store;

type Reopen = Box<dyn Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send + Sync>;

/// A fresh, empty store under test, and the way to stop it and start it again.
pub struct Rig {
    store: Arc<dyn Store>,
    reopen: Reopen,
}

impl Debug for Rig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rig")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

impl Rig {
    /// A store that lives as long as its process: a restart changes nothing.
    #[must_use]
    pub fn new(store: impl Store + 'static) -> Self {
        Self::with_reopen(store, |store| store)
    }

    /// A store that `reopen` stops and starts again. It is given the only handle there is.
    #[must_use]
    pub fn with_reopen(
        store: impl Store + 'static,
        reopen: impl Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send + Sync + 'static,
    ) -> Self {
        Self {
            store: Arc::new(store),
            reopen: Box::new(reopen),
        }
    }

    /// The store as it stands.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Stops the store and starts it again. Other handles must be gone by now.
    #[must_use]
    pub fn restarted(self) -> Self {
        Self {
            store: (self.reopen)(self.store),
            reopen: self.reopen,
        }
    }
}

/// A clause, ready to run.
pub type Clause = fn(Rig) -> Pin<Box<dyn Future<Output = ()> + Send>>;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on this thread, so that suites need no runtime.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

/// Makes a test of each clause of the contract of [`Store`].
///
/// The block makes a fresh [`Rig`]. With `fn` the tests are plain functions and need no runtime;
/// with `async` the attribute names the runtime's own:
///
/// ```text
/// store_conformance!(#[test] fn { Rig::new(MemoryStore::new()) });
/// store_conformance!(#[tokio::test] async { Rig::new(connect().await) });
/// ```
#[macro_export]
macro_rules! store_conformance {
    (#[$test:meta] fn $make:block) => {
        $crate::store_clauses!(@sync [#[$test]] $make);
    };
    (#[$test:meta] async $make:block) => {
        $crate::store_clauses!(@async [#[$test]] $make);
    };
    (@sync [#[$test:meta]] $make:block $($clause:ident)*) => {$(
        #[$test]
        fn $clause() {
            $crate::process::suite::run($crate::process::suite::$clause($make));
        }
    )*};
    (@async [#[$test:meta]] $make:block $($clause:ident)*) => {$(
        #[$test]
        async fn $clause() {
            let rig = async { $make }.await;
            $crate::process::suite::$clause(rig).await;
        }
    )*};
    (@list [] $make:block $($clause:ident)*) => {
        vec![$((
            stringify!($clause),
            (|rig| Box::pin($crate::process::suite::$clause(rig))) as $crate::process::suite::Clause,
        )),*]
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! store_clauses {
    (@$how:ident [$($test:tt)*] $make:block) => {
        $crate::store_conformance! { @$how [$($test)*] $make
            commits_are_stored_whole
            refused_commits_change_nothing
            stale_revisions_conflict
            of_two_writers_one_conflicts
            commits_are_fenced
            marks_are_fenced
            started_marks_are_fenced
            later_claims_have_higher_tokens
            consumed_rows_never_come_again
            consumed_keys_stay_taken
            offers_are_taken_once
            collisions_are_put_aside
            unique_keys_are_held_by_one
            claims_come_in_order
            nothing_comes_before_it_is_due
            claims_keep_to_kinds_and_shares
            leases_lapse_by_class
            held_effects_do_not_begin_again
            an_exclusive_worker_voids_other_leases
            rows_survive_a_restart
            the_feed_is_complete_and_in_order
            find_sees_the_last_entries
            find_goes_up_and_down_by_pages
            cancelled_work_does_not_run
            only_unknowns_are_resolved
            works_are_listed_by_pages
        }
    };
}

/// Every clause by name, for tables.
#[must_use]
pub fn clauses() -> Vec<(&'static str, Clause)> {
    crate::store_clauses!(@list [] {})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::MemoryStore;

    // covers: DB-3
    crate::store_conformance!(#[test] fn { Rig::new(MemoryStore::new()) });
}
