//! Tests of the engine: a process that keeps accounts of jobs, on the store in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Duration};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::suite::run;
use super::*;
use crate::error::{PortError, PortErrorKind};
use crate::handoff::{self, Contract};
use crate::personal::{Personal, Purpose};
use crate::time::Timestamp;

const CANARY: &str = "canary.person@example.test";

fn noon() -> Timestamp {
    DateTime::UNIX_EPOCH + Duration::days(20_500) + Duration::hours(12)
}

fn minutes(n: i64) -> Timestamp {
    noon() + Duration::minutes(n)
}

/// Counts jobs. `V` is the version of its state and events: 1 wrote `n`, 2 writes `amount`.
enum Counter<const V: u32> {}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct CounterState {
    total: i64,
    owner: Option<Personal<String>>,
    ends: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum CounterInput {
    Add(i64),
    Own(Personal<String>),
    Do {
        step: String,
        expires: Option<Timestamp>,
        class: EffectClass,
    },
    Tell(ProcessKey, String),
    Ended(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum CounterEvent {
    Added { amount: i64 },
    Owned(Personal<String>),
    Ended(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    step: String,
    class: EffectClass,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Greeting {
    text: Personal<String>,
}

impl Contract for Greeting {
    const NAME: &'static str = "greeting";
    const VERSION: u32 = 1;
}

impl<const V: u32> Process for Counter<V> {
    const KIND: &'static str = "counter";
    const STATE_VERSION: u32 = V;
    const EVENT_VERSION: u32 = 2;
    type State = CounterState;
    type Input = CounterInput;
    type Event = CounterEvent;
    type Effect = Job;
    type Policy = i64;

    fn action(_: &CounterInput) -> crate::access::Action {
        crate::access::Action::Progress
    }

    fn decide(
        state: &CounterState,
        input: &CounterInput,
        cx: &Context<'_, i64>,
    ) -> Result<Decision<Self>, Refusal> {
        Ok(match input {
            CounterInput::Add(amount) if state.total + amount > *cx.policy() => {
                return Err(Refusal::new("LIMIT", "that would be too much"));
            }
            CounterInput::Add(amount) => {
                Decision::nothing().event(CounterEvent::Added { amount: *amount })
            }
            CounterInput::Own(owner) => {
                Decision::nothing().event(CounterEvent::Owned(owner.clone()))
            }
            CounterInput::Do {
                step,
                expires,
                class,
            } => {
                let job = Job {
                    step: step.clone(),
                    class: *class,
                };
                Decision::nothing().effect_with(
                    step.clone(),
                    0,
                    Default::default(),
                    None,
                    *expires,
                    job,
                )
            }
            CounterInput::Tell(other, step) => {
                let text = Personal::new(format!("hello {CANARY}"), "subject-1");
                Decision::nothing().tell(other.clone(), step.clone(), &Greeting { text })
            }
            CounterInput::Ended(what) => {
                Decision::nothing().event(CounterEvent::Ended(what.clone()))
            }
        })
    }

    fn apply(mut state: CounterState, event: &CounterEvent) -> CounterState {
        match event {
            CounterEvent::Added { amount } => state.total += amount,
            CounterEvent::Owned(owner) => state.owner = Some(owner.clone()),
            CounterEvent::Ended(what) => state.ends.push(what.clone()),
        }
        state
    }

    fn index(state: &CounterState) -> Vec<IndexEntry> {
        vec![IndexEntry::new("total", vec![IndexPart::Int(state.total)])]
    }

    fn unsettled(effect: Job, how: Unsettled) -> CounterInput {
        CounterInput::Ended(format!("{} {how:?}", effect.step))
    }

    fn receive(record: &Record<'_>) -> Result<CounterInput, PortError> {
        let greeting: Greeting = handoff::read(record.contract, record.version, record.body)?;
        Ok(CounterInput::Ended(format!(
            "{} letters",
            greeting.text.reveal(Purpose::Contact).len()
        )))
    }

    fn business(state: &CounterState) -> Value {
        json!({ "total": state.total })
    }

    fn upcast(version: u32, body: Value) -> Result<Value, PortError> {
        match (version, body.get("Added").and_then(|a| a.get("n"))) {
            (1, Some(n)) => Ok(json!({ "Added": { "amount": n } })),
            (1, None) => Ok(body),
            _ => Err(PortError::new("upcast", PortErrorKind::Corrupt)),
        }
    }
}

/// Answers by a script; without one, everything works.
#[derive(Clone, Debug, Default)]
struct Hands {
    script: Arc<Mutex<VecDeque<PortErrorKind>>>,
    calls: Arc<Mutex<Vec<String>>>,
}

impl Hands {
    fn failing(kinds: impl IntoIterator<Item = PortErrorKind>) -> Self {
        let hands = Self::default();
        hands.script.lock().unwrap().extend(kinds);
        hands
    }

    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

#[async_trait]
impl<const V: u32> Performer<Counter<V>> for Hands {
    fn class(&self, effect: &Job) -> EffectClass {
        effect.class
    }
    fn gated(&self, _effect: &Job) -> bool {
        false
    }
    async fn perform(&self, effect: Job, lease: Lease) -> Result<CounterInput, PortError> {
        self.calls.lock().unwrap().push(lease.effect_key().to_hex());
        match self.script.lock().unwrap().pop_front() {
            Some(kind) => Err(PortError::new("do job", kind)),
            None => Ok(CounterInput::Ended(format!("{} done", effect.step))),
        }
    }
}

fn host_with<const V: u32>(
    store: &Arc<MemoryStore>,
    sealer: impl Sealer + 'static,
    hands: &Hands,
) -> Host {
    Host::builder(Tenant::parse("t").unwrap(), Arc::clone(store), sealer)
        .process::<Counter<V>>(100, hands.clone())
        .unwrap()
        .build()
}

fn host(store: &Arc<MemoryStore>, hands: &Hands) -> Host {
    host_with::<2>(store, PlainSealer::default(), hands)
}

fn claim(store: &MemoryStore, now: Timestamp) -> Vec<Work> {
    run(store.claim(Claim {
        now,
        worker: "w".to_owned(),
        kinds: Vec::new(),
        shares: Vec::new(),
        lease: Duration::minutes(1),
        n: 100,
        exclusive: false,
    }))
    .unwrap()
    .works
}

fn offer(host: &Host, id: &str, dedupe: &str, input: &CounterInput) {
    assert!(run(host.offer::<Counter<2>>(id, dedupe, Actor::System, noon(), input)).unwrap());
}

/// Handles everything that is due, one row after the other.
fn drain(host: &Host, store: &MemoryStore, now: Timestamp) -> Vec<Handled> {
    let mut all = Vec::new();
    loop {
        let works = claim(store, now);
        if works.is_empty() {
            return all;
        }
        for work in works {
            all.push(run(host.handle(work, now)).unwrap());
        }
    }
}

fn state(host: &Host, id: &str) -> (u64, CounterState) {
    let key = host.key::<Counter<2>>(id);
    let (revision, state) = run(host.state::<Counter<2>>(&key)).unwrap().unwrap();
    (revision.number(), state)
}

fn job(step: &str, class: EffectClass) -> CounterInput {
    CounterInput::Do {
        step: step.to_owned(),
        expires: None,
        class,
    }
}

fn works(store: &MemoryStore) -> Vec<Work> {
    run(store.works(WorkQuery {
        n: 1_000,
        ..WorkQuery::default()
    }))
    .unwrap()
}

fn setup(hands: Hands) -> (Arc<MemoryStore>, Host, Hands) {
    let store = Arc::new(MemoryStore::new());
    let host = host(&store, &hands);
    (store, host, hands)
}

// covers: OR-1
#[test]
fn replaying_the_events_gives_the_state_and_deciding_again_gives_the_events() {
    let (store, host, _) = setup(Hands::default());
    for n in 0..50 {
        offer(&host, "a", &format!("add{n}"), &CounterInput::Add(n % 7));
    }
    offer(
        &host,
        "a",
        "own",
        &CounterInput::Own(Personal::new("Ada".to_owned(), "s")),
    );
    offer(&host, "a", "job", &job("job", EffectClass::Idempotent));
    drain(&host, &store, noon());
    let key = host.key::<Counter<2>>("a");
    let history = run(store.history(&key)).unwrap();
    let mut replayed = CounterState::default();
    for envelope in &history {
        for event in host.events::<Counter<2>>(envelope).unwrap() {
            replayed = <Counter<2> as Process>::apply(replayed, &event);
        }
    }
    let (revision, kept) = state(&host, "a");
    assert_eq!(replayed, kept);
    assert_eq!(usize::try_from(revision).unwrap(), history.len());
    assert_eq!(run(host.redecide(&key)).unwrap(), None);
    // Under another policy the first refused revision shows.
    let strict = Host::builder(
        Tenant::parse("t").unwrap(),
        Arc::clone(&store),
        PlainSealer::default(),
    )
    .process::<Counter<2>>(10, Hands::default())
    .unwrap()
    .build();
    assert!(run(strict.redecide(&key)).unwrap().is_some());
}

#[test]
fn a_refusal_is_consumed_and_logged_and_changes_no_state() {
    let (store, host, _) = setup(Hands::default());
    offer(&host, "a", "small", &CounterInput::Add(5));
    offer(&host, "a", "too-much", &CounterInput::Add(1_000));
    let handled = drain(&host, &store, noon());
    assert!(matches!(&handled[1], Handled::Stepped { refused: Some(rule), .. } if rule == "LIMIT"));
    let (revision, kept) = state(&host, "a");
    assert_eq!((revision, kept.total), (2, 5));
    let log = run(store.history(&host.key::<Counter<2>>("a"))).unwrap();
    assert!(matches!(&log[1].outcome, Outcome::Refused { rule, .. } if rule == "LIMIT"));
    assert!(works(&store).iter().all(|w| w.state == WorkState::Applied));
    assert_eq!(
        run(host.redecide(&host.key::<Counter<2>>("a"))).unwrap(),
        None
    );
}

#[test]
fn a_second_wish_under_the_same_step_is_put_aside() {
    let (store, host, hands) = setup(Hands::default());
    offer(&host, "a", "1", &job("invoice", EffectClass::AtMostOnce));
    offer(&host, "a", "2", &job("invoice", EffectClass::AtMostOnce));
    drain(&host, &store, noon());
    assert_eq!(hands.calls(), 1);
    let aside: Vec<_> = works(&store)
        .into_iter()
        .filter(|w| w.state == WorkState::Quarantined)
        .collect();
    assert_eq!(aside.len(), 1);
    assert!(aside[0].note.as_ref().unwrap().contains("taken"));
}

#[test]
fn a_row_that_cannot_be_read_is_put_aside() {
    let (store, host, _) = setup(Hands::default());
    offer(&host, "a", "x", &CounterInput::Add(1));
    let mut row = claim(&store, noon()).remove(0);
    row.body = json!({ "Nonsense": 1 });
    assert!(matches!(
        run(host.handle(row, noon())).unwrap(),
        Handled::Quarantined(_)
    ));
    let stranger = ProcessKey::new(host.tenant(), "stranger", "x");
    offer(
        &host,
        "a",
        "tell",
        &CounterInput::Tell(stranger, "hello".to_owned()),
    );
    let handled = drain(&host, &store, noon());
    assert!(
        matches!(&handled[1], Handled::Quarantined(_)),
        "{handled:?}"
    );
}

//
#[test]
fn what_did_not_happen_is_tried_again_by_plan_under_one_key_and_then_given_up() {
    let (store, host, hands) = setup(Hands::failing([PortErrorKind::Unavailable; 100]));
    offer(&host, "a", "job", &job("call", EffectClass::AtMostOnce));
    let mut now = noon();
    let mut waits = Vec::new();
    for _ in 0..40 {
        let handled = drain(&host, &store, now);
        if handled.iter().any(|h| matches!(h, Handled::Performed(_))) {
            break;
        }
        let due = works(&store)
            .iter()
            .find(|w| w.kind == WorkKind::Effect)
            .unwrap()
            .due;
        waits.push((due - now).num_minutes());
        now = due;
    }
    assert_eq!(waits, [1, 5, 15, 60, 240, 240, 240, 240, 240]);
    assert_eq!(hands.calls(), 10);
    let keys = hands.calls.lock().unwrap().clone();
    assert!(keys.iter().all(|k| *k == keys[0]), "a retry keeps its key");
    drain(&host, &store, now);
    assert_eq!(state(&host, "a").1.ends, ["call Exhausted"]);
}

#[test]
fn a_refused_request_is_not_repeated() {
    for kind in [
        PortErrorKind::Invalid,
        PortErrorKind::PermissionDenied,
        PortErrorKind::NotFound,
    ] {
        for class in [EffectClass::AtMostOnce, EffectClass::Idempotent] {
            let (store, host, hands) = setup(Hands::failing([kind; 9]));
            offer(&host, "a", "job", &job("call", class));
            drain(&host, &store, noon());
            assert_eq!(hands.calls(), 1, "{kind:?} {class:?}");
            assert_eq!(
                state(&host, "a").1.ends,
                ["call Exhausted"],
                "{kind:?} {class:?}"
            );
        }
    }
}

//
#[test]
fn no_answer_is_unknown_for_at_most_once_and_a_repeat_for_idempotent() {
    for kind in [
        PortErrorKind::Timeout,
        PortErrorKind::Unexpected,
        PortErrorKind::Corrupt,
    ] {
        let (store, host, hands) = setup(Hands::failing([kind]));
        offer(&host, "a", "job", &job("call", EffectClass::AtMostOnce));
        drain(&host, &store, noon());
        drain(&host, &store, minutes(6_000));
        assert_eq!(hands.calls(), 1, "{kind:?}");
        assert!(works(&store).iter().any(|w| w.state == WorkState::Unknown));
        assert!(state(&host, "a").1.ends.is_empty());

        let (store, host, hands) = setup(Hands::failing([kind]));
        offer(&host, "a", "job", &job("call", EffectClass::Idempotent));
        drain(&host, &store, noon());
        drain(&host, &store, minutes(5));
        assert_eq!(hands.calls(), 2, "{kind:?}");
        assert_eq!(state(&host, "a").1.ends, ["call done"]);
    }
}

#[test]
fn a_proof_settles_an_unknown_either_way() {
    for happened in [true, false] {
        let (store, host, _) = setup(Hands::failing([PortErrorKind::Timeout]));
        offer(&host, "a", "job", &job("call", EffectClass::AtMostOnce));
        drain(&host, &store, noon());
        let unknown = works(&store)
            .into_iter()
            .find(|w| w.state == WorkState::Unknown)
            .unwrap();
        let effect: Job = host.effect_of::<Counter<2>>(&unknown).unwrap();
        assert_eq!(effect.step, "call");
        if happened {
            let outcome = CounterInput::Ended("call proven".to_owned());
            run(host.prove_performed::<Counter<2>>(
                &Actor::System,
                &unknown,
                &outcome,
                minutes(1),
                "list",
            ))
            .unwrap();
        } else {
            run(host.prove_not_performed(&Actor::System, &unknown, minutes(1), "list")).unwrap();
        }
        let again = run(host.prove_not_performed(&Actor::System, &unknown, minutes(1), "list"))
            .unwrap_err();
        assert_eq!(again.kind(), PortErrorKind::Conflict);
        drain(&host, &store, minutes(2));
        let wanted = if happened {
            "call proven"
        } else {
            "call NotPerformed"
        };
        assert_eq!(state(&host, "a").1.ends, [wanted]);
    }
}

#[test]
fn an_effect_that_is_late_is_not_begun() {
    let (store, host, hands) = setup(Hands::default());
    let input = CounterInput::Do {
        step: "call".to_owned(),
        expires: Some(minutes(15)),
        class: EffectClass::AtMostOnce,
    };
    offer(&host, "a", "job", &input);
    let row = claim(&store, noon()).remove(0);
    run(host.handle(row, noon())).unwrap();
    drain(&host, &store, minutes(15));
    assert_eq!(hands.calls(), 0);
    assert_eq!(state(&host, "a").1.ends, ["call Expired"]);
}

// covers: DB-3
#[test]
fn a_step_that_lost_a_race_is_decided_again() {
    let (store, host, _) = setup(Hands::default());
    for n in 0..20 {
        offer(&host, "a", &format!("{n:02}"), &CounterInput::Add(9));
    }
    // All twenty are claimed by workers that run side by side: each loads while others commit.
    let works = claim(&store, noon());
    let handled: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = works
            .into_iter()
            .map(|work| scope.spawn(|| run(host.handle(work, noon()))))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    for result in handled {
        if let Err(error) = result {
            // Given back after many races, to come again when the lease lapses.
            assert_eq!(error.kind(), PortErrorKind::Conflict);
        }
    }
    drain(&host, &store, minutes(2));
    let (revision, kept) = state(&host, "a");
    assert_eq!(
        (revision, kept.total),
        (20, 99),
        "eleven fit under the limit, nine are refused"
    );
}

// covers: LB-4
#[test]
fn a_state_of_another_version_is_rebuilt_from_upcast_events() {
    let store = Arc::new(MemoryStore::new());
    let hands = Hands::default();
    let old = host_with::<1>(&store, PlainSealer::default(), &hands);
    for n in 1..=4 {
        let key = format!("{n}");
        assert!(
            run(old.offer::<Counter<1>>("a", &key, Actor::System, noon(), &CounterInput::Add(n)))
                .unwrap()
        );
    }
    drain(&old, &store, noon());
    // Read as the next version: the stored state is not looked at.
    let new = host(&store, &hands);
    assert_eq!(state(&new, "a").1.total, 10);
    offer(&new, "a", "more", &CounterInput::Add(5));
    drain(&new, &store, noon());
    assert_eq!(state(&new, "a").1.total, 15);
    let kept = run(store.load(&new.key::<Counter<2>>("a")))
        .unwrap()
        .unwrap();
    assert_eq!(kept.state_version, 2);
    // Events of version 1 are lifted on the way.
    let mut envelope = run(store.history(&new.key::<Counter<2>>("a")))
        .unwrap()
        .remove(0);
    envelope.outcome = Outcome::Decided(vec![Recorded {
        version: 1,
        body: json!({ "Added": { "n": 41 } }),
    }]);
    let events = new.events::<Counter<2>>(&envelope).unwrap();
    assert_eq!(events, [CounterEvent::Added { amount: 41 }]);
    envelope.outcome = Outcome::Decided(vec![Recorded {
        version: 7,
        body: json!({}),
    }]);
    assert_eq!(
        new.events::<Counter<2>>(&envelope).unwrap_err().kind(),
        PortErrorKind::Corrupt
    );
}

/// Seals by turning bits, with another nonce each time.
#[derive(Debug, Default)]
struct Scrambler(std::sync::atomic::AtomicU8, Mutex<Vec<String>>);

impl Scrambler {
    fn at(start: u8) -> Self {
        Self(start.into(), Mutex::default())
    }
}

impl Sealer for Scrambler {
    fn seal(&self, subject: &str, aad: &[u8], plain: &[u8]) -> Result<Sealed, PortError> {
        let nonce = self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let place = String::from_utf8_lossy(aad).into_owned();
        self.1.lock().unwrap().push(format!("{subject} {place}"));
        let mut bytes = vec![nonce];
        bytes.extend(plain.iter().map(|b| b ^ 0xa5 ^ nonce));
        Ok(Sealed {
            key_id: subject.to_owned(),
            bytes,
        })
    }
    fn open(&self, _subject: &str, _aad: &[u8], sealed: &Sealed) -> Result<Vec<u8>, PortError> {
        let (nonce, rest) = sealed.bytes.split_first().unwrap();
        Ok(rest.iter().map(|b| b ^ 0xa5 ^ nonce).collect())
    }
    fn commit(&self, plain: &[u8]) -> [u8; 32] {
        PlainSealer::seeded(7).commit(plain)
    }
}

fn personal_run(start: u8) -> (Arc<MemoryStore>, Host) {
    let store = Arc::new(MemoryStore::new());
    let host = host_with::<2>(&store, Scrambler::at(start), &Hands::default());
    offer(
        &host,
        "a",
        "own",
        &CounterInput::Own(Personal::new(CANARY.to_owned(), "subject-1")),
    );
    let other = host.key::<Counter<2>>("b");
    offer(
        &host,
        "a",
        "tell",
        &CounterInput::Tell(other, "hello".to_owned()),
    );
    (store, host)
}

// covers: SE-1
#[test]
fn personal_fields_never_stand_in_what_is_stored_or_printed() {
    let (store, host) = personal_run(1);
    let look = |when: &str| {
        let mut seen = Vec::new();
        for work in works(&store) {
            seen.push(serde_json::to_string(&work).unwrap());
            seen.push(format!("{work:?}"));
        }
        for envelope in run(store.feed(None, 100)).unwrap().0 {
            seen.push(serde_json::to_string(&envelope).unwrap());
            seen.push(format!("{envelope:?}"));
        }
        for id in ["a", "b"] {
            seen.push(format!(
                "{:?}",
                run(store.load(&host.key::<Counter<2>>(id))).unwrap()
            ));
        }
        seen.push(format!("{store:?} {host:?}"));
        let hex = hex::encode(CANARY);
        for text in &seen {
            assert!(!text.contains(CANARY), "{when}: {text}");
            assert!(!text.contains(&hex), "{when}: {text}");
        }
    };
    look("offered");
    drain(&host, &store, noon());
    look("stepped");
    let (_, kept) = state(&host, "a");
    assert_eq!(
        kept.owner.as_ref().unwrap().reveal(Purpose::Display),
        CANARY
    );
    assert!(!format!("{kept:?}").contains(CANARY));
    assert_eq!(state(&host, "b").1.ends, ["32 letters"]);
    // An error of a codec says where, not what.
    offer(
        &host,
        "a",
        "bad",
        &CounterInput::Own(Personal::new(CANARY.to_owned(), "subject-1")),
    );
    let mut row = claim(&store, noon()).remove(0);
    row.body = json!({ "Own": 5, "Add": 6 });
    run(host.handle(row, noon())).unwrap();
    look("put aside");
}

#[test]
fn hashes_do_not_depend_on_ciphertext() {
    let hash = |start| {
        let (store, host) = personal_run(start);
        drain(&host, &store, noon());
        let log = run(event_log_hash(&store)).unwrap().finish();
        let key = host.key::<Counter<2>>("a");
        let raw = serde_json::to_string(&run(store.load(&key)).unwrap().unwrap().state).unwrap();
        assert_eq!(run(host.redecide(&key)).unwrap(), None);
        (log, raw)
    };
    let (one, two) = (hash(1), hash(99));
    assert_ne!(one.1, two.1, "the sealed bytes differ");
    assert_eq!(one.0, two.0, "the log's hash does not");
}

// covers: OR-1
#[test]
fn the_log_hash_does_not_depend_on_the_order_of_processes() {
    let hash = |order: &[usize]| {
        let (store, host, _) = setup(Hands::default());
        for n in 0..12 {
            offer(
                &host,
                &format!("p{}", n % 4),
                &format!("{n:02}"),
                &CounterInput::Add(n),
            );
        }
        // Rows of one process keep their order; those of different processes take turns.
        let mut works = claim(&store, noon());
        works.sort_by_key(|w| {
            let process: usize = w.receiver.id()[1..].parse().unwrap();
            (order[process], w.key.clone())
        });
        for work in works {
            run(host.handle(work, noon())).unwrap();
        }
        let hash = run(event_log_hash(&store)).unwrap();
        assert_eq!(hash.envelopes(), 12);
        hash.finish()
    };
    let first = hash(&[0, 1, 2, 3]);
    assert_eq!(hash(&[3, 1, 0, 2]), first);
    assert_eq!(hash(&[2, 2, 1, 1]), first);
}

#[test]
fn a_changed_log_does_not_verify() {
    let (store, host, _) = setup(Hands::default());
    offer(&host, "a", "1", &CounterInput::Add(1));
    offer(&host, "a", "2", &CounterInput::Add(2));
    drain(&host, &store, noon());
    let log = run(store.feed(None, 10)).unwrap().0;
    let verify = |log: &[Envelope]| {
        let mut hash = EventLogHash::default();
        log.iter().try_for_each(|e| hash.add(e))
    };
    assert!(verify(&log).is_ok());
    let changes: [fn(&mut Vec<Envelope>); 4] = [
        |l| l[0].at += Duration::seconds(1),
        |l| l[1].input.body = json!({ "Add": 3 }),
        |l| l.swap(0, 1),
        |l| l[1].input.actor = Actor::Person("mallory".to_owned()),
    ];
    for change in changes {
        let mut bad = log.clone();
        change(&mut bad);
        let error = verify(&bad).unwrap_err();
        assert_eq!(error.kind(), PortErrorKind::Corrupt);
        assert!(error.chain().contains("t/counter/a@"), "{}", error.chain());
    }
}

/// Every Rust file under the sources of the domain crates.
fn sources() -> Vec<std::path::PathBuf> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap();
    let mut folders: Vec<_> = [
        "agent-core",
        "agent-discovery",
        "agent-deals",
        "agent-delivery",
    ]
    .iter()
    .map(|c| root.join(c).join("src"))
    .collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files
}

// covers: OR-2, LB-1
#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "reads the sources of this project"
)]
fn domain_crates_ask_no_clock_no_dice_and_no_surroundings() {
    let forbidden = [
        ["System", "Time::"].concat(),
        ["Instant", "::now"].concat(),
        ["Utc", "::now"].concat(),
        ["Local", "::now"].concat(),
        ["thread", "_rng"].concat(),
        ["get", "random"].concat(),
        ["rand", "::"].concat(),
        ["std::", "env"].concat(),
        ["std::", "fs"].concat(),
        ["std::", "net"].concat(),
        ["Uuid::new", "_v4"].concat(),
        ["tokio", "::"].concat(),
    ];
    let files = sources();
    assert!(files.len() > 100, "only {} files were found", files.len());
    let mut found = Vec::new();
    for path in files {
        let name = path.to_string_lossy().into_owned();
        // Tests may read fixtures, and the engine's own tests name what they look for.
        let is_test =
            name.contains("/tests") || name.contains("/suite") || name.contains("/testing");
        if is_test {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
        for (n, line) in code.lines().enumerate() {
            let line_code = line.trim_start();
            if line_code.starts_with("//") {
                continue;
            }
            let words = |word: &String| line_code.contains(word.as_str());
            if let Some(word) = forbidden.iter().find(|w| words(w)) {
                found.push(format!("{name}:{}: {word}", n + 1));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}
