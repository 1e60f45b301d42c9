//! `agency subject` and `agency keys`: the rights of the people written to, at the program.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const MAP: &str = r#"
[columns]
row_id = "id"

[roles]
name = ["Name"]
street = ["Street"]
postal_code = ["Zip"]
city = ["City"]
phone = ["Phone"]
email = ["Mail"]
website = ["Web"]
category = ["Kind"]

[defaults]
country = "US"
zone = "America/Detroit"
currency = "USD"
language = "en"

[[source]]
source = "town-register"
allowed = ["find_leads", "enrich"]
automation = false
storage_days = 365
attribution = "Town register"
review_by = "2999-12-31"
"#;
const LEADS: &str = "id,Name,Street,Zip,City,Phone,Mail,Web,Kind\n\
r1,Blackbird Bakery Inc.,1 Main Street,49997,Port Merrow,906.555.0119,kanarienvogel@blackbird.example,www.blackbird.example,bakery\n\
r2,Cinnamon Cafe Inc.,95 Lighthouse Drive,49996,Alder Falls,906.555.0113,post@cinnamon.example,www.cinnamon.example,cafe\n";
/// What of the one person must come back, and be gone.
const CANARIES: [&str; 2] = ["kanarienvogel", "9065550119"];
const CANARY: &str = "kanarienvogel@blackbird.example";

fn agency(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agency"));
    command.arg("--home").arg(home).args(arguments);
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Files under `folder` in which `word` stands.
fn holding(folder: &Path, word: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holding(&path, word, found);
        } else if fs::read(&path)
            .unwrap()
            .windows(word.len())
            .any(|w| w == word.as_bytes())
        {
            found.push(path);
        }
    }
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copied(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

// covers: CO-3
#[test]
fn a_person_has_what_is_kept_of_them_and_is_forgotten_also_in_old_copies() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let (csv, map) = (dir.path().join("leads.csv"), dir.path().join("map.toml"));
    fs::write(&csv, LEADS).unwrap();
    fs::write(&map, MAP).unwrap();
    said(&agency(&home, &["init", home.to_str().unwrap()]));
    let import = || {
        said(&agency(
            &home,
            &[
                "import",
                csv.to_str().unwrap(),
                "--map",
                map.to_str().unwrap(),
            ],
        ));
        said(&agency(&home, &["run", "--until-idle"]))
    };
    import();
    let drafts = || said(&agency(&home, &["--json", "drafts"]));
    assert!(
        drafts().contains("blackbird"),
        "a letter to them waits: {}",
        drafts()
    );
    let letter = format!("From: us@agency.example\r\nTo: {CANARY}\r\nSubject: s\r\n\r\nHello.\r\n");
    fs::create_dir_all(home.join("outbox")).unwrap();
    fs::write(home.join("outbox/1.eml"), letter).unwrap();

    let out = dir.path().join("export.json");
    let export = ["subject", "export", CANARY, "--out", out.to_str().unwrap()];
    let summary = said(&agency(&home, &export));
    assert!(summary.contains("1 files"), "{summary}");
    let found: Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    let text = found.to_string();
    for canary in CANARIES {
        assert!(text.contains(canary), "{canary}: {text}");
    }
    for other in ["post@cinnamon", "9065550113"] {
        assert!(!text.contains(other), "{other}: {text}");
    }
    assert_eq!(found["files"][0]["holder"], "outbox");
    // What was written is not written over.
    assert_eq!(agency(&home, &export).status.code(), Some(1));

    let backup = dir.path().join("backup");
    copied(&home, &backup);
    let erased = said(&agency(&home, &["--json", "subject", "erase", CANARY]));
    let erased: Value = serde_json::from_str(&erased).unwrap();
    assert_eq!(erased["erased"], true, "{erased}");
    said(&agency(&home, &["run", "--until-idle"]));
    for canary in CANARIES {
        let mut left = Vec::new();
        holding(&home, canary, &mut left);
        assert!(left.is_empty(), "{canary}: {left:?}");
    }
    assert!(!drafts().contains("blackbird"), "{}", drafts());
    assert!(drafts().contains("cinnamon"), "{}", drafts());

    // An old copy of all but the keys, which are kept apart and thrown away sooner.
    fs::remove_dir_all(backup.join("keys")).unwrap();
    copied(&home.join("keys"), &backup.join("keys"));
    let of_old = said(&agency(&backup, &["subject", "export", CANARY]));
    let of_old: Value = serde_json::from_str(&of_old).unwrap();
    let values = serde_json::to_string(&of_old["values"]).unwrap();
    for canary in CANARIES {
        assert!(!values.contains(canary), "{canary}: {values}");
    }

    // The same table again, and their address in another row.
    import();
    let again = format!(
        "{LEADS}r3,Nightingale Optics Inc.,3 Lake Road,49997,Port Merrow,906.555.0177,{CANARY},www.nightingale.example,optician\n"
    );
    fs::write(&csv, again).unwrap();
    import();
    assert!(!drafts().contains("kanarien"), "{}", drafts());
    assert!(!drafts().contains("ightingale"), "{}", drafts());
    let audit = said(&agency(&home, &["--json", "verify", "audit"]));
    assert!(audit.contains("hash"), "the log is whole: {audit}");
}

// covers: SE-3
#[test]
fn keys_are_wrapped_anew_and_an_objection_and_bad_input_are_one_line_each() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let (csv, map) = (dir.path().join("leads.csv"), dir.path().join("map.toml"));
    fs::write(&csv, LEADS).unwrap();
    fs::write(&map, MAP).unwrap();
    said(&agency(&home, &["init", home.to_str().unwrap()]));
    said(&agency(
        &home,
        &[
            "import",
            csv.to_str().unwrap(),
            "--map",
            map.to_str().unwrap(),
        ],
    ));
    let run = agency(&home, &["run", "--until-idle"]);
    said(&run);
    // What a service's log would keep of it names nobody and holds no key.
    let key = fs::read_to_string(home.join("keys/master.key")).unwrap();
    for printed in [&run.stdout, &run.stderr] {
        let printed = String::from_utf8_lossy(printed);
        for secret in CANARIES.iter().chain([&key.trim()]) {
            assert!(!printed.contains(*secret), "{printed}");
        }
    }
    let rotated: Value =
        serde_json::from_str(&said(&agency(&home, &["--json", "keys", "rotate"]))).unwrap();
    assert!(rotated["keys"].as_u64().unwrap() >= 2, "{rotated}");
    let text = said(&agency(&home, &["subject", "export", CANARY]));
    assert!(text.contains("kanarienvogel"), "{text}");

    said(&agency(&home, &["subject", "object", CANARY]));
    said(&agency(&home, &["run", "--until-idle"]));
    let drafts = said(&agency(&home, &["--json", "drafts"]));
    assert!(
        !drafts.contains("blackbird") && drafts.contains("cinnamon"),
        "{drafts}"
    );

    for (arguments, why) in [
        (&["subject", "export", "nobody"][..], "nobody"),
        (
            &["--by", "stranger", "subject", "export", CANARY][..],
            "stranger",
        ),
        (
            &["subject", "why", "<none@nowhere.example>"][..],
            "none@nowhere.example",
        ),
    ] {
        let refused = agency(&home, arguments);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{told}");
        assert!(told.lines().count() == 1 && told.contains(why), "{told}");
    }
}
