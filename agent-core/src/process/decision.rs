use std::borrow::Cow;
use std::fmt::Debug;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

#[cfg(any(test, feature = "testing"))]
use super::PlainSealer;
use super::{Actor, EffectKey, IndexEntry, ProcessKey, Revision, Sealer, WorkKey};
use crate::access::Action;
use crate::canonical::Digest32;
use crate::error::PortError;
use crate::handoff::Contract;
use crate::id::{Id, IdKind};
use crate::orchestration::Lane;
use crate::party::EmailAddress;
use crate::time::Timestamp;

/// What can be kept: state, inputs, events and effects.
pub trait Wire: Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Wire for T {}

/// A long-lived case with a state.
///
/// Everything here is pure: no clock, no randomness, no environment, no I/O. The same state,
/// input and context give the same decision; replaying the events gives the state.
pub trait Process: Sized + Send + Sync + 'static {
    /// The kind, as it stands in keys: short, lower case.
    const KIND: &'static str;
    /// The schema version of [`State`](Self::State). A stored state of another version is rebuilt
    /// from the events.
    const STATE_VERSION: u32;
    /// The schema version of [`Event`](Self::Event); see [`upcast`](Self::upcast).
    const EVENT_VERSION: u32;

    /// What it knows.
    type State: Wire + Default + Clone;
    /// What can happen to it.
    type Input: Wire;
    /// What it records.
    type Event: Wire;
    /// What it can ask of ports.
    type Effect: Wire;
    /// What people set: limits, rules, texts.
    type Policy: Serialize + Send + Sync + 'static;

    /// What somebody does who offers `input` from outside. Asked before the input is taken; an
    /// input that nobody but the process's own work may bring is an [`Action::Progress`].
    fn action(input: &Self::Input) -> Action;

    /// What follows from `input`. A refusal consumes the input as well.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] names the rule; nothing but the refusal is recorded.
    fn decide(
        state: &Self::State,
        input: &Self::Input,
        context: &Context<'_, Self::Policy>,
    ) -> Result<Decision<Self>, Refusal>;

    /// The state after `event`.
    fn apply(state: Self::State, event: &Self::Event) -> Self::State;

    /// The keys under which the process is found.
    fn index(state: &Self::State) -> Vec<IndexEntry>;

    /// The input that tells the process that an effect was not performed.
    fn unsettled(effect: Self::Effect, how: Unsettled) -> Self::Input;

    /// Reads a message of another process.
    ///
    /// # Errors
    ///
    /// `Invalid` for a contract it does not know, `Corrupt` for a body it cannot read; the row is
    /// quarantined.
    fn receive(record: &Record<'_>) -> Result<Self::Input, PortError>;

    /// What the business knows: the state without records of attempts. Two runs that did the same
    /// business agree on it, whatever failed on the way.
    fn business(state: &Self::State) -> Value;

    /// Lifts an event of an older schema `version` to the current one.
    ///
    /// # Errors
    ///
    /// `Corrupt` for a version that never was.
    fn upcast(version: u32, body: Value) -> Result<Value, PortError>;
}

/// What a decision may look at besides state and input.
#[derive(Clone, Debug)]
pub struct Context<'a, P> {
    pub(crate) now: Timestamp,
    pub(crate) process: &'a ProcessKey,
    pub(crate) revision: Revision,
    pub(crate) policy: &'a P,
    pub(crate) policy_hash: Digest32,
    pub(crate) actor: &'a Actor,
    pub(crate) origin: &'a WorkKey,
    pub(crate) sealer: &'a dyn Sealer,
}

impl<'a, P> Context<'a, P> {
    /// The time of the decision.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The process that decides.
    #[must_use]
    pub fn process(&self) -> &'a ProcessKey {
        self.process
    }

    /// The revision that is decided on.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// What people set.
    #[must_use]
    pub fn policy(&self) -> &'a P {
        self.policy
    }

    /// The hash of what people set.
    #[must_use]
    pub fn policy_hash(&self) -> Digest32 {
        self.policy_hash
    }

    /// On whose behalf the input came.
    #[must_use]
    pub fn actor(&self) -> &'a Actor {
        self.actor
    }

    /// The row the input came in.
    #[must_use]
    pub fn origin(&self) -> &'a WorkKey {
        self.origin
    }

    /// An id that follows from process, revision and `label`: the same in every replay.
    #[must_use]
    pub fn id<K: IdKind>(&self, label: &str) -> Id<K> {
        Id::derive(&[
            self.process.to_string().as_bytes(),
            &self.revision.number().to_be_bytes(),
            label.as_bytes(),
        ])
    }

    /// A keyed hash of personal data, for ids and indexes that must not show it.
    #[must_use]
    pub fn keyed(&self, what: &str, data: &str) -> String {
        keyed(self.sealer, what, data)
    }

    /// The recipient behind an address.
    #[must_use]
    pub fn recipient(&self, address: &EmailAddress) -> ProcessKey {
        ProcessKey::new(
            self.process.tenant(),
            "recipient",
            keyed(self.sealer, "recipient", &address.identity_key()),
        )
    }

    /// Another process of the same tenant.
    #[must_use]
    pub fn peer(&self, kind: &str, id: impl Into<String>) -> ProcessKey {
        ProcessKey::new(self.process.tenant(), kind, id)
    }

    /// A step name that no other revision uses: `name@revision`.
    #[must_use]
    pub fn step(&self, name: &str) -> String {
        format!("{name}@{}", self.revision.next())
    }

    /// A context for tests of `decide` alone.
    #[cfg(any(test, feature = "testing"))]
    #[must_use]
    pub fn testing(
        now: Timestamp,
        process: &'a ProcessKey,
        revision: Revision,
        policy: &'a P,
        actor: &'a Actor,
        origin: &'a WorkKey,
    ) -> Self {
        Self {
            now,
            process,
            revision,
            policy,
            policy_hash: Digest32::from_bytes([0; 32]),
            actor,
            origin,
            sealer: &PlainSealer::ZERO,
        }
    }
}

/// A keyed hash of personal data: 32 hexadecimal digits.
pub(crate) fn keyed(sealer: &dyn Sealer, what: &str, data: &str) -> String {
    let mut bytes = what.as_bytes().to_vec();
    bytes.push(0);
    bytes.extend_from_slice(data.as_bytes());
    let mut id = hex::encode(sealer.commit(&bytes));
    id.truncate(32);
    id
}

/// Why an input was refused. Refusing is an answer, not an error: it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(crate) rule: Cow<'static, str>,
    pub(crate) reason: String,
    // Boxed: refusals travel in results, and few carry an answer.
    pub(crate) answer: Option<Box<Message>>,
}

impl Refusal {
    /// Refuses by `rule`, a stable id, with a reason for people. The reason holds no personal
    /// data.
    #[must_use]
    pub fn new(rule: impl Into<Cow<'static, str>>, reason: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            reason: reason.into(),
            answer: None,
        }
    }

    /// Tells another process of it in the same commit.
    #[must_use]
    pub fn answering<C: Contract>(mut self, receiver: ProcessKey, step: &str, body: &C) -> Self {
        self.answer = Some(Box::new(Message::new(
            receiver,
            step.to_owned(),
            Lane::Normal,
            body,
        )));
        self
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Why an effect was not performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every process must decide every case"
)]
pub enum Unsettled {
    /// The process took its wish back before it started.
    Cancelled,
    /// It was not begun in time.
    Expired,
    /// It failed for good, or too often.
    Exhausted,
    /// It was proven or said not to have happened.
    NotPerformed,
}

/// A message of another process, as the receiver reads it.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Who sent it.
    pub sender: &'a ProcessKey,
    /// The contract's name.
    pub contract: &'a str,
    /// The contract's version.
    pub version: u32,
    /// The body, personal fields open.
    pub body: &'a Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) receiver: ProcessKey,
    pub(crate) step: String,
    pub(crate) lane: Lane,
    pub(crate) contract: &'static str,
    pub(crate) version: u32,
    pub(crate) body: Result<Value, String>,
}

impl Message {
    fn new<C: Contract>(receiver: ProcessKey, step: String, lane: Lane, body: &C) -> Self {
        Self {
            receiver,
            step,
            lane,
            contract: C::NAME,
            version: C::VERSION,
            body: crate::personal::stored(|| serde_json::to_value(body)).map_err(|e| e.to_string()),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Planned<E> {
    pub(crate) step: String,
    pub(crate) attempt: u32,
    pub(crate) lane: Lane,
    pub(crate) due: Option<Timestamp>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) effect: E,
}

/// What a process wants done about an input: recorded and carried out in one commit.
pub struct Decision<P: Process> {
    pub(crate) events: Vec<P::Event>,
    pub(crate) effects: Vec<Planned<P::Effect>>,
    pub(crate) timers: Vec<(String, Timestamp, Lane, P::Input)>,
    pub(crate) messages: Vec<Message>,
    pub(crate) cancelled: Vec<CancelStep>,
}

#[derive(Clone, Debug)]
pub(crate) enum CancelStep {
    Effect(String, u32),
    Timer(String),
}

impl<P: Process> Debug for Decision<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decision")
            .field("events", &self.events.len())
            .field("effects", &self.effects.len())
            .field("timers", &self.timers.len())
            .field("messages", &self.messages.len())
            .field("cancelled", &self.cancelled)
            .finish()
    }
}

impl<P: Process> Default for Decision<P> {
    fn default() -> Self {
        Self {
            events: Vec::new(),
            effects: Vec::new(),
            timers: Vec::new(),
            messages: Vec::new(),
            cancelled: Vec::new(),
        }
    }
}

impl<P: Process> Decision<P> {
    /// Nothing follows.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Records `event`.
    #[must_use]
    pub fn event(mut self, event: P::Event) -> Self {
        self.events.push(event);
        self
    }

    /// Asks a port for `effect`. `step` names the wish: a second wish under the same name and
    /// attempt is quarantined, so name it after what it is (`touch-1`, `invoice-deposit`).
    #[must_use]
    pub fn effect(self, step: impl Into<String>, effect: P::Effect) -> Self {
        self.effect_with(step, 0, Lane::Normal, None, None, effect)
    }

    /// The same, with attempt, lane, earliest time and expiry.
    ///
    /// `attempt` grows only when a person or a proof ordered a repeat.
    #[must_use]
    pub fn effect_with(
        mut self,
        step: impl Into<String>,
        attempt: u32,
        lane: Lane,
        due: Option<Timestamp>,
        expires: Option<Timestamp>,
        effect: P::Effect,
    ) -> Self {
        self.effects.push(Planned {
            step: step.into(),
            attempt,
            lane,
            due,
            expires,
            effect,
        });
        self
    }

    /// Comes back with `input` at `due`.
    #[must_use]
    pub fn timer(self, step: impl Into<String>, due: Timestamp, input: P::Input) -> Self {
        self.timer_in(Lane::Normal, step, due, input)
    }

    /// The same in another lane.
    #[must_use]
    pub fn timer_in(
        mut self,
        lane: Lane,
        step: impl Into<String>,
        due: Timestamp,
        input: P::Input,
    ) -> Self {
        self.timers.push((step.into(), due, lane, input));
        self
    }

    /// Tells another process. With `step` named after the occurrence there is exactly one,
    /// however often it is delivered.
    #[must_use]
    pub fn tell<C: Contract>(
        self,
        receiver: ProcessKey,
        step: impl Into<String>,
        contract: &C,
    ) -> Self {
        self.tell_in(Lane::Normal, receiver, step, contract)
    }

    /// The same in another lane.
    #[must_use]
    pub fn tell_in<C: Contract>(
        mut self,
        lane: Lane,
        receiver: ProcessKey,
        step: impl Into<String>,
        contract: &C,
    ) -> Self {
        self.messages
            .push(Message::new(receiver, step.into(), lane, contract));
        self
    }

    /// Takes back an effect that has not started. Its process hears `Unsettled::Cancelled`, or,
    /// where it had started, what came of it.
    #[must_use]
    pub fn cancel_effect(mut self, step: impl Into<String>, attempt: u32) -> Self {
        self.cancelled
            .push(CancelStep::Effect(step.into(), attempt));
        self
    }

    /// Takes back a timer.
    #[must_use]
    pub fn cancel_timer(mut self, step: impl Into<String>) -> Self {
        self.cancelled.push(CancelStep::Timer(step.into()));
        self
    }

    /// Adds all of `other`.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.events.extend(other.events);
        self.effects.extend(other.effects);
        self.timers.extend(other.timers);
        self.messages.extend(other.messages);
        self.cancelled.extend(other.cancelled);
        self
    }

    /// What it records, in order.
    #[must_use]
    pub fn events(&self) -> &[P::Event] {
        &self.events
    }

    /// The steps of the effects it asks for, in order.
    #[must_use]
    pub fn effect_steps(&self) -> Vec<&str> {
        self.effects.iter().map(|p| p.step.as_str()).collect()
    }

    /// The effects it asks for, in order. They can be looked at, not performed.
    pub fn effects(&self) -> impl Iterator<Item = &P::Effect> {
        self.effects.iter().map(|p| &p.effect)
    }

    /// The key a provider will be given for an effect of this decision.
    #[must_use]
    pub fn key_of(process: &ProcessKey, step: &str, attempt: u32) -> EffectKey {
        EffectKey::derive(process, step, attempt)
    }
}
