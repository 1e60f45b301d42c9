use dealwright_core::handoff::{DealWon, DealWonParts};
use dealwright_core::money::Currency;

use super::*;
use crate::setup::tests::{at, catalogue, deal_parts, eur, project};
use crate::setup::{ChaserPolicy, set_up};

pub(crate) fn breakdown() -> WorkBreakdown {
    plan(deal_parts())
}

fn plan(parts: DealWonParts) -> WorkBreakdown {
    let deal = DealWon::try_from(parts).unwrap();
    let setup = set_up(&deal, &catalogue(), &ChaserPolicy::default()).unwrap();
    split(&Scope::of(&setup, &catalogue()).unwrap()).unwrap()
}

fn split(scope: &Scope) -> Result<WorkBreakdown, BreakdownError> {
    break_down(
        scope,
        &PriorityPolicy::default(),
        ClientTier::New,
        at("2026-03-02T08:00:00Z"),
    )
}

fn scope() -> Scope {
    Scope::of(&project(), &catalogue()).unwrap()
}

fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

// covers: PS-1, TB-1
#[test]
fn the_same_scope_gives_the_same_plan_traced_from_end_to_end() {
    let plan = breakdown();
    assert_eq!(plan, breakdown());
    let codes: Vec<(&str, &str)> = plan
        .tasks()
        .iter()
        .map(|t| (t.code(), &**t.template()))
        .collect();
    assert_eq!(
        codes,
        [
            ("1.1.1.1", "crawl"),
            ("1.1.2.1", "write"),
            ("1.2.1.1", "compare"),
            ("1.2.1.2", "correct")
        ]
    );
    let scope = scope();
    for requirement in &scope.requirements {
        assert!(plan.serving(*requirement).count() > 0);
    }
    for line in &scope.lines {
        let shares = plan
            .tasks()
            .iter()
            .filter(|t| t.lines().contains(&line.id))
            .map(Task::budget);
        assert_eq!(Money::sum(Currency::EUR, shares).unwrap(), line.cost);
    }
    assert_eq!(plan.root().packages().len(), 3);
    let inside: Vec<TaskId> = plan
        .root()
        .packages()
        .iter()
        .flat_map(|p| p.tasks.clone())
        .collect();
    assert_eq!(inside.len(), plan.tasks().len());
    assert_eq!(plan.root().estimate, plan.estimate());
    let back: WorkBreakdown = serde_json::from_value(serde_json::to_value(&plan).unwrap()).unwrap();
    assert_eq!(back, plan);
}

// covers: TB-1
#[test]
fn a_circle_is_named_task_by_task() {
    let mut scope = scope();
    scope.services[0].phases[0].tasks[0].after = vec![slug("write")];
    let error = split(&scope).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tasks wait for each other: website-audit/crawl -> website-audit/write -> \
         website-audit/crawl; break the circle in `after`"
    );
    scope.services[0].phases[0].tasks[0].after = vec![slug("crawl")];
    assert!(matches!(split(&scope), Err(BreakdownError::Circle { path }) if path.len() == 2));
}

// covers: TB-1
#[test]
fn orphans_and_strays_are_refused() {
    let mut lost = scope();
    let requirement = RequirementId::derive(&[b"forgotten"]);
    lost.requirements.insert(requirement);
    assert_eq!(
        split(&lost),
        Err(BreakdownError::OrphanRequirement { requirement })
    );

    let mut unpaid = scope();
    unpaid.lines.remove(1);
    assert!(matches!(
        split(&unpaid),
        Err(BreakdownError::Untraced {
            what: "price line",
            ..
        })
    ));

    let mut idle = scope();
    let mut line = idle.lines[0].clone();
    line.id = LineId::derive(&[b"more"]);
    line.service = "seo".to_owned();
    idle.lines.push(line.clone());
    assert_eq!(
        split(&idle),
        Err(BreakdownError::OrphanLine { line: line.id })
    );

    let mut unasked = scope();
    unasked.services[0].requirements.clear();
    assert!(split(&unasked).is_err());

    let mut stray = scope();
    stray.services[1].phases[0].tasks[0].after = vec![slug("crawl")];
    assert!(matches!(
        split(&stray),
        Err(BreakdownError::UnknownPredecessor { .. })
    ));
}

// covers: TB-1
#[test]
fn other_requirements_give_another_plan() {
    let mut more_pages = deal_parts();
    more_pages.orders[0].drivers.insert("pages".to_owned(), 100);
    let (small, large) = (breakdown(), plan(more_pages));
    let crawl = |p: &WorkBreakdown| p.tasks()[0].estimate().mean();
    assert_eq!((crawl(&small), crawl(&large)), (39, 234));
    assert_eq!(small.tasks()[0].id(), large.tasks()[0].id());

    let mut optional = deal_parts();
    optional.orders[0].options.push("rescan".to_owned());
    let optional = plan(optional);
    assert_eq!(optional.tasks().len(), small.tasks().len() + 1);
    let write = |p: &WorkBreakdown| {
        p.tasks()
            .iter()
            .find(|t| &**t.template() == "write")
            .unwrap()
            .clone()
    };
    // Without the option, the report waits for what the option's task would have waited for.
    assert_eq!(
        (write(&small).after().len(), write(&optional).after().len()),
        (1, 2)
    );
}

#[test]
fn a_driver_that_the_order_lacks_comes_from_the_requirement() {
    let mut parts = deal_parts();
    parts.orders[0].drivers.clear();
    assert_eq!(plan(parts.clone()).tasks()[0].drivers()["pages"], 20);
    parts.requirements[0].drivers.insert("pages".to_owned(), 33);
    assert_eq!(plan(parts).tasks()[0].drivers()["pages"], 33);
}

// covers: TB-4
#[test]
fn priorities_follow_deadline_value_and_what_waits() {
    let plan = breakdown();
    let points: Vec<i64> = plan.tasks().iter().map(|t| t.priority().points()).collect();
    // The audit is due in 7 days and brings 490.00, the repair in 18 and brings 190.01.
    assert_eq!(points, [20 + 6 + 1, 20 + 6, 10 + 6 + 1, 10 + 6]);
    for task in plan.tasks() {
        let sum: i64 = task.priority().reasons().iter().map(|r| r.points).sum();
        assert_eq!(sum, task.priority().points());
    }
    assert_eq!(
        plan.tasks()[0]
            .budget()
            .checked_add(plan.tasks()[1].budget()),
        Ok(eur(20_001))
    );
}
