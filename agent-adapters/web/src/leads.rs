//! Leads from pages of their own: one business a page.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::page::{
    BusinessData, FetchPurpose, FetchRequest, Page, PageFacts, PageFetcher, PageUrl, SourceName,
};
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use dealwright_discovery::source::{BrokenRecord, LeadSource, RawLead, SourceCursor, SourcePage};

use crate::feed::place;

const OPERATION: &str = "read leads";

/// Leads from a list of pages, each about one business: a directory's detail pages, or
/// the businesses' own sites.
///
/// A page that is missing, forbidden or about no business stands in its place as a
/// broken record. A host that asks to slow down, or cannot be reached, fails the call,
/// so that the same cursor is tried again later.
#[derive(Clone, Debug)]
pub struct PageLeadSource {
    fetcher: Arc<dyn PageFetcher>,
    source: SourceName,
    pages: Vec<(String, PageUrl)>,
    size: usize,
}

impl PageLeadSource {
    /// Reads these pages under the terms of `source`; each has the key that the source
    /// knows the business by. `size` of them are one page of results.
    #[must_use]
    pub fn new(
        fetcher: impl PageFetcher + 'static,
        source: SourceName,
        pages: Vec<(String, PageUrl)>,
        size: usize,
    ) -> Self {
        Self {
            fetcher: Arc::new(fetcher),
            source,
            pages,
            size: size.max(1),
        }
    }

    async fn record(
        &self,
        place: usize,
        key: &str,
        url: &PageUrl,
    ) -> Result<Result<RawLead, BrokenRecord>, PortError> {
        let request = FetchRequest::new(url.clone(), FetchPurpose::FindLeads, self.source.clone());
        let broken = |why: &str| {
            Ok(Err(BrokenRecord {
                source_name: self.source.clone(),
                place: place as u64 + 1,
                why: why.to_owned(),
            }))
        };
        let page = match self.fetcher.fetch(request).await {
            Ok(page) => page,
            Err(error) => {
                return match error.kind() {
                    PortErrorKind::PermissionDenied => broken("the rules forbid the page"),
                    PortErrorKind::NotFound => broken("there is no such page"),
                    PortErrorKind::Corrupt => broken("the page is damaged"),
                    _ => Err(error),
                };
            }
        };
        if !page.snapshot().is_success() {
            return broken("the page answered with an error");
        }
        match lead_of(&page, &self.source, key) {
            Some(lead) => Ok(Ok(lead)),
            None => broken("the page names no business"),
        }
    }
}

#[async_trait]
impl LeadSource for PageLeadSource {
    async fn page(&self, cursor: Option<SourceCursor>) -> Result<SourcePage, PortError> {
        let start = place(cursor, self.pages.len(), OPERATION)?.unwrap_or(0);
        let mut records = Vec::new();
        let run = self.pages.iter().enumerate().skip(start).take(self.size);
        for (at, (key, url)) in run {
            records.push(self.record(at, key, url).await?);
        }
        let end = start + records.len();
        Ok(SourcePage {
            records,
            next: (end < self.pages.len()).then(|| SourceCursor::new(end.to_string())),
        })
    }
}

/// The business a page is about: what its structured data says, completed by what
/// stands on it.
fn lead_of(page: &Page, source: &SourceName, key: &str) -> Option<RawLead> {
    let facts = page.facts()?;
    let business = facts.businesses.first().cloned().unwrap_or_default();
    let name = business.name.clone().or_else(|| name_of(facts))?;
    let at: Timestamp = page.snapshot().fetched_at();
    let mut lead = RawLead::new(source.clone(), key, at)
        .with_page(facts.url.clone(), !facts.solicitation_allowed())
        .with_field("name", name);
    for (field, value) in fields(&business, facts) {
        if let Some(value) = value {
            lead = lead.with_field(field, value);
        }
    }
    Some(lead)
}

fn fields(
    business: &BusinessData,
    facts: &PageFacts,
) -> [(&'static str, Option<Untrusted<String>>); 10] {
    let address = match business.address.is_empty() {
        true => facts.addresses.first().cloned().unwrap_or_default(),
        false => business.address.clone(),
    };
    let first = |found: &[dealwright_core::page::Found]| found.first().map(|f| f.value.clone());
    let hours: Vec<String> = business
        .opening_hours
        .iter()
        .map(|hours| hours.inspect(String::clone))
        .collect();
    [
        ("street", address.street),
        ("postal_code", address.postal_code),
        ("city", address.locality),
        ("region", address.region),
        ("country", address.country),
        ("phone", first(&facts.phones)),
        ("email", first(&facts.emails)),
        ("website", business.url.clone()),
        (
            "category",
            business.types.first().cloned().map(Untrusted::new),
        ),
        (
            "hours",
            (!hours.is_empty()).then(|| Untrusted::new(hours.join("; "))),
        ),
    ]
}

/// The main heading, or the title up to its first separator.
fn name_of(facts: &PageFacts) -> Option<Untrusted<String>> {
    let heading = facts.headings.iter().find(|heading| heading.level == 1);
    let title = || {
        let title = facts.title.clone()?;
        Some(title.map(|text| {
            let end = [" | ", " – ", " - ", " · "]
                .iter()
                .filter_map(|part| text.find(part))
                .min();
            text.get(..end.unwrap_or(text.len()))
                .unwrap_or_default()
                .to_owned()
        }))
    };
    heading
        .map(|heading| heading.text.clone())
        .filter(|text| !text.is_empty())
        .or_else(title)
        .filter(|text| !text.is_empty())
}
