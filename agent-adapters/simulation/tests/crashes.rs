//! Every call to a port is a place to die: a small business that dies once before and once after
//! each of them, and comes to the same end as one that never does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use dealwright_core::blobs::{Blobs, MemoryBlobs};
use dealwright_core::canonical::Digest32;
use dealwright_core::error::PortError;
use dealwright_core::party::Channel;
use dealwright_core::process::{
    Claim, Claims, Commit, Cursor, EffectClass, EffectKey, Envelope, Find, Found, Mark,
    MemoryStore, Offered, ProcessKey, Proof, Revision, Store, Stored, Work, WorkKey, WorkQuery,
};
use dealwright_core::trust::{
    Charge, ChargeLog, ChargeReceipt, Messenger, PaymentGateway, Receipt, Sendable, SentLog,
};
use dealwright_simulation::{
    Fakes, MailBooks, MoneyBooks, OnUnknown, Providers, SimOptions, SimPorts, SimReport,
    simulate_on,
};
use futures::FutureExt as _;

/// A call and which side of it.
type Place = String;

/// The places that a run comes by, and those at which it dies when it comes by first.
#[derive(Clone, Debug, Default)]
struct Places {
    seen: Arc<Mutex<BTreeSet<Place>>>,
    deadly: Arc<BTreeSet<Place>>,
    /// The last commit: the same call after another one is another place.
    last: Arc<Mutex<String>>,
}

impl Places {
    async fn around<T>(&self, what: String, call: impl Future<Output = T>) -> T {
        let last = self.last.lock().unwrap().clone();
        self.at(format!("before {what}, after {last}")).await;
        let done = call.await;
        self.at(format!("after {what}, after {last}")).await;
        done
    }

    async fn at(&self, place: Place) {
        let dies = self.deadly.contains(&place);
        if self.seen.lock().unwrap().insert(place) && dies {
            std::future::pending::<()>().await;
        }
    }
}

#[derive(Debug)]
struct MortalStore {
    inner: MemoryStore,
    places: Places,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for MortalStore {
    async fn load(&self, key: &ProcessKey) -> Result<Option<Stored>, PortError> {
        let call = self.inner.load(key);
        self.places.around(format!("load {key}"), call).await
    }

    async fn history(&self, key: &ProcessKey) -> Result<Vec<Envelope>, PortError> {
        let call = self.inner.history(key);
        self.places.around(format!("history {key}"), call).await
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, PortError> {
        let what = format!("commit {} {:?}", commit.process(), commit.expected());
        let last = what.clone();
        let call = async {
            let done = self.inner.commit(commit).await;
            if done.is_ok() {
                *self.places.last.lock().unwrap() = last;
            }
            done
        };
        self.places.around(what, call).await
    }

    async fn offer(&self, inputs: Vec<Offered>) -> Result<Vec<bool>, PortError> {
        let keys: Vec<&str> = inputs.iter().map(|o| o.work().key.as_str()).collect();
        let what = format!("offer {}", keys.join(" "));
        self.places.around(what, self.inner.offer(inputs)).await
    }

    async fn claim(&self, claim: Claim) -> Result<Claims, PortError> {
        let what = format!("claim {}", claim.now);
        self.places.around(what, self.inner.claim(claim)).await
    }

    async fn mark(&self, key: &WorkKey, token: u64, mark: Mark) -> Result<(), PortError> {
        let kind = match &mark {
            Mark::Started { .. } => "started",
            Mark::Settled { .. } => "settled",
            Mark::Retry { .. } => "retry",
            _ => "other",
        };
        let what = format!("mark {kind} {key}");
        self.places
            .around(what, self.inner.mark(key, token, mark))
            .await
    }

    async fn feed(
        &self,
        after: Option<Cursor>,
        n: usize,
    ) -> Result<(Vec<Envelope>, Option<Cursor>), PortError> {
        let what = format!("feed {after:?}");
        self.places.around(what, self.inner.feed(after, n)).await
    }

    async fn find(&self, find: Find) -> Result<(Vec<Found>, Option<Cursor>), PortError> {
        let what = format!("find {find:?}");
        self.places.around(what, self.inner.find(find)).await
    }

    async fn works(&self, query: WorkQuery) -> Result<Vec<Work>, PortError> {
        let what = format!("works {query:?}");
        self.places.around(what, self.inner.works(query)).await
    }

    async fn resolve(&self, key: &WorkKey, proof: Proof) -> Result<(), PortError> {
        let what = format!("resolve {key}");
        self.places
            .around(what, self.inner.resolve(key, proof))
            .await
    }
}

#[derive(Debug)]
struct MortalBlobs {
    inner: MemoryBlobs,
    places: Places,
}

#[async_trait]
impl Blobs for MortalBlobs {
    async fn put(&self, bytes: Vec<u8>) -> Result<Digest32, PortError> {
        let what = format!("put {}", Digest32::of(&bytes));
        self.places.around(what, self.inner.put(bytes)).await
    }

    async fn get(&self, address: Digest32) -> Result<Option<Vec<u8>>, PortError> {
        let what = format!("get {address}");
        self.places.around(what, self.inner.get(address)).await
    }

    async fn has(&self, address: Digest32) -> Result<bool, PortError> {
        let what = format!("has {address}");
        self.places.around(what, self.inner.has(address)).await
    }
}

/// Providers that live on when the business dies.
#[derive(Clone, Debug)]
struct Outside {
    fakes: Fakes,
    places: Places,
}

#[async_trait]
impl SentLog for Outside {
    async fn find(&self, key: EffectKey) -> Result<Option<Receipt>, PortError> {
        let what = format!("ask for letter {key:?}");
        self.places.around(what, self.fakes.find(key)).await
    }
}

#[async_trait]
impl ChargeLog for Outside {
    async fn find_charge(&self, key: EffectKey) -> Result<Option<ChargeReceipt>, PortError> {
        let what = format!("ask for charge {key:?}");
        self.places.around(what, self.fakes.find_charge(key)).await
    }
}

#[async_trait]
impl Providers for Outside {
    fn messenger(&self) -> Arc<dyn Messenger> {
        Arc::new(self.clone())
    }

    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::new(self.clone())
    }

    async fn books(&self) -> Result<(MailBooks, MoneyBooks), PortError> {
        self.fakes.books().await
    }
}

#[async_trait]
impl Messenger for Outside {
    fn channel(&self) -> Channel {
        self.fakes.messenger().channel()
    }

    fn class(&self) -> EffectClass {
        self.fakes.messenger().class()
    }

    async fn send(&self, sendable: Sendable) -> Result<Receipt, PortError> {
        let messenger = self.fakes.messenger();
        self.places
            .around("send".to_owned(), messenger.send(sendable))
            .await
    }
}

#[async_trait]
impl PaymentGateway for Outside {
    fn class(&self) -> EffectClass {
        self.fakes.gateway().class()
    }

    async fn charge(&self, charge: Charge) -> Result<ChargeReceipt, PortError> {
        let gateway = self.fakes.gateway();
        self.places
            .around("charge".to_owned(), gateway.charge(charge))
            .await
    }
}

/// What a run came to, in how many lives, and what it came by.
struct End {
    report: SimReport,
    lives: usize,
    seen: BTreeSet<Place>,
}

/// A small business that dies at each of `deadly` once and is taken up again each time.
fn live(class: EffectClass, seed: u64, deadly: BTreeSet<Place>) -> End {
    let places = Places {
        deadly: Arc::new(deadly),
        ..Places::default()
    };
    let ports = SimPorts {
        store: Arc::new(MortalStore {
            inner: MemoryStore::new(),
            places: places.clone(),
        }),
        blobs: Arc::new(MortalBlobs {
            inner: MemoryBlobs::default(),
            places: places.clone(),
        }),
        providers: Arc::new(Outside {
            fakes: Fakes::new(class),
            places: places.clone(),
        }),
        unknown: OnUnknown::Reconcile,
    };
    let options = SimOptions {
        days: 45,
        leads: 2,
        seed,
        faults: false,
    };
    let mut lives = 0;
    loop {
        lives += 1;
        // Nothing in here waits for anything, so what is not done at once is dead: it is dropped
        // where it stands, and the next life begins with what was kept.
        if let Some(done) = simulate_on(options, ports.clone()).now_or_never() {
            return End {
                report: done.unwrap(),
                lives,
                seen: places.seen.lock().unwrap().clone(),
            };
        }
    }
}

/// Dies at every place of an unharmed run. What comes after a death may not come by all of them,
/// so the rest is left to another run, until none is left.
fn dies_everywhere(class: EffectClass, same: impl Fn(&SimReport, &SimReport)) {
    // The first small world in which somebody goes the whole way to the money.
    let (seed, unharmed) = (1..500)
        .map(|seed| (seed, live(class, seed, BTreeSet::new())))
        .find(|(_, end)| end.report.funnel.paid > 0)
        .expect("nobody pays in 500 worlds");
    let report = unharmed.report;
    assert!(
        report.finished && report.violations.is_empty(),
        "{report:?}"
    );
    let mut places = unharmed.seen;
    let (all, mut runs, mut deaths) = (places.len(), 0, 0);
    while !places.is_empty() {
        let mortal = live(class, seed, places.clone());
        assert_eq!(mortal.report.violations, Vec::<String>::new());
        assert_eq!(mortal.report.unknown, 0);
        assert_eq!(mortal.report.funnel, report.funnel);
        assert_eq!(mortal.report.state_hash, report.state_hash);
        same(&mortal.report, &report);
        places.retain(|place| !mortal.seen.contains(place));
        runs += 1;
        deaths += mortal.lives - 1;
    }
    println!("{class:?}: seed {seed}, {all} places, {deaths} deaths in {runs} runs");
    assert_eq!(deaths, all);
}

#[test]
fn a_death_before_and_after_every_call_changes_no_byte_where_providers_honour_keys() {
    dies_everywhere(EffectClass::Idempotent, |mortal, unharmed| {
        assert_eq!(mortal.hash, unharmed.hash);
    });
}

#[test]
fn a_death_before_and_after_every_call_ends_in_the_same_business_where_they_do_not() {
    dies_everywhere(EffectClass::AtMostOnce, |_, _| {});
}
