mod lease;
mod personal;
mod rows;
mod typed;

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use serde_json::Value;

use crate::access::{Action, Authorizer, Denied, Staff};
use crate::error::{PortError, PortErrorKind};
use crate::orchestration::Lane;
use crate::process::{
    Actor, Envelope, Offered, Process, ProcessKey, Proof, Revision, Sealer, Store, Tenant,
    Unsettled, Work, WorkKey, WorkKind, WorkResult, WorkState, codec,
};
use crate::time::Timestamp;
pub use lease::{Lease, NoEffects, NoPerformer, Performer, RetryPolicy};
pub use personal::PersonalValue;
use rows::{blank, events_of, quarantine, state_of};
use typed::{Kind, Typed};

/// How often a step that lost a race is decided again before its row is given back.
const CONFLICT_TRIES: usize = 16;

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
    /// differs from the log, or `None`. Where a person was erased, it is decided again up to the
    /// first input that held something of them.
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
