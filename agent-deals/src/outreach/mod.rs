//! Outreach as pure policy: which letter when, what ends a sequence, and when a campaign stops by
//! itself.

mod breaker;
mod sequence;
#[cfg(test)]
mod tests;

pub use breaker::{
    BreakerError, CampaignBreaker, CampaignEvent, CampaignLimits, CampaignTally, Figures, Measure,
    Verdict,
};
pub use sequence::{
    Sent, Sequence, SequenceEvent, SequenceInput, SequenceRefusal, Stop, apply, decide, due,
};
