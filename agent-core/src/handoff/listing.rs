use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::provenance::Source;
use crate::time::Timestamp;

/// A field that directories list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every worker and writer must say what it does with each field"
)]
pub enum ListingField {
    /// The business' name.
    Name,
    /// Street and number.
    Street,
    /// Postal code.
    PostalCode,
    /// Town.
    City,
    /// State or region.
    Region,
    /// Country, as its two-letter code or its name.
    Country,
    /// Telephone.
    Phone,
    /// E-mail.
    Email,
    /// Website.
    Website,
    /// Opening hours.
    Hours,
    /// What kind of business it is.
    Category,
}

impl ListingField {
    /// All fields in the order in which they are shown.
    pub const ALL: [Self; 11] = [
        Self::Name,
        Self::Street,
        Self::PostalCode,
        Self::City,
        Self::Region,
        Self::Country,
        Self::Phone,
        Self::Email,
        Self::Website,
        Self::Hours,
        Self::Category,
    ];

    /// Its key in files and records, the one that importers use.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Street => "street",
            Self::PostalCode => "postal_code",
            Self::City => "city",
            Self::Region => "region",
            Self::Country => "country",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Website => "website",
            Self::Hours => "hours",
            Self::Category => "category",
        }
    }

    /// The field with this key.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.key() == key)
    }
}

/// What one public source says of a business, every value as written there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Who says it.
    pub source: Source,
    /// When it was read.
    pub read_at: Timestamp,
    /// What it says.
    pub values: BTreeMap<ListingField, String>,
}

impl Listed {
    /// A source that says nothing yet.
    #[must_use]
    pub fn new(source: Source, read_at: Timestamp) -> Self {
        Self {
            source,
            read_at,
            values: BTreeMap::new(),
        }
    }

    /// Adds what it says of a field; nothing and blanks are left out.
    #[must_use]
    pub fn with(mut self, field: ListingField, value: Option<&str>) -> Self {
        if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
            self.values.insert(field, value.to_owned());
        }
        self
    }
}
