use dealwright_core::handoff::DealWon;
use dealwright_core::knowledge::Slug;
use dealwright_core::process::{Actor, Refusal};

use super::step::Step;
use super::{
    Answer, Cx, ProjectEvent, ProjectInput, ProjectState, Reminder, accept, judge, letters, plan,
    tasks,
};
use crate::execute::WorkerIdentity;
use crate::setup::{ChaserKind, project_of, set_up};

pub(super) fn decide(state: &ProjectState, input: &ProjectInput, cx: &Cx<'_>) -> Answer {
    let mut step = Step::new(state, cx);
    match input {
        ProjectInput::Won(deal) => open(&mut step, deal)?,
        _ if state.deal().is_none() => {
            return Err(Refusal::new("PS-1", "nothing was ordered here"));
        }
        ProjectInput::Answer(answer) => letters::answered(&mut step, answer)?,
        ProjectInput::Heard(heard) => accept::heard(&mut step, heard)?,
        _ if state.closed().is_some() && *input != ProjectInput::Seen => return closed(input),
        ProjectInput::Worked {
            task,
            attempt,
            worker,
            result,
        } => tasks::worked(&mut step, *task, *attempt, worker, result)?,
        ProjectInput::NotWorked { task, attempt, how } => {
            tasks::not_worked(&mut step, *task, *attempt, *how)?;
        }
        ProjectInput::TaskFinished { task, result } => {
            let name = person(cx)?;
            tasks::finished_by(&mut step, *task, &WorkerIdentity::person(name), result)?;
        }
        ProjectInput::InputGiven { name, value } => given(&mut step, name, value),
        ProjectInput::Reviewed {
            deliverable,
            criterion,
            verdict,
        } => {
            let by = WorkerIdentity::person(person(cx)?);
            judge::judged(&mut step, *deliverable, criterion, verdict.clone(), &by)?;
        }
        ProjectInput::Accepted { milestone } => {
            let name = person(cx)?.to_owned();
            accept::by_person(&mut step, *milestone, name)?;
        }
        ProjectInput::Rendered {
            document,
            blob,
            bytes,
            media_type,
            extension,
        } => {
            let file = tasks::RenderedFile {
                blob: *blob,
                bytes: *bytes,
                media_type: media_type.clone(),
                extension: extension.clone(),
            };
            tasks::rendered(&mut step, document, file)?;
        }
        ProjectInput::NotRendered { document, .. } => {
            step.needs_person(format!("document {document:?} could not be made"));
        }
        ProjectInput::Due(reminder) => due(&mut step, reminder)?,
        ProjectInput::Replan => {
            person(cx)?;
            if state.breakdown().is_some() {
                return Err(Refusal::new("PS-1", "the plan stands already"));
            }
            plan::make(&mut step);
        }
        ProjectInput::Seen => {
            let name = person(cx)?.to_owned();
            step.record(ProjectEvent::SeenBy { name });
        }
        ProjectInput::Stop { why } => {
            let name = person(cx)?.to_owned();
            step.needs_person(format!("stopped by {name}: {why}"));
            accept::close(&mut step, false);
        }
    }
    if step.state.closed().is_none() {
        advance(&mut step)?;
    }
    step.finish()
}

/// What comes after the end: late timers and results mean nothing any more.
fn closed(input: &ProjectInput) -> Answer {
    match input {
        ProjectInput::Due(_) => Ok(dealwright_core::process::Decision::nothing()),
        _ => Err(Refusal::new("PS-1", "the project is closed")),
    }
}

/// Does all that the state allows now.
fn advance(step: &mut Step<'_, '_>) -> Result<(), Refusal> {
    judge::review(step)?;
    tasks::dispatch(step)?;
    accept::hand_over(step)?;
    accept::conclude(step);
    Ok(())
}

fn open(step: &mut Step<'_, '_>, deal: &DealWon) -> Result<(), Refusal> {
    if step.state.deal().is_some() {
        return Err(Refusal::new("PS-1", "this project has begun already"));
    }
    if step.cx.process().id() != project_of(deal.deal()).to_string() {
        return Err(Refusal::new("PS-1", "the process is not that of the deal"));
    }
    let policy = step.cx.policy();
    let catalogue = policy.catalogue.spoken(letters::language(deal));
    let setup = set_up(deal, catalogue, &policy.chasing)
        .map_err(|e| Refusal::new("DF-2", e.to_string()))?;
    step.record(ProjectEvent::Opened {
        deal: Box::new(deal.clone()),
        setup: Box::new(setup.clone()),
    });
    for input in setup.inputs.iter().filter(|i| !i.given) {
        for (place, chaser) in input.chasers.iter().enumerate() {
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            step.timer(
                format!("chase-{}-{place}", input.name),
                chaser.at.max(step.now()),
                Reminder::Chase {
                    name: input.name.clone(),
                    place,
                },
            );
        }
    }
    plan::make(step);
    Ok(())
}

fn given(step: &mut Step<'_, '_>, name: &Slug, value: &str) {
    if step.state.missing().any(|missing| missing == name.as_str()) {
        step.record(ProjectEvent::InputGiven {
            name: name.clone(),
            value: value.to_owned(),
        });
    }
}

fn due(step: &mut Step<'_, '_>, reminder: &Reminder) -> Result<(), Refusal> {
    match reminder {
        Reminder::AskAgain { step: name, tries } => letters::ask_again(step, name, *tries),
        Reminder::Chase { name, place } => chase(step, name, *place),
        Reminder::PersonDone { task, attempt } => tasks::person_done(step, *task, *attempt),
        Reminder::ReviewDone {
            deliverable,
            version,
        } => judge::person_judged(step, *deliverable, *version),
        Reminder::Deemed {
            milestone,
            round,
            questions,
        } => accept::silence(step, *milestone, *round, *questions),
        Reminder::FeedbackAgain => accept::ask_feedback_again(step),
        Reminder::FeedbackOver => {
            accept::close(step, true);
            Ok(())
        }
    }
}

fn chase(step: &mut Step<'_, '_>, name: &Slug, place: u32) -> Result<(), Refusal> {
    let Some(setup) = step.state.setup() else {
        return Ok(());
    };
    let Some(input) = setup.inputs.iter().find(|i| i.name == *name && !i.given) else {
        return Ok(());
    };
    let chaser = usize::try_from(place)
        .ok()
        .and_then(|p| input.chasers.get(p));
    match chaser.map(|c| c.kind) {
        Some(ChaserKind::Request | ChaserKind::Reminder) => {
            let spec = letters::LetterSpec::service("project-input").value("input", name.as_str());
            letters::ask(step, &format!("input-{name}-{place}"), spec, 0)
        }
        Some(ChaserKind::Person) if step.cx.policy().auto_people => {
            let why = format!("got from the client by {}", tasks::somebody(step));
            given(step, name, &why);
            Ok(())
        }
        Some(ChaserKind::Person) => {
            step.needs_person(format!(
                "the client has not sent `{name}`: ask them in person"
            ));
            Ok(())
        }
        None => Ok(()),
    }
}

/// The person of the agency on whose behalf the input came.
fn person<'a>(cx: &Cx<'a>) -> Result<&'a str, Refusal> {
    match cx.actor() {
        Actor::Person(name) => Ok(name),
        _ => Err(Refusal::new(
            "I14",
            "only a person of the agency may do this",
        )),
    }
}
