use async_trait::async_trait;
use chrono::{DateTime, Duration};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::Action;
use crate::error::{PortError, PortErrorKind};
use crate::handoff::{self, Contract};
use crate::orchestration::Lane;
use crate::process::{
    Context, Decision, EffectClass, IndexEntry, Lease, Performer, Process, ProcessKey, Record,
    Refusal, Unsettled,
};
use crate::time::Timestamp;

/// The process of the suite: does what its input says.
#[derive(Clone, Copy, Debug)]
pub enum Probe {}

/// What the probe is told to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Script {
    pub(super) note: String,
    pub(super) index: Option<Vec<IndexEntry>>,
    pub(super) effects: Vec<(String, EffectClass, Lane, Timestamp)>,
    pub(super) timers: Vec<(String, Timestamp)>,
    pub(super) tell: Vec<(ProcessKey, String)>,
    pub(super) cancel_effects: Vec<String>,
    pub(super) cancel_timers: Vec<String>,
    pub(super) refuse: bool,
}

impl Contract for Script {
    const NAME: &'static str = "script";
    const VERSION: u32 = 1;
}

impl Script {
    /// Records a note.
    #[must_use]
    pub fn note(note: impl Into<String>) -> Self {
        Self {
            note: note.into(),
            ..Self::default()
        }
    }

    /// Replaces the index entries.
    #[must_use]
    pub fn index(mut self, entries: Vec<IndexEntry>) -> Self {
        self.index = Some(entries);
        self
    }

    /// Asks for an effect.
    #[must_use]
    pub fn effect(self, step: &str, class: EffectClass) -> Self {
        self.effect_in(Lane::Normal, step, class, DateTime::UNIX_EPOCH)
    }

    /// Asks for an effect in a lane, not before `due`.
    #[must_use]
    pub fn effect_in(mut self, lane: Lane, step: &str, class: EffectClass, due: Timestamp) -> Self {
        self.effects.push((step.to_owned(), class, lane, due));
        self
    }

    /// Sets a timer.
    #[must_use]
    pub fn timer(mut self, step: &str, due: Timestamp) -> Self {
        self.timers.push((step.to_owned(), due));
        self
    }

    /// Tells another probe.
    #[must_use]
    pub fn tell(mut self, other: &ProcessKey, step: &str) -> Self {
        self.tell.push((other.clone(), step.to_owned()));
        self
    }

    /// Takes an effect back.
    #[must_use]
    pub fn cancel_effect(mut self, step: &str) -> Self {
        self.cancel_effects.push(step.to_owned());
        self
    }

    /// Takes a timer back.
    #[must_use]
    pub fn cancel_timer(mut self, step: &str) -> Self {
        self.cancel_timers.push(step.to_owned());
        self
    }

    /// Refuses instead.
    #[must_use]
    pub fn refuse(mut self) -> Self {
        self.refuse = true;
        self
    }
}

/// What the probe knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProbeState {
    notes: Vec<String>,
    index: Vec<IndexEntry>,
}

impl ProbeState {
    /// The notes, oldest first.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// What the probe records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeEvent {
    note: String,
    index: Option<Vec<IndexEntry>>,
}

/// What the probe asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbeEffect {
    step: String,
    class: EffectClass,
}

impl Process for Probe {
    const KIND: &'static str = "probe";
    const STATE_VERSION: u32 = 1;
    const EVENT_VERSION: u32 = 1;

    type State = ProbeState;
    type Input = Script;
    type Event = ProbeEvent;
    type Effect = ProbeEffect;
    type Policy = ();

    fn action(_script: &Script) -> Action {
        Action::Progress
    }

    fn decide(
        _state: &ProbeState,
        script: &Script,
        cx: &Context<'_, ()>,
    ) -> Result<Decision<Self>, Refusal> {
        if script.refuse {
            return Err(Refusal::new("PROBE", "it was told to refuse"));
        }
        let mut decision = Decision::nothing().event(ProbeEvent {
            note: script.note.clone(),
            index: script.index.clone(),
        });
        for (step, class, lane, due) in &script.effects {
            let effect = ProbeEffect {
                step: step.clone(),
                class: *class,
            };
            let due = Some(*due.max(&cx.now()));
            decision = decision.effect_with(step.clone(), 0, *lane, due, None, effect);
        }
        for (step, due) in &script.timers {
            decision = decision.timer(step.clone(), *due, Script::note(format!("timer {step}")));
        }
        for (other, step) in &script.tell {
            decision = decision.tell(other.clone(), step.clone(), &Script::note("told"));
        }
        for step in &script.cancel_effects {
            decision = decision.cancel_effect(step.clone(), 0);
        }
        for step in &script.cancel_timers {
            decision = decision.cancel_timer(step.clone());
        }
        Ok(decision)
    }

    fn apply(mut state: ProbeState, event: &ProbeEvent) -> ProbeState {
        state.notes.push(event.note.clone());
        if let Some(index) = &event.index {
            state.index.clone_from(index);
        }
        state
    }

    fn index(state: &ProbeState) -> Vec<IndexEntry> {
        state.index.clone()
    }

    fn unsettled(effect: ProbeEffect, how: Unsettled) -> Script {
        Script::note(format!("{} {how:?}", effect.step))
    }

    fn receive(record: &Record<'_>) -> Result<Script, PortError> {
        match record.contract {
            "script" => handoff::read(record.contract, record.version, record.body),
            name => Err(PortError::new("receive", PortErrorKind::Invalid)
                .with_source(format!("a probe knows no contract `{name}`"))),
        }
    }

    fn business(state: &ProbeState) -> Value {
        serde_json::json!(state.notes)
    }

    fn upcast(version: u32, _body: Value) -> Result<Value, PortError> {
        Err(PortError::new("upcast", PortErrorKind::Corrupt)
            .with_source(format!("probe events have no version {version}")))
    }
}

/// Performs the probe's effects: they always work.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProbePerformer;

#[async_trait]
impl Performer<Probe> for ProbePerformer {
    fn class(&self, effect: &ProbeEffect) -> EffectClass {
        effect.class
    }

    fn gated(&self, _effect: &ProbeEffect) -> bool {
        false
    }

    async fn perform(&self, effect: ProbeEffect, _lease: Lease) -> Result<Script, PortError> {
        Ok(Script::note(format!("{} done", effect.step)))
    }
}

/// Noon of the suite's first day.
pub(super) fn noon() -> Timestamp {
    DateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::hours(12)
}
