use std::collections::BTreeMap;

use chrono::{TimeDelta, TimeZone as _, Utc};
use proptest::prelude::*;

use super::*;
use crate::money::{Currency, Money};
use crate::time::{Timestamp, Zone};

fn at(seconds: i64) -> Timestamp {
    Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap() + TimeDelta::seconds(seconds)
}

fn item(lane: Lane, key: &str, since: i64, id: &str) -> Item<i64> {
    Item {
        lane,
        priority: Priority::DEFAULT,
        key: key.to_owned(),
        since: at(since),
        id: id.to_owned(),
        work: since,
    }
}

// covers: OR-3
#[test]
fn under_mixed_load_urgent_work_waits_little_and_bulk_is_never_starved() {
    let fairness =
        Fairness::default().with_patience(TimeDelta::seconds(60), TimeDelta::seconds(600));
    let mut queue = FairQueue::new(fairness);
    for n in 0..1_000 {
        queue.push(item(Lane::Batch, "big", 0, &format!("b{n:04}")));
    }
    for n in 0..10 {
        queue.push(item(Lane::Batch, "small", 0, &format!("s{n:04}")));
    }
    let mut urgent = Vec::new();
    let mut bulk = Vec::new();
    let mut small_done = 0;
    let mut seconds = 0;
    // One item a second is done; urgent work comes at 60 % of that, normal at 15 %, so that
    // without relief the backlog of bulk would get what is left and nothing sooner.
    while bulk.len() < 1_010 {
        if seconds % 5 < 3 {
            queue.push(item(Lane::Urgent, "u", seconds, &format!("u{seconds}")));
        }
        if seconds % 20 < 3 {
            queue.push(item(Lane::Normal, "n", seconds, &format!("n{seconds}")));
        }
        let done = queue.pop(at(seconds)).unwrap();
        let waited = seconds - done.work;
        match done.lane {
            Lane::Urgent => urgent.push(waited),
            Lane::Normal => {}
            Lane::Batch => {
                bulk.push(waited);
                small_done = if done.key == "small" {
                    seconds
                } else {
                    small_done
                };
            }
        }
        seconds += 1;
        assert!(seconds < 10_000);
    }
    urgent.sort_unstable();
    let p99 = urgent[urgent.len() * 99 / 100];
    assert!(p99 <= 4, "urgent p99 waited {p99} s");
    // Patience and four takes for each of the 1,010.
    let longest = bulk.into_iter().max().unwrap();
    assert!(longest <= 600 + 4 * 1_010 + 600, "bulk waited {longest} s");
    // The small key took turns with the large one: its ten items went with the first twenty.
    assert!(small_done < 200, "{small_done}");
}

// covers: OR-3
#[test]
fn a_flood_of_urgent_work_does_not_stop_what_is_overdue() {
    let mut queue = FairQueue::new(Fairness::default());
    queue.push(item(Lane::Batch, "b", 0, "bulk"));
    let late = 7 * 3_600;
    for n in 0..1_000 {
        queue.push(item(Lane::Urgent, "u", late, &format!("{n:04}")));
    }
    let taken: Vec<_> = (0..4).map(|_| queue.pop(at(late)).unwrap().lane).collect();
    assert_eq!(taken.iter().filter(|lane| **lane == Lane::Batch).count(), 1);
    // Before it is overdue it waits for all of them.
    let mut queue = FairQueue::new(Fairness::default());
    queue.push(item(Lane::Batch, "b", 0, "bulk"));
    for n in 0..100 {
        queue.push(item(Lane::Urgent, "u", 0, &format!("{n:04}")));
    }
    for _ in 0..100 {
        assert_eq!(queue.pop(at(1)).unwrap().lane, Lane::Urgent);
    }
    assert_eq!(queue.pop(at(1)).unwrap().lane, Lane::Batch);
    assert!(queue.is_empty() && queue.pop(at(1)).is_none());
}

#[test]
fn keys_share_by_weight_and_priority_counts_as_waiting() {
    let mut queue = FairQueue::new(Fairness::default().with_weight("a", 2));
    for n in 0..30 {
        queue.push(item(Lane::Normal, "a", 0, &format!("a{n:02}")));
        queue.push(item(Lane::Normal, "b", 0, &format!("b{n:02}")));
    }
    let first: Vec<_> = (0..30).map(|_| queue.pop(at(0)).unwrap().key).collect();
    assert_eq!(first.iter().filter(|key| *key == "a").count(), 20);

    let mut queue = FairQueue::new(Fairness::default());
    let mut low = item(Lane::Normal, "a", 0, "low");
    low.priority = Priority::LOWEST;
    let mut high = item(Lane::Normal, "a", 60, "high");
    high.priority = Priority::HIGHEST;
    let mut later = high.clone();
    (later.id, later.since) = ("later".to_owned(), at(3_600));
    for work in [low, high, later] {
        queue.push(work);
    }
    let order: Vec<_> = (0..3).map(|_| queue.pop(at(3_600)).unwrap().id).collect();
    assert_eq!(order, ["high", "low", "later"]);
}

#[test]
fn a_key_that_brings_one_item_at_a_time_does_not_push_ahead() {
    let mut queue = FairQueue::new(Fairness::default());
    for n in 0..20 {
        queue.push(item(Lane::Normal, "many", 0, &format!("m{n:02}")));
    }
    let (mut many, mut held) = (0, false);
    for n in 0..20 {
        if !held {
            queue.push(item(Lane::Normal, "one", 0, &format!("o{n:02}")));
        }
        let key = queue.pop(at(0)).unwrap().key;
        held = key == "many";
        many += usize::from(held);
    }
    assert_eq!(many, 10);
}

#[test]
fn a_hundred_thousand_items_of_as_many_keys_are_taken_in_good_time() {
    let mut queue = FairQueue::new(Fairness::default());
    for n in 0..100_000 {
        let lane = if n % 2 == 0 {
            Lane::Normal
        } else {
            Lane::Batch
        };
        queue.push(item(lane, &format!("lead_{n}"), n, "x"));
    }
    let mut taken = 0;
    while queue.pop(at(1_000_000)).is_some() {
        taken += 1;
    }
    assert_eq!(taken, 100_000);
}

#[test]
fn the_same_calls_give_the_same_order() {
    let run = || {
        let mut queue = FairQueue::new(Fairness::default());
        for n in 0..200_i64 {
            let lane = Lane::ALL[(n % 3) as usize];
            queue.push(item(lane, &format!("k{}", n % 7), n % 11, &format!("i{n}")));
        }
        std::iter::from_fn(|| queue.pop(at(100_000)))
            .map(|done| done.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
    assert_eq!(run().len(), 200);
}

#[test]
fn shares_follow_the_backlog() {
    let backlogs = |a, b, c| BTreeMap::from([("a", a), ("b", b), ("c", c)]);
    let shared = |given, workers| shares(&given, workers, 1).into_values().collect::<Vec<_>>();
    assert_eq!(shared(backlogs(0, 0, 0), 8), [0, 0, 0]);
    assert_eq!(shared(backlogs(100, 100, 100), 9), [3, 3, 3]);
    assert_eq!(shared(backlogs(1, 1_000, 0), 8), [1, 7, 0]);
    assert_eq!(shared(backlogs(2, 1, 1), 100), [2, 1, 1]);
    assert_eq!(shared(backlogs(1, 3, 3), 20), [1, 3, 3]);
    assert_eq!(shared(backlogs(5, 9, 7), 2), [0, 1, 1]);
    assert_eq!(shared(backlogs(7, 7, 7), 2), [1, 1, 0]);
}

proptest! {
    #[test]
    fn shares_waste_nothing_and_give_nobody_too_much(
        backlogs in prop::collection::btree_map(0_u8..6, 0_u64..200, 0..6),
        workers in 0_u32..64,
        minimum in 0_u32..4,
    ) {
        let given = shares(&backlogs, workers, minimum);
        let total: u64 = given.values().map(|share| u64::from(*share)).sum();
        let need: u64 = backlogs.values().sum();
        prop_assert_eq!(total, need.min(workers.into()));
        for (key, share) in &given {
            prop_assert!(u64::from(*share) <= backlogs[key]);
        }
    }
}

// covers: OR-4
#[test]
fn batch_work_leaves_in_the_window_and_urgent_work_at_once() {
    let time = |text: &str| text.parse().unwrap();
    let berlin = Zone::parse("Europe/Berlin").unwrap();
    let night = OffPeak::new(time("22:00:00"), time("06:00:00"), berlin);
    let utc = |text: &str| text.parse::<Timestamp>().unwrap();
    let noon = utc("2026-03-28T11:00:00Z");
    assert_eq!(night.release(Lane::Urgent, noon), noon);
    assert_eq!(night.release(Lane::Normal, noon), noon);
    assert_eq!(
        night.release(Lane::Batch, noon),
        utc("2026-03-28T21:00:00Z")
    );
    // The night of the change is an hour short: 06:00 is 04:00 UTC by then.
    assert!(night.is_open(utc("2026-03-29T03:59:59Z")));
    assert!(!night.is_open(utc("2026-03-29T04:00:00Z")));
    assert_eq!(
        night.next_open(utc("2026-03-29T04:00:00Z")),
        utc("2026-03-29T20:00:00Z")
    );
    assert!(OffPeak::always().is_open(noon));
    let day = OffPeak::new(time("12:00:00"), time("13:00:00"), Zone::UTC);
    assert_eq!(
        day.next_open(utc("2026-03-28T13:00:00Z")),
        utc("2026-03-29T12:00:00Z")
    );
}

fn euro(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

fn budget(minor: i64, tokens: u64, calls: u64) -> Budget {
    Budget {
        money: Some(euro(minor)),
        tokens: Some(tokens),
        calls: Some(calls),
    }
}

// covers: OR-5
#[test]
fn a_runaway_loop_stops_at_the_cap_of_whatever_runs_out_first() {
    for (limit, limited, calls) in [
        (budget(1_000, 1_000_000, 1_000), Limited::Money, 333),
        (budget(100_000, 5_000, 1_000), Limited::Tokens, 50),
        (budget(100_000, 1_000_000, 7), Limited::Calls, 7),
    ] {
        let mut ledger = BudgetLedger::new();
        ledger.set("deal:1", limit);
        ledger.set("day:2026-03-02", budget(1_000_000, 10_000_000, 10_000));
        let most = Cost::of(euro(3)).with_tokens(100);
        let mut made = 0;
        let refused = loop {
            let key = format!("call {made}");
            if let Err(error) = ledger.reserve(&key, ["deal:1", "day:2026-03-02"], most) {
                break error;
            }
            ledger.settle(&key, most).unwrap();
            made += 1;
            assert!(made < 10_000);
        };
        assert_eq!(made, calls);
        assert_eq!(
            refused,
            BudgetError::Exhausted {
                scope: "deal:1".to_owned(),
                limited
            }
        );
        let spent = ledger.spent("deal:1").unwrap();
        assert!(spent.money.unwrap().minor() <= limit.money.unwrap().minor());
        assert!(spent.tokens <= limit.tokens.unwrap() && spent.calls <= limit.calls.unwrap());
        assert_eq!(ledger.spent("day:2026-03-02").unwrap().calls, calls);
    }
}

// covers: OR-5
#[test]
fn calls_under_way_count_and_unused_parts_come_back() {
    let mut ledger = BudgetLedger::new();
    ledger.set("deal:1", budget(10, 1_000, 10));
    let six = Cost::of(euro(6));
    ledger.reserve("a", ["deal:1"], six).unwrap();
    ledger.reserve("a", ["deal:1"], six).unwrap();
    assert!(ledger.reserve("b", ["deal:1"], six).is_err());
    assert!(matches!(
        ledger.reserve("a", ["deal:1"], Cost::of(euro(1))),
        Err(BudgetError::KeyReused { .. })
    ));
    ledger.settle("a", Cost::of(euro(2))).unwrap();
    ledger.reserve("b", ["deal:1"], six).unwrap();
    ledger.release("b").unwrap();
    assert!(ledger.release("b").is_err() && ledger.settle("b", six).is_err());
    assert!(matches!(
        ledger.reserve("c", ["deal:2"], six),
        Err(BudgetError::NoBudget { .. })
    ));
    assert!(matches!(
        ledger.reserve("c", ["deal:1"], Cost::of(euro(-6))),
        Err(BudgetError::BadCost { .. })
    ));
    let dollars = Cost::of(Money::from_minor(1, Currency::USD));
    assert!(matches!(
        ledger.reserve("c", ["deal:1"], dollars),
        Err(BudgetError::Money(_))
    ));
    assert_eq!(ledger.under_way().count(), 0);
    let text = serde_json::to_string(&ledger).unwrap();
    assert_eq!(serde_json::from_str::<BudgetLedger>(&text).unwrap(), ledger);
}

proptest! {
    // covers: OR-5
    #[test]
    fn over_spend_is_never_above_zero(
        steps in prop::collection::vec((0_u8..3, 0_u8..8, 0_i64..40, 0_u64..40), 1..120),
    ) {
        let mut ledger = BudgetLedger::new();
        ledger.set("one", budget(100, 100, 10));
        ledger.set("two", budget(60, 150, 20));
        let mut held: BTreeMap<String, Cost> = BTreeMap::new();
        for (what, key, money, tokens) in steps {
            let key = key.to_string();
            match what {
                0 => {
                    let most = Cost::of(euro(money)).with_tokens(tokens);
                    if ledger.reserve(&key, ["one", "two"], most).is_ok() {
                        held.insert(key, most);
                    }
                }
                1 => if let Some(most) = held.remove(&key) {
                    let less = Cost { money: euro(most.money.minor() / 2), ..most };
                    prop_assert!(ledger.settle(&key, less).is_ok());
                },
                _ => prop_assert_eq!(ledger.release(&key).is_ok(), held.remove(&key).is_some()),
            }
            for (scope, limit) in ledger.budgets() {
                let spent = ledger.spent(scope).unwrap();
                prop_assert!(spent.money.is_none_or(|m| m.minor() <= limit.money.unwrap().minor()));
                prop_assert!(spent.tokens <= limit.tokens.unwrap());
                prop_assert!(spent.calls <= limit.calls.unwrap());
            }
        }
    }
}

#[test]
fn priorities_are_one_to_five() {
    assert!(Priority::new(0).is_err() && Priority::new(6).is_err());
    assert!(serde_json::from_str::<Priority>("9").is_err());
    assert!(Priority::HIGHEST < Priority::DEFAULT && Lane::Urgent < Lane::Batch);
}
