//! The demo's world: four invented towns, their directories, news, posts and websites. It is part
//! of the program; nothing is read from anywhere else.

mod files;
mod people;
mod sites;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use dealwright_core::page::{PageFetcher, PageUrl, SourceName};
use dealwright_core::party::EmailAddress;
use dealwright_core::personal::Personal;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use dealwright_discovery::lead::{Inquiry, IntakeRecord};
use dealwright_discovery::research::ResearchSource;
use dealwright_discovery::source::{
    MemorySignalSource, RawSignal, SignalSource, TermsRecord, TermsRecordParts, TermsRegister,
};
use dealwright_system::files::{CsvFile, ImportMap};
use dealwright_web::FeedSource;
use serde::Deserialize;

use crate::commands::import::{Table, table};

pub(crate) use self::people::{cast, sizes};
pub(crate) use self::sites::sites;

/// The directories: what they are called, the export, and the map beside it.
const DIRECTORIES: [(&str, &str, &str); 3] = [
    (
        "Chamber register",
        "directories/chamber.csv",
        "directories/chamber.map.toml",
    ),
    (
        "Town Book",
        "directories/townbook.csv",
        "directories/townbook.map.toml",
    ),
    (
        "Placefinder",
        "directories/placefinder.tsv",
        "directories/placefinder.map.toml",
    ),
];

/// A file of the world, by its path.
fn file(path: &str) -> Result<&'static [u8], String> {
    let found = files::FILES.iter().find(|(name, _)| *name == path);
    found
        .map(|(_, bytes)| *bytes)
        .ok_or_else(|| format!("the demo's world has no file `{path}`"))
}

fn text(path: &str) -> Result<&'static str, String> {
    std::str::from_utf8(file(path)?).map_err(|_| format!("`{path}` of the world is no UTF-8"))
}

/// The directories, read by their maps as `agency import` reads a file.
pub(crate) fn directories(now: Timestamp) -> Result<Vec<(&'static str, Table)>, String> {
    DIRECTORIES
        .iter()
        .map(|(name, path, map)| {
            let map = ImportMap::parse(text(map)?).map_err(|e| format!("`{map}`: {e}"))?;
            let file = CsvFile::parse(*path, file(path)?.to_vec(), map.format())
                .map_err(|e| e.to_string())?;
            Ok((*name, table(&file, &map, None, now)?))
        })
        .collect()
}

/// What each source allows, as a person read it.
pub(crate) fn terms() -> Result<TermsRegister, String> {
    #[derive(Deserialize)]
    struct Parts {
        source: Vec<TermsRecordParts>,
    }
    let mut records = Vec::new();
    for (_, _, path) in DIRECTORIES {
        let map = ImportMap::parse(text(path)?).map_err(|e| format!("`{path}`: {e}"))?;
        records.extend(map.terms().records().cloned());
    }
    let parts: Parts =
        toml::from_str(text("terms.toml")?).map_err(|e| format!("`terms.toml`: {e}"))?;
    for part in parts.source {
        records.push(TermsRecord::check(part).map_err(|e| e.to_string())?);
    }
    TermsRegister::new(records).map_err(|e| e.to_string())
}

type Signals = Vec<(ResearchSource, Arc<dyn SignalSource>)>;

/// Two feeds, read over HTTP, and two collections of posts.
pub(crate) fn signals(
    fetcher: impl PageFetcher + Clone + 'static,
    now: Timestamp,
) -> Result<Signals, String> {
    let mut found: Signals = Vec::new();
    for (source, url, notice) in [
        (
            "merrow-courier",
            "https://merrow-courier.example/feed.xml",
            "We read about you in The Merrow Courier.",
        ),
        (
            "trade-board",
            "https://trade-board.example/feed.xml",
            "We read your note on the Trade Board of the Four Merrows.",
        ),
    ] {
        let name = source_name(source)?;
        let feed = PageUrl::parse(url).map_err(|e| e.to_string())?;
        let reader = FeedSource::new(fetcher.clone(), name.clone(), vec![feed]);
        found.push((settings(name, notice), Arc::new(reader)));
    }
    for (source, path) in [
        ("lake-forum", "posts/forum.jsonl"),
        ("chatter", "posts/social.jsonl"),
    ] {
        let name = source_name(source)?;
        let posts = posts(&name, path, now)?;
        found.push((
            settings(name, ""),
            Arc::new(MemorySignalSource::new(
                posts.into_iter().map(Ok).collect(),
                50,
            )),
        ));
    }
    Ok(found)
}

fn settings(source: SourceName, notice: &str) -> ResearchSource {
    ResearchSource {
        source,
        every_minutes: 7 * 24 * 60,
        price: dealwright_discovery::enrich::Price::default(),
        per_day: dealwright_discovery::enrich::Ceiling::default(),
        contact_allowed: !notice.is_empty(),
        notice: notice.to_owned(),
    }
}

fn source_name(text: &str) -> Result<SourceName, String> {
    SourceName::parse(text).map_err(|e| e.to_string())
}

/// A line of a collection of posts.
#[derive(Deserialize)]
struct Post {
    id: String,
    at: Timestamp,
    author: String,
    #[serde(default)]
    title: String,
    text: String,
}

fn posts(source: &SourceName, path: &str, now: Timestamp) -> Result<Vec<RawSignal>, String> {
    let line = |line: &str| -> Result<RawSignal, String> {
        let post: Post = serde_json::from_str(line).map_err(|e| format!("`{path}`: {e}"))?;
        let (title, text) = (Untrusted::new(post.title), Untrusted::new(post.text));
        let mut signal = RawSignal::new(source.clone(), post.id, title, text, now);
        signal.author = Some(Untrusted::new(post.author));
        signal.published_at = Some(post.at);
        Ok(signal)
    };
    text(path)?.lines().map(line).collect()
}

/// What people wrote to the agency before it wrote to them, and when.
pub(crate) fn inbox() -> Result<Vec<IntakeRecord>, String> {
    #[derive(Deserialize)]
    struct Line {
        id: String,
        at: Timestamp,
        name: String,
        email: String,
        text: String,
    }
    let source = source_name("own-inbox")?;
    let line = |line: &str| -> Result<IntakeRecord, String> {
        let line: Line = serde_json::from_str(line).map_err(|e| format!("`inbox.jsonl`: {e}"))?;
        let subject = format!("{}#{}", source.as_str(), line.id);
        let mut record = IntakeRecord::new(source.clone(), line.id, line.at);
        let email = EmailAddress::parse(&line.email).map_err(|e| e.to_string())?;
        record.name = Some(line.name);
        record.email = Some(Personal::new(email, subject.clone()));
        record.contact_allowed = true;
        record.facts.insert("asked".to_owned(), "yes".to_owned());
        record.inquiry = Some(Inquiry {
            at: line.at,
            text: Personal::new(Untrusted::new(line.text), subject),
        });
        Ok(record)
    };
    text("posts/inbox.jsonl")?.lines().map(line).collect()
}
