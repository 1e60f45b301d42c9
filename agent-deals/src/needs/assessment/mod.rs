//! The assessment of needs as a state machine, and the planner of its questions.

mod brief;
mod machine;
mod planner;
mod policy;
#[cfg(test)]
mod tests;

pub use brief::{Brief, Figure, Known, Lack};
pub use machine::{
    Assessment, AssessmentEvent, AssessmentInput, AssessmentRefusal, CloseReason, Stage, apply,
    decide,
};
pub use planner::{Next, PriceSketch, Question, next};
pub use policy::{
    AssessmentParams, AssessmentPolicy, AssessmentPolicyError, DriverShape, Required, ServiceShape,
};
