use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::envelope::Actor;
use super::{Bug, EffectKey, ProcessKey, Revision, Unsettled, WorkKey, bug};
use crate::error::PortErrorKind;
use crate::orchestration::Lane;
use crate::time::Timestamp;

/// What a row of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkKind {
    /// Offered from outside.
    Input,
    /// Set by the process for itself.
    Timer,
    /// A hand-off, a question or an answer of another process.
    Message,
    /// Something asked of a port; its outcome comes back through the same row.
    Effect,
}

/// What a port promises about a repeat under the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every store and runtime must decide both cases"
)]
pub enum EffectClass {
    /// A repeat under the same key has no further effect.
    Idempotent,
    /// A repeat may happen twice, so there is none: no answer means `Unknown`.
    AtMostOnce,
}

/// Where a row of work is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkState {
    /// Waits to be claimed, or is leased and not begun.
    Ready,
    /// An effect that may have happened by now.
    Started,
    /// An effect whose result is stored and waits to be applied.
    Settled,
    /// Consumed by a commit.
    Applied,
    /// A timer that is no longer wanted.
    Cancelled,
    /// Put aside for a person: it cannot be read, or its key was taken.
    Quarantined,
    /// An effect that started and whose result nobody knows.
    Unknown,
}

impl WorkState {
    /// The word in lower case, as it is kept.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Started => "started",
            Self::Settled => "settled",
            Self::Applied => "applied",
            Self::Cancelled => "cancelled",
            Self::Quarantined => "quarantined",
            Self::Unknown => "unknown",
        }
    }
}

/// What came of an effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "there is no third case")]
pub enum WorkResult {
    /// It was performed; this is the input that tells the process, personal fields sealed.
    Done(Value),
    /// It was not performed, for this reason.
    Unsettled(Unsettled),
}

/// A row of the durable inbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Its key.
    pub key: WorkKey,
    /// What it is.
    pub kind: WorkKind,
    /// The process it is for.
    pub receiver: ProcessKey,
    /// The process it is from; `None` for inputs from outside.
    pub sender: Option<ProcessKey>,
    /// The step that the sender named.
    pub step: String,
    /// On whose behalf.
    pub actor: Actor,
    /// How urgent it is.
    pub lane: Lane,
    /// What it shares its lane with: one key's flood does not starve another's.
    pub fairness: String,
    /// Not before this.
    pub due: Timestamp,
    /// An effect that is not begun by then is not begun at all.
    pub expires: Option<Timestamp>,
    /// What the port promises; only effects look at it.
    pub class: EffectClass,
    /// 0, and one more for each repeat that a person or a proof ordered; part of the effect key.
    pub attempt: u32,
    /// How often it was tried under this key.
    pub tries: u32,
    /// Where it is in its life.
    pub state: WorkState,
    /// An effect that must not begin again by itself, because the process took its wish back.
    pub held: bool,
    /// Who holds it and until when.
    pub lease: Option<(String, Timestamp)>,
    /// The fence: grows with each claim.
    pub token: u64,
    /// When the earliest try that may have happened was marked started.
    pub started_at: Option<Timestamp>,
    /// The contract and its version, for messages.
    pub contract: Option<(String, u32)>,
    /// The input, message or effect, personal fields sealed.
    pub body: Value,
    /// What came of it, for effects that settled.
    pub result: Option<WorkResult>,
    /// The last thing that went wrong, for people; never personal.
    pub note: Option<String>,
}

impl Work {
    /// What the provider is given; the same for every retry.
    #[must_use]
    pub fn effect_key(&self) -> EffectKey {
        let per_try = bug(Bug::InvoiceKeyPerAttempt) && self.receiver.kind() == "payer";
        let tries = if per_try { self.tries } else { 0 };
        EffectKey::derive(&self.receiver, &self.step, self.attempt + tries)
    }

    /// Where it stands in the order of claims: lane, due, key.
    #[must_use]
    pub fn order(&self) -> (Lane, Timestamp, &WorkKey) {
        (self.lane, self.due, &self.key)
    }

    /// Whether a claim at `now` may take it, lapsed leases aside.
    #[must_use]
    pub fn is_claimable(&self, now: Timestamp) -> bool {
        matches!(self.state, WorkState::Ready | WorkState::Settled)
            && self.lease.is_none()
            && self.due <= now
    }

    /// The same for a person to see, where its key is taken: it will never be claimed.
    #[must_use]
    pub fn put_aside(mut self, revision: Revision) -> Self {
        self.key = self.key.collided(revision);
        self.state = WorkState::Quarantined;
        self.note = Some("its key was taken".to_owned());
        self
    }

    /// What a lapsed lease makes of it: started work is `Unknown` where a repeat could happen
    /// twice or is no longer wanted; all else is free again.
    pub fn lapse(&mut self) {
        self.lease = None;
        if self.state == WorkState::Started {
            self.state = if self.class == EffectClass::AtMostOnce || self.held {
                WorkState::Unknown
            } else {
                WorkState::Ready
            };
        }
    }

    /// What a process's wish not to do it makes of it. Returns whether anything changed.
    ///
    /// An effect that has not started settles as cancelled, so that its process hears of it; one
    /// that has started is held: it will not begin again. One that waits for another try after
    /// one that may have happened is `Unknown`.
    pub fn cancel(&mut self) -> bool {
        match (self.kind, self.state) {
            // An earlier try may have happened: to say that none did would be a guess.
            (WorkKind::Effect, WorkState::Ready) if self.started_at.is_some() => {
                self.state = WorkState::Unknown;
                self.lease = None;
                self.token = self.token.saturating_add(1);
                true
            }
            (WorkKind::Effect, WorkState::Ready) => {
                self.state = WorkState::Settled;
                self.result = Some(WorkResult::Unsettled(Unsettled::Cancelled));
                self.lease = None;
                self.token = self.token.saturating_add(1);
                true
            }
            (WorkKind::Effect, WorkState::Started) => {
                self.held = true;
                true
            }
            (WorkKind::Timer, WorkState::Ready) => {
                self.state = WorkState::Cancelled;
                self.lease = None;
                self.token = self.token.saturating_add(1);
                true
            }
            _ => false,
        }
    }
}

impl Work {
    /// Applies what a worker reports, under the row's fence: the one state machine of work, which
    /// stores share.
    ///
    /// # Errors
    ///
    /// `LeaseLost` where `token` is not the row's current one or nobody holds the row, `Invalid`
    /// where the report does not fit the row's state. The row is then unchanged.
    pub fn apply_mark(&mut self, token: u64, mark: Mark) -> Result<(), PortErrorKind> {
        let fenced = bug(Bug::LeaseWithoutFence) || self.token == token;
        if !fenced || (self.lease.is_none() && !bug(Bug::LeaseWithoutFence)) {
            return Err(PortErrorKind::LeaseLost);
        }
        match (mark, self.state) {
            (Mark::Started { at }, WorkState::Ready) => {
                self.state = WorkState::Started;
                self.started_at.get_or_insert(at);
            }
            (Mark::Renew { until }, WorkState::Ready | WorkState::Started) => {
                if let Some((_, end)) = &mut self.lease {
                    *end = until;
                }
            }
            (Mark::Settled { result, .. }, WorkState::Ready | WorkState::Started) => {
                self.settle(result);
            }
            (Mark::Retry { due, certain, note }, WorkState::Ready | WorkState::Started) => {
                self.note = Some(note);
                self.lease = None;
                self.tries = self.tries.saturating_add(1);
                if certain {
                    self.started_at = None;
                }
                match (self.held, certain) {
                    (false, _) => {
                        self.state = WorkState::Ready;
                        self.due = due;
                    }
                    (true, true) => self.settle(WorkResult::Unsettled(Unsettled::Cancelled)),
                    (true, false) => self.state = WorkState::Unknown,
                }
            }
            (Mark::Unknown { note }, state)
                if state == WorkState::Started
                    || (state == WorkState::Ready && self.started_at.is_some()) =>
            {
                self.state = WorkState::Unknown;
                self.note = Some(note);
                self.lease = None;
            }
            (Mark::Quarantined { note }, WorkState::Ready | WorkState::Settled) => {
                self.state = WorkState::Quarantined;
                self.note = Some(note);
                self.lease = None;
            }
            _ => return Err(PortErrorKind::Invalid),
        }
        Ok(())
    }

    /// Applies a proof to an `Unknown`.
    ///
    /// # Errors
    ///
    /// `Conflict` where the row is not `Unknown`.
    pub fn apply_proof(&mut self, proof: Proof) -> Result<(), PortErrorKind> {
        if self.state != WorkState::Unknown {
            return Err(PortErrorKind::Conflict);
        }
        self.settle(proof.result);
        self.note = Some(proof.note);
        Ok(())
    }

    /// Checks that a commit under `token` may consume the row.
    ///
    /// # Errors
    ///
    /// `LeaseLost` where it may not.
    pub fn check_consumable(&self, token: u64) -> Result<(), PortErrorKind> {
        let open = matches!(self.state, WorkState::Ready | WorkState::Settled)
            || (bug(Bug::InputConsumedTwice) && self.state == WorkState::Applied);
        let fenced = bug(Bug::LeaseWithoutFence) || (self.token == token && self.lease.is_some());
        if open && (fenced || bug(Bug::InputConsumedTwice)) {
            Ok(())
        } else {
            Err(PortErrorKind::LeaseLost)
        }
    }

    /// Makes the row consumed. Its key stays taken.
    pub fn consume(&mut self) {
        if bug(Bug::InputConsumedTwice) && self.kind == WorkKind::Input && self.tries == 0 {
            self.tries = 1;
            self.lease = None;
            return;
        }
        self.state = WorkState::Applied;
        self.lease = None;
        // What it said stands in the log; the row remains to keep its key taken.
        self.body = Value::Null;
        self.result = None;
    }

    fn settle(&mut self, result: WorkResult) {
        self.state = WorkState::Settled;
        self.result = Some(result);
        self.lease = None;
    }
}

/// An input from outside, not yet in the store. Outside code can make nothing else.
#[derive(Clone, Debug)]
pub struct Offered {
    pub(crate) work: Work,
}

impl Offered {
    /// The row to insert, for stores.
    #[must_use]
    pub fn work(&self) -> &Work {
        &self.work
    }
}

/// Which work a worker wants.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The time.
    pub now: Timestamp,
    /// Who asks.
    pub worker: String,
    /// The receivers' kinds it can handle; empty means all.
    pub kinds: Vec<String>,
    /// How many it wants of each lane; empty means `n` of any, the more urgent first.
    pub shares: Vec<(Lane, usize)>,
    /// How long it may hold them.
    pub lease: Duration,
    /// How many at most.
    pub n: usize,
    /// Whether this worker is known to be alone, so that every lease but its own is void.
    pub exclusive: bool,
}

impl Claim {
    /// How many it wants of a lane.
    #[must_use]
    pub fn share(&self, lane: Lane) -> usize {
        if self.shares.is_empty() {
            return self.n;
        }
        let of_lane = self.shares.iter().filter(|(l, _)| *l == lane);
        of_lane.map(|(_, n)| *n).sum()
    }

    /// Until when it may hold what it gets.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.now.checked_add_signed(self.lease).unwrap_or(self.now)
    }

    /// Whether it frees a row that `worker` holds until then.
    #[must_use]
    pub fn voids(&self, worker: &str, until: Timestamp) -> bool {
        until <= self.now || (self.exclusive && worker != self.worker)
    }
}

/// What a claim got.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// The work, in order of lane, due and key.
    pub works: Vec<Work>,
    /// When the next row falls due, where one waits.
    pub next_due: Option<Timestamp>,
}

/// What a worker reports on leased work.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Mark {
    /// The effect begins now; from here on it may have happened.
    Started {
        /// The time.
        at: Timestamp,
    },
    /// The worker needs longer.
    Renew {
        /// Until when.
        until: Timestamp,
    },
    /// The effect's result.
    Settled {
        /// What came of it.
        result: WorkResult,
        /// The time.
        at: Timestamp,
    },
    /// Try again under the same key.
    Retry {
        /// Not before this.
        due: Timestamp,
        /// Whether it is certain that nothing happened.
        certain: bool,
        /// What went wrong, for people; never personal.
        note: String,
    },
    /// It started and there is no telling what came of it.
    Unknown {
        /// What went wrong, for people; never personal.
        note: String,
    },
    /// It cannot be read or handled; a person must look.
    Quarantined {
        /// What is wrong with it, for people; never personal.
        note: String,
    },
}

/// Which rows of work to list, in order of key.
#[derive(Clone, Debug, Default)]
pub struct WorkQuery {
    /// Only in this state.
    pub state: Option<WorkState>,
    /// Only for this process.
    pub receiver: Option<ProcessKey>,
    /// Only after this key.
    pub after: Option<WorkKey>,
    /// How many at most.
    pub n: usize,
}

/// What settles an `Unknown`: a provider's record or a person's word.
#[derive(Clone, Debug)]
pub struct Proof {
    pub(crate) result: WorkResult,
    pub(crate) at: Timestamp,
    pub(crate) note: String,
}

impl Proof {
    /// What came of the effect after all.
    #[must_use]
    pub fn result(&self) -> &WorkResult {
        &self.result
    }

    /// When it was proven.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// On whose word, for people.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }
}
