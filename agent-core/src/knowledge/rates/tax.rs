use serde::{Deserialize, Serialize};

use crate::knowledge::Slug;
use crate::money::Rate;
use crate::party::Country;

/// Whether the client buys for a business or for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientKind {
    /// For a business.
    Business,
    /// For themselves.
    Consumer,
}

/// The facts about a client that decide on tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxSubject {
    /// Where they are established or live.
    pub country: Country,
    /// For what they buy.
    pub client: ClientKind,
    /// Whether they gave a VAT number that was checked.
    pub vat_id: bool,
}

/// How a line is taxed, in the codes of EN 16931.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TaxCategory {
    /// At a rate (S).
    Standard,
    /// At zero (Z).
    Zero,
    /// Exempt (E).
    Exempt,
    /// The recipient owes the tax (AE).
    ReverseCharge,
    /// Not subject to it here (O).
    OutsideScope,
}

impl TaxCategory {
    /// The code of UNTDID 5305 that EN 16931 uses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Standard => "S",
            Self::Zero => "Z",
            Self::Exempt => "E",
            Self::ReverseCharge => "AE",
            Self::OutsideScope => "O",
        }
    }
}

/// One rule of tax; `None` in a condition fits everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRule {
    /// Its name.
    pub id: Slug,
    /// Fits clients of these countries; empty fits all.
    #[serde(default)]
    pub countries: Vec<Country>,
    /// Fits clients inside (or outside) the European Union.
    #[serde(default)]
    pub eu: Option<bool>,
    /// Fits businesses (or consumers).
    #[serde(default)]
    pub client: Option<ClientKind>,
    /// Fits clients with (or without) a checked VAT number.
    #[serde(default)]
    pub vat_id: Option<bool>,
    /// Fits lines of this class.
    #[serde(default)]
    pub class: Option<Slug>,
    /// How the line is taxed.
    pub category: TaxCategory,
    /// The rate; zero for all categories but standard.
    pub rate: Rate,
    /// The words that must stand on the invoice, such as `Reverse charge`.
    #[serde(default)]
    pub note: Option<String>,
}

impl TaxRule {
    /// Whether it decides for this client and class of lines.
    #[must_use]
    pub fn fits(&self, subject: &TaxSubject, class: &str) -> bool {
        (self.countries.is_empty() || self.countries.contains(&subject.country))
            && self.eu.is_none_or(|eu| eu == subject.country.is_eu())
            && self.client.is_none_or(|client| client == subject.client)
            && self.vat_id.is_none_or(|vat_id| vat_id == subject.vat_id)
            && self.class.as_ref().is_none_or(|c| c.as_str() == class)
    }
}
