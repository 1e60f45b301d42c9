use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Country, Language, PartyError};

/// Where a letter can be sent: lines as on an envelope, without the addressee.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct PostalAddress {
    street: String,
    locality: String,
    region: Option<String>,
    postal_code: String,
    country: Country,
}

#[derive(Serialize, Deserialize)]
struct Parts {
    street: String,
    locality: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    postal_code: String,
    country: Country,
}

impl PostalAddress {
    /// An address; `street` may be a registered box (`PO Box 12`).
    ///
    /// # Errors
    ///
    /// [`PartyError::Postal`] where street or town is empty, a part spans lines, or a part is
    /// longer than 120 characters.
    pub fn new(
        street: impl Into<String>,
        locality: impl Into<String>,
        postal_code: impl Into<String>,
        country: Country,
    ) -> Result<Self, PartyError> {
        Self::check(Parts {
            street: street.into(),
            locality: locality.into(),
            region: None,
            postal_code: postal_code.into(),
            country,
        })
    }

    /// Adds the state or province: `IL`.
    ///
    /// # Errors
    ///
    /// [`PartyError::Postal`] as for the other parts.
    pub fn with_region(self, region: impl Into<String>) -> Result<Self, PartyError> {
        let mut parts = Parts::from(self);
        parts.region = Some(region.into());
        Self::check(parts)
    }

    /// Street and number, or box.
    #[must_use]
    pub fn street(&self) -> &str {
        &self.street
    }

    /// Town.
    #[must_use]
    pub fn locality(&self) -> &str {
        &self.locality
    }

    /// State or province.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Postal code; empty where the country has none.
    #[must_use]
    pub fn postal_code(&self) -> &str {
        &self.postal_code
    }

    /// Country.
    #[must_use]
    pub fn country(&self) -> Country {
        self.country
    }

    /// The lines of an envelope in the order of the country, the country's name last.
    #[must_use]
    pub fn lines(&self, language: Language) -> Vec<String> {
        let region = self.region.as_deref().unwrap_or_default();
        let town = match self.country.code() {
            "US" | "CA" => {
                let state = [region, &self.postal_code].join(" ");
                [self.locality.as_str(), state.trim()].join(", ")
            }
            "GB" => [self.locality.as_str(), &self.postal_code].join(" "),
            _ => [self.postal_code.as_str(), &self.locality].join(" "),
        };
        let town = town.trim().trim_end_matches(',').to_owned();
        vec![
            self.street.clone(),
            town,
            self.country.name(language).to_owned(),
        ]
    }

    fn check(parts: Parts) -> Result<Self, PartyError> {
        let bad = |reason| Err(PartyError::Postal { reason });
        let clean = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let given = [
            Some(&parts.street),
            Some(&parts.locality),
            parts.region.as_ref(),
            Some(&parts.postal_code),
        ];
        for text in given.into_iter().flatten() {
            if text.trim().chars().any(char::is_control) {
                return bad("a part holds line breaks or control characters");
            }
            if text.chars().count() > 120 {
                return bad("a part is longer than 120 characters");
            }
        }
        let address = Self {
            street: clean(&parts.street),
            locality: clean(&parts.locality),
            region: parts
                .region
                .map(|text| clean(&text))
                .filter(|text| !text.is_empty()),
            postal_code: clean(&parts.postal_code),
            country: parts.country,
        };
        if address.street.is_empty() || address.locality.is_empty() {
            return bad("it needs a street or box, and a town");
        }
        Ok(address)
    }
}

impl TryFrom<Parts> for PostalAddress {
    type Error = PartyError;

    fn try_from(parts: Parts) -> Result<Self, Self::Error> {
        Self::check(parts)
    }
}

impl From<PostalAddress> for Parts {
    fn from(address: PostalAddress) -> Self {
        Self {
            street: address.street,
            locality: address.locality,
            region: address.region,
            postal_code: address.postal_code,
            country: address.country,
        }
    }
}

impl fmt::Display for PostalAddress {
    /// One line, as at the foot of a letter.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines(Language::EN).join(", "))
    }
}
