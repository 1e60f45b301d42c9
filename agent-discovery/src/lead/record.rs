use std::collections::BTreeMap;

use dealwright_core::handoff::{Quotation, Requirement, RequirementKind, RequirementStatus};
use dealwright_core::id::{MessageId, RequirementId};
use dealwright_core::model::SuggestedNeed;
use dealwright_core::orchestration::Cost;
use dealwright_core::page::SourceName;
use dealwright_core::party::{Country, DomainName, EmailAddress, LegalForm, PhoneNumber};
use dealwright_core::personal::Personal;
use dealwright_core::provenance::Confidence;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::enrich::Found;
use crate::market::MarketSignal;

/// One record of one source, parsed and otherwise unchanged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntakeRecord {
    /// The source, in the terms register.
    pub source: SourceName,
    /// The record's key there: the same record read again has the same one.
    pub key: String,
    /// When it was read.
    pub read_at: Timestamp,
    /// The name of the business.
    pub name: Option<String>,
    /// The person named, where one is.
    pub person: Option<Personal<String>>,
    /// An address that parsed.
    pub email: Option<Personal<EmailAddress>>,
    /// A number that parsed.
    pub phone: Option<Personal<PhoneNumber>>,
    /// The website's domain.
    pub website: Option<DomainName>,
    /// Street and number.
    pub street: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Place.
    pub locality: Option<String>,
    /// Country.
    pub country: Option<Country>,
    /// The zone of the place, an IANA name.
    pub zone: Option<String>,
    /// The sector, in the business's own words.
    pub sector: Option<String>,
    /// The legal form, where the name or the record tells.
    pub legal_form: LegalForm,
    /// What we may tell the person about where the address came from, as a whole sentence; used
    /// where there is no [`attribution`](Self::attribution).
    pub source_notice: String,
    /// The words by which the source is named to the person, in a sentence of their language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// Whether the source's terms allow writing to people found there.
    pub contact_allowed: bool,
    /// Whether the source forbids harvesting or solicitation.
    pub no_solicitation: bool,
    /// What they asked, where they wrote first.
    pub inquiry: Option<Inquiry>,
    /// Needs that they voiced, with the words.
    pub requirements: Vec<Requirement>,
    /// Other facts, name and value.
    pub facts: BTreeMap<String, String>,
    /// Keyed hashes of domain, address and number, for finding it again.
    pub match_keys: Vec<String>,
    /// What feeds and posts say of it, where the record is of one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<MarketSignal>,
}

impl IntakeRecord {
    /// Whether the person it names was erased.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        let inquiry = self.inquiry.as_ref();
        self.person.as_ref().is_some_and(Personal::is_erased)
            || self.email.as_ref().is_some_and(Personal::is_erased)
            || self.phone.as_ref().is_some_and(Personal::is_erased)
            || inquiry.is_some_and(|i| i.text.is_erased())
    }

    /// A record with nothing but its origin.
    #[must_use]
    pub fn new(source: SourceName, key: impl Into<String>, read_at: Timestamp) -> Self {
        Self {
            source,
            key: key.into(),
            read_at,
            name: None,
            person: None,
            email: None,
            phone: None,
            website: None,
            street: None,
            postal_code: None,
            locality: None,
            country: None,
            zone: None,
            sector: None,
            legal_form: LegalForm::Unknown,
            source_notice: String::new(),
            attribution: None,
            contact_allowed: false,
            no_solicitation: false,
            inquiry: None,
            requirements: Vec::new(),
            facts: BTreeMap::new(),
            match_keys: Vec::new(),
            signals: Vec::new(),
        }
    }

    /// Source and key: what makes reading it twice one record.
    #[must_use]
    pub fn natural_key(&self) -> String {
        format!("{}#{}", self.source.as_str(), self.key)
    }
}

/// What somebody asked before we wrote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inquiry {
    /// When.
    pub at: Timestamp,
    /// Their words.
    pub text: Personal<Untrusted<String>>,
}

/// What a website's front page said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WebsiteReading {
    /// Its domain.
    pub domain: DomainName,
    /// When it was read.
    pub read_at: Timestamp,
    /// The HTTP status.
    pub status: u16,
    /// An address that stands openly on it.
    pub email: Option<Personal<EmailAddress>>,
    /// A number that stands on it.
    pub phone: Option<Personal<PhoneNumber>>,
    /// The language it says it is in.
    pub language: Option<String>,
    /// Whether it forbids harvesting or solicitation.
    pub no_solicitation: bool,
    /// What was measured, name and whole number; 1 and 0 for yes and no.
    pub measures: BTreeMap<String, i64>,
    /// What it says of the business, each value with its passage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<Found>,
    /// What a model made of it, where one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested: Option<PageSuggestion>,
}

/// How sure we are of a need that a model found on a page.
const SUGGESTED: Confidence = Confidence::saturating(30);

/// How far a model may help to read a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageReading {
    /// What it may find the business to need: the slug of the catalogue, and our words for it.
    pub needs: BTreeMap<String, String>,
    /// The most tokens that reading one page may take; a page that could take more is read by
    /// rules alone.
    pub most_tokens: u64,
}

/// What a model thinks a page says that its owner needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSuggestion {
    /// Which model, with its version.
    pub model: String,
    /// The needs, each with the page's own words; `None` where the answer was not as asked for.
    pub needs: Option<Vec<SuggestedNeed>>,
    /// What the call cost.
    pub cost: Cost,
}

impl WebsiteReading {
    /// What the model found that nobody said yet: open, implicit, and to be confirmed by the
    /// client, whatever the page said of itself.
    pub(super) fn requirements(&self, policy: Option<&PageReading>) -> Vec<Requirement> {
        let message = MessageId::derive(&[
            self.domain.as_str().as_bytes(),
            self.read_at.to_rfc3339().as_bytes(),
        ]);
        let suggested = self.suggested.as_ref().and_then(|s| s.needs.as_deref());
        suggested
            .unwrap_or_default()
            .iter()
            .filter_map(|found| {
                let statement = policy?.needs.get(&found.need)?;
                let length = u32::try_from(found.quote.len()).unwrap_or(u32::MAX);
                Some(Requirement {
                    id: RequirementId::derive(&[message.uuid().as_bytes(), found.need.as_bytes()]),
                    need: found.need.clone(),
                    statement: statement.clone(),
                    kind: RequirementKind::Implicit,
                    evidence: vec![Quotation {
                        message,
                        start: found.start,
                        end: found.start.saturating_add(length),
                        text: found.quote.clone(),
                    }],
                    confidence: SUGGESTED,
                    status: RequirementStatus::Open,
                    owner: None,
                    drivers: BTreeMap::new(),
                })
            })
            .collect()
    }

    /// What the page lacks that visitors or search engines look for: the measure that shows it,
    /// and the words for it.
    #[must_use]
    pub fn lacks(&self) -> Vec<(&'static str, &'static str)> {
        const WANTED: [(&str, &str); 6] = [
            ("title", "a title"),
            ("description", "a description for search results"),
            ("viewport", "a layout for telephones"),
            (
                "json-ld",
                "opening hours and address in a form that search engines read",
            ),
            ("contact", "a way to get in touch"),
            ("language", "a mark of its language"),
        ];
        if !(200..300).contains(&self.status) {
            return Vec::new();
        }
        WANTED
            .into_iter()
            .filter(|(measure, _)| self.measures.get(*measure) == Some(&0))
            .collect()
    }
}
