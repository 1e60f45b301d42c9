use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::SystemTime;

use serde_json::Value;
use tempfile::TempDir;

const MAP: &str = r#"
[columns]
row_id = "id"

[roles]
name = ["Name"]
street = ["Street"]

[defaults]
country = "US"
zone = "ZONE"
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

/// Eight firms in ten rows: the last two are rows of the second and the third.
const ROWS: &str = "\
id,Name,Street,Zip,City,Phone,Mail
r1,Quellhof Books LLC,Depot Street 11,49997,Port Merrow,+1 906 555 0111,post@quellhof.example
r2,Nordwind Bakery LLC,Harbor Street 27,49998,Port Merrow,+1 906 555 0122,post@nordwind.example
r3,Safran Optics Inc.,Ferry Street 31,49997,Port Merrow,+1 906 555 0133,post@safran.example
r4,Kranich Florist LLC,Mill Road 48,49996,Alder Falls,+1 231 555 0144,post@kranich.example
r5,Kranich Cycles Inc.,Quarry Street 5,49996,Alder Falls,+1 231 555 0155,post@kranich-cycles.example
r6,Falken Joinery LLC,Ore Dock Road 66,49998,Port Merrow,+1 906 555 0166,post@falken.example
r7,Moorgrund Garden Inc.,Birchwood Lane 77,49996,Alder Falls,+1 231 555 0177,post@moorgrund.example
r8,Wacholder Yoga LLC,Main Street 82,49997,Port Merrow,+1 906 555 0188,post@wacholder.example
r9,Nordwind Bakery,Harbor Street 27,49998,Port Merrow,+1 906 555 0122,
r10,Safran Optics,Ferry Street 31,49997,Port Merrow,+1 906 555 0133,
";

/// A folder with an agency in it, called by its people.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    /// With nothing in it.
    pub(crate) fn empty() -> Self {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        home.ok(&["init", "home"]);
        home.write("map.toml", &MAP.replace("ZONE", closed_zone()));
        home.write("rows.csv", ROWS);
        home
    }

    /// With letters that wait for a person.
    pub(crate) fn drafted() -> Self {
        let home = Self::empty();
        home.ok(&["import", "rows.csv", "--map", "map.toml"]);
        home.run();
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn call(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_agency"))
            .current_dir(self.folder.path())
            .args(["--home", "home"])
            .args(args)
            .output()
            .unwrap()
    }

    pub(crate) fn run(&self) {
        self.ok(&["run", "--until-idle"]);
    }

    /// What a command that succeeds prints.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let output = self.call(args);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let args = [&["--json"], args].concat();
        serde_json::from_str(&self.ok(&args)).unwrap()
    }

    /// The one line of a command that is refused.
    #[track_caller]
    pub(crate) fn refused(&self, args: &[&str]) -> String {
        let output = self.call(args);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {told}");
        assert!(output.stdout.is_empty(), "{args:?} printed something");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.starts_with("error: "), "{told}");
        told
    }

    /// The ids of the letters on a list.
    #[track_caller]
    pub(crate) fn listed(&self, args: &[&str]) -> Vec<String> {
        let list = self.json(args);
        let drafts = list["drafts"].as_array().unwrap();
        let ids = drafts.iter().map(|d| d["id"].as_str().unwrap().to_owned());
        ids.collect()
    }
}

/// A zone in which no office opens within the next hour, whenever the test is run.
fn closed_zone() -> &'static str {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    match since.as_secs() / 3_600 % 24 {
        // 09:00 to 17:00 there is 23:00 to 07:00 UTC.
        9..22 => "Pacific/Guam",
        // 13:00 to 21:00 UTC in summer, an hour later in winter.
        _ => "America/New_York",
    }
}
