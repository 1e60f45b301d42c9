use std::collections::BTreeSet;

use dealwright_core::id::{DeliverableId, RequirementId};
use dealwright_core::knowledge::{Criterion, Slug};
use dealwright_core::money::Money;
use dealwright_core::process::Refusal;

use super::step::Step;
use super::{Made, ProjectEvent, Reminder, TaskStatus, tasks};
use crate::breakdown::Task;
use crate::deliverable::{Deliverable, Manifest, ManifestHead};
use crate::execute::{Facts, ProducedPart, WorkerIdentity};
use crate::review::{Review, ReviewRefusal, ReworkStep, Verdict, run_checks};

/// The identity under which code checks; it makes nothing, so it differs from every producer.
fn checker() -> WorkerIdentity {
    WorkerIdentity::tool("acceptance-checks", "1")
}

/// Opens the review of every deliverable whose makers are done.
pub(super) fn review(step: &mut Step<'_, '_>) -> Result<(), Refusal> {
    let waiting: Vec<(DeliverableId, Made)> = step
        .state
        .made()
        .iter()
        .filter(|(_, made)| made.manifest.is_none() && is_made(step, made))
        .map(|(id, made)| (*id, made.clone()))
        .collect();
    for (id, made) in waiting {
        match opened(step, id, &made) {
            Ok((manifest, review)) => {
                step.record(ProjectEvent::ReviewOpened {
                    manifest: Box::new(manifest),
                    review: Box::new(review),
                });
                settle(step, id)?;
            }
            Err(why) => step.needs_person(format!("`{}` cannot be reviewed: {why}", made.name)),
        }
    }
    Ok(())
}

fn makers<'a>(step: &'a Step<'_, '_>, made: &'a Made) -> impl Iterator<Item = &'a Task> {
    let of_service = |task: &&Task| task.service().as_str() == made.service;
    let tasks = step.state.tasks().iter().filter(of_service);
    tasks.filter(|t| t.produces().iter().any(|p| p.as_str() == made.template))
}

fn is_made(step: &Step<'_, '_>, made: &Made) -> bool {
    makers(step, made).all(|task| {
        let run = step.state.run(task.id());
        run.is_some_and(|r| r.status == TaskStatus::Done)
    })
}

/// The next version's manifest, and its review with what code can check.
fn opened(
    step: &Step<'_, '_>,
    id: DeliverableId,
    made: &Made,
) -> Result<(Manifest, Review), String> {
    let setup = step.state.setup().ok_or("there is no set-up")?;
    let mut requirements: BTreeSet<RequirementId> = BTreeSet::new();
    let mut parts: Vec<(ProducedPart, WorkerIdentity)> = Vec::new();
    let mut facts = Facts::new();
    for task in step.state.tasks() {
        if task.service().as_str() != made.service {
            continue;
        }
        let Some(run) = step.state.run(task.id()) else {
            continue;
        };
        if let (Some(result), Some(worker)) = (&run.result, &run.worker) {
            facts.extend(result.facts.clone());
            let own = result
                .parts
                .iter()
                .filter(|p| p.deliverable == made.template);
            parts.extend(own.map(|p| (p.clone(), worker.clone())));
        }
    }
    for task in makers(step, made) {
        requirements.extend(task.requirements());
    }
    let slug = |text: &str| Slug::parse(text).map_err(|e| e.to_string());
    let head = ManifestHead {
        deliverable: id,
        service: slug(&made.service)?,
        template: slug(&made.template)?,
        version: made.version.saturating_add(1),
        requirements,
    };
    let manifest = Manifest::assemble(head, parts).map_err(|e| e.to_string())?;
    let criteria: Vec<&Criterion> = setup.criteria_for(&made.service, &made.template).collect();
    let mut review = Review::open(&manifest, criteria.iter().map(|c| c.id.as_str()))
        .map_err(|e| e.to_string())?;
    let checked = run_checks(criteria, &step.cx.policy().checks, &facts);
    for (criterion, verdict) in checked.results {
        review
            .record(&criterion, verdict, &checker())
            .map_err(|e| e.to_string())?;
    }
    Ok((manifest, review))
}

/// What follows the results so far: release, rework, or a person's judgement.
fn settle(step: &mut Step<'_, '_>, id: DeliverableId) -> Result<(), Refusal> {
    let Some(made) = step.state.made().get(&id).cloned() else {
        return Ok(());
    };
    let (Some(review), Some(manifest)) = (made.review.clone(), made.manifest.clone()) else {
        return Ok(());
    };
    if review.failed().next().is_some() && made.escalated.is_none() {
        return send_back(step, id, &made, &review);
    }
    match review.gate() {
        Ok(passed) => {
            let released = Deliverable::draft(manifest)
                .release(passed, step.now())
                .map_err(|e| Refusal::new("QR-1", e.to_string()))?;
            step.record(ProjectEvent::Released(Box::new(released.into_record())));
        }
        Err(refusal) => await_person(step, id, &made, &refusal),
    }
    Ok(())
}

fn send_back(
    step: &mut Step<'_, '_>,
    id: DeliverableId,
    made: &Made,
    review: &Review,
) -> Result<(), Refusal> {
    let faults: Vec<String> = review
        .failed()
        .map(|(criterion, because)| format!("{criterion}: {because}"))
        .collect();
    let policy = step.cx.policy().rework;
    let (rework, next) = last_cost(step, made)
        .and_then(|last| made.rework.after_failure(last, &policy))
        .map_err(|e| Refusal::new("QR-3", e.to_string()))?;
    let why = match next {
        ReworkStep::Again { .. } => {
            step.record(ProjectEvent::SentBack {
                deliverable: id,
                rework,
                faults,
            });
            return Ok(());
        }
        ReworkStep::RoundsUsedUp { rounds } => {
            format!(
                "not met after {rounds} rounds of rework: {}",
                faults.join("; ")
            )
        }
        ReworkStep::CostUsedUp { spent } => {
            format!("not met after rework for {spent}: {}", faults.join("; "))
        }
    };
    step.record(ProjectEvent::Escalated {
        deliverable: id,
        why,
    });
    settle(step, id)
}

/// What the last round of rework cost; nothing before the first.
fn last_cost(
    step: &Step<'_, '_>,
    made: &Made,
) -> Result<Money, dealwright_core::money::MoneyError> {
    let zero = Money::zero(step.cx.policy().rework.cost.currency());
    if made.rework.rounds() == 0 {
        return Ok(zero);
    }
    let costs = makers(step, made)
        .filter_map(|task| step.state.decisions().of_task(task.id()).last())
        .map(|entry| entry.spent.money);
    Money::sum(zero.currency(), costs)
}

fn await_person(step: &mut Step<'_, '_>, id: DeliverableId, made: &Made, why: &ReviewRefusal) {
    let version = made.version;
    if step.cx.policy().auto_people && reviewer(step, made).is_some() {
        let hours = chrono::Duration::hours(i64::from(step.cx.policy().review_hours));
        let stage = if made.escalated.is_some() {
            "escalated"
        } else {
            "review"
        };
        step.timer(
            format!("{stage}-{id}~{version}"),
            step.now() + hours,
            Reminder::ReviewDone {
                deliverable: id,
                version,
            },
        );
    } else {
        step.needs_person(format!("review `{}` version {version}: {why}", made.name));
    }
}

/// A person of the staff who made no part of it.
fn reviewer(step: &Step<'_, '_>, made: &Made) -> Option<WorkerIdentity> {
    let producers = made.manifest.as_ref().map(Manifest::producers)?;
    step.cx
        .policy()
        .staff
        .iter()
        .map(|m| &m.worker)
        .find(|w| w.is_person() && producers.iter().all(|p| w.differs_from(p)))
        .cloned()
}

/// A person judged one criterion.
pub(super) fn judged(
    step: &mut Step<'_, '_>,
    id: DeliverableId,
    criterion: &str,
    verdict: Verdict,
    by: &WorkerIdentity,
) -> Result<(), Refusal> {
    let refused = |why: String| Refusal::new("QR-1", why);
    let made = step.state.made().get(&id).cloned();
    let mut review = made
        .filter(|m| m.released.is_none())
        .and_then(|m| m.review)
        .ok_or_else(|| refused("nothing of that is under review".to_owned()))?;
    review.record(criterion, verdict, by).map_err(|e| match e {
        ReviewRefusal::SameAsProducer { .. } => Refusal::new("QR-2", e.to_string()),
        other => refused(other.to_string()),
    })?;
    let open = review.unset().next().is_some();
    let failed = review.failed().next().is_some();
    step.record(ProjectEvent::Judged {
        deliverable: id,
        review: Box::new(review),
    });
    // What one person said may still be completed by others; a failure needs no more words.
    if open && !failed {
        return Ok(());
    }
    settle(step, id)
}

/// The time that a person's judgement takes is over, under `auto_people`.
pub(super) fn person_judged(
    step: &mut Step<'_, '_>,
    id: DeliverableId,
    version: u32,
) -> Result<(), Refusal> {
    let Some(made) = step.state.made().get(&id).cloned() else {
        return Ok(());
    };
    let (Some(mut review), None) = (made.review.clone(), &made.released) else {
        return Ok(());
    };
    if made.version != version || made.manifest.is_none() {
        return Ok(());
    }
    let by = reviewer(step, &made).unwrap_or_else(|| tasks::somebody(step));
    let refused = |e: ReviewRefusal| Refusal::new("QR-1", e.to_string());
    let unset: Vec<String> = review.unset().map(str::to_owned).collect();
    for criterion in unset {
        review
            .pass(&criterion, "looked at by a person; nothing against it", &by)
            .map_err(refused)?;
    }
    if let Some(why) = &made.escalated {
        let failed: Vec<String> = review.failed().map(|(c, _)| c.to_owned()).collect();
        for criterion in failed {
            review.waive(&criterion, why, &by).map_err(refused)?;
        }
    }
    step.record(ProjectEvent::Judged {
        deliverable: id,
        review: Box::new(review),
    });
    settle(step, id)
}
