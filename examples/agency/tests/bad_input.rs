//! What comes in broken, given to the program itself: each gets one clear line, loses nothing, and
//! the same command succeeds once the cause is mended.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use dealwright_embedded::{EmbeddedStore, Options};
use serde_json::Value;
use tempfile::TempDir;

const MAP: &str = r#"
[file]
encoding = "utf-8"

[columns]
row_id = "id"

[roles]
name = ["Name"]
street = ["Street"]

[defaults]
country = "DE"
currency = "EUR"
language = "de"

[[source]]
source = "town-register"
allowed = ["find_leads", "enrich"]
automation = false
storage_days = 365
attribution = "Town register"
review_by = "2999-12-31"
"#;

const HEADING: &str = "id,Name,Street,Zip,City,Mail";

/// A home with its own folder, a table and a map beside it.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let made = Command::new(env!("CARGO_BIN_EXE_agency"))
            .arg("init")
            .arg(place.home())
            .output()
            .unwrap();
        assert!(made.status.success());
        place.write("map.toml", MAP);
        place.write("leads.csv", table(3));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn home(&self) -> PathBuf {
        self.path("home")
    }

    fn store(&self) -> PathBuf {
        self.home().join("store.sqlite")
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "`{name}` has no `{from}`");
        self.write(name, text.replacen(from, to, 1));
    }

    fn agency(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_agency"))
            .current_dir(self.folder.path())
            .args(["--home", "home", "--json"])
            .args(args)
            .output()
            .unwrap()
    }

    fn import(&self) -> Output {
        self.agency(&["import", "leads.csv", "--map", "map.toml"])
    }

    fn run(&self) -> Output {
        self.agency(&["run", "--until-idle"])
    }

    /// The log's hash and how far everything is.
    fn state(&self) -> (Value, Value) {
        (
            json(&self.agency(&["verify", "audit"])),
            json(&self.agency(&["status"])),
        )
    }

    fn pages(&self) -> u64 {
        fs::metadata(self.store()).unwrap().len() / 4_096
    }

    /// Sets the most pages of the store; 0 for as many as there is room for.
    fn limit(&self, pages: u64) {
        let file = self.home().join("agency.toml");
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().filter(|l| !l.starts_with("max_pages"));
        let mut text = lines.collect::<Vec<_>>().join("\n") + "\n";
        if pages > 0 {
            text = text.replacen("[store]\n", &format!("[store]\nmax_pages = {pages}\n"), 1);
        }
        fs::write(file, text).unwrap();
    }
}

/// A table of firms that have little in common.
fn table(rows: usize) -> String {
    const FIRST: [&str; 12] = [
        "Quellhof",
        "Nordwind",
        "Ahorn",
        "Zimtstern",
        "Moorgrund",
        "Falken",
        "Birkenau",
        "Safran",
        "Holunder",
        "Kranich",
        "Perlmutt",
        "Wacholder",
    ];
    const TRADE: [&str; 11] = [
        "Buchhandlung",
        "Backstube",
        "Optik",
        "Fahrradwerkstatt",
        "Apotheke",
        "Gärtnerei",
        "Tierarztpraxis",
        "Schlosserei",
        "Weinkeller",
        "Teehaus",
        "Polsterei",
    ];
    let mut text = format!("{HEADING}\n");
    for row in 0..rows {
        let (first, trade) = (FIRST[row % 12], TRADE[row % 11]);
        text.push_str(&format!(
            "r{row},{first} {trade} {row},{trade}weg {row},{:05},Ort {row},post@firma-{row}.example\n",
            10_000 + row * 37
        ));
    }
    text
}

fn json(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Asserts that a command failed as `CLI.md` says, and that its one line holds all of `parts`.
#[track_caller]
fn refused(output: &Output, parts: &[&str]) -> String {
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        output.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.starts_with("error: "), "{told}");
    assert!(told.len() < 600, "{told}");
    for part in parts {
        assert!(told.contains(part), "no `{part}` in: {told}");
    }
    told
}

/// A home with three leads, worked through; then `leads.csv` as `bytes` is refused with `parts`,
/// and after it is written well again the same command takes a fourth lead.
#[track_caller]
fn bad_table(bytes: &[u8], parts: &[&str]) {
    let place = Place::new();
    json(&place.import());
    json(&place.run());
    let before = place.state();
    place.write("leads.csv", bytes);
    refused(&place.import(), parts);
    assert_eq!(place.state(), before);
    place.write("leads.csv", table(4));
    let report = json(&place.import());
    assert_eq!(
        (&report["new"], &report["leads"]),
        (&1.into(), &4.into()),
        "{report}"
    );
}

#[test]
fn rows_that_are_malformed_are_named_and_the_good_ones_are_in() {
    let place = Place::new();
    let mut rows = table(3);
    rows.push_str("r9,only a name\nr10,\"a quote that is never closed,x,1,y,z\nr11,,,,,\n");
    rows.push_str("r3,Safran Optik 77,Seeweg 9,10999,Kiel,post@safran.example\n");
    place.write("leads.csv", rows);
    let output = place.import();
    let report = json(&output);
    let told = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    for line in 5..=7 {
        let named = format!("`leads.csv`, line {line}: ");
        let times = lines.iter().filter(|l| l.contains(&named)).count();
        assert_eq!(times, 1, "line {line}: {told}");
    }
    assert_eq!(
        (&report["rows"], &report["refused"], &report["leads"]),
        (&7.into(), &3.into(), &4.into()),
        "{report}"
    );
    // Mended, the same file brings in what was refused and nothing twice.
    let mut rows = table(3);
    rows.push_str("r9,Lotsenhaus Antiquariat,Kai 1,20999,Rostock,post@lotsen.example\n");
    rows.push_str("r3,Safran Optik 77,Seeweg 9,10999,Kiel,post@safran.example\n");
    place.write("leads.csv", rows);
    let report = json(&place.import());
    assert_eq!(
        (&report["new"], &report["leads"]),
        (&1.into(), &5.into()),
        "{report}"
    );
}

#[test]
fn a_table_in_windows_1252_is_refused_with_its_place() {
    let mut bytes = format!("{HEADING}\nr0,Quellhof,").into_bytes();
    bytes.extend(b"G\xe4rtnerweg 1,10000,K\xf6ln,post@firma-0.example\n");
    bad_table(
        &bytes,
        &["`leads.csv`", "utf-8", "line 2, column 14", "latin1"],
    );
    // What the line says to do helps: the same bytes are read under their own name.
    let place = Place::new();
    place.write("leads.csv", bytes);
    place.replace("map.toml", "\"utf-8\"", "\"latin1\"");
    assert_eq!(json(&place.import())["new"], 1);
}

#[test]
fn a_table_in_utf_16_is_refused_with_or_without_its_mark() {
    for mark in [&[0xff, 0xfe][..], &[]] {
        let mut bytes = mark.to_vec();
        bytes.extend(table(2).encode_utf16().flat_map(u16::to_le_bytes));
        bad_table(&bytes, &["`leads.csv`", "utf-16", "save it as `CSV UTF-8`"]);
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_in_every_encoding() {
    let mut bytes = format!("{HEADING}\nr0,").into_bytes();
    bytes.extend([0x89, 0x81, 0xfe, 0x00, 0x13, 0x8f, 0x0d, 0x0a]);
    bad_table(
        &bytes,
        &["`leads.csv`", "no text", "line 2, column", "CSV UTF-8"],
    );
    let place = Place::new();
    place.replace("map.toml", "\"utf-8\"", "\"latin1\"");
    place.write("leads.csv", bytes);
    refused(
        &place.import(),
        &["`leads.csv`", "no text", "line 2, column"],
    );
    assert!(!place.store().exists(), "nothing was begun");
}

#[test]
fn a_missing_column_is_named_with_those_there_are() {
    let bytes = table(4).replacen("Street", "Road", 1);
    bad_table(
        bytes.as_bytes(),
        &[
            "`leads.csv`",
            "no column `Street`",
            "`Road`",
            "correct the map",
        ],
    );
}

#[test]
fn an_unknown_currency_is_refused_where_it_stands() {
    let place = Place::new();
    json(&place.import());
    json(&place.run());
    let before = place.state();
    place.replace("map.toml", "\"EUR\"", "\"EUX\"");
    refused(
        &place.import(),
        &["`map.toml`", "line 14, column 12", "EUX"],
    );
    place.replace("map.toml", "\"EUX\"", "\"EUR\"");
    place.write("leads.csv", table(4));

    let services = fs::read_to_string(place.path("home/services.toml")).unwrap();
    let line = services
        .lines()
        .position(|l| l == "currency = \"EUR\"")
        .unwrap()
        + 1;
    place.replace(
        "home/services.toml",
        "currency = \"EUR\"",
        "currency = \"EUX\"",
    );
    let at = format!("line {line}, column 12");
    for output in [place.import(), place.run(), place.agency(&["leads"])] {
        refused(&output, &["services.toml`", &at, "EUX", "correct"]);
    }
    place.replace(
        "home/services.toml",
        "currency = \"EUX\"",
        "currency = \"EUR\"",
    );
    assert_eq!(place.state(), before);
    assert_eq!(json(&place.import())["new"], 1);
}

#[test]
fn a_letter_that_asks_for_what_is_not_there_stops_before_anything_begins() {
    let place = Place::new();
    json(&place.import());
    let before = place.state();
    let text = fs::read_to_string(place.path("home/templates/en.toml")).unwrap();
    let line = text.lines().position(|l| l.contains("{{outcome}}"));
    let line = line.unwrap() + 1;
    place.replace("home/templates/en.toml", "{{outcome}}", "{{outcme}}");
    let at = format!("line {line}, column ");
    for output in [place.run(), place.import()] {
        refused(
            &output,
            &[
                "templates/en.toml`",
                &at,
                "`first-contact`",
                "no `outcme`",
                "knows",
            ],
        );
    }
    place.replace("home/templates/en.toml", "{{outcme}}", "{{outcome}}");
    assert_eq!(place.state(), before);
    json(&place.run());
    // Three letters are written; without consent the rules of the recipients' country refuse them.
    let status = json(&place.agency(&["status"]));
    let refused = status["refused_by_rule"].as_object().unwrap();
    let refused: u64 = refused.values().map(|n| n.as_u64().unwrap()).sum();
    let drafts = status["drafts"].as_u64().unwrap();
    assert_eq!(drafts + refused, 3, "{status}");
}

#[test]
fn a_store_in_use_is_left_to_who_has_it() {
    let place = Place::new();
    json(&place.import());
    json(&place.run());
    let before = place.state();
    place.write("leads.csv", table(4));
    // This process is the other one.
    let other = EmbeddedStore::open(&place.store(), Options::default()).unwrap();
    for output in [place.import(), place.run()] {
        refused(
            &output,
            &["store.sqlite`", "in use by another process", "stop"],
        );
    }
    // To look is allowed meanwhile, and shows that nothing has changed.
    assert_eq!(place.state(), before);
    drop(other);
    assert_eq!(json(&place.import())["new"], 1);
    json(&place.run());
}

/// A copy of a store with something wrong is refused and left as it is; the whole one goes on.
#[track_caller]
fn damaged(place: &Place, whole: &[u8], bytes: &[u8], what: &str) {
    for suffix in ["-wal", "-shm"] {
        let beside = place.home().join(format!("store.sqlite{suffix}"));
        assert!(!beside.exists(), "{what}: a log is left beside the store");
    }
    fs::write(place.store(), bytes).unwrap();
    for output in [place.import(), place.run()] {
        let line = refused(&output, &["store.sqlite`", "left as it was", "whole copy"]);
        assert!(line.contains("failed"), "{what}: {line}");
    }
    assert!(
        fs::read(place.store()).unwrap() == bytes,
        "{what}: the file has changed"
    );
    fs::write(place.store(), whole).unwrap();
}

#[test]
fn a_damaged_store_is_named_and_left_as_it_is() {
    let place = Place::new();
    place.write("leads.csv", table(40));
    json(&place.import());
    json(&place.run());
    let before = place.state();
    let whole = fs::read(place.store()).unwrap();
    let pages = whole.len() / 4_096;
    assert!(pages > 20, "{pages} pages are too few to damage");

    damaged(&place, &whole, b"", "emptied");
    damaged(&place, &whole, &whole[..whole.len() / 2], "cut in half");
    damaged(&place, &whole, &whole[..5_000], "cut in a page");
    damaged(
        &place,
        &whole,
        &b"<html>no database</html>".repeat(900),
        "a page of the web",
    );
    let step = (pages / 12).max(1);
    for page in (0..pages).step_by(step) {
        let mut bytes = whole.clone();
        for byte in &mut bytes[page * 4_096..(page + 1) * 4_096] {
            *byte = !*byte;
        }
        damaged(&place, &whole, &bytes, &format!("page {page} flipped"));
    }

    assert_eq!(place.state(), before);
    place.write("leads.csv", table(41));
    assert_eq!(json(&place.import())["new"], 1);
    json(&place.run());
}

#[test]
fn a_full_disk_keeps_what_was_there_and_the_same_command_goes_on_with_room() {
    let rows = table(150);
    let free = Place::new();
    free.write("leads.csv", &rows);
    let wanted = json(&free.import());
    let imported = free.pages();
    json(&free.run());
    let (done, worked) = (json(&free.agency(&["status"])), free.pages());
    assert!(
        imported > 30 && worked > imported + 20,
        "{imported}, {worked}"
    );

    let place = Place::new();
    place.write("leads.csv", &rows);
    json(&place.agency(&["status"]));
    let empty = place.pages();
    let before = place.state();
    place.limit((empty + imported) / 2);
    let full = [
        "store.sqlite`",
        "no room left",
        "`max_pages` under `[store]`",
    ];
    refused(&place.import(), &full);
    assert_eq!(place.state(), before);
    // Not one row of the table is there by itself.
    place.limit(0);
    let report = json(&place.import());
    assert_eq!(report, wanted);

    place.limit((imported + worked) / 2);
    refused(&place.run(), &full);
    // What was done until then is whole: each process fits its chain.
    json(&place.agency(&["verify", "audit"]));
    refused(&place.run(), &full);
    place.limit(0);
    json(&place.run());
    assert_eq!(json(&place.agency(&["status"])), done);
}

// covers: SE-4
#[test]
fn a_log_that_was_cut_is_told_by_a_checkpoint_that_was_kept_of_it() {
    let place = Place::new();
    json(&place.import());
    json(&place.run());
    let early = fs::read(place.store()).unwrap();
    let (first, _) = place.state();
    assert_eq!(first["checkpoints"], 1);
    let keys = fs::read_to_string(place.home().join("checkpoints/keys")).unwrap();
    place.write("leads.csv", table(5));
    json(&place.import());
    json(&place.run());
    let (second, _) = place.state();
    assert_eq!(second["checkpoints"], 2, "{second}");
    json(&place.agency(&["verify", "audit", "--key", keys.trim()]));
    let stranger = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    refused(
        &place.agency(&["verify", "audit", "--key", stranger]),
        &["no key that is trusted"],
    );
    refused(
        &place.agency(&["verify", "audit", "--key", "x"]),
        &["`x` is no key"],
    );
    // Somebody puts the store of yesterday back.
    let whole = fs::read(place.store()).unwrap();
    fs::write(place.store(), early).unwrap();
    let parts = [
        "the log is not what it was",
        ".note",
        "the log ends at record",
    ];
    refused(&place.agency(&["verify", "audit"]), &parts);
    refused(&place.run(), &parts);
    fs::write(place.store(), whole).unwrap();
    assert_eq!(place.state().0, second);
}
