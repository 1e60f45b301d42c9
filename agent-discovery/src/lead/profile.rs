use dealwright_core::party::{Country, DomainName, EmailAddress, LegalForm, PhoneNumber};
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::provenance::{Confidence, Field, Source, SourceKind, Sourced};
use dealwright_core::time::Timestamp;
use rust_decimal::Decimal;

use super::{Disagreement, IntakeRecord, WebsiteReading, disagreement, fact_name};
use crate::enrich::{FieldValue, Found};
use crate::facts::{Fact, FactName, FactValue, Facts, Signal};
use crate::market::MarketSignal;
use crate::resolve::alike_name;

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
    /// Postal code.
    pub postal_code: Field<String>,
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
    lacks: Vec<(&'static str, &'static str)>,
    signals: Vec<MarketSignal>,
    sources: usize,
}

/// Where a record's values come from, and how sure that makes them. Two rows of one source are
/// two statements.
fn origin(record: &IntakeRecord) -> (Source, Confidence) {
    // A post that speaks of a firm is no listing of it.
    let (kind, sure) = match (record.signals.is_empty(), &record.inquiry) {
        (_, Some(_)) => (SourceKind::Subject, 90),
        (true, None) => (SourceKind::Directory, 80),
        (false, None) => (SourceKind::Feed, 40),
    };
    let source = Source::new(record.source.as_str(), kind).with_url(record.natural_key());
    (source, Confidence::saturating(sure))
}

/// What a business is called: as the records with an address call it, so that nobody is written to
/// by another name than stands beside their address; else as the surest source does.
fn called(records: &[IntakeRecord]) -> String {
    let reachable = records
        .iter()
        .filter(|r| r.email.is_some() && r.signals.is_empty());
    let names: Vec<&str> = reachable.filter_map(|r| r.name.as_deref()).collect();
    let alike = |name: &str| {
        let others = records.iter().filter_map(|r| r.name.as_deref());
        others.filter(|other| alike_name(other, name)).count()
    };
    // The first of those that most agree with.
    let most = names.iter().map(|name| alike(name)).max();
    let first = names.iter().find(|name| Some(alike(name)) == most);
    first.map_or_else(
        || {
            let mut all = Profile::default();
            records.iter().for_each(|record| all.add_name(record));
            all.display_name()
        },
        |name| (*name).to_owned(),
    )
}

impl Profile {
    pub(crate) fn of(
        records: &[IntakeRecord],
        website: Option<&WebsiteReading>,
        found: &[Found],
    ) -> Self {
        let mut profile = Self::default();
        let listed = records.iter().filter(|r| r.signals.is_empty());
        let mut sources: Vec<&str> = listed.map(|r| r.source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        profile.sources = sources.len();
        // What is called otherwise shares a mailbox or a house with it and may be the neighbour:
        // nothing it says is said of this one, and nobody is written to on its account.
        let called = called(records);
        for record in records {
            let named = record.name.as_deref();
            if record.inquiry.is_some() || named.is_none_or(|n| alike_name(n, &called)) {
                profile.add_name(record);
                profile.add(record);
            }
        }
        if let Some(reading) = website {
            profile.add_website(reading);
        }
        for found in found {
            profile.add_found(found);
        }
        profile
    }

    fn add_name(&mut self, record: &IntakeRecord) {
        let (source, sure) = origin(record);
        if let Some(name) = record.name.clone() {
            let name = Sourced::new(name, source, record.read_at, sure);
            self.name.add(name);
        }
    }

    fn add(&mut self, record: &IntakeRecord) {
        let (source, sure) = origin(record);
        let at = record.read_at;
        self.signals.extend(record.signals.iter().cloned());
        macro_rules! take {
            ($($field:ident),*) => {$(
                if let Some(value) = record.$field.clone() {
                    self.$field.add(Sourced::new(value, source.clone(), at, sure));
                }
            )*};
        }
        // What was erased is not known any more.
        macro_rules! take_known {
            ($($field:ident),*) => {$(
                if let Some(value) = record.$field.clone().filter(|v| !v.is_erased()) {
                    self.$field.add(Sourced::new(value, source.clone(), at, sure));
                }
            )*};
        }
        take_known!(person, email, phone);
        take!(
            website,
            street,
            postal_code,
            locality,
            country,
            zone,
            sector
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
        for found in &reading.found {
            self.add_found(found);
        }
        let alone = reading.found.is_empty();
        // Readings from before passages were kept have these two alone.
        if let Some(email) = reading.email.clone().filter(|v| alone && !v.is_erased()) {
            self.email
                .add(Sourced::new(email, source.clone(), at, sure));
        }
        if let Some(phone) = reading.phone.clone().filter(|v| alone && !v.is_erased()) {
            self.phone.add(Sourced::new(phone, source, at, sure));
        }
        self.lacks = reading.lacks();
        for (name, value) in &reading.measures {
            self.measures
                .push((name.clone(), *value, reading.domain.as_str().to_owned()));
        }
    }

    fn add_found(&mut self, found: &Found) {
        macro_rules! add {
            ($field:ident, $value:expr) => {{
                let mut value = Sourced::new(
                    $value.clone(),
                    found.source.clone(),
                    found.retrieved_at,
                    found.confidence,
                );
                if let Some(passage) = found.passage.as_ref().filter(|p| !p.is_erased()) {
                    value = value.with_passage(passage.reveal(Purpose::Display).clone());
                }
                self.$field.add(value);
            }};
        }
        if found.value.is_erased() {
            return;
        }
        match &found.value {
            FieldValue::Name(value) => add!(name, value),
            FieldValue::Person(value) => add!(person, value),
            FieldValue::Email(value) => add!(email, value),
            FieldValue::Phone(value) => add!(phone, value),
            FieldValue::Website(value) => add!(website, value),
            FieldValue::Street(value) => add!(street, value),
            FieldValue::PostalCode(value) => add!(postal_code, value),
            FieldValue::Locality(value) => add!(locality, value),
            FieldValue::Country(value) => add!(country, value),
            FieldValue::Sector(value) => add!(sector, value),
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

    /// Where public sources disagree about the business, field by field, with what each says.
    #[must_use]
    pub fn disagreements(&self) -> Vec<Disagreement> {
        disagreement::of(self)
    }

    /// The fields on which public sources disagree, by name.
    #[must_use]
    pub fn disputed(&self) -> Vec<&'static str> {
        self.disagreements().iter().map(|d| d.field).collect()
    }

    /// [`facts`](Self::facts) and what feeds and posts say of it at `now`: a signal that has
    /// expired, or was not seen yet, gives nothing.
    #[must_use]
    pub fn facts_at(&self, now: Timestamp) -> Facts {
        let mut facts = self.facts();
        for signal in self.signals.iter().filter(|signal| signal.is_live(now)) {
            let Ok(name) = FactName::parse(format!("signal-{}", signal.kind.word())) else {
                continue;
            };
            let evidence = signal.reference();
            let fact = Fact::new(FactValue::Flag(true), evidence.clone());
            facts.set(name.clone(), fact.observed_at(signal.observed_at));
            facts.record(Signal::new(name, signal.observed_at, evidence));
        }
        facts
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
        let disagreements = self.disagreements();
        let shown: Vec<String> = disagreements.iter().map(Disagreement::to_string).collect();
        set(
            "disagreements",
            FactValue::Number(Decimal::from(disagreements.len())),
            shown.join("; "),
        );
        if let Some((_, _, domain)) = self.measures.first() {
            let words: Vec<&str> = self.lacks.iter().map(|(_, words)| *words).collect();
            set(
                "website-gaps",
                FactValue::Number(Decimal::from(words.len())),
                format!("{domain} lacks: {}", words.join(", ")),
            );
        }
        for (name, value, evidence) in &self.measures {
            if let Ok(name) = FactName::parse(format!("website-{name}")) {
                facts.set(
                    name,
                    Fact::new(FactValue::Number(Decimal::from(*value)), evidence.clone()),
                );
            }
        }
        for (name, value, evidence) in &self.noted {
            if let Ok(name) = FactName::parse(name.clone()) {
                facts.set(
                    name,
                    Fact::new(FactValue::Text(value.clone()), evidence.clone()),
                );
            }
        }
        facts
    }
}
