//! One world on memory, on a file and on MongoDB: the same bytes in the log.
#![cfg(feature = "mongodb")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const WORLD: [&str; 6] = ["--days", "40", "--leads", "4", "--seed", "3"];

fn simulate(store: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agency"));
    command.args(["--json", "simulate"]).args(WORLD);
    command.args(["--store", store]).args(more);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn report(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A server, killed with the test: `MONGODB_URI`, or one that `DEALWRIGHT_MONGOD` starts.
struct Server {
    uri: String,
    child: Option<Child>,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        if let Ok(uri) = std::env::var("MONGODB_URI") {
            return Some(Self {
                uri,
                child: None,
                _folder: folder,
            });
        }
        let Ok(command) = std::env::var("DEALWRIGHT_MONGOD") else {
            println!("skipped: no MongoDB, set MONGODB_URI or DEALWRIGHT_MONGOD (scripts/servers)");
            return None;
        };
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new("sh")
            .args([
                "-c",
                r#""$@" & server=$!; cat >/dev/null; kill -9 $server; wait"#,
            ])
            .args(["sh", &command])
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .arg("--storage-path")
            .arg(folder.path())
            .args(["--log-level", "ERROR"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let since = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(since.elapsed() < Duration::from_secs(60), "no server");
            std::thread::sleep(Duration::from_millis(100));
        }
        Some(Self {
            uri: format!("mongodb://127.0.0.1:{port}"),
            child: Some(child),
            _folder: folder,
        })
    }

    fn database(&self, name: &str) -> String {
        format!("{}/s{}_{name}", self.uri, std::process::id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
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

    let kills = std::env::var("DEALWRIGHT_MONGO_KILLS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(4_u32);
    killed(&server, &memory, whole, kills);
}

/// The same world on the database, killed again and again: each time it goes on where it stopped.
fn killed(server: &Server, memory: &Value, whole: Duration, kills: u32) {
    let books = tempfile::tempdir().unwrap();
    let file = books.path().join("books.jsonl");
    let mut provider = Command::new(env!("CARGO_BIN_EXE_agency"))
        .args(["provider", "--bind", "127.0.0.1:0", "--books"])
        .arg(&file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut address = String::new();
    let stdout = provider.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut address).unwrap();
    let uri = server.database("killed");
    let run = || simulate(&uri, &["--provider", address.trim()]);
    let mut done = 0;
    // Spread over the whole of it, each at its own distance.
    for kill in 0..kills {
        let mut child = run().spawn().unwrap();
        let share = whole / (kills + 1);
        let jitter = share.mul_f64(f64::from(kill * 7_919 % 100) / 200.0);
        std::thread::sleep(Duration::from_millis(300) + share + jitter);
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        done += 1;
    }
    let ended = report(&run().output().unwrap());
    let _ = provider.kill();
    let _ = provider.wait();
    println!("{done} kills");
    assert!(done > 0, "it was over before the first kill");
    for what in ["hash", "state_hash", "funnel"] {
        assert_eq!(ended[what], memory[what], "{what} after {done} kills");
    }
    let mut keys = std::collections::BTreeMap::<String, u32>::new();
    for line in std::fs::read_to_string(&file).unwrap().lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let body = entry.as_object().unwrap().values().next().unwrap();
        *keys
            .entry(body["key"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    assert!(
        !keys.is_empty() && keys.values().all(|n| *n == 1),
        "{keys:?}"
    );
}

fn agency(home: &std::path::Path, uri: Option<&str>, args: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agency"));
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

fn home(folder: &std::path::Path, name: &str) -> std::path::PathBuf {
    let home = folder.join(name);
    let (ok, said) = agency(&home, None, &["init", &home.to_string_lossy()]);
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
        let (ok, said) = agency(&first, Some(&uri), args);
        assert!(ok && said.contains(says), "{args:?}: {said}");
    }
    let (_, again) = agency(&first, Some(&uri), &import);
    assert!(again.contains("0 new leads"), "{again}");
    assert!(!first.join("store.sqlite").exists());
    for (home, uri, says) in [
        (&first, None, "MONGODB_URI"),
        (&second, Some(uri.as_str()), "another key"),
        (&first, Some("mongodb://127.0.0.1:1/x"), "127.0.0.1:1"),
        (&first, Some("http://127.0.0.1/x"), "mongodb://"),
    ] {
        let (ok, said) = agency(home, uri, &["status"]);
        assert!(!ok && said.contains(says), "{said}");
        assert!(said.starts_with("error: "), "{said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
    }
}
