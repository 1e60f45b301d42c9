use dealwright_core::canonical::Digest32;
use dealwright_core::document::{Document, DocumentKind, List, Meta};
use dealwright_core::id::TaskId;
use dealwright_core::money::Money;
use dealwright_core::orchestration::Lane;
use dealwright_core::party::Language;
use dealwright_core::process::{Refusal, Unsettled};
use dealwright_core::time::Timestamp;

use super::step::Step;
use super::{
    DocumentKey, ProjectEffect, ProjectEvent, Reminder, TaskRun, TaskStatus, accept, plan,
};
use crate::breakdown::Task;
use crate::execute::{
    DecisionEntry, Facts, LogError, Method, ProducedPart, Spent, TaskOrder, TaskResult,
    WorkerIdentity,
};

/// A document whose bytes lie in `Blobs`.
pub(super) struct RenderedFile {
    pub(super) blob: Digest32,
    pub(super) bytes: u64,
    pub(super) media_type: String,
    pub(super) extension: String,
}

/// Starts every task whose predecessors are done and whose inputs are there.
pub(super) fn dispatch(step: &mut Step<'_, '_>) -> Result<(), Refusal> {
    let ready: Vec<Task> = step
        .state
        .tasks()
        .iter()
        .filter(|task| is_ready(step, task))
        .cloned()
        .collect();
    for task in &ready {
        start(step, task);
    }
    Ok(())
}

fn is_ready(step: &Step<'_, '_>, task: &Task) -> bool {
    let is = |id, status| step.state.run(id).is_some_and(|r| r.status == status);
    let facts = step.state.setup().map(|s| &s.facts);
    is(task.id(), TaskStatus::Waiting)
        && task.after().iter().all(|id| is(*id, TaskStatus::Done))
        && task
            .requires()
            .iter()
            .all(|name| facts.is_some_and(|f| f.contains_key(name.as_str())))
}

fn start(step: &mut Step<'_, '_>, task: &Task) {
    let Some(setup) = step.state.setup() else {
        return;
    };
    let run = step.state.run(task.id()).cloned().unwrap_or_default();
    let attempt = run.attempt.saturating_add(1);
    let planned = step
        .state
        .schedule()
        .and_then(|s| s.task(task.id()))
        .cloned();
    let now = step.now();
    let (begin, finish) = planned
        .as_ref()
        .filter(|_| attempt == 1)
        .map_or((now, now), |p| (p.start.max(now), p.finish));
    let minutes = chrono::Duration::minutes(task.estimate().mean().max(1));
    let finish = finish.max(begin + minutes);
    let order = TaskOrder {
        project: setup.project,
        task: task.id(),
        attempt,
        service: task.service().to_string(),
        template: task.template().to_string(),
        skill: task.skill().to_string(),
        checklist: task.checklist().to_vec(),
        drivers: task.drivers().clone(),
        options: task.options().to_vec(),
        facts: setup.facts.clone(),
        listings: step.state.deal().and_then(|d| d.parts().listings.clone()),
        inputs: std::collections::BTreeMap::new(),
        requires: task.requires().iter().map(ToString::to_string).collect(),
        produces: task.produces().iter().map(ToString::to_string).collect(),
        language: setup.language.clone(),
        faults: run.faults.clone(),
        due: task.due().unwrap_or(finish).max(finish),
        limit: task.budget(),
    };
    let worker = worker_of(step, task, &run, planned.and_then(|p| p.worker));
    step.record(ProjectEvent::TaskStarted {
        order: Box::new(order.clone()),
        worker: worker.clone(),
    });
    match worker {
        Some(WorkerIdentity::Tool { name, .. } | WorkerIdentity::Model { name, .. }) => {
            let wanted = ProjectEffect::Work {
                worker: name,
                order: Box::new(order),
            };
            let name = format!("work-{}~{attempt}", task.id());
            step.emit(|out| out.effect_with(name, 0, Lane::Normal, Some(begin), None, wanted));
        }
        _ if step.cx.policy().auto_people => step.timer(
            format!("person-{}~{attempt}", task.id()),
            finish,
            Reminder::PersonDone {
                task: task.id(),
                attempt,
            },
        ),
        _ => {}
    }
}

fn worker_of(
    step: &Step<'_, '_>,
    task: &Task,
    run: &TaskRun,
    planned: Option<WorkerIdentity>,
) -> Option<WorkerIdentity> {
    if task.is_clients() {
        return None;
    }
    let taken = planned.filter(|w| run.by_hand.is_none() || w.is_person());
    Some(taken.unwrap_or_else(|| person_for(step, task)))
}

/// A person who can do a task, or whoever is there.
fn person_for(step: &Step<'_, '_>, task: &Task) -> WorkerIdentity {
    let people = || {
        let staff = &step.cx.policy().staff;
        staff.iter().filter(|m| m.worker.is_person())
    };
    people()
        .find(|m| m.skills.contains(task.skill().as_str()))
        .or_else(|| people().next())
        .map_or_else(|| WorkerIdentity::person("agency"), |m| m.worker.clone())
}

/// Some person of the staff.
pub(super) fn somebody(step: &Step<'_, '_>) -> WorkerIdentity {
    let staff = &step.cx.policy().staff;
    staff
        .iter()
        .find(|m| m.worker.is_person())
        .map_or_else(|| WorkerIdentity::person("agency"), |m| m.worker.clone())
}

/// The run of a task that is under way in exactly this try.
fn running(step: &Step<'_, '_>, task: TaskId, attempt: Option<u32>) -> Result<TaskRun, Refusal> {
    let run = step
        .state
        .run(task)
        .ok_or_else(|| Refusal::new("TX-1", "no task of this project"))?;
    let current = attempt.is_none_or(|attempt| attempt == run.attempt);
    if run.status != TaskStatus::Running || !current {
        return Err(Refusal::new(
            "TX-1",
            "the task is not under way in this try",
        ));
    }
    Ok(run.clone())
}

pub(super) fn worked(
    step: &mut Step<'_, '_>,
    task: TaskId,
    attempt: u32,
    worker: &WorkerIdentity,
    result: &TaskResult,
) -> Result<(), Refusal> {
    let run = running(step, task, Some(attempt))?;
    match entry(step, &run, worker, result, false) {
        Ok(entry) => {
            done(step, entry, result.clone());
            Ok(())
        }
        // A result over the limit is no result: a person decides how to go on.
        Err(error) => {
            by_hand(step, task, error.to_string());
            Ok(())
        }
    }
}

pub(super) fn not_worked(
    step: &mut Step<'_, '_>,
    task: TaskId,
    attempt: u32,
    how: Unsettled,
) -> Result<(), Refusal> {
    running(step, task, Some(attempt))?;
    let why = match how {
        Unsettled::Cancelled => "it was taken back",
        Unsettled::Expired => "it was not begun in time",
        Unsettled::Exhausted => "the worker could not do it",
        Unsettled::NotPerformed => "it did not happen",
    };
    by_hand(step, task, why.to_owned());
    Ok(())
}

fn by_hand(step: &mut Step<'_, '_>, task: TaskId, why: String) {
    if !step.cx.policy().auto_people {
        let name = step.state.breakdown().and_then(|b| b.task(task));
        let name = name.map_or_else(|| task.to_string(), |t| t.name().to_owned());
        step.needs_person(format!("task `{name}` must be done by hand: {why}"));
    }
    step.record(ProjectEvent::HandedToPerson { task, why });
}

/// A person did it; what it cost beyond the limit is theirs to answer for.
pub(super) fn finished_by(
    step: &mut Step<'_, '_>,
    task: TaskId,
    who: &WorkerIdentity,
    result: &TaskResult,
) -> Result<(), Refusal> {
    let run = running(step, task, None)?;
    let entry =
        entry(step, &run, who, result, true).map_err(|e| Refusal::new("TX-2", e.to_string()))?;
    done(step, entry, result.clone());
    Ok(())
}

fn done(step: &mut Step<'_, '_>, entry: DecisionEntry, result: TaskResult) {
    step.record(ProjectEvent::TaskDone {
        entry: Box::new(entry),
        result: Box::new(result),
    });
}

fn entry(
    step: &Step<'_, '_>,
    run: &TaskRun,
    who: &WorkerIdentity,
    result: &TaskResult,
    over_limit: bool,
) -> Result<DecisionEntry, LogError> {
    let mut order = run.order.as_deref().cloned().unwrap_or_else(no_order);
    if over_limit {
        order.limit = order.limit.checked_max(result.spent.money)?;
    }
    let estimated = step
        .state
        .breakdown()
        .and_then(|b| b.task(order.task))
        .map_or(0, |t| t.estimate().mean());
    let entry = DecisionEntry::of(&order, result, who, estimated, step.now())?;
    step.state.decisions().clone().write(entry.clone())?;
    Ok(entry)
}

/// A started task always has an order; this one names none and matches nothing.
fn no_order() -> TaskOrder {
    TaskOrder {
        project: dealwright_core::id::ProjectId::derive(&[]),
        task: TaskId::derive(&[]),
        attempt: 0,
        service: String::new(),
        template: String::new(),
        skill: String::new(),
        checklist: Vec::new(),
        drivers: std::collections::BTreeMap::new(),
        options: Vec::new(),
        facts: std::collections::BTreeMap::new(),
        listings: None,
        inputs: std::collections::BTreeMap::new(),
        requires: std::collections::BTreeSet::new(),
        produces: Vec::new(),
        language: String::new(),
        faults: Vec::new(),
        due: Timestamp::UNIX_EPOCH,
        limit: Money::zero(dealwright_core::money::Currency::EUR),
    }
}

/// The planned end of a person's task has come, under `auto_people`.
pub(super) fn person_done(
    step: &mut Step<'_, '_>,
    task: TaskId,
    attempt: u32,
) -> Result<(), Refusal> {
    let Ok(run) = running(step, task, Some(attempt)) else {
        return Ok(());
    };
    let Some(order) = run.order.as_deref().cloned() else {
        return Ok(());
    };
    if order.produces.is_empty() {
        return by_plan(step, &run, &order);
    }
    for deliverable in &order.produces {
        let key = DocumentKey::Part {
            task,
            attempt,
            deliverable: deliverable.clone(),
        };
        let wanted = ProjectEffect::Render {
            key,
            document: Box::new(sheet(step, &order, deliverable)),
        };
        let name = format!("part-{task}-{deliverable}~{attempt}");
        step.emit(|out| out.effect(name, wanted));
    }
    Ok(())
}

/// What a person does by plan costs what was planned.
fn by_plan(step: &mut Step<'_, '_>, run: &TaskRun, order: &TaskOrder) -> Result<(), Refusal> {
    let minutes = step
        .state
        .breakdown()
        .and_then(|b| b.task(order.task))
        .map_or(0, |t| t.estimate().mean());
    let result = TaskResult {
        parts: run.parts.clone(),
        facts: Facts::new(),
        method: Method {
            name: "by-hand".to_owned(),
            why: run
                .by_hand
                .clone()
                .unwrap_or_else(|| "the plan gives it to a person".to_owned()),
            instead_of: Vec::new(),
        },
        spent: Spent {
            money: order.limit,
            minutes,
            tokens: 0,
        },
    };
    let who = run.worker.clone().unwrap_or_else(|| somebody(step));
    finished_by(step, order.task, &who, &result)
}

pub(super) fn rendered(
    step: &mut Step<'_, '_>,
    document: &DocumentKey,
    file: RenderedFile,
) -> Result<(), Refusal> {
    let (task, attempt, deliverable) = match document {
        DocumentKey::Part {
            task,
            attempt,
            deliverable,
        } => (task, attempt, deliverable),
        DocumentKey::Plan => return plan::written(step, &file),
        DocumentKey::Report => return accept::report_made(step, &file),
    };
    let run = running(step, *task, Some(*attempt))?;
    let Some(order) = run.order.as_deref().cloned() else {
        return Ok(());
    };
    step.record(ProjectEvent::PartMade {
        task: *task,
        part: ProducedPart {
            deliverable: deliverable.clone(),
            name: format!("{}-{deliverable}.{}", order.template, file.extension),
            media_type: file.media_type,
            digest: file.blob,
            bytes: file.bytes,
        },
    });
    let run = step.state.run(*task).cloned().unwrap_or_default();
    if run.parts.len() == order.produces.len() {
        by_plan(step, &run, &order)?;
    }
    Ok(())
}

/// The sheet that stands for what a person made: what was ordered, and what was ticked off.
fn sheet(step: &Step<'_, '_>, order: &TaskOrder, deliverable: &str) -> Document {
    let language = Language::parse(&order.language).unwrap_or(Language::EN);
    let task = step.state.breakdown().and_then(|b| b.task(order.task));
    let title = step
        .state
        .made()
        .values()
        .find(|m| m.service == order.service && m.template == deliverable)
        .map_or_else(|| deliverable.to_owned(), |m| m.name.clone());
    let mut meta = Meta::new().with_date(step.now().date_naive());
    for (name, value) in &order.drivers {
        meta = meta.with_fact(name.clone(), value.to_string());
    }
    let mut document = Document::new(DocumentKind::Report, title, language)
        .with_meta(meta)
        .paragraph(task.map_or_else(|| order.template.clone(), |t| t.name().to_owned()));
    if !order.checklist.is_empty() {
        document.push(List::of(order.checklist.iter().cloned()));
    }
    if !order.faults.is_empty() {
        document.push(List::of(order.faults.iter().cloned()));
    }
    document
}
