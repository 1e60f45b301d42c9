use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::{FileError, RowError};
use super::row::RawRow;

/// How the characters of a file are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8, with or without its mark at the beginning.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// One byte a character, as older programs of Western Europe write it: ISO 8859-1 with
    /// the signs of Windows-1252.
    #[serde(rename = "latin1")]
    Latin1,
}

/// How a table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CsvFormat {
    /// How its characters are written.
    pub encoding: Encoding,
    /// The character between cells; found from the heading where it is not given.
    pub delimiter: Option<char>,
}

/// A table whose first line names its columns, read whole.
///
/// ```
/// use dealwright_system::files::{CsvFile, CsvFormat};
/// let table = "Name;Ort\nLindenhof;Berlin\nnur ein Feld\nNordwind;Kiel\n";
/// let file = CsvFile::parse("shops.csv", table.into(), CsvFormat::default())?;
/// let rows: Vec<_> = file.rows().collect();
/// assert_eq!(rows[0].as_ref().unwrap().cell("Ort"), Some("Berlin"));
/// assert_eq!(rows[1].as_ref().unwrap_err().line, 3);
/// assert_eq!(rows[2].as_ref().unwrap().cell("Name"), Some("Nordwind"));
/// # Ok::<(), dealwright_system::files::FileError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CsvFile {
    path: PathBuf,
    text: String,
    /// Where the first row begins, and its line.
    body: (usize, u64),
    delimiter: u8,
    headings: Arc<[String]>,
}

impl CsvFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`FileError`], all but [`FileError::NoColumn`].
    pub fn open(path: impl AsRef<Path>, format: CsvFormat) -> Result<Self, FileError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| FileError::Read {
            path: path.to_owned(),
            why: error.kind(),
        })?;
        Self::parse(path, bytes, format)
    }

    /// Reads a table from memory; `path` is what messages call it.
    ///
    /// # Errors
    ///
    /// [`FileError`], all but [`FileError::Read`] and [`FileError::NoColumn`].
    pub fn parse(
        path: impl Into<PathBuf>,
        bytes: Vec<u8>,
        format: CsvFormat,
    ) -> Result<Self, FileError> {
        let path = path.into();
        if is_wide(&bytes) {
            return Err(FileError::Wide { path });
        }
        // Control signs other than blanks and ends of lines; the last may be an old end of file.
        let body = bytes.strip_suffix(&[0x1a]).unwrap_or(&bytes);
        let strange = |byte: &u8| *byte < 0x20 && !b"\t\n\r\x0c".contains(byte);
        let undefined = |byte: &u8| [0x81, 0x8d, 0x8f, 0x90, 0x9d].contains(byte);
        let text = match format.encoding {
            Encoding::Utf8 => {
                refuse_at(&path, body, body.iter().position(strange))?;
                utf8(&path, body.to_vec())?
            }
            Encoding::Latin1 => {
                let found = body.iter().position(|b| strange(b) || undefined(b));
                refuse_at(&path, body, found)?;
                body.iter().map(|byte| latin1(*byte)).collect()
            }
        };
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        let delimiter = format
            .delimiter
            .and_then(|sign| u8::try_from(sign).ok())
            .filter(u8::is_ascii)
            .unwrap_or_else(|| delimiter(&text));
        let mut reader = reader(&text, delimiter);
        let mut first = csv::StringRecord::new();
        let found = reader.read_record(&mut first).unwrap_or(false);
        if !found || first.iter().all(|cell| cell.trim().is_empty()) {
            return Err(FileError::Empty { path });
        }
        let body = (at(reader.position()), reader.position().line());
        let headings = headings(&first).into();
        Ok(Self {
            path,
            text,
            body,
            delimiter,
            headings,
        })
    }

    /// What messages call it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the columns: trimmed, a blank one by its place (`column 3`), one that is
    /// there twice with a number (`Name (2)`).
    #[must_use]
    pub fn headings(&self) -> &[String] {
        &self.headings
    }

    /// Checks that columns are there.
    ///
    /// # Errors
    ///
    /// [`FileError::NoColumn`] for the first that is not.
    pub fn require<'a>(&self, columns: impl IntoIterator<Item = &'a str>) -> Result<(), FileError> {
        for heading in columns {
            if !self.headings.iter().any(|own| own == heading.trim()) {
                return Err(FileError::NoColumn {
                    path: self.path.clone(),
                    heading: heading.trim().to_owned(),
                    there: self.headings.join("`, `"),
                });
            }
        }
        Ok(())
    }

    /// The rows in their order; one that cannot be read stands in its place. Blank lines are
    /// no rows.
    ///
    /// Where a quote that is never closed would swallow the rows behind it, only the line it
    /// opens on is lost.
    #[must_use]
    pub fn rows(&self) -> Rows<'_> {
        let (offset, line) = self.body;
        Rows {
            file: self,
            reader: self.reader_at(offset),
            offset,
            line,
        }
    }

    fn reader_at(&self, offset: usize) -> csv::Reader<&[u8]> {
        reader(self.text.get(offset..).unwrap_or_default(), self.delimiter)
    }
}

/// The rows of a [`CsvFile`].
#[derive(Debug)]
pub struct Rows<'a> {
    file: &'a CsvFile,
    reader: csv::Reader<&'a [u8]>,
    /// Where the reader began, and the line of that place.
    offset: usize,
    line: u64,
}

impl Iterator for Rows<'_> {
    type Item = Result<RawRow, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut record = csv::StringRecord::new();
            if !self.reader.read_record(&mut record).unwrap_or(false) {
                return None;
            }
            let place = record
                .position()
                .cloned()
                .unwrap_or_else(csv::Position::new);
            let start = self.offset + at(&place);
            let end = self.offset + at(self.reader.position());
            let (start, line) = self.begin(start, end, self.line + place.line() - 1);
            let cells: Vec<String> = record.iter().map(str::to_owned).collect();
            let wanted = self.file.headings.len();
            if cells.len() == wanted {
                return Some(Ok(RawRow::new(line, self.file.headings.clone(), cells)));
            }
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            return Some(Err(self.broken(start, end, line, cells.len(), wanted)));
        }
    }
}

impl Rows<'_> {
    /// Where a record really begins: the reader counts blank lines before it to it.
    fn begin(&self, start: usize, end: usize, line: u64) -> (usize, u64) {
        let text = self.file.text.get(start..end).unwrap_or_default();
        let blank = text.len() - text.trim_start_matches(['\n', '\r']).len();
        let lines = text.get(..blank).unwrap_or_default().matches('\n').count();
        (start + blank, line + u64::try_from(lines).unwrap_or(0))
    }

    fn broken(
        &mut self,
        start: usize,
        end: usize,
        line: u64,
        found: usize,
        wanted: usize,
    ) -> RowError {
        let text = self.file.text.get(start..end).unwrap_or_default();
        let first = text.find('\n').map_or(text.len(), |at| at + 1);
        let mut why = format!("there are {found} cells where the heading has {wanted}");
        if first < text.len() {
            // Cells over several lines that do not come out even: read on behind the first.
            why.push_str("; a quote may not be closed, close or double it");
            self.offset = start + first;
            self.line = line + 1;
            self.reader = self.file.reader_at(self.offset);
        } else {
            why.push_str("; put quotes around cells that hold the separator");
        }
        RowError { line, why }
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

fn at(position: &csv::Position) -> usize {
    usize::try_from(position.byte()).unwrap_or(usize::MAX)
}

fn utf8(path: &Path, bytes: Vec<u8>) -> Result<String, FileError> {
    String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to();
        let (line, column) = line_and_column(error.as_bytes(), byte);
        FileError::Encoding {
            path: path.to_owned(),
            byte,
            line,
            column,
        }
    })
}

fn refuse_at(path: &Path, bytes: &[u8], found: Option<usize>) -> Result<(), FileError> {
    let Some(byte) = found else { return Ok(()) };
    let (line, column) = line_and_column(bytes, byte);
    Err(FileError::NotText {
        path: path.to_owned(),
        byte,
        line,
        column,
    })
}

/// Line and column, from 1; a column is a character, or a byte where there are none.
fn line_and_column(bytes: &[u8], at: usize) -> (u64, u64) {
    let before = bytes.get(..at).unwrap_or_default();
    let lines = before.iter().filter(|byte| **byte == b'\n').count();
    let last = before.rsplit(|byte| *byte == b'\n').next();
    let last = last.unwrap_or_default();
    let columns = std::str::from_utf8(last).map_or(last.len(), |text| text.chars().count());
    let from_one = |n: usize| u64::try_from(n).unwrap_or(u64::MAX - 1) + 1;
    (from_one(lines), from_one(columns))
}

/// Two bytes a character: by its mark, or by the zeros that every second byte then is.
fn is_wide(bytes: &[u8]) -> bool {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return true;
    }
    let (pairs, _) = bytes
        .get(..bytes.len().min(4_096))
        .unwrap_or_default()
        .as_chunks::<2>();
    let zeros = |of: fn(&[u8; 2]) -> u8| pairs.iter().filter(|pair| of(pair) == 0).count();
    let (first, second) = (zeros(|[a, _]| *a), zeros(|[_, b]| *b));
    (first == 0) != (second == 0) && (first + second) * 2 > pairs.len()
}

/// Windows-1252, which is what files called Latin-1 are in.
fn latin1(byte: u8) -> char {
    const UPPER: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    let place = usize::from(byte).wrapping_sub(0x80);
    UPPER.get(place).copied().unwrap_or(char::from(byte))
}

/// The sign that stands most often outside quotes in the heading; a comma where none does.
fn delimiter(text: &str) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => {
                if let Some((_, count)) = counts.iter_mut().find(|(sign, _)| *sign == byte) {
                    *count += 1;
                }
            }
        }
    }
    counts
        .iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(b',', |(sign, _)| *sign)
}

fn headings(record: &csv::StringRecord) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut headings = Vec::with_capacity(record.len());
    for (place, cell) in record.iter().enumerate() {
        let plain = match cell.trim() {
            "" => format!("column {}", place + 1),
            text => text.to_owned(),
        };
        let mut heading = plain.clone();
        let mut count = 1;
        while !taken.insert(heading.clone()) {
            count += 1;
            heading = format!("{plain} ({count})");
        }
        headings.push(heading);
    }
    headings
}
