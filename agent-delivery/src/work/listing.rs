//! One business as one source lists it, and when two ways to write a value mean the same.

mod forms;

use std::collections::BTreeMap;

use dealwright_core::handoff::Listed;
use dealwright_core::page::{BusinessData, PageFacts};
use dealwright_core::party::Country;
use dealwright_core::provenance::{Confidence, Source, SourceKind};
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::forms::{comparable, opening_hours};
pub use dealwright_core::handoff::ListingField;

/// One business as one source lists it; every value as written there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    source: Source,
    retrieved_at: Timestamp,
    confidence: Confidence,
    values: BTreeMap<ListingField, Untrusted<String>>,
}

impl Listing {
    /// A listing without values.
    #[must_use]
    pub fn new(source: Source, retrieved_at: Timestamp, confidence: Confidence) -> Self {
        Self {
            source,
            retrieved_at,
            confidence,
            values: BTreeMap::new(),
        }
    }

    /// Sets a value; a blank one is none.
    #[must_use]
    pub fn with(mut self, field: ListingField, value: Untrusted<String>) -> Self {
        if !value.inspect(|text| text.trim().is_empty()) {
            self.values.insert(field, value);
        }
        self
    }

    /// What a hand-off says that a source says.
    #[must_use]
    pub fn of_listed(listed: &Listed) -> Self {
        let sure = match listed.source.kind() {
            SourceKind::Website | SourceKind::Register => 90,
            _ => 70,
        };
        let listing = Self::new(
            listed.source.clone(),
            listed.read_at,
            Confidence::saturating(sure),
        );
        listed
            .values
            .iter()
            .fold(listing, |listing, (field, value)| {
                listing.with(*field, Untrusted::new(value.clone()))
            })
    }

    /// What a site says about its own business: structured data first, then what stands
    /// on the page. `None` where it names nothing that a directory lists.
    #[must_use]
    pub fn of_page(facts: &PageFacts, source: Source, at: Timestamp) -> Option<Self> {
        let business = facts.businesses.first().cloned().unwrap_or_default();
        let mut listing = Self::of_business(&business, source, at);
        let address = facts.addresses.first().cloned().unwrap_or_default();
        let first = |found: &[dealwright_core::page::Found]| found.first().map(|f| f.value.clone());
        for (field, value) in [
            (ListingField::Street, address.street),
            (ListingField::PostalCode, address.postal_code),
            (ListingField::City, address.locality),
            (ListingField::Region, address.region),
            (ListingField::Phone, first(&facts.phones)),
            (ListingField::Email, first(&facts.emails)),
        ] {
            if let (Some(value), None) = (value, listing.value(field)) {
                listing = listing.with(field, value);
            }
        }
        (!listing.values.is_empty()).then_some(listing)
    }

    /// What structured data says about a business.
    #[must_use]
    pub fn of_business(business: &BusinessData, source: Source, at: Timestamp) -> Self {
        let hours: Vec<String> = business
            .opening_hours
            .iter()
            .map(|hours| hours.inspect(String::clone))
            .collect();
        let address = business.address.clone();
        let mut listing = Self::new(source, at, Confidence::saturating(90));
        for (field, value) in [
            (ListingField::Name, business.name.clone()),
            (ListingField::Street, address.street),
            (ListingField::PostalCode, address.postal_code),
            (ListingField::City, address.locality),
            (ListingField::Region, address.region),
            (ListingField::Country, address.country),
            (ListingField::Phone, business.telephone.clone()),
            (ListingField::Email, business.email.clone()),
            (ListingField::Website, business.url.clone()),
            (ListingField::Hours, Some(Untrusted::new(hours.join("; ")))),
            (
                ListingField::Category,
                business.types.first().cloned().map(Untrusted::new),
            ),
        ] {
            if let Some(value) = value {
                listing = listing.with(field, value);
            }
        }
        listing
    }

    /// Who lists it.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// When it was read.
    #[must_use]
    pub fn retrieved_at(&self) -> Timestamp {
        self.retrieved_at
    }

    /// How sure its source is.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// A value.
    #[must_use]
    pub fn value(&self, field: ListingField) -> Option<&Untrusted<String>> {
        self.values.get(&field)
    }

    /// The country, where one is listed that we know.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        let value = self.value(ListingField::Country)?;
        value.inspect(|text| {
            Country::parse(text.trim())
                .or_else(|_| Country::parse_name(text))
                .ok()
        })
    }
}
