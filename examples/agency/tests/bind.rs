//! `agency run --bind`: people reach the agency while it works.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn agency(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agency"));
    command.arg("--home").arg(home);
    command
}

/// A home to try on, for as long as its folder is held.
fn new_home() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    assert!(
        agency(&home)
            .arg("init")
            .arg(&home)
            .output()
            .unwrap()
            .status
            .success()
    );
    (dir, home)
}

struct Running(Child, String);

impl Running {
    fn start(home: &Path) -> Self {
        let mut child = agency(home)
            .args(["run", "--bind", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split("listening on http://").nth(1).map(str::to_owned))
            .expect("it says where it listens");
        // The rest is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let at = said.split(':').take(2).collect::<Vec<_>>().join(":");
        Self(child, at)
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_inquiry_by_the_form_becomes_a_lead() {
    let (_dir, home) = new_home();
    let running = Running::start(&home);
    let unknown = running.ask(
        "POST",
        &format!("/o/{}", "0".repeat(64)),
        "List-Unsubscribe=One-Click",
    );
    assert!(unknown.starts_with("HTTP/1.1 404"), "{unknown}");
    let page = running.ask("GET", "/contact", "");
    let token = page
        .split("name=\"token\" value=\"")
        .nth(1)
        .expect("a form");
    let token = token.split('"').next().unwrap();
    std::thread::sleep(Duration::from_millis(2_500));
    let form = format!(
        "token={token}&business=Cedar+Flowers&email=kim%40cedar.example&message=What+does+a+website+audit+cost%3F"
    );
    let answer = running.ask("POST", "/contact", &form);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let begun = Instant::now();
    loop {
        let leads = agency(&home).arg("leads").output().unwrap();
        if String::from_utf8_lossy(&leads.stdout).contains("Cedar Flowers") {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "the lead never came"
        );
        std::thread::sleep(Duration::from_millis(300));
    }
}

#[test]
fn an_address_that_is_taken_is_said_in_one_line() {
    let (_dir, home) = new_home();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = holder.local_addr().unwrap().to_string();
    let output = agency(&home)
        .args(["run", "--until-idle", "--bind", &at])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.contains("--bind") && said.contains("free port"),
        "{said}"
    );
}
