//! Steps per second on memory and on the embedded store; one JSON line a figure.
//!
//! `cargo bench -p dealwright-embedded --bench steps -- [LEADS]`, 100 000 leads unless said.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on ends"
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration as Wall, Instant};

use chrono::{DateTime, Duration};
use dealwright_core::process::suite::{Probe, ProbePerformer, Script, run};
use dealwright_core::process::{
    Actor, Claim, Host, IndexEntry, IndexPart, MemoryStore, PlainSealer, Store, Tenant,
};
use dealwright_core::time::Timestamp;
use dealwright_embedded::{EmbeddedStore, Options};
use futures::future::join_all;

const IN_FLIGHT: usize = 256;

fn now() -> Timestamp {
    DateTime::UNIX_EPOCH + Duration::days(20_000)
}

fn host(store: Arc<dyn Store>) -> Host {
    Host::builder(
        Tenant::parse("bench").unwrap(),
        store,
        PlainSealer::default(),
    )
    .process::<Probe>((), ProbePerformer)
    .unwrap()
    .build()
}

fn embedded(path: &Path) -> Arc<dyn Store> {
    Arc::new(EmbeddedStore::open(path, Options::default()).unwrap())
}

fn claim(n: usize) -> Claim {
    Claim {
        now: now(),
        worker: "bench".to_owned(),
        kinds: Vec::new(),
        shares: Vec::new(),
        lease: Duration::minutes(5),
        n,
        exclusive: true,
    }
}

/// A step as a lead's are: some state, two index entries, one timer that waits.
fn script(lead: usize, turn: usize) -> Script {
    let name = format!("lead-{lead}");
    Script::note(format!("{turn}"))
        .index(vec![
            IndexEntry::unique("name", vec![IndexPart::Text(name)]),
            IndexEntry::new(
                "score",
                vec![IndexPart::Int(i64::try_from(lead % 100).unwrap())],
            ),
        ])
        .timer(&format!("recheck{turn}"), now() + Duration::days(30))
}

async fn offer(host: &Host, leads: impl Iterator<Item = usize>, turn: usize) -> usize {
    let inputs: Vec<_> = leads
        .map(|lead| {
            let script = script(lead, turn);
            host.input::<Probe>(
                format!("{lead:06}"),
                &format!("in{turn}"),
                Actor::System,
                now(),
                &script,
            )
            .unwrap()
        })
        .collect();
    host.store().offer(inputs).await.unwrap().len()
}

/// Handles all that is ready, `width` rows at a time; answers how many.
async fn drain(host: &Host, width: usize) -> usize {
    let mut done = 0;
    loop {
        let works = host.store().claim(claim(width)).await.unwrap().works;
        if works.is_empty() {
            return done;
        }
        done += works.len();
        for handled in join_all(works.into_iter().map(|work| host.handle(work, now()))).await {
            black_box(handled.unwrap());
        }
    }
}

fn report(figure: &str, store: &str, leads: usize, count: usize, took: Wall) {
    let seconds = took.as_secs_f64();
    let count = f64::from(u32::try_from(count).unwrap());
    let rate = count / seconds.max(1e-9);
    let each = seconds * 1e6 / count.max(1.0);
    println!(
        "{{\"figure\":\"{figure}\",\"store\":\"{store}\",\"leads\":{leads},\"per_second\":{rate:.0},\"micros_each\":{each:.1}}}"
    );
}

async fn fill(host: &Host, from: usize, to: usize) -> Wall {
    let start = Instant::now();
    let mut at = from;
    while at < to {
        let end = (at + IN_FLIGHT).min(to);
        offer(host, at..end, 0).await;
        at = end;
        assert!(drain(host, IN_FLIGHT).await > 0);
    }
    start.elapsed()
}

/// Steps of leads that are there, one at a time and many at once.
async fn measure(host: &Host, name: &str, leads: usize, turn: usize) {
    let spread = |n: usize| n.wrapping_mul(7_919) % leads;
    let few = 300;
    let start = Instant::now();
    for n in 0..few {
        offer(host, std::iter::once(spread(n)), turn).await;
        drain_one(host).await;
    }
    report(
        "step with its input, one at a time",
        name,
        leads,
        few,
        start.elapsed(),
    );

    let many = 2_048.min(leads);
    let start = Instant::now();
    offer(host, (0..many).map(spread), turn + 1).await;
    report(
        "inputs offered together",
        name,
        leads,
        many,
        start.elapsed(),
    );
    let start = Instant::now();
    let done = drain(host, IN_FLIGHT).await;
    report("steps, 256 in flight", name, leads, done, start.elapsed());
}

async fn drain_one(host: &Host) {
    let works = host.store().claim(claim(1)).await.unwrap().works;
    for work in works {
        black_box(host.handle(work, now()).await.unwrap());
    }
}

fn main() {
    let leads: usize = std::env::args()
        .skip(1)
        .find_map(|a| a.parse().ok())
        .unwrap_or(100_000);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let stores: [(&str, Arc<dyn Store>); 2] = [
        ("memory", Arc::new(MemoryStore::new())),
        ("embedded", embedded(&folder.path().join("store.db"))),
    ];
    for (name, store) in stores {
        let host = host(store);
        run(async {
            let few = 1_000.min(leads);
            report(
                "first steps, 256 in flight",
                name,
                few,
                few,
                fill(&host, 0, few).await,
            );
            measure(&host, name, few, 1).await;
            report(
                "first steps, 256 in flight",
                name,
                leads,
                leads - few,
                fill(&host, few, leads).await,
            );
            measure(&host, name, leads, 3).await;
        });
    }
}
