//! The conformance suite of [`EnrichmentProvider`].
//!
//! The provider under test knows the [`KNOWN`] firm by its website: at least an e-mail address
//! and a telephone number; and it does not know the [`STRANGER`].

use std::collections::BTreeSet;

use dealwright_core::page::SourceName;
use dealwright_core::party::DomainName;
use dealwright_core::personal::Personal;
use dealwright_core::process::{EffectClass, EffectKey, ProcessKey, Tenant};
use dealwright_core::provenance::{Confidence, SourceKind};
use dealwright_core::text::Untrusted;

use super::{
    About, EnrichAnswer, EnrichField, EnrichRequest, EnrichmentProvider, Finding, Price,
    ProviderProfile, Purse, Who,
};

/// Name, website, address and number of the firm that the provider under test knows.
pub const KNOWN: (&str, &str, &str, &str) = (
    "Baeckerei Amsel",
    "amsel.example",
    "backstube@amsel.example",
    "+49 30 23125 101",
);

/// A website it knows nothing of.
pub const STRANGER: &str = "zeisig.example";

/// Which clause a provider breaks, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{clause}: {how}")]
pub struct Violation {
    /// The clause's name.
    pub clause: &'static str,
    /// What was seen.
    pub how: String,
}

/// What a provider takes in all, as its own books say, for [`a_key_is_charged_once`].
pub trait Books: Send + Sync {
    /// What it took so far.
    fn taken(&self) -> Purse;
}

impl Books for super::MemoryProvider {
    fn taken(&self) -> Purse {
        Self::taken(self)
    }
}

/// A profile for tests: address and number, at `price` a call.
///
/// # Panics
///
/// Where `source` is no name of a source.
#[must_use]
#[expect(clippy::expect_used, reason = "tests fail by panicking")]
pub fn profile(source: &str, price: Price) -> ProviderProfile {
    ProviderProfile {
        source: SourceName::parse(source).expect("a source's name"),
        kind: SourceKind::Provider,
        fields: [EnrichField::Email, EnrichField::Phone].into(),
        price,
        class: EffectClass::Idempotent,
    }
}

/// An answer about the firm `name` at `website` with these values.
#[must_use]
pub fn answer(name: &str, website: &str, values: &[(EnrichField, &str, u8)]) -> EnrichAnswer {
    let text = |text: &str| Untrusted::new(text.to_owned());
    EnrichAnswer {
        about: About {
            name: Some(text(name)),
            website: Some(text(website)),
            ..About::default()
        },
        findings: values
            .iter()
            .map(|(field, value, sure)| Finding {
                field: *field,
                value: Personal::new(text(value), "known"),
                confidence: Confidence::saturating(*sure),
                passage: Some(Personal::new(text(&format!("… {value} …")), "known")),
                url: None,
            })
            .collect(),
        took: Price::Free,
    }
}

/// What the provider under test knows, as an answer.
#[must_use]
pub fn known_answer() -> EnrichAnswer {
    let (name, website, email, phone) = KNOWN;
    answer(
        name,
        website,
        &[
            (EnrichField::Email, email, 80),
            (EnrichField::Phone, phone, 80),
        ],
    )
}

#[expect(clippy::expect_used, reason = "tests fail by panicking")]
fn ask(website: &str, fields: &[EnrichField], key: u32) -> EnrichRequest {
    let tenant = Tenant::parse("testing").expect("a tenant's name");
    let process = ProcessKey::new(&tenant, "lead", website);
    let key = EffectKey::derive(&process, "enrich", key);
    let who = Who {
        website: DomainName::parse(website).ok(),
        ..Who::default()
    };
    let fields: BTreeSet<_> = fields.iter().copied().collect();
    EnrichRequest::new(who, fields, key)
}

const BOTH: [EnrichField; 2] = [EnrichField::Email, EnrichField::Phone];

async fn call(
    provider: &dyn EnrichmentProvider,
    clause: &'static str,
    request: EnrichRequest,
) -> Result<EnrichAnswer, Violation> {
    provider.enrich(request).await.map_err(|error| Violation {
        clause,
        how: error.to_string(),
    })
}

fn broken(clause: &'static str, how: impl Into<String>) -> Result<(), Violation> {
    Err(Violation {
        clause,
        how: how.into(),
    })
}

/// The profile stays the same.
///
/// # Errors
///
/// What was seen instead.
pub async fn the_profile_stays(provider: &dyn EnrichmentProvider) -> Result<(), Violation> {
    let clause = "the profile stays";
    let before = provider.profile();
    call(provider, clause, ask(KNOWN.1, &BOTH, 1)).await?;
    if provider.profile() == before {
        Ok(())
    } else {
        broken(clause, "another profile after a call")
    }
}

/// A firm it does not know is no error.
///
/// # Errors
///
/// What was seen instead.
pub async fn a_stranger_is_no_error(provider: &dyn EnrichmentProvider) -> Result<(), Violation> {
    let clause = "a stranger is no error";
    let answer = call(provider, clause, ask(STRANGER, &BOTH, 2)).await?;
    if answer.findings.is_empty() {
        Ok(())
    } else {
        broken(clause, "it made something up")
    }
}

/// An answer says whom it speaks of.
///
/// # Errors
///
/// What was seen instead.
pub async fn it_says_whom_it_speaks_of(provider: &dyn EnrichmentProvider) -> Result<(), Violation> {
    let clause = "it says whom it speaks of";
    let answer = call(provider, clause, ask(KNOWN.1, &BOTH, 3)).await?;
    if answer.findings.is_empty() {
        return broken(clause, "it does not know the firm it should know");
    }
    if answer.about.name.is_none() && answer.about.website.is_none() {
        return broken(clause, "neither name nor website");
    }
    Ok(())
}

/// Only what was asked for is answered.
///
/// # Errors
///
/// What was seen instead.
pub async fn only_what_was_asked(provider: &dyn EnrichmentProvider) -> Result<(), Violation> {
    let clause = "only what was asked";
    for field in BOTH {
        let answer = call(provider, clause, ask(KNOWN.1, &[field], 4)).await?;
        if let Some(other) = answer.findings.iter().find(|found| found.field != field) {
            return broken(clause, format!("asked for {field}, got {}", other.field));
        }
    }
    Ok(())
}

/// A call takes no more than the profile says.
///
/// # Errors
///
/// What was seen instead.
pub async fn it_takes_no_more_than_it_says(
    provider: &dyn EnrichmentProvider,
) -> Result<(), Violation> {
    let clause = "it takes no more than it says";
    let answer = call(provider, clause, ask(KNOWN.1, &BOTH, 5)).await?;
    if answer.took.within(provider.profile().price) {
        Ok(())
    } else {
        broken(clause, format!("it took {:?}", answer.took))
    }
}

/// The same key is charged once.
///
/// # Errors
///
/// What was seen instead.
pub async fn a_key_is_charged_once<P: EnrichmentProvider + Books>(
    provider: &P,
) -> Result<(), Violation> {
    let clause = "a key is charged once";
    call(provider, clause, ask(KNOWN.1, &BOTH, 6)).await?;
    let once = provider.taken();
    call(provider, clause, ask(KNOWN.1, &BOTH, 6)).await?;
    if provider.profile().class != EffectClass::Idempotent || provider.taken() == once {
        Ok(())
    } else {
        broken(clause, format!("{once:?} became {:?}", provider.taken()))
    }
}

/// Makes a test of each clause of [`EnrichmentProvider`]: the test attribute, and an async block
/// that yields the provider under test, which also keeps [`Books`].
#[macro_export]
macro_rules! enrichment_provider_conformance {
    (#[$test:meta] async $fresh:block) => {
        $crate::enrichment_provider_conformance!(
            @each #[$test] $fresh
            the_profile_stays a_stranger_is_no_error it_says_whom_it_speaks_of
            only_what_was_asked it_takes_no_more_than_it_says a_key_is_charged_once
        );
    };
    (@each #[$test:meta] $fresh:block $($clause:ident)*) => {$(
        #[$test]
        async fn $clause() {
            let provider = async $fresh.await;
            if let Err(violation) = $crate::enrich::testing::$clause(&provider).await {
                panic!("{violation}");
            }
        }
    )*};
}
