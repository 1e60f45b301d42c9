//! The writer: one thread, one connection, many jobs a transaction.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{Work, WorkKey};
use dealwright_core::time::Timestamp;
use futures::channel::oneshot;
use rusqlite::Connection;

use crate::error::map;

/// How many jobs share one synced transaction at most.
const BATCH: usize = 256;

/// Leases of this process; nobody else can hold one. Changes can be undone as long as the
/// transaction they belong to is open, so that memory and disk never disagree.
#[derive(Default)]
pub(crate) struct Leases {
    held: BTreeMap<WorkKey, Held>,
    undo: Vec<(WorkKey, Option<Held>)>,
    next_token: u64,
}

/// Who holds a row, until when, and the fence.
pub(crate) type Held = (String, Timestamp, u64);

impl Leases {
    /// None held; tokens grow from `next_token`.
    pub(crate) fn after(next_token: u64) -> Self {
        Self {
            next_token,
            ..Self::default()
        }
    }

    /// Puts the lease that is held in memory back on a row read from disk.
    pub(crate) fn dress(&self, work: &mut Work) {
        if let Some((worker, until, token)) = self.held.get(&work.key) {
            work.lease = Some((worker.clone(), *until));
            work.token = *token;
        }
    }

    pub(crate) fn is_held(&self, key: &WorkKey) -> bool {
        self.held.contains_key(key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&WorkKey, &Held)> {
        self.held.iter()
    }

    pub(crate) fn hold(&mut self, key: WorkKey, held: Held) {
        let before = self.held.insert(key.clone(), held);
        self.undo.push((key, before));
    }

    pub(crate) fn release(&mut self, key: &WorkKey) {
        if let Some(before) = self.held.remove(key) {
            self.undo.push((key.clone(), Some(before)));
        }
    }

    /// A token that no claim had before. It is spent even where the transaction fails.
    pub(crate) fn token(&mut self) -> u64 {
        self.next_token = self.next_token.saturating_add(1);
        self.next_token
    }

    fn settle(&mut self, kept: bool) {
        if kept {
            self.undo.clear();
            return;
        }
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(held) => self.held.insert(key, held),
                None => self.held.remove(&key),
            };
        }
    }
}

type Answer = Box<dyn FnOnce(Option<&PortError>) + Send>;
/// Runs inside the transaction. Checks come before writes, so a refusal leaves nothing behind;
/// an error in `Err` spoils the transaction for all.
type Job = Box<dyn FnOnce(&Connection, &mut Leases) -> Result<Answer, (PortError, Answer)> + Send>;

pub(crate) struct Writer {
    path: PathBuf,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(
        path: PathBuf,
        connection: Connection,
        leases: Leases,
    ) -> Result<Self, PortError> {
        let (jobs, waiting) = channel();
        let thread = std::thread::Builder::new()
            .name("dealwright-store".to_owned())
            .spawn(move || work(&connection, leases, &waiting))
            .map_err(|e| PortError::new("open store", PortErrorKind::Unexpected).with_source(e))?;
        Ok(Self {
            path,
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Runs `job` in the next transaction and answers once it is durable.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        job: impl FnOnce(&Connection, &mut Leases) -> Result<Result<T, PortError>, PortError>
        + Send
        + 'static,
    ) -> Result<T, PortError> {
        let (reply, answer) = oneshot::channel();
        let path = self.path.clone();
        let boxed: Job = Box::new(move |db, leases| {
            let finish = |result: Option<Result<T, PortError>>| -> Answer {
                Box::new(move |spoiled| {
                    let result = match (spoiled, result) {
                        (None, Some(result)) => result,
                        (Some(error), _) => {
                            let why = format!("`{}`: {}", path.display(), error.chain());
                            Err(PortError::new(operation, error.kind()).with_source(why))
                        }
                        (None, None) => Err(PortError::new(operation, PortErrorKind::Unexpected)),
                    };
                    // The caller may have stopped waiting; what was done is done.
                    let _ = reply.send(result);
                })
            };
            match job(db, leases) {
                Ok(result) => Ok(finish(Some(result))),
                Err(error) => Err((error, finish(None))),
            }
        });
        let gone = || {
            PortError::new(operation, PortErrorKind::Unavailable)
                .with_source("the store is closed or locked by another program")
        };
        self.jobs
            .as_ref()
            .and_then(|jobs| jobs.send(boxed).ok())
            .ok_or_else(gone)?;
        answer.await.map_err(|_| gone())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Closing the channel ends the thread after the jobs that wait.
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(db: &Connection, mut leases: Leases, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let mut answers = Vec::new();
        let mut spoiled = db
            .execute_batch("begin immediate")
            .err()
            .map(|e| map("begin", e));
        let mut next = Some(first);
        while let Some(job) = next.take() {
            if spoiled.is_some() {
                // The transaction did not begin: the job's reply is dropped unanswered.
                break;
            }
            match job(db, &mut leases) {
                Ok(answer) => answers.push(answer),
                Err((error, answer)) => {
                    spoiled = Some(error);
                    answers.push(answer);
                }
            }
            if spoiled.is_none() && answers.len() < BATCH {
                next = waiting.try_recv().ok();
            }
        }
        if spoiled.is_none() {
            spoiled = db.execute_batch("commit").err().map(|e| map("commit", e));
        }
        if spoiled.is_some() {
            // A failed rollback means that SQLite has rolled back already.
            let _ = db.execute_batch("rollback");
        }
        leases.settle(spoiled.is_none());
        for answer in answers {
            answer(spoiled.as_ref());
        }
    }
}
