use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::error::PortError;
use dealwright_core::model::{LanguageModel, NoModel, ReadRequest, Suggestion};
use dealwright_core::page::{FetchPurpose, FetchRequest, PageFacts, PageFetcher, PageUrl};
use dealwright_core::party::{DomainName, EmailAddress, PhoneNumber};
use dealwright_core::personal::Personal;
use dealwright_core::process::{EffectClass, Lease, Performer, Unsettled};

use super::{Lead, LeadEffect, LeadInput, PageReading, PageSuggestion, WebsiteReading};
use crate::enrich::{EnrichRequest, EnrichmentProvider, Step, Who, read_answer, read_page};
use crate::resolve::Params;

/// Performs the effects of leads.
#[derive(Clone, Debug)]
pub struct LeadPerformer {
    fetcher: Arc<dyn PageFetcher>,
    providers: Vec<Arc<dyn EnrichmentProvider>>,
    model: Arc<dyn LanguageModel>,
}

impl LeadPerformer {
    /// Reads websites by `fetcher`.
    #[must_use]
    pub fn new(fetcher: Arc<dyn PageFetcher>) -> Self {
        Self {
            fetcher,
            providers: Vec::new(),
            model: Arc::new(NoModel),
        }
    }

    /// Asks `provider` where the policy names its source.
    #[must_use]
    pub fn with_provider(mut self, provider: Arc<dyn EnrichmentProvider>) -> Self {
        self.providers.push(provider);
        self
    }

    /// Has `model` read what rules cannot, where the policy allows it.
    #[must_use]
    pub fn with_model(mut self, model: Arc<dyn LanguageModel>) -> Self {
        self.model = model;
        self
    }

    /// What the model finds on the page; `None` where it was not asked or did not answer, which
    /// costs the lead nothing: what rules read stands.
    async fn suggested(&self, reading: &PageReading, facts: &PageFacts) -> Option<PageSuggestion> {
        let request = ReadRequest::new(&facts.text, reading.needs.keys().cloned());
        if request.token_ceiling() > reading.most_tokens {
            return None;
        }
        let answer = self.model.read(&request).await.ok()?;
        let suggestion = Suggestion::parse(&answer.text, &request).ok();
        Some(PageSuggestion {
            model: self.model.name(),
            needs: suggestion.map(|s| s.needs),
            cost: answer.cost,
        })
    }

    /// Asks a provider. One that is not here, or that has become dearer than was allowed, is not
    /// called.
    async fn ask(
        &self,
        key: String,
        step: Step,
        who: Who,
        lease: Lease,
    ) -> Result<LeadInput, PortError> {
        let not_called = |key| {
            let how = Unsettled::NotPerformed;
            Ok(LeadInput::NotEnriched { key, how })
        };
        let Some((provider, profile)) = self
            .providers
            .iter()
            .map(|provider| (provider, provider.profile()))
            .find(|(_, profile)| profile.source == step.source)
        else {
            return not_called(key);
        };
        if !profile.price.within(step.price) {
            return not_called(key);
        }
        let Ok(params) = Params::default().check() else {
            return not_called(key);
        };
        let request = EnrichRequest::new(who.clone(), step.fields.clone(), lease.effect_key());
        let answer = provider.enrich(request).await?;
        let subject = lease.process().id();
        let accepted = read_answer(
            &params,
            &profile,
            &who,
            &step.fields,
            answer,
            subject,
            lease.now(),
        );
        Ok(LeadInput::Enriched {
            key,
            accepted: Box::new(accepted),
        })
    }
}

#[async_trait]
impl Performer<Lead> for LeadPerformer {
    fn class(&self, effect: &LeadEffect) -> EffectClass {
        match effect {
            // Reading a page again changes nothing outside.
            LeadEffect::ReadWebsite { .. } => EffectClass::Idempotent,
            LeadEffect::Enrich { step, .. } if step.price.is_free() => EffectClass::Idempotent,
            LeadEffect::Enrich { step, .. } => self
                .providers
                .iter()
                .map(|provider| provider.profile())
                .find(|profile| profile.source == step.source)
                .map_or(step.class, |profile| profile.class.max(step.class)),
        }
    }

    fn gated(&self, _effect: &LeadEffect) -> bool {
        false
    }

    async fn perform(&self, effect: LeadEffect, lease: Lease) -> Result<LeadInput, PortError> {
        let (url, source, country, reading) = match effect {
            LeadEffect::ReadWebsite {
                url,
                source,
                country,
                reading,
            } => (url, source, country, reading),
            LeadEffect::Enrich { key, step, who } => return self.ask(key, step, who, lease).await,
        };
        let subject = lease.process().id().to_owned();
        let request = FetchRequest::new(url.clone(), FetchPurpose::Enrich, source);
        let page = self.fetcher.fetch(request).await?;
        let Some(domain) = domain(&url) else {
            return Ok(LeadInput::NotRead(Unsettled::NotPerformed));
        };
        let facts = page.facts();
        let found = read_page(&page, &domain, country, &subject, lease.now());
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
            suggested: match (reading, facts) {
                (Some(reading), Some(facts)) => self.suggested(&reading, facts).await,
                _ => None,
            },
            found,
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
            "contact".to_owned(),
            count(facts.forms.len() + facts.emails.len() + facts.phones.len()),
        ),
        ("language".to_owned(), flag(facts.language.is_some())),
        (
            "weight".to_owned(),
            i64::try_from(facts.weight).unwrap_or(i64::MAX),
        ),
    ])
}
