//! A simulated business killed at random points and resumed, beside a provider that is not.
//!
//! `DEALWRIGHT_KILLS` sets the number of kills, `DEALWRIGHT_LEADS` the number of leads and
//! `DEALWRIGHT_DAYS` the days; without them the run is small.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use common::{Provider, agency, number, report, run_or_kill};

struct Run {
    days: String,
    leads: String,
}

impl Run {
    fn of_this_test() -> Self {
        Self {
            days: number("DEALWRIGHT_DAYS", 40).to_string(),
            leads: number("DEALWRIGHT_LEADS", 12).to_string(),
        }
    }

    fn command(&self) -> Command {
        let mut command = agency();
        command.args(["--json", "simulate", "--seed", "3"]);
        command.args(["--days", &self.days, "--leads", &self.leads]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn baseline(&self) -> Value {
        report(&self.command().output().unwrap())
    }

    /// What it comes to in a store of its own where nobody kills it, and how long that takes.
    fn unbroken(&self, provider: &[&str], reconcile: bool) -> (Value, Duration) {
        let folder = tempfile::tempdir().unwrap();
        let provider = Provider::start(folder.path(), provider);
        let begun = Instant::now();
        let store = folder.path().join("store");
        let output = self.kept(&store, &provider, reconcile).output().unwrap();
        (report(&output), begun.elapsed())
    }

    fn kept(&self, store: &Path, provider: &Provider, reconcile: bool) -> Command {
        let mut command = self.command();
        command.arg("--store").arg(store);
        command.args(["--provider", &provider.address]);
        if reconcile {
            command.arg("--reconcile");
        }
        command
    }
}

/// Numbers that look random and are the same in every run of the test.
fn lives(kills: u64, whole: Duration) -> impl FnMut() -> Duration {
    let mut x = 0x9e37_79b9_7f4a_7c15_u64;
    let share = u64::try_from(whole.as_millis()).unwrap() * 2 / (kills + 1);
    move || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        // Starting up and reading the log on is no progress; the rest is shared among the kills.
        Duration::from_millis(60 + x % (share + 40))
    }
}

// covers: OR-1, OR-2, X-3
#[test]
fn a_killed_run_with_keys_ends_in_the_same_log() {
    let run = Run::of_this_test();
    let baseline = run.baseline();
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start(folder.path(), &[]);
    let (unbroken, whole) = run.unbroken(&[], false);
    assert_eq!(
        unbroken["hash"], baseline["hash"],
        "embedded and memory differ"
    );
    let kills = number("DEALWRIGHT_KILLS", 6);
    let mut life = lives(kills, whole);
    let store = folder.path().join("run");
    let mut killed = 0;
    let last = loop {
        let end = if killed < kills {
            life()
        } else {
            Duration::from_secs(600)
        };
        match run_or_kill(run.kept(&store, &provider, false), end) {
            None => killed += 1,
            // An opt-out while its letter was on its way: the books say what came of it.
            Some(report) if report["finished"] == false => {
                assert_eq!(report["unknown"], 1);
                match run_or_kill(run.kept(&store, &provider, true), end) {
                    None => killed += 1,
                    Some(report) if report["finished"] == true => break report,
                    Some(_) => {}
                }
            }
            Some(report) => break report,
        }
    };
    println!(
        "{killed} kills, a run without takes {} ms",
        whole.as_millis()
    );
    assert!(killed > 0, "the run ended before it could be killed");
    assert_eq!(last["hash"], baseline["hash"]);
    assert_eq!(last["state_hash"], baseline["state_hash"]);
    assert_eq!(last["unknown"], 0);
    for (key, times) in provider.keys() {
        assert_eq!(times, 1, "{key} stands in the books {times} times");
    }
}

// covers: OR-2, OU-7
#[test]
fn without_keys_a_kill_leaves_one_unknown_and_the_books_settle_it() {
    let run = Run::of_this_test();
    let baseline = run.baseline();
    let folder = tempfile::tempdir().unwrap();
    let provider = Provider::start(folder.path(), &["--no-keys", "--pause-before-answer", "25"]);
    let kills = number("DEALWRIGHT_KILLS", 6);
    let (_, whole) = run.unbroken(&["--no-keys"], true);
    let mut life = lives(kills, whole);
    let store = folder.path().join("run");
    let (mut killed, mut unknown, mut turns) = (0, 0, 0);
    let last = loop {
        turns += 1;
        assert!(turns < kills * 20 + 50, "the run does not come to an end");
        let end = if killed < kills {
            life()
        } else {
            Duration::from_secs(600)
        };
        let report = match run_or_kill(run.kept(&store, &provider, false), end) {
            None => {
                killed += 1;
                continue;
            }
            Some(report) => report,
        };
        if report["finished"] == true {
            break report;
        }
        assert_eq!(report["unknown"], 1, "one effect was under way");
        unknown += 1;
        let end = if killed < kills {
            life()
        } else {
            Duration::from_secs(600)
        };
        match run_or_kill(run.kept(&store, &provider, true), end) {
            None => killed += 1,
            Some(report) if report["finished"] == true => break report,
            Some(_) => {}
        }
    };
    println!("{killed} kills left {unknown} effects unknown");
    assert!(killed > 0, "the run ended before it could be killed");
    assert_eq!(last["state_hash"], baseline["state_hash"]);
    assert_eq!(last["unknown"], 0);
    for (key, times) in provider.keys() {
        assert_eq!(times, 1, "{key} stands in the books {times} times");
    }
}
