use dealwright_core::error::{PortError, PortErrorKind};
use futures::executor::block_on;

use super::testing::{self, lead_source as suite};
use super::*;

fn name() -> SourceName {
    SourceName::parse("memory").unwrap()
}

fn at() -> Timestamp {
    Timestamp::UNIX_EPOCH + chrono::Duration::days(20_000)
}

fn good() -> MemoryLeadSource {
    MemoryLeadSource::new(testing::leads(&name(), at()), 2)
}

/// The clauses a source breaks.
fn broken_clauses(source: &dyn LeadSource) -> Vec<&'static str> {
    block_on(async {
        [
            suite::pages_are_stable(source).await,
            suite::broken_record_stands_in_place(source).await,
            suite::every_record_names_its_source(source, &name()).await,
            suite::reading_on_meets_each_once(source).await,
            suite::unknown_cursor_is_invalid(source).await,
        ]
    })
    .into_iter()
    .filter_map(|verdict| verdict.err().map(|v| v.clause))
    .collect()
}

// covers: LG-1
#[test]
fn lg_1_memory_source_keeps_every_clause() {
    assert_eq!(broken_clauses(&good()), Vec::<&str>::new());
    let signals = MemorySignalSource::new(testing::signals(&name(), at()), 2);
    block_on(async {
        use super::testing::signal_source as suite;
        suite::pages_are_stable(&signals).await.unwrap();
        suite::broken_record_stands_in_place(&signals)
            .await
            .unwrap();
        suite::every_record_names_its_source(&signals, &name())
            .await
            .unwrap();
        suite::reading_on_meets_each_once(&signals).await.unwrap();
        suite::unknown_cursor_is_invalid(&signals).await.unwrap();
    });
}

#[derive(Debug)]
struct Spoiled {
    inner: MemoryLeadSource,
    how: How,
    reads: std::sync::atomic::AtomicUsize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    OtherOrder,
    DropsBroken,
    OtherSource,
    SkipsLast,
    TakesAnyCursor,
}

#[async_trait]
impl LeadSource for Spoiled {
    async fn page(&self, cursor: Option<SourceCursor>) -> Result<SourcePage, PortError> {
        let read = self.reads.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let known = cursor
            .as_ref()
            .is_none_or(|c| c.as_str().parse::<usize>().is_ok());
        if self.how == How::TakesAnyCursor && !known {
            return self.inner.page(None).await;
        }
        let mut page = self.inner.page(cursor).await?;
        match self.how {
            // Every second read of a page gives it the other way round: over a whole
            // walk the even reads are the ones a stable reader compares.
            How::OtherOrder if read == 1 => page.records.reverse(),
            How::DropsBroken => page.records.retain(Result::is_ok),
            How::OtherSource => {
                for record in page.records.iter_mut().flatten() {
                    record.source = SourceName::parse("elsewhere").unwrap();
                }
            }
            How::SkipsLast if page.next.is_none() => page.records.clear(),
            _ => {}
        }
        Ok(page)
    }
}

// covers: LG-1
#[test]
fn lg_1_each_broken_source_fails_exactly_its_clause() {
    for (how, clause) in [
        (How::OtherOrder, "pages are stable"),
        (How::DropsBroken, "broken record stands in place"),
        (How::OtherSource, "every record names its source"),
        (How::SkipsLast, "reading on meets each record once"),
        (How::TakesAnyCursor, "unknown cursor is invalid"),
    ] {
        let source = Spoiled {
            inner: good(),
            how,
            reads: Default::default(),
        };
        assert_eq!(broken_clauses(&source), [clause], "{how:?}");
    }
}

mod forwarded {
    use super::*;

    /// `block_on` as a test attribute would need a macro crate; the clauses are called.
    #[test]
    fn an_arc_of_a_source_is_a_source() {
        let source: Arc<dyn LeadSource> = Arc::new(good());
        assert_eq!(broken_clauses(&source), Vec::<&str>::new());
    }
}

fn record(source: &str, automation: bool, review_by: &str) -> TermsRecord {
    TermsRecord::check(TermsRecordParts {
        source: SourceName::parse(source).unwrap(),
        allowed: [FetchPurpose::FindLeads].into(),
        automation,
        storage_days: 30,
        attribution: String::new(),
        review_by: review_by.parse().unwrap(),
    })
    .unwrap()
}

// covers: TS-1, LG-2
#[test]
fn ts_1_only_a_current_record_permits() {
    let register = TermsRegister::new([
        record("guide", true, "2026-06-30"),
        record("old", true, "2026-01-31"),
        record("by-hand", false, "2026-06-30"),
    ])
    .unwrap();
    let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    let ask = |source: &str, purpose, automated| {
        let source = SourceName::parse(source).unwrap();
        register
            .permit(&source, purpose, automated, now)
            .map(|r| r.keep_until(now))
    };
    let find = FetchPurpose::FindLeads;
    assert_eq!(
        ask("guide", find, true).unwrap(),
        now + chrono::Duration::days(30)
    );
    assert!(matches!(
        ask("unknown", find, true),
        Err(TermsRefusal::NoRecord(_))
    ));
    assert!(matches!(
        ask("old", find, true),
        Err(TermsRefusal::Expired { .. })
    ));
    assert!(matches!(
        ask("guide", FetchPurpose::Enrich, true),
        Err(TermsRefusal::Use { .. })
    ));
    assert!(matches!(
        ask("by-hand", find, true),
        Err(TermsRefusal::Automation(_))
    ));
    assert!(ask("by-hand", find, false).is_ok());
    // The last day still counts, the next one does not.
    let source = SourceName::parse("guide").unwrap();
    let last: Timestamp = "2026-06-30T23:59:59Z".parse().unwrap();
    assert!(register.permit(&source, find, true, last).is_ok());
    let next = last + chrono::Duration::seconds(1);
    assert!(register.permit(&source, find, true, next).is_err());
}

#[test]
fn a_register_is_checked_on_the_way_in() {
    let twice = [
        record("guide", true, "2026-06-30"),
        record("guide", true, "2026-07-30"),
    ];
    assert!(matches!(
        TermsRegister::new(twice),
        Err(TermsError::Twice(_))
    ));
    let json = |days: u32, allowed: &str| {
        format!(
            r#"[{{"source":"guide","allowed":[{allowed}],"automation":true,"storage_days":{days},"review_by":"2026-06-30"}}]"#
        )
    };
    assert!(serde_json::from_str::<TermsRegister>(&json(30, "\"find_leads\"")).is_ok());
    assert!(serde_json::from_str::<TermsRegister>(&json(0, "\"find_leads\"")).is_err());
    assert!(serde_json::from_str::<TermsRegister>(&json(30, "")).is_err());
}

#[test]
fn a_refused_cursor_is_invalid() {
    let error = block_on(good().page(Some(SourceCursor::new("99")))).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Invalid);
}
