use std::path::PathBuf;

use dealwright_core::page::{SourceName, SourceNameError};
use dealwright_discovery::resolve::{PlanError, Role};
use dealwright_discovery::source::TermsError;

/// Why a table cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file cannot be opened or read.
    #[error("`{}` cannot be read: {why}; check the path and its permissions", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: std::io::ErrorKind,
    },
    /// A byte that does not occur in UTF-8.
    #[error(
        "`{}` is not utf-8 at byte {byte} (line {line}, column {column}); save it as utf-8, or set `encoding = \"latin1\"` under `[file]` in its map",
        path.display()
    )]
    Encoding {
        /// The file.
        path: PathBuf,
        /// Offset of the first wrong byte, from 0.
        byte: usize,
        /// Its line, from 1.
        line: u64,
        /// Its column, in characters from 1.
        column: u64,
    },
    /// Bytes that no table in text has.
    #[error(
        "`{}` is no text at byte {byte} (line {line}, column {column}); export the table again as `CSV UTF-8`",
        path.display()
    )]
    NotText {
        /// The file.
        path: PathBuf,
        /// Offset of the first such byte, from 0.
        byte: usize,
        /// Its line, from 1.
        line: u64,
        /// Its column, in characters from 1.
        column: u64,
    },
    /// Two bytes a character, as spreadsheets call "Unicode text".
    #[error("`{}` is utf-16; save it as `CSV UTF-8`", path.display())]
    Wide {
        /// The file.
        path: PathBuf,
    },
    /// There is no heading.
    #[error("`{}` is empty; the first line must name the columns", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A column that is needed is not there.
    #[error("`{}` has no column `{heading}`; its columns are `{there}`; correct the map or the file", path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// What was named.
        heading: String,
        /// The headings there are.
        there: String,
    },
}

/// A row that cannot be read; it stands in the row's place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct RowError {
    /// Where the row begins, from 1.
    pub line: u64,
    /// What is wrong and what to do; nothing of the row is quoted.
    pub why: String,
}

/// Why a map cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// Not the form of a map.
    #[error("map, line {line}, column {column}: {why}; see the shipped maps for the form")]
    Form {
        /// The line, from 1.
        line: usize,
        /// The column, in characters from 1.
        column: usize,
        /// What is wrong.
        why: String,
    },
    /// A role given to a column that is the source or row id.
    #[error(
        "map: `{heading}` stands under `{role}` and names the source or row; take it out of `[roles]`"
    )]
    Reserved {
        /// The column.
        heading: String,
        /// The role.
        role: Role,
    },
    /// There are lists to tell apart, but nothing tells them apart.
    #[error(
        "map: there are {0} `[[source]]` records but no `source` under `[columns]`; name the column that says which list a row is from, or keep one record"
    )]
    NoSourceColumn(usize),
    /// There are regions to tell apart, but nothing tells them apart.
    #[error(
        "map: there are {0} `[[region]]` records but no `region` under `[columns]`; name the column that says where a row lies"
    )]
    NoRegionColumn(usize),
    /// Two records for one text in the region column.
    #[error("map: two `[[region]]` records have the cell `{0}`; keep one")]
    TwiceRegion(String),
    /// Two records for one text in the source column.
    #[error("map: two `[[source]]` records have the cell `{0}`; keep one")]
    TwiceCell(String),
    /// The name of a source.
    #[error("map: {0}")]
    Name(#[from] SourceNameError),
    /// The terms of a source.
    #[error("map: {0}")]
    Terms(#[from] TermsError),
    /// Columns that are not there, or too little to compare.
    #[error("map: {0}")]
    Plan(#[from] PlanError),
    /// A row of a list that the map does not know.
    #[error(
        "the source `{cell}` has no `[[source]]` record in the map; read its terms and add one"
    )]
    UnknownSource {
        /// What stands in the row, shortened.
        cell: String,
    },
    /// Which list a row is from is not said anywhere.
    #[error(
        "nothing says where the rows come from; give `--source NAME` or a map with a `[[source]]` record"
    )]
    NoSource,
    /// A source was named that the map has no record of.
    #[error("source `{0}` has no `[[source]]` record in the map; add one or name another")]
    NotInMap(SourceName),
}
