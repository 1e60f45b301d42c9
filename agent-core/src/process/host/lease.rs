use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::Duration;
use serde_json::Value;

use crate::error::PortError;
use crate::process::{EffectClass, EffectKey, Mark, Process, ProcessKey, Store, WorkKey};
use crate::time::Timestamp;

/// Performs the effects of one kind of process, by ports.
///
/// # Contract
///
/// - `Unavailable`, `RateLimited`, `Invalid`, `NotFound`, `PermissionDenied` and `Full` say that
///   nothing happened; every other error says that nobody knows.
/// - The answer is the input that tells the process what came of it.
#[async_trait]
pub trait Performer<P: Process>: Debug + Send + Sync {
    /// What the port behind `effect` promises about repeats.
    fn class(&self, effect: &P::Effect) -> EffectClass;

    /// Whether [`gate::open`](crate::trust::gate::open) sets the started mark for `effect`.
    fn gated(&self, effect: &P::Effect) -> bool;

    /// Performs `effect`.
    async fn perform(&self, effect: P::Effect, lease: Lease) -> Result<P::Input, PortError>;
}

/// An effect type for processes that ask nothing of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[expect(clippy::exhaustive_enums, reason = "it has no values")]
pub enum NoEffects {}

/// The performer of processes that ask nothing of ports.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPerformer;

#[async_trait]
impl<P: Process<Effect = NoEffects>> Performer<P> for NoPerformer {
    fn class(&self, effect: &NoEffects) -> EffectClass {
        match *effect {}
    }

    fn gated(&self, effect: &NoEffects) -> bool {
        match *effect {}
    }

    async fn perform(&self, effect: NoEffects, _lease: Lease) -> Result<P::Input, PortError> {
        match effect {}
    }
}

/// The right to perform one effect now. Only a [`Host`](super::Host) makes one, from claimed work.
#[derive(Debug)]
pub struct Lease {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) process: ProcessKey,
    pub(crate) key: WorkKey,
    pub(crate) token: u64,
    pub(crate) effect_key: EffectKey,
    pub(crate) step: String,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) now: Timestamp,
    pub(crate) first_started: Option<Timestamp>,
    pub(crate) body: Value,
    pub(crate) started: Arc<AtomicBool>,
}

impl Lease {
    /// The process that asked.
    #[must_use]
    pub fn process(&self) -> &ProcessKey {
        &self.process
    }

    /// The step it named.
    #[must_use]
    pub fn step(&self) -> &str {
        &self.step
    }

    /// What to give a provider, so that it can tell a repeat from a new wish.
    #[must_use]
    pub fn effect_key(&self) -> EffectKey {
        self.effect_key
    }

    /// The time at which the work was claimed.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When an earlier try under the same key first started, where one did.
    #[must_use]
    pub fn first_started(&self) -> Option<Timestamp> {
        self.first_started
    }

    /// Sets the fenced started mark.
    pub(crate) async fn start(&self, store: &dyn Store) -> Result<(), PortError> {
        store
            .mark(&self.key, self.token, Mark::Started { at: self.now })
            .await?;
        self.started.store(true, Ordering::SeqCst);
        Ok(())
    }
}

/// How often and how far apart a failed effect is tried.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    waits: Vec<Duration>,
}

impl Default for RetryPolicy {
    /// After 1, 5, 15 and 60 minutes, then each 4 hours, 10 tries in all.
    fn default() -> Self {
        let mut waits: Vec<_> = [1, 5, 15, 60].into_iter().map(Duration::minutes).collect();
        waits.extend(std::iter::repeat_n(Duration::hours(4), 5));
        Self { waits }
    }
}

impl RetryPolicy {
    /// Tries once more after each of `waits`.
    #[must_use]
    pub fn new(waits: Vec<Duration>) -> Self {
        Self { waits }
    }

    pub(super) fn wait(&self, tries: u32, asked: Option<std::time::Duration>) -> Option<Duration> {
        let planned = *self.waits.get(usize::try_from(tries).ok()?)?;
        let asked = asked.and_then(|d| Duration::from_std(d).ok());
        Some(asked.map_or(planned, |asked| asked.max(planned)))
    }
}
