//! Ports to where leads and signals come from, and the terms under which each source
//! may be used.

mod memory;
mod terms;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::canonical::Digest32;
use dealwright_core::error::PortError;
#[cfg(doc)]
use dealwright_core::error::PortErrorKind;
use dealwright_core::page::PageUrl;
pub use dealwright_core::page::{
    FetchPurpose, FetchRequest, MemoryFetcher, Page, PageFacts, PageFetcher, Snapshot, SourceName,
};
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::memory::{MemoryLeadSource, MemorySignalSource};
pub use self::terms::{TermsError, TermsRecord, TermsRecordParts, TermsRefusal, TermsRegister};

/// Where the next page begins; only its own source knows what the text means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SourceCursor(String);

impl SourceCursor {
    /// Wraps a source's own mark.
    #[must_use]
    pub fn new(mark: impl Into<String>) -> Self {
        Self(mark.into())
    }

    /// The source's own mark.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A possible customer as a source describes it: field by field, as written.
///
/// Names of fields that the importer knows: `name`, `street`, `postal_code`, `city`,
/// `region`, `country`, `phone`, `email`, `website`, `category`, `hours`, `note`. Others
/// are kept beside them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawLead {
    source: SourceName,
    key: String,
    read_at: Timestamp,
    fields: BTreeMap<String, Untrusted<String>>,
    page: Option<PageUrl>,
    no_solicitation: bool,
}

impl RawLead {
    /// A record that its source knows as `key`.
    #[must_use]
    pub fn new(source: SourceName, key: impl Into<String>, read_at: Timestamp) -> Self {
        Self {
            source,
            key: key.into(),
            read_at,
            fields: BTreeMap::new(),
            page: None,
            no_solicitation: false,
        }
    }

    /// Sets a field; a blank value is no value.
    #[must_use]
    pub fn with_field(mut self, name: impl Into<String>, value: Untrusted<String>) -> Self {
        if !value.inspect(|text| text.trim().is_empty()) {
            self.fields.insert(name.into(), value);
        }
        self
    }

    /// Names the page the record was read from, and whether that page forbids
    /// harvesting or unsolicited mail: then its addresses are not sendable.
    #[must_use]
    pub fn with_page(mut self, page: PageUrl, no_solicitation: bool) -> Self {
        self.page = Some(page);
        self.no_solicitation = no_solicitation;
        self
    }

    /// Where the record comes from.
    #[must_use]
    pub fn source(&self) -> &SourceName {
        &self.source
    }

    /// What the source calls it: the same record keeps its key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// When it was read.
    #[must_use]
    pub fn read_at(&self) -> Timestamp {
        self.read_at
    }

    /// All fields, ordered by name.
    #[must_use]
    pub fn fields(&self) -> &BTreeMap<String, Untrusted<String>> {
        &self.fields
    }

    /// One field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Untrusted<String>> {
        self.fields.get(name)
    }

    /// The page it was read from, where it was a page.
    #[must_use]
    pub fn page(&self) -> Option<&PageUrl> {
        self.page.as_ref()
    }

    /// Whether that page forbids writing to the addresses on it.
    #[must_use]
    pub fn no_solicitation(&self) -> bool {
        self.no_solicitation
    }
}

/// A record that could not be read, in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("record {place} of `{source_name}` cannot be read: {why}")]
pub struct BrokenRecord {
    /// The source.
    pub source_name: SourceName,
    /// Its place in the source, counted from 1.
    pub place: u64,
    /// What is wrong, without quoting the record.
    pub why: String,
}

/// A run of records in the source's order, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePage<T = RawLead> {
    /// The records; a broken one stands in its place.
    pub records: Vec<Result<T, BrokenRecord>>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<SourceCursor>,
}

/// Port: where leads come from.
///
/// # Contract
///
/// - Pages come in a stable order: the same cursor gives the same page, or a page with records added, never one with
///   records lost.
/// - A record that cannot be read stands in its place as an error; it never ends the page.
/// - Every lead names its source and when it was read.
/// - Reading on from page to page comes to an end, and meets each record once.
/// - A cursor the source never gave is [`PortErrorKind::Invalid`].
///
/// Implementors prove this with [`lead_source_conformance!`](crate::lead_source_conformance).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait LeadSource: Debug + Send + Sync {
    /// Reads the page after `cursor`, or the first one.
    async fn page(&self, cursor: Option<SourceCursor>) -> Result<SourcePage, PortError>;
}

/// An entry of a feed or a post, not typed yet: who offers or needs what is for
/// research to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawSignal {
    /// Where it comes from.
    pub source: SourceName,
    /// What the source calls it: the same entry keeps its key.
    pub key: String,
    /// Its title.
    pub title: Untrusted<String>,
    /// Its text without markup, up to 4,000 characters.
    pub text: Untrusted<String>,
    /// Its page.
    pub link: Option<PageUrl>,
    /// Who wrote it, as named there.
    pub author: Option<Untrusted<String>>,
    /// What its source files it under.
    pub categories: Vec<Untrusted<String>>,
    /// When it was published, where it says so.
    pub published_at: Option<Timestamp>,
    /// When it was read.
    pub observed_at: Timestamp,
    /// SHA-256 over source, key, title and text: the evidence, without its words.
    pub evidence: Digest32,
}

impl RawSignal {
    /// An entry with its evidence hash; the rest is set on the fields.
    #[must_use]
    pub fn new(
        source: SourceName,
        key: impl Into<String>,
        title: Untrusted<String>,
        text: Untrusted<String>,
        observed_at: Timestamp,
    ) -> Self {
        let key = key.into();
        let mut bytes = Vec::new();
        let mut part = |text: &str| {
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        };
        part(source.as_str());
        part(&key);
        title.inspect(|title| part(title));
        text.inspect(|text| part(text));
        Self {
            evidence: Digest32::of(&bytes),
            source,
            key,
            title,
            text,
            link: None,
            author: None,
            categories: Vec::new(),
            published_at: None,
            observed_at,
        }
    }
}

/// Port: where signals of demand come from.
///
/// # Contract
///
/// - The clauses of [`LeadSource`] hold, entry for record.
/// - Every signal names its source, when it was observed, and the hash of its evidence.
///
/// Implementors prove this with [`signal_source_conformance!`](crate::signal_source_conformance).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SignalSource: Debug + Send + Sync {
    /// Reads the page after `cursor`, or the first one.
    async fn signals(
        &self,
        cursor: Option<SourceCursor>,
    ) -> Result<SourcePage<RawSignal>, PortError>;
}

macro_rules! forward {
    ($($holder:ty),*) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: LeadSource + ?Sized> LeadSource for $holder {
            async fn page(&self, cursor: Option<SourceCursor>) -> Result<SourcePage, PortError> {
                (**self).page(cursor).await
            }
        }

        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: SignalSource + ?Sized> SignalSource for $holder {
            async fn signals(
                &self,
                cursor: Option<SourceCursor>,
            ) -> Result<SourcePage<RawSignal>, PortError> {
                (**self).signals(cursor).await
            }
        }
    )*};
}

forward!(&T, Arc<T>, Box<T>);
