//! `agency mail`: what mails are and say, and taking them in.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn agency(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agency"));
    command.arg("--home").arg(home).args(arguments);
    command.output().unwrap()
}

/// A home to try on, for as long as its folder is held.
fn new_home() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    assert!(
        agency(&home, &["init", home.to_str().unwrap()])
            .status
            .success()
    );
    (dir, home)
}

fn said(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

const BOUNCE: &str = "From: MAILER-DAEMON@mx.example\nMessage-ID: <d1@mx.example>\nSubject: Undelivered\nMIME-Version: 1.0\n\
Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nSorry.\n\
--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
Final-Recipient: rfc822; gone@bakery.example\nAction: failed\nStatus: 5.1.1\n\n\
--b\nContent-Type: message/rfc822-headers\n\nMessage-ID: <7@agency.example>\n\n--b--\n";
const ANSWER: &str = "From: Kim <kim@bakery.example>\nMessage-ID: <r1@bakery.example>\nSubject: Re: x\n\nYes, please.\n\n\
On 3 Mar 2026, at 10:12, Us <us@agency.example> wrote:\n> Shall we?\n";

#[test]
fn mails_are_told_apart_and_cut_as_the_contract_says() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text.replace('\n', "\r\n")).unwrap();
        path.display().to_string()
    };
    let (bounce, answer) = (write("bounce.eml", BOUNCE), write("answer.eml", ANSWER));
    let text = said(&agency(
        dir.path(),
        &["--json", "mail", "read", &bounce, &answer],
    ));
    let lines: Vec<Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let expected = json!([
        {"file": bounce, "kind": "bounce", "class": "hard", "recipients": ["gone@bakery.example"], "reply": "Sorry."},
        {"file": answer, "kind": "human", "class": null, "recipients": [], "reply": "Yes, please."},
    ]);
    assert_eq!(Value::from(lines), expected);
    let bare = write(
        "bare.txt",
        "Fine.\n\nOn 3 Mar 2026, at 10:12, Us <us@agency.example> wrote:\n> Shall we?\n",
    );
    let text = said(&agency(
        dir.path(),
        &["--json", "mail", "read", "--text", &bare],
    ));
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["reply"], "Fine.");
    let missing = agency(dir.path(), &["mail", "read", "none.eml"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("none.eml"));
}

/// A bounce of a letter that never left suppresses nobody; what is no mail keeps no other back, and
/// what is not yet delivered is not read.
#[test]
fn what_is_about_no_letter_of_ours_is_left_for_a_person() {
    let (dir, home) = new_home();
    let maildir = dir.path().join("Maildir");
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(maildir.join(part)).unwrap();
    }
    fs::write(maildir.join("new/1"), BOUNCE.replace('\n', "\r\n")).unwrap();
    fs::write(maildir.join("cur/2"), ANSWER.replace('\n', "\r\n")).unwrap();
    fs::write(maildir.join("new/3"), "no mail at all").unwrap();
    fs::write(maildir.join("tmp/4"), "not yet delivered").unwrap();
    let text = said(&agency(
        &home,
        &["--json", "mail", "take", maildir.to_str().unwrap()],
    ));
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&found["files"], &found["heard"]),
        (&json!(3), &json!(0)),
        "{found}"
    );
    assert_eq!(found["stray"].as_array().unwrap().len(), 3, "{found}");
}

#[test]
fn mail_settings_that_cannot_work_are_one_clear_line() {
    let (_dir, home) = new_home();
    let toml = fs::read_to_string(home.join("agency.toml")).unwrap();
    for (mail, why) in [
        (
            "host = \"mail.agency.example\"\nuser = \"mara\"\npassword_from = \"NO_SUCH_VARIABLE\"",
            "NO_SUCH_VARIABLE",
        ),
        (
            "host = \"mail.agency.example\"\nsecurity = \"loopback\"",
            "without TLS",
        ),
        (
            "host = \"mail.agency.example\"\ndkim = { selector = \"s1\", key = \"keys/none.pem\" }",
            "none.pem",
        ),
        (
            "host = \"mail.agency.example\"\nsecurity = \"none\"",
            "starttls",
        ),
    ] {
        fs::write(
            home.join("agency.toml"),
            format!("{toml}\n[mail]\n{mail}\n"),
        )
        .unwrap();
        let output = agency(&home, &["run", "--until-idle"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains(why) && !said.contains("hush"),
            "{why}: {said}"
        );
    }
}
