use std::collections::BTreeSet;
use std::fmt;

use chrono::TimeDelta;
use dealwright_core::canonical::Digest32;
use dealwright_core::id::TaskId;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::execute::WorkerIdentity;

/// How long a task may be held, and how often it is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionPolicy {
    /// Minutes for which a claim or a heartbeat holds.
    pub lease_minutes: u32,
    /// Tries in all, lapsed ones included; at least 1.
    pub tries: u32,
    /// Minutes to wait after the first failure, the second, and so on; the last one repeats.
    pub backoff_minutes: Vec<u32>,
}

impl Default for ExecutionPolicy {
    fn default() -> Self {
        Self {
            lease_minutes: 15,
            tries: 4,
            backoff_minutes: vec![1, 5, 15, 60],
        }
    }
}

impl ExecutionPolicy {
    pub(super) fn lease_until(&self, now: Timestamp) -> Timestamp {
        now + TimeDelta::minutes(i64::from(self.lease_minutes))
    }

    pub(super) fn retry_at(&self, now: Timestamp, attempt: u32) -> Timestamp {
        let place = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        let wait = self
            .backoff_minutes
            .get(place)
            .or(self.backoff_minutes.last());
        now + TimeDelta::minutes(i64::from(wait.copied().unwrap_or(0)))
    }
}

/// Something a task waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Need {
    /// An input from the client, by name.
    Input(String),
    /// Another task.
    Task(TaskId),
}

/// The right to work on a task for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who holds it.
    pub by: WorkerIdentity,
    /// Which try it is, from 1; whoever reports names it, so that late reports are told apart.
    pub attempt: u32,
    /// Until when it holds without a heartbeat.
    pub until: Timestamp,
}

/// Where a task stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TaskState {
    /// It waits for inputs or other tasks.
    Blocked {
        /// What for; never empty.
        on: BTreeSet<Need>,
    },
    /// It can be claimed.
    Ready {
        /// No sooner than this.
        not_before: Option<Timestamp>,
    },
    /// Somebody has taken it.
    Claimed {
        /// The right to it.
        lease: Lease,
    },
    /// Somebody works on it.
    Running {
        /// The right to it.
        lease: Lease,
        /// Since when.
        since: Timestamp,
    },
    /// It is done.
    Done {
        /// When.
        at: Timestamp,
        /// By whom.
        by: WorkerIdentity,
        /// The hash of what came of it.
        output: Digest32,
    },
    /// All tries are used up or no further one can succeed; a person decides.
    Failed {
        /// When.
        at: Timestamp,
        /// What went wrong last.
        why: String,
    },
    /// It is not to be done any more.
    Cancelled {
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

impl TaskState {
    /// Whether nothing happens to it any more but by a person's order.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(
            self,
            Self::Done { .. } | Self::Failed { .. } | Self::Cancelled { .. }
        )
    }

    /// The right to work on it that somebody holds.
    #[must_use]
    pub fn lease(&self) -> Option<&Lease> {
        match self {
            Self::Claimed { lease } | Self::Running { lease, .. } => Some(lease),
            Self::Blocked { .. }
            | Self::Ready { .. }
            | Self::Done { .. }
            | Self::Failed { .. }
            | Self::Cancelled { .. } => None,
        }
    }

    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Blocked { .. } => "blocked",
            Self::Ready { .. } => "ready",
            Self::Claimed { .. } => "claimed",
            Self::Running { .. } => "running",
            Self::Done { .. } => "done",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What is asked of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskCommand {
    /// Something it waits for has come.
    Supply(Need),
    /// A worker takes it.
    Claim(WorkerIdentity),
    /// The holder begins.
    Start {
        /// The try it was given.
        attempt: u32,
    },
    /// The holder is still at it.
    Heartbeat {
        /// The try it was given.
        attempt: u32,
    },
    /// The holder has done it.
    Finish {
        /// The try it was given.
        attempt: u32,
        /// The hash of what came of it.
        output: Digest32,
    },
    /// The holder could not do it.
    Fail {
        /// The try it was given.
        attempt: u32,
        /// What went wrong.
        why: String,
        /// Whether another try may succeed.
        retry: bool,
    },
    /// Time has passed: a lease that ended is taken back.
    Check,
    /// It is to be done again because its result did not pass review, or because a person says
    /// so after it failed.
    Redo {
        /// Why.
        why: String,
    },
    /// It is not to be done any more.
    Cancel {
        /// Why.
        why: String,
    },
}

/// What happened to a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TaskEvent {
    /// Something it waited for came.
    Supplied {
        /// What.
        need: Need,
    },
    /// A worker took it.
    Claimed {
        /// The right to it.
        lease: Lease,
    },
    /// The holder began.
    Started {
        /// When.
        at: Timestamp,
        /// Until when the lease holds now.
        until: Timestamp,
    },
    /// The holder was still at it.
    Renewed {
        /// Until when the lease holds now.
        until: Timestamp,
    },
    /// It was done.
    Finished {
        /// When.
        at: Timestamp,
        /// The hash of what came of it.
        output: Digest32,
    },
    /// The holder did not report in time; somebody else may take it.
    Lapsed {
        /// When that was found.
        at: Timestamp,
    },
    /// The try came to nothing; another one follows.
    WillRetry {
        /// No sooner than this.
        not_before: Timestamp,
        /// What went wrong.
        why: String,
    },
    /// No further try is made.
    GaveUp {
        /// When.
        at: Timestamp,
        /// What went wrong last.
        why: String,
    },
    /// It is to be done again.
    Reopened {
        /// Why.
        why: String,
    },
    /// It is not to be done any more.
    Cancelled {
        /// When.
        at: Timestamp,
        /// Why.
        why: String,
    },
}

/// Why a command was refused; nothing happens then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TaskRefusal {
    /// The state does not allow it.
    #[error("a task that is {state} cannot be {command}")]
    State {
        /// Where it stands.
        state: &'static str,
        /// What was asked.
        command: &'static str,
    },
    /// It may not be taken yet.
    #[error("the task may not be taken before {until}")]
    TooSoon {
        /// When it may.
        until: Timestamp,
    },
    /// The report is of a try that was taken back; somebody else may be at it.
    #[error("the report is of try {reported}, the task is at try {current}; it is dropped")]
    Stale {
        /// The try the report names.
        reported: u32,
        /// The try that holds, or was the last.
        current: u32,
    },
}
