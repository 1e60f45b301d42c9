//! Task execution: one contract for people, models and tools, one life for every task.
//!
//! [`Worker`] is the port. [`TaskLife`] is the state machine of a task: it is claimed under a
//! lease, kept by heartbeats, tried again within a limit, and finished once: a result that comes
//! after the lease was lost is refused. Every finished task leaves a [`DecisionEntry`].

mod decision;
mod life;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod worker;

pub use decision::{DecisionEntry, DecisionLog, LogError, TaskTime};
pub use life::{
    ExecutionPolicy, Lease, Need, TaskCommand, TaskEvent, TaskLife, TaskRefusal, TaskState,
};
#[cfg(any(test, feature = "testing"))]
pub use worker::MockWorker;
pub use worker::{
    COUNTED, FactValue, Facts, Method, ProducedPart, Spent, TaskOrder, TaskResult, Worker,
    WorkerIdentity, WorkerProfile,
};
