use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How hard and how long we ask, before it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FetchParams {
    /// Milliseconds between two requests to one host, 0 to 600,000. A longer crawl
    /// delay of the site's own wins.
    pub min_interval_ms: u64,
    /// Milliseconds that a call waits for its turn, at most 600,000; where the turn is
    /// later, the call is refused with the time to come back.
    pub max_wait_ms: u64,
    /// Milliseconds for connecting, 1 to 60,000.
    pub connect_ms: u64,
    /// Milliseconds for one whole answer, 1 to 300,000.
    pub answer_ms: u64,
    /// Bytes of a body, after decompression, that are read, 1 to 64 MiB.
    pub body_bytes: u64,
    /// Redirects that are followed, 0 to 5.
    pub redirects: u8,
    /// Seconds for which a robots.txt is remembered, 1 to 86,400.
    pub robots_secs: u64,
}

impl Default for FetchParams {
    fn default() -> Self {
        Self {
            min_interval_ms: 1_000,
            max_wait_ms: 30_000,
            connect_ms: 5_000,
            answer_ms: 20_000,
            body_bytes: 2 * 1024 * 1024,
            redirects: 5,
            robots_secs: 86_400,
        }
    }
}

/// Why the parameters are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is {given}, it must be {least} to {most}")]
pub struct FetchParamsError {
    name: &'static str,
    given: u64,
    least: u64,
    most: u64,
}

impl FetchParams {
    /// Checks every range.
    ///
    /// # Errors
    ///
    /// [`FetchParamsError`] names the first parameter outside its range.
    pub fn check(self) -> Result<FetchPolicy, FetchParamsError> {
        for (name, given, least, most) in [
            ("min_interval_ms", self.min_interval_ms, 0, 600_000),
            ("max_wait_ms", self.max_wait_ms, 0, 600_000),
            ("connect_ms", self.connect_ms, 1, 60_000),
            ("answer_ms", self.answer_ms, 1, 300_000),
            ("body_bytes", self.body_bytes, 1, 64 * 1024 * 1024),
            ("redirects", u64::from(self.redirects), 0, 5),
            ("robots_secs", self.robots_secs, 1, 86_400),
        ] {
            if !(least..=most).contains(&given) {
                return Err(FetchParamsError {
                    name,
                    given,
                    least,
                    most,
                });
            }
        }
        Ok(FetchPolicy(self))
    }
}

/// Checked [`FetchParams`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FetchPolicy(FetchParams);

impl FetchPolicy {
    pub(crate) fn min_interval(&self) -> Duration {
        Duration::from_millis(self.0.min_interval_ms)
    }

    pub(crate) fn max_wait(&self) -> Duration {
        Duration::from_millis(self.0.max_wait_ms)
    }

    pub(crate) fn connect(&self) -> Duration {
        Duration::from_millis(self.0.connect_ms)
    }

    pub(crate) fn answer(&self) -> Duration {
        Duration::from_millis(self.0.answer_ms)
    }

    pub(crate) fn body_bytes(&self) -> usize {
        usize::try_from(self.0.body_bytes).unwrap_or(usize::MAX)
    }

    pub(crate) fn redirects(&self) -> usize {
        usize::from(self.0.redirects)
    }

    pub(crate) fn robots_age(&self) -> Duration {
        Duration::from_secs(self.0.robots_secs)
    }
}
