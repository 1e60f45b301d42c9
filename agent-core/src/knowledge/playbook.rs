//! How clients are written to and waited for, as data.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Slug;
use crate::party::Channel;

/// Most steps of one sequence, and longest wait between two, in working days.
const MOST_STEPS: usize = 12;
const LONGEST_WAIT: u16 = 60;

/// What ends a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopRule {
    /// A person answered.
    Reply,
    /// The address does not work.
    Bounce,
    /// They do not want to be written to.
    OptOut,
    /// They complained.
    Complaint,
    /// A meeting was booked.
    Meeting,
    /// The lead or deal moved on.
    StageChange,
    /// A person here stopped it.
    Manual,
}

impl StopRule {
    /// Every rule.
    pub const ALL: [Self; 7] = [
        Self::Reply,
        Self::Bounce,
        Self::OptOut,
        Self::Complaint,
        Self::Meeting,
        Self::StageChange,
        Self::Manual,
    ];
    /// The rules that no playbook can leave out.
    pub const ALWAYS: [Self; 5] = [
        Self::Reply,
        Self::Bounce,
        Self::OptOut,
        Self::Complaint,
        Self::Manual,
    ];
}

/// One message of a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequenceStep {
    /// Its name within the playbook.
    pub id: Slug,
    /// Working days after the step before (after the start, for the first).
    pub delay: u16,
    /// The channel.
    pub channel: Channel,
    /// The template that renders it; its subject is the header template of the same name.
    pub template: Slug,
}

/// How long a proposal waits for its answer, in working days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyPlan {
    /// Working days until the answer is expected.
    pub reply_by: u16,
    /// Working days after sending at which to remind, ascending, all before `reply_by`.
    #[serde(default)]
    pub reminders: Vec<u16>,
    /// Working days until the proposal can no longer be accepted; not before `reply_by`.
    pub valid_for: u16,
    /// The template of a reminder.
    pub template: Slug,
}

/// A playbook as it is written in a file; not checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaybookParams {
    /// Its name; the campaign of every message sent by it.
    pub id: Slug,
    /// The messages of first outreach, in order.
    pub steps: Vec<SequenceStep>,
    /// What ends the sequence; the rules of [`StopRule::ALWAYS`] apply anyway.
    #[serde(default)]
    pub stops: BTreeSet<StopRule>,
    /// Which of these end it for everybody at the same account.
    #[serde(default)]
    pub stops_company: BTreeSet<StopRule>,
    /// How a proposal is waited for.
    pub proposal: ReplyPlan,
}

impl PlaybookParams {
    /// Checks the playbook.
    ///
    /// # Errors
    ///
    /// [`PlaybookError`] for the first thing that does not hold.
    pub fn check(mut self) -> Result<Playbook, PlaybookError> {
        let wrong = |what| {
            Err(PlaybookError {
                playbook: self.id.clone(),
                what,
            })
        };
        if self.steps.is_empty() || self.steps.len() > MOST_STEPS {
            return wrong("needs 1 to 12 steps");
        }
        let names: BTreeSet<_> = self.steps.iter().map(|s| &s.id).collect();
        if names.len() != self.steps.len() {
            return wrong("has two steps of one name; give each its own");
        }
        if self.steps.iter().any(|s| s.delay > LONGEST_WAIT) {
            return wrong("waits more than 60 working days between two steps");
        }
        if self.steps.iter().skip(1).any(|s| s.delay == 0) {
            return wrong("has a follow-up without delay; wait a working day at least");
        }
        let plan = &self.proposal;
        if plan.reply_by == 0 || plan.valid_for < plan.reply_by || plan.valid_for > 250 {
            return wrong("needs 0 < reply_by <= valid_for <= 250 working days");
        }
        let ascending = plan.reminders.windows(2).all(|w| w.first() < w.last());
        let inside = plan
            .reminders
            .iter()
            .all(|r| (1..plan.reply_by).contains(r));
        if !ascending || !inside {
            return wrong("needs reminders that ascend and lie before reply_by");
        }
        self.stops.extend(StopRule::ALWAYS);
        if !self.stops_company.is_subset(&self.stops) {
            return wrong("names a rule in stops_company that is not in stops");
        }
        Ok(Playbook(self))
    }
}

/// How clients are written to and waited for; stops on any answer whatever the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PlaybookParams", into = "PlaybookParams")]
pub struct Playbook(PlaybookParams);

impl Playbook {
    /// Its name; the campaign of every message sent by it.
    #[must_use]
    pub fn id(&self) -> &Slug {
        &self.0.id
    }

    /// The messages, in order.
    #[must_use]
    pub fn steps(&self) -> &[SequenceStep] {
        &self.0.steps
    }

    /// The step of that place, from 0.
    #[must_use]
    pub fn step(&self, place: usize) -> Option<&SequenceStep> {
        self.0.steps.get(place)
    }

    /// Whether `event` ends the sequence.
    #[must_use]
    pub fn stops_on(&self, event: StopRule) -> bool {
        self.0.stops.contains(&event)
    }

    /// Whether `event` ends it for everybody at the same account.
    #[must_use]
    pub fn stops_company_on(&self, event: StopRule) -> bool {
        self.0.stops_company.contains(&event)
    }

    /// How a proposal is waited for.
    #[must_use]
    pub fn proposal(&self) -> &ReplyPlan {
        &self.0.proposal
    }
}

/// Why a playbook was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("playbook `{playbook}` {what}")]
pub struct PlaybookError {
    playbook: Slug,
    what: &'static str,
}

impl TryFrom<PlaybookParams> for Playbook {
    type Error = PlaybookError;

    fn try_from(params: PlaybookParams) -> Result<Self, Self::Error> {
        params.check()
    }
}

impl From<Playbook> for PlaybookParams {
    fn from(playbook: Playbook) -> Self {
        playbook.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> PlaybookParams {
        serde_json::from_value(serde_json::json!({
            "id": "first-contact",
            "steps": [
                {"id": "hello", "delay": 0, "channel": "email", "template": "hello"},
                {"id": "again", "delay": 4, "channel": "email", "template": "again"}
            ],
            "proposal": {"reply_by": 7, "reminders": [3, 5], "valid_for": 14, "template": "remind"}
        }))
        .unwrap()
    }

    #[test]
    fn answers_and_opt_outs_stop_whatever_the_file_says() {
        let playbook = params().check().unwrap();
        for rule in StopRule::ALWAYS {
            assert!(playbook.stops_on(rule), "{rule:?}");
        }
        assert!(!playbook.stops_on(StopRule::Meeting));
        let back: Playbook =
            serde_json::from_value(serde_json::to_value(&playbook).unwrap()).unwrap();
        assert_eq!(back, playbook);
    }

    #[test]
    fn a_reminder_after_the_reply_by_date_is_refused() {
        let mut late = params();
        late.proposal.reminders = vec![3, 7];
        let error = late.check().unwrap_err().to_string();
        assert!(error.contains("before reply_by"), "{error}");
        let mut rushed = params();
        rushed.steps[1].delay = 0;
        assert!(rushed.check().is_err());
    }
}
