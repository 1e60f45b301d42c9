//! Checkpoints of a real home's log: what they show when somebody cuts, forks or hides it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::Value;

use crate::home::Home;

const STORE: &str = "home/store.sqlite";
const NOTES: &str = "home/checkpoints/audit.txt";
const KEY: &str = "home/keys/audit.key";

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// Puts a copy of files and folders of the home aside, or back.
fn copy(home: &Home, parts: &[&str], from: &str, to: &str) {
    for part in parts {
        let (from, to) = (home.path(from).join(part), home.path(to).join(part));
        if from.is_dir() {
            let _ = fs::remove_dir_all(&to);
            fs::create_dir_all(&to).unwrap();
            for file in fs::read_dir(&from).unwrap() {
                let file = file.unwrap();
                fs::copy(file.path(), to.join(file.file_name())).unwrap();
            }
        } else {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// The store as one file, nothing of it beside.
fn settle(home: &Home) {
    let db = Connection::open(home.path(STORE)).unwrap();
    db.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
        .unwrap();
    db.query_row("pragma journal_mode = delete", [], |_| Ok(()))
        .unwrap();
}

fn change(home: &Home, sql: &str) {
    let db = Connection::open(home.path(STORE)).unwrap();
    db.execute_batch(sql).unwrap();
}

/// Files of the home as they are, put back after `attempt`.
fn undone(home: &Home, attempt: impl FnOnce()) {
    settle(home);
    let parts = ["store.sqlite", "checkpoints", "keys"];
    copy(home, &parts, "home", "aside");
    attempt();
    settle(home);
    copy(home, &parts, "aside", "home");
    home.ok(&["verify", "audit"]);
}

#[track_caller]
fn says(told: &str, parts: &[&str]) {
    for part in parts {
        assert!(told.contains(part), "no `{part}` in: {told}");
    }
}

#[test]
fn a_run_signs_how_far_the_log_has_come_and_a_copy_of_that_is_printed() {
    let home = Home::empty();
    // Nothing happened: nothing to sign, and nothing wrong.
    assert_eq!(home.json(&["verify", "audit"])["checkpoints"], 0);
    let told = home.refused(&["audit", "checkpoint"]);
    says(&told, &["the log is empty"]);
    home.ok(&["import", "rows.csv", "--map", "map.toml"]);
    home.run();
    let found = home.json(&["verify", "audit"]);
    let envelopes = number(&found["envelopes"]);
    assert!(
        envelopes > 10 && number(&found["checkpoints"]) > 0,
        "{found}"
    );
    assert_eq!(number(&found["covered"]), envelopes);
    let text = home.ok(&["verify", "audit"]);
    says(
        &text,
        &[
            "envelopes fit their chains",
            "1 checkpoint holds, over",
            "merkle root",
        ],
    );
    let (before, note) = (
        fs::read(home.path(NOTES)).unwrap(),
        home.ok(&["audit", "checkpoint"]),
    );
    // The same in the words of the note: log, size, root, and a signature by that key.
    let lines: Vec<&str> = note.lines().collect();
    let key = found["key"].as_str().unwrap();
    let name = key.split('+').next().unwrap();
    assert!(name.starts_with("dealwright/"), "{name}");
    assert_eq!(lines[..2], [name, &envelopes.to_string()]);
    assert!(lines[4].starts_with(&format!("\u{2014} {name} ")), "{note}");
    // Where nothing happened nothing is signed again.
    home.run();
    assert_eq!(fs::read(home.path(NOTES)).unwrap(), before);
    for command in [&["audit", "checkpoint"], &["audit", "rotate-key"]] {
        home.refused(&[&["--by", "stranger"], &command[..]].concat());
    }
    assert_eq!(fs::read(home.path(NOTES)).unwrap(), before);
}

// covers: SE-4
#[test]
fn a_log_that_was_cut_forked_or_changed_is_named_and_not_signed_over() {
    let home = Home::drafted();
    let envelopes = number(&home.json(&["verify", "audit"])["envelopes"]);
    let notes = fs::read(home.path(NOTES)).unwrap();

    for cut in [1, 5, envelopes] {
        undone(&home, || {
            let left = envelopes - cut;
            change(&home, &format!("delete from log where position > {left}"));
            let told = home.refused(&["verify", "audit"]);
            let found = format!("it ends after {left} records");
            let covers = format!("line 7 covers {envelopes};");
            let place = "checkpoints/audit.txt`, ";
            says(
                &told,
                &[
                    "was cut or set back",
                    &found,
                    place,
                    &covers,
                    "copy of the store",
                ],
            );
            // Work goes on and says so; no checkpoint hides what was cut.
            let output = home.call(&["run", "--until-idle"]);
            let told = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success(), "{told}");
            says(&told, &["note: the log was cut", "no checkpoint is signed"]);
            assert_eq!(fs::read(home.path(NOTES)).unwrap(), notes);
            home.refused(&["audit", "checkpoint"]);
            assert_eq!(fs::read(home.path(NOTES)).unwrap(), notes);
        });
    }
    // Two processes in another order: every chain fits, as long as it was.
    undone(&home, || {
        let db = Connection::open(home.path(STORE)).unwrap();
        let sql = "select a.position from log a join log b on b.position = a.position + 1
                   where a.process <> b.process limit 1";
        let at: i64 = db.query_row(sql, [], |row| row.get(0)).unwrap();
        drop(db);
        change(
            &home,
            &format!(
                "update log set position = -1 where position = {at};
                 update log set position = {at} where position = {at} + 1;
                 update log set position = {at} + 1 where position = -1;"
            ),
        );
        let told = home.refused(&["verify", "audit"]);
        says(
            &told,
            &["forked or rewritten", "checkpoints/audit.txt`, line 7"],
        );
    });
    // One changed record is called by its name.
    undone(&home, || {
        let db = Connection::open(home.path(STORE)).unwrap();
        let sql = "select process, revision from log where position = 4";
        let (process, revision): (String, i64) = db
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        drop(db);
        change(
            &home,
            "update log set envelope = replace(envelope, '\"at\":\"20', '\"at\":\"21') where position = 4",
        );
        let told = home.refused(&["verify", "audit"]);
        says(
            &told,
            &[&format!(
                "envelope {process}@{revision} does not fit its chain"
            )],
        );
    });
}

// covers: SE-4
#[test]
fn a_store_that_was_set_back_is_told_also_when_it_goes_on_otherwise() {
    let home = Home::drafted();
    let drafts = home.listed(&["drafts", "--limit", "0"]);
    settle(&home);
    let parts = ["store.sqlite", "checkpoints", "keys"];
    copy(&home, &parts, "home", "old");
    let early = number(&home.json(&["verify", "audit"])["envelopes"]);

    home.ok(&["approve", &drafts[0]]);
    home.run();
    let now = number(&home.json(&["verify", "audit"])["envelopes"]);
    assert!(now > early);
    let newest = home.ok(&["audit", "checkpoint"]);
    home.write("kept.txt", &newest);
    home.ok(&["verify", "audit", "--against", "kept.txt"]);

    // The old store, the newest checkpoint kept.
    settle(&home);
    copy(&home, &["store.sqlite"], "old", "home");
    let told = home.refused(&["verify", "audit"]);
    let (ends, covers) = (format!("after {early} records"), format!("covers {now};"));
    says(&told, &["was cut or set back", &ends, &covers]);
    // It goes on with other words of people until it is as long again.
    for draft in &drafts {
        home.ok(&["refuse", draft, "--why", "not now"]);
    }
    home.run();
    let told = home.refused(&["verify", "audit"]);
    says(
        &told,
        &[
            "forked or rewritten",
            &format!("a record from {} to {now} ", early + 1),
        ],
    );

    // All of the home set back at once looks whole from inside; a copy elsewhere tells.
    settle(&home);
    copy(&home, &parts, "old", "home");
    home.ok(&["verify", "audit"]);
    let told = home.refused(&["verify", "audit", "--against", "kept.txt"]);
    says(&told, &["was cut or set back", "`kept.txt`, line 1 covers"]);
    home.write(
        "kept.txt",
        &newest.replacen(&format!("\n{now}\n"), &format!("\n{early}\n"), 1),
    );
    let told = home.refused(&["verify", "audit", "--against", "kept.txt"]);
    says(&told, &["`kept.txt`, line 1", "signature"]);
}

// covers: SE-4
#[test]
fn a_key_is_rotated_and_neither_it_nor_the_notes_can_be_exchanged_or_hidden() {
    let home = Home::drafted();
    let drafts = home.listed(&["drafts", "--limit", "0"]);
    let (old_key, old_secret) = (
        home.json(&["verify", "audit"])["key"].clone(),
        fs::read_to_string(home.path(KEY)).unwrap(),
    );
    home.write("kept.txt", &home.ok(&["audit", "checkpoint"]));
    let rotated = home.json(&["audit", "rotate-key"])["key"].clone();
    assert_ne!(rotated, old_key);
    home.ok(&["approve", &drafts[0]]);
    home.run();
    let found = home.json(&["verify", "audit", "--against", "kept.txt"]);
    assert_eq!(found["key"], rotated);
    assert_eq!(found["covered"], found["envelopes"]);
    assert!(number(&found["checkpoints"]) >= 3, "{found}");

    undone(&home, || {
        fs::write(home.path(KEY), &old_secret).unwrap();
        let told = home.refused(&["verify", "audit"]);
        says(&told, &["keys/audit.key` is not the key"]);
    });
    undone(&home, || {
        let text = fs::read_to_string(home.path(NOTES)).unwrap();
        let size = text.lines().nth(7).unwrap();
        let changed = text.replacen(&format!("\n{size}\n"), &format!("\n{size}0\n"), 1);
        assert_ne!(changed, text);
        fs::write(home.path(NOTES), changed).unwrap();
        let told = home.refused(&["verify", "audit"]);
        says(&told, &["checkpoints/audit.txt`, line 7: the signature"]);
    });
    undone(&home, || {
        fs::remove_file(home.path(NOTES)).unwrap();
        let told = home.refused(&["verify", "audit"]);
        says(&told, &["checkpoints/audit.txt` is gone"]);
        home.run();
        assert!(!home.path(NOTES).exists(), "it was begun anew");
    });
    undone(&home, || {
        fs::remove_file(home.path(NOTES)).unwrap();
        fs::remove_file(home.path(KEY)).unwrap();
        let told = home.refused(&["verify", "audit"]);
        says(&told, &["no checkpoint", "audit checkpoint"]);
        // As a home from before there were checkpoints begins; what was kept elsewhere tells.
        home.ok(&["audit", "checkpoint"]);
        home.ok(&["verify", "audit"]);
        let told = home.refused(&["verify", "audit", "--against", "kept.txt"]);
        says(&told, &["`kept.txt`, line 1"]);
    });
    // A crash in the middle of the last note alarms nobody.
    undone(&home, || {
        let notes = fs::read(home.path(NOTES)).unwrap();
        fs::write(home.path(NOTES), &notes[..notes.len() - 30]).unwrap();
        let output = home.call(&["verify", "audit"]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{told}");
        says(&told, &["note: the last checkpoint", "cut off"]);
        home.run();
        assert_eq!(fs::read(home.path(NOTES)).unwrap(), notes);
    });
}

fn covered(home: &Home) -> u64 {
    number(&home.json(&["verify", "audit"])["covered"])
}

// covers: SE-4
#[test]
fn a_run_that_is_killed_has_signed_what_it_did_before() {
    let home = Home::drafted();
    let drafts = home.listed(&["drafts", "--limit", "0"]);
    let before = covered(&home);
    let mut run = Command::new(env!("CARGO_BIN_EXE_agency"))
        .args(["--home"])
        .arg(Path::new(&home.path("home")))
        .args(["run", "--checkpoint-every", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    home.ok(&["refuse", &drafts[0], "--why", "not now"]);
    let begun = Instant::now();
    let mut after = before;
    while after == before && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(200));
        after = covered(&home);
    }
    // Beside a running owner another command signs as well, and the two take turns.
    home.ok(&["audit", "checkpoint"]);
    assert!(run.try_wait().unwrap().is_none(), "the run ended by itself");
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(after > before, "nothing was signed while it ran");
    assert!(covered(&home) >= after);
    home.run();
    let found = home.json(&["verify", "audit"]);
    assert_eq!(found["covered"], found["envelopes"]);
}
