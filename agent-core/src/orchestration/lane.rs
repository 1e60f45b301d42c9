use std::fmt;

use serde::{Deserialize, Serialize};

/// How soon a piece of work wants to be done. Ordered: [`Urgent`](Self::Urgent) is first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Lane {
    /// Somebody waits: an opt-out, an answer, a failed payment.
    Urgent,
    /// The usual.
    #[default]
    Normal,
    /// May wait for an off-peak window and be grouped.
    Batch,
}

impl Lane {
    /// Every lane, first to last.
    pub const ALL: [Self; 3] = [Self::Urgent, Self::Normal, Self::Batch];

    /// Its place among them, from 0.
    #[must_use]
    pub const fn place(self) -> u8 {
        match self {
            Self::Urgent => 0,
            Self::Normal => 1,
            Self::Batch => 2,
        }
    }

    /// The word in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Normal => "normal",
            Self::Batch => "batch",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much a piece of work matters among its equals: 1 most, 5 least, 3 unless said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Priority(u8);

impl Priority {
    /// Matters most.
    pub const HIGHEST: Self = Self(1);
    /// Unless said otherwise.
    pub const DEFAULT: Self = Self(3);
    /// Matters least.
    pub const LOWEST: Self = Self(5);

    /// A priority of 1 to 5.
    ///
    /// # Errors
    ///
    /// [`PriorityError`] outside of them.
    pub const fn new(priority: u8) -> Result<Self, PriorityError> {
        if priority >= 1 && priority <= 5 {
            Ok(Self(priority))
        } else {
            Err(PriorityError(priority))
        }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A priority outside of 1 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a priority is 1 (most) to 5 (least), not {0}")]
pub struct PriorityError(u8);

impl TryFrom<u8> for Priority {
    type Error = PriorityError;

    fn try_from(priority: u8) -> Result<Self, Self::Error> {
        Self::new(priority)
    }
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> Self {
        priority.0
    }
}
