//! The program as a process, and the provider that it sends to.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) fn agency() -> Command {
    Command::new(env!("CARGO_BIN_EXE_agency"))
}

pub(crate) fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

/// What a run that succeeded prints.
pub(crate) fn report(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A provider in a process of its own, ended with the test.
pub(crate) struct Provider {
    child: Child,
    pub(crate) address: String,
    books: PathBuf,
}

impl Provider {
    pub(crate) fn start(folder: &Path, more: &[&str]) -> Self {
        let books = folder.join("books.jsonl");
        let mut child = agency()
            .args(["provider", "--bind", "127.0.0.1:0", "--books"])
            .arg(&books)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        Self {
            child,
            address: address.trim().to_owned(),
            books,
        }
    }

    /// How often each key stands in the books.
    pub(crate) fn keys(&self) -> BTreeMap<String, u32> {
        let mut keys = BTreeMap::new();
        for line in fs::read_to_string(&self.books).unwrap().lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            let body = entry.as_object().unwrap().values().next().unwrap();
            let key = body["key"].as_str().unwrap().to_owned();
            *keys.entry(key).or_default() += 1;
        }
        keys
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs until it ends by itself or until `life` is over. `None` where it was killed.
pub(crate) fn run_or_kill(mut command: Command, life: Duration) -> Option<Value> {
    let mut child = command.spawn().unwrap();
    let born = Instant::now();
    loop {
        if child.try_wait().unwrap().is_some() {
            return Some(report(&child.wait_with_output().unwrap()));
        }
        if born.elapsed() >= life {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
