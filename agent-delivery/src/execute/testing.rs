//! The conformance suite of [`Worker`]: one function a clause, and the order it is run with.

use std::collections::BTreeMap;

use dealwright_core::canonical::Digest32;
use dealwright_core::error::PortErrorKind;
use dealwright_core::id::{ProjectId, TaskId};
use dealwright_core::money::{Currency, Money};

use super::{Method, ProducedPart, Spent, TaskOrder, TaskResult, Worker};

/// An order as good as any, for workers that have the skill `web`.
#[must_use]
pub fn order() -> TaskOrder {
    TaskOrder {
        project: ProjectId::derive(&[b"project"]),
        task: TaskId::derive(&[b"task"]),
        attempt: 1,
        service: "website-audit".to_owned(),
        template: "crawl".to_owned(),
        skill: "web".to_owned(),
        checklist: Vec::new(),
        drivers: [("pages".to_owned(), 10)].into(),
        options: Vec::new(),
        facts: [(
            "website".to_owned(),
            "https://baeckerei-sommer.example/".to_owned(),
        )]
        .into(),
        listings: None,
        inputs: BTreeMap::new(),
        requires: ["website".to_owned()].into(),
        produces: vec!["report".to_owned()],
        language: "en".to_owned(),
        faults: Vec::new(),
        due: chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(30_000),
        limit: Money::from_minor(100_000, Currency::EUR),
    }
}

/// A result that costs so many cents.
#[must_use]
pub fn result(cents: i64) -> TaskResult {
    TaskResult {
        parts: vec![ProducedPart {
            deliverable: "report".to_owned(),
            name: "report.json".to_owned(),
            media_type: "application/json".to_owned(),
            digest: Digest32::of(b"{}"),
            bytes: 2,
        }],
        facts: [("pages".to_owned(), 10.into())].into(),
        method: Method {
            name: "crawl-and-measure".to_owned(),
            why: "the site is small".to_owned(),
            instead_of: Vec::new(),
        },
        spent: Spent {
            money: Money::from_minor(cents, Currency::EUR),
            minutes: 30,
            tokens: 0,
        },
    }
}

/// `describe` answers the same.
pub async fn describes_itself_the_same(worker: &dyn Worker, order: TaskOrder) {
    let first = worker.describe();
    assert!(
        first.parallel > 0,
        "a worker does at least one task at a time"
    );
    worker.work(order).await.ok();
    assert_eq!(worker.describe(), first);
}

/// The same order twice yields the same.
pub async fn the_same_order_yields_the_same(worker: &dyn Worker, order: TaskOrder) {
    let first = worker.work(order.clone()).await.ok();
    let second = worker.work(order).await.ok();
    let outcome = |r: Option<TaskResult>| r.map(|r| (r.parts, r.facts));
    let first = outcome(first);
    assert!(first.is_some(), "the order should be done");
    assert_eq!(first, outcome(second));
}

/// What cannot be done is refused as malformed.
pub async fn what_it_cannot_do_is_refused(worker: &dyn Worker, order: TaskOrder) {
    let mut bare = order.clone();
    bare.requires.insert("no-such-input".to_owned());
    let refused = worker.work(bare).await;
    assert_eq!(
        refused.err().map(|e| e.kind()),
        Some(PortErrorKind::Invalid)
    );
    let mut foreign = order;
    foreign.skill = "no-such-skill".to_owned();
    let refused = worker.work(foreign).await;
    assert_eq!(
        refused.err().map(|e| e.kind()),
        Some(PortErrorKind::Invalid)
    );
}

/// A result says how it came about and keeps to the limit.
pub async fn results_are_accounted_for(worker: &dyn Worker, order: TaskOrder) {
    let limit = order.limit;
    let done = worker.work(order).await.ok();
    assert!(done.is_some(), "the order should be done");
    if let Some(result) = done {
        assert!(!result.method.name.is_empty() && !result.method.why.is_empty());
        let within = result
            .spent
            .money
            .checked_cmp(limit)
            .is_ok_and(|o| o.is_le());
        assert!(within && !result.spent.money.is_negative());
        assert!(result.spent.minutes >= 0);
    }
}

/// Makes a test of each clause:
/// `worker_conformance!(#[tokio::test] async { (AuditWorker::new(..), order) })`.
///
/// The block makes a fresh worker and an order that it can do, and is awaited.
#[macro_export]
macro_rules! worker_conformance {
    (#[$test:meta] async $make:block) => {
        $crate::worker_conformance!(@ #[$test] $make describes_itself_the_same
            the_same_order_yields_the_same what_it_cannot_do_is_refused results_are_accounted_for);
    };
    (@ #[$test:meta] $make:block $($clause:ident)*) => {$(
        #[$test]
        async fn $clause() {
            let (worker, order) = async { $make }.await;
            $crate::execute::testing::$clause(&worker, order).await;
        }
    )*};
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use dealwright_core::error::PortError;
    use futures::executor::block_on;

    use super::*;
    use crate::execute::{WorkerIdentity, WorkerProfile};

    /// Keeps the contract, or breaks the named clause.
    #[derive(Debug, Default)]
    struct Clerk {
        breaks: &'static str,
        calls: AtomicU32,
    }

    #[async_trait]
    impl Worker for Clerk {
        fn describe(&self) -> WorkerProfile {
            let calls = self.calls.load(Ordering::Relaxed);
            WorkerProfile {
                identity: WorkerIdentity::tool("clerk", "1"),
                skills: ["web".to_owned()].into(),
                parallel: if self.breaks == "describe" {
                    calls + 1
                } else {
                    1
                },
            }
        }

        async fn work(&self, order: TaskOrder) -> Result<TaskResult, PortError> {
            let calls = self.calls.fetch_add(1, Ordering::Relaxed);
            let fits = order.missing().is_empty() && order.skill == "web";
            if !fits && self.breaks != "refuse" {
                return Err(PortError::new("do a task", PortErrorKind::Invalid));
            }
            let mut done = result(if self.breaks == "limit" { 100_001 } else { 100 });
            if self.breaks == "same" {
                done.facts
                    .insert("calls".to_owned(), i64::from(calls).into());
            }
            Ok(done)
        }
    }

    fn fails(breaks: &'static str) -> Vec<&'static str> {
        let fine = |clause: &'static str| {
            std::panic::catch_unwind(|| {
                let clerk = Clerk {
                    breaks,
                    calls: AtomicU32::new(0),
                };
                block_on(async {
                    match clause {
                        "describe" => describes_itself_the_same(&clerk, order()).await,
                        "same" => the_same_order_yields_the_same(&clerk, order()).await,
                        "refuse" => what_it_cannot_do_is_refused(&clerk, order()).await,
                        _ => results_are_accounted_for(&&clerk, order()).await,
                    }
                });
            })
            .is_ok()
        };
        ["describe", "same", "refuse", "limit"]
            .into_iter()
            .filter(|c| !fine(c))
            .collect()
    }

    // covers: TX-1, IN-1
    #[test]
    fn the_suite_passes_a_good_worker_and_names_each_broken_clause() {
        assert_eq!(fails(""), [""; 0]);
        for clause in ["describe", "same", "refuse", "limit"] {
            assert_eq!(fails(clause), [clause]);
        }
    }
}
