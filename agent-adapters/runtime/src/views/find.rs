use std::fmt;

use dealwright_core::error::PortError;
use dealwright_core::process::{Actor, Process, ProcessKey};
use dealwright_deals::deal::Deal;
use dealwright_delivery::project::Project;
use dealwright_discovery::lead::Lead;
use serde::Serialize;

use crate::Agency;

/// The fewest characters of an id that are looked for without its prefix: fewer are a name.
const LEAST_DIGITS: usize = 4;

/// Something that a person's words stand for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Match {
    /// What it is.
    pub kind: MatchKind,
    /// Its id, whole.
    pub id: String,
    /// The business it is about.
    pub name: String,
    /// Where it stands, in a word or two.
    pub standing: String,
}

/// What a [`Match`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MatchKind {
    /// A lead.
    Lead,
    /// A deal.
    Deal,
    /// A project.
    Project,
    /// A letter, whatever became of it.
    Letter,
}

impl MatchKind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Deal => "deal",
            Self::Project => "project",
            Self::Letter => "letter",
        }
    }
}

impl fmt::Display for MatchKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Agency {
    /// What `words` stand for, for `by` to see: an id, the beginning of one, with or without its
    /// prefix, or else the name of a business in any case, whole or in part. An id beats what it
    /// is the beginning of, a whole name beats a part of one; several answers are equally good.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` where `by` may not see persons; those of the store.
    pub async fn find(&self, by: &Actor, words: &str) -> Result<Vec<Match>, PortError> {
        self.may_see_persons(by)?;
        let words = words.trim();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        for kind in [MatchKind::Lead, MatchKind::Deal, MatchKind::Project] {
            if words
                .strip_prefix(kind.word())
                .is_some_and(|rest| rest.starts_with('_'))
                && let Some(exact) = self.known(kind, self.key_of(kind, words)).await?
            {
                return Ok(vec![exact]);
            }
        }
        let mut found = self.by_id(words).await?;
        let named = words.chars().all(char::is_alphabetic);
        if found.is_empty() || (named && found.iter().all(|m| m.id != words)) {
            // `cafe` may be the beginning of an id, and is a name.
            found.extend(self.by_name(&words.to_lowercase()).await?);
            found.sort();
            found.dedup();
        }
        Ok(found)
    }

    async fn by_id(&self, words: &str) -> Result<Vec<Match>, PortError> {
        let lower = words.to_ascii_lowercase();
        let digits = lower
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || b == b'-')
            .then_some(lower.as_str())
            .filter(|d| d.len() >= LEAST_DIGITS);
        let mut found = Vec::new();
        for (kind, index) in [
            (MatchKind::Lead, "phase"),
            (MatchKind::Deal, "stage"),
            (MatchKind::Project, "phase"),
        ] {
            let tagged = format!("{kind}_");
            if digits.is_none() && !lower.starts_with(&tagged) {
                continue;
            }
            for key in self.indexed(kind.word(), index).await? {
                let tail = key.id().strip_prefix(&tagged).unwrap_or(key.id());
                let fits =
                    key.id().starts_with(&lower) || digits.is_some_and(|d| tail.starts_with(d));
                if fits && let Some(known) = self.known(kind, key).await? {
                    found.push(known);
                }
            }
        }
        let Some(digits) = digits else {
            return Ok(found);
        };
        for letter in self.letters_of(self.logged("recipient").await?).await? {
            // The whole hash, as an approval cites it, names the letter too.
            if letter.id.starts_with(digits) || letter.hash.to_hex().starts_with(digits) {
                let name = self.name_of(&letter.asker).await?;
                let standing = letter.standing.word().to_owned();
                if letter.id == digits {
                    return Ok(vec![Match {
                        kind: MatchKind::Letter,
                        id: letter.id,
                        name,
                        standing,
                    }]);
                }
                found.push(Match {
                    kind: MatchKind::Letter,
                    id: letter.id,
                    name,
                    standing,
                });
            }
        }
        Ok(found)
    }

    async fn by_name(&self, lower: &str) -> Result<Vec<Match>, PortError> {
        let (mut whole, mut part) = (Vec::new(), Vec::new());
        for key in self.indexed(Lead::KIND, "phase").await? {
            let Some(lead) = self.known(MatchKind::Lead, key).await? else {
                continue;
            };
            let name = lead.name.to_lowercase();
            if name == lower {
                whole.push(lead);
            } else if name.contains(lower) {
                part.push(lead);
            }
        }
        Ok(if whole.is_empty() { part } else { whole })
    }

    fn key_of(&self, kind: MatchKind, id: &str) -> ProcessKey {
        ProcessKey::new(self.host().tenant(), kind.word(), id)
    }

    async fn known(&self, kind: MatchKind, key: ProcessKey) -> Result<Option<Match>, PortError> {
        let host = self.host();
        let standing = match kind {
            MatchKind::Lead => host
                .state::<Lead>(&key)
                .await?
                .map(|(_, s)| s.phase().word()),
            MatchKind::Deal => host
                .state::<Deal>(&key)
                .await?
                .map(|(_, s)| s.stage().word()),
            MatchKind::Project => host
                .state::<Project>(&key)
                .await?
                .map(|(_, s)| s.phase().word()),
            MatchKind::Letter => None,
        };
        let Some(standing) = standing else {
            return Ok(None);
        };
        Ok(Some(Match {
            kind,
            id: key.id().to_owned(),
            name: self.name_of(&key).await?,
            standing: standing.to_owned(),
        }))
    }

    /// The business that a lead, a deal or a project is about; empty where nobody knows.
    pub(super) async fn name_of(&self, key: &ProcessKey) -> Result<String, PortError> {
        let host = self.host();
        let name = match key.kind() {
            Lead::KIND => host
                .state::<Lead>(key)
                .await?
                .map(|(_, s)| s.profile().display_name()),
            Deal::KIND => host
                .state::<Deal>(key)
                .await?
                .and_then(|(_, s)| s.lead()?.parts().account_name.clone()),
            Project::KIND => host
                .state::<Project>(key)
                .await?
                .and_then(|(_, s)| s.deal()?.parts().client.clone()),
            _ => None,
        };
        Ok(name.unwrap_or_default())
    }
}
