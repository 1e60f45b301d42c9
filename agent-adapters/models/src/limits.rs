use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::SetupError;

/// How long and how much is asked for, before it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitParams {
    /// Tokens of one answer, 64 to 8,192. A model that thinks before it answers needs more than
    /// the 1,024 of the default.
    pub answer_tokens: u32,
    /// Milliseconds for connecting, 1 to 60,000.
    pub connect_ms: u64,
    /// Milliseconds without a byte of the answer, 1 to 300,000.
    pub idle_ms: u64,
    /// Milliseconds for one whole answer, 1 to 600,000.
    pub answer_ms: u64,
}

impl Default for LimitParams {
    fn default() -> Self {
        Self {
            answer_tokens: 1_024,
            connect_ms: 10_000,
            idle_ms: 60_000,
            answer_ms: 180_000,
        }
    }
}

impl LimitParams {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`SetupError::Limit`] names the first one outside its range.
    pub fn check(self) -> Result<Limits, SetupError> {
        for (name, given, least, most) in [
            ("answer_tokens", u64::from(self.answer_tokens), 64, 8_192),
            ("connect_ms", self.connect_ms, 1, 60_000),
            ("idle_ms", self.idle_ms, 1, 300_000),
            ("answer_ms", self.answer_ms, 1, 600_000),
        ] {
            SetupError::within(name, given, least, most)?;
        }
        Ok(Limits(self))
    }
}

/// Limits that hold together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits(LimitParams);

impl Limits {
    pub(crate) fn answer_tokens(self) -> u32 {
        self.0.answer_tokens
    }

    pub(crate) fn connect(self) -> Duration {
        Duration::from_millis(self.0.connect_ms)
    }

    pub(crate) fn idle(self) -> Duration {
        Duration::from_millis(self.0.idle_ms)
    }

    pub(crate) fn answer(self) -> Duration {
        Duration::from_millis(self.0.answer_ms)
    }
}
