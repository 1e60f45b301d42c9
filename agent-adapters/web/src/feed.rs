//! Signals from RSS, Atom and JSON feeds.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::page::{
    FetchPurpose, FetchRequest, PageFetcher, PageUrl, Snapshot, SourceName,
};
use dealwright_core::text::Untrusted;
use dealwright_discovery::source::{
    BrokenRecord, RawSignal, SignalSource, SourceCursor, SourcePage,
};
use feed_rs::model::{Entry, Feed};

use crate::extract::text_of_markup;

const OPERATION: &str = "read feed";

/// The most entries that are taken of one feed.
const ENTRIES: usize = 500;
/// The most characters of an entry's text.
const TEXT: usize = 4_000;

/// Signals from feeds, one feed a page of results, in the order in which they are given.
#[derive(Clone, Debug)]
pub struct FeedSource {
    fetcher: Arc<dyn PageFetcher>,
    source: SourceName,
    feeds: Vec<PageUrl>,
}

impl FeedSource {
    /// Reads these feeds under the terms of `source`.
    #[must_use]
    pub fn new(
        fetcher: impl PageFetcher + 'static,
        source: SourceName,
        feeds: Vec<PageUrl>,
    ) -> Self {
        Self {
            fetcher: Arc::new(fetcher),
            source,
            feeds,
        }
    }
}

#[async_trait]
impl SignalSource for FeedSource {
    async fn signals(
        &self,
        cursor: Option<SourceCursor>,
    ) -> Result<SourcePage<RawSignal>, PortError> {
        let (at, url) = match place(cursor, self.feeds.len(), OPERATION)? {
            Some(at) => match self.feeds.get(at) {
                Some(url) => (at, url),
                None => return Err(PortError::new(OPERATION, PortErrorKind::Invalid)),
            },
            None => {
                let records = Vec::new();
                return Ok(SourcePage {
                    records,
                    next: None,
                });
            }
        };
        let request =
            FetchRequest::new(url.clone(), FetchPurpose::ReadSignals, self.source.clone());
        let page = self.fetcher.fetch(request).await?;
        Ok(SourcePage {
            records: read_feed(page.snapshot(), &self.source)?,
            next: (at + 1 < self.feeds.len()).then(|| SourceCursor::new((at + 1).to_string())),
        })
    }
}

/// The place a cursor names in a list of `length`; `None` for the start of an empty one.
pub(crate) fn place(
    cursor: Option<SourceCursor>,
    length: usize,
    operation: &'static str,
) -> Result<Option<usize>, PortError> {
    match cursor {
        None if length == 0 => Ok(None),
        None => Ok(Some(0)),
        Some(cursor) => match cursor.as_str().parse::<usize>() {
            Ok(at) if at < length => Ok(Some(at)),
            _ => Err(PortError::new(operation, PortErrorKind::Invalid)),
        },
    }
}

/// The entries of a feed as it was fetched, in the feed's order; one without title and
/// text stands in its place as broken.
///
/// # Errors
///
/// [`PortErrorKind::NotFound`] when the answer was not a success, and
/// [`PortErrorKind::Corrupt`] when it is no feed.
pub fn read_feed(
    snapshot: &Snapshot,
    source: &SourceName,
) -> Result<Vec<Result<RawSignal, BrokenRecord>>, PortError> {
    if !snapshot.is_success() {
        return Err(PortError::new(OPERATION, PortErrorKind::NotFound));
    }
    let feed = snapshot
        .body()
        .inspect(|body| parse(body, snapshot.url()))?;
    let entries = feed.entries.into_iter().take(ENTRIES).enumerate();
    Ok(entries
        .map(|(at, entry)| {
            signal(entry, snapshot, source).ok_or_else(|| BrokenRecord {
                source_name: source.clone(),
                place: at as u64 + 1,
                why: "the entry has neither a title nor a text".to_owned(),
            })
        })
        .collect())
}

fn parse(body: &str, url: &PageUrl) -> Result<Feed, PortError> {
    // The text is decoded already; a declared encoding would decode it once more.
    let body = body.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    let body = match body.starts_with("<?xml") {
        true => body.split_once("?>").map_or(body, |(_, rest)| rest),
        false => body,
    };
    feed_rs::parser::Builder::new()
        .base_uri(Some(url.as_str()))
        .build()
        .parse(body.as_bytes())
        .map_err(|error| PortError::new(OPERATION, PortErrorKind::Corrupt).with_source(error))
}

fn signal(entry: Entry, snapshot: &Snapshot, source: &SourceName) -> Option<RawSignal> {
    let plain = |text: &str| {
        let text = text_of_markup(text);
        Untrusted::new(text.chars().take(TEXT).collect::<String>())
    };
    let title = plain(&entry.title.map(|t| t.content).unwrap_or_default());
    let body = entry.content.and_then(|content| content.body);
    let text = plain(
        &body
            .or(entry.summary.map(|s| s.content))
            .unwrap_or_default(),
    );
    if title.is_empty() && text.is_empty() {
        return None;
    }
    let key: String = entry.id.chars().take(400).collect();
    let mut signal = RawSignal::new(source.clone(), key, title, text, snapshot.fetched_at());
    signal.link = entry
        .links
        .first()
        .and_then(|link| snapshot.url().join(&link.href).ok());
    signal.author = entry
        .authors
        .into_iter()
        .find_map(|author| author.name)
        .filter(|name| !name.trim().is_empty())
        .map(|name| plain(&name));
    signal.categories = entry
        .categories
        .iter()
        .take(32)
        .map(|c| plain(&c.term))
        .collect();
    // A date in the future is a mistake or a trick to look fresh for ever.
    let date = entry.published.or(entry.updated);
    signal.published_at = date.map(|date| date.min(snapshot.fetched_at()));
    Some(signal)
}
