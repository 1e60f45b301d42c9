use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::error::PortError;
use dealwright_core::page::{FetchPurpose, FetchRequest, PageFacts, PageFetcher, PageUrl};
use dealwright_core::party::{DomainName, EmailAddress, PhoneNumber};
use dealwright_core::personal::Personal;
use dealwright_core::process::{EffectClass, Lease, Performer};

use super::{Lead, LeadEffect, LeadInput, WebsiteReading};

/// Performs the effects of leads.
#[derive(Clone, Debug)]
pub struct LeadPerformer {
    fetcher: Arc<dyn PageFetcher>,
}

impl LeadPerformer {
    /// Reads websites by `fetcher`.
    #[must_use]
    pub fn new(fetcher: Arc<dyn PageFetcher>) -> Self {
        Self { fetcher }
    }
}

#[async_trait]
impl Performer<Lead> for LeadPerformer {
    fn class(&self, _effect: &LeadEffect) -> EffectClass {
        // Reading a page again changes nothing outside.
        EffectClass::Idempotent
    }

    fn gated(&self, _effect: &LeadEffect) -> bool {
        false
    }

    async fn perform(&self, effect: LeadEffect, lease: Lease) -> Result<LeadInput, PortError> {
        let LeadEffect::ReadWebsite { url, source } = effect;
        let subject = lease.process().id().to_owned();
        let request = FetchRequest::new(url.clone(), FetchPurpose::Enrich, source);
        let page = self.fetcher.fetch(request).await?;
        let Some(domain) = domain(&url) else {
            return Ok(LeadInput::NotRead(
                dealwright_core::process::Unsettled::NotPerformed,
            ));
        };
        let facts = page.facts();
        let reading = WebsiteReading {
            read_at: lease.now(),
            status: page.snapshot().status(),
            email: facts
                .and_then(|f| email(f, &domain))
                .map(|e| Personal::new(e, subject.clone())),
            phone: facts.and_then(phone).map(|p| Personal::new(p, subject)),
            language: facts
                .and_then(|f| f.language.as_ref())
                .map(|l| l.inspect(|tag| tag.chars().take(2).collect())),
            no_solicitation: facts.is_some_and(|f| !f.solicitation_allowed()),
            measures: facts.map(measures).unwrap_or_default(),
            domain,
        };
        Ok(LeadInput::Read(Box::new(reading)))
    }
}

fn domain(url: &PageUrl) -> Option<DomainName> {
    DomainName::of_url(url.as_str()).ok()
}

/// An address of the site's own domain is worth more than any other on the page.
fn email(facts: &PageFacts, domain: &DomainName) -> Option<EmailAddress> {
    let mut found: Vec<EmailAddress> = facts
        .emails
        .iter()
        .filter_map(|f| f.value.parse::<EmailAddress>().ok())
        .collect();
    found.sort_by_key(|e| (!e.domain().same_owner(domain), e.as_str().to_owned()));
    found.into_iter().next()
}

fn phone(facts: &PageFacts) -> Option<PhoneNumber> {
    facts
        .phones
        .iter()
        .find_map(|f| f.value.inspect(|text| PhoneNumber::parse(text, None).ok()))
}

fn measures(facts: &PageFacts) -> BTreeMap<String, i64> {
    let flag = i64::from;
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    BTreeMap::from([
        ("title".to_owned(), flag(facts.title.is_some())),
        ("description".to_owned(), flag(facts.description.is_some())),
        ("viewport".to_owned(), flag(facts.viewport.is_some())),
        ("json-ld".to_owned(), count(facts.businesses.len())),
        (
            "images-without-alt".to_owned(),
            count(facts.images.iter().filter(|i| i.alt.is_none()).count()),
        ),
        ("forms".to_owned(), count(facts.forms.len())),
        (
            "weight".to_owned(),
            i64::try_from(facts.weight).unwrap_or(i64::MAX),
        ),
    ])
}
