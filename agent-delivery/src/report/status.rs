use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::id::{MilestoneId, TaskId};
use dealwright_core::money::MoneyError;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::fact::current;
use super::{Alert, AlertPolicy, EventRef, Figure, LoggedFact, Measure, ProjectFact, alerts};

/// For whom a report is; clients do not see what the work costs us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "what each may see must be decided")]
pub enum Audience {
    /// The client.
    Client,
    /// The agency.
    Agency,
}

impl Audience {
    /// The figures it is shown, in order. What the work took is the agency's own affair: the client
    /// bought a result.
    #[must_use]
    pub fn measures(self) -> &'static [Measure] {
        match self {
            Self::Client => &[
                Measure::Net,
                Measure::Tasks,
                Measure::TasksDone,
                Measure::DaysLate,
            ],
            Self::Agency => &[
                Measure::Net,
                Measure::CostBudget,
                Measure::CostSpent,
                Measure::CostForecast,
                Measure::Margin,
                Measure::MarginForecast,
                Measure::Tasks,
                Measure::TasksDone,
                Measure::MinutesPlanned,
                Measure::MinutesSpent,
                Measure::MinutesForecast,
                Measure::Rework,
                Measure::DaysLate,
                Measure::Satisfaction,
            ],
        }
    }
}

/// A task in a report: plan beside what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskLine {
    /// The task.
    pub task: TaskId,
    /// Its name.
    pub name: String,
    /// Its service.
    pub service: String,
    /// When it was to start.
    pub start: Timestamp,
    /// When it was to be done.
    pub finish: Timestamp,
    /// When it was done.
    pub done: Option<Timestamp>,
    /// Whether any delay moves the end.
    pub critical: bool,
    /// Expected minutes.
    pub minutes_planned: i64,
    /// Minutes worked on all tries.
    pub minutes_spent: i64,
    /// The events it rests on.
    pub sources: Vec<EventRef>,
}

/// A promised date in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneLine {
    /// The milestone.
    pub milestone: MilestoneId,
    /// Its name.
    pub name: String,
    /// When it was promised.
    pub due: Timestamp,
    /// When it was reached.
    pub reached: Option<Timestamp>,
    /// The events it rests on.
    pub sources: Vec<EventRef>,
}

/// Something that may go wrong, or that is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// What, for people.
    pub what: String,
    /// The event that tells it.
    pub source: EventRef,
}

/// How a project stands, every figure with its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReport {
    /// As of when.
    pub as_of: Timestamp,
    /// For whom.
    pub audience: Audience,
    /// Whether everything planned is done.
    pub complete: bool,
    /// The figures that the log has something to compute from.
    pub figures: Vec<Figure>,
    /// All tasks in order of their planned start.
    pub tasks: Vec<TaskLine>,
    /// All promised dates, in order.
    pub milestones: Vec<MilestoneLine>,
    /// What was released, with its version.
    pub released: Vec<(String, u32, EventRef)>,
    /// What must come from the client, by name.
    pub missing: Vec<(String, EventRef)>,
    /// What may go wrong.
    pub risks: Vec<Risk>,
    /// What is running out; none for the client.
    pub alerts: Vec<Alert>,
    /// What services are called, where that is not their name in the catalogue.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
}

impl StatusReport {
    /// The report over a log, as of `now`; a report of a finished project is its completion
    /// report.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] where amounts of different currencies meet.
    pub fn of(
        log: &[LoggedFact],
        audience: Audience,
        now: Timestamp,
        policy: &AlertPolicy,
    ) -> Result<Self, MoneyError> {
        let mut figures = Vec::new();
        for measure in audience.measures() {
            figures.extend(measure.of(log, None)?);
        }
        let all: Vec<&LoggedFact> = log.iter().collect();
        let facts = current(&all);
        let tasks = task_lines(&facts);
        let mut milestones = milestone_lines(&facts);
        milestones.sort_by_key(|m| (m.due, m.milestone));
        let mut report = Self {
            as_of: now,
            audience,
            complete: !tasks.is_empty() && tasks.iter().all(|t| t.done.is_some()),
            figures,
            tasks,
            milestones,
            released: Vec::new(),
            missing: Vec::new(),
            risks: Vec::new(),
            alerts: match audience {
                Audience::Client => Vec::new(),
                Audience::Agency => alerts(log, now, policy)?,
            },
            names: BTreeMap::new(),
        };
        for fact in facts {
            let event = fact.event.clone();
            match &fact.fact {
                ProjectFact::Released { name, version, .. } => {
                    report.released.push((name.clone(), *version, event));
                }
                ProjectFact::InputMissing { name } => report.missing.push((name.clone(), event)),
                ProjectFact::RiskSeen { what } => report.risks.push(Risk {
                    what: what.clone(),
                    source: event,
                }),
                _ => {}
            }
        }
        Ok(report)
    }

    /// Calls services so, by their names in the catalogue.
    #[must_use]
    pub fn with_names(mut self, names: BTreeMap<String, String>) -> Self {
        self.names = names;
        self
    }

    /// What a service is called.
    #[must_use]
    pub fn named<'a>(&'a self, service: &'a str) -> &'a str {
        self.names.get(service).map_or(service, String::as_str)
    }

    /// The figure of a measure.
    #[must_use]
    pub fn figure(&self, measure: Measure) -> Option<&Figure> {
        self.figures.iter().find(|f| f.measure() == measure)
    }

    /// The tasks that are done, in order of when.
    #[must_use]
    pub fn done(&self) -> Vec<&TaskLine> {
        let mut done: Vec<&TaskLine> = self.tasks.iter().filter(|t| t.done.is_some()).collect();
        done.sort_by_key(|t| (t.done, t.task));
        done
    }

    /// The open tasks, those that start first first.
    pub fn next(&self) -> impl Iterator<Item = &TaskLine> {
        self.tasks.iter().filter(|t| t.done.is_none())
    }

    /// The open tasks that should be done by now.
    pub fn overdue(&self) -> impl Iterator<Item = &TaskLine> {
        self.next().filter(|t| t.finish < self.as_of)
    }

    /// Every event the report rests on.
    #[must_use]
    pub fn sources(&self) -> BTreeSet<&EventRef> {
        let figures = self.figures.iter().flat_map(Figure::sources);
        let tasks = self.tasks.iter().flat_map(|t| &t.sources);
        let dates = self.milestones.iter().flat_map(|m| &m.sources);
        let others = self.released.iter().map(|(_, _, e)| e);
        let missing = self.missing.iter().map(|(_, e)| e);
        let risks = self.risks.iter().map(|r| &r.source);
        let alerts = self.alerts.iter().flat_map(|a| &a.sources);
        figures
            .chain(tasks)
            .chain(dates)
            .chain(others)
            .chain(missing)
            .chain(risks)
            .chain(alerts)
            .collect()
    }
}

fn task_lines(facts: &[&LoggedFact]) -> Vec<TaskLine> {
    let mut lines: BTreeMap<TaskId, TaskLine> = BTreeMap::new();
    for logged in facts {
        if let ProjectFact::TaskPlanned {
            task,
            name,
            service,
            minutes,
            start,
            finish,
            critical,
            ..
        } = &logged.fact
        {
            lines.insert(
                *task,
                TaskLine {
                    task: *task,
                    name: name.clone(),
                    service: service.clone(),
                    start: *start,
                    finish: *finish,
                    done: None,
                    critical: *critical,
                    minutes_planned: *minutes,
                    minutes_spent: 0,
                    sources: vec![logged.event.clone()],
                },
            );
        }
    }
    for logged in facts {
        match &logged.fact {
            ProjectFact::WorkBooked { task, minutes, .. } => {
                if let Some(line) = lines.get_mut(task) {
                    line.minutes_spent = line.minutes_spent.saturating_add(*minutes);
                    line.sources.push(logged.event.clone());
                }
            }
            ProjectFact::TaskDone { task, .. } => {
                if let Some(line) = lines.get_mut(task) {
                    line.done = Some(logged.at);
                    line.sources.push(logged.event.clone());
                }
            }
            _ => {}
        }
    }
    let mut lines: Vec<TaskLine> = lines.into_values().collect();
    lines.sort_by_key(|t| (t.start, t.finish, t.task));
    lines
}

fn milestone_lines(facts: &[&LoggedFact]) -> Vec<MilestoneLine> {
    let reached = |id: MilestoneId| {
        facts.iter().find(
            |f| matches!(f.fact, ProjectFact::MilestoneReached { milestone } if milestone == id),
        )
    };
    facts
        .iter()
        .filter_map(|f| match &f.fact {
            ProjectFact::MilestoneSet {
                milestone,
                name,
                due,
            } => {
                let reached = reached(*milestone);
                Some(MilestoneLine {
                    milestone: *milestone,
                    name: name.clone(),
                    due: *due,
                    reached: reached.map(|r| r.at),
                    sources: [*f]
                        .into_iter()
                        .chain(reached.copied())
                        .map(|f| f.event.clone())
                        .collect(),
                })
            }
            _ => None,
        })
        .collect()
}
