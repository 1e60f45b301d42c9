//! `agency mail`: what mails are and say, and taking them in.

use std::fs;
use std::path::{Path, PathBuf};

use dealwright_core::access::Action;
use dealwright_core::mail::BounceClass;
use dealwright_core::process::Actor;
use dealwright_core::text::Context;
use dealwright_core::trust::Desk;
use dealwright_email::inbound::{InboundKind, InboundLimits, InboundMail, without_quotes};
use futures::executor::block_on;
use serde_json::{Value, json};

use crate::home::{self, told};
use crate::reading::Heard;

/// What each file is and says, one JSON document a line with `--json`.
pub(crate) fn read(files: &[PathBuf], text: bool, json: bool) -> Result<String, String> {
    let mut lines = Vec::new();
    for path in files {
        let raw = bytes(path)?;
        let found = if text {
            body(&String::from_utf8_lossy(&raw))
        } else {
            let mail = InboundMail::read(&raw, &InboundLimits::default())
                .map_err(|e| format!("`{}`: {e}", path.display()))?;
            whole(&mail)
        };
        lines.push(line(path, found, json));
    }
    Ok(lines.join("\n"))
}

/// A bare body: what is left without quotes and signature.
fn body(text: &str) -> Value {
    json!({ "kind": "human", "class": null, "recipients": [], "reply": without_quotes(text) })
}

fn whole(mail: &InboundMail) -> Value {
    let (kind, class, recipients) = match &mail.kind {
        InboundKind::Bounce(bounce) => {
            // Of several the one that means most.
            let worst = bounce.recipients.iter().map(|r| r.class).min();
            let class = worst.map(BounceClass::word);
            let all = bounce.recipients.iter().map(|r| r.address.to_string());
            ("bounce", class, all.collect())
        }
        InboundKind::Complaint(complaint) => {
            let who = complaint.recipient.iter().map(ToString::to_string);
            ("complaint", None, who.collect::<Vec<_>>())
        }
        InboundKind::Automatic => ("automatic", None, Vec::new()),
        _ => ("human", None, Vec::new()),
    };
    json!({
        "kind": kind,
        "class": class,
        "recipients": recipients,
        "reply": mail.reply.render_for(Context::PlainText),
    })
}

fn line(path: &Path, mut found: Value, json: bool) -> String {
    if json {
        if let Some(fields) = found.as_object_mut() {
            fields.insert("file".to_owned(), json!(path.display().to_string()));
        }
        return found.to_string();
    }
    let word = |name: &str| found.get(name).and_then(Value::as_str).unwrap_or_default();
    let recipients: Vec<&str> = found
        .get("recipients")
        .and_then(Value::as_array)
        .map(|all| all.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let what = [word("kind"), word("class"), &recipients.join(", ")]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(" ");
    let reply: String = word("reply")
        .lines()
        .map(|l| format!("\n    {l}"))
        .collect();
    format!("{}: {what}{reply}", path.display())
}

/// Takes mails in: files, or the folders of a Maildir. A mail that was taken before changes nothing.
pub(crate) fn take(home: &Path, paths: &[PathBuf], by: &str, json: bool) -> Result<String, String> {
    let files = listed(paths)?;
    let agency = home::open(home, false)?;
    let host = agency.host();
    host.allow(
        &Actor::person(by),
        Action::TakeIn,
        &host.key::<Desk>("main"),
    )
    .map_err(told)?;
    let mut found = Heard::default();
    for path in &files {
        let (raw, name) = (bytes(path)?, path.display().to_string());
        block_on(found.take(&agency, &raw, &name, "mail")).map_err(told)?;
    }
    let Heard {
        heard,
        known,
        strays,
        unread,
    } = found;
    if json {
        return Ok(json!({
            "files": files.len(), "heard": heard, "known": known, "stray": strays, "unread": unread,
        })
        .to_string());
    }
    let mut text = format!(
        "{} mails: {heard} heard, {known} known already",
        files.len()
    );
    for (what, lines) in [("left for a person", &strays), ("not read", &unread)] {
        if !lines.is_empty() {
            text.push_str(&format!("\n{} {what}:", lines.len()));
            for line in lines {
                text.push_str(&format!("\n  {line}"));
            }
        }
    }
    text.push_str(&format!("\nnext: agency --home {} run", home.display()));
    Ok(text)
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|e| format!("`{}` cannot be read: {e}", path.display()))
}

/// The files that are meant: a folder stands for what lies in it, a Maildir for what was delivered.
fn listed(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let delivered: Vec<PathBuf> = ["new", "cur"].map(|part| path.join(part)).into();
        let maildir = delivered.iter().all(|part| part.is_dir());
        for folder in if maildir {
            delivered
        } else {
            vec![path.clone()]
        } {
            let unread = |e| format!("`{}` cannot be read: {e}", folder.display());
            let mut found = Vec::new();
            for entry in fs::read_dir(&folder).map_err(unread)? {
                let entry = entry.map_err(unread)?.path();
                if entry.is_file() {
                    found.push(entry);
                }
            }
            found.sort();
            files.extend(found);
        }
    }
    Ok(files)
}
