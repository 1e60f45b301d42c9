use dealwright_core::knowledge::{Playbook, PlaybookParams, StopRule};
use dealwright_core::party::Country;
use dealwright_core::time::{Timestamp, WorkingDays};
use serde_json::json;

use super::*;
use crate::reply::{BounceSeverity, Intent, MailClass};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn playbook() -> Playbook {
    serde_json::from_value::<PlaybookParams>(json!({
        "id": "first-contact",
        "steps": [
            {"id": "hello", "delay": 0, "channel": "email", "template": "hello"},
            {"id": "again", "delay": 3, "channel": "email", "template": "again"},
            {"id": "last", "delay": 5, "channel": "email", "template": "last"}
        ],
        "stops_company": ["opt_out", "complaint"],
        "proposal": {"reply_by": 7, "reminders": [3, 5], "valid_for": 14, "template": "remind"}
    }))
    .unwrap()
    .check()
    .unwrap()
}

fn days() -> WorkingDays {
    WorkingDays::of(Some(Country::DE), Some("Europe/Berlin"))
}

fn run(
    state: Sequence,
    input: &SequenceInput,
    now: Timestamp,
) -> Result<Sequence, SequenceRefusal> {
    Ok(decide(&state, input, &playbook(), &days(), now)?
        .iter()
        .fold(state, apply))
}

/// Every state a sequence can be in before it is over, with the number of letters that left.
fn states() -> Vec<(Sequence, usize)> {
    let start = at("2026-03-20T08:00:00Z");
    let mut state = Sequence::start(&playbook(), &days(), start);
    let mut all = Vec::new();
    for left in 0..3 {
        all.push((state.clone(), left));
        let due = state.due().unwrap();
        state = run(state, &SequenceInput::Due, due).unwrap();
        all.push((state.clone(), left));
        state = run(state, &SequenceInput::Left, due).unwrap();
    }
    all.push((state, 3));
    all
}

// covers: OU-1
#[test]
fn every_stop_at_every_step_ends_it_with_its_reason() {
    let later = at("2027-01-04T10:00:00Z");
    for (state, left) in states() {
        for cause in StopRule::ALL {
            for company in [false, true] {
                let input = if company {
                    SequenceInput::CompanyStop { cause }
                } else {
                    SequenceInput::Stop { cause }
                };
                let stopped = run(state.clone(), &input, later).unwrap();
                let stop = stopped.stop().unwrap();
                assert_eq!(
                    (stop.cause, stop.at, stop.from_company),
                    (cause, later, company)
                );
                assert_eq!(stop.after.is_some(), left > 0);
                assert!(
                    stop.reason.contains(if left > 0 {
                        "after step"
                    } else {
                        "before the first step"
                    }),
                    "{}",
                    stop.reason
                );
                let wide = !company && matches!(cause, StopRule::OptOut | StopRule::Complaint);
                assert_eq!(stop.for_company, wide);
                // Nothing makes it write again.
                for input in [
                    SequenceInput::Due,
                    SequenceInput::Left,
                    SequenceInput::Deferred { until: later },
                    SequenceInput::Away { until: None },
                    SequenceInput::Refused {
                        rule: "CO-1".to_owned(),
                    },
                    SequenceInput::Stop {
                        cause: StopRule::Reply,
                    },
                ] {
                    assert!(matches!(
                        run(stopped.clone(), &input, later),
                        Err(SequenceRefusal::Over { .. })
                    ));
                }
                for event in [
                    SequenceEvent::LetterAsked {
                        step: playbook().step(0).unwrap().id.clone(),
                        place: 0,
                    },
                    SequenceEvent::Scheduled {
                        place: 1,
                        due: later,
                    },
                ] {
                    assert_eq!(apply(stopped.clone(), &event), stopped);
                }
            }
        }
    }
}

#[test]
fn letters_keep_working_days() {
    // A first letter without delay is due at once.
    let mut state = Sequence::start(&playbook(), &days(), at("2026-03-23T08:00:00Z"));
    assert_eq!(state.due(), Some(at("2026-03-23T08:00:00Z")));
    assert!(matches!(
        run(
            state.clone(),
            &SequenceInput::Due,
            at("2026-03-21T08:00:00Z")
        ),
        Err(SequenceRefusal::TooEarly { .. })
    ));
    state = run(state, &SequenceInput::Due, at("2026-03-23T08:00:00Z")).unwrap();
    state = run(state, &SequenceInput::Left, at("2026-03-27T09:00:00Z")).unwrap();
    // Three working days on, 10:00 by the clock: summer time began, and then comes Good Friday.
    assert_eq!(state.due(), Some(at("2026-04-01T08:00:00Z")));
    state = run(state, &SequenceInput::Due, at("2026-04-01T08:00:00Z")).unwrap();
    state = run(state, &SequenceInput::Left, at("2026-04-01T08:00:00Z")).unwrap();
    // Five working days without Good Friday and Easter Monday.
    assert_eq!(state.due(), Some(at("2026-04-10T08:00:00Z")));
    // Away until the 17th: the 18th is a Saturday.
    let away = run(
        state,
        &SequenceInput::Away {
            until: Some(at("2026-04-17T08:00:00Z")),
        },
        at("2026-04-02T08:00:00Z"),
    )
    .unwrap();
    assert_eq!(away.due(), Some(at("2026-04-20T08:00:00Z")));
}

#[test]
fn what_is_deferred_waits_and_what_is_refused_ends() {
    let (asked, _) = states().into_iter().nth(1).unwrap();
    let now = at("2026-03-23T08:00:00Z");
    let deferred = run(
        asked.clone(),
        &SequenceInput::Deferred {
            until: at("2026-03-24T22:00:00Z"),
        },
        now,
    )
    .unwrap();
    assert_eq!(deferred.due(), Some(at("2026-03-24T22:00:00Z")));
    let refused = run(
        asked.clone(),
        &SequenceInput::Refused {
            rule: "CO-1".to_owned(),
        },
        now,
    )
    .unwrap();
    assert_eq!(
        refused.stop().unwrap().reason,
        "refused by rule CO-1 before the first step"
    );
    assert_eq!(
        run(asked, &SequenceInput::Due, now),
        Err(SequenceRefusal::AtGate)
    );
}

#[test]
fn answers_stop_and_machines_do_not() {
    let of = |class: MailClass| SequenceInput::of_mail(&class, None);
    let stop = |cause| Some(SequenceInput::Stop { cause });
    assert_eq!(
        of(MailClass::Human {
            intent: Intent::Unclear,
            also: vec![]
        }),
        stop(StopRule::Reply)
    );
    assert_eq!(of(MailClass::NotNow { until: None }), stop(StopRule::Reply));
    assert_eq!(of(MailClass::OptOut), stop(StopRule::OptOut));
    assert_eq!(of(MailClass::Complaint), stop(StopRule::Complaint));
    let bounce = |severity| MailClass::Bounce {
        severity,
        recipient: None,
    };
    assert_eq!(of(bounce(BounceSeverity::Hard)), stop(StopRule::Bounce));
    assert_eq!(of(bounce(BounceSeverity::Block)), None);
    assert_eq!(
        of(MailClass::OutOfOffice { returns: None }),
        Some(SequenceInput::Away { until: None })
    );
    assert_eq!(of(MailClass::Automatic), None);
}

fn breaker() -> CampaignBreaker {
    CampaignBreaker::new(CampaignLimits::default()).unwrap()
}

fn tally(sent: u32, bounced: u32, complained: u32, answered: u32, when: &str) -> CampaignTally {
    let mut tally = CampaignTally::default();
    let kinds = [
        (CampaignEvent::Sent, sent),
        (CampaignEvent::Bounced, bounced),
        (CampaignEvent::Complained, complained),
        (CampaignEvent::Answered, answered),
    ];
    for (kind, times) in kinds {
        for _ in 0..times {
            breaker().count(&mut tally, kind, at(when));
        }
    }
    tally
}

// covers: OU-12
#[test]
fn a_campaign_stops_on_numbers_that_say_something() {
    let now = at("2026-05-04T10:00:00Z");
    let judge = |sent, bounced, complained, answered| {
        breaker().judge(
            &tally(sent, bounced, complained, answered, "2026-05-03T10:00:00Z"),
            now,
        )
    };
    assert_eq!(judge(4, 1, 0, 0), Verdict::Run);
    assert_eq!(judge(50, 2, 0, 0), Verdict::Run);
    let Verdict::Pause(figures) = judge(50, 3, 0, 0) else {
        panic!()
    };
    assert_eq!(
        (
            figures.measure,
            figures.count,
            figures.of,
            figures.ppm,
            figures.limit_ppm
        ),
        (Measure::Bounces, 3, 50, 60_000, 50_000)
    );
    assert_eq!(figures.since, at("2026-04-27T10:00:00Z"));
    // Exactly at the limit stops.
    assert!(matches!(judge(60, 3, 0, 0), Verdict::Pause(_)));
    // .10 % warns, .25 % stops.
    assert_eq!(judge(1_001, 0, 1, 0), Verdict::Run);
    assert!(matches!(
        judge(1_000, 0, 1, 0),
        Verdict::Warn(Figures {
            measure: Measure::Complaints,
            count: 1,
            ..
        })
    ));
    assert!(matches!(
        judge(1_200, 0, 3, 0),
        Verdict::Pause(Figures {
            measure: Measure::Complaints,
            count: 3,
            ..
        })
    ));
}

// covers: OU-12
#[test]
fn old_numbers_are_forgotten_and_silence_stops_after_a_while() {
    let bad = tally(50, 3, 0, 1, "2026-05-03T10:00:00Z");
    assert_eq!(
        breaker().judge(&bad, at("2026-05-11T10:00:00Z")),
        Verdict::Run
    );
    let silent = tally(200, 0, 0, 0, "2026-05-01T10:00:00Z");
    assert_eq!(
        breaker().judge(&silent, at("2026-05-03T10:00:00Z")),
        Verdict::Run
    );
    assert!(matches!(
        breaker().judge(&silent, at("2026-05-05T10:00:00Z")),
        Verdict::Pause(Figures {
            measure: Measure::Answers,
            count: 0,
            of: 200,
            ..
        })
    ));
    let answered = tally(200, 0, 0, 1, "2026-05-01T10:00:00Z");
    assert_eq!(
        breaker().judge(&answered, at("2026-05-05T10:00:00Z")),
        Verdict::Run
    );
    let odd = CampaignLimits {
        complaint_warn_ppm: 9_000,
        ..CampaignLimits::default()
    };
    assert!(CampaignBreaker::new(odd).is_err());
}
