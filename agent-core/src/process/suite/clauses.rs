use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::Duration;
use serde_json::Value;

use super::Rig;
use super::probe::{Probe, ProbePerformer, ProbeState, Script, noon};
use crate::error::{PortError, PortErrorKind};
use crate::orchestration::Lane;
use crate::process::{
    Actor, Claim, Claims, Commit, Cursor, EffectClass, Envelope, Find, Found, Handled, Host,
    IndexEntry, IndexPart, IndexRange, Mark, Offered, PlainSealer, ProcessKey, Proof, Revision,
    Store, Stored, Tenant, Unsettled, Work, WorkKey, WorkKind, WorkQuery, WorkResult, WorkState,
};
use crate::time::Timestamp;

/// Keeps a commit back instead of storing it.
#[derive(Debug)]
struct Catch {
    store: Arc<dyn Store>,
    caught: Mutex<Option<Commit>>,
}

#[async_trait]
impl Store for Catch {
    async fn load(&self, key: &ProcessKey) -> Result<Option<Stored>, PortError> {
        self.store.load(key).await
    }
    async fn history(&self, key: &ProcessKey) -> Result<Vec<Envelope>, PortError> {
        self.store.history(key).await
    }
    async fn commit(&self, commit: Commit) -> Result<Revision, PortError> {
        *self.caught.lock().unwrap_or_else(PoisonError::into_inner) = Some(commit);
        Err(PortError::new("commit", PortErrorKind::Unexpected))
    }
    async fn offer(&self, inputs: Vec<Offered>) -> Result<Vec<bool>, PortError> {
        self.store.offer(inputs).await
    }
    async fn claim(&self, claim: Claim) -> Result<Claims, PortError> {
        self.store.claim(claim).await
    }
    async fn mark(&self, key: &WorkKey, token: u64, mark: Mark) -> Result<(), PortError> {
        self.store.mark(key, token, mark).await
    }
    async fn feed(
        &self,
        after: Option<Cursor>,
        n: usize,
    ) -> Result<(Vec<Envelope>, Option<Cursor>), PortError> {
        self.store.feed(after, n).await
    }
    async fn find(&self, find: Find) -> Result<(Vec<Found>, Option<Cursor>), PortError> {
        self.store.find(find).await
    }
    async fn works(&self, query: WorkQuery) -> Result<Vec<Work>, PortError> {
        self.store.works(query).await
    }
    async fn resolve(&self, key: &WorkKey, proof: Proof) -> Result<(), PortError> {
        self.store.resolve(key, proof).await
    }
}

/// A bench of one tenant on the store under test.
struct Bench {
    store: Arc<dyn Store>,
    host: Host,
}

fn tenant() -> Tenant {
    Tenant::parse("suite").unwrap()
}

fn host_on(store: Arc<dyn Store>) -> Host {
    Host::builder(tenant(), store, PlainSealer::default())
        .process::<Probe>((), ProbePerformer)
        .unwrap()
        .build()
}

fn minutes(n: i64) -> Timestamp {
    noon() + Duration::minutes(n)
}

impl Bench {
    fn new(rig: &Rig) -> Self {
        Self {
            store: Arc::clone(rig.store()),
            host: host_on(Arc::clone(rig.store())),
        }
    }

    fn key(&self, id: &str) -> ProcessKey {
        self.host.key::<Probe>(id)
    }

    async fn offer_in(
        &self,
        lane: Lane,
        id: &str,
        dedupe: &str,
        due: Timestamp,
        script: &Script,
    ) -> bool {
        let input = self
            .host
            .input_in::<Probe>(lane, id, dedupe, Actor::System, due, script)
            .unwrap();
        self.store.offer(vec![input]).await.unwrap() == [true]
    }

    async fn offer(&self, id: &str, dedupe: &str, script: &Script) -> bool {
        self.offer_in(Lane::Normal, id, dedupe, noon(), script)
            .await
    }

    async fn claim_as(&self, worker: &str, now: Timestamp, n: usize) -> Claims {
        self.store.claim(claim(worker, now, n)).await.unwrap()
    }

    async fn claim(&self, now: Timestamp) -> Vec<Work> {
        self.claim_as("one", now, 100).await.works
    }

    /// The one row there is to claim.
    async fn one(&self, now: Timestamp) -> Work {
        let mut works = self.claim(now).await;
        assert_eq!(works.len(), 1, "one row should be claimable: {works:?}");
        works.remove(0)
    }

    /// What the host would commit for `work`.
    async fn plan(&self, work: &Work, now: Timestamp) -> Commit {
        let catch = Arc::new(Catch {
            store: Arc::clone(&self.store),
            caught: Mutex::new(None),
        });
        let host = host_on(Arc::clone(&catch) as Arc<dyn Store>);
        assert!(host.handle(work.clone(), now).await.is_err());
        let mut caught = catch.caught.lock().unwrap_or_else(PoisonError::into_inner);
        caught
            .take()
            .expect("the host should have planned a commit")
    }

    /// Offers, claims and steps one input.
    async fn step(&self, id: &str, dedupe: &str, script: &Script) -> Handled {
        assert!(
            self.offer(id, dedupe, script).await,
            "`{dedupe}` should be new"
        );
        self.drive_key(&WorkKey::input(&self.key(id), dedupe), noon())
            .await
    }

    /// Claims one row among those that wait and handles it; the others are left to lapse.
    async fn drive_key(&self, key: &WorkKey, now: Timestamp) -> Handled {
        let works = self
            .store
            .claim(Claim {
                lease: Duration::zero(),
                ..claim("driver", now, 1_000)
            })
            .await
            .unwrap()
            .works;
        let found = works
            .into_iter()
            .find(|w| w.key == *key)
            .expect("the row should be claimable");
        self.host.handle(found, now).await.unwrap()
    }

    async fn works(&self) -> Vec<Work> {
        self.store
            .works(WorkQuery {
                n: 10_000,
                ..WorkQuery::default()
            })
            .await
            .unwrap()
    }

    async fn work(&self, key: &WorkKey) -> Option<Work> {
        self.works().await.into_iter().find(|w| w.key == *key)
    }

    async fn state_of(&self, key: &WorkKey) -> WorkState {
        self.work(key).await.expect("the row should be there").state
    }

    async fn feed(&self) -> Vec<Envelope> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let (page, next) = self.store.feed(after, 3).await.unwrap();
            if page.is_empty() {
                return all;
            }
            all.extend(page);
            after = next;
        }
    }

    async fn find(&self, prefix: Vec<IndexPart>) -> Vec<String> {
        let (found, next) = self
            .store
            .find(find(prefix, false, None, 1_000))
            .await
            .unwrap();
        assert_eq!(next, None, "everything was asked for");
        found
            .into_iter()
            .map(|f| f.process.id().to_owned())
            .collect()
    }

    /// All that can be seen of the store, leases aside.
    async fn sight(&self, processes: &[&ProcessKey]) -> Sight {
        let mut loaded = Vec::new();
        for key in processes {
            loaded.push((
                self.store.load(key).await.unwrap(),
                self.store.history(key).await.unwrap(),
            ));
        }
        let mut works = self.works().await;
        for work in &mut works {
            work.lease = None;
            work.token = 0;
        }
        Sight {
            loaded,
            works,
            feed: self.feed().await,
            found: self.find(Vec::new()).await,
        }
    }
}

#[derive(Debug, PartialEq)]
struct Sight {
    loaded: Vec<(Option<Stored>, Vec<Envelope>)>,
    works: Vec<Work>,
    feed: Vec<Envelope>,
    found: Vec<String>,
}

fn claim(worker: &str, now: Timestamp, n: usize) -> Claim {
    Claim {
        now,
        worker: worker.to_owned(),
        kinds: Vec::new(),
        shares: Vec::new(),
        lease: Duration::minutes(5),
        n,
        exclusive: false,
    }
}

fn find(prefix: Vec<IndexPart>, descending: bool, after: Option<Cursor>, n: usize) -> Find {
    Find {
        tenant: tenant(),
        kind: "probe".to_owned(),
        index: "place".to_owned(),
        range: IndexRange { prefix, descending },
        after,
        n,
    }
}

fn text(text: &str) -> IndexPart {
    IndexPart::Text(text.to_owned())
}

fn entry(parts: Vec<IndexPart>) -> IndexEntry {
    IndexEntry::new("place", parts)
}

fn kind<T: Debug>(result: Result<T, PortError>) -> PortErrorKind {
    result.expect_err("this should be refused").kind()
}

fn keys(works: &[Work]) -> Vec<&str> {
    works.iter().map(|w| w.step.as_str()).collect()
}

/// Atomic: state, log, index, new work and consumed row of a commit are all there after it.
pub async fn commits_are_stored_whole(rig: Rig) {
    let b = Bench::new(&rig);
    let other = b.key("other");
    let script = Script::note("whole")
        .index(vec![entry(vec![text("here")]), entry(vec![text("there")])])
        .effect("act", EffectClass::AtMostOnce)
        .timer("later", minutes(60))
        .tell(&other, "tell");
    assert!(b.offer("a", "in", &script).await);
    let row = b.one(noon()).await;
    let commit = b.plan(&row, noon()).await;
    assert_eq!(
        b.store.commit(commit.clone()).await.unwrap(),
        Revision::new(1)
    );

    let key = b.key("a");
    let stored = b
        .store
        .load(&key)
        .await
        .unwrap()
        .expect("the process should be there");
    assert_eq!(stored.revision, Revision::new(1));
    assert_eq!(stored.state_version, commit.state_version);
    assert_eq!(stored.state, commit.state);
    assert_eq!(stored.chain, commit.envelope.chain);
    assert_eq!(
        b.store.history(&key).await.unwrap(),
        std::slice::from_ref(&commit.envelope)
    );
    assert_eq!(b.feed().await, std::slice::from_ref(&commit.envelope));
    assert_eq!(b.find(Vec::new()).await, ["a", "a"]);
    for wanted in &commit.work {
        let mut found = b
            .work(&wanted.key)
            .await
            .expect("every new row should be there");
        found.token = wanted.token;
        assert_eq!(found, *wanted);
    }
    assert_eq!(commit.work.len(), 3);
    assert_eq!(b.state_of(&row.key).await, WorkState::Applied);
    assert_eq!(b.works().await.len(), 4);
}

/// Atomic: a commit that is refused, for whatever reason, leaves nothing behind.
pub async fn refused_commits_change_nothing(rig: Rig) {
    let b = Bench::new(&rig);
    let holder =
        Script::note("holder").index(vec![IndexEntry::unique("place", vec![text("mine")])]);
    b.step("holder", "in", &holder).await;
    let script = Script::note("refused")
        .index(vec![IndexEntry::unique("place", vec![text("mine")])])
        .effect("act", EffectClass::Idempotent)
        .timer("later", minutes(60));
    assert!(b.offer("a", "taken", &script).await);
    let row = b.one(noon()).await;
    let commit = b.plan(&row, noon()).await;
    let (a, h) = (b.key("a"), b.key("holder"));
    let before = b.sight(&[&a, &h]).await;

    assert_eq!(
        kind(b.store.commit(commit.clone()).await),
        PortErrorKind::AlreadyExists
    );
    assert_eq!(b.sight(&[&a, &h]).await, before, "after a taken unique key");

    let mut lost = commit.clone();
    lost.consumed.token = lost.consumed.token.wrapping_add(1_000);
    lost.index.clear();
    assert_eq!(kind(b.store.commit(lost).await), PortErrorKind::LeaseLost);
    assert_eq!(b.sight(&[&a, &h]).await, before, "after a lost lease");

    let mut stale = commit;
    stale.expected = Revision::new(7);
    stale.index.clear();
    assert_eq!(kind(b.store.commit(stale).await), PortErrorKind::Conflict);
    assert_eq!(b.sight(&[&a, &h]).await, before, "after a conflict");

    // And the row is still held: the right commit goes through.
    let mut right = b.plan(&row, noon()).await;
    right.index.clear();
    assert_eq!(b.store.commit(right).await.unwrap(), Revision::new(1));
}

/// Optimistic: a commit on an older revision than the current one is a conflict.
pub async fn stale_revisions_conflict(rig: Rig) {
    let b = Bench::new(&rig);
    b.step("a", "first", &Script::note("first")).await;
    assert!(b.offer("a", "second", &Script::note("second")).await);
    assert!(b.offer("a", "third", &Script::note("third")).await);
    let works = b.claim(noon()).await;
    let stale = b.plan(&works[0], noon()).await;
    b.host.handle(works[1].clone(), noon()).await.unwrap();
    let key = b.key("a");
    let before = b.sight(&[&key]).await;
    assert_eq!(kind(b.store.commit(stale).await), PortErrorKind::Conflict);
    assert_eq!(b.sight(&[&key]).await, before);
}

/// Optimistic: of two writers on one revision one goes through, the other gets one conflict, and
/// nothing is lost once it has decided again.
pub async fn of_two_writers_one_conflicts(rig: Rig) {
    let b = Bench::new(&rig);
    assert!(b.offer("a", "left", &Script::note("left")).await);
    assert!(b.offer("a", "right", &Script::note("right")).await);
    let left = b.claim_as("one", noon(), 1).await.works.remove(0);
    let right = b.claim_as("two", noon(), 1).await.works.remove(0);
    let plans = [b.plan(&left, noon()).await, b.plan(&right, noon()).await];
    let [first, second] = plans;
    let results = [b.store.commit(first).await, b.store.commit(second).await];
    let conflicts = results
        .iter()
        .filter(|r| {
            r.as_ref()
                .is_err_and(|e| e.kind() == PortErrorKind::Conflict)
        })
        .count();
    let done = results.iter().filter(|r| r.is_ok()).count();
    assert_eq!((done, conflicts), (1, 1), "{results:?}");
    b.host.handle(right, noon()).await.unwrap();
    let (revision, state) = b.host.state::<Probe>(&b.key("a")).await.unwrap().unwrap();
    assert_eq!(revision, Revision::new(2));
    assert_eq!(state.notes(), ["left", "right"]);
}

/// Fenced: a commit needs the row's current token and a lease.
pub async fn commits_are_fenced(rig: Rig) {
    let b = Bench::new(&rig);
    assert!(b.offer("a", "in", &Script::note("in")).await);
    let first = b.one(noon()).await;
    let late = b.plan(&first, noon()).await;
    // The first lease lapses and somebody else takes the row.
    let second = b.one(minutes(10)).await;
    assert_eq!(second.key, first.key);
    let key = b.key("a");
    let before = b.sight(&[&key]).await;
    assert_eq!(kind(b.store.commit(late).await), PortErrorKind::LeaseLost);
    assert_eq!(b.sight(&[&key]).await, before);
    let commit = b.plan(&second, minutes(10)).await;
    let again = commit.clone();
    b.store.commit(commit).await.unwrap();
    assert_eq!(
        kind(b.store.commit(again).await),
        PortErrorKind::LeaseLost,
        "the row is consumed"
    );
}

/// Fenced: marks need the row's current token, and a row that is not done.
pub async fn marks_are_fenced(rig: Rig) {
    let b = Bench::new(&rig);
    b.step(
        "a",
        "in",
        &Script::note("in").effect("act", EffectClass::Idempotent),
    )
    .await;
    let first = b.one(noon()).await;
    let second = b.one(minutes(10)).await;
    let before = b.sight(&[]).await;
    let settled = || Mark::Settled {
        result: WorkResult::Unsettled(Unsettled::Exhausted),
        at: minutes(10),
    };
    for mark in [
        Mark::Renew { until: minutes(90) },
        settled(),
        Mark::Retry {
            due: minutes(11),
            certain: true,
            note: "late".to_owned(),
        },
        Mark::Quarantined {
            note: "late".to_owned(),
        },
    ] {
        let name = format!("{mark:?}");
        let late = b.store.mark(&first.key, first.token, mark).await;
        assert_eq!(kind(late), PortErrorKind::LeaseLost, "{name}");
    }
    assert_eq!(b.sight(&[]).await, before);
    b.store
        .mark(&second.key, second.token, settled())
        .await
        .unwrap();
    let twice = b.store.mark(&second.key, second.token, settled()).await;
    assert_eq!(
        kind(twice),
        PortErrorKind::LeaseLost,
        "nobody holds a settled row"
    );
    let unknown = WorkKey::input(&b.key("a"), "never offered");
    assert_eq!(
        kind(b.store.mark(&unknown, 1, settled()).await),
        PortErrorKind::LeaseLost
    );
}

/// Fenced: an effect never starts under a lease that somebody else holds by now, or after its
/// process took it back.
pub async fn started_marks_are_fenced(rig: Rig) {
    let b = Bench::new(&rig);
    b.step(
        "a",
        "in",
        &Script::note("in").effect("act", EffectClass::AtMostOnce),
    )
    .await;
    let first = b.one(noon()).await;
    let second = b.one(minutes(10)).await;
    let start = |work: &Work, at| (work.key.clone(), work.token, Mark::Started { at });
    let (key, token, mark) = start(&first, minutes(10));
    assert_eq!(
        kind(b.store.mark(&key, token, mark).await),
        PortErrorKind::LeaseLost
    );
    assert_eq!(b.state_of(&key).await, WorkState::Ready);
    // Taken back before it starts.
    assert!(
        b.offer("a", "off", &Script::note("off").cancel_effect("act"))
            .await
    );
    let off = b.claim(minutes(10)).await.remove(0);
    b.host.handle(off, minutes(10)).await.unwrap();
    let (key, token, mark) = start(&second, minutes(11));
    assert_eq!(
        kind(b.store.mark(&key, token, mark).await),
        PortErrorKind::LeaseLost
    );
    assert_eq!(b.state_of(&key).await, WorkState::Settled);
}

/// Fenced: of two claims of a row the later has the higher token, also after a restart.
pub async fn later_claims_have_higher_tokens(rig: Rig) {
    let b = Bench::new(&rig);
    assert!(b.offer("a", "in", &Script::note("in")).await);
    let mut last = 0;
    for turn in 0..3 {
        let row = b.one(minutes(turn * 10)).await;
        assert!(row.token > last, "{} after {last}", row.token);
        last = row.token;
    }
    drop(b);
    let rig = rig.restarted();
    let row = Bench::new(&rig).one(minutes(100)).await;
    assert!(
        row.token > last,
        "{} after {last}, over a restart",
        row.token
    );
}

/// Consumed once: what a commit consumed is never claimed again.
pub async fn consumed_rows_never_come_again(rig: Rig) {
    let b = Bench::new(&rig);
    b.step("a", "in", &Script::note("in")).await;
    assert_eq!(keys(&b.claim(minutes(60)).await), Vec::<&str>::new());
    drop(b);
    let rig = rig.restarted();
    let b = Bench::new(&rig);
    assert_eq!(keys(&b.claim(minutes(120)).await), Vec::<&str>::new());
    let state = b.host.state::<Probe>(&b.key("a")).await.unwrap().unwrap().1;
    assert_eq!(state.notes(), ["in"]);
}

/// Consumed once: the key of a consumed row is never free again.
pub async fn consumed_keys_stay_taken(rig: Rig) {
    let b = Bench::new(&rig);
    b.step("a", "in", &Script::note("in").timer("tick", minutes(1)))
        .await;
    assert!(!b.offer("a", "in", &Script::note("again")).await);
    let tick = b.one(minutes(1)).await;
    b.host.handle(tick, minutes(1)).await.unwrap();
    // A new timer under the same name is put aside.
    b.step("a", "more", &Script::note("more").timer("tick", minutes(5)))
        .await;
    let tick = WorkKey::timer(&b.key("a"), "tick");
    assert_eq!(b.state_of(&tick).await, WorkState::Applied);
    assert_eq!(
        b.state_of(&tick.collided(Revision::new(3))).await,
        WorkState::Quarantined
    );
    assert_eq!(keys(&b.claim(minutes(60)).await), Vec::<&str>::new());
}

/// Offers: of two inputs with one key the first is taken, in one call or two.
pub async fn offers_are_taken_once(rig: Rig) {
    let b = Bench::new(&rig);
    let input = |note: &str| {
        b.host
            .input::<Probe>("a", "key", Actor::System, noon(), &Script::note(note))
            .unwrap()
    };
    let both = b
        .store
        .offer(vec![input("first"), input("second")])
        .await
        .unwrap();
    assert_eq!(both, [true, false]);
    assert_eq!(b.store.offer(vec![input("third")]).await.unwrap(), [false]);
    assert_eq!(b.works().await.len(), 1);
    let row = b.one(noon()).await;
    // Also while it is held.
    assert_eq!(b.store.offer(vec![input("fourth")]).await.unwrap(), [false]);
    b.host.handle(row, noon()).await.unwrap();
    let state = b.host.state::<Probe>(&b.key("a")).await.unwrap().unwrap().1;
    assert_eq!(state.notes(), ["first"]);
    assert_eq!(b.store.offer(Vec::new()).await.unwrap(), Vec::<bool>::new());
}

/// Consumed once: new work whose key is taken is put aside for a person, and the row that holds
/// the key is left as it is.
pub async fn collisions_are_put_aside(rig: Rig) {
    let b = Bench::new(&rig);
    b.step(
        "a",
        "one",
        &Script::note("one").effect("act", EffectClass::Idempotent),
    )
    .await;
    let key = WorkKey::effect(&b.key("a"), "act", 0);
    let held = b.one(noon()).await;
    assert_eq!(held.key, key);
    assert!(
        b.offer(
            "a",
            "two",
            &Script::note("two").effect("act", EffectClass::AtMostOnce)
        )
        .await
    );
    let two = b.one(noon()).await;
    b.host.handle(two, noon()).await.unwrap();
    let aside = b
        .work(&key.collided(Revision::new(2)))
        .await
        .expect("it should be kept");
    assert_eq!(aside.state, WorkState::Quarantined);
    assert!(aside.note.is_some(), "it should say why");
    assert_eq!(b.work(&key).await.unwrap().class, EffectClass::Idempotent);
    // The one that was there runs on.
    assert!(matches!(
        b.host.handle(held, noon()).await.unwrap(),
        Handled::Performed(_)
    ));
}

/// Unique: an index key that is unique has one holder at a time in a tenant and kind.
pub async fn unique_keys_are_held_by_one(rig: Rig) {
    let b = Bench::new(&rig);
    let unique = |name: &str| vec![IndexEntry::unique("place", vec![text(name)])];
    b.step("a", "in", &Script::note("a").index(unique("x")))
        .await;
    assert!(
        b.offer("b", "in", &Script::note("b").index(unique("x")))
            .await
    );
    let row = b.one(noon()).await;
    let commit = b.plan(&row, noon()).await;
    assert_eq!(
        kind(b.store.commit(commit).await),
        PortErrorKind::AlreadyExists
    );
    assert_eq!(b.store.load(&b.key("b")).await.unwrap(), None);
    // The holder itself may keep it, and once it lets go the other may have it.
    b.step("a", "keep", &Script::note("keep").index(unique("x")))
        .await;
    b.step("a", "let go", &Script::note("let go").index(unique("y")))
        .await;
    let commit = b.plan(&row, noon()).await;
    b.store.commit(commit).await.unwrap();
    assert_eq!(b.find(vec![text("x")]).await, ["b"]);
    assert_eq!(b.find(vec![text("y")]).await, ["a"]);
}

/// Ordered: claims come by lane, due and key.
pub async fn claims_come_in_order(rig: Rig) {
    let b = Bench::new(&rig);
    let note = Script::note("x");
    for (lane, id, due) in [
        (Lane::Batch, "a", -9),
        (Lane::Normal, "z", -5),
        (Lane::Normal, "b", -5),
        (Lane::Normal, "c", -6),
        (Lane::Urgent, "y", -1),
        (Lane::Urgent, "x", -1),
    ] {
        assert!(
            b.offer_in(lane, id, &format!("{id}-in"), minutes(due), &note)
                .await
        );
    }
    let first = b.claim_as("one", noon(), 2).await.works;
    assert_eq!(keys(&first), ["x-in", "y-in"]);
    let rest = b.claim_as("two", noon(), 100).await.works;
    assert_eq!(keys(&rest), ["c-in", "b-in", "z-in", "a-in"]);
}

/// Ordered: nothing comes before it is due, and a claim says when the next row is.
pub async fn nothing_comes_before_it_is_due(rig: Rig) {
    let b = Bench::new(&rig);
    let script = Script::note("in")
        .timer("soon", minutes(10))
        .timer("later", minutes(20))
        .effect_in(Lane::Urgent, "act", EffectClass::Idempotent, minutes(15));
    b.step("a", "in", &script).await;
    let claims = b.claim_as("one", minutes(9), 100).await;
    assert_eq!(keys(&claims.works), Vec::<&str>::new());
    assert_eq!(claims.next_due, Some(minutes(10)));
    let claims = b.claim_as("one", minutes(10), 100).await;
    assert_eq!(keys(&claims.works), ["soon"]);
    assert_eq!(claims.next_due, Some(minutes(15)));
    assert_eq!(keys(&b.claim(minutes(14)).await), Vec::<&str>::new());
    assert_eq!(
        keys(&b.claim(minutes(15)).await),
        ["act", "soon"],
        "the lease of `soon` ended"
    );
}

/// Claims keep to the kinds, the shares of lanes and the number that were asked for.
pub async fn claims_keep_to_kinds_and_shares(rig: Rig) {
    let b = Bench::new(&rig);
    for n in 0..4 {
        for (lane, name) in [(Lane::Urgent, "u"), (Lane::Normal, "n"), (Lane::Batch, "b")] {
            let dedupe = format!("{name}{n}");
            assert!(
                b.offer_in(lane, "a", &dedupe, noon(), &Script::note("x"))
                    .await
            );
        }
    }
    let none = b
        .store
        .claim(Claim {
            kinds: vec!["other".to_owned()],
            ..claim("one", noon(), 10)
        })
        .await
        .unwrap();
    assert_eq!(keys(&none.works), Vec::<&str>::new());
    let shares = vec![(Lane::Urgent, 2), (Lane::Normal, 1), (Lane::Batch, 1)];
    let some = b
        .store
        .claim(Claim {
            kinds: vec!["probe".to_owned()],
            shares,
            ..claim("one", noon(), 10)
        })
        .await
        .unwrap();
    assert_eq!(keys(&some.works), ["u0", "u1", "n0", "b0"]);
    let more = b.claim_as("one", noon(), 3).await.works;
    assert_eq!(keys(&more), ["u2", "u3", "n1"]);
}

/// Lapsing: a lapsed lease frees what did not start and what may be repeated; the rest is unknown.
pub async fn leases_lapse_by_class(rig: Rig) {
    let b = Bench::new(&rig);
    let script = Script::note("in")
        .effect("once", EffectClass::AtMostOnce)
        .effect("again", EffectClass::Idempotent)
        .effect("unbegun", EffectClass::AtMostOnce);
    b.step("a", "in", &script).await;
    let works = b.claim(noon()).await;
    assert_eq!(keys(&works), ["again", "once", "unbegun"]);
    for work in works.iter().filter(|w| w.step != "unbegun") {
        b.store
            .mark(&work.key, work.token, Mark::Started { at: noon() })
            .await
            .unwrap();
    }
    // A lease that was renewed holds on.
    assert_eq!(keys(&b.claim(minutes(4)).await), Vec::<&str>::new());
    let again = works.iter().find(|w| w.step == "again").unwrap();
    b.store
        .mark(&again.key, again.token, Mark::Renew { until: minutes(8) })
        .await
        .unwrap();
    assert_eq!(keys(&b.claim(minutes(6)).await), ["unbegun"]);
    let free = b.claim(minutes(9)).await;
    assert_eq!(keys(&free), ["again"]);
    assert_eq!(
        free[0].started_at,
        Some(noon()),
        "the first start is remembered"
    );
    assert_eq!(
        b.state_of(&WorkKey::effect(&b.key("a"), "once", 0)).await,
        WorkState::Unknown
    );
    // Given back for later: not before then.
    let back = Mark::Retry {
        due: minutes(30),
        certain: true,
        note: "busy".to_owned(),
    };
    b.store
        .mark(&free[0].key, free[0].token, back)
        .await
        .unwrap();
    assert_eq!(
        b.claim_as("one", minutes(9), 10).await.next_due,
        Some(minutes(30))
    );
}

/// Lapsing: an effect that started and is not wanted any more does not begin again.
pub async fn held_effects_do_not_begin_again(rig: Rig) {
    let b = Bench::new(&rig);
    b.step(
        "a",
        "in",
        &Script::note("in").effect("act", EffectClass::Idempotent),
    )
    .await;
    let act = b.one(noon()).await;
    b.store
        .mark(&act.key, act.token, Mark::Started { at: noon() })
        .await
        .unwrap();
    b.step("a", "off", &Script::note("off").cancel_effect("act"))
        .await;
    let row = b.work(&act.key).await.unwrap();
    assert!(row.held && row.state == WorkState::Started, "{row:?}");
    assert_eq!(keys(&b.claim(minutes(60)).await), Vec::<&str>::new());
    assert_eq!(b.state_of(&act.key).await, WorkState::Unknown);
}

/// Lapsing: a worker that is alone need not wait for leases of a worker that is gone.
pub async fn an_exclusive_worker_voids_other_leases(rig: Rig) {
    let b = Bench::new(&rig);
    let script = Script::note("in")
        .effect("once", EffectClass::AtMostOnce)
        .effect("plain", EffectClass::Idempotent);
    b.step("a", "in", &script).await;
    let gone = b.claim_as("gone", noon(), 10).await.works;
    let once = gone.iter().find(|w| w.step == "once").unwrap();
    b.store
        .mark(&once.key, once.token, Mark::Started { at: noon() })
        .await
        .unwrap();
    let alone = Claim {
        exclusive: true,
        ..claim("alone", noon(), 10)
    };
    let works = b.store.claim(alone.clone()).await.unwrap().works;
    assert_eq!(keys(&works), ["plain"]);
    assert_eq!(b.state_of(&once.key).await, WorkState::Unknown);
    // Its own it keeps.
    assert_eq!(
        keys(&b.store.claim(alone).await.unwrap().works),
        Vec::<&str>::new()
    );
}

/// Durable: processes, log, index, timers and what started survive a restart.
pub async fn rows_survive_a_restart(rig: Rig) {
    let b = Bench::new(&rig);
    let script = Script::note("in")
        .index(vec![entry(vec![text("here")])])
        .timer("soon", minutes(10))
        .timer("later", minutes(60))
        .effect("once", EffectClass::AtMostOnce);
    b.step("a", "in", &script).await;
    assert!(
        b.offer_in(
            Lane::Batch,
            "b",
            "waits",
            minutes(30),
            &Script::note("waits")
        )
        .await
    );
    let once = b.one(noon()).await;
    b.store
        .mark(&once.key, once.token, Mark::Started { at: noon() })
        .await
        .unwrap();
    let (key, feed) = (b.key("a"), b.feed().await);
    let before = b.store.load(&key).await.unwrap();
    drop(b);

    let rig = rig.restarted();
    let b = Bench::new(&rig);
    assert_eq!(b.store.load(&key).await.unwrap(), before);
    assert_eq!(b.store.history(&key).await.unwrap(), feed);
    assert_eq!(b.feed().await, feed);
    assert_eq!(b.find(vec![text("here")]).await, ["a"]);
    assert_eq!(keys(&b.claim(minutes(11)).await), ["soon"]);
    assert_eq!(
        b.state_of(&once.key).await,
        WorkState::Unknown,
        "nobody knows what came of it"
    );
    assert_eq!(keys(&b.claim(minutes(12)).await), Vec::<&str>::new());
    let mut rest: Vec<String> = Vec::new();
    for work in b.claim(minutes(60)).await {
        rest.push(work.step);
    }
    rest.sort();
    assert_eq!(rest, ["later", "soon", "waits"]);
}

/// Complete feed: each commit once, without gaps, those of a process in order, and nothing new
/// behind a cursor.
pub async fn the_feed_is_complete_and_in_order(rig: Rig) {
    let b = Bench::new(&rig);
    assert_eq!(b.store.feed(None, 10).await.unwrap(), (Vec::new(), None));
    let mut seen = Vec::new();
    let mut cursor: Option<Cursor> = None;
    let mut written = Vec::new();
    for turn in 0..12_u32 {
        let id = ["a", "b", "c"][usize::try_from(turn % 3).unwrap()];
        let script = Script::note(format!("{turn}"));
        let script = if turn % 5 == 4 {
            script.refuse()
        } else {
            script
        };
        b.step(id, &format!("in{turn}"), &script).await;
        written.push(format!("{}@{}", b.key(id), turn / 3 + 1));
        if turn % 4 == 3 {
            // Reads on where it stood, by small pages.
            loop {
                let (page, next) = b.store.feed(cursor.clone(), 3).await.unwrap();
                if page.is_empty() {
                    assert_eq!(next, cursor, "an empty page leaves the cursor where it is");
                    break;
                }
                assert!(page.len() <= 3);
                seen.extend(page.iter().map(Envelope::id));
                cursor = next;
            }
        }
    }
    for id in ["a", "b", "c"] {
        let of = |ids: &[String]| -> Vec<String> {
            let prefix = format!("{}@", b.key(id));
            ids.iter()
                .filter(|i| i.starts_with(&prefix))
                .cloned()
                .collect()
        };
        assert_eq!(of(&seen), of(&written), "of process {id}");
    }
    assert_eq!(seen.len(), written.len());
    let all: Vec<_> = b.feed().await.iter().map(Envelope::id).collect();
    assert_eq!(all, seen, "read again from the start");
    for id in ["a", "b", "c"] {
        let history = b.store.history(&b.key(id)).await.unwrap();
        let revisions: Vec<_> = history.iter().map(|e| e.revision.number()).collect();
        assert_eq!(revisions, [1, 2, 3, 4]);
    }
}

/// Indexed: `find` sees the entries of the last commit of each process and no others.
pub async fn find_sees_the_last_entries(rig: Rig) {
    let b = Bench::new(&rig);
    let at = |place: &str, n: i64| vec![entry(vec![text(place), IndexPart::Int(n)])];
    b.step("a", "1", &Script::note("1").index(at("north", 1)))
        .await;
    b.step("b", "1", &Script::note("1").index(at("north", 1)))
        .await;
    b.step("c", "1", &Script::note("1").index(at("south", 1)))
        .await;
    assert_eq!(
        b.find(vec![text("north")]).await,
        ["a", "b"],
        "ties come by process"
    );
    b.step("a", "2", &Script::note("2").index(at("south", 0)))
        .await;
    assert_eq!(b.find(vec![text("north")]).await, ["b"]);
    assert_eq!(b.find(vec![text("south")]).await, ["a", "c"]);
    // A step that is refused, or that says nothing of the index, leaves it.
    b.step("a", "3", &Script::note("3").refuse()).await;
    b.step("c", "2", &Script::note("2")).await;
    assert_eq!(b.find(vec![text("south")]).await, ["a", "c"]);
    b.step("c", "3", &Script::note("3").index(Vec::new())).await;
    assert_eq!(b.find(vec![text("south")]).await, ["a"]);
    assert_eq!(
        b.find(vec![text("sout")]).await,
        Vec::<String>::new(),
        "a prefix is of whole parts"
    );
    let elsewhere = Find {
        index: "other".to_owned(),
        ..find(Vec::new(), false, None, 10)
    };
    assert_eq!(b.store.find(elsewhere).await.unwrap().0, Vec::new());
    let stranger = Find {
        tenant: Tenant::parse("stranger").unwrap(),
        ..find(Vec::new(), false, None, 10)
    };
    assert_eq!(
        b.store.find(stranger).await.unwrap().0,
        Vec::new(),
        "tenants are apart"
    );
}

/// Indexed: keys come in order, up or down, page by page, each once.
pub async fn find_goes_up_and_down_by_pages(rig: Rig) {
    let b = Bench::new(&rig);
    let numbers = [5, -3, 0, 12, -40, 7, i64::MAX, i64::MIN];
    for (n, number) in numbers.iter().enumerate() {
        let parts = vec![text("n"), IndexPart::Int(*number)];
        b.step(
            &format!("p{n}"),
            "in",
            &Script::note("x").index(vec![entry(parts)]),
        )
        .await;
    }
    b.step(
        "when",
        "in",
        &Script::note("x").index(vec![entry(vec![text("t"), IndexPart::Time(noon())])]),
    )
    .await;
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    for descending in [false, true] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let (page, next) = b
                .store
                .find(find(vec![text("n")], descending, after, 3))
                .await
                .unwrap();
            assert!(page.len() <= 3);
            for found in page {
                let [_, IndexPart::Int(number)] = found.parts[..] else {
                    panic!("the parts should come back: {found:?}");
                };
                seen.push(number);
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        let wanted: Vec<i64> = if descending {
            sorted.iter().rev().copied().collect()
        } else {
            sorted.clone()
        };
        assert_eq!(seen, wanted, "descending: {descending}");
    }
}

/// Cancelled timers and effects that did not start do not run; the process hears of effects.
pub async fn cancelled_work_does_not_run(rig: Rig) {
    let b = Bench::new(&rig);
    let script = Script::note("in").timer("tick", minutes(10)).effect_in(
        Lane::Normal,
        "act",
        EffectClass::AtMostOnce,
        minutes(10),
    );
    b.step("a", "in", &script).await;
    let off = Script::note("off")
        .cancel_timer("tick")
        .cancel_timer("never")
        .cancel_effect("act");
    b.step("a", "off", &off).await;
    assert_eq!(
        b.state_of(&WorkKey::timer(&b.key("a"), "tick")).await,
        WorkState::Cancelled
    );
    let works = b.claim(minutes(20)).await;
    assert_eq!(keys(&works), ["act"]);
    assert_eq!(works[0].state, WorkState::Settled);
    assert_eq!(
        works[0].result,
        Some(WorkResult::Unsettled(Unsettled::Cancelled))
    );
    b.host.handle(works[0].clone(), minutes(20)).await.unwrap();
    let state: ProbeState = b.host.state::<Probe>(&b.key("a")).await.unwrap().unwrap().1;
    assert_eq!(state.notes(), ["in", "off", "act Cancelled"]);
    // A timer that has gone off already is not taken back.
    b.step(
        "a",
        "late",
        &Script::note("late")
            .cancel_timer("tick")
            .cancel_effect("act"),
    )
    .await;
    assert_eq!(keys(&b.claim(minutes(60)).await), Vec::<&str>::new());
}

/// A proof settles an unknown, once, and nothing else.
pub async fn only_unknowns_are_resolved(rig: Rig) {
    let b = Bench::new(&rig);
    b.step(
        "a",
        "in",
        &Script::note("in").effect("act", EffectClass::AtMostOnce),
    )
    .await;
    let act = b.one(noon()).await;
    let not = |work: &Work| (work.clone(), minutes(5));
    let (work, at) = not(&act);
    let early = b
        .host
        .prove_not_performed(&Actor::System, &work, at, "too early")
        .await;
    assert_eq!(kind(early), PortErrorKind::Conflict);
    b.store
        .mark(&act.key, act.token, Mark::Started { at: noon() })
        .await
        .unwrap();
    assert_eq!(
        kind(
            b.host
                .prove_not_performed(&Actor::System, &work, at, "started")
                .await
        ),
        PortErrorKind::Conflict
    );
    b.store
        .mark(
            &act.key,
            act.token,
            Mark::Unknown {
                note: "no answer".to_owned(),
            },
        )
        .await
        .unwrap();
    assert_eq!(
        keys(&b.claim(minutes(60)).await),
        Vec::<&str>::new(),
        "nobody retries an unknown"
    );
    let unknown = b
        .store
        .works(WorkQuery {
            state: Some(WorkState::Unknown),
            n: 10,
            ..WorkQuery::default()
        })
        .await
        .unwrap();
    assert_eq!(keys(&unknown), ["act"]);
    b.host
        .prove_performed::<Probe>(
            &Actor::System,
            &act,
            &Script::note("proven"),
            at,
            "their list",
        )
        .await
        .unwrap();
    assert_eq!(
        kind(
            b.host
                .prove_not_performed(&Actor::System, &work, at, "twice")
                .await
        ),
        PortErrorKind::Conflict
    );
    let row = b.one(minutes(61)).await;
    assert_eq!(row.kind, WorkKind::Effect);
    b.host.handle(row, minutes(61)).await.unwrap();
    let state = b.host.state::<Probe>(&b.key("a")).await.unwrap().unwrap().1;
    assert_eq!(state.notes(), ["in", "proven"]);
    let mut absent = act;
    absent.key = WorkKey::effect(&b.key("a"), "never", 0);
    assert_eq!(
        kind(
            b.host
                .prove_not_performed(&Actor::System, &absent, at, "x")
                .await
        ),
        PortErrorKind::NotFound
    );
}

/// Rows are listed in order of key, by state, by receiver and by pages.
pub async fn works_are_listed_by_pages(rig: Rig) {
    let b = Bench::new(&rig);
    for id in ["a", "b"] {
        for n in 0..5 {
            assert!(b.offer(id, &format!("in{n}"), &Script::note("x")).await);
        }
    }
    b.drive_key(&WorkKey::input(&b.key("a"), "in2"), noon())
        .await;
    let of_a = WorkQuery {
        receiver: Some(b.key("a")),
        n: 100,
        ..WorkQuery::default()
    };
    assert_eq!(
        keys(&b.store.works(of_a.clone()).await.unwrap()),
        ["in0", "in1", "in2", "in3", "in4"]
    );
    let ready = WorkQuery {
        state: Some(WorkState::Ready),
        ..of_a.clone()
    };
    assert_eq!(
        keys(&b.store.works(ready).await.unwrap()),
        ["in0", "in1", "in3", "in4"]
    );
    let mut seen = 0;
    let mut after = None;
    loop {
        let query = WorkQuery {
            after: after.clone(),
            n: 3,
            ..WorkQuery::default()
        };
        let page = b.store.works(query).await.unwrap();
        assert!(page.is_sorted_by(|x, y| x.key < y.key));
        assert!(
            page.iter()
                .all(|w| after.as_ref().is_none_or(|a| w.key > *a))
        );
        seen += page.len();
        match page.last() {
            Some(last) => after = Some(last.key.clone()),
            None => break,
        }
    }
    assert_eq!(seen, 10);
    let applied = b
        .store
        .works(WorkQuery {
            state: Some(WorkState::Applied),
            n: 10,
            ..WorkQuery::default()
        })
        .await
        .unwrap();
    assert_eq!(applied.len(), 1);
    assert_eq!(
        applied[0].body,
        Value::Null,
        "what it said stands in the log"
    );
}
