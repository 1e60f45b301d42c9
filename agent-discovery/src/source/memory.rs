use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind};

use super::{BrokenRecord, LeadSource, RawLead, RawSignal, SignalSource, SourceCursor, SourcePage};

/// Leads from memory, `size` a page.
#[derive(Clone, Debug)]
pub struct MemoryLeadSource(Paged<RawLead>);

impl MemoryLeadSource {
    /// Gives these records in this order.
    #[must_use]
    pub fn new(records: Vec<Result<RawLead, BrokenRecord>>, size: usize) -> Self {
        Self(Paged::new(records, size))
    }
}

#[async_trait]
impl LeadSource for MemoryLeadSource {
    async fn page(&self, cursor: Option<SourceCursor>) -> Result<SourcePage, PortError> {
        self.0.page("read leads", cursor)
    }
}

/// Signals from memory, `size` a page.
#[derive(Clone, Debug)]
pub struct MemorySignalSource(Paged<RawSignal>);

impl MemorySignalSource {
    /// Gives these entries in this order.
    #[must_use]
    pub fn new(records: Vec<Result<RawSignal, BrokenRecord>>, size: usize) -> Self {
        Self(Paged::new(records, size))
    }
}

#[async_trait]
impl SignalSource for MemorySignalSource {
    async fn signals(
        &self,
        cursor: Option<SourceCursor>,
    ) -> Result<SourcePage<RawSignal>, PortError> {
        self.0.page("read signals", cursor)
    }
}

#[derive(Clone, Debug)]
struct Paged<T> {
    records: Vec<Result<T, BrokenRecord>>,
    size: usize,
}

impl<T: Clone> Paged<T> {
    fn new(records: Vec<Result<T, BrokenRecord>>, size: usize) -> Self {
        Self {
            records,
            size: size.max(1),
        }
    }

    /// The cursor is the place of the page's first record.
    fn page(
        &self,
        operation: &'static str,
        cursor: Option<SourceCursor>,
    ) -> Result<SourcePage<T>, PortError> {
        let invalid = || PortError::new(operation, PortErrorKind::Invalid);
        let start = match cursor {
            None => 0,
            Some(cursor) => cursor.as_str().parse::<usize>().map_err(|_| invalid())?,
        };
        let rest = self.records.get(start..).ok_or_else(invalid)?;
        let end = start + rest.len().min(self.size);
        Ok(SourcePage {
            records: rest.iter().take(self.size).cloned().collect(),
            next: (end < self.records.len()).then(|| SourceCursor::new(end.to_string())),
        })
    }
}
