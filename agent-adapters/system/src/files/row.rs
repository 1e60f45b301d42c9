use std::fmt;
use std::sync::Arc;

/// A row of a table as it stands there.
#[derive(Clone, PartialEq, Eq)]
pub struct RawRow {
    line: u64,
    headings: Arc<[String]>,
    cells: Vec<String>,
}

impl RawRow {
    pub(super) fn new(line: u64, headings: Arc<[String]>, cells: Vec<String>) -> Self {
        Self {
            line,
            headings,
            cells,
        }
    }

    /// The line it begins on, from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The values in the order of the columns, as many as there are headings.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.cells
    }

    /// Headings and values, in the order of the columns.
    pub fn cells(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headings
            .iter()
            .zip(&self.cells)
            .map(|(heading, cell)| (heading.as_str(), cell.as_str()))
    }

    /// The value under a heading, without space around it; `None` where it is blank or there
    /// is no such column.
    #[must_use]
    pub fn cell(&self, heading: &str) -> Option<&str> {
        let found = self
            .cells()
            .find(|(own, _)| *own == heading.trim())?
            .1
            .trim();
        (!found.is_empty()).then_some(found)
    }
}

/// Shows the line alone: rows hold personal data.
impl fmt::Debug for RawRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRow")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}
