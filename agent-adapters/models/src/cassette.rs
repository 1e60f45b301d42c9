//! Answers kept in files, so that what depends on a model can be tested without one.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use dealwright_core::canonical;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::endpoint::SetupError;
use crate::error::Fault;
use crate::wire::Recorded;

/// The variable that turns recording on, set to anything but nothing or `0`.
pub const RECORD: &str = "DEALWRIGHT_RECORD";

/// The most cassettes that a miss is compared with, and differences that it shows.
const COMPARED: usize = 2_000;
const SHOWN: usize = 6;
/// Characters shown where two texts part.
const EXCERPT: usize = 48;
/// The largest file in bytes that is read.
const FILE: u64 = 16 * 1024 * 1024;

/// A folder of recorded answers, each under the hash of its whole request.
///
/// A request that was not recorded is not sent: it is an error that says in what it differs from
/// the nearest one that was. With [`RECORD`] set it is sent, and the answer is kept; what is there
/// already stays, so delete a cassette to record it anew.
///
/// A cassette holds no key. What it holds of a client's text is what the server was sent, with
/// placeholders for addresses and numbers; record with texts that may be shown.
#[derive(Clone, Debug)]
pub struct Cassettes {
    folder: PathBuf,
    records: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cassette {
    request: Value,
    answer: Recorded,
}

impl Cassettes {
    /// Plays what is in `folder`, and records where [`RECORD`] says so.
    ///
    /// # Errors
    ///
    /// [`SetupError::Cassettes`] where there is no such folder and none can be made.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, SetupError> {
        let on = std::env::var(RECORD).is_ok_and(|value| !matches!(value.as_str(), "" | "0"));
        Self::at(folder.into(), on)
    }

    /// Plays what is in `folder` and records the rest.
    ///
    /// # Errors
    ///
    /// [`SetupError::Cassettes`] where there is no such folder and none can be made.
    pub fn recording(folder: impl Into<PathBuf>) -> Result<Self, SetupError> {
        Self::at(folder.into(), true)
    }

    fn at(folder: PathBuf, records: bool) -> Result<Self, SetupError> {
        let refused = |why: String| SetupError::Cassettes(folder.display().to_string(), why);
        if records {
            fs::create_dir_all(&folder).map_err(|error| refused(error.to_string()))?;
        } else if !folder.is_dir() {
            return Err(refused(format!(
                "it is not there; record it with {RECORD}=1"
            )));
        }
        Ok(Self { folder, records })
    }

    pub(crate) fn records(&self) -> bool {
        self.records
    }

    fn path(&self, request: &Value) -> Result<PathBuf, Fault> {
        let hash = canonical::hash(request)
            .map_err(|error| Fault::Cassette("of this request".to_owned(), error.to_string()))?;
        Ok(self.folder.join(format!("{}.json", hash.to_hex())))
    }

    /// The answer that was recorded for `request`, where one was.
    pub(crate) fn find(&self, request: &Value) -> Result<Option<Recorded>, Fault> {
        let path = self.path(request)?;
        if !path.exists() {
            return Ok(None);
        }
        let cassette = read(&path).map_err(|why| fault(&path, why))?;
        if cassette.request != *request {
            let why = "its request is not the one that it is named after; delete it";
            return Err(fault(&path, why.to_owned()));
        }
        Ok(Some(cassette.answer))
    }

    pub(crate) fn keep(&self, request: &Value, answer: &Recorded) -> Result<(), Fault> {
        let path = self.path(request)?;
        let all = json!({ "request": request, "answer": answer });
        let wrong = |error: std::io::Error| fault(&path, error.to_string());
        // Whole or not at all, whoever else records the same.
        let half = path.with_extension(format!("{}.half", std::process::id()));
        fs::write(&half, format!("{all:#}\n")).map_err(wrong)?;
        fs::rename(&half, &path).map_err(wrong)
    }

    /// What to say of a request that was not recorded.
    pub(crate) fn miss(&self, request: &Value) -> Fault {
        let nearest = self
            .all()
            .filter_map(|path| {
                let differences = differences(&read(&path).ok()?.request, request);
                Some((differences, path))
            })
            .min_by_key(|(differences, _)| differences.len());
        let mut say =
            format!("no cassette holds this request; nothing was sent. Record it with {RECORD}=1");
        // Writing to a String cannot fail.
        let _ = match nearest {
            None => write!(say, "; `{}` holds none at all", self.folder.display()),
            Some((differences, path)) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let shown: Vec<&str> = differences.iter().take(SHOWN).map(String::as_str).collect();
                let more = match differences.len().saturating_sub(SHOWN) {
                    0 => String::new(),
                    more => format!("; {more} more"),
                };
                write!(say, ". From `{name}`: {}{more}", shown.join("; "))
            }
        };
        Fault::NoCassette(say)
    }

    fn all(&self) -> impl Iterator<Item = PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let files: BTreeSet<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .collect();
        files.into_iter().take(COMPARED)
    }
}

fn fault(path: &Path, why: String) -> Fault {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Fault::Cassette(name.into_owned(), why)
}

fn read(path: &Path) -> Result<Cassette, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > FILE {
        return Err(format!("it has {length} bytes, {FILE} are read"));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&bytes).map_err(|error| error.to_string())
}

/// In what `asked` differs from `recorded`, a line a place.
fn differences(recorded: &Value, asked: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(recorded, asked, &mut String::new(), false, &mut found);
    found
}

fn compare(was: &Value, is: &Value, at: &mut String, theirs: bool, found: &mut Vec<String>) {
    let length = at.len();
    match (was, is) {
        _ if was == is => {}
        (Value::Object(a), Value::Object(b)) => {
            // What the client wrote is not shown: errors are logged.
            let theirs = theirs || b.get("role").is_some_and(|role| role == "user");
            for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let _ = write!(at, "/{key}");
                let none = Value::Null;
                let (was, is) = (a.get(key).unwrap_or(&none), b.get(key).unwrap_or(&none));
                compare(was, is, at, theirs, found);
                at.truncate(length);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for place in 0..a.len().max(b.len()) {
                let _ = write!(at, "/{place}");
                let none = Value::Null;
                let (was, is) = (a.get(place).unwrap_or(&none), b.get(place).unwrap_or(&none));
                compare(was, is, at, theirs, found);
                at.truncate(length);
            }
        }
        (Value::String(a), Value::String(b)) => {
            let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
            if theirs {
                found.push(format!("`{at}` parts at character {same}"));
            } else {
                let part = |text: &str| {
                    let from = same.saturating_sub(EXCERPT / 4);
                    text.chars().skip(from).take(EXCERPT).collect::<String>()
                };
                found.push(format!(
                    "`{at}` parts at character {same}: `{}` was recorded, `{}` is asked",
                    part(a),
                    part(b)
                ));
            }
        }
        _ if theirs => found.push(format!("`{at}` is another")),
        _ => {
            let short = |value: &Value| value.to_string().chars().take(EXCERPT).collect::<String>();
            found.push(format!(
                "`{at}`: `{}` was recorded, `{}` is asked",
                short(was),
                short(is)
            ));
        }
    }
}
