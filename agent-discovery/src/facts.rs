//! What is known of a lead, as named values with their evidence, and the predicates that criteria and rules put to them.
//!
//! A fact that is not there is *unknown*: no function here turns that into "no".

mod predicate;
mod value;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use predicate::{Predicate, PredicateError};
pub(crate) use value::parse_number;
pub use value::{FactName, FactNameError, FactValue};

/// One value with where it was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    value: FactValue,
    evidence: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    observed: Option<DateTime<Utc>>,
}

impl Fact {
    /// A value and where it was seen, in words a person can follow (`row 17 of directory A`).
    pub fn new(value: impl Into<FactValue>, evidence: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            evidence: evidence.into(),
            observed: None,
        }
    }

    /// When it was seen; a view as of an earlier instant leaves it out.
    #[must_use]
    pub fn observed_at(mut self, at: DateTime<Utc>) -> Self {
        self.observed = Some(at);
        self
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &FactValue {
        &self.value
    }

    /// Where it was seen.
    #[must_use]
    pub fn evidence(&self) -> &str {
        &self.evidence
    }

    /// When it was seen, where that is known.
    #[must_use]
    pub fn observed(&self) -> Option<DateTime<Utc>> {
        self.observed
    }
}

/// Something a lead did at an instant: an open, a visit, a request. It counts less as it ages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Signal {
    at: DateTime<Utc>,
    name: FactName,
    evidence: String,
    #[serde(default)]
    automatic: bool,
}

impl Signal {
    /// Something seen at an instant.
    pub fn new(name: FactName, at: DateTime<Utc>, evidence: impl Into<String>) -> Self {
        Self {
            at,
            name,
            evidence: evidence.into(),
            automatic: false,
        }
    }

    /// Marks it as made by a machine (a mail gateway's prefetch, a link scanner): it gives no points.
    #[must_use]
    pub fn automatic(mut self) -> Self {
        self.automatic = true;
        self
    }

    /// What was done.
    #[must_use]
    pub fn name(&self) -> &FactName {
        &self.name
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Where it was seen.
    #[must_use]
    pub fn evidence(&self) -> &str {
        &self.evidence
    }

    /// Whether a machine made it.
    #[must_use]
    pub fn is_automatic(&self) -> bool {
        self.automatic
    }
}

/// All that scoring and qualification see of a lead: one fact a name, and the signals in order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    #[serde(default)]
    values: BTreeMap<FactName, Fact>,
    #[serde(default)]
    signals: Vec<Signal>,
}

impl Facts {
    /// Nothing known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a fact; an earlier one of the same name is returned and no longer counts.
    pub fn set(&mut self, name: FactName, fact: Fact) -> Option<Fact> {
        self.values.insert(name, fact)
    }

    /// The same with a fact set.
    #[must_use]
    pub fn with(mut self, name: FactName, fact: Fact) -> Self {
        self.set(name, fact);
        self
    }

    /// Forgets a fact: it is unknown from here on.
    pub fn remove(&mut self, name: &FactName) -> Option<Fact> {
        self.values.remove(name)
    }

    /// Adds a signal in its place in time; the very same signal twice counts once.
    pub fn record(&mut self, signal: Signal) {
        if let Err(place) = self.signals.binary_search(&signal) {
            self.signals.insert(place, signal);
        }
    }

    /// The fact of that name, if known.
    #[must_use]
    pub fn fact(&self, name: &FactName) -> Option<&Fact> {
        self.values.get(name)
    }

    /// Every fact, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&FactName, &Fact)> {
        self.values.iter()
    }

    /// Every signal, oldest first.
    #[must_use]
    pub fn signals(&self) -> &[Signal] {
        &self.signals
    }

    /// The facts and signals that were known at `instant`; what carries no date counts as always known.
    #[must_use]
    pub fn as_of(&self, instant: DateTime<Utc>) -> Self {
        Self {
            values: self
                .values
                .iter()
                .filter(|(_, fact)| fact.observed.is_none_or(|at| at <= instant))
                .map(|(name, fact)| (name.clone(), fact.clone()))
                .collect(),
            signals: self
                .signals
                .iter()
                .filter(|s| s.at <= instant)
                .cloned()
                .collect(),
        }
    }
}

impl FromIterator<(FactName, Fact)> for Facts {
    fn from_iter<I: IntoIterator<Item = (FactName, Fact)>>(facts: I) -> Self {
        Self {
            values: facts.into_iter().collect(),
            signals: Vec::new(),
        }
    }
}
