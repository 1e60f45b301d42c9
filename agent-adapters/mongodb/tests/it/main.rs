//! What the store owes, on a server of the tests' own: SecantusDB, a MongoDB-compatible server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

mod commands;
mod instance;
mod security;
mod server;
mod trouble;

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use dealwright_core::process::suite::{Probe, ProbePerformer, Rig, Script, clauses};
use dealwright_core::process::{
    Actor, Claim, Handled, Host, PlainSealer, Store, Tenant, event_log_hash,
};
use dealwright_mongodb::{MongoStore, Options};

use server::{open as opened, runtime, shared};

fn now() -> DateTime<Utc> {
    "2026-03-02T08:00:00Z".parse().unwrap()
}

fn host(store: impl Store + 'static) -> Host {
    Host::builder(Tenant::parse("t").unwrap(), store, PlainSealer::default())
        .process::<Probe>((), ProbePerformer)
        .unwrap()
        .build()
}

fn claim(worker: &str, n: usize) -> Claim {
    Claim {
        now: now(),
        worker: worker.to_owned(),
        kinds: Vec::new(),
        shares: Vec::new(),
        lease: Duration::minutes(5),
        n,
        exclusive: false,
    }
}

/// Offers an input and does all that is due.
async fn step(host: &Host, id: &str, note: &str) -> Result<(), dealwright_core::error::PortError> {
    let script = Script::note(note);
    host.offer::<Probe>(id, note, Actor::System, now(), &script)
        .await?;
    loop {
        let claims = host.store().claim(claim("w", 1)).await?;
        let Some(work) = claims.works.into_iter().next() else {
            return Ok(());
        };
        let handled = host.handle(work, now()).await?;
        assert!(!matches!(handled, Handled::Quarantined(_)));
    }
}

/// Each clause of the contract, each on a database of its own, for one worker among others and
/// for one that works alone.
// covers: DB-3
#[test]
fn the_store_passes_every_clause() {
    let Some(server) = shared() else {
        return;
    };
    let mut failed = Vec::new();
    for alone in [false, true] {
        for (name, clause) in clauses() {
            let uri = server.database(&format!("{}{name}", u8::from(alone)));
            let open = move |uri: &str| {
                let store = opened(uri);
                if !alone {
                    return store;
                }
                std::thread::scope(|scope| {
                    let owned = scope.spawn(|| runtime().block_on(store.alone()));
                    owned.join().unwrap().unwrap()
                })
            };
            let opened = open(&uri);
            let rig = Rig::with_reopen(opened, move |store| {
                assert_eq!(
                    Arc::strong_count(&store),
                    1,
                    "somebody still holds the store"
                );
                drop(store);
                Arc::new(open(&uri))
            });
            let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                runtime().block_on(async move { clause(rig).await });
            }));
            if ran.is_err() {
                failed.push((alone, name));
            }
        }
    }
    assert!(failed.is_empty(), "clauses that failed: {failed:?}");
}

#[test]
fn blobs_pass_every_clause_and_a_database_is_bound_once() {
    let Some(server) = shared() else {
        return;
    };
    let store = opened(&server.database("blobs"));
    runtime().block_on(async {
        use dealwright_core::blobs::{Blobs, conformance};
        let blobs = store.blobs();
        conformance::put_is_addressed_by_its_hash(&blobs).await;
        conformance::the_same_bytes_are_one_blob(&blobs).await;
        conformance::any_bytes_come_back(&blobs).await;
        conformance::what_was_never_put_is_absent(&blobs).await;
        // Of several pieces, the last one short.
        let long: Vec<u8> = (0..(5 << 19) + 7)
            .map(|n: u32| n.to_le_bytes()[0])
            .collect();
        let address = blobs.put(long.clone()).await.unwrap();
        assert!(blobs.get(address).await.unwrap() == Some(long));
        assert_eq!(store.bind("seed 1").await.unwrap(), "seed 1");
        assert_eq!(store.bind("seed 2").await.unwrap(), "seed 1");
    });
}

/// Who has taken the store over is the only one whose steps count.
#[test]
fn an_owner_that_was_replaced_commits_nothing_more() {
    let Some(server) = shared() else {
        return;
    };
    let uri = server.database("owners");
    runtime().block_on(async {
        let open = || async {
            let store = MongoStore::open(&uri, Options::default()).await.unwrap();
            Arc::new(store.alone().await.unwrap())
        };
        let first = open().await;
        let before = host(Arc::clone(&first));
        step(&before, "a", "one").await.unwrap();
        // It holds a row when the other one comes.
        let script = Script::default();
        before
            .offer::<Probe>("a", "two", Actor::System, now(), &script)
            .await
            .unwrap();
        let held = first.claim(claim("old", 1)).await.unwrap().works.remove(0);
        let second = open().await;
        let late = before.handle(held, now()).await;
        assert!(late.is_err(), "{late:?}");
        let refused = first.claim(claim("old", 1)).await.unwrap_err();
        assert!(
            refused.chain().contains("taken the store over"),
            "{}",
            refused.chain()
        );
        let after = host(Arc::clone(&second));
        step(&after, "b", "three").await.unwrap();
        assert_eq!(event_log_hash(&*second).await.unwrap().envelopes(), 2);
    });
}
