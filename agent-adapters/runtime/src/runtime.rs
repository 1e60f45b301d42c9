use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration as StdDuration;

use chrono::Duration;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{Claim, Handled, Host, ProcessKey, Work, WorkKind, WorkState};
use dealwright_core::time::Clock;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

/// How the loop claims.
#[derive(Clone, Debug)]
pub struct RuntimeOptions {
    /// The worker's name in leases; distinct among processes.
    pub worker: String,
    /// How many rows are in flight at most.
    pub in_flight: usize,
    /// How long a row is held.
    pub lease: Duration,
    /// How long to sleep where nothing is due; rows that others offer are seen by then.
    pub poll: StdDuration,
}

impl Default for RuntimeOptions {
    /// 64 rows in flight, held for 2 minutes, looked for each half second.
    fn default() -> Self {
        Self {
            worker: "runtime".to_owned(),
            in_flight: 64,
            lease: Duration::minutes(2),
            poll: StdDuration::from_millis(500),
        }
    }
}

/// What the loop has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Rows decided on.
    pub steps: u64,
    /// Effects performed.
    pub performed: u64,
    /// Effects to be tried again, and rows that another writer's commits kept from theirs.
    pub retried: u64,
    /// Effects whose outcome nobody knows.
    pub unknown: u64,
    /// Rows that a person must look at.
    pub quarantined: u64,
}

/// The claim loop: claims work by lane and due time, handles it, bounded, until it is stopped.
#[derive(Debug)]
pub struct Runtime {
    host: Host,
    clock: Arc<dyn Clock>,
    options: RuntimeOptions,
    stop: Arc<AtomicBool>,
}

impl Runtime {
    /// A loop over `host` by `clock`.
    #[must_use]
    pub fn new(host: Host, clock: Arc<dyn Clock>, options: RuntimeOptions) -> Self {
        Self {
            host,
            clock,
            options,
            stop: Arc::default(),
        }
    }

    /// What stops the loop: once set, rows in hand are finished and no more are claimed.
    #[must_use]
    pub fn stopper(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Runs until it is stopped or, with `until_idle`, until nothing is due.
    ///
    /// # Errors
    ///
    /// Those of the store. Rows in flight are left to their leases; nothing is lost.
    pub async fn run(
        &self,
        until_idle: bool,
        mut watch: impl FnMut(&Progress),
    ) -> Result<Progress, PortError> {
        let mut progress = Progress::default();
        let room = Arc::new(Semaphore::new(self.options.in_flight.max(1)));
        let mut running: JoinSet<Result<Handled, PortError>> = JoinSet::new();
        let mut turns = Turns::default();
        loop {
            while let Some(done) = running.try_join_next() {
                count(&mut progress, done)?;
                watch(&progress);
            }
            let free = room.available_permits();
            if self.stop.load(Ordering::SeqCst) {
                break;
            }
            if free == 0 {
                if let Some(done) = running.join_next().await {
                    count(&mut progress, done)?;
                    watch(&progress);
                }
                continue;
            }
            let now = self.clock.now();
            let claims = self
                .host
                .store()
                .claim(Claim {
                    now,
                    worker: self.options.worker.clone(),
                    kinds: self.host.kinds().map(str::to_owned).collect(),
                    shares: Vec::new(),
                    lease: self.options.lease,
                    n: free,
                    exclusive: false,
                })
                .await?;
            if claims.works.is_empty() {
                if let Some(done) = running.join_next().await {
                    count(&mut progress, done)?;
                    watch(&progress);
                    continue;
                }
                if until_idle {
                    return Ok(progress);
                }
                tokio::time::sleep(self.options.poll).await;
                continue;
            }
            for work in claims.works {
                let host = self.host.clone();
                let turn = turns.of(&work);
                // There are as many permits free as rows were claimed.
                let permit = Arc::clone(&room).try_acquire_owned();
                running.spawn(async move {
                    let _permit = permit;
                    let _turn = match &turn {
                        Some(turn) => Some(turn.lock().await),
                        None => None,
                    };
                    host.handle(work, now).await
                });
            }
        }
        while let Some(done) = running.join_next().await {
            count(&mut progress, done)?;
        }
        Ok(progress)
    }
}

/// Whose turn it is: the rows of one process step one after the other, since each commit would
/// turn the others' away. Effects are performed beside them.
#[derive(Debug, Default)]
struct Turns {
    of: BTreeMap<ProcessKey, Weak<Mutex<()>>>,
}

impl Turns {
    fn of(&mut self, work: &Work) -> Option<Arc<Mutex<()>>> {
        if work.kind == WorkKind::Effect && work.state == WorkState::Ready {
            return None;
        }
        if let Some(turn) = self.of.get(&work.receiver).and_then(Weak::upgrade) {
            return Some(turn);
        }
        if self.of.len() > 1_000 {
            self.of.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = Arc::new(Mutex::new(()));
        self.of.insert(work.receiver.clone(), Arc::downgrade(&turn));
        Some(turn)
    }
}

fn count(
    progress: &mut Progress,
    done: Result<Result<Handled, PortError>, tokio::task::JoinError>,
) -> Result<(), PortError> {
    let done =
        done.map_err(|e| PortError::new("handle work", PortErrorKind::Unexpected).with_source(e))?;
    match done {
        Ok(Handled::Stepped { .. }) => progress.steps += 1,
        Ok(Handled::Performed(_)) => progress.performed += 1,
        Ok(Handled::Retried(_)) => progress.retried += 1,
        Ok(Handled::Unknown(_)) => progress.unknown += 1,
        Ok(Handled::Quarantined(_)) => progress.quarantined += 1,
        Ok(_) => {}
        // Other runtimes were faster, again and again; the row comes back with its lease.
        Err(error) if error.kind() == PortErrorKind::Conflict => progress.retried += 1,
        Err(error) => return Err(error),
    }
    Ok(())
}
