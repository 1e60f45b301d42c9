use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::party::Channel;
use dealwright_core::process::{
    Claim, Claims, Commit, Cursor, EffectClass, Envelope, Find, Found, Mark, Offered, ProcessKey,
    Proof, Revision, Store, Stored, Work, WorkKey, WorkQuery,
};
use dealwright_core::time::Clock;
use dealwright_core::trust::{Charge, ChargeReceipt, Messenger, PaymentGateway, Receipt, Sendable};
use serde::Serialize;

use crate::{SeededRng, VirtualClock};

/// A way in which a call to a port goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fault {
    /// The call fails and nothing happened.
    ErrorBefore,
    /// It happened and the call fails.
    ErrorAfter,
    /// It happened and no answer comes.
    TimeoutAfter,
    /// It takes long.
    Delay,
    /// It happens twice.
    Duplicate,
    /// Something later comes first.
    Reorder,
    /// A read answers what was so a moment ago.
    StaleRead,
    /// The program dies and starts again.
    Crash,
}

impl Fault {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::ErrorBefore,
        Self::ErrorAfter,
        Self::TimeoutAfter,
        Self::Delay,
        Self::Duplicate,
        Self::Reorder,
        Self::StaleRead,
        Self::Crash,
    ];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ErrorBefore => "error_before",
            Self::ErrorAfter => "error_after",
            Self::TimeoutAfter => "timeout_after",
            Self::Delay => "delay",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::StaleRead => "stale_read",
            Self::Crash => "crash",
        }
    }
}

/// How often calls go wrong.
#[derive(Clone, Copy, Debug)]
pub struct FaultPlan {
    /// What the faults follow from.
    pub seed: u64,
    /// Faults a thousand calls.
    pub per_mille: u64,
}

/// How often each fault has struck, by its word.
pub type FaultCounts = BTreeMap<&'static str, u64>;

/// Decides call by call what goes wrong. Clones share their count of calls.
#[derive(Clone, Debug)]
pub struct Chaos {
    rng: SeededRng,
    per_mille: u64,
    clock: VirtualClock,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    calls: u64,
    /// Whether the row that is handled now is to be held up where it hurts.
    armed: bool,
    counts: FaultCounts,
}

impl Chaos {
    /// Faults by `plan`; delays move `clock`.
    #[must_use]
    pub fn new(plan: FaultPlan, clock: VirtualClock) -> Self {
        Self {
            rng: SeededRng::new(plan.seed),
            per_mille: plan.per_mille,
            clock,
            shared: Arc::default(),
        }
    }

    /// How often each fault has struck.
    #[must_use]
    pub fn counts(&self) -> FaultCounts {
        self.lock().counts.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happens to this call of `operation`, one of `possible`.
    fn roll(&self, operation: &str, possible: &[Fault]) -> Option<Fault> {
        let mut shared = self.lock();
        shared.calls += 1;
        let call = shared.calls.to_string();
        if !self
            .rng
            .chance(self.per_mille, &["fault", operation, &call])
        {
            return None;
        }
        let which = self
            .rng
            .below(possible.len() as u64, &["which", operation, &call]);
        let fault = *possible.get(usize::try_from(which).ok()?)?;
        *shared.counts.entry(fault.word()).or_default() += 1;
        drop(shared);
        if fault == Fault::Delay {
            let seconds = 1 + self.rng.below(90, &["delay", operation, &call]);
            let late = self.clock.now() + Duration::seconds(i64::try_from(seconds).unwrap_or(1));
            self.clock.move_to(late);
        }
        Some(fault)
    }

    /// Decides whether the worker of the next effect is held up in the middle of it; one that
    /// takes over from another is held up more often than that.
    pub(crate) fn arm(&self, takes_over: bool) {
        let mut shared = self.lock();
        shared.calls += 1;
        let call = shared.calls.to_string();
        let per_mille = self.per_mille * if takes_over { 25 } else { 5 };
        shared.armed = self.rng.chance(per_mille, &["hold up", &call]);
    }

    pub(crate) fn disarm(&self) {
        self.lock().armed = false;
    }

    /// Holds the worker up for as long as nobody polls it, if this is where it is to happen.
    async fn held_up(&self, operation: &str) {
        if self.holds_up(operation) {
            futures::pending!();
        }
    }

    fn holds_up(&self, operation: &str) -> bool {
        let mut shared = self.lock();
        if !shared.armed {
            return false;
        }
        shared.calls += 1;
        let call = shared.calls.to_string();
        if !self.rng.chance(500, &["held up", operation, &call]) {
            return false;
        }
        shared.armed = false;
        *shared.counts.entry(Fault::Delay.word()).or_default() += 1;
        true
    }

    pub(crate) fn roll_one(&self, operation: &str, fault: Fault) -> bool {
        let mut shared = self.lock();
        shared.calls += 1;
        let call = shared.calls.to_string();
        let strikes = self
            .rng
            .chance(self.per_mille / 2 + 1, &[fault.word(), operation, &call]);
        if strikes {
            *shared.counts.entry(fault.word()).or_default() += 1;
        }
        strikes
    }
}

fn before(operation: &'static str) -> PortError {
    PortError::new(operation, PortErrorKind::Unavailable).with_source("injected: error before")
}

fn after(operation: &'static str) -> PortError {
    PortError::new(operation, PortErrorKind::Unexpected).with_source("injected: error after")
}

fn timeout(operation: &'static str) -> PortError {
    PortError::new(operation, PortErrorKind::Timeout).with_source("injected: timeout after")
}

const WRITES: &[Fault] = &[
    Fault::ErrorBefore,
    Fault::ErrorAfter,
    Fault::TimeoutAfter,
    Fault::Delay,
];

/// What a caller is told of a call that was made: the truth, or what `fault` makes of it.
fn told<T>(
    operation: &'static str,
    fault: Option<Fault>,
    done: Result<T, PortError>,
) -> Result<T, PortError> {
    match fault {
        Some(Fault::ErrorAfter) => done.and(Err(after(operation))),
        Some(Fault::TimeoutAfter) => done.and(Err(timeout(operation))),
        _ => done,
    }
}

/// A store whose calls go wrong.
#[derive(Debug)]
pub struct ChaosStore<S> {
    inner: S,
    chaos: Chaos,
    earlier: Mutex<BTreeMap<ProcessKey, Stored>>,
}

impl<S: Store> ChaosStore<S> {
    /// Wraps `inner`.
    #[must_use]
    pub fn new(inner: S, chaos: Chaos) -> Self {
        Self {
            inner,
            chaos,
            earlier: Mutex::default(),
        }
    }
}

#[async_trait]
impl<S: Store> Store for ChaosStore<S> {
    async fn load(&self, key: &ProcessKey) -> Result<Option<Stored>, PortError> {
        let fault = self.chaos.roll(
            "load",
            &[Fault::ErrorBefore, Fault::StaleRead, Fault::StaleRead],
        );
        if fault == Some(Fault::ErrorBefore) {
            return Err(before("load"));
        }
        let current = self.inner.load(key).await?;
        if self.chaos.per_mille == 0 {
            return Ok(current);
        }
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        let stale = earlier.get(key).cloned();
        if let Some(current) = &current {
            earlier.insert(key.clone(), current.clone());
        }
        Ok(match (fault, stale) {
            (Some(Fault::StaleRead), Some(stale)) => Some(stale),
            _ => current,
        })
    }

    async fn history(&self, key: &ProcessKey) -> Result<Vec<Envelope>, PortError> {
        self.inner.history(key).await
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, PortError> {
        let fault = self
            .chaos
            .roll("commit", &[WRITES, &[Fault::Duplicate]].concat());
        if fault == Some(Fault::ErrorBefore) {
            return Err(before("commit"));
        }
        if fault == Some(Fault::Duplicate) {
            let first = self.inner.commit(commit.clone()).await;
            // The repeat must be refused; if it is taken, the log and the books will show it.
            let _ = self.inner.commit(commit).await;
            return first;
        }
        let done = self.inner.commit(commit).await;
        told("commit", fault, done)
    }

    async fn offer(&self, inputs: Vec<Offered>) -> Result<Vec<bool>, PortError> {
        // An input whose offer fails was not acknowledged; the world offers it again. Repeats
        // are what is tested here.
        if self.chaos.roll("offer", &[Fault::Duplicate, Fault::Delay]) == Some(Fault::Duplicate) {
            let first = self.inner.offer(inputs.clone()).await?;
            self.inner.offer(inputs).await?;
            return Ok(first);
        }
        self.inner.offer(inputs).await
    }

    async fn claim(&self, claim: Claim) -> Result<Claims, PortError> {
        let fault = self.chaos.roll("claim", WRITES);
        if fault == Some(Fault::ErrorBefore) {
            return Err(before("claim"));
        }
        let done = self.inner.claim(claim).await;
        told("claim", fault, done)
    }

    async fn mark(&self, key: &WorkKey, token: u64, mark: Mark) -> Result<(), PortError> {
        let fault = self.chaos.roll("mark", WRITES);
        if fault == Some(Fault::ErrorBefore) {
            return Err(before("mark"));
        }
        if matches!(mark, Mark::Started { .. }) {
            self.chaos.held_up("start").await;
        }
        let done = self.inner.mark(key, token, mark).await;
        told("mark", fault, done)
    }

    async fn feed(
        &self,
        after: Option<Cursor>,
        n: usize,
    ) -> Result<(Vec<Envelope>, Option<Cursor>), PortError> {
        self.inner.feed(after, n).await
    }

    async fn find(&self, find: Find) -> Result<(Vec<Found>, Option<Cursor>), PortError> {
        self.inner.find(find).await
    }

    async fn works(&self, query: WorkQuery) -> Result<Vec<Work>, PortError> {
        self.inner.works(query).await
    }

    async fn resolve(&self, key: &WorkKey, proof: Proof) -> Result<(), PortError> {
        self.inner.resolve(key, proof).await
    }
}

/// A messenger whose calls go wrong.
#[derive(Debug)]
pub struct ChaosMessenger<M> {
    inner: M,
    chaos: Chaos,
}

impl<M: Messenger> ChaosMessenger<M> {
    /// Wraps `inner`.
    #[must_use]
    pub fn new(inner: M, chaos: Chaos) -> Self {
        Self { inner, chaos }
    }
}

#[async_trait]
impl<M: Messenger> Messenger for ChaosMessenger<M> {
    fn channel(&self) -> Channel {
        self.inner.channel()
    }

    fn class(&self) -> EffectClass {
        self.inner.class()
    }

    async fn send(&self, sendable: Sendable) -> Result<Receipt, PortError> {
        let fault = self.chaos.roll("send", WRITES);
        if fault == Some(Fault::ErrorBefore) {
            return Err(before("send"));
        }
        let sent = self.inner.send(sendable).await;
        self.chaos.held_up("send").await;
        told("send", fault, sent)
    }
}

/// A payment gateway whose calls go wrong.
#[derive(Debug)]
pub struct ChaosGateway<G> {
    inner: G,
    chaos: Chaos,
}

impl<G: PaymentGateway> ChaosGateway<G> {
    /// Wraps `inner`.
    #[must_use]
    pub fn new(inner: G, chaos: Chaos) -> Self {
        Self { inner, chaos }
    }
}

#[async_trait]
impl<G: PaymentGateway> PaymentGateway for ChaosGateway<G> {
    fn class(&self) -> EffectClass {
        self.inner.class()
    }

    async fn charge(&self, charge: Charge) -> Result<ChargeReceipt, PortError> {
        let fault = self.chaos.roll("charge", WRITES);
        if fault == Some(Fault::ErrorBefore) {
            return Err(before("charge"));
        }
        let taken = self.inner.charge(charge).await;
        self.chaos.held_up("charge").await;
        told("charge", fault, taken)
    }
}
