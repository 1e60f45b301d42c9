//! The desk over many simulated days: no cap is exceeded and nothing is lost.

use std::collections::BTreeMap;

use chrono::{Duration, NaiveDate};

use super::*;
use crate::time::Zone;

/// The desk alone: decides and applies, without a store.
struct Alone {
    key: ProcessKey,
    state: DeskState,
    policy: DeskPolicy,
    revision: u64,
    timers: Vec<(Timestamp, DeskInput)>,
}

impl Alone {
    fn new(policy: DeskPolicy) -> Self {
        Self {
            key: ProcessKey::new(&Tenant::parse("t").unwrap(), "desk", "main"),
            state: DeskState::default(),
            policy,
            revision: 0,
            timers: Vec::new(),
        }
    }

    /// Steps; answers the verdict, where there is one.
    fn step(&mut self, input: &DeskInput, now: Timestamp) -> Option<SlotVerdict> {
        let origin = WorkKey::from_stored("t/desk/main/i/x");
        let actor = Actor::System;
        let revision = Revision::new(self.revision);
        let cx = Context::testing(now, &self.key, revision, &self.policy, &actor, &origin);
        let decision = Desk::decide(&self.state, input, &cx).unwrap();
        for event in decision.events() {
            self.state = Desk::apply(std::mem::take(&mut self.state), event);
        }
        self.revision += 1;
        self.timers.extend(
            decision
                .timers
                .into_iter()
                .map(|(_, due, _, input)| (due, input)),
        );
        decision
            .messages
            .into_iter()
            .find(|m| m.contract == "slot-answer")
            .map(|m| {
                serde_json::from_value::<SlotAnswer>(m.body.unwrap())
                    .unwrap()
                    .verdict
            })
    }

    fn fire(&mut self, now: Timestamp) {
        let (due, later) = std::mem::take(&mut self.timers)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.timers = later;
        let due: Vec<(Timestamp, DeskInput)> = due;
        for (at, input) in due {
            self.step(&input, at.max(now));
        }
    }
}

fn ask(n: usize, company: usize, mailbox: usize, attempt: u32) -> (ProcessKey, AskSlot) {
    let tenant = Tenant::parse("t").unwrap();
    let ask = AskSlot {
        intent: format!("outreach/{n}/touch-1/email"),
        attempt,
        class: LetterClass::Marketing,
        channel: Channel::Email,
        scopes: vec![
            Scope::Mailbox(format!("m{mailbox}@agency.example")),
            Scope::SendingDomain("agency.example".to_owned()),
            Scope::Campaign("outreach".to_owned()),
            Scope::Company(format!("firm{company}.example")),
            Scope::RecipientDomain(format!("firm{company}.example")),
        ],
        zone: Some(["America/Chicago", "America/New_York"][n % 2].to_owned()),
        country: Some(Country::parse("US").unwrap()),
    };
    (ProcessKey::new(&tenant, "recipient", format!("r{n}")), ask)
}

struct Wish {
    n: usize,
    company: usize,
    mailbox: usize,
    attempt: u32,
    next: Timestamp,
}

/// Plays `days` and checks each; answers how many letters left.
fn play(days: i64, seed: u64, caps: Caps) -> usize {
    let zone = Zone::parse("America/Chicago").unwrap();
    let mut number = {
        let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        move |below: usize| {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            usize::try_from(x % u64::try_from(below).unwrap()).unwrap()
        }
    };
    let mut desk = Alone::new(DeskPolicy {
        caps: caps.clone(),
        zone: Some(zone),
        ..DeskPolicy::default()
    });
    let mut wishes: Vec<Wish> = Vec::new();
    let mut sent: BTreeMap<(NaiveDate, String), u32> = BTreeMap::new();
    let (mut wished, mut left) = (0, 0);
    for day in 0..days {
        let start = noon() + Duration::days(day);
        // New wishes on four days of five, fewer than fit.
        if day < days - 60 && number(5) > 0 {
            for _ in 0..number(5) {
                wishes.push(Wish {
                    n: wished,
                    company: number(40),
                    mailbox: number(2),
                    attempt: 1,
                    next: start + Duration::minutes(i64::try_from(number(300)).unwrap()),
                });
                wished += 1;
            }
        }
        let end = start + Duration::days(1);
        loop {
            wishes.sort_by_key(|w| (w.next, w.n));
            let Some(wish) = wishes.first_mut().filter(|w| w.next < end) else {
                break;
            };
            let now = wish.next;
            desk.fire(now);
            let (recipient, ask) = ask(wish.n, wish.company, wish.mailbox, wish.attempt);
            let intent = ask.intent.clone();
            let scopes = ask.scopes.clone();
            let verdict = desk.step(
                &DeskInput::Ask {
                    recipient: recipient.clone(),
                    ask,
                },
                now,
            );
            match verdict.expect("the desk always answers") {
                SlotVerdict::Granted { expires } => {
                    assert!(expires > now);
                    let used = number(10) > 0;
                    let done = SlotDone {
                        intent,
                        attempt: wish.attempt,
                        used,
                    };
                    desk.step(
                        &DeskInput::Done { recipient, done },
                        now + Duration::seconds(20),
                    );
                    if used {
                        left += 1;
                        for scope in scopes {
                            let key = serde_json::to_string(&scope).unwrap();
                            let count = sent.entry((zone.date(now), key)).or_default();
                            *count += 1;
                            let cap = match &scope {
                                Scope::Mailbox(_) => caps.mailbox,
                                Scope::SendingDomain(_) => caps.sending_domain,
                                Scope::Campaign(_) => caps.campaign,
                                Scope::Company(_) => caps.company,
                                Scope::RecipientDomain(_) => caps.recipient_domain,
                            };
                            assert!(
                                cap == 0 || *count <= cap,
                                "{scope:?}: {count} on {}",
                                zone.date(now)
                            );
                        }
                        wishes.remove(0);
                    } else {
                        // It did not leave: the recipient asks again later.
                        wish.attempt += 1;
                        wish.next = now + Duration::minutes(15);
                    }
                }
                SlotVerdict::Deferred { until, .. } => {
                    assert!(until > now, "deferred to the past");
                    // Askers are not punctual, and some forget for days.
                    let late = match number(20) {
                        0 => Duration::days(3),
                        n => Duration::minutes(i64::try_from(n).unwrap() * 4),
                    };
                    wish.next = until + late;
                }
                SlotVerdict::Denied { rule, .. } => panic!("denied by {rule}"),
            }
        }
    }
    desk.fire(noon() + Duration::days(days + 400));
    assert!(
        wishes.is_empty(),
        "{} of {wished} were never sent",
        wishes.len()
    );
    assert_eq!(left, wished);
    assert_eq!(desk.state.outstanding(), 0);
    left
}

// covers: OU-4
#[test]
fn over_ten_thousand_days_no_cap_is_exceeded_and_nothing_is_lost() {
    let caps = |mailbox, sending_domain, campaign, company, gap_seconds| Caps {
        mailbox,
        sending_domain,
        campaign,
        recipient_domain: 2,
        company,
        gap_seconds,
        ramp_from: None,
        ramp_step: 5,
    };
    let mut sent = 0;
    for (seed, caps) in [
        caps(3, 5, 0, 1, 600),
        caps(2, 0, 4, 1, 3_600),
        caps(50, 4, 0, 0, 0),
        caps(4, 6, 5, 2, 1_200),
    ]
    .into_iter()
    .enumerate()
    {
        sent += play(2_500, u64::try_from(seed).unwrap() + 1, caps);
    }
    assert!(sent > 10_000, "only {sent} letters in 10 000 days");
}

// covers: OU-4
#[test]
fn a_new_mailbox_ramps_up() {
    let first = noon().date_naive();
    let mut desk = Alone::new(DeskPolicy {
        caps: Caps {
            company: 0,
            recipient_domain: 0,
            gap_seconds: 0,
            ramp_from: Some((first, 2)),
            ramp_step: 3,
            ..Caps::default()
        },
        ..DeskPolicy::default()
    });
    for (day, cap) in [(0, 2), (1, 5), (2, 8)] {
        let now = noon() + Duration::days(day);
        let granted = (0..12)
            .filter(|n| {
                let (recipient, ask) = ask(usize::try_from(day).unwrap() * 100 + n, *n, 0, 1);
                matches!(
                    desk.step(&DeskInput::Ask { recipient, ask }, now),
                    Some(SlotVerdict::Granted { .. })
                )
            })
            .count();
        // Places kept the day before for today count as well.
        assert!(granted <= cap, "day {day}: {granted}");
        let kept = desk.state.count(
            &Scope::Mailbox("m0@agency.example".to_owned()),
            now.date_naive(),
        );
        assert_eq!(usize::try_from(kept).unwrap(), cap, "day {day}");
    }
}

fn bad(news: News, at: Timestamp) -> DeskInput {
    DeskInput::News(DeskNews {
        news,
        at,
        scopes: vec![Scope::Mailbox("m0@agency.example".to_owned())],
    })
}

/// A desk whose first mailbox has sent `letters`.
fn after(letters: usize) -> Alone {
    let mut desk = Alone::new(DeskPolicy {
        caps: Caps {
            mailbox: 0,
            sending_domain: 0,
            company: 0,
            recipient_domain: 0,
            gap_seconds: 0,
            ..Caps::default()
        },
        ..DeskPolicy::default()
    });
    for n in 0..letters {
        let (recipient, ask) = ask(n, n, 0, 1);
        let intent = ask.intent.clone();
        let verdict = desk.step(
            &DeskInput::Ask {
                recipient: recipient.clone(),
                ask,
            },
            noon(),
        );
        assert!(
            matches!(verdict, Some(SlotVerdict::Granted { .. })),
            "{verdict:?}"
        );
        let done = SlotDone {
            intent,
            attempt: 1,
            used: true,
        };
        desk.step(&DeskInput::Done { recipient, done }, noon());
    }
    desk
}

// covers: OU-12
#[test]
fn bad_news_stops_a_mailbox_by_rate_and_never_by_a_small_sample() {
    let mut desk = after(4);
    desk.step(&bad(News::HardBounce, noon()), noon());
    assert!(desk.state.paused().is_empty(), "1 of 4 says nothing");

    let mut desk = after(50);
    for _ in 0..2 {
        desk.step(&bad(News::HardBounce, noon()), noon());
    }
    assert!(desk.state.paused().is_empty(), "2 of 50 is below 5 %");
    desk.step(&bad(News::SoftBounce, noon()), noon());
    desk.step(&bad(News::OutOfOffice, noon()), noon());
    assert!(desk.state.paused().is_empty());
    desk.step(&bad(News::HardBounce, noon()), noon());
    let trip = &desk.state.paused()["m0@agency.example"];
    assert_eq!((trip.count, trip.of, trip.limit_ppm), (3, 50, 50_000));
    assert_eq!(trip.what, "bounces");

    let (recipient, ask_now) = ask(900, 900, 0, 1);
    let verdict = desk.step(
        &DeskInput::Ask {
            recipient,
            ask: ask_now,
        },
        noon(),
    );
    let Some(SlotVerdict::Deferred { until, why }) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(until, noon() + Duration::hours(24));
    assert!(why.contains("3 bounces of 50"), "{why}");
    // Another mailbox works on, and this one after its rest.
    let (recipient, other) = ask(901, 901, 1, 1);
    let verdict = desk.step(
        &DeskInput::Ask {
            recipient,
            ask: other,
        },
        noon(),
    );
    assert!(matches!(verdict, Some(SlotVerdict::Granted { .. })));
    let (recipient, rested) = ask(902, 902, 0, 1);
    let verdict = desk.step(
        &DeskInput::Ask {
            recipient,
            ask: rested,
        },
        until,
    );
    assert!(matches!(verdict, Some(SlotVerdict::Granted { .. })));
}

// covers: OU-12
#[test]
fn one_complaint_in_four_hundred_stops_and_old_news_is_forgotten() {
    let mut desk = after(500);
    desk.step(&bad(News::Complaint, noon()), noon());
    assert!(desk.state.paused().is_empty(), "1 of 500 is 0.20 %");
    desk.step(&bad(News::Complaint, noon()), noon());
    let trip = &desk.state.paused()["m0@agency.example"];
    assert_eq!(
        (trip.what.as_str(), trip.count, trip.of),
        ("complaints", 2, 500)
    );

    let mut desk = after(100);
    for _ in 0..4 {
        desk.step(&bad(News::HardBounce, noon()), noon());
    }
    desk.step(
        &bad(News::HardBounce, noon() + Duration::days(8)),
        noon() + Duration::days(8),
    );
    let limits = BreakerLimits::default();
    let breaker = Breaker::new(&limits);
    let mut tally = Tally::default();
    for day in 0..60 {
        tally.sent(noon() + Duration::days(day / 10));
    }
    for _ in 0..3 {
        tally.news(&News::HardBounce, noon());
    }
    assert!(breaker.trips(&tally, noon() + Duration::days(5)).is_some());
    assert!(
        breaker.trips(&tally, noon() + Duration::days(9)).is_none(),
        "outside the window"
    );
}
