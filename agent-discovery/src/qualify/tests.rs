use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::facts::{Fact, FactName, FactValue, Facts};

fn name(text: &str) -> FactName {
    FactName::parse(text).unwrap()
}

fn client() -> IdealClient {
    serde_json::from_str::<IdealClientParams>(
        r#"{"version": 4, "preferred_passes": 1, "criteria": [
            {"id": "sector", "field": "sector", "when": {"one_of": ["childcare", "dentist"]}, "need": "required",
             "because": "we know these trades", "question": "What does your business do?"},
            {"id": "size", "field": "employees", "when": {"between": [3, 60]}, "need": "required",
             "because": "smaller cannot pay, larger have their own people", "question": "How many people work with you?"},
            {"id": "website", "field": "website.exists", "when": {"flag": true}, "need": "preferred",
             "because": "there is something to improve", "question": "Do you have a website?"},
            {"id": "reviews", "field": "reviews.count", "when": {"at_least": 10}, "need": "preferred",
             "because": "they have a public", "question": "Where do your clients review you?"}
        ]}"#,
    )
    .unwrap()
    .check()
    .unwrap()
}

fn lead() -> Facts {
    Facts::new()
        .with(
            name("sector"),
            Fact::new("Childcare", "directory A, row 12"),
        )
        .with(name("employees"), Fact::new(9, "register"))
        .with(name("website.exists"), Fact::new(true, "fetched page"))
        .with(name("reviews.count"), Fact::new(2, "directory B, row 3"))
}

fn outcomes(assessment: &Assessment) -> Vec<Outcome> {
    assessment.answers().iter().map(Answer::outcome).collect()
}

// covers: QL-1
#[test]
fn a_field_taken_away_turns_its_criterion_unknown_and_the_verdict_asks_for_it() {
    let whole = client().assess(&lead());
    assert_eq!(whole.verdict(), &Verdict::Qualified);
    assert_eq!(
        outcomes(&whole),
        [Outcome::Pass, Outcome::Pass, Outcome::Pass, Outcome::Fail]
    );
    assert_eq!(whole.answers()[0].evidence(), Some("directory A, row 12"));
    for criterion in client().criteria() {
        let mut less = lead();
        less.remove(&criterion.field);
        let assessed = client().assess(&less);
        for (answer, before) in assessed.answers().iter().zip(whole.answers()) {
            if answer.criterion() == criterion.id {
                assert_eq!(answer.outcome(), Outcome::Unknown);
                let question = answer
                    .settled_by()
                    .expect("an unknown says what would settle it");
                assert_eq!(
                    (question.field(), question.text()),
                    (&criterion.field, criterion.question.as_str())
                );
            } else {
                assert_eq!(answer, before, "another criterion moved");
            }
        }
        match (criterion.id.as_str(), assessed.verdict()) {
            ("reviews", Verdict::Qualified) => {}
            (id, Verdict::NeedsReview { questions }) => {
                let asked: Vec<_> = questions.iter().map(Question::criterion).collect();
                assert_eq!(asked, [id]);
                assert!(assessed.reasons()[0].contains(&criterion.question));
            }
            (id, verdict) => panic!("{id}: {verdict:?}"),
        }
    }
}

#[test]
fn unknown_never_reads_as_no() {
    let nothing = client().assess(&Facts::new());
    assert_eq!(outcomes(&nothing), [Outcome::Unknown; 4]);
    let Verdict::NeedsReview { questions } = nothing.verdict() else {
        panic!("{:?}", nothing.verdict())
    };
    assert_eq!(questions.len(), 2, "the required ones come first");
    // Words where a number is needed settle nothing either, but what was seen is kept.
    let vague = lead().with(name("employees"), Fact::new("a few", "their page"));
    let assessed = client().assess(&vague);
    assert_eq!(assessed.answers()[1].outcome(), Outcome::Unknown);
    assert_eq!(
        assessed.answers()[1].input(),
        Some(&FactValue::from("a few"))
    );
    // A known "no" is one.
    let small = lead().with(name("employees"), Fact::new(1, "register"));
    assert_eq!(client().assess(&small).verdict(), &Verdict::NotQualified);
    assert!(client().assess(&small).reasons()[0].contains("register"));
}

#[test]
fn preferred_criteria_refuse_only_when_no_answer_could_help() {
    let mut facts = lead().with(
        name("website.exists"),
        Fact::new(false, "no page at the domain"),
    );
    assert_eq!(client().assess(&facts).verdict(), &Verdict::NotQualified);
    facts.remove(&name("reviews.count"));
    assert!(matches!(
        client().assess(&facts).verdict(),
        Verdict::NeedsReview { .. }
    ));
}

fn day(n: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(n)
}

// covers: QL-4
#[test]
fn a_persons_override_outlives_ten_runs_and_the_history_shows_both() {
    let mut judgement = Judgement::new();
    assert_eq!(judgement.verdict(), None);
    judgement.assessed(client().assess(&lead()), day(0));
    let word = Override::new(Verdict::NotQualified, "Dana", "they owe us money", day(1)).unwrap();
    judgement.overridden(word.clone());
    for run in 2..12 {
        // Every other run sees other facts, so that the criteria do not always say the same.
        let facts = if run % 2 == 0 { lead() } else { Facts::new() };
        judgement.assessed(client().assess(&facts), day(run));
        assert_eq!(judgement.verdict(), Some(&Verdict::NotQualified));
        assert_eq!(judgement.standing(), Some(&word));
    }
    let runs: u32 = judgement
        .history()
        .iter()
        .filter_map(|e| match e {
            JudgementEntry::Assessed { runs, .. } => Some(*runs),
            _ => None,
        })
        .sum();
    assert_eq!(runs, 11);
    assert!(
        judgement
            .history()
            .contains(&JudgementEntry::Overridden(word))
    );
    let stored = serde_json::to_string(&judgement).unwrap();
    assert_eq!(
        serde_json::from_str::<Judgement>(&stored).unwrap(),
        judgement
    );

    judgement.withdrawn("Dana", day(20));
    assert!(matches!(
        judgement.verdict(),
        Some(Verdict::NeedsReview { .. })
    ));
    judgement.withdrawn("Dana", day(21));
    assert_eq!(judgement.history().len(), 13, "withdrawn twice is one line");
}

#[test]
fn an_override_without_a_person_or_a_reason_is_refused() {
    assert_eq!(
        Override::new(Verdict::Qualified, " ", "why", day(0)),
        Err(OverrideError::NoPerson)
    );
    assert_eq!(
        Override::new(Verdict::Qualified, "Dana", "", day(0)),
        Err(OverrideError::NoReason)
    );
}

#[test]
fn criteria_that_cannot_be_used_are_refused() {
    let params = IdealClientParams::from(client());
    let broken = |change: fn(&mut IdealClientParams)| {
        let mut params = params.clone();
        change(&mut params);
        params.check().unwrap_err()
    };
    assert!(matches!(
        broken(|p| p.criteria[0].id = "size".into()),
        CriterionError::Id { .. }
    ));
    assert!(matches!(
        broken(|p| p.criteria[0].question.clear()),
        CriterionError::Question { .. }
    ));
    assert!(matches!(
        broken(|p| p.criteria[0].field = FactName::parse("owner.age").unwrap()),
        CriterionError::Banned { .. }
    ));
    assert!(matches!(
        broken(|p| p.preferred_passes = 3),
        CriterionError::Preferred {
            wanted: 3,
            preferred: 2
        }
    ));
    let never = broken(|p| p.criteria[0].when = crate::facts::Predicate::OneOf(Vec::new()));
    assert!(matches!(never, CriterionError::Predicate { .. }));
}
