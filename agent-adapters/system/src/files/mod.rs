//! Leads from files: tables as they are exported, and maps that say what is in them.

mod csv_file;
mod error;
mod import_map;
mod row;
#[cfg(test)]
mod tests;

pub use csv_file::{CsvFile, CsvFormat, Encoding, Rows};
pub use error::{FileError, MapError, RowError};
pub use import_map::{Defaults, ImportMap};
pub use row::RawRow;
