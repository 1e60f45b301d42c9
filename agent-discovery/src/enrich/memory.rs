use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use dealwright_core::error::PortError;
use dealwright_core::party::DomainName;
use dealwright_core::process::EffectKey;

use super::{EnrichAnswer, EnrichRequest, EnrichmentProvider, Price, ProviderProfile, Purse};

/// A provider that knows what it was told, and keeps books of what it took.
#[derive(Debug)]
pub struct MemoryProvider {
    profile: ProviderProfile,
    known: BTreeMap<String, EnrichAnswer>,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    calls: u64,
    taken: BTreeMap<EffectKey, Price>,
}

impl MemoryProvider {
    /// A provider that knows nobody.
    #[must_use]
    pub fn new(profile: ProviderProfile) -> Self {
        Self {
            profile,
            known: BTreeMap::new(),
            books: Mutex::default(),
        }
    }

    /// Tells it what to answer about the firm behind `website`.
    #[must_use]
    pub fn knowing(mut self, website: &DomainName, answer: EnrichAnswer) -> Self {
        self.known
            .insert(website.site().as_str().to_owned(), answer);
        self
    }

    /// Tells it what to answer about the firm called `name`, where no website is asked with.
    #[must_use]
    pub fn knowing_name(mut self, name: &str, answer: EnrichAnswer) -> Self {
        self.known.insert(name.to_lowercase(), answer);
        self
    }

    /// Calls so far, repeats included.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.books().calls
    }

    /// What it took in all.
    #[must_use]
    pub fn taken(&self) -> Purse {
        let books = self.books();
        books
            .taken
            .values()
            .fold(Purse::default(), |all, price| all.with(*price))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        match self.books.lock() {
            Ok(books) => books,
            Err(poisoned) => poisoned.into_inner(),
        }
    }
}

#[async_trait]
impl EnrichmentProvider for MemoryProvider {
    fn profile(&self) -> ProviderProfile {
        self.profile.clone()
    }

    async fn enrich(&self, request: EnrichRequest) -> Result<EnrichAnswer, PortError> {
        let mut books = self.books();
        books.calls += 1;
        books.taken.insert(request.key, self.profile.price);
        drop(books);
        let site = request.who.website.as_ref().map(DomainName::site);
        let by_site = site.and_then(|site| self.known.get(site.as_str()));
        let by_name = || {
            let name = request.who.name.as_ref()?.to_lowercase();
            self.known.get(&name)
        };
        let mut answer = by_site.or_else(by_name).cloned().unwrap_or_default();
        answer.findings.retain(|found| {
            self.profile.fields.contains(&found.field) && request.fields.contains(&found.field)
        });
        answer.took = self.profile.price;
        Ok(answer)
    }
}
