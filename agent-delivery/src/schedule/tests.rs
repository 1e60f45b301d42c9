use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::knowledge::Slug;
use dealwright_core::time::{Calendar, Timestamp, Zone};

use super::*;
use crate::breakdown::tests::breakdown;
use crate::execute::WorkerIdentity;
use crate::setup::tests::at;

fn office() -> Hours {
    Hours::Week(WorkingWeek::office(Zone::UTC, Calendar::default()))
}

fn member(name: &str, skills: &[&str]) -> StaffMember {
    StaffMember {
        worker: WorkerIdentity::person(name),
        skills: skills.iter().map(|s| (*s).to_owned()).collect(),
        parallel: 1,
        hours: office(),
    }
}

struct Case {
    staff: Vec<StaffMember>,
    bookings: Vec<Booking>,
    expected: BTreeMap<Slug, Timestamp>,
    done: BTreeSet<dealwright_core::id::TaskId>,
}

impl Case {
    fn of(staff: Vec<StaffMember>) -> Self {
        Self {
            staff,
            bookings: Vec::new(),
            expected: BTreeMap::new(),
            done: BTreeSet::new(),
        }
    }

    fn plan(&self) -> Result<Plan, ScheduleError> {
        let breakdown = breakdown();
        plan(&PlanInput {
            breakdown: &breakdown,
            done: &self.done,
            staff: &self.staff,
            bookings: &self.bookings,
            client: &office(),
            from: at("2026-03-02T08:00:00Z"),
            expected: &self.expected,
            search: Search::default(),
        })
    }
}

fn alone() -> Case {
    Case::of(vec![member("kim", &["web", "writing", "data"])])
}

// covers: TB-2
#[test]
fn nobody_does_two_things_at_once_or_after_hours() {
    let plan = alone().plan().unwrap();
    let schedule = plan.schedule();
    assert_eq!(schedule.tasks.len(), 4);
    for pair in schedule.tasks.windows(2) {
        assert!(pair[0].finish <= pair[1].start);
    }
    // 39 + 110 + 34 + 50 minutes from nine on: the first day is enough.
    assert_eq!(schedule.tasks[0].start, at("2026-03-02T09:00:00Z"));
    assert_eq!(schedule.end, at("2026-03-02T13:53:00Z"));
    assert!(schedule.late.is_empty());
    assert_eq!(schedule, alone().plan().unwrap().schedule());
}

// covers: TB-2
#[test]
fn two_people_are_faster_and_a_booking_or_a_missing_input_waits() {
    let end = |case: &Case| case.plan().unwrap().schedule().end;
    let both = || {
        Case::of(vec![
            member("kim", &["web", "writing"]),
            member("lou", &["data"]),
        ])
    };
    assert_eq!(end(&both()), at("2026-03-02T11:29:00Z"));
    let mut booked = both();
    booked.bookings.push(Booking {
        worker: WorkerIdentity::person("kim"),
        from: at("2026-03-02T00:00:00Z"),
        to: at("2026-03-03T00:00:00Z"),
    });
    assert_eq!(end(&booked), at("2026-03-03T11:29:00Z"));
    let mut waiting = both();
    waiting
        .expected
        .insert(Slug::parse("logo").unwrap(), at("2026-03-06T10:00:00Z"));
    assert_eq!(end(&waiting), at("2026-03-06T11:50:00Z"));
    let mut late = both();
    late.expected
        .insert(Slug::parse("logo").unwrap(), at("2026-03-20T10:00:00Z"));
    assert_eq!(late.plan().unwrap().schedule().late.len(), 1);
}

// covers: TB-3
#[test]
fn a_delay_of_the_slack_moves_nothing_and_one_more_minute_does() {
    let case = Case::of(vec![
        member("kim", &["web", "writing"]),
        member("lou", &["data"]),
    ]);
    let plan = case.plan().unwrap();
    let free: Vec<&ScheduledTask> = plan
        .schedule()
        .tasks
        .iter()
        .filter(|t| !t.critical)
        .collect();
    assert_eq!(free.len(), 2);
    for task in &plan.schedule().tasks {
        let within = plan.slip(task.task, task.slack).unwrap();
        assert_eq!(within.end_after, within.end_before);
        let beyond = plan.slip(task.task, task.slack + 1).unwrap();
        assert_eq!((beyond.end_after - beyond.end_before).num_minutes(), 1);
    }
    let slip = plan.slip(plan.schedule().tasks[0].task, 60).unwrap();
    assert!(
        slip.moved
            .iter()
            .any(|(task, _)| *task == plan.schedule().tasks[0].task)
    );
    assert_eq!(plan.schedule().critical_path().len(), 2);
}

#[test]
fn the_named_tool_works_at_night_and_done_tasks_are_not_planned() {
    let mut case = alone();
    case.staff.push(StaffMember {
        worker: WorkerIdentity::tool("website-audit", "1"),
        skills: ["web".to_owned(), "writing".to_owned()].into(),
        parallel: 4,
        hours: Hours::Always,
    });
    let plan = case.plan().unwrap();
    let by = |name: &str| {
        let tasks = plan.schedule().tasks.iter();
        tasks
            .filter(|t| {
                t.worker
                    .as_ref()
                    .is_some_and(|w| w.to_string().contains(name))
            })
            .count()
    };
    assert_eq!((by("tool:website-audit"), by("person:kim")), (2, 2));
    assert_eq!(plan.schedule().tasks[0].start, at("2026-03-02T08:00:00Z"));
    case.done.insert(plan.schedule().tasks[0].task);
    assert_eq!(case.plan().unwrap().schedule().tasks.len(), 3);
    let bars = gantt(&breakdown(), plan.schedule(), &case.done);
    assert_eq!(bars.iter().filter(|b| b.done).count(), 1);
    assert_eq!(bars[1].after, [0]);
    assert_eq!(plan.schedule().bookings().len(), 4);
}

#[test]
fn who_is_missing_is_named() {
    let error = Case::of(vec![member("kim", &["web"])]).plan().unwrap_err();
    assert!(error.to_string().contains("`writing`"), "{error}");
    let mut idle = alone();
    let Hours::Week(week) = &mut idle.staff[0].hours else {
        panic!("kim has hours")
    };
    week.daily.clear();
    assert!(matches!(idle.plan(), Err(ScheduleError::NoTime { .. })));
}

#[test]
fn the_plan_can_be_sent_to_the_client() {
    use dealwright_core::document::{DocumentRenderer, Format, Meta, PlainRenderer};
    use dealwright_core::party::Language;

    let plan = alone().plan().unwrap();
    let setup = crate::setup::tests::project();
    let now = at("2026-03-02T08:00:00Z");
    let paper = document(
        &setup,
        &breakdown(),
        plan.schedule(),
        now,
        Meta::new(),
        Language::EN,
    );
    assert_eq!(paper.check(), Ok(()));
    let text = PlainRenderer.render(&paper, Format::Markdown).unwrap();
    let text = String::from_utf8(text).unwrap();
    for wanted in [
        "logo",
        "Read the site",
        "A layman can follow it",
        "Audit accepted",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("kim") && !text.contains("analyst"), "{text}");
}
