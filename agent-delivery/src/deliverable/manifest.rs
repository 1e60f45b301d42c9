use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::canonical::{self, CanonicalError, Digest32};
use dealwright_core::id::{DeliverableId, ProjectId, RequirementId};
use dealwright_core::knowledge::Slug;
use serde::{Deserialize, Serialize};

use crate::execute::{ProducedPart, WorkerIdentity};

/// The id of a deliverable; the same for all its versions.
#[must_use]
pub fn deliverable_of(
    project: ProjectId,
    service: &Slug,
    occurrence: u32,
    template: &Slug,
) -> DeliverableId {
    DeliverableId::derive(&[
        project.uuid().as_bytes(),
        service.as_bytes(),
        &occurrence.to_be_bytes(),
        template.as_bytes(),
    ])
}

/// How a part came about, in the terms of the IPTC's vocabulary of digital source types, so
/// that programs can read the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Origin {
    /// Made by a person.
    #[serde(rename = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation")]
    Person,
    /// Made by code without a trained model.
    #[serde(rename = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia")]
    Tool,
    /// Made by a trained model.
    #[serde(rename = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia")]
    Model,
}

impl Origin {
    fn of(worker: &WorkerIdentity) -> Self {
        match worker {
            WorkerIdentity::Person { .. } => Self::Person,
            WorkerIdentity::Tool { .. } => Self::Tool,
            WorkerIdentity::Model { .. } => Self::Model,
        }
    }
}

/// One file of a deliverable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its media type.
    pub media_type: String,
    /// The hash of its bytes.
    pub digest: Digest32,
    /// Its size in bytes.
    pub bytes: u64,
    /// How it came about.
    pub origin: Origin,
    /// Who made it.
    pub made_by: WorkerIdentity,
}

/// What a manifest is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestHead {
    /// The deliverable.
    pub deliverable: DeliverableId,
    /// The service it belongs to.
    pub service: Slug,
    /// Which of the service's deliverables it is.
    pub template: Slug,
    /// Its version, from 1.
    pub version: u32,
    /// The requirements it answers.
    pub requirements: BTreeSet<RequirementId>,
}

/// A manifest as it stands in a file; not checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// What it is of.
    #[serde(flatten)]
    pub head: ManifestHead,
    /// The parts by name.
    pub parts: BTreeMap<String, Part>,
    /// Whether any part was made by a trained model.
    pub ai_made: bool,
    /// The hash of all of the above.
    pub hash: Digest32,
}

/// What a deliverable consists of, under one hash: head, parts with the hash of each, and the
/// mark of what a model made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ManifestFile", into = "ManifestFile")]
pub struct Manifest {
    head: ManifestHead,
    parts: BTreeMap<String, Part>,
    hash: Digest32,
}

/// Why a manifest was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Nothing in it.
    #[error("a deliverable has at least one part")]
    Empty,
    /// Two parts of one name.
    #[error("part `{name}` stands in the manifest twice; give each its own name")]
    Twice {
        /// The name.
        name: String,
    },
    /// A name that is no plain file name.
    #[error("`{name}` cannot name a part; use up to 120 letters, digits, `.`, `-` and `_`")]
    Name {
        /// The name.
        name: String,
    },
    /// Versions count from 1.
    #[error("version 0 does not exist; the first is 1")]
    Version,
    /// The hash or the mark is not that of the content.
    #[error("the manifest says {stated}, its content says otherwise; it was changed")]
    Changed {
        /// What it says.
        stated: String,
    },
    /// It cannot be hashed.
    #[error(transparent)]
    Hash(#[from] CanonicalError),
}

/// A part that is not what the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// Its bytes are not there.
    Missing(String),
    /// Its bytes are others.
    Changed(String),
}

impl Manifest {
    /// Puts parts, each with who made it, under a manifest.
    ///
    /// # Errors
    ///
    /// [`ManifestError`] where there is no part, a name is taken twice or is no file name, or
    /// the version is 0.
    pub fn assemble(
        head: ManifestHead,
        parts: impl IntoIterator<Item = (ProducedPart, WorkerIdentity)>,
    ) -> Result<Self, ManifestError> {
        let mut entries = BTreeMap::new();
        for (produced, worker) in parts {
            let name = produced.name;
            let part = Part {
                media_type: produced.media_type,
                digest: produced.digest,
                bytes: produced.bytes,
                origin: Origin::of(&worker),
                made_by: worker,
            };
            if entries.insert(name.clone(), part).is_some() {
                return Err(ManifestError::Twice { name });
            }
        }
        Self::of(head, entries)
    }

    /// What it is of.
    #[must_use]
    pub fn head(&self) -> &ManifestHead {
        &self.head
    }

    /// The parts by name.
    #[must_use]
    pub fn parts(&self) -> &BTreeMap<String, Part> {
        &self.parts
    }

    /// The hash of head, parts and mark.
    #[must_use]
    pub fn hash(&self) -> Digest32 {
        self.hash
    }

    /// Whether any part was made by a trained model.
    #[must_use]
    pub fn is_ai_made(&self) -> bool {
        self.parts.values().any(|p| p.origin == Origin::Model)
    }

    /// Everybody who made a part.
    #[must_use]
    pub fn producers(&self) -> BTreeSet<&WorkerIdentity> {
        self.parts.values().map(|p| &p.made_by).collect()
    }

    /// The names of parts that the other manifest lacks or has otherwise, or has and this one
    /// lacks, in order.
    #[must_use]
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let names: BTreeSet<&'a String> = self.parts.keys().chain(other.parts.keys()).collect();
        names
            .into_iter()
            .filter(|name| self.parts.get(*name) != other.parts.get(*name))
            .map(String::as_str)
            .collect()
    }

    /// Holds the parts' bytes against the manifest; none where all is as it says.
    pub fn verify(&self, bytes: impl Fn(&str) -> Option<Vec<u8>>) -> Vec<Mismatch> {
        self.parts
            .iter()
            .filter_map(|(name, part)| match bytes(name) {
                None => Some(Mismatch::Missing(name.clone())),
                Some(found) => {
                    let same = Digest32::of(&found) == part.digest
                        && u64::try_from(found.len()) == Ok(part.bytes);
                    (!same).then(|| Mismatch::Changed(name.clone()))
                }
            })
            .collect()
    }

    fn of(head: ManifestHead, parts: BTreeMap<String, Part>) -> Result<Self, ManifestError> {
        if parts.is_empty() {
            return Err(ManifestError::Empty);
        }
        if head.version == 0 {
            return Err(ManifestError::Version);
        }
        if let Some(name) = parts.keys().find(|name| !is_file_name(name)) {
            let name = name.chars().filter(|c| !c.is_control()).take(120).collect();
            return Err(ManifestError::Name { name });
        }
        let ai_made = parts.values().any(|p| p.origin == Origin::Model);
        let hash = canonical::hash_of(&(&head, &parts, ai_made))?;
        Ok(Self { head, parts, hash })
    }
}

impl TryFrom<ManifestFile> for Manifest {
    type Error = ManifestError;

    fn try_from(file: ManifestFile) -> Result<Self, Self::Error> {
        let manifest = Self::of(file.head, file.parts)?;
        if manifest.hash != file.hash {
            let stated = file.hash.to_hex();
            return Err(ManifestError::Changed { stated });
        }
        if manifest.is_ai_made() != file.ai_made {
            let stated = format!("ai_made = {}", file.ai_made);
            return Err(ManifestError::Changed { stated });
        }
        let honest = |part: &Part| part.origin == Origin::of(&part.made_by);
        match manifest.parts.iter().find(|(_, part)| !honest(part)) {
            None => Ok(manifest),
            Some((name, _)) => Err(ManifestError::Changed {
                stated: format!("an origin of `{name}`"),
            }),
        }
    }
}

impl From<Manifest> for ManifestFile {
    fn from(manifest: Manifest) -> Self {
        Self {
            ai_made: manifest.is_ai_made(),
            head: manifest.head,
            parts: manifest.parts,
            hash: manifest.hash,
        }
    }
}

/// A plain name: no folder, nothing hidden, no reserved sign of any system.
fn is_file_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (1..=120).contains(&name.len())
        && name.chars().all(plain)
        && !name.starts_with('.')
        && !name.ends_with('.')
}
