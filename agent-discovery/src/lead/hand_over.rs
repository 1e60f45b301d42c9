use std::collections::BTreeMap;

use dealwright_core::handoff::{
    LeadQualified, LeadQualifiedParts, Listed, ListingField, ReasonPoints, RecommendedService,
};
use dealwright_core::id::DealId;
use dealwright_core::knowledge::listed;
use dealwright_core::page::{FetchPurpose, SourceName};
use dealwright_core::party::{Country, DomainName, EmailAddress, Language};
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::process::{Decision, Refusal};
use dealwright_core::provenance::{Choice, Source, SourceKind, Sourced};
use dealwright_core::trust::LegalBasis;

use super::notice::Whence;
use super::{Answer, CHANNEL, Cx, IntakeRecord, LeadEvent, LeadState, Profile, WebsiteReading};
use crate::enrich::FieldValue;
use crate::facts::FactValue;

/// Hands a qualified lead to deals, with all that a first letter needs.
pub(super) fn hand_over(
    state: &LeadState,
    profile: &Profile,
    score: i64,
    reasons: Vec<ReasonPoints>,
    services: Vec<RecommendedService>,
    cx: &Cx<'_>,
) -> Answer {
    let policy = cx.policy();
    let lead = state
        .id
        .ok_or_else(|| Refusal::new("I7", "a lead without a record"))?;
    let chosen = profile.email.choose();
    let asking = state.records.iter().rev().find(|r| r.inquiry.is_some());
    let inquiry = asking.and_then(|r| r.inquiry.as_ref());
    let occurrence = state.occurrence.saturating_add(1);
    let country = profile
        .country
        .choose()
        .map(|c| *c.value().value())
        .or(policy.country);
    let language = state
        .website
        .as_ref()
        .and_then(|w| w.language.as_deref())
        .and_then(|tag| Language::parse(tag).ok())
        .or_else(|| country.and_then(Language::of_country))
        .filter(|language| policy.languages.contains(language))
        .unwrap_or(policy.language);
    let origin = Origin::of(state, chosen.as_ref().map(Choice::value), language, cx);
    // Who wrote to us is answered where they wrote from.
    let wrote_from = asking.and_then(|r| r.email.clone());
    let address = wrote_from.or_else(|| chosen.as_ref().map(|c| c.value().value().clone()));
    let basis = match inquiry {
        Some(inquiry) => LegalBasis::Inquiry { at: inquiry.at },
        None => LegalBasis::LegitimateInterest {
            assessment: policy.assessment.clone(),
        },
    };
    let mut facts = cited(profile, state.website.as_ref());
    let may_write = if origin.may_write { "yes" } else { "no" };
    facts.push(("may-write".to_owned(), may_write.to_owned()));
    let parts = LeadQualifiedParts {
        lead: Some(lead),
        occurrence,
        account: state.account(),
        account_name: Some(profile.display_name()),
        legal_form: Some(profile.legal_form),
        contact: state.contact(),
        contact_name: profile.person.choose().map(|c| c.value().value().clone()),
        address: address.clone(),
        country,
        zone: profile.zone.choose().map(|c| c.value().value().clone()),
        language: Some(language),
        channel: Some(CHANNEL),
        source_notice: Some(origin.notice),
        source: Some(origin.source),
        inbound: inquiry.is_some(),
        website: profile
            .website
            .choose()
            .map(|c| c.value().value().as_str().to_owned()),
        score: Some(score),
        reasons,
        win_probability: None,
        services,
        requirements: state
            .records
            .iter()
            .flat_map(|r| r.requirements.clone())
            .chain(
                state
                    .website
                    .iter()
                    .flat_map(|w| w.requirements(policy.reading.as_ref())),
            )
            .collect(),
        facts,
        listings: address.map(|address| {
            let said = listings(&state.records, state.website.as_ref());
            Personal::new(said, address.subject())
        }),
        basis: Some(basis),
    };
    let handoff =
        LeadQualified::try_from(parts).map_err(|e| Refusal::new("DF-1", e.to_string()))?;
    let deal = DealId::derive(&[lead.to_string().as_bytes(), &occurrence.to_be_bytes()]);
    Ok(Decision::nothing()
        .event(LeadEvent::HandedOver { occurrence, deal })
        .tell(
            cx.peer("deal", deal.to_string()),
            format!("qualified-{occurrence}"),
            &handoff,
        ))
}

/// Where the address came from: what decides on permission, and what the person is told.
struct Origin {
    source: String,
    notice: String,
    may_write: bool,
}

impl Origin {
    fn of(
        state: &LeadState,
        chosen: Option<&Sourced<Personal<EmailAddress>>>,
        language: Language,
        cx: &Cx<'_>,
    ) -> Self {
        let forbids = |r: &IntakeRecord| r.no_solicitation || !r.contact_allowed;
        let asking = state
            .records
            .iter()
            .rev()
            .find_map(|r| Some((r, r.inquiry.as_ref()?)));
        if let Some((record, inquiry)) = asking.filter(|(r, _)| r.email.is_some()) {
            return Self {
                source: record.source.as_str().to_owned(),
                notice: Whence::Wrote(inquiry.at).say(language),
                may_write: !forbids(record),
            };
        }
        // A record that brought the address speaks before anybody else who knows it.
        let record = chosen.and_then(|chosen| {
            let brought = |r: &&IntakeRecord| r.email.as_ref() == Some(chosen.value());
            state.records.iter().find(brought)
        });
        let first = state.records.first();
        let named = first.map_or_else(String::new, |r| r.source.as_str().to_owned());
        match (record, chosen.map(Sourced::source), state.website.as_ref()) {
            (Some(record), _, _) => Self {
                source: record.source.as_str().to_owned(),
                notice: of_record(record, language),
                may_write: !forbids(record),
            },
            (None, Some(source), _) if source.kind() == SourceKind::Person => Self {
                source: named,
                notice: Whence::Person.say(language),
                may_write: !first.is_some_and(forbids),
            },
            (None, Some(source), Some(reading)) if source.kind() == SourceKind::Website => Self {
                source: named,
                notice: Whence::Site(reading.domain.as_str()).say(language),
                may_write: !first.is_some_and(forbids) && !reading.no_solicitation,
            },
            (None, Some(source), _) => {
                let terms = &cx.policy().enrich.terms;
                let permitted = SourceName::parse(source.name()).is_ok_and(|name| {
                    terms
                        .permit(&name, FetchPurpose::Enrich, true, cx.now())
                        .is_ok()
                });
                Self {
                    source: source.name().to_owned(),
                    notice: Whence::Source(source.name()).say(language),
                    may_write: permitted && !first.is_some_and(forbids),
                }
            }
            (None, None, _) => Self {
                source: named,
                notice: first.map_or_else(String::new, |r| of_record(r, language)),
                may_write: false,
            },
        }
    }
}

/// A record's own words, else its source by the name that its terms give it.
fn of_record(record: &IntakeRecord, language: Language) -> String {
    match &record.attribution {
        Some(named) => Whence::Source(named).say(language),
        None if record.source_notice.trim().is_empty() => {
            Whence::Source(record.source.as_str()).say(language)
        }
        None => record.source_notice.clone(),
    }
}

/// What public sources say of the business: directories, of which the later of two records
/// counts, and its own website. A post that speaks of it is no listing.
fn listings(records: &[IntakeRecord], website: Option<&WebsiteReading>) -> Vec<Listed> {
    let purpose = Purpose::Delivery;
    let mut said: BTreeMap<&str, Listed> = BTreeMap::new();
    for record in records
        .iter()
        .filter(|r| r.signals.is_empty() && r.inquiry.is_none())
    {
        let name = record.source.as_str();
        let source = Source::new(name, SourceKind::Directory);
        let mut listed = said
            .remove(name)
            .unwrap_or_else(|| Listed::new(source, record.read_at));
        listed.read_at = listed.read_at.max(record.read_at);
        let phone = record.phone.as_ref().map(|p| p.reveal(purpose).as_str());
        let email = record.email.as_ref().map(|e| e.reveal(purpose).as_str());
        let listed = listed
            .with(ListingField::Name, record.name.as_deref())
            .with(ListingField::Street, record.street.as_deref())
            .with(ListingField::PostalCode, record.postal_code.as_deref())
            .with(ListingField::City, record.locality.as_deref())
            .with(ListingField::Country, record.country.map(Country::code))
            .with(ListingField::Phone, phone)
            .with(ListingField::Email, email)
            .with(
                ListingField::Website,
                record.website.as_ref().map(DomainName::as_str),
            )
            .with(
                ListingField::Hours,
                record.facts.get("hours").map(String::as_str),
            );
        said.insert(name, listed);
    }
    let mut all: Vec<Listed> = said.into_values().collect();
    all.extend(website.map(on_website).filter(|own| !own.values.is_empty()));
    all
}

/// What a business says of itself on its site, the first of each field.
fn on_website(reading: &WebsiteReading) -> Listed {
    let purpose = Purpose::Delivery;
    let source = Source::new(reading.domain.as_str(), SourceKind::Website);
    let mut own = Listed::new(source, reading.read_at);
    let mut add = |field, value: &str| {
        own.values.entry(field).or_insert_with(|| value.to_owned());
    };
    for found in &reading.found {
        match &found.value {
            FieldValue::Name(value) => add(ListingField::Name, value),
            FieldValue::Street(value) => add(ListingField::Street, value),
            FieldValue::PostalCode(value) => add(ListingField::PostalCode, value),
            FieldValue::Locality(value) => add(ListingField::City, value),
            FieldValue::Country(value) => add(ListingField::Country, value.code()),
            FieldValue::Phone(value) => add(ListingField::Phone, value.reveal(purpose).as_str()),
            FieldValue::Email(value) => add(ListingField::Email, value.reveal(purpose).as_str()),
            // That it is itself at its address nobody has to be told.
            FieldValue::Website(_) | FieldValue::Person(_) | FieldValue::Sector(_) => {}
        }
    }
    own
}

/// Facts about the business that may be cited to it, each of them something that stands in
/// public: what was found, and beside it where and when.
fn cited(profile: &Profile, website: Option<&WebsiteReading>) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            facts.push((name.to_owned(), value));
        }
    };
    let disputed: Vec<&str> = profile.disagreements().iter().map(|d| d.field).collect();
    add("disputed", disputed.join(", "));
    for disagreement in profile.disagreements() {
        let sources: Vec<&str> = disagreement
            .said
            .iter()
            .map(|s| s.source.as_str())
            .collect();
        let name = format!("disagreement-{}", disagreement.field);
        add(&format!("{name}-sources"), join(&sources));
        let shown: Vec<String> = disagreement
            .said
            .iter()
            .map(|s| format!("{} (read {}): {}", s.source, s.at.date_naive(), s.shown))
            .collect();
        add(&name, shown.join("; "));
    }
    if let Some(reading) = website {
        let lacks: Vec<&str> = reading.lacks().iter().map(|(_, words)| *words).collect();
        add("website-lacks", join(&lacks));
        add("website-read", reading.read_at.date_naive().to_string());
    }
    for (name, fact) in profile.facts().iter() {
        let value = match fact.value() {
            FactValue::Text(text) => text.clone(),
            FactValue::Number(number) => number.to_string(),
            FactValue::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        };
        add(name.as_str(), value);
    }
    facts
}

/// `a`, `a and b`, `a, b and c`; each once.
fn join(words: &[&str]) -> String {
    let mut once: Vec<&str> = Vec::with_capacity(words.len());
    for word in words {
        if !once.contains(word) {
            once.push(word);
        }
    }
    listed(&once, "and")
}
