use dealwright_core::party::{Country, DomainName, EmailAddress, LegalForm, PhoneNumber};
use dealwright_core::personal::Personal;
use dealwright_core::provenance::{Confidence, Field, Source, SourceKind, Sourced};
use rust_decimal::Decimal;

use super::{IntakeRecord, WebsiteReading, fact_name};
use crate::facts::{Fact, FactValue, Facts};

/// What is believed of a lead. Every field keeps all values that were found, side by side.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// The name of the business.
    pub name: Field<String>,
    /// The person named.
    pub person: Field<Personal<String>>,
    /// The address.
    pub email: Field<Personal<EmailAddress>>,
    /// The number.
    pub phone: Field<Personal<PhoneNumber>>,
    /// The website.
    pub website: Field<DomainName>,
    /// Street and number.
    pub street: Field<String>,
    /// Place.
    pub locality: Field<String>,
    /// Country.
    pub country: Field<Country>,
    /// Zone.
    pub zone: Field<String>,
    /// Sector.
    pub sector: Field<String>,
    /// Legal form.
    pub legal_form: LegalForm,
    measures: Vec<(String, i64, String)>,
    noted: Vec<(String, String, String)>,
    sources: usize,
}

impl Profile {
    pub(crate) fn of(records: &[IntakeRecord], website: Option<&WebsiteReading>) -> Self {
        let mut profile = Self::default();
        let mut sources: Vec<&str> = records.iter().map(|r| r.source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        profile.sources = sources.len();
        for record in records {
            profile.add(record);
        }
        if let Some(reading) = website {
            profile.add_website(reading);
        }
        profile
    }

    fn add(&mut self, record: &IntakeRecord) {
        let source = Source::new(record.source.as_str(), SourceKind::Directory);
        let at = record.read_at;
        let sure = Confidence::saturating(80);
        macro_rules! take {
            ($($field:ident),*) => {$(
                if let Some(value) = record.$field.clone() {
                    self.$field.add(Sourced::new(value, source.clone(), at, sure));
                }
            )*};
        }
        take!(
            name, person, email, phone, website, street, locality, country, zone, sector
        );
        if self.legal_form == LegalForm::Unknown {
            self.legal_form = record.legal_form;
        }
        for (name, value) in &record.facts {
            self.noted
                .push((name.clone(), value.clone(), record.natural_key()));
        }
    }

    fn add_website(&mut self, reading: &WebsiteReading) {
        let source = Source::new(reading.domain.as_str(), SourceKind::Website);
        let at = reading.read_at;
        let sure = Confidence::saturating(80);
        if let Some(email) = reading.email.clone() {
            self.email
                .add(Sourced::new(email, source.clone(), at, sure));
        }
        if let Some(phone) = reading.phone.clone() {
            self.phone.add(Sourced::new(phone, source, at, sure));
        }
        for (name, value) in &reading.measures {
            self.measures
                .push((name.clone(), *value, reading.domain.as_str().to_owned()));
        }
    }

    /// The chosen name, or a word that stands for none.
    #[must_use]
    pub fn display_name(&self) -> String {
        self.name.choose().map_or_else(
            || "unnamed business".to_owned(),
            |c| c.value().value().clone(),
        )
    }

    /// The fields on which sources disagree, by name.
    #[must_use]
    pub fn disputed(&self) -> Vec<&'static str> {
        [
            ("name", self.name.is_disputed()),
            ("email", self.email.is_disputed()),
            ("phone", self.phone.is_disputed()),
            ("website", self.website.is_disputed()),
            ("street", self.street.is_disputed()),
        ]
        .into_iter()
        .filter_map(|(name, disputed)| disputed.then_some(name))
        .collect()
    }

    /// What criteria and scoring rules may look at. Nothing about a person is among it.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let mut facts = Facts::new();
        let mut set = |name: &'static str, value: FactValue, evidence: String| {
            if let Some(name) = fact_name(name) {
                facts.set(name, Fact::new(value, evidence));
            }
        };
        fn of<T: PartialEq>(field: &Field<T>) -> Option<String> {
            field.choose().map(|c| c.value().source().name().to_owned())
        }
        if let Some(choice) = self.sector.choose() {
            let value = choice.value().value().clone();
            set(
                "sector",
                FactValue::Text(value),
                choice.value().source().name().to_owned(),
            );
        }
        if let Some(choice) = self.locality.choose() {
            let value = choice.value().value().clone();
            set(
                "locality",
                FactValue::Text(value),
                choice.value().source().name().to_owned(),
            );
        }
        if let Some(choice) = self.country.choose() {
            let value = choice.value().value().code().to_owned();
            set(
                "country",
                FactValue::Text(value),
                choice.value().source().name().to_owned(),
            );
        }
        if let Some(source) = of(&self.name) {
            set("named", FactValue::Flag(true), source);
        }
        if let Some(source) = of(&self.street) {
            set("has-street", FactValue::Flag(true), source);
        }
        let all = format!("{} sources", self.sources);
        set(
            "has-email",
            FactValue::Flag(of(&self.email).is_some()),
            all.clone(),
        );
        set(
            "has-phone",
            FactValue::Flag(of(&self.phone).is_some()),
            all.clone(),
        );
        set(
            "has-website",
            FactValue::Flag(of(&self.website).is_some()),
            all.clone(),
        );
        set(
            "sources",
            FactValue::Number(Decimal::from(self.sources)),
            all.clone(),
        );
        let disputed = self.disputed();
        set(
            "disagreements",
            FactValue::Number(Decimal::from(disputed.len())),
            disputed.join(", "),
        );
        for (name, value, evidence) in &self.measures {
            if let Ok(name) = crate::facts::FactName::parse(format!("website-{name}")) {
                facts.set(
                    name,
                    Fact::new(FactValue::Number(Decimal::from(*value)), evidence.clone()),
                );
            }
        }
        for (name, value, evidence) in &self.noted {
            if let Ok(name) = crate::facts::FactName::parse(name.clone()) {
                facts.set(
                    name,
                    Fact::new(FactValue::Text(value.clone()), evidence.clone()),
                );
            }
        }
        facts
    }
}
