//! `agency subject` and `agency keys`: the rights of the people written to.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use dealwright_core::access::Action;
use dealwright_core::party::EmailAddress;
use dealwright_core::process::Actor;
use dealwright_core::time::Clock;
use dealwright_runtime::SubjectExport;
use dealwright_system::{Keyring, SystemClock};
use futures::executor::block_on;
use serde_json::json;

use crate::home::{self, told};

/// Everything that is kept of a person, as one JSON document.
pub(crate) fn export(
    home: &Path,
    address: &str,
    out: Option<&Path>,
    by: &str,
) -> Result<String, String> {
    let address = read(address)?;
    let agency = home::open_for(home, by, Action::ExportSubject)?;
    let by = Actor::person(by);
    let found = agency.subject_export(&by, &address, SystemClock.now());
    let found = block_on(found).map_err(told)?;
    let text = serde_json::to_string_pretty(&found).map_err(|e| e.to_string())?;
    let Some(path) = out else {
        return Ok(text);
    };
    private(path, text.as_bytes())?;
    Ok(format!("{}\nwrote {}", summary(&found), path.display()))
}

/// A file that only its owner can read, and that was not there before.
fn private(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let failed = |e: std::io::Error| {
        format!(
            "`{}` cannot be written ({e}); name a file that is not there yet",
            path.display()
        )
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|e| {
        // Half of an answer is none; that it cannot be taken away as well is told by the next try.
        let _ = std::fs::remove_file(path);
        failed(e)
    })
}

fn summary(found: &SubjectExport) -> String {
    let letters = found.standing.as_ref().map_or(0, |s| s.letters.len());
    format!(
        "{}: {} values, {} judgements, {letters} letters, {} papers, {} files",
        found.address,
        found.values.len(),
        found.judgements.len(),
        found.documents.len(),
        found.files.len()
    )
}

/// Forgets a person, or says what stands against it.
pub(crate) fn erase(home: &Path, address: &str, by: &str, json: bool) -> Result<String, String> {
    let address = read(address)?;
    let agency = home::open_for(home, by, Action::EraseSubject)?;
    let by = Actor::person(by);
    let report = agency.subject_erase(&by, &address, SystemClock.now());
    let report = block_on(report).map_err(told)?;
    if json {
        return serde_json::to_string(&report).map_err(|e| e.to_string());
    }
    let mut lines = vec![if report.erased {
        format!("{address} is forgotten, and never written to again")
    } else {
        format!("{address} gets no marketing any more, and cannot be forgotten yet")
    }];
    let gone = report.gone.iter();
    lines.extend(gone.map(|g| format!("gone   {} {}", g.count, g.what)));
    for kept in &report.stays {
        let until = kept
            .until
            .map_or_else(String::new, |d| format!(", until {d}"));
        lines.push(format!("stays  {}{until} ({})", kept.what, kept.why));
    }
    lines.push("the next `agency run` takes what waits for them off the desk".to_owned());
    Ok(lines.join("\n"))
}

/// Takes an objection down.
pub(crate) fn object(home: &Path, address: &str, by: &str, json: bool) -> Result<String, String> {
    let address = read(address)?;
    let agency = home::open_for(home, by, Action::Suppress)?;
    let by = Actor::person(by);
    let taken = agency.subject_object(&by, &address, SystemClock.now());
    let taken = block_on(taken).map_err(told)?;
    if json {
        return Ok(json!({ "address": address.as_str(), "taken": taken }).to_string());
    }
    Ok(format!(
        "{address} gets no marketing any more; what a contract needs goes on"
    ))
}

/// Wraps everybody's key anew.
pub(crate) fn rotate(home: &Path, by: &str, json: bool) -> Result<String, String> {
    home::open_for(home, by, Action::EraseSubject)?;
    let keys = Keyring::open_or_create(&home.join(home::MASTER_KEY)).map_err(told)?;
    let wrapped = keys.rotate().map_err(told)?;
    if json {
        return Ok(json!({ "keys": wrapped }).to_string());
    }
    Ok(format!(
        "wrapped {wrapped} keys anew; the old wrapping key is destroyed, so older copies of keys/ open nothing"
    ))
}

fn read(address: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(address).map_err(|e| format!("`{address}` is no e-mail address: {e}"))
}
