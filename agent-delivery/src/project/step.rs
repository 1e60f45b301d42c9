use dealwright_core::process::{Decision, Refusal};
use dealwright_core::time::{Timestamp, WorkingDays};

use super::{Cx, Project, ProjectEvent, ProjectInput, ProjectState};
use crate::execute::FactValue;
use crate::report::{EventRef, LoggedFact, ProjectFact};

/// A decision in the making, with the state as it is after what was recorded so far.
pub(super) struct Step<'a, 'b> {
    pub(super) state: ProjectState,
    pub(super) cx: &'a Cx<'b>,
    out: Decision<Project>,
    told: Vec<LoggedFact>,
    envelope: String,
    place: u32,
}

impl<'a, 'b> Step<'a, 'b> {
    pub(super) fn new(state: &ProjectState, cx: &'a Cx<'b>) -> Self {
        Self {
            state: state.clone(),
            cx,
            out: Decision::nothing(),
            told: Vec::new(),
            envelope: format!("{}@{}", cx.process(), cx.revision().next()),
            place: 0,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.cx.now()
    }

    pub(super) fn record(&mut self, event: ProjectEvent) {
        let at = self.cx.now();
        for fact in facts(&event, &self.state) {
            let logged = LoggedFact {
                event: EventRef::new(self.envelope.clone(), self.place),
                at,
                fact,
            };
            self.state.tell(logged.clone());
            self.told.push(logged);
        }
        self.state = std::mem::take(&mut self.state).after(&event);
        self.place = self.place.saturating_add(1);
        self.emit(|out| out.event(event));
    }

    /// Adds what is no event: effects, timers, messages.
    pub(super) fn emit(&mut self, add: impl FnOnce(Decision<Project>) -> Decision<Project>) {
        self.out = add(std::mem::take(&mut self.out));
    }

    pub(super) fn timer(
        &mut self,
        step: impl Into<String>,
        due: Timestamp,
        input: impl Into<ProjectInput>,
    ) {
        let (step, input) = (step.into(), input.into());
        self.emit(|out| out.timer(step, due, input));
    }

    pub(super) fn needs_person(&mut self, why: impl Into<String>) {
        let why = why.into();
        if self.state.needs_person() != Some(&why) {
            self.record(ProjectEvent::NeedsPerson { why });
        }
    }

    pub(super) fn finish(self) -> Result<Decision<Project>, Refusal> {
        Ok(if self.told.is_empty() {
            self.out
        } else {
            self.out.event(ProjectEvent::Told { facts: self.told })
        })
    }

    /// The instant `days` working days after `from`, by the client's calendar, at the same hour.
    pub(super) fn working_days_after(&self, from: Timestamp, days: u16) -> Timestamp {
        let parts = self.state.deal().map(|d| d.parts());
        WorkingDays::of(
            parts.and_then(|p| p.country),
            parts.and_then(|p| p.zone.as_deref()),
        )
        .after(from, days)
    }
}

/// What an event tells reports; `before` is the state without it.
fn facts(event: &ProjectEvent, before: &ProjectState) -> Vec<ProjectFact> {
    match event {
        ProjectEvent::Opened { setup, .. } => {
            let lines = setup.budget.lines.iter().map(|l| ProjectFact::LinePriced {
                line: l.line,
                service: l.service.clone(),
                net: l.net,
                cost: l.cost,
            });
            let dates = setup.milestones.iter().map(|m| ProjectFact::MilestoneSet {
                milestone: m.id,
                name: m.name.clone(),
                due: m.due,
            });
            let inputs = setup.inputs.iter().filter(|i| !i.given);
            let missing = inputs.map(|i| ProjectFact::InputMissing {
                name: i.name.to_string(),
            });
            lines.chain(dates).chain(missing).collect()
        }
        ProjectEvent::PlanMade { plan } => {
            let end = ProjectFact::EndForecast {
                finish: plan.schedule.end,
            };
            let tasks = plan.breakdown.tasks().iter().filter_map(|task| {
                let planned = plan.schedule.task(task.id())?;
                Some(ProjectFact::TaskPlanned {
                    task: task.id(),
                    name: task.name().to_owned(),
                    service: task.service().to_string(),
                    minutes: task.estimate().mean(),
                    cost: task.budget(),
                    start: planned.start,
                    finish: planned.finish,
                    critical: planned.critical,
                })
            });
            tasks.chain([end]).collect()
        }
        ProjectEvent::InputGiven { name, .. } => vec![ProjectFact::InputGiven {
            name: name.to_string(),
        }],
        ProjectEvent::TaskDone { entry, result } => {
            let task = before.breakdown().and_then(|b| b.task(entry.task));
            let service = task.map(|t| t.service().to_string()).unwrap_or_default();
            let booked = ProjectFact::WorkBooked {
                task: entry.task,
                service: service.clone(),
                minutes: entry.spent.minutes,
                cost: entry.spent.money,
            };
            let done = ProjectFact::TaskDone {
                task: entry.task,
                service: service.clone(),
            };
            let measured = result.facts.iter().filter_map(|(name, value)| match value {
                FactValue::Number(value) => Some(ProjectFact::Measured {
                    service: service.clone(),
                    name: name.clone(),
                    value: *value,
                }),
                FactValue::Text(_) => None,
            });
            [booked, done].into_iter().chain(measured).collect()
        }
        ProjectEvent::SentBack {
            deliverable,
            rework,
            ..
        } => before
            .made()
            .get(deliverable)
            .map(|made| ProjectFact::Reworked {
                service: made.service.clone(),
                round: rework.rounds(),
            })
            .into_iter()
            .collect(),
        ProjectEvent::Released(record) => {
            let head = record.manifest().head();
            let name = before.made().get(&head.deliverable).map(|m| m.name.clone());
            vec![ProjectFact::Released {
                deliverable: head.deliverable,
                name: name.unwrap_or_default(),
                version: head.version,
            }]
        }
        ProjectEvent::MilestoneAccepted { milestone, .. } => {
            vec![ProjectFact::MilestoneReached {
                milestone: *milestone,
            }]
        }
        ProjectEvent::Satisfied { score } => vec![ProjectFact::Satisfied { score: *score }],
        _ => Vec::new(),
    }
}
