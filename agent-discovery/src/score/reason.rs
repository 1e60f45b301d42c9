use std::fmt;

use serde::{Deserialize, Serialize};

/// What a rule is about. The four are kept apart, so that an opened mail moves engagement and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Dimension {
    /// Whether they are the clients we serve well.
    Fit,
    /// Whether they want something now.
    Intent,
    /// Whether they react to us.
    Engagement,
    /// What speaks against working with them.
    Risk,
    /// Learnt from outcomes: a scorecard mixes the four.
    Learned,
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fit => "fit",
            Self::Intent => "intent",
            Self::Engagement => "engagement",
            Self::Risk => "risk",
            Self::Learned => "learned",
        })
    }
}

/// One contribution to a score: which rule looked at what, what it saw and where, and the points it gave.
///
/// Points are stored in 32 bits, so that no sum of reasons that fits in memory can overflow the total's 64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    rule: String,
    dimension: Dimension,
    feature: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    points: i32,
    evidence: String,
}

impl Reason {
    /// A contribution of `rule`, which looked at `feature`.
    pub fn new(
        rule: impl Into<String>,
        dimension: Dimension,
        feature: impl Into<String>,
        points: i32,
    ) -> Self {
        Self {
            rule: rule.into(),
            dimension,
            feature: feature.into(),
            input: None,
            points,
            evidence: String::new(),
        }
    }

    /// What it saw; left out where the value was missing.
    #[must_use]
    pub fn with_input(mut self, input: impl Into<String>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// Where it saw it, or what the points rest on.
    #[must_use]
    pub fn with_evidence(mut self, evidence: impl Into<String>) -> Self {
        self.evidence = evidence.into();
        self
    }

    /// The rule's id.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// What the rule is about.
    #[must_use]
    pub fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// The fact, signal or column it looked at.
    #[must_use]
    pub fn feature(&self) -> &str {
        &self.feature
    }

    /// What it saw; `None` where the value was missing.
    #[must_use]
    pub fn input(&self) -> Option<&str> {
        self.input.as_deref()
    }

    /// What it gave.
    #[must_use]
    pub fn points(&self) -> i64 {
        i64::from(self.points)
    }

    /// Where it saw it, or what the points rest on.
    #[must_use]
    pub fn evidence(&self) -> &str {
        &self.evidence
    }
}

/// A total and the reasons that sum to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ScoreParts", into = "ScoreParts")]
pub struct Score {
    total: i64,
    reasons: Vec<Reason>,
}

impl Score {
    /// The score these reasons make: their sum.
    #[must_use]
    pub fn from_reasons(reasons: Vec<Reason>) -> Self {
        Self {
            total: reasons.iter().map(Reason::points).sum(),
            reasons,
        }
    }

    /// The sum of the reasons.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.total
    }

    /// Every contribution, in the order of the rules.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The sum of the reasons about one dimension.
    #[must_use]
    pub fn subtotal(&self, dimension: Dimension) -> i64 {
        self.reasons
            .iter()
            .filter(|reason| reason.dimension == dimension)
            .map(Reason::points)
            .sum()
    }
}

#[derive(Serialize, Deserialize)]
struct ScoreParts {
    total: i64,
    reasons: Vec<Reason>,
}

impl TryFrom<ScoreParts> for Score {
    type Error = ScoreError;

    fn try_from(parts: ScoreParts) -> Result<Self, Self::Error> {
        let score = Self::from_reasons(parts.reasons);
        if score.total == parts.total {
            Ok(score)
        } else {
            Err(ScoreError {
                total: parts.total,
                sum: score.total,
            })
        }
    }
}

impl From<Score> for ScoreParts {
    fn from(score: Score) -> Self {
        Self {
            total: score.total,
            reasons: score.reasons,
        }
    }
}

/// A stored score whose reasons do not make it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored score {total} differs from the sum {sum} of its reasons; score the lead again")]
pub struct ScoreError {
    total: i64,
    sum: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_that_its_reasons_do_not_make_is_refused() {
        let score = Score::from_reasons(vec![
            Reason::new("a", Dimension::Fit, "x", 3),
            Reason::new("b", Dimension::Risk, "y", -5).with_input("late"),
        ]);
        let mut value = serde_json::to_value(&score).unwrap();
        assert_eq!(
            serde_json::from_value::<Score>(value.clone()).unwrap(),
            score
        );
        value["total"] = 7.into();
        let error = serde_json::from_value::<Score>(value)
            .unwrap_err()
            .to_string();
        assert!(error.contains("7") && error.contains("-2"), "{error}");
    }
}
