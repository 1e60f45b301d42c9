use dealwright_core::knowledge::{Criterion, Slug};
use dealwright_core::money::Currency;
use serde_json::json;

use super::*;
use crate::deliverable::tests::manifest_by;
use crate::execute::{FactValue, Facts};
use crate::setup::tests::eur;

fn tool() -> WorkerIdentity {
    WorkerIdentity::tool("website-audit", "1")
}

fn kim() -> WorkerIdentity {
    WorkerIdentity::person("kim")
}

fn open(criteria: &[&str]) -> Review {
    Review::open(&manifest_by(&tool(), 1), criteria.iter().copied()).unwrap()
}

// covers: QR-1
#[test]
fn without_a_result_for_each_criterion_the_gate_stays_shut() {
    let mut review = open(&["all-pages", "readable", "compares"]);
    let unset = |review: &Review| match review.gate() {
        Err(ReviewRefusal::Unset { criteria }) => criteria,
        other => panic!("{other:?}"),
    };
    review.pass("all-pages", "10 of 10", &kim()).unwrap();
    assert_eq!(unset(&review), ["compares", "readable"]);
    review
        .fail("readable", "three terms are not explained", &kim())
        .unwrap();
    assert_eq!(unset(&review), ["compares"]);
    review
        .waive("compares", "the client has no second site", &kim())
        .unwrap();
    let failed = review.gate().unwrap_err();
    assert_eq!(
        failed,
        ReviewRefusal::Failed {
            criteria: vec!["readable".to_owned()]
        }
    );
    assert_eq!(
        review.failed().collect::<Vec<_>>(),
        [("readable", "three terms are not explained")]
    );
    // A second opinion does not undo a failure; a named person may let it go.
    let again = review.pass("readable", "it is fine", &WorkerIdentity::person("lou"));
    assert!(matches!(again, Err(ReviewRefusal::Settled { .. })));
    review
        .waive(
            "readable",
            "explained by phone",
            &WorkerIdentity::person("lou"),
        )
        .unwrap();
    let passed = review.gate().unwrap();
    assert_eq!(passed.record().results().len(), 3);
    assert_eq!(
        passed.record().results()["readable"].by,
        WorkerIdentity::person("lou")
    );
}

// covers: QR-1
#[test]
fn nothing_is_reviewed_against_nothing() {
    let none = Review::open(&manifest_by(&tool(), 1), []);
    assert_eq!(none, Err(ReviewRefusal::NoCriteria));
    let mut review = open(&["all-pages"]);
    let unknown = review.pass("all-files", "yes", &kim());
    assert!(matches!(unknown, Err(ReviewRefusal::Unknown { .. })));
    let silent = review.pass("all-pages", " ", &kim());
    assert!(matches!(silent, Err(ReviewRefusal::NoReason { .. })));
    let tool = WorkerIdentity::tool("checker", "1");
    let machine = review.waive("all-pages", "it seems fine", &tool);
    assert!(matches!(machine, Err(ReviewRefusal::NotAPerson { .. })));
}

// covers: QR-2
#[test]
fn whoever_made_it_does_not_judge_it() {
    let model = WorkerIdentity::model;
    for (producer, same, other) in [
        (kim(), kim(), WorkerIdentity::person("lou")),
        (
            model("a", "small"),
            model("a", "large"),
            model("b", "small"),
        ),
        (tool(), tool(), WorkerIdentity::tool("website-audit", "2")),
        (tool(), tool(), kim()),
    ] {
        let mut review = Review::open(&manifest_by(&producer, 1), ["all-pages"]).unwrap();
        let refused = review.pass("all-pages", "10 of 10", &same);
        assert_eq!(
            refused,
            Err(ReviewRefusal::SameAsProducer { reviewer: same })
        );
        assert_eq!(review.pass("all-pages", "10 of 10", &other), Ok(()));
    }
    // Not even a waiver.
    let mut review = Review::open(&manifest_by(&kim(), 1), ["all-pages"]).unwrap();
    assert!(review.waive("all-pages", "trust me", &kim()).is_err());
}

// covers: QR-3
#[test]
fn a_worker_that_always_fails_gets_exactly_so_many_rounds() {
    let policy = ReworkPolicy {
        rounds: 3,
        cost: eur(100_000),
    };
    let mut rework = Rework::none(&policy);
    let mut rounds = 0;
    let mut last = eur(0);
    let end = loop {
        let (next, step) = rework.after_failure(last, &policy).unwrap();
        rework = next;
        last = eur(500);
        match step {
            ReworkStep::Again { round } => {
                rounds += 1;
                assert_eq!(round, rounds);
            }
            other => break other,
        }
    };
    assert_eq!((rounds, end), (3, ReworkStep::RoundsUsedUp { rounds: 3 }));
    assert_eq!(rework.spent(), eur(1_500));
}

// covers: QR-3
#[test]
fn rework_stops_when_it_cost_what_it_may() {
    let policy = ReworkPolicy {
        rounds: 10,
        cost: eur(1_000),
    };
    let mut rework = Rework::none(&policy);
    let mut steps = Vec::new();
    for cost in [0, 400, 599, 1] {
        let (next, step) = rework.after_failure(eur(cost), &policy).unwrap();
        rework = next;
        steps.push(step);
    }
    assert_eq!(steps[2], ReworkStep::Again { round: 3 });
    assert_eq!(steps[3], ReworkStep::CostUsedUp { spent: eur(1_000) });
    let other = dealwright_core::money::Money::zero(Currency::USD);
    assert!(rework.after_failure(other, &policy).is_err());
}

fn criterion(id: &str, check: Option<&str>) -> Criterion {
    let slug = |text: &str| Slug::parse(text).unwrap();
    Criterion {
        id: slug(id),
        deliverable: slug("report"),
        text: "It holds.".to_owned(),
        check: check.map(slug),
    }
}

fn facts(list: &[(&str, i64)]) -> Facts {
    list.iter()
        .map(|(name, n)| ((*name).to_owned(), FactValue::Number(*n)))
        .collect()
}

// covers: QR-1
#[test]
fn what_was_not_measured_is_open_and_never_met() {
    let criteria = [
        criterion("pages", Some("all-pages")),
        criterion("score", Some("score-adds-up")),
        criterion("style", None),
        criterion("odd", Some("no-such-check")),
    ];
    let checks = shipped_checks();
    let all = |list: &[(&str, i64)]| run_checks(&criteria, &checks, &facts(list));
    let good = [
        ("pages-read", 10),
        ("pages-ordered", 10),
        ("score", 61),
        ("points", 61),
    ];
    let done = all(&good);
    assert!(matches!(done.results["pages"], Verdict::Pass { .. }));
    assert!(matches!(&done.results["score"], Verdict::Pass { because } if because.contains("61")));
    assert_eq!(done.open.keys().collect::<Vec<_>>(), ["odd", "style"]);
    let fewer = [
        ("pages-read", 4),
        ("pages-ordered", 10),
        ("pages-left-out", 1),
        ("score", 61),
    ];
    let done = all(&fewer);
    assert!(matches!(done.results["pages"], Verdict::Fail { .. }));
    assert_eq!(done.open["score"], "`points` was not measured");
    // Fewer pages than ordered are enough where the site has no more.
    let small = [
        ("pages-read", 4),
        ("pages-ordered", 10),
        ("pages-left-out", 0),
    ];
    assert!(matches!(all(&small).results["pages"], Verdict::Pass { .. }));
    assert_eq!(all(&[]).results.len(), 0);
}

#[test]
fn predicates_are_data() {
    let text = json!({"all": [
        {"at_least": ["pages", 3]},
        {"any": [{"is": ["form", "pdf"]}, {"one_of": ["form", ["html", "svg"]]}]},
        {"same": ["score", "points"]}
    ]});
    let holds: Predicate = serde_json::from_value(text.clone()).unwrap();
    assert_eq!(serde_json::to_value(&holds).unwrap(), text);
    let check = AutoCheck {
        name: "c".to_owned(),
        holds,
    };
    let mut measured = facts(&[("pages", 3), ("score", 1), ("points", 1)]);
    measured.insert("form".to_owned(), "svg".into());
    let checks = BTreeMap::from([("c".to_owned(), check)]);
    let run = |facts: &Facts| run_checks(&[criterion("x", Some("c"))], &checks, facts);
    assert!(matches!(run(&measured).results["x"], Verdict::Pass { .. }));
    measured.insert("pages".to_owned(), "three".into());
    assert!(matches!(run(&measured).results["x"], Verdict::Fail { .. }));
}
