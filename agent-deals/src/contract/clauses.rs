use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::knowledge::Slug;
use dealwright_core::party::{Country, Language};
use serde::{Deserialize, Serialize};

/// A clause that a lawyer approved; its text stands in contracts as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Its name.
    pub id: Slug,
    /// Its heading.
    pub title: String,
    /// Its text; an empty line ends a paragraph.
    pub text: String,
    /// The language it is written in.
    pub language: Language,
    /// Whether it stands in every contract of its language and law.
    #[serde(default)]
    pub standing: bool,
    /// The laws it was approved for; empty for all.
    #[serde(default)]
    pub laws: Vec<Country>,
}

/// Clauses as they are written; not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClauseLibraryParams {
    /// The clauses, in the order of the contract.
    #[serde(default)]
    pub clauses: Vec<Clause>,
}

impl ClauseLibraryParams {
    /// Checks the library.
    ///
    /// # Errors
    ///
    /// [`ClauseError`] for two clauses of one name and language, or an empty one.
    pub fn check(self) -> Result<ClauseLibrary, ClauseError> {
        let mut seen = BTreeSet::new();
        for clause in &self.clauses {
            if !seen.insert((&clause.id, clause.language)) {
                return Err(ClauseError::Twice {
                    clause: clause.id.clone(),
                });
            }
            if clause.title.trim().is_empty() || clause.text.trim().is_empty() {
                return Err(ClauseError::Empty {
                    clause: clause.id.clone(),
                });
            }
        }
        Ok(ClauseLibrary(self))
    }
}

/// Why a library was refused, or a clause cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClauseError {
    /// Two clauses of one name.
    #[error("clause `{clause}` stands there twice in one language; give each its own name")]
    Twice {
        /// The clause.
        clause: Slug,
    },
    /// No title or text.
    #[error("clause `{clause}` has no title or no text")]
    Empty {
        /// The clause.
        clause: Slug,
    },
    /// No such clause in that language and law.
    #[error("clause `{clause}` is not approved for {law} in `{language}`")]
    NotApproved {
        /// The clause.
        clause: Slug,
        /// The law.
        law: Country,
        /// The language.
        language: Language,
    },
}

/// The clauses that may stand in a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ClauseLibraryParams", into = "ClauseLibraryParams")]
pub struct ClauseLibrary(ClauseLibraryParams);

impl ClauseLibrary {
    /// All clauses, in order.
    #[must_use]
    pub fn clauses(&self) -> &[Clause] {
        &self.0.clauses
    }

    /// The standing clauses of a language and law with those agreed beside them, in the order of
    /// the library.
    ///
    /// # Errors
    ///
    /// [`ClauseError::NotApproved`] for an agreed clause that the library does not have there.
    pub fn select(
        &self,
        agreed: &BTreeSet<Slug>,
        language: Language,
        law: Country,
    ) -> Result<Vec<Clause>, ClauseError> {
        let fits =
            |c: &&Clause| c.language == language && (c.laws.is_empty() || c.laws.contains(&law));
        let there: BTreeMap<&Slug, &Clause> = self
            .0
            .clauses
            .iter()
            .filter(fits)
            .map(|c| (&c.id, c))
            .collect();
        if let Some(clause) = agreed.iter().find(|id| !there.contains_key(id)) {
            return Err(ClauseError::NotApproved {
                clause: clause.clone(),
                law,
                language,
            });
        }
        let chosen = self.0.clauses.iter().filter(fits);
        Ok(chosen
            .filter(|c| c.standing || agreed.contains(&c.id))
            .cloned()
            .collect())
    }
}

impl TryFrom<ClauseLibraryParams> for ClauseLibrary {
    type Error = ClauseError;

    fn try_from(params: ClauseLibraryParams) -> Result<Self, Self::Error> {
        params.check()
    }
}

impl From<ClauseLibrary> for ClauseLibraryParams {
    fn from(library: ClauseLibrary) -> Self {
        library.0
    }
}
