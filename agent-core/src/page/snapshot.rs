use serde::{Deserialize, Serialize};

use super::PageUrl;
use crate::canonical::Digest32;
use crate::text::Untrusted;
use crate::time::Timestamp;

/// One step of the way to the final address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// The address that answered with a redirect.
    pub from: PageUrl,
    /// The status it answered with.
    pub status: u16,
    /// Where it pointed.
    pub to: PageUrl,
}

/// A page as it was fetched: the evidence behind everything that is said about it.
///
/// The hash covers the body's bytes as they came (after decompression), the text is
/// their decoded form, cut at the fetcher's cap where [`Snapshot::truncated`] says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    requested: PageUrl,
    url: PageUrl,
    redirects: Vec<Redirect>,
    status: u16,
    headers: Vec<(String, String)>,
    body: Untrusted<String>,
    body_hash: Digest32,
    weight: u64,
    truncated: bool,
    fetched_at: Timestamp,
}

impl Snapshot {
    /// An answer without redirects and headers whose bytes are those of `body`.
    #[must_use]
    pub fn new(url: PageUrl, status: u16, body: String, fetched_at: Timestamp) -> Self {
        Self {
            requested: url.clone(),
            url,
            redirects: Vec::new(),
            status,
            headers: Vec::new(),
            body_hash: Digest32::of(body.as_bytes()),
            weight: body.len() as u64,
            body: Untrusted::new(body),
            truncated: false,
            fetched_at,
        }
    }

    /// Records the way that led here; the first step's `from` is what was asked for.
    #[must_use]
    pub fn with_redirects(mut self, redirects: Vec<Redirect>) -> Self {
        if let Some(first) = redirects.first() {
            self.requested = first.from.clone();
        }
        self.redirects = redirects;
        self
    }

    /// Sets the headers: names are lower-cased, order and repetitions are kept.
    #[must_use]
    pub fn with_headers(mut self, headers: impl IntoIterator<Item = (String, String)>) -> Self {
        let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
        self.headers = headers.into_iter().map(lower).collect();
        self
    }

    /// Takes hash and weight from the bytes as they came, where the body is their
    /// decoded form.
    #[must_use]
    pub fn with_bytes(mut self, bytes: &[u8], truncated: bool) -> Self {
        self.body_hash = Digest32::of(bytes);
        self.weight = bytes.len() as u64;
        self.truncated = truncated;
        self
    }

    /// The address that was asked for.
    #[must_use]
    pub fn requested(&self) -> &PageUrl {
        &self.requested
    }

    /// The address that answered, after redirects.
    #[must_use]
    pub fn url(&self) -> &PageUrl {
        &self.url
    }

    /// The redirects in the order in which they were followed.
    #[must_use]
    pub fn redirects(&self) -> &[Redirect] {
        &self.redirects
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// All headers, names in lower case, in the order in which they came.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The first header of that lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let is = |(key, _): &&(String, String)| key == name;
        self.headers
            .iter()
            .find(is)
            .map(|(_, value)| value.as_str())
    }

    /// The media type without parameters, lower case; empty where none was said.
    #[must_use]
    pub fn media_type(&self) -> String {
        let text = self.header("content-type").unwrap_or_default();
        let kind = text.split(';').next().unwrap_or_default();
        kind.trim().to_ascii_lowercase()
    }

    /// The decoded body.
    #[must_use]
    pub fn body(&self) -> &Untrusted<String> {
        &self.body
    }

    /// SHA-256 of the body's bytes.
    #[must_use]
    pub fn body_hash(&self) -> &Digest32 {
        &self.body_hash
    }

    /// The body's size in bytes, after decompression.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// Whether the body went on beyond the fetcher's cap.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// When the answer was complete.
    #[must_use]
    pub fn fetched_at(&self) -> Timestamp {
        self.fetched_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_way_and_the_headers() {
        let url = |text| PageUrl::parse(text).unwrap();
        let at = chrono::DateTime::UNIX_EPOCH;
        let way = vec![Redirect {
            from: url("http://amsel.example/"),
            status: 301,
            to: url("https://amsel.example/"),
        }];
        let page = Snapshot::new(url("https://amsel.example/"), 200, "ä".into(), at)
            .with_redirects(way)
            .with_headers([("Content-Type".into(), "Text/HTML; charset=x".into())])
            .with_bytes(&[0xe4], false);
        assert_eq!(page.requested().scheme(), "http");
        assert_eq!(page.url().scheme(), "https");
        assert_eq!(page.media_type(), "text/html");
        assert_eq!(page.weight(), 1);
        assert_ne!(page.body_hash(), &Digest32::of("ä".as_bytes()));
    }
}
