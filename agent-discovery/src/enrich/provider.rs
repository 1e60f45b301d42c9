use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::error::PortError;
use dealwright_core::page::{PageUrl, SourceName};
use dealwright_core::party::{Country, DomainName};
use dealwright_core::personal::Personal;
use dealwright_core::process::{EffectClass, EffectKey};
use dealwright_core::provenance::{Confidence, SourceKind};
use dealwright_core::text::Untrusted;
use serde::{Deserialize, Serialize};

use super::{EnrichField, Price};

/// What a provider is and does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderProfile {
    /// Its name in the register of terms.
    pub source: SourceName,
    /// What kind of source it is.
    pub kind: SourceKind,
    /// The fields it knows something of.
    pub fields: BTreeSet<EnrichField>,
    /// What one call takes, whatever comes of it.
    pub price: Price,
    /// What it promises about repeats under one key.
    pub class: EffectClass,
}

/// Whom to look up: what a provider needs to find a firm, and nothing about a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The name of the business.
    pub name: Option<String>,
    /// Its website.
    pub website: Option<DomainName>,
    /// Street and number.
    pub street: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Place.
    pub locality: Option<String>,
    /// Country.
    pub country: Option<Country>,
}

/// One look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnrichRequest {
    /// Whom.
    pub who: Who,
    /// What is wanted; nothing else need be answered.
    pub fields: BTreeSet<EnrichField>,
    /// The same for a repeat of this very call.
    pub key: EffectKey,
}

impl EnrichRequest {
    /// Asks for `fields` of `who`.
    #[must_use]
    pub fn new(who: Who, fields: BTreeSet<EnrichField>, key: EffectKey) -> Self {
        Self { who, fields, key }
    }
}

/// Whom an answer speaks of, as the provider knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The name.
    pub name: Option<Untrusted<String>>,
    /// The website.
    pub website: Option<Untrusted<String>>,
    /// A number in a public register.
    pub registration: Option<Untrusted<String>>,
    /// Place.
    pub locality: Option<Untrusted<String>>,
}

/// One value as a provider gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What the provider says it is.
    pub field: EnrichField,
    /// The text.
    pub value: Personal<Untrusted<String>>,
    /// How sure it is.
    pub confidence: Confidence,
    /// The words it rests on.
    pub passage: Option<Personal<Untrusted<String>>>,
    /// Where they stand.
    pub url: Option<PageUrl>,
}

/// What a provider answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnrichAnswer {
    /// Whom it speaks of.
    pub about: About,
    /// What it knows; empty where it knows nothing.
    pub findings: Vec<Finding>,
    /// What the call took.
    pub took: Price,
}

/// Port: looks up what is missing about a firm.
///
/// # Contract
///
/// - The profile stays the same as long as the provider lives.
/// - A firm it does not know is an answer without findings, not an error.
/// - An answer with findings says whom it speaks of, by name or website.
/// - Only fields that were asked for and that the profile names are answered.
/// - A call takes no more than the profile's price.
/// - Where the profile says `Idempotent`, the same key takes its price once.
///
/// Implementors prove this with
/// [`enrichment_provider_conformance!`](crate::enrichment_provider_conformance).
#[async_trait]
pub trait EnrichmentProvider: Debug + Send + Sync {
    /// What it is and does.
    fn profile(&self) -> ProviderProfile;

    /// Looks a firm up.
    async fn enrich(&self, request: EnrichRequest) -> Result<EnrichAnswer, PortError>;
}

macro_rules! forward {
    ($($holder:ty),*) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: EnrichmentProvider + ?Sized> EnrichmentProvider for $holder {
            fn profile(&self) -> ProviderProfile {
                (**self).profile()
            }

            async fn enrich(&self, request: EnrichRequest) -> Result<EnrichAnswer, PortError> {
                (**self).enrich(request).await
            }
        }
    )*};
}

forward!(&T, Arc<T>, Box<T>);
