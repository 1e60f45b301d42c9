//! The conformance suites of [`LeadSource`] and [`SignalSource`].
//!
//! A source under test holds the [`RECORDS`]: five of them in this order, in
//! pages of any size, the third one unreadable in whatever way its format allows.

use dealwright_core::error::PortErrorKind;
use dealwright_core::page::SourceName;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;

use super::{BrokenRecord, LeadSource, RawLead, RawSignal, SignalSource, SourceCursor, SourcePage};

/// What the source under test holds: key and name (or title); `None` is unreadable.
pub const RECORDS: [Option<(&str, &str)>; 5] = [
    Some(("k1", "Baeckerei Amsel")),
    Some(("k2", "Fahrrad Drossel")),
    None,
    Some(("k4", "Praxis Star")),
    Some(("k5", "Gasthof Zeisig")),
];

/// The same as CSV, with a row that has too few columns as the unreadable one.
pub const RECORDS_CSV: &str = "key,name\nk1,Baeckerei Amsel\nk2,Fahrrad Drossel\nbroken\n\
                               k4,Praxis Star\nk5,Gasthof Zeisig\n";

/// More pages than any conforming source needs for five records.
const TOO_MANY: usize = 32;

/// Which clause a source breaks, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{clause}: {how}")]
pub struct Violation {
    /// The clause's name.
    pub clause: &'static str,
    /// What was seen.
    pub how: String,
}

/// The records as a memory source takes them.
#[must_use]
pub fn leads(source: &SourceName, at: Timestamp) -> Vec<Result<RawLead, BrokenRecord>> {
    fixture(source, |key, name| {
        let name = Untrusted::new(name.to_owned());
        RawLead::new(source.clone(), key, at).with_field("name", name)
    })
}

/// The records as signals.
#[must_use]
pub fn signals(source: &SourceName, at: Timestamp) -> Vec<Result<RawSignal, BrokenRecord>> {
    fixture(source, |key, title| {
        let (title, text) = (
            Untrusted::new(title.to_owned()),
            Untrusted::new(String::new()),
        );
        RawSignal::new(source.clone(), key, title, text, at)
    })
}

fn fixture<T>(source: &SourceName, make: impl Fn(&str, &str) -> T) -> Vec<Result<T, BrokenRecord>> {
    let broken = |place: usize| BrokenRecord {
        source_name: source.clone(),
        place: place as u64 + 1,
        why: "too few columns".to_owned(),
    };
    let record = |(place, record): (usize, &Option<(&str, &str)>)| match record {
        Some((key, name)) => Ok(make(key, name)),
        None => Err(broken(place)),
    };
    RECORDS.iter().enumerate().map(record).collect()
}

macro_rules! suite {
    ($module:ident, $port:ident, $method:ident, $record:ty, $key:expr, $title:expr,
     $source:expr, $complete:expr) => {
        /// The clauses, one function each.
        pub mod $module {
            use super::*;

            /// The same cursor gives the same records, none lost.
            ///
            /// # Errors
            ///
            /// What was seen instead.
            pub async fn pages_are_stable(source: &dyn $port) -> Result<(), Violation> {
                let clause = "pages are stable";
                let mut cursor = None;
                for _ in 0..TOO_MANY {
                    let first = read(source, clause, cursor.clone()).await?;
                    let again = read(source, clause, cursor).await?;
                    if keys(&first) != keys(&again) {
                        let how = "the same cursor gave other records".to_owned();
                        return Err(Violation { clause, how });
                    }
                    match first.next {
                        Some(next) => cursor = Some(next),
                        None => return Ok(()),
                    }
                }
                Ok(())
            }

            /// A broken record does not hide the ones around it.
            ///
            /// # Errors
            ///
            /// What was seen instead.
            pub async fn broken_record_stands_in_place(
                source: &dyn $port,
            ) -> Result<(), Violation> {
                let clause = "broken record stands in place";
                let seen = walk(source, clause).await?;
                let gaps: Vec<usize> = (0..seen.len())
                    .filter(|at| seen.get(*at).is_some_and(Result::is_err))
                    .collect();
                if gaps == [2]
                    && seen
                        .iter()
                        .any(|r| r.as_ref().is_ok_and(|r| $key(r) == "k4"))
                {
                    Ok(())
                } else {
                    let how = format!("unreadable records stand at {gaps:?} of {}", seen.len());
                    Err(Violation { clause, how })
                }
            }

            /// Every record names its source and what it rests on.
            ///
            /// # Errors
            ///
            /// What was seen instead.
            pub async fn every_record_names_its_source(
                source: &dyn $port,
                name: &SourceName,
            ) -> Result<(), Violation> {
                let clause = "every record names its source";
                for record in walk(source, clause).await?.iter().flatten() {
                    if $source(record) != *name || !$complete(record) {
                        let how = format!("`{}` does not", $key(record));
                        return Err(Violation { clause, how });
                    }
                }
                Ok(())
            }

            /// Reading on comes to an end and meets each record once.
            ///
            /// # Errors
            ///
            /// What was seen instead.
            pub async fn reading_on_meets_each_once(source: &dyn $port) -> Result<(), Violation> {
                let clause = "reading on meets each record once";
                let seen = walk(source, clause).await?;
                let found: Vec<(String, String)> = seen
                    .iter()
                    .flatten()
                    .map(|r| ($key(r).to_owned(), $title(r)))
                    .collect();
                let wanted = RECORDS.iter().flatten();
                if found
                    .iter()
                    .map(|(k, n)| (k.as_str(), n.as_str()))
                    .eq(wanted.copied())
                {
                    Ok(())
                } else {
                    Err(Violation {
                        clause,
                        how: format!("{found:?}"),
                    })
                }
            }

            /// A cursor the source never gave is refused as invalid.
            ///
            /// # Errors
            ///
            /// What was seen instead.
            pub async fn unknown_cursor_is_invalid(source: &dyn $port) -> Result<(), Violation> {
                let clause = "unknown cursor is invalid";
                let how = match source
                    .$method(Some(SourceCursor::new("no such place")))
                    .await
                {
                    Err(e) if e.kind() == PortErrorKind::Invalid => return Ok(()),
                    Err(e) => e.to_string(),
                    Ok(_) => "it was taken".to_owned(),
                };
                Err(Violation { clause, how })
            }

            async fn walk(
                source: &dyn $port,
                clause: &'static str,
            ) -> Result<Vec<Result<$record, BrokenRecord>>, Violation> {
                let (mut all, mut cursor) = (Vec::new(), None);
                for _ in 0..TOO_MANY {
                    let page = read(source, clause, cursor).await?;
                    all.extend(page.records);
                    match page.next {
                        Some(next) => cursor = Some(next),
                        None => return Ok(all),
                    }
                }
                Err(Violation {
                    clause: "reading on meets each record once",
                    how: format!("no end after {TOO_MANY} pages"),
                })
            }

            async fn read(
                source: &dyn $port,
                clause: &'static str,
                cursor: Option<SourceCursor>,
            ) -> Result<SourcePage<$record>, Violation> {
                let failed = |e: dealwright_core::error::PortError| Violation {
                    clause,
                    how: e.chain(),
                };
                source.$method(cursor).await.map_err(failed)
            }

            fn keys(page: &SourcePage<$record>) -> Vec<Option<String>> {
                let key =
                    |r: &Result<$record, BrokenRecord>| r.as_ref().ok().map(|r| $key(r).to_owned());
                page.records.iter().map(key).collect()
            }
        }
    };
}

suite!(
    lead_source,
    LeadSource,
    page,
    RawLead,
    RawLead::key,
    |r: &RawLead| r
        .field("name")
        .map(|n| n.inspect(String::clone))
        .unwrap_or_default(),
    |r: &RawLead| r.source().clone(),
    |r: &RawLead| r.read_at() > Timestamp::UNIX_EPOCH
);

suite!(
    signal_source,
    SignalSource,
    signals,
    RawSignal,
    |r: &RawSignal| r.key.clone(),
    |r: &RawSignal| r.title.inspect(String::clone),
    |r: &RawSignal| r.source.clone(),
    |r: &RawSignal| {
        let (title, text) = (r.title.clone(), r.text.clone());
        let again = RawSignal::new(r.source.clone(), &*r.key, title, text, r.observed_at);
        r.observed_at > Timestamp::UNIX_EPOCH && again.evidence == r.evidence
    }
);

/// Makes a test of each clause of [`LeadSource`]: the test attribute, the name the
/// source gives itself, and an async block that yields a source with the records.
#[macro_export]
macro_rules! lead_source_conformance {
    (#[$test:meta] $name:expr, async $fresh:block) => {
        $crate::source_conformance!(#[$test] lead_source, $name, async $fresh);
    };
}

/// The same for [`SignalSource`].
#[macro_export]
macro_rules! signal_source_conformance {
    (#[$test:meta] $name:expr, async $fresh:block) => {
        $crate::source_conformance!(#[$test] signal_source, $name, async $fresh);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! source_conformance {
    (#[$test:meta] $suite:ident, $name:expr, async $fresh:block) => {
        #[$test]
        async fn pages_are_stable() {
            let source = async $fresh.await;
            $crate::source::testing::$suite::pages_are_stable(&source).await.unwrap();
        }

        #[$test]
        async fn broken_record_stands_in_place() {
            let source = async $fresh.await;
            $crate::source::testing::$suite::broken_record_stands_in_place(&source).await.unwrap();
        }

        #[$test]
        async fn every_record_names_its_source() {
            let source = async $fresh.await;
            let name = $crate::source::SourceName::parse($name).unwrap();
            $crate::source::testing::$suite::every_record_names_its_source(&source, &name)
                .await
                .unwrap();
        }

        #[$test]
        async fn reading_on_meets_each_once() {
            let source = async $fresh.await;
            $crate::source::testing::$suite::reading_on_meets_each_once(&source).await.unwrap();
        }

        #[$test]
        async fn unknown_cursor_is_invalid() {
            let source = async $fresh.await;
            $crate::source::testing::$suite::unknown_cursor_is_invalid(&source).await.unwrap();
        }
    };
}
