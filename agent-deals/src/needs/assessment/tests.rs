use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::handoff::{Quotation, Requirement, RequirementKind, RequirementStatus};
use dealwright_core::id::{MessageId, RequirementId};
use dealwright_core::provenance::Confidence;
use dealwright_core::text::Untrusted;

use super::*;
use crate::needs::{Field, Heard, Role, Stated};
use crate::reply::Escalation;

fn params() -> AssessmentParams {
    let driver = |id: &str, max, default| DriverShape {
        id: id.to_owned(),
        min: 1,
        max,
        default,
        ask: format!("how many {id}?"),
    };
    let service = |need: &str, drivers: Vec<DriverShape>| ServiceShape {
        need: need.to_owned(),
        drivers,
    };
    AssessmentParams {
        required: BTreeSet::from([Required::Decider]),
        most_asks: 2,
        worth_ppm: BTreeMap::new(),
        escalate: Escalation::ALL.into(),
        services: vec![
            service(
                "website-audit",
                vec![driver("pages", 500, 20), driver("languages", 10, 1)],
            ),
            service(
                "listing-repair",
                vec![driver("listings", 100, 8), driver("locations", 20, 1)],
            ),
            service(
                "newsletter-setup",
                vec![driver("templates", 10, 1), driver("contacts", 100_000, 500)],
            ),
        ],
    }
}

fn policy() -> AssessmentPolicy {
    params().check().unwrap()
}

/// Pages cost most, then listings, locations, languages.
fn sketch(needs: &[&str], drivers: &BTreeMap<String, i64>) -> Option<i64> {
    let of = |id: &str| drivers.get(id).copied().unwrap_or(0);
    let one = |need: &&str| match *need {
        "website-audit" => 30_000 + of("pages") * 1_500 + of("languages") * 4_000,
        "listing-repair" => 10_000 + of("listings") * 2_000 + of("locations") * 3_000,
        "newsletter-setup" => 20_000 + of("templates") * 9_000 + of("contacts") * 10,
        _ => 0,
    };
    Some(needs.iter().map(one).sum())
}

fn quote() -> Quotation {
    Quotation {
        message: MessageId::derive(&[b"m"]),
        start: 0,
        end: 2,
        text: Untrusted::new("we".to_owned()),
    }
}

fn requirement(need: &str, kind: RequirementKind) -> Requirement {
    Requirement {
        id: RequirementId::derive(&[need.as_bytes()]),
        need: need.to_owned(),
        statement: "ours".to_owned(),
        kind,
        evidence: vec![quote()],
        confidence: Confidence::saturating(80),
        status: RequirementStatus::Open,
        owner: None,
        drivers: BTreeMap::new(),
    }
}

fn needs(list: &[(&str, RequirementKind)]) -> Heard {
    Heard {
        requirements: list
            .iter()
            .map(|(need, kind)| requirement(need, *kind))
            .collect(),
        ..Heard::default()
    }
}

/// What a client says who answers exactly this.
fn answer(field: &Field) -> Heard {
    let mut heard = Heard::default();
    match field {
        Field::Needs => return needs(&[("website-audit", RequirementKind::Explicit)]),
        Field::Confirm(need) => return needs(&[(need, RequirementKind::Explicit)]),
        Field::Driver(id) => {
            heard.drivers.insert(
                id.clone(),
                Stated {
                    value: 3,
                    quote: quote(),
                },
            );
        }
        Field::Decider => {
            heard.role = Some(Stated {
                value: Role::Decides,
                quote: quote(),
            })
        }
        Field::Budget | Field::Deadline => {}
    }
    heard
}

fn words(heard: Heard) -> AssessmentInput {
    AssessmentInput::Heard {
        heard: Box::new(heard),
        escalations: BTreeSet::new(),
    }
}

fn alarm(why: Escalation) -> AssessmentInput {
    AssessmentInput::Heard {
        heard: Box::default(),
        escalations: BTreeSet::from([why]),
    }
}

fn step(state: &Assessment, input: &AssessmentInput) -> Result<Assessment, AssessmentRefusal> {
    Ok(decide(state, input, &policy())?
        .iter()
        .fold(state.clone(), apply))
}

fn confirm() -> AssessmentInput {
    AssessmentInput::Confirm {
        at: "2026-05-04T10:00:00Z".parse().unwrap(),
    }
}

/// One state of each stage.
fn stages() -> Vec<Assessment> {
    let listening = Assessment::default();
    let mut all = needs(&[("website-audit", RequirementKind::Explicit)]);
    let asking = step(&listening, &words(all.clone())).unwrap();
    all.drivers = answer(&Field::Driver("pages".to_owned())).drivers;
    all.drivers
        .extend(answer(&Field::Driver("languages".to_owned())).drivers);
    all.role = answer(&Field::Decider).role;
    let complete = step(&asking, &words(all)).unwrap();
    let summarised = step(&complete, &AssessmentInput::Summarise).unwrap();
    let ready = step(&summarised, &confirm()).unwrap();
    let escalated = step(&asking, &alarm(Escalation::Legal)).unwrap();
    let closed = step(
        &asking,
        &AssessmentInput::Close {
            why: CloseReason::Declined,
        },
    )
    .unwrap();
    vec![
        listening, asking, complete, summarised, ready, escalated, closed,
    ]
}

// covers: NA-2
#[test]
fn every_stage_takes_what_the_table_says_and_nothing_else() {
    let inputs = [
        (
            "words",
            words(needs(&[("listing-repair", RequirementKind::Explicit)])),
        ),
        ("alarm", alarm(Escalation::Complaint)),
        (
            "ask",
            AssessmentInput::Ask {
                field: Field::Deadline,
            },
        ),
        (
            "assume",
            AssessmentInput::Assume {
                driver: "pages".to_owned(),
            },
        ),
        ("summarise", AssessmentInput::Summarise),
        ("confirm", confirm()),
        ("resume", AssessmentInput::Resume),
        (
            "close",
            AssessmentInput::Close {
                why: CloseReason::Manual,
            },
        ),
    ];
    use Stage::{Asking, Closed, Escalated, Listening, Ready, Summarised};
    // Rows: stages() in order. Columns: inputs in order. `None` is a refusal.
    let table: [[Option<Stage>; 8]; 7] = [
        [
            Some(Asking),
            Some(Escalated),
            Some(Listening),
            None,
            None,
            None,
            None,
            Some(Closed),
        ],
        [
            Some(Asking),
            Some(Escalated),
            Some(Asking),
            None,
            None,
            None,
            None,
            Some(Closed),
        ],
        [
            Some(Asking),
            Some(Escalated),
            Some(Asking),
            None,
            Some(Summarised),
            None,
            None,
            Some(Closed),
        ],
        [
            Some(Asking),
            Some(Escalated),
            None,
            None,
            None,
            Some(Ready),
            None,
            Some(Closed),
        ],
        [
            None,
            Some(Escalated),
            None,
            None,
            None,
            None,
            None,
            Some(Closed),
        ],
        [
            Some(Escalated),
            Some(Escalated),
            None,
            None,
            None,
            None,
            Some(Asking),
            Some(Closed),
        ],
        [None, None, None, None, None, None, None, None],
    ];
    for (state, row) in stages().iter().zip(table) {
        for ((name, input), expected) in inputs.iter().zip(row) {
            let got = step(state, input).ok().map(|next| next.stage());
            assert_eq!(got, expected, "{:?} takes {name}", state.stage());
        }
    }
}

// covers: NA-2
#[test]
fn fuzzed_dialogues_never_reach_a_proposal_with_a_field_unset() {
    let policy = policy();
    // A small generator of its own: the same dialogues in every run.
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let needs_of = ["website-audit", "listing-repair", "newsletter-setup"];
    let drivers = [
        "pages",
        "languages",
        "listings",
        "locations",
        "templates",
        "contacts",
    ];
    let (mut ready, mut refused) = (0u32, 0u32);
    for _ in 0..100_000 {
        let mut state = Assessment::default();
        for _ in 0..(4 + random(20)) {
            let need = needs_of[random(3) as usize];
            let driver = drivers[random(6) as usize].to_owned();
            let input = match random(12) {
                0 => words(needs(&[(need, RequirementKind::Explicit)])),
                1 => words(needs(&[(need, RequirementKind::Implicit)])),
                2 => {
                    let mut heard = Heard::default();
                    heard.declined.insert(
                        need.to_owned(),
                        Stated {
                            value: crate::needs::Declined::Refused,
                            quote: quote(),
                        },
                    );
                    words(heard)
                }
                3..=5 => words(answer(&Field::Driver(driver))),
                6 => words(answer(&Field::Decider)),
                7 => AssessmentInput::Ask {
                    field: Field::Driver(driver),
                },
                8 => AssessmentInput::Assume { driver },
                9 => AssessmentInput::Summarise,
                10 => confirm(),
                _ => match random(20) {
                    0 => alarm(Escalation::Unsure),
                    1 => AssessmentInput::Resume,
                    2 => AssessmentInput::Close {
                        why: CloseReason::Silent,
                    },
                    _ => AssessmentInput::Summarise,
                },
            };
            match decide(&state, &input, &policy) {
                Ok(events) => state = events.iter().fold(state, apply),
                Err(_) => refused += 1,
            }
            if let Assessment::Ready { brief, .. } | Assessment::Summarised { brief } = &state {
                assert!(brief.known().lacks(&policy).is_empty());
                for requirement in brief.requirements(&policy) {
                    let wanted = policy.service(&requirement.need).unwrap().drivers.len();
                    assert_eq!(requirement.drivers.len(), wanted);
                }
            }
        }
        ready += u32::from(state.stage() == Stage::Ready);
    }
    println!("fuzzed dialogues: 100000, ready {ready}, inputs refused {refused}");
    assert!(ready > 100 && refused > 100);
}

// covers: NA-3
#[test]
fn questions_are_few_and_an_answered_one_is_never_repeated() {
    type Client<'a> = (&'a [(&'a str, RequirementKind)], &'a [&'a str]);
    let policy = policy();
    let clients: [Client<'_>; 4] = [
        (&[("website-audit", RequirementKind::Explicit)], &[]),
        (
            &[
                ("website-audit", RequirementKind::Explicit),
                ("listing-repair", RequirementKind::Explicit),
            ],
            &["pages"],
        ),
        (
            &[("newsletter-setup", RequirementKind::Implicit)],
            &["contacts"],
        ),
        (
            &[
                ("listing-repair", RequirementKind::Explicit),
                ("newsletter-setup", RequirementKind::Implicit),
            ],
            &[],
        ),
    ];
    let (mut asked, mut least) = (0usize, 0usize);
    for (wants, volunteers) in clients {
        let mut first = needs(wants);
        for id in volunteers {
            first
                .drivers
                .extend(answer(&Field::Driver((*id).to_owned())).drivers);
        }
        let mut state = step(&Assessment::default(), &words(first)).unwrap();
        least += state.known().unwrap().lacks(&policy).len();
        let mut answered = BTreeSet::new();
        while let Next::Ask(question) = next(&state, &policy, &sketch) {
            asked += 1;
            assert!(
                answered.insert(question.field.clone()),
                "{:?} twice",
                question.field
            );
            state = step(
                &state,
                &AssessmentInput::Ask {
                    field: question.field.clone(),
                },
            )
            .unwrap();
            state = step(&state, &words(answer(&question.field))).unwrap();
        }
        assert_eq!(next(&state, &policy, &sketch), Next::Summarise);
    }
    println!("questions: {asked} asked, {least} needed");
    assert!(asked * 10 <= least * 13);
}

#[test]
fn the_first_question_is_the_one_that_moves_the_price_most() {
    let first = |wants| match next(
        &step(&Assessment::default(), &words(needs(wants))).unwrap(),
        &policy(),
        &sketch,
    ) {
        Next::Ask(question) => question,
        other => panic!("{other:?}"),
    };
    let pages = first(&[("website-audit", RequirementKind::Explicit)]);
    assert_eq!(pages.field, Field::Driver("pages".to_owned()));
    // 6 to 60 pages at 15.00.
    assert_eq!(pages.value, 54 * 1_500);
    assert_eq!(pages.words.as_deref(), Some("how many pages?"));
    let doubted = first(&[("newsletter-setup", RequirementKind::Implicit)]);
    assert_eq!(doubted.field, Field::Confirm("newsletter-setup".to_owned()));
    assert_eq!(
        next(&Assessment::default(), &policy(), &sketch),
        Next::Ask(Question {
            field: Field::Needs,
            value: i64::MAX,
            words: None
        })
    );
}

#[test]
fn what_is_asked_in_vain_is_assumed_or_handed_over() {
    let mut state = step(
        &Assessment::default(),
        &words(needs(&[("website-audit", RequirementKind::Explicit)])),
    )
    .unwrap();
    let mut assumed = Vec::new();
    for _ in 0..20 {
        let input = match next(&state, &policy(), &sketch) {
            Next::Ask(question) => AssessmentInput::Ask {
                field: question.field,
            },
            Next::Assume { driver } => {
                assumed.push(driver.clone());
                AssessmentInput::Assume { driver }
            }
            other => {
                // Who decides cannot be assumed.
                assert_eq!(other, Next::CallPerson);
                break;
            }
        };
        state = step(&state, &input).unwrap();
    }
    assert_eq!(assumed, ["languages", "pages"]);
    let state = step(&state, &words(answer(&Field::Decider))).unwrap();
    let Assessment::Summarised { brief } = step(&state, &AssessmentInput::Summarise).unwrap()
    else {
        panic!()
    };
    assert_eq!(
        brief.assumptions().collect::<Vec<_>>(),
        [("languages", 1), ("pages", 20)]
    );
}

// covers: NA-5
#[test]
fn a_policy_that_switches_an_escalation_off_is_refused() {
    for rule in Escalation::ALL {
        let mut off = params();
        off.escalate.remove(&rule);
        assert_eq!(
            off.clone().check().unwrap_err(),
            AssessmentPolicyError::EscalationOff { rule }
        );
        let written = serde_json::to_value(off).unwrap();
        assert!(
            serde_json::from_value::<AssessmentPolicy>(written)
                .unwrap_err()
                .to_string()
                .contains("cannot be switched off")
        );
        for state in stages() {
            match step(&state, &alarm(rule)) {
                Ok(next) => assert_eq!(next.stage(), Stage::Escalated, "{rule:?}"),
                Err(_) => assert_eq!(state.stage(), Stage::Closed),
            }
        }
    }
    let out = step(&stages()[1], &alarm(Escalation::OptOut)).unwrap();
    assert_eq!(
        step(&out, &AssessmentInput::Resume),
        Err(AssessmentRefusal::OptedOut)
    );
}

#[test]
fn words_to_a_machine_call_a_person() {
    let heard = Heard {
        machine_text: true,
        ..needs(&[("website-audit", RequirementKind::Explicit)])
    };
    assert_eq!(
        step(&Assessment::default(), &words(heard)).unwrap().stage(),
        Stage::Escalated
    );
}
