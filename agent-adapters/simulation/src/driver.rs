use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{Claim, Claims, Handled, Host, WorkKind, WorkState, event_log_hash};
use dealwright_core::time::{Clock, Timestamp};
use dealwright_runtime::unknown_works;

use crate::providers::reconcile;
use crate::{Chaos, Fault, Providers, VirtualClock};

/// What a turn of the driver came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// A row was handled.
    Handled(Handled),
    /// A row failed at a port and is left to its lease; the next turn takes it up again.
    Failed {
        /// What went wrong.
        error: String,
    },
    /// Nothing is due; this is when something will be.
    Idle {
        /// The next due time, where there is one.
        next_due: Option<Timestamp>,
    },
}

/// What looks on while a host is driven: simulated people, oracles, progress bars.
#[async_trait]
pub trait Hook: Send {
    /// Looks at what was recorded since the last look, and offers what follows from it. Called
    /// when a run begins, after each handled row and before time moves.
    async fn look(&mut self, host: &Host) -> Result<(), PortError>;
}

/// Looks at nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHook;

#[async_trait]
impl Hook for NoHook {
    async fn look(&mut self, _: &Host) -> Result<(), PortError> {
        Ok(())
    }
}

/// What a driver does about effects whose outcome is not known, before time moves past them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnUnknown {
    /// Leaves them to whoever looks later; time moves on.
    #[default]
    GoOn,
    /// Ends the run.
    Stop,
    /// Asks the providers' books and goes on with what they say.
    Reconcile,
}

/// Both look on, the first one first.
#[async_trait]
impl<A: Hook, B: Hook> Hook for (A, B) {
    async fn look(&mut self, host: &Host) -> Result<(), PortError> {
        self.0.look(host).await?;
        self.1.look(host).await
    }
}

/// Drives a host one row at a time, ordered by lane, due and key, on a virtual clock.
///
/// It is known to be alone with its store, so it voids every lease that is not its own.
#[derive(Debug)]
pub struct SequentialDriver {
    host: Host,
    clock: VirtualClock,
    lives: u64,
    turns: u64,
    alone: bool,
    chaos: Option<Chaos>,
    held_up: VecDeque<HeldUp>,
    unknown: Option<(OnUnknown, Arc<dyn Providers>)>,
}

/// A worker that stands still in the middle of an effect. Others take its row for abandoned, and
/// it does not know that when it goes on.
struct HeldUp {
    until: u64,
    handling: Pin<Box<dyn Future<Output = Result<Handled, PortError>> + Send>>,
}

impl Debug for HeldUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldUp")
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// Turns that others have before a worker that was held up goes on.
const TURNS_HELD_UP: u64 = 2;

impl SequentialDriver {
    /// A driver of `host` on `clock`.
    #[must_use]
    pub fn new(host: Host, clock: VirtualClock) -> Self {
        Self {
            host,
            clock,
            lives: 0,
            turns: 0,
            alone: false,
            chaos: None,
            held_up: VecDeque::new(),
            unknown: None,
        }
    }

    /// Does `what` about effects whose outcome is not known; `providers` are whom they went to.
    #[must_use]
    pub fn on_unknown(mut self, what: OnUnknown, providers: Arc<dyn Providers>) -> Self {
        self.unknown = (what != OnUnknown::GoOn).then_some((what, providers));
        self
    }

    /// Takes the next row out of order or dies between rows where `chaos` says so.
    #[must_use]
    pub fn with_chaos(mut self, chaos: Chaos) -> Self {
        self.chaos = Some(chaos);
        self
    }

    /// Sets the clock to where the store's log ends, so that a resumed run goes on from there.
    ///
    /// # Errors
    ///
    /// Those of the store; `Corrupt` where the log does not fit its chain.
    pub async fn resume(&mut self) -> Result<(), PortError> {
        let mut after = None;
        loop {
            let (page, next) = self.host.store().feed(after, 1_000).await?;
            if page.is_empty() {
                return Ok(());
            }
            for envelope in page {
                self.clock.move_to(envelope.at);
            }
            after = next;
        }
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// How many rows were taken up.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.turns
    }

    /// Handles the first row that is due, if one is.
    ///
    /// # Errors
    ///
    /// Those of the claim; a row's own failure is a [`Step::Failed`].
    pub async fn step(&mut self) -> Result<Step, PortError> {
        if let Some(chaos) = &self.chaos
            && chaos.roll_crash()
        {
            // Whatever it held is free again under the next name.
            self.lives += 1;
        }
        if let Some(late) = self.held_up.pop_front_if(|late| late.until <= self.turns) {
            return self.done(late.handling.await);
        }
        if !self.alone {
            // An earlier driver of this store may have died under the very names used here.
            if let Err(error) = self.claim("nobody", 0).await {
                return self.failed(error);
            }
            self.alone = true;
        }
        let now = self.clock.now();
        let out_of_order = self.chaos.as_ref().is_some_and(Chaos::roll_reorder);
        let claims = self
            .claim(
                &format!("driver-{}", self.lives),
                if out_of_order { 2 } else { 1 },
            )
            .await;
        let claims = match claims {
            Ok(claims) => claims,
            Err(error) => return self.failed(error),
        };
        let Some(work) = claims.works.into_iter().next_back() else {
            // Nobody sleeps through the night in the middle of something.
            if let Some(late) = self.held_up.pop_front() {
                return self.done(late.handling.await);
            }
            return Ok(Step::Idle {
                next_due: claims.next_due,
            });
        };
        if out_of_order {
            // The row that was passed over is leased under this name: give it back by dying.
            self.lives += 1;
        }
        self.turns += 1;
        let effect = work.kind == WorkKind::Effect && work.state == WorkState::Ready;
        let Some(chaos) = self.chaos.clone().filter(|_| effect) else {
            let done = self.host.handle(work, now).await;
            return self.done(done);
        };
        let host = self.host.clone();
        let mut handling = Box::pin(async move { host.handle(work, now).await });
        chaos.arm(!self.held_up.is_empty());
        let polled = futures::poll!(&mut handling);
        chaos.disarm();
        match polled {
            Poll::Ready(done) => self.done(done),
            Poll::Pending => {
                self.held_up.push_back(HeldUp {
                    until: self.turns + TURNS_HELD_UP,
                    handling,
                });
                self.lives += 1;
                Ok(Step::Failed {
                    error: "held up".to_owned(),
                })
            }
        }
    }

    /// Up to `n` rows for `worker`; whoever else holds one loses it.
    async fn claim(&self, worker: &str, n: usize) -> Result<Claims, PortError> {
        let claim = Claim {
            now: self.clock.now(),
            worker: worker.to_owned(),
            // What belongs to modules that do not run here waits for them.
            kinds: self.host.kinds().map(str::to_owned).collect(),
            shares: Vec::new(),
            lease: Duration::minutes(5),
            n,
            exclusive: true,
        };
        self.host.store().claim(claim).await
    }

    fn done(&mut self, done: Result<Handled, PortError>) -> Result<Step, PortError> {
        match done {
            Ok(handled) => Ok(Step::Handled(handled)),
            Err(error) => self.failed(error),
        }
    }

    fn failed(&mut self, error: PortError) -> Result<Step, PortError> {
        self.lives += 1;
        match error.kind() {
            // These do not pass by themselves; going on would spin.
            PortErrorKind::Corrupt | PortErrorKind::Full | PortErrorKind::PermissionDenied => {
                Err(error)
            }
            _ if self.chaos.is_some() => Ok(Step::Failed {
                error: error.chain(),
            }),
            _ => Err(error),
        }
    }

    /// Runs until nothing is due before `end`, then sets the clock to `end`. Answers whether it
    /// came so far, which it always does unless it is to stop at what is not known.
    ///
    /// # Errors
    ///
    /// Those of the store, and of the hook.
    pub async fn run_until(
        &mut self,
        end: Timestamp,
        hook: &mut dyn Hook,
    ) -> Result<bool, PortError> {
        // A run that was killed may have recorded something that nobody looked at.
        hook.look(&self.host).await?;
        loop {
            let next_due = match self.step().await? {
                Step::Handled(_) => {
                    hook.look(&self.host).await?;
                    continue;
                }
                Step::Failed { .. } => continue,
                Step::Idle { next_due } => next_due,
            };
            let now = self.clock.now();
            match &self.unknown {
                Some((OnUnknown::Stop, _)) if !unknown_works(&self.host).await?.is_empty() => {
                    return Ok(false);
                }
                Some((OnUnknown::Reconcile, providers))
                    if reconcile(&self.host, &**providers, now).await? > 0 =>
                {
                    continue;
                }
                _ => {}
            }
            let next = next_due.filter(|next| *next < end).unwrap_or(end);
            if next > now {
                hook.look(&self.host).await?;
            }
            self.clock.move_to(next);
            if next == end {
                return Ok(true);
            }
        }
    }

    /// The hash of the whole log, in hexadecimal digits.
    ///
    /// # Errors
    ///
    /// Those of the store; `Corrupt` where the log does not fit its chain.
    pub async fn log_hash(&self) -> Result<String, PortError> {
        Ok(event_log_hash(&**self.host.store())
            .await?
            .finish()
            .to_hex())
    }
}

impl Chaos {
    fn roll_crash(&self) -> bool {
        self.roll_one("driver", Fault::Crash)
    }

    fn roll_reorder(&self) -> bool {
        self.roll_one("driver", Fault::Reorder)
    }
}
