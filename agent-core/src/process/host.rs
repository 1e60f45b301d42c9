use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::Duration;
use serde_json::Value;

use super::decision::{CancelStep, Message};
use super::{
    Actor, Commit, Consumed, Context, Decision, EffectClass, EffectKey, Envelope, InputRecord,
    Mark, Offered, Outcome, Process, ProcessKey, Proof, Record, Recorded, Revision, Sealer, Store,
    Stored, Tenant, Unsettled, Work, WorkKey, WorkKind, WorkResult, WorkState, codec, hash,
};
use crate::access::{Action, Authorizer, Denied, Staff};
use crate::canonical::Digest32;
use crate::error::{PortError, PortErrorKind, Retry};
use crate::orchestration::Lane;
use crate::time::Timestamp;

/// How often a step that lost a race is decided again before its row is given back.
const CONFLICT_TRIES: usize = 16;

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

/// The right to perform one effect now. Only a [`Host`] makes one, from claimed work.
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

    fn wait(&self, tries: u32, asked: Option<std::time::Duration>) -> Option<Duration> {
        let planned = *self.waits.get(usize::try_from(tries).ok()?)?;
        let asked = asked.and_then(|d| Duration::from_std(d).ok());
        Some(asked.map_or(planned, |asked| asked.max(planned)))
    }
}

/// What became of a claimed row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Handled {
    /// It was decided on and committed.
    Stepped {
        /// The process.
        process: ProcessKey,
        /// Its new revision.
        revision: Revision,
        /// The rule that refused the input, where one did.
        refused: Option<String>,
    },
    /// An effect was performed and its result stored.
    Performed(WorkKey),
    /// An effect will be tried again.
    Retried(WorkKey),
    /// Nobody knows whether the effect happened.
    Unknown(WorkKey),
    /// A person must look at the row.
    Quarantined(WorkKey),
    /// Somebody else holds the row by now, or it is done.
    Lost(WorkKey),
}

/// Runs steps and performs effects of the kinds it was built with. Owns no loop and no clock.
#[derive(Clone)]
pub struct Host {
    shared: Arc<Shared>,
    kinds: Arc<BTreeMap<&'static str, Arc<dyn Kind>>>,
}

struct Shared {
    store: Arc<dyn Store>,
    authorizer: Arc<dyn Authorizer>,
    sealer: Arc<dyn Sealer>,
    tenant: Tenant,
    retry: RetryPolicy,
}

impl Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("tenant", &self.shared.tenant)
            .field("kinds", &self.kinds.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Collects the kinds of a [`Host`].
pub struct HostBuilder {
    shared: Shared,
    kinds: BTreeMap<&'static str, Arc<dyn Kind>>,
}

impl Debug for HostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostBuilder")
            .field("kinds", &self.kinds.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl HostBuilder {
    /// Adds a kind of process with what people set for it and who performs its effects.
    ///
    /// # Errors
    ///
    /// `Invalid` where the policy has no canonical form, for example because it holds a float.
    pub fn process<P: Process>(
        mut self,
        policy: P::Policy,
        performer: impl Performer<P> + 'static,
    ) -> Result<Self, PortError> {
        let value = crate::personal::stored(|| serde_json::to_value(&policy))
            .map_err(|e| PortError::new("hash policy", PortErrorKind::Invalid).with_source(e))?;
        let policy_hash = codec::digest(value)?;
        self.kinds.insert(
            P::KIND,
            Arc::new(Typed::<P> {
                policy,
                policy_hash,
                performer: Box::new(performer),
                kind: PhantomData,
            }),
        );
        Ok(self)
    }

    /// Tries failed effects by this plan.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.shared.retry = retry;
        self
    }

    /// Asks `authorizer` who may do what. Without one the library, the agent and the outside do
    /// what is theirs, and no person may do anything.
    #[must_use]
    pub fn authorizer(mut self, authorizer: impl Authorizer + 'static) -> Self {
        self.shared.authorizer = Arc::new(authorizer);
        self
    }

    /// The host.
    #[must_use]
    pub fn build(self) -> Host {
        Host {
            shared: Arc::new(self.shared),
            kinds: Arc::new(self.kinds),
        }
    }
}

impl Host {
    /// Starts a host of `tenant` on `store`.
    #[must_use]
    pub fn builder(
        tenant: Tenant,
        store: impl Store + 'static,
        sealer: impl Sealer + 'static,
    ) -> HostBuilder {
        HostBuilder {
            shared: Shared {
                store: Arc::new(store),
                authorizer: Arc::new(Staff::default()),
                sealer: Arc::new(sealer),
                tenant,
                retry: RetryPolicy::default(),
            },
            kinds: BTreeMap::new(),
        }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.shared.tenant
    }

    /// The kinds it handles, in order.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.keys().copied()
    }

    /// The key of the process `id` of kind `P`.
    #[must_use]
    pub fn key<P: Process>(&self, id: impl Into<String>) -> ProcessKey {
        ProcessKey::new(&self.shared.tenant, P::KIND, id)
    }

    /// The recipient behind an address.
    #[must_use]
    pub fn recipient(&self, address: &crate::party::EmailAddress) -> ProcessKey {
        let id = super::decision::keyed(&*self.shared.sealer, "recipient", &address.identity_key());
        ProcessKey::new(&self.shared.tenant, "recipient", id)
    }

    /// A keyed hash of personal data, for ids and indexes that must not show it.
    #[must_use]
    pub fn keyed(&self, what: &str, data: &str) -> String {
        super::decision::keyed(&*self.shared.sealer, what, data)
    }

    /// Whether `actor` may do `action` to the process `on`.
    ///
    /// # Errors
    ///
    /// `PermissionDenied`, with the [`Denied`] that says why not.
    pub fn allow(&self, actor: &Actor, action: Action, on: &ProcessKey) -> Result<(), PortError> {
        let denied = if on.tenant() == &self.shared.tenant {
            self.shared.authorizer.allow(actor, action, on)
        } else {
            Err(Denied::Tenant(on.to_string()))
        };
        denied.map_err(|why| {
            PortError::new("authorise", PortErrorKind::PermissionDenied).with_source(why)
        })
    }

    /// Prepares an input from outside. `dedupe` is its natural key: of two with the same one
    /// the second is not taken.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `actor` may not do that; `Invalid` where the input has no JSON
    /// form; those of the sealer.
    pub fn input<P: Process>(
        &self,
        id: impl Into<String>,
        dedupe: &str,
        actor: Actor,
        due: Timestamp,
        input: &P::Input,
    ) -> Result<Offered, PortError> {
        self.input_in::<P>(Lane::Normal, id, dedupe, actor, due, input)
    }

    /// The same in another lane.
    ///
    /// # Errors
    ///
    /// As [`input`](Self::input).
    pub fn input_in<P: Process>(
        &self,
        lane: Lane,
        id: impl Into<String>,
        dedupe: &str,
        actor: Actor,
        due: Timestamp,
        input: &P::Input,
    ) -> Result<Offered, PortError> {
        let receiver = self.key::<P>(id);
        self.allow(&actor, P::action(input), &receiver)?;
        let key = WorkKey::input(&receiver, dedupe);
        let body = codec::encode(&*self.shared.sealer, key.as_str(), input)?;
        Ok(Offered {
            work: Work {
                actor,
                lane,
                due,
                body,
                step: dedupe.to_owned(),
                ..blank(key, WorkKind::Input, receiver, &self.shared.tenant, due)
            },
        })
    }

    /// Offers one input from outside; answers whether it is new. Once this returns it is durable.
    ///
    /// # Errors
    ///
    /// As [`input`](Self::input), and those of the store.
    pub async fn offer<P: Process>(
        &self,
        id: impl Into<String>,
        dedupe: &str,
        actor: Actor,
        due: Timestamp,
        input: &P::Input,
    ) -> Result<bool, PortError> {
        let offered = self.input::<P>(id, dedupe, actor, due, input)?;
        let taken = self.shared.store.offer(vec![offered]).await?;
        Ok(taken.first().copied().unwrap_or(false))
    }

    /// Steps or performs one claimed row. `now` is the time of the claim.
    ///
    /// # Errors
    ///
    /// Those of the store; the row is then left to its lease.
    pub async fn handle(&self, work: Work, now: Timestamp) -> Result<Handled, PortError> {
        let Some(kind) = self.kinds.get(work.receiver.kind()) else {
            let note = format!("no process of kind `{}` here", work.receiver.kind());
            return quarantine(&self.shared, &work, note).await;
        };
        if work.kind == WorkKind::Effect && work.state == WorkState::Ready {
            kind.perform(&self.shared, work, now).await
        } else {
            kind.step(&self.shared, work, now).await
        }
    }

    /// The state of a process, rebuilt from its events where it was kept in another version.
    ///
    /// # Errors
    ///
    /// Those of the store; `Corrupt` for what cannot be read.
    pub async fn state<P: Process>(
        &self,
        key: &ProcessKey,
    ) -> Result<Option<(Revision, P::State)>, PortError> {
        let Some(stored) = self.shared.store.load(key).await? else {
            return Ok(None);
        };
        let revision = stored.revision;
        let state = state_of::<P>(&self.shared, key, stored).await?;
        Ok(Some((revision, state)))
    }

    /// What a message or event says, personal fields open: for views and audits of one's own.
    ///
    /// # Errors
    ///
    /// Those of the sealer.
    pub fn open(&self, process: &ProcessKey, body: &Value) -> Result<Value, PortError> {
        codec::open(&*self.shared.sealer, &process.to_string(), body)
    }

    /// The events of an envelope, in the current version of `P`.
    ///
    /// # Errors
    ///
    /// `Corrupt` for what cannot be read.
    pub fn events<P: Process>(&self, envelope: &Envelope) -> Result<Vec<P::Event>, PortError> {
        events_of::<P>(&self.shared, envelope)
    }

    /// The input that an envelope's step consumed.
    ///
    /// # Errors
    ///
    /// `Corrupt` for what cannot be read.
    pub fn consumed<P: Process>(&self, envelope: &Envelope) -> Result<P::Input, PortError> {
        codec::decode(
            &*self.shared.sealer,
            &envelope.process.to_string(),
            &envelope.input.body,
        )
    }

    /// The business state of a process of any kind this host knows, for
    /// [`business_hash`](super::business_hash).
    ///
    /// # Errors
    ///
    /// Those of the store; `Corrupt` for what cannot be read.
    pub async fn business(&self, key: &ProcessKey) -> Result<Option<Value>, PortError> {
        let Some(stored) = self.shared.store.load(key).await? else {
            return Ok(None);
        };
        match self.kinds.get(key.kind()) {
            Some(kind) => kind.business(&self.shared, key, stored).await.map(Some),
            None => Ok(None),
        }
    }

    /// Decides a process's whole history again and answers the first revision whose outcome
    /// differs from the log, or `None`.
    ///
    /// # Errors
    ///
    /// Those of the store; `Corrupt` for what cannot be read.
    pub async fn redecide(&self, key: &ProcessKey) -> Result<Option<Revision>, PortError> {
        let Some(kind) = self.kinds.get(key.kind()) else {
            return Ok(None);
        };
        let history = self.shared.store.history(key).await?;
        kind.redecide(&self.shared, key, &history)
    }

    /// Says for `by` that an `Unknown` effect happened after all; `outcome` is what its port
    /// would have answered.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not say so; `Conflict` where the effect is not `Unknown`; those of the store.
    pub async fn prove_performed<P: Process>(
        &self,
        by: &Actor,
        work: &Work,
        outcome: &P::Input,
        at: Timestamp,
        note: &str,
    ) -> Result<(), PortError> {
        self.allow(by, Action::Reconcile, &work.receiver)?;
        let body = codec::encode(&*self.shared.sealer, work.key.as_str(), outcome)?;
        let proof = Proof {
            result: WorkResult::Done(body),
            at,
            note: note.to_owned(),
        };
        self.shared.store.resolve(&work.key, proof).await
    }

    /// Says for `by` that an `Unknown` effect did not happen.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not say so; `Conflict` where the effect is not `Unknown`; those of the store.
    pub async fn prove_not_performed(
        &self,
        by: &Actor,
        work: &Work,
        at: Timestamp,
        note: &str,
    ) -> Result<(), PortError> {
        self.allow(by, Action::Reconcile, &work.receiver)?;
        let proof = Proof {
            result: WorkResult::Unsettled(Unsettled::NotPerformed),
            at,
            note: note.to_owned(),
        };
        self.shared.store.resolve(&work.key, proof).await
    }

    /// The effect of a row of work, for reconciling it.
    ///
    /// # Errors
    ///
    /// `Corrupt` where the row is not an effect of `P`.
    pub fn effect_of<P: Process>(&self, work: &Work) -> Result<P::Effect, PortError> {
        codec::decode(&*self.shared.sealer, work.key.as_str(), &work.body)
    }
}

fn blank(
    key: WorkKey,
    kind: WorkKind,
    receiver: ProcessKey,
    tenant: &Tenant,
    due: Timestamp,
) -> Work {
    Work {
        key,
        kind,
        receiver,
        sender: None,
        step: String::new(),
        actor: Actor::System,
        lane: Lane::Normal,
        fairness: tenant.as_str().to_owned(),
        due,
        expires: None,
        class: EffectClass::Idempotent,
        attempt: 0,
        tries: 0,
        state: WorkState::Ready,
        held: false,
        lease: None,
        token: 0,
        started_at: None,
        contract: None,
        body: Value::Null,
        result: None,
        note: None,
    }
}

/// A kind of process, its types hidden.
#[async_trait]
trait Kind: Send + Sync {
    async fn step(&self, s: &Shared, work: Work, now: Timestamp) -> Result<Handled, PortError>;
    async fn perform(&self, s: &Shared, work: Work, now: Timestamp) -> Result<Handled, PortError>;
    async fn business(
        &self,
        s: &Shared,
        key: &ProcessKey,
        stored: Stored,
    ) -> Result<Value, PortError>;
    fn redecide(
        &self,
        s: &Shared,
        key: &ProcessKey,
        history: &[Envelope],
    ) -> Result<Option<Revision>, PortError>;
}

struct Typed<P: Process> {
    policy: P::Policy,
    policy_hash: Digest32,
    performer: Box<dyn Performer<P>>,
    kind: PhantomData<fn() -> P>,
}

#[async_trait]
impl<P: Process> Kind for Typed<P> {
    async fn step(&self, s: &Shared, work: Work, now: Timestamp) -> Result<Handled, PortError> {
        let input = match read_input::<P>(s, &work) {
            Ok(input) => input,
            Err(error) => return quarantine(s, &work, error.chain()).await,
        };
        for _ in 0..CONFLICT_TRIES {
            let commit = self.plan(s, &work, &input, now).await?;
            let refused = match &commit.envelope.outcome {
                Outcome::Refused { rule, .. } => Some(rule.clone()),
                Outcome::Decided(_) => None,
            };
            match s.store.commit(commit).await {
                Ok(revision) => {
                    return Ok(Handled::Stepped {
                        process: work.receiver,
                        revision,
                        refused,
                    });
                }
                Err(error) => match error.kind() {
                    PortErrorKind::Conflict => {}
                    PortErrorKind::LeaseLost => return Ok(Handled::Lost(work.key)),
                    PortErrorKind::AlreadyExists => {
                        return quarantine(s, &work, error.chain()).await;
                    }
                    _ => return Err(error),
                },
            }
        }
        Err(
            PortError::new("step", PortErrorKind::Conflict).with_source(format!(
                "{} changed under {CONFLICT_TRIES} tries",
                work.receiver
            )),
        )
    }

    async fn perform(&self, s: &Shared, work: Work, now: Timestamp) -> Result<Handled, PortError> {
        let body = match codec::open(&*s.sealer, work.key.as_str(), &work.body) {
            Ok(body) => body,
            Err(error) => return quarantine(s, &work, error.chain()).await,
        };
        let effect = match <P::Effect as serde::Deserialize>::deserialize(&body) {
            Ok(effect) => effect,
            Err(error) => return quarantine(s, &work, error.to_string()).await,
        };
        if work.expires.is_some_and(|end| end <= now) {
            if work.started_at.is_some() {
                let note = "it expired after a try that may have happened".to_owned();
                return unknown(s, &work, note).await;
            }
            let result = WorkResult::Unsettled(Unsettled::Expired);
            return settle(s, &work, result, now).await;
        }
        let class = work.class;
        let gated = self.performer.gated(&effect);
        let lease = Lease {
            store: Arc::clone(&s.store),
            process: work.receiver.clone(),
            key: work.key.clone(),
            token: work.token,
            effect_key: work.effect_key(),
            step: work.step.clone(),
            expires: work.expires,
            now,
            first_started: work.started_at,
            body,
            started: Arc::new(AtomicBool::new(false)),
        };
        let started = Arc::clone(&lease.started);
        if !gated
            && class == EffectClass::AtMostOnce
            && let Err(error) = lease.start(&*s.store).await
        {
            return lost_or(error, &work);
        }
        match self.performer.perform(effect, lease).await {
            Ok(outcome) => {
                let body = codec::encode(&*s.sealer, work.key.as_str(), &outcome)?;
                settle(s, &work, WorkResult::Done(body), now).await
            }
            Err(error) => fail(s, &work, &error, started.load(Ordering::SeqCst), now).await,
        }
    }

    async fn business(
        &self,
        s: &Shared,
        key: &ProcessKey,
        stored: Stored,
    ) -> Result<Value, PortError> {
        let state = state_of::<P>(s, key, stored).await?;
        let value = crate::personal::stored(|| P::business(&state));
        codec::seal(&*s.sealer, &key.to_string(), value)
    }

    fn redecide(
        &self,
        s: &Shared,
        key: &ProcessKey,
        history: &[Envelope],
    ) -> Result<Option<Revision>, PortError> {
        let mut state = P::State::default();
        for envelope in history {
            let input: P::Input =
                codec::decode(&*s.sealer, &key.to_string(), &envelope.input.body)?;
            let context = Context {
                now: envelope.at,
                process: key,
                revision: Revision::new(envelope.revision.number().saturating_sub(1)),
                policy: &self.policy,
                policy_hash: self.policy_hash,
                actor: &envelope.input.actor,
                origin: &envelope.input.key,
                sealer: &*s.sealer,
            };
            let outcome = match P::decide(&state, &input, &context) {
                Ok(decision) => Outcome::Decided(recorded::<P>(s, key, &decision.events)?),
                Err(refusal) => Outcome::Refused {
                    rule: refusal.rule.into_owned(),
                    reason: refusal.reason,
                },
            };
            let same = serde_json::to_value(&outcome).ok().map(codec::hash_form)
                == serde_json::to_value(&envelope.outcome)
                    .ok()
                    .map(codec::hash_form);
            if !same {
                return Ok(Some(envelope.revision));
            }
            for event in events_of::<P>(s, envelope)? {
                state = P::apply(state, &event);
            }
        }
        Ok(None)
    }
}

impl<P: Process> Typed<P> {
    async fn plan(
        &self,
        s: &Shared,
        work: &Work,
        input: &P::Input,
        now: Timestamp,
    ) -> Result<Commit, PortError> {
        let process = &work.receiver;
        let place = process.to_string();
        let stored = s.store.load(process).await?;
        let (revision, chain, state) = match stored {
            Some(stored) => (
                stored.revision,
                Some(stored.chain),
                state_of::<P>(s, process, stored).await?,
            ),
            None => (Revision::default(), None, P::State::default()),
        };
        let context = Context {
            now,
            process,
            revision,
            policy: &self.policy,
            policy_hash: self.policy_hash,
            actor: &work.actor,
            origin: &work.key,
            sealer: &*s.sealer,
        };
        let (outcome, state, rows, cancelled) = match P::decide(&state, input, &context) {
            Ok(decision) => {
                let events = recorded::<P>(s, process, &decision.events)?;
                let state = decision.events.iter().fold(state, P::apply);
                let cancelled = cancelled(process, &decision.cancelled);
                let rows = self.rows(s, process, decision, now)?;
                (Outcome::Decided(events), state, rows, cancelled)
            }
            Err(refusal) => {
                let rows = refusal
                    .answer
                    .into_iter()
                    .map(|m| message(s, process, *m, now))
                    .collect::<Result<_, _>>()?;
                let outcome = Outcome::Refused {
                    rule: refusal.rule.into_owned(),
                    reason: refusal.reason,
                };
                (outcome, state, rows, Vec::new())
            }
        };
        let mut envelope = Envelope {
            process: process.clone(),
            revision: revision.next(),
            at: now,
            policy: self.policy_hash,
            input: InputRecord {
                key: work.key.clone(),
                actor: work.actor.clone(),
                body: codec::encode(&*s.sealer, &place, input)?,
            },
            outcome,
            chain: Digest32::from_bytes([0; 32]),
        };
        envelope.chain = hash::link(chain, &envelope)?;
        Ok(Commit {
            process: process.clone(),
            expected: revision,
            state_version: P::STATE_VERSION,
            index: P::index(&state),
            state: codec::encode(&*s.sealer, &place, &state)?,
            envelope,
            consumed: Consumed {
                key: work.key.clone(),
                token: work.token,
            },
            work: rows,
            cancelled,
        })
    }

    fn rows(
        &self,
        s: &Shared,
        process: &ProcessKey,
        decision: Decision<P>,
        now: Timestamp,
    ) -> Result<Vec<Work>, PortError> {
        let mut rows = Vec::new();
        for planned in decision.effects {
            let key = WorkKey::effect(process, &planned.step, planned.attempt);
            rows.push(Work {
                sender: Some(process.clone()),
                class: self.performer.class(&planned.effect),
                body: codec::encode(&*s.sealer, key.as_str(), &planned.effect)?,
                step: planned.step,
                attempt: planned.attempt,
                lane: planned.lane,
                expires: planned.expires,
                ..blank(
                    key,
                    WorkKind::Effect,
                    process.clone(),
                    &s.tenant,
                    planned.due.unwrap_or(now),
                )
            });
        }
        for (step, due, lane, input) in decision.timers {
            let key = WorkKey::timer(process, &step);
            rows.push(Work {
                sender: Some(process.clone()),
                body: codec::encode(&*s.sealer, key.as_str(), &input)?,
                step,
                lane,
                ..blank(key, WorkKind::Timer, process.clone(), &s.tenant, due)
            });
        }
        for sent in decision.messages {
            rows.push(message(s, process, sent, now)?);
        }
        Ok(rows)
    }
}

fn message(
    s: &Shared,
    sender: &ProcessKey,
    message: Message,
    now: Timestamp,
) -> Result<Work, PortError> {
    let key = WorkKey::message(&message.receiver, sender, &message.step);
    let body = message
        .body
        .map_err(|e| PortError::new("encode message", PortErrorKind::Invalid).with_source(e))?;
    Ok(Work {
        sender: Some(sender.clone()),
        body: codec::seal(&*s.sealer, key.as_str(), body)?,
        step: message.step,
        lane: message.lane,
        contract: Some((message.contract.to_owned(), message.version)),
        ..blank(key, WorkKind::Message, message.receiver, &s.tenant, now)
    })
}

fn cancelled(process: &ProcessKey, steps: &[CancelStep]) -> Vec<WorkKey> {
    steps
        .iter()
        .map(|step| match step {
            CancelStep::Effect(step, attempt) => WorkKey::effect(process, step, *attempt),
            CancelStep::Timer(step) => WorkKey::timer(process, step),
        })
        .collect()
}

fn recorded<P: Process>(
    s: &Shared,
    process: &ProcessKey,
    events: &[P::Event],
) -> Result<Vec<Recorded>, PortError> {
    let place = process.to_string();
    events
        .iter()
        .map(|event| {
            Ok(Recorded {
                version: P::EVENT_VERSION,
                body: codec::encode(&*s.sealer, &place, event)?,
            })
        })
        .collect()
}

fn read_input<P: Process>(s: &Shared, work: &Work) -> Result<P::Input, PortError> {
    let place = work.key.as_str();
    match work.kind {
        WorkKind::Input | WorkKind::Timer => codec::decode(&*s.sealer, place, &work.body),
        WorkKind::Message => {
            let lacking = || PortError::new("read message", PortErrorKind::Corrupt);
            let (contract, version) = work.contract.as_ref().ok_or_else(lacking)?;
            let body = codec::open(&*s.sealer, place, &work.body)?;
            P::receive(&Record {
                sender: work.sender.as_ref().ok_or_else(lacking)?,
                contract,
                version: *version,
                body: &body,
            })
        }
        WorkKind::Effect => match &work.result {
            Some(WorkResult::Done(body)) => codec::decode(&*s.sealer, place, body),
            Some(WorkResult::Unsettled(how)) => {
                let effect: P::Effect = codec::decode(&*s.sealer, place, &work.body)?;
                Ok(P::unsettled(effect, *how))
            }
            None => Err(PortError::new("read outcome", PortErrorKind::Corrupt)),
        },
    }
}

async fn state_of<P: Process>(
    s: &Shared,
    key: &ProcessKey,
    stored: Stored,
) -> Result<P::State, PortError> {
    if stored.state_version == P::STATE_VERSION {
        return codec::decode_owned(&*s.sealer, &key.to_string(), stored.state);
    }
    let mut state = P::State::default();
    for envelope in s.store.history(key).await? {
        for event in events_of::<P>(s, &envelope)? {
            state = P::apply(state, &event);
        }
    }
    Ok(state)
}

fn events_of<P: Process>(s: &Shared, envelope: &Envelope) -> Result<Vec<P::Event>, PortError> {
    let Outcome::Decided(events) = &envelope.outcome else {
        return Ok(Vec::new());
    };
    let place = envelope.process.to_string();
    events
        .iter()
        .map(|recorded| {
            let open = codec::open(&*s.sealer, &place, &recorded.body)?;
            let current = if recorded.version == P::EVENT_VERSION {
                open
            } else {
                P::upcast(recorded.version, open)?
            };
            serde::Deserialize::deserialize(current)
                .map_err(|e| PortError::new("read event", PortErrorKind::Corrupt).with_source(e))
        })
        .collect()
}

async fn settle(
    s: &Shared,
    work: &Work,
    result: WorkResult,
    at: Timestamp,
) -> Result<Handled, PortError> {
    match s
        .store
        .mark(&work.key, work.token, Mark::Settled { result, at })
        .await
    {
        Ok(()) => Ok(Handled::Performed(work.key.clone())),
        Err(error) => lost_or(error, work),
    }
}

/// What an error of a port means for the row.
async fn fail(
    s: &Shared,
    work: &Work,
    error: &PortError,
    started: bool,
    now: Timestamp,
) -> Result<Handled, PortError> {
    if error.kind() == PortErrorKind::LeaseLost {
        return Ok(Handled::Lost(work.key.clone()));
    }
    let nothing_happened = matches!(
        error.kind(),
        PortErrorKind::Unavailable
            | PortErrorKind::RateLimited
            | PortErrorKind::Invalid
            | PortErrorKind::NotFound
            | PortErrorKind::PermissionDenied
            | PortErrorKind::Full
            | PortErrorKind::Conflict
    );
    // What an earlier try may have done, no later one undoes.
    let certain = (!started || nothing_happened) && work.started_at.is_none();
    let retry_timeout = super::bug(super::Bug::RetryTimeout);
    if !certain && work.class == EffectClass::AtMostOnce && !retry_timeout {
        return unknown(s, work, error.to_string()).await;
    }
    let asked = match error.retry() {
        Retry::Transient { after } => Some(after),
        // A timeout or an unexpected end is worth another try under the same key; a refusal of
        // the request itself is not.
        Retry::Never if nothing_happened => None,
        Retry::Never => Some(None),
    };
    let Some(wait) = asked.and_then(|asked| s.retry.wait(work.tries, asked)) else {
        if certain {
            return settle(s, work, WorkResult::Unsettled(Unsettled::Exhausted), now).await;
        }
        return match unknown(s, work, error.to_string()).await {
            // An idempotent effect that was never marked started cannot be told apart from one
            // that did not happen: it is given up.
            Err(_) => settle(s, work, WorkResult::Unsettled(Unsettled::Exhausted), now).await,
            told => told,
        };
    };
    let mark = Mark::Retry {
        due: now.checked_add_signed(wait).unwrap_or(now),
        certain,
        note: error.to_string(),
    };
    match s.store.mark(&work.key, work.token, mark).await {
        Ok(()) => Ok(Handled::Retried(work.key.clone())),
        Err(error) => lost_or(error, work),
    }
}

async fn unknown(s: &Shared, work: &Work, note: String) -> Result<Handled, PortError> {
    match s
        .store
        .mark(&work.key, work.token, Mark::Unknown { note })
        .await
    {
        Ok(()) => Ok(Handled::Unknown(work.key.clone())),
        Err(error) => lost_or(error, work),
    }
}

async fn quarantine(s: &Shared, work: &Work, note: String) -> Result<Handled, PortError> {
    match s
        .store
        .mark(&work.key, work.token, Mark::Quarantined { note })
        .await
    {
        Ok(()) => Ok(Handled::Quarantined(work.key.clone())),
        Err(error) => lost_or(error, work),
    }
}

fn lost_or(error: PortError, work: &Work) -> Result<Handled, PortError> {
    if error.kind() == PortErrorKind::LeaseLost {
        Ok(Handled::Lost(work.key.clone()))
    } else {
        Err(error)
    }
}
