//! Scheduling: who does what when, what may slip, and what time is left.
//!
//! [`solve`](solve()) works on the general resource-constrained problem in whole ticks
//! ([`Problem`]); [`plan`](plan()) puts tasks and staff into it, a tick being a minute. What the
//! search made is checked by [`violations`], which shares no step with it.

mod check;
mod document;
mod gantt;
mod network;
mod plan;
mod problem;
mod solve;
mod staff;
mod windows;

pub use check::{Violation, violations};
pub use document::document;
pub use gantt::{GanttBar, gantt};
pub use network::Network;
pub use plan::{Plan, PlanInput, Schedule, ScheduleError, ScheduledTask, Slip, plan};
pub use problem::{Activity, Mode, Problem, ProblemError, Resource};
pub use solve::{Cost, Placement, Search, Solution, solve};
pub use staff::{Booking, Hours, StaffMember, WorkingWeek, free_minutes};
pub use windows::Windows;

#[cfg(test)]
mod tests;
