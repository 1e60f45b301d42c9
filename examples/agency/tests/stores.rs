//! One world on memory, on a file and on MongoDB: the same bytes in the log.
#![cfg(feature = "mongodb")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

mod common;
#[path = "../../../agent-adapters/mongodb/tests/it/instance.rs"]
mod instance;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use common::{Provider, agency, number, report, run_or_kill};
use instance::Server;

const WORLD: [&str; 6] = ["--days", "40", "--leads", "4", "--seed", "3"];

fn simulate(store: &str, more: &[&str]) -> Command {
    let mut command = agency();
    command.args(["--json", "simulate"]).args(WORLD);
    command.args(["--store", store]).args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

// covers: DB-3
#[test]
fn memory_a_file_and_a_database_come_to_the_same_log() {
    let Some(server) = Server::start() else {
        return;
    };
    let memory = report(&simulate("memory", &[]).output().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let file = report(&simulate(&store.to_string_lossy(), &[]).output().unwrap());
    let uri = server.database("whole");
    let begun = Instant::now();
    let database = report(&simulate(&uri, &[]).output().unwrap());
    let whole = begun.elapsed();
    println!("{} steps on the database in {whole:?}", memory["events"]);
    assert!(memory["funnel"]["paid"].as_u64() > Some(0), "{memory}");
    for other in [&file, &database] {
        for what in ["hash", "state_hash", "funnel"] {
            assert_eq!(other[what], memory[what], "{what}");
        }
    }
    // The database is bound to its run.
    let other = simulate(&uri, &["--faults"]).output().unwrap();
    assert!(!other.status.success());
    let words = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(words.contains("another run"), "{words}");

    let kills = number("DEALWRIGHT_MONGO_KILLS", 4);
    killed(&server, &memory, whole, u32::try_from(kills).unwrap());
}

/// The same world on the database, killed again and again: each time it goes on where it stopped.
fn killed(server: &Server, memory: &Value, whole: Duration, kills: u32) {
    let books = tempfile::tempdir().unwrap();
    let provider = Provider::start(books.path(), &[]);
    let uri = server.database("killed");
    let run = || simulate(&uri, &["--provider", &provider.address]);
    let mut done = 0;
    // Spread over the whole of it, each at its own distance.
    for kill in 0..kills {
        let share = whole / (kills + 1);
        let jitter = share.mul_f64(f64::from(kill * 7_919 % 100) / 200.0);
        if run_or_kill(run(), Duration::from_millis(300) + share + jitter).is_some() {
            break;
        }
        done += 1;
    }
    let ended = report(&run().output().unwrap());
    println!("{done} kills");
    assert!(done > 0, "it was over before the first kill");
    for what in ["hash", "state_hash", "funnel"] {
        assert_eq!(ended[what], memory[what], "{what} after {done} kills");
    }
    let keys = provider.keys();
    assert!(
        !keys.is_empty() && keys.values().all(|n| *n == 1),
        "{keys:?}"
    );
}

fn in_home(home: &Path, uri: Option<&str>, args: &[&str]) -> (bool, String) {
    let mut command = agency();
    command.arg("--home").arg(home).args(args);
    match uri {
        Some(uri) => command.env("MONGODB_URI", uri),
        None => command.env_remove("MONGODB_URI"),
    };
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

fn home(folder: &Path, name: &str) -> PathBuf {
    let home = folder.join(name);
    let (ok, said) = in_home(&home, None, &["init", &home.to_string_lossy()]);
    assert!(ok, "{said}");
    let file = home.join("agency.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("[store]\n"));
    let text = text.replacen("[store]\n", "[store]\nkind = \"mongodb\"\n", 1);
    std::fs::write(&file, text).unwrap();
    home
}

#[test]
fn an_agency_lives_in_a_database_and_in_no_other_agencys() {
    let Some(server) = Server::start() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (home(folder.path(), "first"), home(folder.path(), "second"));
    let uri = server.database("home");
    let map = concat!(env!("CARGO_MANIFEST_DIR"), "/world/directories/chamber");
    let (csv, toml) = (
        std::fs::read_to_string(format!("{map}.csv")).unwrap(),
        format!("{map}.map.toml"),
    );
    let few: String = csv.lines().take(9).map(|l| format!("{l}\n")).collect();
    let file = folder.path().join("few.csv");
    std::fs::write(&file, few).unwrap();
    let import = ["import", &file.to_string_lossy(), "--map", &toml].map(str::to_owned);
    let import: Vec<&str> = import.iter().map(String::as_str).collect();
    for (args, says) in [
        (&import[..], "8 rows"),
        (&["run", "--until-idle"], "steps"),
        (&["status"], "of them qualified"),
        (&["verify", "audit"], "fit their chains"),
    ] {
        let (ok, said) = in_home(&first, Some(&uri), args);
        assert!(ok && said.contains(says), "{args:?}: {said}");
    }
    let (_, again) = in_home(&first, Some(&uri), &import);
    assert!(again.contains("0 new leads"), "{again}");
    assert!(!first.join("store.sqlite").exists());
    for (home, uri, says) in [
        (&first, None, "MONGODB_URI"),
        (&second, Some(uri.as_str()), "another key"),
        (&first, Some("mongodb://127.0.0.1:1/x"), "127.0.0.1:1"),
        (&first, Some("http://127.0.0.1/x"), "mongodb://"),
    ] {
        let (ok, said) = in_home(home, uri, &["status"]);
        assert!(!ok && said.contains(says), "{said}");
        assert!(said.starts_with("error: "), "{said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
    }
}
