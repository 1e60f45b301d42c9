use serde::{Deserialize, Serialize};

use super::{Criterion, Need};
use crate::facts::{Fact, FactName, FactValue};

/// What a criterion found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "three-valued logic has three values; every caller must decide all"
)]
pub enum Outcome {
    /// The fact is known and meets the predicate.
    Pass,
    /// The fact is known and does not.
    Fail,
    /// The fact is not known, or not of the kind asked about.
    Unknown,
}

/// What to ask to settle a criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    criterion: String,
    field: FactName,
    text: String,
}

impl Question {
    pub(super) fn new(criterion: &str, field: FactName, text: &str) -> Self {
        Self {
            criterion: criterion.to_owned(),
            field,
            text: text.to_owned(),
        }
    }

    /// The criterion it settles.
    #[must_use]
    pub fn criterion(&self) -> &str {
        &self.criterion
    }

    /// The fact it asks for.
    #[must_use]
    pub fn field(&self) -> &FactName {
        &self.field
    }

    /// The question.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// One criterion's answer for one lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    criterion: String,
    need: Need,
    outcome: Outcome,
    asked: String,
    because: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input: Option<FactValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evidence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settled_by: Option<Question>,
}

impl Answer {
    pub(super) fn new(
        criterion: &Criterion,
        outcome: Outcome,
        fact: Option<&Fact>,
        settled_by: Option<Question>,
    ) -> Self {
        Self {
            criterion: criterion.id.clone(),
            need: criterion.need,
            outcome,
            asked: format!("{} {}", criterion.field, criterion.when),
            because: criterion.because.clone(),
            input: fact.map(|f| f.value().clone()),
            evidence: fact.map(|f| f.evidence().to_owned()),
            settled_by,
        }
    }

    /// The criterion's id.
    #[must_use]
    pub fn criterion(&self) -> &str {
        &self.criterion
    }

    /// How much it decides.
    #[must_use]
    pub fn need(&self) -> Need {
        self.need
    }

    /// What it found.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// What was asked, in words: `employees is at least 5`.
    #[must_use]
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// Why it is asked.
    #[must_use]
    pub fn because(&self) -> &str {
        &self.because
    }

    /// What it saw; `None` where the fact is not known.
    #[must_use]
    pub fn input(&self) -> Option<&FactValue> {
        self.input.as_ref()
    }

    /// Where that was seen.
    #[must_use]
    pub fn evidence(&self) -> Option<&str> {
        self.evidence.as_deref()
    }

    /// What would settle it; only for an unknown.
    #[must_use]
    pub fn settled_by(&self) -> Option<&Question> {
        self.settled_by.as_ref()
    }
}

/// What follows from the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every caller must say what it does with a lead that is not settled"
)]
pub enum Verdict {
    /// Worth a deal.
    Qualified,
    /// Not a client we want.
    NotQualified,
    /// Not settled: these questions are open, or, from a person, others.
    NeedsReview {
        /// What to ask, in the order of the criteria.
        questions: Vec<Question>,
    },
}

impl Verdict {
    /// Whether the lead is worth a deal.
    #[must_use]
    pub fn is_qualified(&self) -> bool {
        matches!(self, Self::Qualified)
    }
}

/// A verdict with every answer that led to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    criteria_version: u32,
    verdict: Verdict,
    answers: Vec<Answer>,
}

impl Assessment {
    pub(super) fn new(criteria_version: u32, verdict: Verdict, answers: Vec<Answer>) -> Self {
        Self {
            criteria_version,
            verdict,
            answers,
        }
    }

    /// The version of the criteria that were put.
    #[must_use]
    pub fn criteria_version(&self) -> u32 {
        self.criteria_version
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Every answer, in the order of the criteria.
    #[must_use]
    pub fn answers(&self) -> &[Answer] {
        &self.answers
    }

    /// Why the verdict is so, a line a criterion that bears on it: the fails for a refusal, the open ones for a
    /// review, the passes for a yes.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let deciding = match self.verdict {
            Verdict::Qualified => Outcome::Pass,
            Verdict::NotQualified => Outcome::Fail,
            Verdict::NeedsReview { .. } => Outcome::Unknown,
        };
        self.answers
            .iter()
            .filter(|a| a.outcome == deciding)
            .map(|a| match (&a.input, &a.evidence, &a.settled_by) {
                (_, _, Some(question)) => format!(
                    "{}: {} is not known; ask: {}",
                    a.criterion, question.field, question.text
                ),
                (Some(input), Some(evidence), None) => {
                    format!("{}: {}, found {input} ({evidence})", a.criterion, a.asked)
                }
                _ => format!("{}: {}", a.criterion, a.asked),
            })
            .collect()
    }
}
