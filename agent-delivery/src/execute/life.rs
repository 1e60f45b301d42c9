mod state;

pub use state::{ExecutionPolicy, Lease, Need, TaskCommand, TaskEvent, TaskRefusal, TaskState};

use std::collections::BTreeSet;

use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::WorkerIdentity;

/// A task's life: where it stands, and how many tries it has seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskLife {
    state: TaskState,
    /// Claims so far; the number of the last one is the fence against late reports.
    attempts: u32,
    /// Claims since it was last reopened; these count against the limit.
    tries: u32,
}

impl TaskLife {
    /// A task that waits for `needs`; ready at once where there are none.
    #[must_use]
    pub fn new(needs: BTreeSet<Need>) -> Self {
        Self {
            state: waiting(needs),
            attempts: 0,
            tries: 0,
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> &TaskState {
        &self.state
    }

    /// How often it was claimed.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Decides what comes of a command; changes nothing.
    ///
    /// Supplying what it does not wait for, and checking a lease that still holds, come to no
    /// event.
    ///
    /// # Errors
    ///
    /// [`TaskRefusal`]: the state does not allow it, or the report is of another try.
    pub fn decide(
        &self,
        command: &TaskCommand,
        now: Timestamp,
        policy: &ExecutionPolicy,
    ) -> Result<Vec<TaskEvent>, TaskRefusal> {
        match command {
            TaskCommand::Supply(need) => Ok(match &self.state {
                TaskState::Blocked { on } if on.contains(need) => {
                    vec![TaskEvent::Supplied { need: need.clone() }]
                }
                _ => Vec::new(),
            }),
            TaskCommand::Claim(by) => self.claim(by, now, policy),
            TaskCommand::Start { attempt } => {
                self.held(*attempt, "started")?;
                match &self.state {
                    TaskState::Claimed { .. } => Ok(vec![TaskEvent::Started {
                        at: now,
                        until: policy.lease_until(now),
                    }]),
                    _ => Err(self.not("started")),
                }
            }
            TaskCommand::Heartbeat { attempt } => {
                self.held(*attempt, "kept")?;
                Ok(vec![TaskEvent::Renewed {
                    until: policy.lease_until(now),
                }])
            }
            TaskCommand::Finish { attempt, output } => {
                self.held(*attempt, "finished")?;
                Ok(vec![TaskEvent::Finished {
                    at: now,
                    output: *output,
                }])
            }
            TaskCommand::Fail {
                attempt,
                why,
                retry,
            } => {
                self.held(*attempt, "failed")?;
                Ok(vec![self.after_failure(why, *retry, now, policy)])
            }
            TaskCommand::Check => Ok(match self.state.lease() {
                Some(lease) if lease.until <= now => self.lapse(now, policy),
                _ => Vec::new(),
            }),
            TaskCommand::Redo { why } => match &self.state {
                TaskState::Done { .. } | TaskState::Failed { .. } => {
                    Ok(vec![TaskEvent::Reopened { why: why.clone() }])
                }
                _ => Err(self.not("done again")),
            },
            TaskCommand::Cancel { why } => {
                if matches!(
                    self.state,
                    TaskState::Done { .. } | TaskState::Cancelled { .. }
                ) {
                    return Err(self.not("cancelled"));
                }
                Ok(vec![TaskEvent::Cancelled {
                    at: now,
                    why: why.clone(),
                }])
            }
        }
    }

    /// The life after an event.
    #[must_use]
    pub fn apply(mut self, event: &TaskEvent) -> Self {
        self.state = match event {
            TaskEvent::Supplied { need } => match self.state {
                TaskState::Blocked { mut on } => {
                    on.remove(need);
                    waiting(on)
                }
                other => other,
            },
            TaskEvent::Claimed { lease } => {
                self.attempts = lease.attempt;
                self.tries += 1;
                TaskState::Claimed {
                    lease: lease.clone(),
                }
            }
            TaskEvent::Started { at, until } => match renewed(self.state, *until) {
                TaskState::Claimed { lease } => TaskState::Running { lease, since: *at },
                other => other,
            },
            TaskEvent::Renewed { until } => renewed(self.state, *until),
            TaskEvent::Finished { at, output } => match self.state {
                TaskState::Claimed { lease } | TaskState::Running { lease, .. } => {
                    TaskState::Done {
                        at: *at,
                        by: lease.by,
                        output: *output,
                    }
                }
                other => other,
            },
            TaskEvent::Lapsed { .. } => TaskState::Ready { not_before: None },
            TaskEvent::WillRetry { not_before, .. } => TaskState::Ready {
                not_before: Some(*not_before),
            },
            TaskEvent::GaveUp { at, why } => TaskState::Failed {
                at: *at,
                why: why.clone(),
            },
            TaskEvent::Reopened { .. } => {
                self.tries = 0;
                TaskState::Ready { not_before: None }
            }
            TaskEvent::Cancelled { at, why } => TaskState::Cancelled {
                at: *at,
                why: why.clone(),
            },
        };
        self
    }

    fn claim(
        &self,
        by: &WorkerIdentity,
        now: Timestamp,
        policy: &ExecutionPolicy,
    ) -> Result<Vec<TaskEvent>, TaskRefusal> {
        // A lease that ended is no obstacle, but its lapse is written down first.
        let lapsed = match &self.state {
            TaskState::Ready { not_before } => {
                if let Some(until) = not_before.filter(|at| *at > now) {
                    return Err(TaskRefusal::TooSoon { until });
                }
                None
            }
            TaskState::Claimed { lease } | TaskState::Running { lease, .. }
                if lease.until <= now && self.tries < policy.tries.max(1) =>
            {
                Some(TaskEvent::Lapsed { at: now })
            }
            _ => return Err(self.not("claimed")),
        };
        let lease = Lease {
            by: by.clone(),
            attempt: self.attempts.saturating_add(1),
            until: policy.lease_until(now),
        };
        Ok(lapsed
            .into_iter()
            .chain([TaskEvent::Claimed { lease }])
            .collect())
    }

    fn lapse(&self, now: Timestamp, policy: &ExecutionPolicy) -> Vec<TaskEvent> {
        if self.tries < policy.tries.max(1) {
            return vec![TaskEvent::Lapsed { at: now }];
        }
        vec![TaskEvent::GaveUp {
            at: now,
            why: format!("no report from any of {} tries", self.tries),
        }]
    }

    fn after_failure(
        &self,
        why: &str,
        retry: bool,
        now: Timestamp,
        policy: &ExecutionPolicy,
    ) -> TaskEvent {
        let why = why.to_owned();
        if retry && self.tries < policy.tries.max(1) {
            TaskEvent::WillRetry {
                not_before: policy.retry_at(now, self.tries),
                why,
            }
        } else {
            TaskEvent::GaveUp { at: now, why }
        }
    }

    /// The report is of the try that holds the lease. A lease that ended and was not taken back
    /// yet still holds: the work is done, and nobody else has begun.
    fn held(&self, attempt: u32, command: &'static str) -> Result<(), TaskRefusal> {
        match self.state.lease() {
            Some(lease) if lease.attempt == attempt => Ok(()),
            _ if attempt < self.attempts || self.state.lease().is_some() => {
                Err(TaskRefusal::Stale {
                    reported: attempt,
                    current: self.attempts,
                })
            }
            _ => Err(self.not(command)),
        }
    }

    fn not(&self, command: &'static str) -> TaskRefusal {
        TaskRefusal::State {
            state: self.state.word(),
            command,
        }
    }
}

fn waiting(on: BTreeSet<Need>) -> TaskState {
    if on.is_empty() {
        TaskState::Ready { not_before: None }
    } else {
        TaskState::Blocked { on }
    }
}

fn renewed(state: TaskState, until: Timestamp) -> TaskState {
    let longer = |lease: Lease| Lease { until, ..lease };
    match state {
        TaskState::Claimed { lease } => TaskState::Claimed {
            lease: longer(lease),
        },
        TaskState::Running { lease, since } => TaskState::Running {
            lease: longer(lease),
            since,
        },
        other => other,
    }
}

#[cfg(test)]
mod tests;
