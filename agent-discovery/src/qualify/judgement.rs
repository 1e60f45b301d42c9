use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Assessment, Verdict};

/// A person's word on a lead. It stands until that or another person withdraws it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    verdict: Verdict,
    by: String,
    why: String,
    at: DateTime<Utc>,
}

impl Override {
    /// A verdict that `by` gives for the reason `why`.
    ///
    /// # Errors
    ///
    /// [`OverrideError`] where the person or the reason is left out: both are kept with the verdict.
    pub fn new(
        verdict: Verdict,
        by: &str,
        why: &str,
        at: DateTime<Utc>,
    ) -> Result<Self, OverrideError> {
        let (by, why) = (by.trim(), why.trim());
        if by.is_empty() {
            return Err(OverrideError::NoPerson);
        }
        if why.is_empty() {
            return Err(OverrideError::NoReason);
        }
        Ok(Self {
            verdict,
            by: by.to_owned(),
            why: why.to_owned(),
            at,
        })
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Who gave it.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }

    /// Why.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }
}

/// Why a person's word cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OverrideError {
    /// Nobody named.
    #[error("the override names nobody; say who decides")]
    NoPerson,
    /// No reason.
    #[error("the override gives no reason; say why")]
    NoReason,
}

/// One line of a lead's history of judgements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JudgementEntry {
    /// The criteria were put; runs with the same result in a row are one line.
    Assessed {
        /// What came out.
        assessment: Assessment,
        /// The first such run.
        first: DateTime<Utc>,
        /// The last such run.
        last: DateTime<Utc>,
        /// How many there were.
        runs: u32,
    },
    /// A person decided.
    Overridden(Override),
    /// A person took the override back.
    Withdrawn {
        /// Who.
        by: String,
        /// When.
        at: DateTime<Utc>,
    },
}

/// What is held of a lead: what the criteria say, what a person says, and how both came about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    standing: Option<Override>,
    history: Vec<JudgementEntry>,
}

impl Judgement {
    /// Not judged yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a run of the criteria. A standing override is not touched by it.
    pub fn assessed(&mut self, assessment: Assessment, at: DateTime<Utc>) {
        if let Some(JudgementEntry::Assessed {
            assessment: before,
            last,
            runs,
            ..
        }) = self.history.last_mut()
            && *before == assessment
        {
            *last = at;
            *runs = runs.saturating_add(1);
            return;
        }
        self.history.push(JudgementEntry::Assessed {
            assessment,
            first: at,
            last: at,
            runs: 1,
        });
    }

    /// Takes a person's word; it replaces an earlier one, which stays in the history.
    pub fn overridden(&mut self, word: Override) {
        self.history.push(JudgementEntry::Overridden(word.clone()));
        self.standing = Some(word);
    }

    /// Takes the standing override back, so that the criteria count again; without one, nothing happens.
    pub fn withdrawn(&mut self, by: impl Into<String>, at: DateTime<Utc>) {
        if self.standing.take().is_some() {
            self.history
                .push(JudgementEntry::Withdrawn { by: by.into(), at });
        }
    }

    /// The verdict that counts: a person's where one stands, else the last run's; `None` before the first.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        match &self.standing {
            Some(word) => Some(word.verdict()),
            None => self.assessment().map(Assessment::verdict),
        }
    }

    /// The last run of the criteria, whatever a person said.
    #[must_use]
    pub fn assessment(&self) -> Option<&Assessment> {
        self.history.iter().rev().find_map(|entry| match entry {
            JudgementEntry::Assessed { assessment, .. } => Some(assessment),
            JudgementEntry::Overridden(_) | JudgementEntry::Withdrawn { .. } => None,
        })
    }

    /// A person's word, where one stands.
    #[must_use]
    pub fn standing(&self) -> Option<&Override> {
        self.standing.as_ref()
    }

    /// Everything that happened, oldest first.
    #[must_use]
    pub fn history(&self) -> &[JudgementEntry] {
        &self.history
    }
}
