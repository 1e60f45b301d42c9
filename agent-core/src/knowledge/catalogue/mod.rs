//! The services on offer, checked at load.

mod check;
mod service;
mod texts;
mod work;

pub use check::CatalogueError;
pub use service::{
    Criterion, DeliverableTemplate, Driver, Need, OptionTemplate, Service, WorkerKind,
};
pub use work::{DriverEffort, Effort, Phase, TaskTemplate};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Slug, Words};
use crate::party::Language;

/// A catalogue as it is written in a file; not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueParams {
    /// The needs that services answer.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The services.
    #[serde(default)]
    pub services: Vec<Service>,
    /// The sector packs that are switched on; services of other packs are not offered.
    #[serde(default)]
    pub packs: Vec<Slug>,
    /// The same in other languages, every text of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<Language, Words>,
}

impl CatalogueParams {
    /// Checks everything that pricing, proposals and planning rely on.
    ///
    /// # Errors
    ///
    /// [`CatalogueError`] for the first thing that does not hold: it names the service and
    /// says what to add.
    pub fn check(self) -> Result<Catalogue, CatalogueError> {
        check::check(&self)?;
        let mut spoken = BTreeMap::new();
        for (language, words) in &self.words {
            let mut other = Self {
                words: BTreeMap::new(),
                ..self.clone()
            };
            words
                .apply(texts::texts(&mut other))
                .map_err(|what| CatalogueError::Words {
                    language: *language,
                    what,
                })?;
            spoken.insert(*language, other.check()?);
        }
        let offered = |service: &Service| {
            service.packs.is_empty() || service.packs.iter().any(|p| self.packs.contains(p))
        };
        Ok(Catalogue {
            services: self
                .services
                .iter()
                .filter(|s| offered(s))
                .map(|s| (s.id.clone(), s.clone()))
                .collect(),
            needs: self
                .needs
                .iter()
                .map(|n| (n.id.clone(), n.clone()))
                .collect(),
            spoken,
            params: self,
        })
    }
}

/// The services on offer. Each says what it does not do, who does it, what makes it larger, and
/// how its result is judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CatalogueParams", into = "CatalogueParams")]
pub struct Catalogue {
    params: CatalogueParams,
    services: BTreeMap<Slug, Service>,
    needs: BTreeMap<Slug, Need>,
    spoken: BTreeMap<Language, Catalogue>,
}

impl Catalogue {
    /// The same services in the words of a language; as they were written where there are none
    /// in it.
    #[must_use]
    pub fn spoken(&self, language: Language) -> &Self {
        self.spoken.get(&language).unwrap_or(self)
    }

    /// Whether it was translated into a language.
    #[must_use]
    pub fn speaks(&self, language: Language) -> bool {
        self.spoken.contains_key(&language)
    }

    /// The service of that name, if it is offered.
    #[must_use]
    pub fn service(&self, id: &str) -> Option<&Service> {
        self.services.get(id)
    }

    /// All services offered, by name.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// The need of that name.
    #[must_use]
    pub fn need(&self, id: &str) -> Option<&Need> {
        self.needs.get(id)
    }

    /// All needs, by name.
    pub fn needs(&self) -> impl Iterator<Item = &Need> {
        self.needs.values()
    }

    /// The services that answer a need, by name; none where nobody does.
    pub fn answering<'a>(&'a self, need: &'a str) -> impl Iterator<Item = &'a Service> {
        self.services
            .values()
            .filter(move |s| s.needs.iter().any(|n| n.as_str() == need))
    }

    /// The catalogue as it was written.
    #[must_use]
    pub fn params(&self) -> &CatalogueParams {
        &self.params
    }
}

impl TryFrom<CatalogueParams> for Catalogue {
    type Error = CatalogueError;

    fn try_from(params: CatalogueParams) -> Result<Self, Self::Error> {
        params.check()
    }
}

impl From<Catalogue> for CatalogueParams {
    fn from(catalogue: Catalogue) -> Self {
        catalogue.params
    }
}

#[cfg(test)]
pub(in crate::knowledge) mod tests;
