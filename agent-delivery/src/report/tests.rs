use chrono::TimeDelta;
use dealwright_core::document::{DocumentRenderer, Format, Meta, PlainRenderer};
use dealwright_core::id::{DeliverableId, LineId, MilestoneId, TaskId};
use dealwright_core::money::Money;
use dealwright_core::party::Language;
use dealwright_core::time::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::setup::tests::{at, eur};

fn hour(n: i64) -> Timestamp {
    at("2026-03-02T09:00:00Z") + TimeDelta::hours(n)
}

fn task(name: &str) -> TaskId {
    TaskId::derive(&[name.as_bytes()])
}

fn planned(name: &str, service: &str, minutes: i64, cost: i64, from: i64) -> ProjectFact {
    ProjectFact::TaskPlanned {
        task: task(name),
        name: format!("Task {name}"),
        service: service.to_owned(),
        minutes,
        cost: eur(cost),
        start: hour(from),
        finish: hour(from + 2),
        critical: true,
    }
}

fn booked(name: &str, service: &str, minutes: i64, cost: i64) -> ProjectFact {
    ProjectFact::WorkBooked {
        task: task(name),
        service: service.to_owned(),
        minutes,
        cost: eur(cost),
    }
}

fn done(name: &str, service: &str) -> ProjectFact {
    ProjectFact::TaskDone {
        task: task(name),
        service: service.to_owned(),
    }
}

fn line(name: &str, service: &str, net: i64, cost: i64) -> ProjectFact {
    ProjectFact::LinePriced {
        line: LineId::derive(&[name.as_bytes()]),
        service: service.to_owned(),
        net: eur(net),
        cost: eur(cost),
    }
}

fn logged(facts: impl IntoIterator<Item = ProjectFact>) -> Vec<LoggedFact> {
    facts
        .into_iter()
        .enumerate()
        .map(|(n, fact)| LoggedFact {
            event: EventRef::new(format!("agency/project/p@{}", n / 2 + 1), (n % 2) as u32),
            at: hour(n as i64),
            fact,
        })
        .collect()
}

const AUDIT: &str = "website-audit";
const REPAIR: &str = "listing-repair";

/// A project under way: one of three tasks is done, dearer than planned.
pub(crate) fn running() -> Vec<LoggedFact> {
    logged([
        line("a", AUDIT, 49_000, 20_000),
        line("b", REPAIR, 19_000, 9_000),
        ProjectFact::MilestoneSet {
            milestone: MilestoneId::derive(&[b"all"]),
            name: "All accepted".to_owned(),
            due: hour(48),
        },
        planned("crawl", AUDIT, 60, 8_000, 0),
        planned("write", AUDIT, 100, 12_000, 2),
        planned("mend", REPAIR, 60, 9_000, 4),
        // The report was planned anew: the later plan counts.
        planned("write", AUDIT, 90, 12_000, 3),
        ProjectFact::InputMissing {
            name: "logo".to_owned(),
        },
        booked("crawl", AUDIT, 50, 7_000),
        booked("crawl", AUDIT, 20, 3_000),
        done("crawl", AUDIT),
        ProjectFact::Reworked {
            service: AUDIT.to_owned(),
            round: 1,
        },
        ProjectFact::EndForecast { finish: hour(30) },
    ])
}

/// The same project at its end.
pub(crate) fn log() -> Vec<LoggedFact> {
    let mut facts: Vec<ProjectFact> = running().into_iter().map(|l| l.fact).collect();
    facts.extend([
        ProjectFact::InputGiven {
            name: "logo".to_owned(),
        },
        booked("write", AUDIT, 100, 7_000),
        done("write", AUDIT),
        booked("mend", REPAIR, 60, 8_000),
        done("mend", REPAIR),
        ProjectFact::Released {
            deliverable: DeliverableId::derive(&[b"report"]),
            name: "Report".to_owned(),
            version: 2,
        },
        ProjectFact::Measured {
            service: AUDIT.to_owned(),
            name: "score".to_owned(),
            value: 61,
        },
        ProjectFact::MilestoneReached {
            milestone: MilestoneId::derive(&[b"all"]),
        },
        ProjectFact::Satisfied { score: 5 },
    ]);
    logged(facts)
}

fn value(log: &[LoggedFact], measure: Measure) -> FigureValue {
    measure.of(log, None).unwrap().unwrap().value()
}

fn report(log: &[LoggedFact], audience: Audience) -> StatusReport {
    StatusReport::of(log, audience, hour(24), &AlertPolicy::default()).unwrap()
}

// covers: CR-1
#[test]
fn plan_actual_and_forecast_of_time_and_money() {
    let log = running();
    let money = |measure| value(&log, measure);
    assert_eq!(money(Measure::Net), FigureValue::Money(eur(68_000)));
    assert_eq!(money(Measure::CostBudget), FigureValue::Money(eur(29_000)));
    assert_eq!(money(Measure::CostSpent), FigureValue::Money(eur(10_000)));
    // The done task took 10,000 for 8,000: the open 21,000 will take 26,250.
    assert_eq!(
        money(Measure::CostForecast),
        FigureValue::Money(eur(36_250))
    );
    assert_eq!(
        money(Measure::MarginForecast),
        FigureValue::Money(eur(68_000 - 36_250))
    );
    assert_eq!(money(Measure::MinutesPlanned), FigureValue::Minutes(210));
    assert_eq!(money(Measure::MinutesSpent), FigureValue::Minutes(70));
    assert_eq!(
        money(Measure::MinutesForecast),
        FigureValue::Minutes(70 + 105 + 70)
    );
    assert_eq!(money(Measure::TasksDone), FigureValue::Count(1));
    assert_eq!(money(Measure::DaysLate), FigureValue::Count(0));
    assert_eq!(Measure::Satisfaction.of(&log, None), Ok(None));
    let repair = Measure::CostSpent.of(&log, Some(REPAIR)).unwrap().unwrap();
    assert_eq!(repair.value(), FigureValue::Money(eur(0)));
    assert_eq!(repair.sources().len(), 1);
}

// covers: CR-1
#[test]
fn every_figure_resolves_to_events_and_is_computed_again_from_them() {
    for log in [running(), log()] {
        for audience in [Audience::Client, Audience::Agency] {
            let report = report(&log, audience);
            assert!(report.figures.len() >= audience.measures().len() - 1);
            for figure in report
                .figures
                .iter()
                .chain(report.alerts.iter().flat_map(|a| &a.figures))
            {
                assert_eq!(figure.verify(&log), Ok(()), "{figure:?}");
            }
            let known: std::collections::BTreeSet<&EventRef> =
                log.iter().map(|f| &f.event).collect();
            assert!(report.sources().is_subset(&known));
        }
    }
}

// covers: CR-1
#[test]
fn a_figure_that_was_touched_does_not_verify() {
    let log = running();
    let figure = Measure::CostSpent.of(&log, None).unwrap().unwrap();
    let mut json = serde_json::to_value(&figure).unwrap();
    *json.pointer_mut("/value/money/minor").unwrap() = 9_999.into();
    let touched: Figure = serde_json::from_value(json).unwrap();
    assert_eq!(
        touched.verify(&log),
        Err(FigureFault::Differs {
            measure: "cost-spent"
        })
    );
    let short: Vec<LoggedFact> = log[..9].to_vec();
    assert!(matches!(
        figure.verify(&short),
        Err(FigureFault::NoSuchEvent { .. })
    ));
    let mut bare = serde_json::to_value(&figure).unwrap();
    *bare.pointer_mut("/sources").unwrap() = serde_json::json!([]);
    let bare: Figure = serde_json::from_value(bare).unwrap();
    assert!(matches!(
        bare.verify(&log),
        Err(FigureFault::NoSource { .. })
    ));
}

fn any_fact() -> impl Strategy<Value = ProjectFact> {
    let name = || prop::sample::select(vec!["a", "b", "c"]);
    let service = || prop::sample::select(vec![AUDIT, REPAIR]);
    prop_oneof![
        (name(), service(), 0_i64..500, 0_i64..300)
            .prop_map(|(n, s, net, cost)| line(n, s, net, cost)),
        (name(), service(), 1_i64..90, 0_i64..400).prop_map(|(n, s, m, c)| planned(n, s, m, c, 1)),
        (name(), service(), 0_i64..90, 0_i64..400).prop_map(|(n, s, m, c)| booked(n, s, m, c)),
        (name(), service()).prop_map(|(n, s)| done(n, s)),
        (1_u32..4).prop_map(|round| ProjectFact::Reworked {
            service: AUDIT.to_owned(),
            round
        }),
        (0_i64..90).prop_map(|h| ProjectFact::EndForecast { finish: hour(h) }),
        (name(), 0_i64..90).prop_map(|(n, h)| ProjectFact::MilestoneSet {
            milestone: MilestoneId::derive(&[n.as_bytes()]),
            name: n.to_owned(),
            due: hour(h),
        }),
        name().prop_map(|n| ProjectFact::MilestoneReached {
            milestone: MilestoneId::derive(&[n.as_bytes()])
        }),
        (1_u8..6).prop_map(|score| ProjectFact::Satisfied { score }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    // covers: CR-1
    #[test]
    fn figures_of_any_log_rest_on_their_events(facts in proptest::collection::vec(any_fact(), 0..30)) {
        let log = logged(facts);
        for measure in Audience::Agency.measures() {
            for service in [None, Some(AUDIT)] {
                if let Some(figure) = measure.of(&log, service).unwrap() {
                    prop_assert_eq!(figure.verify(&log), Ok(()));
                }
            }
        }
    }
}

// covers: CR-2
#[test]
fn warnings_come_at_three_quarters_and_before_the_budget_breaks() {
    let kinds = |facts: Vec<ProjectFact>| -> Vec<AlertKind> {
        let log = logged(facts);
        let found = alerts(&log, hour(0), &AlertPolicy::default()).unwrap();
        found.into_iter().map(|a| a.kind).collect()
    };
    let project = |spent: i64, minutes: i64| {
        vec![
            line("a", AUDIT, 49_000, 10_000),
            planned("crawl", AUDIT, 50, 5_000, 0),
            planned("write", AUDIT, 50, 5_000, 2),
            booked("crawl", AUDIT, minutes, spent),
        ]
    };
    assert_eq!(kinds(project(4_999, 74)), []);
    // 75 % of the minutes, then of the money too.
    assert_eq!(kinds(project(4_999, 75)), [AlertKind::TimeBurn]);
    let both = [
        AlertKind::CostBurn,
        AlertKind::CostForecast,
        AlertKind::TimeBurn,
    ];
    assert_eq!(kinds(project(7_500, 75)), both);
    // 60 % spent on what should have taken 50: the forecast breaks the budget before it is used up.
    let mut early = project(6_000, 50);
    early.push(done("crawl", AUDIT));
    assert_eq!(kinds(early), [AlertKind::CostForecast]);
    // At the end nothing burns any more.
    let mut ended = project(5_000, 50);
    ended.extend([
        done("crawl", AUDIT),
        booked("write", AUDIT, 45, 4_900),
        done("write", AUDIT),
    ]);
    assert_eq!(kinds(ended), []);
}

// covers: CR-2
#[test]
fn dates_and_service_levels_are_watched() {
    let milestone = MilestoneId::derive(&[b"m"]);
    let due = |end: i64| {
        vec![
            ProjectFact::MilestoneSet {
                milestone,
                name: "M".to_owned(),
                due: hour(100),
            },
            ProjectFact::EndForecast { finish: hour(end) },
        ]
    };
    let kinds = |facts: Vec<ProjectFact>, now: i64| -> Vec<AlertKind> {
        let found = alerts(&logged(facts), hour(now), &AlertPolicy::default()).unwrap();
        found.into_iter().map(|a| a.kind).collect()
    };
    assert_eq!(kinds(due(100), 51), []);
    assert_eq!(kinds(due(101), 51), [AlertKind::DateForecast { milestone }]);
    assert_eq!(kinds(due(100), 52), [AlertKind::DateNear { milestone }]);
    let mut reached = due(101);
    reached.push(ProjectFact::MilestoneReached { milestone });
    assert_eq!(kinds(reached, 90), []);
    let level = |value| {
        vec![ProjectFact::LevelMeasured {
            measure: "first-response".to_owned(),
            value,
            at_most: 8,
        }]
    };
    let name = || "first-response".to_owned();
    assert_eq!(kinds(level(5), 0), []);
    assert_eq!(
        kinds(level(6), 0),
        [AlertKind::LevelNear { measure: name() }]
    );
    assert_eq!(
        kinds(level(9), 0),
        [AlertKind::LevelBroken { measure: name() }]
    );
}

// covers: CR-1, TX-3
#[test]
fn the_document_tells_done_next_and_risks_and_the_client_sees_no_cost() {
    let log = running();
    for (audience, language, wanted, never) in [
        (
            Audience::Client,
            Language::EN,
            "What we need from you",
            "Cost",
        ),
        (
            Audience::Agency,
            Language::DE,
            "Kosten am Ende, Prognose",
            "Cost",
        ),
    ] {
        let report = report(&log, audience);
        assert_eq!(report.done()[0].minutes_spent, 70);
        assert_eq!(report.next().count(), 2);
        assert_eq!(report.overdue().count(), 2);
        let paper = document(
            &report,
            "Website audit for Bäckerei Sommer",
            Meta::new(),
            language,
        );
        assert_eq!(paper.check(), Ok(()));
        // What the work took is our own affair.
        let charts = if audience == Audience::Agency { 2 } else { 1 };
        assert_eq!(paper.charts().count(), charts);
        let text = PlainRenderer.render(&paper, Format::Markdown).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(wanted), "{text}");
        assert!(!text.contains(never), "{text}");
        assert!(
            text.contains("logo") && text.contains("Task crawl"),
            "{text}"
        );
    }
    let ended = report(&log_at_end(), Audience::Client);
    assert!(ended.complete && ended.missing.is_empty());
    let paper = document(&ended, "Website audit", Meta::new(), Language::EN);
    assert_eq!(paper.title(), "Completion report");
}

fn log_at_end() -> Vec<LoggedFact> {
    log()
}

#[test]
fn money_of_two_currencies_is_refused() {
    let mut facts: Vec<ProjectFact> = running().into_iter().map(|l| l.fact).collect();
    facts.push(ProjectFact::WorkBooked {
        task: task("crawl"),
        service: AUDIT.to_owned(),
        minutes: 1,
        cost: Money::from_minor(1, dealwright_core::money::Currency::USD),
    });
    assert!(Measure::CostSpent.of(&logged(facts), None).is_err());
}
