//! The plan: made when the project begins, and sent to the client before the work.

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::id::DeliverableId;
use dealwright_core::knowledge::{Catalogue, Slug};
use dealwright_core::party::Language;
use dealwright_core::process::Refusal;
use dealwright_core::time::Timestamp;

use super::step::Step;
use super::tasks::RenderedFile;
use super::{
    DocumentKey, LetterSpec, Made, Planned, ProjectEffect, ProjectEvent, SpecFile, accept, letters,
};
use crate::breakdown::{Scope, WorkBreakdown, break_down};
use crate::deliverable::deliverable_of;
use crate::review::Rework;
use crate::schedule::{PlanInput, Search, document, plan};
use crate::setup::{ChaserKind, ProjectSetup};

/// Makes the plan, or says what it lacks.
pub(super) fn make(step: &mut Step<'_, '_>) {
    let Some(setup) = step.state.setup().cloned() else {
        return;
    };
    match planned(step, &setup) {
        Ok(plan) => {
            let language = Language::parse(&setup.language).unwrap_or(Language::EN);
            let meta = accept::head(step, &setup);
            let (parts, dates) = (&plan.breakdown, &plan.schedule);
            let wanted = ProjectEffect::Render {
                key: DocumentKey::Plan,
                document: Box::new(document(&setup, parts, dates, step.now(), meta, language)),
            };
            step.record(ProjectEvent::PlanMade {
                plan: Box::new(plan),
            });
            step.emit(|out| out.effect("plan", wanted));
        }
        Err(why) => step.needs_person(format!("no plan could be made: {why}")),
    }
}

/// The services in the words of this client's language.
fn spoken<'a>(catalogue: &'a Catalogue, setup: &ProjectSetup) -> &'a Catalogue {
    Language::parse(&setup.language).map_or(catalogue, |language| catalogue.spoken(language))
}

fn planned(step: &Step<'_, '_>, setup: &ProjectSetup) -> Result<Planned, String> {
    let policy = step.cx.policy();
    let from = setup.start.max(step.now());
    let scope = Scope::of(setup, spoken(&policy.catalogue, setup)).map_err(|e| e.to_string())?;
    let breakdown =
        break_down(&scope, &policy.priorities, policy.tier, from).map_err(|e| e.to_string())?;
    let schedule = plan(&PlanInput {
        breakdown: &breakdown,
        done: &BTreeSet::new(),
        staff: &policy.staff,
        bookings: &[],
        client: &policy.client_hours,
        from,
        expected: &expected(setup),
        search: Search {
            schedules: policy.schedules,
            ..Search::default()
        },
    })
    .map_err(|e| e.to_string())?
    .schedule()
    .clone();
    let made = deliverables(step, setup, &breakdown);
    Ok(Planned {
        breakdown,
        schedule,
        made,
    })
}

/// Missing inputs are reckoned with at the first reminder.
fn expected(setup: &ProjectSetup) -> BTreeMap<Slug, Timestamp> {
    setup
        .inputs
        .iter()
        .filter(|i| !i.given)
        .filter_map(|i| {
            let reminder = i.chasers.iter().find(|c| c.kind != ChaserKind::Request)?;
            Some((i.name.clone(), reminder.at))
        })
        .collect()
}

fn deliverables(
    step: &Step<'_, '_>,
    setup: &ProjectSetup,
    breakdown: &WorkBreakdown,
) -> BTreeMap<DeliverableId, Made> {
    let policy = step.cx.policy();
    let mut made = BTreeMap::new();
    for task in breakdown.tasks() {
        for template in task.produces() {
            let name = spoken(&policy.catalogue, setup)
                .service(task.service().as_str())
                .and_then(|s| s.deliverables.iter().find(|d| d.id == *template))
                .map_or_else(|| template.to_string(), |d| d.name.clone());
            made.entry(deliverable_of(setup.project, task.service(), 1, template))
                .or_insert_with(|| Made {
                    service: task.service().to_string(),
                    template: template.to_string(),
                    name,
                    version: 0,
                    manifest: None,
                    review: None,
                    rework: Rework::none(&policy.rework),
                    escalated: None,
                    released: None,
                });
        }
    }
    made
}

/// The plan is there as a document: the client gets it, so that the dates are theirs to hold us to.
pub(super) fn written(step: &mut Step<'_, '_>, file: &RenderedFile) -> Result<(), Refusal> {
    step.record(ProjectEvent::PlanWritten { blob: file.blob });
    let Some(end) = step.state.schedule().map(|s| s.end.date_naive()) else {
        return Ok(());
    };
    let spec = LetterSpec::service("project-plan")
        .value("end", letters::day(end, step))
        .files(vec![SpecFile {
            name: format!("project-plan.{}", file.extension),
            media_type: file.media_type.clone(),
            blob: file.blob,
            made_by_ai: false,
        }]);
    letters::ask(step, "plan", spec, 0)
}
