//! Web pages as they were fetched, what was read from them, and the port that fetches.
//!
//! Discovery reads pages to find and check businesses, delivery reads them to do the
//! work, so the types live here. Nothing in this module fetches or parses HTML: an
//! adapter does, and everything it hands on from a page stays [`Untrusted`].

mod business;
mod facts;
mod memory;
mod snapshot;
mod url;

use std::fmt;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use self::business::BusinessData;
pub use self::facts::{
    FormFacts, Found, FoundAddress, FoundIn, Heading, ImageFacts, Link, PageFacts,
};
pub use self::memory::MemoryFetcher;
pub use self::snapshot::{Redirect, Snapshot};
pub use self::url::{PageUrl, PageUrlError};
use crate::error::PortError;
#[cfg(doc)]
use crate::error::PortErrorKind;
#[cfg(doc)]
use crate::text::Untrusted;

/// The name of a source: the key of its terms record, and what every record read from
/// it carries. 1 to 64 of `a-z 0-9 . _ -`, beginning with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceName(String);

impl SourceName {
    /// Takes a name as it stands in a configuration; nothing is folded or trimmed.
    ///
    /// # Errors
    ///
    /// [`SourceNameError`] when the text has another form.
    pub fn parse(text: &str) -> Result<Self, SourceNameError> {
        let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
        let first = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if text.len() <= 64 && text.starts_with(first) && text.chars().all(inner) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SourceNameError(text.chars().take(64).collect()))
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SourceName {
    type Error = SourceNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<SourceName> for String {
    fn from(name: SourceName) -> Self {
        name.0
    }
}

/// Why a text is not the name of a source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("source name `{0}` must be 1 to 64 of a-z, 0-9, dot, dash and underscore")]
pub struct SourceNameError(String);

/// What a page is fetched for; decides which use the terms of its source must allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FetchPurpose {
    /// Finding businesses we may sell to.
    FindLeads,
    /// Completing what is known about a business.
    Enrich,
    /// Reading a feed for signals of demand.
    ReadSignals,
    /// Doing work that the site's owner ordered.
    ClientWork,
}

/// One page to fetch, why, and on whose terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchRequest {
    url: PageUrl,
    purpose: FetchPurpose,
    source: SourceName,
}

impl FetchRequest {
    /// Asks for `url`; the terms record of `source` must allow `purpose`.
    #[must_use]
    pub fn new(url: PageUrl, purpose: FetchPurpose, source: SourceName) -> Self {
        Self {
            url,
            purpose,
            source,
        }
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &PageUrl {
        &self.url
    }

    /// What it is fetched for.
    #[must_use]
    pub fn purpose(&self) -> FetchPurpose {
        self.purpose
    }

    /// Whose terms apply.
    #[must_use]
    pub fn source(&self) -> &SourceName {
        &self.source
    }
}

/// An answer of a server and, where it is HTML, what was read from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    snapshot: Snapshot,
    facts: Option<PageFacts>,
}

impl Page {
    /// Joins an answer with what was read from it.
    #[must_use]
    pub fn new(snapshot: Snapshot, facts: Option<PageFacts>) -> Self {
        Self { snapshot, facts }
    }

    /// The answer as it came.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What was read from it; `None` for anything but HTML.
    #[must_use]
    pub fn facts(&self) -> Option<&PageFacts> {
        self.facts.as_ref()
    }

    /// Takes it apart.
    #[must_use]
    pub fn into_parts(self) -> (Snapshot, Option<PageFacts>) {
        (self.snapshot, self.facts)
    }
}

/// Port: fetches one page by the rules of the web and of its source.
///
/// # Contract
///
/// - Any answer of the server is a [`Page`], whatever its status, except those below.
/// - What the rules forbid (robots, terms, egress guard, login wall) is
///   [`PortErrorKind::PermissionDenied`], and no request has reached the path.
/// - A server that asks to slow down is [`PortErrorKind::RateLimited`] with the wait.
/// - Nothing is sent but the request: no cookies, no credentials, no referrer.
/// - Reading only: the same request may be repeated without an effect outside.
#[async_trait]
pub trait PageFetcher: Debug + Send + Sync {
    /// Fetches the page and reads its facts.
    async fn fetch(&self, request: FetchRequest) -> Result<Page, PortError>;
}

macro_rules! forward {
    ($($holder:ty),*) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: PageFetcher + ?Sized> PageFetcher for $holder {
            async fn fetch(&self, request: FetchRequest) -> Result<Page, PortError> {
                (**self).fetch(request).await
            }
        }
    )*};
}

forward!(&T, Arc<T>, Box<T>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_names_are_slugs() {
        for good in ["city-guide", "7days", "a.b_c"] {
            assert_eq!(SourceName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "City", "-x", "a b", "ä", &"a".repeat(65)] {
            assert!(SourceName::parse(bad).is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<SourceName>("\"No Slug\"").is_err());
    }
}
