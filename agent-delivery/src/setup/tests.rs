use dealwright_core::canonical::Digest32;
use dealwright_core::handoff::{BudgetLine, DealWonParts, HandOffError, RequirementKind};
use dealwright_core::id::{ContractId, MilestoneId, OfferId};
use dealwright_core::knowledge::CatalogueParams;
use dealwright_core::money::Currency;
use dealwright_core::party::{EmailAddress, Language};
use dealwright_core::personal::Personal;
use dealwright_core::provenance::Confidence;
use serde_json::{Value, json};

use super::*;

/// Two services: an audit of three tasks and an option, a repair of two.
pub(crate) fn catalogue_json() -> Value {
    let effort =
        |min: i64, likely: i64, max: i64| json!({"min": min, "likely": likely, "max": max});
    json!({
        "needs": [
            {"id": "audit", "name": "Audit", "statement": "Wants to know what is wrong with the website."},
            {"id": "repair", "name": "Repair", "statement": "Wants the listings to be right."}
        ],
        "services": [{
            "id": "website-audit", "name": "Website audit", "summary": "A measured look.",
            "outcomes": ["A list of faults."], "limits": ["It repairs nothing."], "needs": ["audit"],
            "deliverables": [
                {"id": "report", "name": "Report", "format": "pdf"},
                {"id": "second-report", "name": "Second report", "format": "pdf", "option": "rescan"}
            ],
            "criteria": [
                {"id": "all-pages", "deliverable": "report", "text": "Every ordered page was read.", "check": "all-pages"},
                {"id": "readable", "deliverable": "report", "text": "A layman can follow it."},
                {"id": "compares", "deliverable": "second-report", "text": "Each fault says whether it is gone."}
            ],
            "phases": [
                {"id": "look", "name": "Look", "done_when": ["All pages are stored."], "tasks": [
                    {"id": "crawl", "name": "Read the site", "role": "analyst", "skill": "web",
                     "base": effort(10, 15, 30), "per": [{"driver": "pages", "each": effort(1, 2, 4)}],
                     "requires": ["website"], "checklist": ["robots.txt is kept"]},
                    {"id": "again", "name": "Look again", "role": "analyst", "skill": "web", "option": "rescan",
                     "base": effort(30, 60, 90), "after": ["crawl"], "produces": ["second-report"]}
                ]},
                {"id": "tell", "name": "Tell", "done_when": ["The report was accepted."], "tasks": [
                    {"id": "write", "name": "Write the report", "role": "writer", "skill": "writing",
                     "base": effort(60, 90, 240), "after": ["crawl", "again"], "produces": ["report"],
                     "requires": ["logo"]}
                ]}
            ],
            "worker": {"kind": "tool", "name": "website-audit"},
            "drivers": [{"id": "pages", "name": "Pages", "unit": "page", "min": 1, "max": 500, "default": 20, "ask": "How many?"}],
            "options": [{"id": "rescan", "name": "Second look", "summary": "We look again."}],
            "lead_time_days": 5
        }, {
            "id": "listing-repair", "name": "Listing repair", "summary": "Listings put right.",
            "outcomes": ["Listings that agree."], "limits": ["It writes to no directory."], "needs": ["repair"],
            "deliverables": [{"id": "sheet", "name": "Sheet", "format": "csv"}],
            "criteria": [{"id": "no-conflicts", "deliverable": "sheet", "text": "No field contradicts another.", "check": "no-conflicts"}],
            "phases": [{"id": "mend", "name": "Mend", "done_when": ["The sheet was accepted."], "tasks": [
                {"id": "compare", "name": "Compare listings", "role": "analyst", "skill": "data", "base": effort(20, 30, 60)},
                {"id": "correct", "name": "Correct them", "role": "analyst", "skill": "data",
                 "base": effort(30, 45, 90), "after": ["compare"], "produces": ["sheet"]}
            ]}],
            "worker": {"kind": "person"}, "lead_time_days": 4
        }]
    })
}

pub(crate) fn catalogue() -> Catalogue {
    let params: CatalogueParams = serde_json::from_value(catalogue_json()).unwrap();
    params.check().unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn eur(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

pub(crate) fn requirement(need: &str) -> Requirement {
    Requirement {
        id: RequirementId::derive(&[need.as_bytes()]),
        need: need.to_owned(),
        statement: format!("Needs {need}."),
        kind: RequirementKind::Explicit,
        evidence: Vec::new(),
        confidence: Confidence::new(90).unwrap(),
        status: RequirementStatus::Confirmed,
        owner: None,
        drivers: BTreeMap::new(),
    }
}

/// A deal of both services.
pub(crate) fn deal_parts() -> DealWonParts {
    let (audit, repair) = (requirement("audit"), requirement("repair"));
    let lead = LeadId::derive(&[b"lead"]);
    DealWonParts {
        deal: Some(DealId::derive(&[b"deal"])),
        lead: Some(lead),
        contract: Some(ContractId::derive(&[b"contract"])),
        contract_hash: Some(Digest32::of(b"contract")),
        offer: Some(OfferId::derive(&[b"offer"])),
        client: Some("Bäckerei Sommer".to_owned()),
        contact: Some(Personal::new(
            EmailAddress::parse("hello@baeckerei-sommer.example").unwrap(),
            dealwright_core::id::ContactId::derive(&[b"contact"]).to_string(),
        )),
        language: Some(Language::parse("de").unwrap()),
        website: Some("https://baeckerei-sommer.example/".to_owned()),
        service_levels: vec![ServiceLevel {
            measure: "first-response".to_owned(),
            at_most: 8,
            unit: "working hours".to_owned(),
        }],
        orders: vec![
            ServiceOrder {
                service: "website-audit".to_owned(),
                requirements: vec![audit.id],
                drivers: [("pages".to_owned(), 10)].into(),
                options: Vec::new(),
            },
            ServiceOrder {
                service: "listing-repair".to_owned(),
                requirements: vec![repair.id],
                drivers: BTreeMap::new(),
                options: Vec::new(),
            },
        ],
        start: Some(at("2026-03-02T08:00:00Z")),
        milestones: vec![
            MilestoneTerms {
                id: MilestoneId::derive(&[b"one"]),
                name: "Audit accepted".to_owned(),
                due: at("2026-03-09T17:00:00Z"),
                services: vec!["website-audit".to_owned()],
            },
            MilestoneTerms {
                id: MilestoneId::derive(&[b"two"]),
                name: "All accepted".to_owned(),
                due: at("2026-03-20T17:00:00Z"),
                services: vec!["website-audit".to_owned(), "listing-repair".to_owned()],
            },
        ],
        budget: vec![
            BudgetLine {
                line: LineId::derive(&[b"line 1"]),
                service: "website-audit".to_owned(),
                requirements: vec![audit.id],
                net: eur(49_000),
                cost: eur(20_001),
            },
            BudgetLine {
                line: LineId::derive(&[b"line 2"]),
                service: "listing-repair".to_owned(),
                requirements: vec![repair.id],
                net: eur(19_001),
                cost: eur(9_000),
            },
        ],
        total: Some(eur(68_001)),
        requirements: vec![audit, repair],
        ..DealWonParts::default()
    }
}

pub(crate) fn project() -> ProjectSetup {
    let deal = DealWon::try_from(deal_parts()).unwrap();
    set_up(&deal, &catalogue(), &ChaserPolicy::default()).unwrap()
}

// covers: PS-1
#[test]
fn the_same_hand_off_makes_the_same_project_a_hundred_times() {
    let first = project();
    for _ in 0..100 {
        assert_eq!(project(), first);
    }
    let other = project_of(DealId::derive(&[b"another"]));
    assert_ne!(first.project, other);
    let sum = Money::sum(Currency::EUR, first.budget.services.iter().map(|s| s.net)).unwrap();
    let lines = Money::sum(Currency::EUR, first.budget.lines.iter().map(|l| l.net)).unwrap();
    assert_eq!((sum, lines), (first.budget.net, eur(68_001)));
}

// covers: DF-2
#[test]
fn money_that_does_not_reconcile_sets_up_nothing() {
    let lines = deal_parts().budget;
    let error = reconcile(&lines, eur(68_000)).unwrap_err();
    let expected = SetupError::Unreconciled {
        lines: eur(68_001),
        total: eur(68_000),
    };
    assert_eq!(error, expected);
    let twice = [lines[0].clone(), lines[0].clone()];
    assert_eq!(
        reconcile(&twice, eur(98_000)).unwrap_err(),
        SetupError::LineTwice {
            line: lines[0].line
        }
    );
    let mut mixed = lines;
    mixed[1].net = Money::from_minor(19_001, Currency::USD);
    assert!(matches!(
        reconcile(&mixed, eur(68_001)),
        Err(SetupError::Money(_))
    ));
}

// covers: DF-2
#[test]
fn each_requirement_appears_once_or_the_hand_off_is_refused() {
    let refused = |change: &dyn Fn(&mut DealWonParts)| {
        let mut parts = deal_parts();
        change(&mut parts);
        DealWon::try_from(parts).unwrap_err()
    };
    let twice = refused(&|p| {
        let again = p.requirements[0].clone();
        p.requirements.push(again);
    });
    assert!(
        matches!(twice, HandOffError::Contradiction { .. }),
        "{twice}"
    );
    let lost = refused(&|p| drop(p.requirements.pop()));
    assert!(matches!(lost, HandOffError::Contradiction { .. }), "{lost}");
    let unpaid = refused(&|p| drop(p.budget.pop()));
    assert!(
        matches!(unpaid, HandOffError::Contradiction { .. }),
        "{unpaid}"
    );
    let late = refused(&|p| p.milestones.clear());
    assert!(
        matches!(
            late,
            HandOffError::Missing {
                part: "milestones",
                ..
            }
        ),
        "{late}"
    );
    assert_eq!(project().requirements.len(), 2);
}

#[test]
fn what_does_not_fit_the_catalogue_is_refused_by_name() {
    let refused = |change: &dyn Fn(&mut DealWonParts)| {
        let mut parts = deal_parts();
        change(&mut parts);
        let deal = DealWon::try_from(parts).unwrap();
        set_up(&deal, &catalogue(), &ChaserPolicy::default()).unwrap_err()
    };
    let service = refused(&|p| p.orders[0].service = "moon-trip".to_owned());
    assert!(
        matches!(service, SetupError::UnknownService { .. }),
        "{service}"
    );
    let option = refused(&|p| p.orders[0].options.push("gold".to_owned()));
    assert!(
        matches!(option, SetupError::UnknownOption { .. }),
        "{option}"
    );
    let unpaired = refused(&|p| p.budget[1].service = "website-audit".to_owned());
    assert!(
        matches!(unpaired, SetupError::Unpaired { .. }),
        "{unpaired}"
    );
    let dropped = refused(&|p| p.requirements[0].status = RequirementStatus::Dropped);
    assert!(matches!(dropped, SetupError::Dropped { .. }), "{dropped}");
}

// covers: PS-2
#[test]
fn every_phase_has_criteria_and_options_bring_theirs() {
    let setup = project();
    assert_eq!(setup.phases.len(), 3);
    assert!(
        setup
            .phases
            .iter()
            .all(|p| !p.done_when.is_empty() && !p.roles.is_empty())
    );
    assert_eq!(setup.criteria_for("website-audit", "report").count(), 2);
    assert_eq!(
        setup.criteria_for("website-audit", "second-report").count(),
        0
    );
    let mut parts = deal_parts();
    parts.orders[0].options.push("rescan".to_owned());
    let deal = DealWon::try_from(parts).unwrap();
    let more = set_up(&deal, &catalogue(), &ChaserPolicy::default()).unwrap();
    assert_eq!(
        more.criteria_for("website-audit", "second-report").count(),
        1
    );
}

// covers: PS-3
#[test]
fn a_missing_logo_is_chased_on_working_days_until_a_person_takes_over() {
    let setup = project();
    let given: Vec<(&str, bool)> = setup.inputs.iter().map(|i| (&*i.name, i.given)).collect();
    assert_eq!(given, [("logo", false), ("website", true)]);
    assert_eq!(setup.inputs[1].chasers, []);
    let chase: Vec<String> = setup.inputs[0]
        .chasers
        .iter()
        .map(|c| format!("{:?} {}", c.kind, c.at.format("%m-%d %H")))
        .collect();
    // 2 March 2026 is a Monday.
    assert_eq!(
        chase,
        [
            "Request 03-02 08",
            "Reminder 03-04 09",
            "Reminder 03-09 09",
            "Reminder 03-13 09",
            "Person 03-18 09"
        ]
    );
}
