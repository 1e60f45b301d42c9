use chrono::{Days, TimeZone as _, Utc};

use super::*;

fn day(day: u64) -> Timestamp {
    Utc.with_ymd_and_hms(2026, 1, 1, 9, 0, 0).unwrap() + Days::new(day)
}

fn says(value: &str, source: Source, at: u64, percent: u8) -> Sourced<String> {
    Sourced::new(
        value.to_owned(),
        source,
        day(at),
        Confidence::saturating(percent),
    )
}

fn directory(name: &str) -> Source {
    Source::new(name, SourceKind::Directory)
}

// covers: EN-2
#[test]
fn two_providers_disagree_and_both_stay_and_the_choice_is_explained() {
    let mut field = Field::of(says("+1 555 0100", directory("north"), 0, 60));
    assert_eq!(
        field.add(says("+1 555 0101", directory("south"), 1, 90)),
        Added::Beside
    );
    assert_eq!(field.values().len(), 2);
    let choice = field.choose().unwrap();
    assert_eq!(choice.value().value(), "+1 555 0101");
    assert_eq!(choice.because(), Because::Confidence);
    assert_eq!(
        choice.to_string(),
        "`south` is surer (90 %) than `north` (60 %)"
    );
    assert!(field.is_disputed());
}

// covers: EN-2
#[test]
fn what_a_person_said_is_never_overwritten_only_proposed_against() {
    let mut field = Field::of(says("Ada", Source::person("jo"), 0, 10));
    let better = says(
        "Adele",
        Source::new("register", SourceKind::Register),
        5,
        100,
    );
    assert_eq!(field.add(better.clone()), Added::Proposed);
    let choice = field.choose().unwrap();
    assert_eq!(choice.value().value(), "Ada");
    assert_eq!(choice.because(), Because::Person);
    assert_eq!(field.proposals().collect::<Vec<_>>(), [&better]);
    // Only a person changes it.
    assert_eq!(
        field.add(says("Adele", Source::person("kim"), 6, 10)),
        Added::Beside
    );
    assert_eq!(field.choose().unwrap().value().value(), "Adele");
    assert_eq!(field.choose().unwrap().because(), Because::Freshness);
}

#[test]
fn a_source_replaces_its_own_older_word_alone() {
    let mut field = Field::of(says("a", directory("north"), 3, 50));
    assert_eq!(
        field.add(says("b", directory("north"), 2, 99)),
        Added::Outdated
    );
    assert_eq!(
        field.add(says("b", directory("north"), 4, 50)),
        Added::Replaced
    );
    assert_eq!(
        field.add(says(
            "a",
            directory("north").with_url("https://n.example/2"),
            4,
            50
        )),
        Added::Beside
    );
    assert_eq!(field.values().len(), 2);
}

#[test]
fn freshness_then_kind_then_name_decide_and_order_of_arrival_does_not() {
    let fresh = [
        says("x", directory("a"), 1, 50),
        says("y", directory("b"), 2, 50),
    ];
    let kind = [
        says("x", directory("a"), 1, 50),
        says("y", Source::new("z", SourceKind::Register), 1, 50),
    ];
    let name = [
        says("x", directory("b"), 1, 50),
        says("y", directory("a"), 1, 50),
    ];
    for (pair, because) in [
        (fresh, Because::Freshness),
        (kind, Because::SourceOrder),
        (name, Because::Name),
    ] {
        for order in [[0, 1], [1, 0]] {
            let mut field = Field::new();
            for at in order {
                field.add(pair[at].clone());
            }
            let choice = field.choose().unwrap();
            assert_eq!(
                (choice.value().value().as_str(), choice.because()),
                ("y", because)
            );
        }
    }
}

// covers: EN-4
#[test]
fn after_ninety_days_titles_are_due_and_the_founding_year_is_not() {
    let ageing = Ageing::default();
    let title = Field::of(says("Head of sales", directory("a"), 0, 80));
    let year = Field::of(says("1987", directory("a"), 0, 80));
    assert!(!ageing.is_due("title", &title, day(89)));
    assert!(ageing.is_due("title", &title, day(90)));
    assert!(!ageing.is_due("founding_year", &year, day(90)));
    assert!(!ageing.is_due("founding_year", &year, day(9_000)));
    assert!(ageing.is_due("title", &Field::<String>::new(), day(0)));
}

#[test]
fn the_serialised_form_stays() {
    let value = says("x", directory("a").with_url("https://a.example/1"), 0, 80)
        .with_passage(Untrusted::new("x marks it".to_owned()))
        .with_purpose(Purpose::Matching);
    let text = serde_json::to_string(&value).unwrap();
    assert_eq!(
        text,
        r#"{"value":"x","source":{"name":"a","kind":"directory","url":"https://a.example/1"},"retrieved_at":"2026-01-01T09:00:00Z","confidence":80,"passage":"x marks it","purpose":"matching"}"#
    );
    assert_eq!(
        serde_json::from_str::<Sourced<String>>(&text).unwrap(),
        value
    );
    assert!(serde_json::from_str::<Confidence>("101").is_err());
}
