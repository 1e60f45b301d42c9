use std::path::PathBuf;

use proptest::prelude::*;

use super::super::{Activity, Network, Resource, Windows, violations};
use super::*;

fn pool(capacity: u32) -> Resource {
    Resource {
        capacity,
        windows: Windows::always(),
    }
}

/// Random problems of one or two pools, with windows on one of them where asked.
fn problem(windows: bool) -> impl Strategy<Value = Problem> {
    let task = (
        0_i64..9,
        0_u32..3,
        0_u32..3,
        proptest::collection::vec(0_usize..12, 0..3),
    );
    proptest::collection::vec(task, 1..12).prop_map(move |tasks| {
        let activities = tasks
            .into_iter()
            .enumerate()
            .map(|(place, (duration, a, b, after))| {
                let after = after.into_iter().filter(|p| *p < place).collect();
                Activity::new(duration, vec![(0, a), (1, b)], after)
            })
            .collect();
        let mut first = pool(2);
        if windows {
            first.windows = Windows::of_spans((0..80).map(|day| (day * 24 + 9, day * 24 + 17)));
        }
        Problem::new(vec![first, pool(3)], activities).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn schedules_break_no_rule_and_do_not_change(problem in problem(true), seed in 0_u64..9) {
        let search = Search { schedules: 60, seed };
        let found = solve(&problem, search).unwrap();
        prop_assert_eq!(violations(&problem, &found.placements), vec![]);
        prop_assert!(found.schedules <= 60);
        prop_assert_eq!(&solve(&problem, search).unwrap(), &found);
    }

    // covers: TB-3
    #[test]
    fn slack_is_exactly_what_a_delay_may_take(problem in problem(false), extra in 1_i64..5) {
        let found = solve(&problem, Search::default()).unwrap();
        let net = Network::of(&problem, &found.placements).unwrap();
        let end = |times: Vec<(i64, i64)>| times.iter().map(|(_, f)| *f).max().unwrap();
        for activity in 0..problem.activities().len() {
            let slack = net.slack(activity).unwrap();
            prop_assert_eq!(end(net.delayed(activity, slack).unwrap()), net.end());
            prop_assert_eq!(end(net.delayed(activity, slack + extra).unwrap()), net.end() + extra);
        }
    }

    #[test]
    fn a_delay_puts_nothing_above_capacity(problem in problem(true), late in 0_i64..40) {
        let found = solve(&problem, Search { schedules: 20, seed: 1 }).unwrap();
        let net = Network::of(&problem, &found.placements).unwrap();
        for activity in 0..problem.activities().len() {
            let slack = net.slack(activity).unwrap();
            let end = |n| net.delayed(activity, n).unwrap().iter().map(|(_, f)| *f).max().unwrap();
            prop_assert_eq!(end(slack), net.end());
            prop_assert!(end(slack + 1) > net.end());
            let mut longer = problem.activities().to_vec();
            // What takes no time holds no unit, and gets none by being late.
            if longer[activity].modes[0].duration == 0 {
                continue;
            }
            longer[activity].modes[0].duration += late;
            let longer = Problem::new(problem.resources().to_vec(), longer).unwrap();
            let moved: Vec<Placement> = net
                .delayed(activity, late)
                .unwrap()
                .into_iter()
                .map(|(start, finish)| Placement { start, finish, mode: 0 })
                .collect();
            prop_assert_eq!(violations(&longer, &moved), vec![]);
        }
    }
}

#[test]
fn every_broken_schedule_is_named() {
    use super::super::Violation::{Capacity, Duration, Shape, TooSoon};
    let tasks = vec![
        Activity::new(2, vec![(0, 2)], vec![]),
        Activity::new(3, vec![(0, 1)], vec![0]),
    ];
    let problem = Problem::new(vec![pool(2)], tasks).unwrap();
    let at = |start, finish| Placement {
        start,
        finish,
        mode: 0,
    };
    assert_eq!(violations(&problem, &[at(0, 2), at(2, 5)]), []);
    assert_eq!(violations(&problem, &[at(0, 2)]), [Shape]);
    assert_eq!(
        violations(&problem, &[at(0, 2), at(2, 4)]),
        [Duration { activity: 1 }]
    );
    assert_eq!(
        violations(&problem, &[at(0, 2), at(1, 4)]),
        [
            TooSoon { activity: 1 },
            Capacity {
                resource: 0,
                until: 2
            }
        ]
    );
}

#[test]
fn malformed_problems_are_refused_by_name() {
    let circle = vec![
        Activity::new(1, vec![], vec![1]),
        Activity::new(1, vec![], vec![0]),
    ];
    assert_eq!(
        Problem::new(vec![], circle).unwrap_err(),
        ProblemError::Circle { activity: 0 }
    );
    let tasks = vec![Activity::new(1, vec![(0, 3)], vec![])];
    let error = Problem::new(vec![pool(2)], tasks).unwrap_err();
    assert!(
        matches!(error, ProblemError::Impossible { activity: 0, .. }),
        "{error}"
    );
    let tasks = vec![Activity::new(1, vec![], vec![7])];
    let error = Problem::new(vec![], tasks).unwrap_err();
    assert!(
        matches!(error, ProblemError::Unknown { place: 7, .. }),
        "{error}"
    );
    let closed = Resource {
        capacity: 1,
        windows: Windows::of_spans([(0, 3)]),
    };
    let tasks = vec![Activity::new(4, vec![(0, 1)], vec![])];
    let problem = Problem::new(vec![closed], tasks).unwrap();
    let error = solve(&problem, Search::default()).unwrap_err();
    assert_eq!(error, ProblemError::NoRoom { activity: 0 });
}

#[test]
fn a_due_tick_goes_before_the_end() {
    let mut urgent = Activity::new(2, vec![(0, 1)], vec![]);
    urgent.due = Some(2);
    let tasks = vec![Activity::new(9, vec![(0, 1)], vec![]), urgent];
    let problem = Problem::new(vec![pool(1)], tasks).unwrap();
    let found = solve(&problem, Search::default()).unwrap();
    assert_eq!((found.placements[1].start, found.cost.lateness), (0, 0));
}

#[test]
fn the_mode_that_ends_first_is_taken() {
    let mut task = Activity::new(5, vec![(0, 1)], vec![]);
    task.modes.push(crate::schedule::Mode {
        duration: 3,
        demands: vec![(1, 1)],
    });
    let problem = Problem::new(vec![pool(1), pool(1)], vec![task.clone(), task]).unwrap();
    let found = solve(&problem, Search::default()).unwrap();
    assert_eq!(found.cost.makespan, 5);
    let mut modes: Vec<usize> = found.placements.iter().map(|p| p.mode).collect();
    modes.sort_unstable();
    assert_eq!(modes, [0, 1]);
}

/// Reads Patterson's format: a count of activities and pools, capacities, then for each activity
/// its duration, demands and successors.
fn patterson(text: &str) -> Problem {
    let mut numbers = text.split_whitespace().map(|n| n.parse::<usize>().unwrap());
    let mut next = || numbers.next().unwrap();
    let (n, pools) = (next(), next());
    let resources = (0..pools)
        .map(|_| pool(u32::try_from(next()).unwrap()))
        .collect();
    let mut activities = vec![Activity::new(0, vec![], vec![]); n];
    for place in 0..n {
        activities[place].modes[0].duration = i64::try_from(next()).unwrap();
        activities[place].modes[0].demands = (0..pools)
            .map(|r| (r, u32::try_from(next()).unwrap()))
            .collect();
        for _ in 0..next() {
            activities[next() - 1].after.push(place);
        }
    }
    Problem::new(resources, activities).unwrap()
}

// covers: TB-2
#[test]
fn psplib_j30_stays_within_five_per_cent() {
    // Every 24th instance of the set: 20 in all.
    psplib("j30", 24, 500);
}

#[test]
#[ignore = "960 instances take half a minute; run it when the search changes"]
fn psplib_whole_sets() {
    psplib("j30", 1, 1_000);
    psplib("j60", 1, 1_000);
}

/// Solves every `step`-th instance of a set and holds it against the best that is known.
#[expect(
    clippy::disallowed_methods,
    reason = "reads a benchmark set that lies beside the project"
)]
fn psplib(set: &str, step: usize, schedules: u32) {
    let data = std::env::var("DEALWRIGHT_DATA").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")),
        PathBuf::from,
    );
    let Ok(best) = std::fs::read_to_string(data.join("psplib/best_known.csv")) else {
        println!("skipped: no psplib in {}", data.display());
        return;
    };
    let rows: Vec<Vec<&str>> = best
        .lines()
        .map(|line| line.split(',').collect())
        .filter(|row: &Vec<&str>| row[0] == set)
        .collect();
    let (mut gaps, mut optimal, mut count) = (0.0, 0, 0);
    for row in rows.iter().step_by(step) {
        let text = std::fs::read_to_string(data.join("psplib").join(row[3])).unwrap();
        let problem = patterson(&text);
        let found = solve(&problem, Search { schedules, seed: 1 }).unwrap();
        assert_eq!(
            violations(&problem, &found.placements),
            vec![],
            "{}",
            row[3]
        );
        let (bound, target): (i64, i64) = (row[5].parse().unwrap(), row[6].parse().unwrap());
        assert!(
            found.cost.makespan >= bound,
            "{} ends before it can",
            row[3]
        );
        optimal += i32::from(found.cost.makespan <= target);
        gaps += (found.cost.makespan - target) as f64 / target as f64 * 100.0;
        count += 1;
    }
    let mean = gaps / f64::from(count);
    println!(
        "psplib {set}: {count} instances, mean gap {mean:.2} %, {optimal} as good as the best known"
    );
    assert!(count > 0 && mean <= 5.0);
}
