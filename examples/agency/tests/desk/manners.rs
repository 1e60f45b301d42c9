use std::process::{Command, Output};

use serde_json::Value;

use crate::home::Home;

fn agency(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_agency"))
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn a_table_of_which_no_row_can_be_used_is_refused_once_with_the_count() {
    let home = Home::empty();
    // No map says where the rows come from.
    let told = home.refused(&["import", "rows.csv"]);
    for part in [
        "none of the 10 rows of `rows.csv`",
        "(lines 2, 3, 4 and 7 more)",
        "`--source NAME`",
    ] {
        assert!(told.contains(part), "no `{part}` in: {told}");
    }
    assert!(!told.contains("next"), "{told}");
    assert!(
        !home.path("home/store.sqlite").exists(),
        "something was begun"
    );
    let told = home.refused(&["--json", "import", "rows.csv", "--source", "elsewhere"]);
    assert!(told.contains("`elsewhere`"), "{told}");
    home.write(
        "rows.csv",
        "id,Name,Street,Zip,City,Phone,Mail\nr1,,Main Street 1,49997,Port Merrow,,\nr2\n",
    );
    let told = home.refused(&["import", "rows.csv", "--map", "map.toml"]);
    assert!(
        told.contains("none of the 2 rows, 1 of them for this reason,"),
        "{told}"
    );
    assert!(told.contains("one other reason"), "{told}");
}

#[test]
fn rows_that_are_refused_for_one_reason_are_told_together() {
    let home = Home::empty();
    let mut rows = std::fs::read_to_string(home.path("rows.csv")).unwrap();
    for n in 20..26 {
        rows.push_str(&format!("r{n},,Main Street {n},49997,Port Merrow,,\n"));
    }
    home.write("rows.csv", &rows);
    let output = home.call(&["import", "rows.csv", "--map", "map.toml"]);
    let (out, told) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(output.status.success(), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(
        told.contains("`rows.csv`, 6 rows (lines 12, 13, 14 and 3 more): there is no name"),
        "{told}"
    );
    assert!(
        out.contains("6 refused") && out.contains("next: agency --home home run"),
        "{out}"
    );
}

#[test]
fn a_command_lists_the_flags_it_uses_and_takes_the_others_all_the_same() {
    let all = ["--home <DIR>", "--by <NAME>", "--json"];
    for (command, uses) in [
        (&[][..], &all[..]),
        (&["show"], &all),
        (&["drafts"], &all),
        (&["verify", "audit"], &all),
        (&["run"], &["--home <DIR>", "--json"]),
        (&["approve"], &["--home <DIR>", "--by <NAME>"]),
        (&["stop"], &["--home <DIR>", "--by <NAME>"]),
        (&["dedupe"], &["--json"]),
        (&["score"], &["--json"]),
        (&["score", "train"], &["--json"]),
        (&["simulate"], &["--json"]),
        (&["demo"], &["--json"]),
        (&["init"], &[]),
        (&["provider"], &[]),
    ] {
        let help = agency(&[command, &["--help"]].concat());
        let help = String::from_utf8(help.stdout).unwrap();
        for flag in all {
            assert_eq!(
                help.contains(flag),
                uses.contains(&flag),
                "{command:?} {flag}: {help}"
            );
        }
    }
    // Scripts may put them anywhere.
    let home = Home::empty();
    let folder = home.path("home").display().to_string();
    for args in [
        ["--json", "--home", &folder, "status"],
        ["status", "--json", "--home", &folder],
        ["--json", "status", "--home", &folder],
    ] {
        let out = agency(&args);
        let status: Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(status["leads"], 0, "{args:?}");
    }
    let version = agency(&["--home", &folder, "dedupe", "--by", "kim", "--help"]);
    assert!(version.status.success());
    assert_eq!(agency(&["approve"]).status.code(), Some(2));
}

#[test]
fn a_new_home_keeps_its_keys_and_its_store_out_of_a_repository() {
    let home = Home::drafted();
    let said = home.ok(&["init", "other"]);
    assert!(
        said.contains("wrote other/.gitignore, which keeps keys"),
        "{said}"
    );
    // What git itself makes of it, where there is one.
    let git = |args: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(home.path("home")).args(args);
        git.output()
    };
    let Ok(begun) = git(&["init", "--quiet"]) else {
        println!("skipped: there is no git here");
        return;
    };
    assert!(begun.status.success());
    for (path, ignored) in [
        ("keys/master.key", true),
        ("keys/audit.key", true),
        ("checkpoints/audit.txt", false),
        ("store.sqlite", true),
        ("store.sqlite-wal", true),
        ("blobs/ab", true),
        ("outbox/letter.eml", true),
        ("agency.toml", false),
        ("templates/en.toml", false),
    ] {
        let told = git(&["check-ignore", "--quiet", path]).unwrap();
        assert_eq!(told.status.code(), Some(i32::from(!ignored)), "{path}");
    }
    assert!(home.path("home/keys/master.key").exists());
    assert!(home.path("home/store.sqlite").exists());
}

#[test]
fn a_simulation_says_on_stderr_alone_how_far_it_is() {
    let world = [
        "--json", "simulate", "--days", "40", "--leads", "40", "--seed", "5",
    ];
    let often = agency(&[&world[..], &["--progress-every", "1"]].concat());
    let told = String::from_utf8(often.stderr).unwrap();
    assert!(often.status.success(), "{told}");
    let (last, before) = told
        .lines()
        .collect::<Vec<_>>()
        .split_last()
        .map(|(l, b)| (l.to_owned(), b.len()))
        .unwrap();
    assert!(last.contains("40 of 40 leads, all days are over"), "{told}");
    assert!(before > 0, "it was over within a second: {told}");
    for line in told.lines().take(before) {
        assert!(
            line.starts_with("2026-") && line.contains(" of 40 leads, "),
            "{line}"
        );
        assert!(line.contains(" % done, "), "{line}");
    }
    let seldom = agency(&[&world[..], &["--progress-every", "3600"]].concat());
    let told = String::from_utf8(seldom.stderr).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert_eq!(seldom.stdout, often.stdout);
    let report: Value = serde_json::from_slice(&often.stdout).unwrap();
    assert_eq!(report["violations"], Value::Array(Vec::new()));
}
