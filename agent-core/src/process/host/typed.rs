use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use serde_json::Value;

use super::lease::{Lease, Performer};
use super::rows::{
    blank, cancelled, events_of, fail, lost_or, message, quarantine, read_input, recorded, settle,
    state_of, unknown,
};
use super::{CONFLICT_TRIES, Handled, Shared};
use crate::canonical::Digest32;
use crate::error::{PortError, PortErrorKind};
use crate::process::{
    Commit, Consumed, Context, Decision, EffectClass, Envelope, InputRecord, Outcome, Process,
    ProcessKey, Revision, Stored, Unsettled, Work, WorkKey, WorkKind, WorkResult, codec, hash,
};
use crate::time::Timestamp;

/// A kind of process, its types hidden.
#[async_trait]
pub(super) trait Kind: Send + Sync {
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

pub(super) struct Typed<P: Process> {
    pub(super) policy: P::Policy,
    pub(super) policy_hash: Digest32,
    pub(super) performer: Box<dyn Performer<P>>,
    pub(super) kind: PhantomData<fn() -> P>,
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
        if codec::holds_erased(&body) {
            // A placeholder is nobody to write to, and nothing to put on paper.
            if work.started_at.is_some() {
                let note = "its person was erased after a try that may have happened".to_owned();
                return unknown(s, &work, note).await;
            }
            let result = WorkResult::Unsettled(Unsettled::Exhausted);
            return settle(s, &work, result, now).await;
        }
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
            let body = codec::open(&*s.sealer, &key.to_string(), &envelope.input.body)?;
            if codec::holds_erased(&body) {
                // What was decided on is gone; whether it was decided well can be asked no more.
                return Ok(None);
            }
            let input: P::Input = serde::Deserialize::deserialize(body)
                .map_err(|e| PortError::new("decode", PortErrorKind::Corrupt).with_source(e))?;
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
