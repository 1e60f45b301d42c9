use serde::{Deserialize, Serialize};

use super::identity::Anchor;
use super::points::{Points, Probability};
use super::record::Role;

/// How far two records agree in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Level {
    /// The same but for spelling.
    Same,
    /// A slip apart: a letter, a neighbouring house.
    Close,
    /// One holds all of the other and more.
    Contained,
    /// Much in common.
    Partial,
    /// Something in common.
    Weak,
    /// Agrees, but another field that agrees implies it.
    Implied,
    /// Something is missing that would decide.
    Unclear,
    /// Nothing in common.
    Different,
}

impl Level {
    /// Every level, in the order of this enum.
    pub const ALL: [Self; 8] = [
        Self::Same,
        Self::Close,
        Self::Contained,
        Self::Partial,
        Self::Weak,
        Self::Implied,
        Self::Unclear,
        Self::Different,
    ];

    /// The word for it in reasons.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Close => "close",
            Self::Contained => "contained",
            Self::Partial => "partial",
            Self::Weak => "weak",
            Self::Implied => "implied",
            Self::Unclear => "unclear",
            Self::Different => "different",
        }
    }
}

/// What one field adds to a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reason {
    /// The field; `None` for what is against any two records being the same.
    pub field: Option<Role>,
    /// How far it agrees; `None` where there is no field.
    pub level: Option<Level>,
    /// What that is worth.
    pub points: Points,
}

/// A record that may be the same, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    pub(super) id: String,
    pub(super) group: String,
    pub(super) points: Points,
    pub(super) reasons: Vec<Reason>,
    pub(super) conflicts: Vec<Anchor>,
}

impl Match {
    /// The record in the index.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The group that record stands in; its own id where it was put in none.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The sum of the reasons' points.
    #[must_use]
    pub fn points(&self) -> Points {
        self.points
    }

    /// What the points mean.
    #[must_use]
    pub fn probability(&self) -> Probability {
        Probability::of(self.points)
    }

    /// Every compared field, in a fixed order, after what is against any match.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// What both have and contradict each other in, of the things that name a company.
    #[must_use]
    pub fn conflicts(&self) -> &[Anchor] {
        &self.conflicts
    }

    /// The reasons in a line: `prior=-36; name same=31; phone same=30`.
    #[must_use]
    pub fn explain(&self) -> String {
        let parts: Vec<String> = self
            .reasons
            .iter()
            .map(|reason| match (reason.field, reason.level) {
                (Some(field), Some(level)) => {
                    format!("{field} {}={}", level.word(), reason.points)
                }
                _ => format!("prior={}", reason.points),
            })
            .collect();
        parts.join("; ")
    }
}
