use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use dealwright_core::page::{FetchPurpose, SourceName};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What we may do with a source, read from its terms by a person.
///
/// Serialised it has the fields of [`TermsRecordParts`]; both ways go through
/// [`TermsRecord::check`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "TermsRecordParts", into = "TermsRecordParts")]
pub struct TermsRecord(TermsRecordParts);

/// The fields of a [`TermsRecord`] before they are checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermsRecordParts {
    /// The source.
    pub source: SourceName,
    /// What its records may be used for.
    pub allowed: BTreeSet<FetchPurpose>,
    /// Whether a program may fetch from it.
    pub automation: bool,
    /// For how many days its records may be kept, 1 to 3650.
    pub storage_days: u32,
    /// The words that must stand where its records are shown; empty for none.
    #[serde(default)]
    pub attribution: String,
    /// The last day on which this record may be relied on, UTC.
    pub review_by: NaiveDate,
}

impl TermsRecord {
    /// Checks the parts.
    ///
    /// # Errors
    ///
    /// [`TermsError::StorageDays`] and [`TermsError::NothingAllowed`].
    pub fn check(parts: TermsRecordParts) -> Result<Self, TermsError> {
        if !(1..=3650).contains(&parts.storage_days) {
            return Err(TermsError::StorageDays {
                source_name: parts.source,
                given: parts.storage_days,
            });
        }
        if parts.allowed.is_empty() {
            return Err(TermsError::NothingAllowed(parts.source));
        }
        Ok(Self(parts))
    }

    /// The source.
    #[must_use]
    pub fn source(&self) -> &SourceName {
        &self.0.source
    }

    /// What its records may be used for.
    #[must_use]
    pub fn allowed(&self) -> &BTreeSet<FetchPurpose> {
        &self.0.allowed
    }

    /// Whether a program may fetch from it.
    #[must_use]
    pub fn automation(&self) -> bool {
        self.0.automation
    }

    /// The words that must stand where its records are shown; empty for none.
    #[must_use]
    pub fn attribution(&self) -> &str {
        &self.0.attribution
    }

    /// The last day on which this record may be relied on.
    #[must_use]
    pub fn review_by(&self) -> NaiveDate {
        self.0.review_by
    }

    /// When a record read at `read_at` must be gone.
    #[must_use]
    pub fn keep_until(&self, read_at: Timestamp) -> Timestamp {
        let days = Days::new(u64::from(self.0.storage_days));
        read_at.checked_add_days(days).unwrap_or(Timestamp::MAX_UTC)
    }
}

impl TryFrom<TermsRecordParts> for TermsRecord {
    type Error = TermsError;

    fn try_from(parts: TermsRecordParts) -> Result<Self, Self::Error> {
        Self::check(parts)
    }
}

impl From<TermsRecord> for TermsRecordParts {
    fn from(record: TermsRecord) -> Self {
        record.0
    }
}

/// Why records are not a register.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TermsError {
    /// The storage time is no number of days we accept.
    #[error("terms of `{source_name}` say to keep records {given} days; give 1 to 3650")]
    StorageDays {
        /// The source.
        source_name: SourceName,
        /// What was given.
        given: u32,
    },
    /// A record that allows nothing is a mistake: leave it out instead.
    #[error("terms of `{0}` allow no use; name at least one or remove the record")]
    NothingAllowed(SourceName),
    /// Two records for one source.
    #[error("there are two terms records for `{0}`; keep the current one")]
    Twice(SourceName),
}

/// Why a source may not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TermsRefusal {
    /// Nobody has read the terms.
    #[error("source `{0}` has no terms record; read its terms and add one")]
    NoRecord(SourceName),
    /// The terms were not read again in time.
    #[error(
        "the terms record of `{source_name}` was to be reviewed by {review_by}; read the terms again and renew it"
    )]
    Expired {
        /// The source.
        source_name: SourceName,
        /// The last day on which the record could be relied on.
        review_by: NaiveDate,
    },
    /// The terms do not allow this use.
    #[error("the terms of `{source_name}` do not allow the use `{purpose:?}`")]
    Use {
        /// The source.
        source_name: SourceName,
        /// What was wanted.
        purpose: FetchPurpose,
    },
    /// The terms forbid programs.
    #[error("the terms of `{0}` forbid automated access; import a file that you may use instead")]
    Automation(SourceName),
}

/// The terms of every source we may use. What is not in it is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<TermsRecord>", into = "Vec<TermsRecord>")]
pub struct TermsRegister(BTreeMap<SourceName, TermsRecord>);

impl TermsRegister {
    /// A register of these records.
    ///
    /// # Errors
    ///
    /// [`TermsError::Twice`] when a source has two.
    pub fn new(records: impl IntoIterator<Item = TermsRecord>) -> Result<Self, TermsError> {
        let mut register = BTreeMap::new();
        for record in records {
            let source = record.source().clone();
            if register.insert(source.clone(), record).is_some() {
                return Err(TermsError::Twice(source));
            }
        }
        Ok(Self(register))
    }

    /// The record that allows the use of `source` for `purpose` at `now`; `automated`
    /// says whether a program fetches from the source, which reading a file is not.
    ///
    /// # Errors
    ///
    /// [`TermsRefusal`], in the order in which its variants stand.
    pub fn permit(
        &self,
        source: &SourceName,
        purpose: FetchPurpose,
        automated: bool,
        now: Timestamp,
    ) -> Result<&TermsRecord, TermsRefusal> {
        let Some(record) = self.0.get(source) else {
            return Err(TermsRefusal::NoRecord(source.clone()));
        };
        if now.date_naive() > record.review_by() {
            return Err(TermsRefusal::Expired {
                source_name: source.clone(),
                review_by: record.review_by(),
            });
        }
        if !record.allowed().contains(&purpose) {
            return Err(TermsRefusal::Use {
                source_name: source.clone(),
                purpose,
            });
        }
        if automated && !record.automation() {
            return Err(TermsRefusal::Automation(source.clone()));
        }
        Ok(record)
    }

    /// The record of a source, current or not.
    #[must_use]
    pub fn record(&self, source: &SourceName) -> Option<&TermsRecord> {
        self.0.get(source)
    }

    /// All records, ordered by source.
    pub fn records(&self) -> impl Iterator<Item = &TermsRecord> {
        self.0.values()
    }
}

impl TryFrom<Vec<TermsRecord>> for TermsRegister {
    type Error = TermsError;

    fn try_from(records: Vec<TermsRecord>) -> Result<Self, Self::Error> {
        Self::new(records)
    }
}

impl From<TermsRegister> for Vec<TermsRecord> {
    fn from(register: TermsRegister) -> Self {
        register.0.into_values().collect()
    }
}
