use std::collections::BTreeMap;

use chrono::Duration;
use dealwright_core::canonical::{self, Digest32};
use dealwright_core::document::{Identity, Meta};
use dealwright_core::handoff::{MilestoneAccepted, ProjectClosed};
use dealwright_core::id::MilestoneId;
use dealwright_core::party::Language;
use dealwright_core::personal::Purpose;
use dealwright_core::process::Refusal;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Heard, News};

use crate::execute::{COUNTED, FactValue};

use super::letters::{self, LetterSpec, SpecFile};
use super::reading::{self, Said};
use super::step::Step;
use super::tasks::RenderedFile;
use super::{
    AcceptedBy, DocumentKey, HandOver, Made, ProjectEffect, ProjectEvent, Reminder, TaskStatus,
};
use crate::deliverable::{Origin, ReleaseRecord};
use crate::feedback::{FeedbackInput, feedback};
use crate::report::{Audience, StatusReport, document};
use crate::schedule::free_minutes;
use crate::setup::ProjectSetup;

/// Days ahead for which free capacity is told.
const CAPACITY_DAYS: u32 = 28;

/// Gives the client each milestone whose deliverables are all released.
pub(super) fn hand_over(step: &mut Step<'_, '_>) -> Result<(), Refusal> {
    for (place, (terms, services)) in step.state.milestones().into_iter().enumerate() {
        let known = step.state.hand_overs().get(&terms.id).cloned();
        if known
            .as_ref()
            .is_some_and(|h| h.accepted.is_some() || !h.open)
        {
            continue;
        }
        let of_it = |made: &&Made| services.contains(&made.service);
        let all = step.state.made().values().filter(of_it);
        let released: Option<Vec<ReleaseRecord>> = all.map(|m| m.released.clone()).collect();
        let Some(released) = released.filter(|r| !r.is_empty()) else {
            continue;
        };
        let contents: Vec<Digest32> = released.iter().map(|r| r.manifest().hash()).collect();
        let manifest = match contents.as_slice() {
            [one] => *one,
            several => {
                canonical::hash_of(several).map_err(|e| Refusal::new("DP-1", e.to_string()))?
            }
        };
        let round = known.map_or(1, |h| h.round.saturating_add(1));
        let name = format!("handover-{}-{round}", place + 1);
        // What was sent with another milestone in this very version is not sent again.
        let earlier: Vec<Digest32> = step
            .state
            .hand_overs()
            .iter()
            .filter(|(id, _)| **id != terms.id)
            .flat_map(|(_, h)| h.contents.clone())
            .collect();
        let fresh: Vec<&ReleaseRecord> = released
            .iter()
            .filter(|r| !earlier.contains(&r.manifest().hash()))
            .collect();
        let answer_by = step.working_days_after(step.now(), step.cx.policy().deemed_accepted_days);
        let spec = LetterSpec::service("project-handover")
            .value("milestone", terms.name.clone())
            .value("deliverables", names(step, &released))
            .value("answer_by", letters::day(answer_by.date_naive(), step))
            .files(fresh.iter().flat_map(|r| files(r)).collect());
        step.record(ProjectEvent::HandedOver {
            milestone: terms.id,
            round,
            step: name.clone(),
            manifest,
            contents,
        });
        letters::ask(step, &name, spec, 0)?;
    }
    Ok(())
}

fn names(step: &Step<'_, '_>, released: &[ReleaseRecord]) -> String {
    let name = |record: &ReleaseRecord| {
        let head = record.manifest().head();
        let made = step.state.made().get(&head.deliverable)?;
        Some(if head.version > 1 {
            format!("{} (version {})", made.name, head.version)
        } else {
            made.name.clone()
        })
    };
    let names: Vec<String> = released.iter().filter_map(name).collect();
    names.join(", ")
}

fn files(record: &ReleaseRecord) -> Vec<SpecFile> {
    let parts = record.manifest().parts().iter();
    parts
        .map(|(name, part)| SpecFile {
            name: name.clone(),
            media_type: part.media_type.clone(),
            blob: part.digest,
            made_by_ai: part.origin == Origin::Model,
        })
        .collect()
}

/// A letter left: the time for its answer begins.
pub(super) fn reached(step: &mut Step<'_, '_>, name: &str, at: Timestamp) {
    if let Some((milestone, hand_over)) = handed_by(step, name) {
        await_answer(step, milestone, &hand_over, at);
    }
    if name == "report" {
        let days = step.cx.policy().feedback_days.max(1);
        if days > 1 {
            let half = step.working_days_after(at, days.div_ceil(2));
            step.timer("feedback-again", half, Reminder::FeedbackAgain);
        }
        let end = step.working_days_after(at, days) + Duration::hours(1);
        step.timer("feedback-over", end, Reminder::FeedbackOver);
    }
}

/// A letter could not leave, and a person has been told.
pub(super) fn not_reached(step: &mut Step<'_, '_>, name: &str) -> Result<(), Refusal> {
    if let Some((milestone, hand_over)) = handed_by(step, name)
        && step.cx.policy().auto_people
    {
        // The person reaches the client by another way.
        let now = step.now();
        await_answer(step, milestone, &hand_over, now);
    }
    if name == "report" {
        close(step, true);
    }
    Ok(())
}

fn handed_by(step: &Step<'_, '_>, name: &str) -> Option<(MilestoneId, HandOver)> {
    let found = step.state.hand_overs().iter().find(|(_, h)| h.step == name);
    found.map(|(id, h)| (*id, h.clone()))
}

fn await_answer(step: &mut Step<'_, '_>, milestone: MilestoneId, of: &HandOver, from: Timestamp) {
    let due = step.working_days_after(from, step.cx.policy().deemed_accepted_days.max(1));
    step.timer(
        format!("deemed-{milestone}-{}~{}", of.round, of.questions),
        due,
        Reminder::Deemed {
            milestone,
            round: of.round,
            questions: of.questions,
        },
    );
}

/// The client did not answer in time.
pub(super) fn silence(
    step: &mut Step<'_, '_>,
    milestone: MilestoneId,
    round: u32,
    questions: u32,
) -> Result<(), Refusal> {
    let Some(hand_over) = step.state.hand_overs().get(&milestone).cloned() else {
        return Ok(());
    };
    let outdated = hand_over.round != round || hand_over.questions != questions;
    if outdated || hand_over.open || hand_over.accepted.is_some() {
        return Ok(());
    }
    let working_days = step.cx.policy().deemed_accepted_days;
    accepted(step, milestone, AcceptedBy::Silence { working_days });
    let terms = step.state.milestones();
    let name = terms.iter().find(|(t, _)| t.id == milestone);
    let spec = LetterSpec::service("project-deemed")
        .value("milestone", name.map_or("", |(t, _)| t.name.as_str()))
        .value("days", working_days.to_string());
    letters::ask(step, &format!("deemed-{milestone}"), spec, 0)
}

/// A person wrote down what the client said by another way.
pub(super) fn by_person(
    step: &mut Step<'_, '_>,
    milestone: MilestoneId,
    name: String,
) -> Result<(), Refusal> {
    let handed = step.state.hand_overs().get(&milestone);
    if handed.is_none_or(|h| h.open || h.accepted.is_some()) {
        return Err(Refusal::new(
            "QR-4",
            "nothing of this milestone waits for the client's word",
        ));
    }
    accepted(step, milestone, AcceptedBy::Person { name });
    Ok(())
}

fn accepted(step: &mut Step<'_, '_>, milestone: MilestoneId, by: AcceptedBy) {
    let (Some(hand_over), Some(setup)) = (
        step.state.hand_overs().get(&milestone).cloned(),
        step.state.setup(),
    ) else {
        return;
    };
    let told = MilestoneAccepted {
        project: setup.project,
        deal: setup.deal,
        milestone,
        manifest: hand_over.manifest,
        counted: counted(step, milestone),
        at: step.now(),
    };
    step.record(ProjectEvent::MilestoneAccepted {
        milestone,
        manifest: hand_over.manifest,
        by,
        at: told.at,
    });
    let deal = step.cx.peer("deal", told.deal.to_string());
    step.emit(|out| out.tell(deal, format!("milestone-{milestone}"), &told));
}

/// What the work of a milestone counted, by service and driver: results say so by facts that are
/// called `counted-` and the driver. Of several tasks that count one thing the largest holds.
fn counted(step: &Step<'_, '_>, milestone: MilestoneId) -> BTreeMap<String, BTreeMap<String, i64>> {
    let terms = step
        .state
        .deal()
        .and_then(|deal| deal.parts().milestones.iter().find(|m| m.id == milestone));
    let mut counted: BTreeMap<String, BTreeMap<String, i64>> = BTreeMap::new();
    for task in step.state.tasks() {
        let service = task.service().as_str();
        let own = terms.is_some_and(|t| t.services.iter().any(|s| s == service));
        let result = step
            .state
            .run(task.id())
            .and_then(|run| run.result.as_ref());
        let Some(result) = result.filter(|_| own) else {
            continue;
        };
        for (name, value) in &result.facts {
            if let (Some(driver), FactValue::Number(count)) = (name.strip_prefix(COUNTED), value) {
                let drivers = counted.entry(service.to_owned()).or_default();
                let largest = drivers.entry(driver.to_owned()).or_insert(*count);
                *largest = (*largest).max(*count);
            }
        }
    }
    counted
}

/// Something came back from the client.
pub(super) fn heard(step: &mut Step<'_, '_>, heard: &Heard) -> Result<(), Refusal> {
    match heard.news {
        News::Reply => {}
        News::HardBounce | News::Complaint if step.state.closed().is_none() => {
            step.needs_person(format!(
                "a client of a running project: {}",
                heard.news.word()
            ));
            return Ok(());
        }
        // Machines answer for people, and marketing does not touch a contract.
        _ => return Ok(()),
    }
    let text = heard
        .text
        .as_ref()
        .ok_or_else(|| Refusal::new("NA-1", "an answer without words"))?
        .reveal(Purpose::Contact);
    let (said, score) = text.inspect(|raw| (reading::read(raw), reading::score(raw)));
    let asked = step.state.report().is_some();
    let score = score.filter(|_| asked && step.state.satisfaction().is_none());
    let intent = match score {
        Some(score) => format!("is satisfied to {score} of 5"),
        None => said.word().to_owned(),
    };
    step.record(ProjectEvent::ClientSaid {
        intent,
        message_id: heard.message_id.clone(),
        at: heard.at,
    });
    if step.state.closed().is_some() {
        return Ok(());
    }
    if let Some(score) = score {
        step.record(ProjectEvent::Satisfied { score });
        close(step, true);
        return Ok(());
    }
    if said != Said::Accepts && step.state.heard_lately() > step.cx.policy().messages_a_day {
        // Two machines could go on like this for ever, and each question puts acceptance off.
        step.needs_person("messages come faster than people write; a machine may be answering");
        return Ok(());
    }
    match (waiting(step, heard.step.as_deref()), said) {
        (Some(milestone), Said::Accepts) => accepted(step, milestone, AcceptedBy::Client),
        (Some(milestone), Said::Change) => change(step, milestone, heard)?,
        (Some(milestone), Said::Question) => {
            step.record(ProjectEvent::Questioned { milestone });
            if let Some(hand_over) = step.state.hand_overs().get(&milestone).cloned() {
                await_answer(step, milestone, &hand_over, heard.at);
            }
            answer_status(step)?;
        }
        // After the report there is nothing to ask but the one question.
        (None, _) if asked => {}
        (None, Said::Accepts) => {}
        (None, _) => answer_status(step)?,
    }
    Ok(())
}

/// The milestone that a message is about: the one whose letter it answers, else the first that
/// waits.
fn waiting(step: &Step<'_, '_>, answers: Option<&str>) -> Option<MilestoneId> {
    let waits = |h: &HandOver| h.accepted.is_none() && !h.open;
    let hand_overs = step.state.hand_overs();
    hand_overs
        .iter()
        .find(|(_, h)| waits(h) && answers == Some(h.step.as_str()))
        .map(|(id, _)| *id)
        .or_else(|| {
            let terms = step.state.milestones().into_iter();
            let mut ids = terms.map(|(term, _)| term.id);
            ids.find(|id| hand_overs.get(id).is_some_and(waits))
        })
}

fn change(step: &mut Step<'_, '_>, milestone: MilestoneId, heard: &Heard) -> Result<(), Refusal> {
    let changes = step
        .state
        .hand_overs()
        .get(&milestone)
        .map_or(0, |h| h.changes);
    let covered = changes < step.cx.policy().revision_rounds;
    step.record(ProjectEvent::ChangeAsked {
        milestone,
        message_id: heard.message_id.clone(),
        covered,
    });
    if covered {
        return Ok(());
    }
    step.needs_person("the client asks for a change beyond the contract: offer a change order");
    let name = format!("change-order-{}", step.state.heard_count());
    let spec = LetterSpec::service("project-change-order").answering(step.state.last_heard());
    letters::ask(step, &name, spec, 0)
}

fn answer_status(step: &mut Step<'_, '_>) -> Result<(), Refusal> {
    step.needs_person("a client asks something about the work");
    let tasks = step.state.tasks();
    let is_done = |id| {
        let run = step.state.run(id);
        run.is_some_and(|r| r.status == TaskStatus::Done)
    };
    let done = tasks.iter().filter(|t| is_done(t.id())).count();
    let end = step
        .state
        .schedule()
        .map(|s| letters::day(s.end.date_naive(), step));
    let spec = LetterSpec::service("project-status")
        .value("done", done.to_string())
        .value("tasks", tasks.len().to_string())
        .value(
            "end",
            end.unwrap_or_else(|| "a day that is not set yet".to_owned()),
        )
        .answering(step.state.last_heard());
    let name = format!("status-{}", step.state.heard_count());
    letters::ask(step, &name, spec, 0)
}

/// Begins the final report once everything is accepted.
pub(super) fn conclude(step: &mut Step<'_, '_>) {
    let milestones = step.state.milestones();
    let accepted: Vec<MilestoneId> = step.state.accepted().collect();
    let all = milestones
        .iter()
        .all(|(term, _)| accepted.contains(&term.id));
    let worked = step.state.tasks().iter().all(|task| {
        let run = step.state.run(task.id());
        run.is_some_and(|r| r.status == TaskStatus::Done)
    });
    let ready = all && worked && step.state.breakdown().is_some() && !milestones.is_empty();
    if !ready || step.state.is_report_begun() {
        return;
    }
    let Some(setup) = step.state.setup().cloned() else {
        return;
    };
    let policy = step.cx.policy();
    let report = StatusReport::of(
        step.state.facts(),
        Audience::Client,
        step.now(),
        &policy.alerts,
    );
    let report = match report {
        Ok(report) => report.with_names(setup.service_names()),
        Err(error) => return step.needs_person(format!("no report could be made: {error}")),
    };
    let meta = head(step, &setup);
    let language = Language::parse(&setup.language).unwrap_or(Language::EN);
    let wanted = ProjectEffect::Render {
        key: DocumentKey::Report,
        document: Box::new(document(&report, &setup.client, meta, language)),
    };
    step.record(ProjectEvent::ReportBegun);
    step.emit(|out| out.effect("report", wanted));
}

/// Whom a document of the project is from and for, as of today.
pub(super) fn head(step: &Step<'_, '_>, setup: &ProjectSetup) -> Meta {
    let sender = &step.cx.policy().sender;
    let from = sender
        .postal
        .iter()
        .fold(Identity::new(sender.organisation.clone()), |from, line| {
            from.with_line(line.clone())
        });
    Meta::new()
        .with_sender(from)
        .with_recipient(Identity::new(setup.client.clone()))
        .with_date(step.now().date_naive())
}

/// The report is there: it goes to the client with the final question.
pub(super) fn report_made(step: &mut Step<'_, '_>, file: &RenderedFile) -> Result<(), Refusal> {
    step.record(ProjectEvent::ReportMade { blob: file.blob });
    let spec = LetterSpec::service("project-report").files(vec![SpecFile {
        name: format!("completion-report.{}", file.extension),
        media_type: file.media_type.clone(),
        blob: file.blob,
        made_by_ai: false,
    }]);
    letters::ask(step, "report", spec, 0)
}

pub(super) fn ask_feedback_again(step: &mut Step<'_, '_>) -> Result<(), Refusal> {
    if step.state.satisfaction().is_some() {
        return Ok(());
    }
    let spec = LetterSpec::service("project-feedback-reminder");
    letters::ask(step, "feedback-reminder", spec, 0)
}

/// Ends the project and tells deals and the market of it.
pub(super) fn close(step: &mut Step<'_, '_>, completed: bool) {
    let Some(setup) = step.state.setup().cloned() else {
        return;
    };
    if step.state.closed().is_some() {
        return;
    }
    let at = step.now();
    if let Some(lead) = setup.lead {
        let policy = step.cx.policy();
        let made = feedback(FeedbackInput {
            project: setup.project,
            deal: setup.deal,
            lead,
            sector: setup.facts.get("sector").cloned(),
            log: step.state.facts(),
            capacity: free_minutes(&policy.staff, &[], at, CAPACITY_DAYS),
            capabilities: std::collections::BTreeMap::new(),
            may_cite: false,
        });
        match made {
            Ok(told) => {
                let market = step.cx.peer("market", policy.market.clone());
                step.emit(|out| out.tell(market, "feedback", &told));
            }
            Err(error) => step.needs_person(format!("no feedback could be given: {error}")),
        }
    }
    step.record(ProjectEvent::Closed { completed, at });
    let told = ProjectClosed {
        project: setup.project,
        deal: setup.deal,
        completed,
        at,
    };
    let deal = step.cx.peer("deal", setup.deal.to_string());
    step.emit(|out| out.tell(deal, "closed", &told));
}
