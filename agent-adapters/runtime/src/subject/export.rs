use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dealwright_core::access::Action;
use dealwright_core::canonical::Digest32;
use dealwright_core::error::PortError;
use dealwright_core::party::EmailAddress;
use dealwright_core::process::{Actor, Process, ProcessKey};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Consent, Recipient, Suppression};
use dealwright_deals::deal::{Deal, DealState, DocumentKey};
use dealwright_discovery::lead::Lead;
use serde::Serialize;
use serde_json::Value;

use super::find::Person;
use crate::Agency;

/// Everything that is kept of one person, for them to have.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SubjectExport {
    /// The address that was asked about.
    pub address: String,
    /// When it was put together.
    pub made_at: Timestamp,
    /// Every value of theirs, each once, with all places it stands in.
    pub values: Vec<ExportedValue>,
    /// What is kept of the business beside them, and what was decided about it.
    pub judgements: Vec<ExportedJudgement>,
    /// Whether they are written to; `None` where nobody ever asked to.
    pub standing: Option<ExportedStanding>,
    /// Papers that were made for them.
    pub documents: Vec<ExportedDocument>,
    /// What adapters hold outside of the store.
    pub files: Vec<ExportedFile>,
}

/// A value of theirs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ExportedValue {
    /// The value; `null` where it was erased.
    pub value: Value,
    /// What it may be used for.
    pub purposes: Vec<String>,
    /// Where it comes from, where that is known.
    pub source: Option<String>,
    /// Where it stands.
    pub places: Vec<ValuePlace>,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct ValuePlace {
    /// In which case or gate.
    pub process: String,
    /// In which part of it: `input`, `event`, `state`, `waiting work`.
    pub part: &'static str,
    /// With which step it came there; `None` for a state.
    pub revision: Option<u64>,
    /// When.
    pub at: Option<Timestamp>,
    /// The fields down to it.
    pub field: String,
}

/// What is kept of a business and was decided about it, by which logic.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ExportedJudgement {
    /// The lead.
    pub lead: String,
    /// The records that sources have of it, without what stands under `values`.
    pub records: Value,
    /// Where it stands.
    pub phase: String,
    /// Its score.
    pub score: i64,
    /// The reasons, which sum to the score.
    pub reasons: Value,
}

/// Whether they are written to.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ExportedStanding {
    /// What stands against writing.
    pub suppressions: Vec<Suppression>,
    /// What they agreed to.
    pub consents: Vec<Consent>,
    /// Letters to them, by name, and where each stands.
    pub letters: BTreeMap<String, Value>,
}

/// A paper that was made for them.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ExportedDocument {
    /// The deal.
    pub deal: String,
    /// Its name there: `contract-1`.
    pub name: String,
    /// Its SHA-256.
    pub hash: String,
    /// Its bytes in base64; `None` where they are gone.
    pub base64: Option<String>,
}

/// Something that an adapter holds.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ExportedFile {
    /// The adapter.
    pub holder: &'static str,
    /// Where it stands.
    pub place: String,
    /// What it is.
    pub what: String,
    /// Its text, where it is one.
    pub text: Option<String>,
    /// Its bytes in base64, where it is none.
    pub base64: Option<String>,
}

impl Agency {
    /// Everything that is kept of the person behind an address, for `by`: what the store holds of
    /// them in any process, their papers, and what the configured holders have. Where nothing is
    /// kept, the lists are empty.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not; those of the store, the blobs and the holders.
    pub async fn subject_export(
        &self,
        by: &Actor,
        address: &EmailAddress,
        now: Timestamp,
    ) -> Result<SubjectExport, PortError> {
        self.may(by, Action::ExportSubject)?;
        let person = self.person(address).await?;
        let mut files = Vec::new();
        for holder in &self.rights.holders {
            for held in holder.held(address).await? {
                let (text, base64) = match String::from_utf8(held.bytes) {
                    Ok(text) => (Some(text), None),
                    Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
                };
                files.push(ExportedFile {
                    holder: holder.name(),
                    place: held.place,
                    what: held.what,
                    text,
                    base64,
                });
            }
        }
        let mut documents = Vec::new();
        for (deal, name, hash) in self.papers(&person).await? {
            let bytes = self.blobs().get(hash).await?;
            documents.push(ExportedDocument {
                deal: deal.id().to_owned(),
                name: name.name(),
                hash: hash.to_hex(),
                base64: bytes.map(|b| STANDARD.encode(b)),
            });
        }
        Ok(SubjectExport {
            address: address.as_str().to_owned(),
            made_at: now,
            values: self.grouped(&person).await?,
            judgements: self.judgements(&person).await?,
            standing: self.standing(address).await?,
            documents,
            files,
        })
    }

    async fn grouped(&self, person: &Person) -> Result<Vec<ExportedValue>, PortError> {
        let mut values: BTreeMap<(String, String), ExportedValue> = BTreeMap::new();
        for standing in self.values_of(person).await? {
            let value = standing.value.value.unwrap_or(Value::Null);
            let key = (standing.value.subject, value.to_string());
            let known = values.entry(key).or_insert_with(|| ExportedValue {
                value,
                purposes: standing.value.purposes.into_iter().collect(),
                source: None,
                places: Vec::new(),
            });
            if known.source.is_none() {
                known.source = standing.value.source;
            }
            known.places.push(ValuePlace {
                process: standing.process.to_string(),
                part: standing.part,
                revision: standing.revision,
                at: standing.at,
                field: standing.value.path,
            });
        }
        Ok(values.into_values().collect())
    }

    async fn judgements(&self, person: &Person) -> Result<Vec<ExportedJudgement>, PortError> {
        let mut found = Vec::new();
        for lead in of_kind::<Lead>(person) {
            let Some((_, state)) = self.host().state::<Lead>(lead).await? else {
                continue;
            };
            found.push(ExportedJudgement {
                lead: lead.id().to_owned(),
                records: json(&state.records())?,
                phase: state.phase().word().to_owned(),
                score: state.score(),
                reasons: json(&state.reasons())?,
            });
        }
        Ok(found)
    }

    async fn standing(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<ExportedStanding>, PortError> {
        let recipient = self.host().recipient(address);
        let Some((_, state)) = self.host().state::<Recipient>(&recipient).await? else {
            return Ok(None);
        };
        let letters = state.intents().iter();
        Ok(Some(ExportedStanding {
            suppressions: state.suppressions().to_vec(),
            consents: state.consents().to_vec(),
            letters: letters
                .map(|(name, intent)| Ok((name.clone(), json(&intent.phase)?)))
                .collect::<Result<_, PortError>>()?,
        }))
    }

    /// The papers of a person's deals.
    pub(super) async fn papers(
        &self,
        person: &Person,
    ) -> Result<Vec<(ProcessKey, DocumentKey, Digest32)>, PortError> {
        let mut found = Vec::new();
        for deal in of_kind::<Deal>(person) {
            let Some((_, state)) = self.host().state::<Deal>(deal).await? else {
                continue;
            };
            for name in names(&state) {
                if let Some(hash) = state.document(&name) {
                    found.push((deal.clone(), name, hash));
                }
            }
        }
        Ok(found)
    }
}

fn names(state: &DealState) -> Vec<DocumentKey> {
    let versions = state.proposals().map(|p| p.versions()).unwrap_or_default();
    let offers = versions.iter().flat_map(|version| {
        let number = version.number();
        [DocumentKey::Proposal(number), DocumentKey::Contract(number)]
    });
    let invoices = state.invoices().keys().copied().map(DocumentKey::Invoice);
    offers.chain(invoices).collect()
}

/// The processes of a kind in which something of a person stands.
pub(super) fn of_kind<P: Process>(person: &Person) -> impl Iterator<Item = &ProcessKey> {
    person.processes.iter().filter(|p| p.kind() == P::KIND)
}

fn json(value: &impl Serialize) -> Result<Value, PortError> {
    serde_json::to_value(value).map_err(|e| {
        PortError::new("export", dealwright_core::error::PortErrorKind::Invalid).with_source(e)
    })
}
