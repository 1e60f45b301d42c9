use serde::{Deserialize, Serialize};

use super::{ContactPoint, Country, DomainName, Language, LegalForm, PostalAddress};
use crate::id::AccountId;

/// An organisation (or sole person) we may sell to.
///
/// Not a bank account, nor one of the ledger: that is
/// [`money::ledger::Account`](crate::money::ledger::Account).
#[doc(alias = "Company")]
#[doc(alias = "Organization")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    id: AccountId,
    name: String,
    legal_form: LegalForm,
    country: Option<Country>,
    language: Option<Language>,
    sector: Option<String>,
    website: Option<DomainName>,
    address: Option<PostalAddress>,
    points: Vec<ContactPoint>,
}

impl Account {
    /// An account; its legal form is read off the name where the name says it.
    #[must_use]
    pub fn new(id: AccountId, name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id,
            legal_form: LegalForm::from_name(&name),
            name,
            country: None,
            language: None,
            sector: None,
            website: None,
            address: None,
            points: Vec::new(),
        }
    }

    /// Says the legal form, where it is known better than from the name.
    #[must_use]
    pub fn with_legal_form(mut self, form: LegalForm) -> Self {
        self.legal_form = form;
        self
    }

    /// Adds the country whose law applies.
    #[must_use]
    pub fn with_country(mut self, country: Country) -> Self {
        self.country = Some(country);
        self
    }

    /// Adds the language they do business in.
    #[must_use]
    pub fn with_language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// Adds the sector, a slug such as `dental_practice`.
    #[must_use]
    pub fn with_sector(mut self, sector: impl Into<String>) -> Self {
        self.sector = Some(sector.into());
        self
    }

    /// Adds the website, without `www.`.
    #[must_use]
    pub fn with_website(mut self, website: DomainName) -> Self {
        self.website = Some(website.site());
        self
    }

    /// Adds the place of business; its country counts where none was given.
    #[must_use]
    pub fn with_address(mut self, address: PostalAddress) -> Self {
        self.country = self.country.or(Some(address.country()));
        self.address = Some(address);
        self
    }

    /// Adds a way to reach them; the same one twice stays one.
    #[must_use]
    pub fn with_point(mut self, point: ContactPoint) -> Self {
        if !self.points.contains(&point) {
            self.points.push(point);
        }
        self
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> AccountId {
        self.id
    }

    /// Its name as it may stand in a letter.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its legal form.
    #[must_use]
    pub fn legal_form(&self) -> LegalForm {
        self.legal_form
    }

    /// The country whose law applies.
    #[must_use]
    pub fn country(&self) -> Option<Country> {
        self.country
    }

    /// The language they do business in, or the one their country does.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        self.language
            .or_else(|| self.country.and_then(Language::of_country))
    }

    /// The sector.
    #[must_use]
    pub fn sector(&self) -> Option<&str> {
        self.sector.as_deref()
    }

    /// The website.
    #[must_use]
    pub fn website(&self) -> Option<&DomainName> {
        self.website.as_ref()
    }

    /// The place of business.
    #[must_use]
    pub fn address(&self) -> Option<&PostalAddress> {
        self.address.as_ref()
    }

    /// Ways to reach them, as they were found.
    #[must_use]
    pub fn points(&self) -> &[ContactPoint] {
        &self.points
    }
}
