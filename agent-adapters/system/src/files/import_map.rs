use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use dealwright_core::money::Currency;
use dealwright_core::page::{FetchPurpose, SourceName};
use dealwright_core::party::{Country, Language};
use dealwright_core::time::Zone;
use dealwright_discovery::resolve::{CheckedPlan, Plan, Role};
use dealwright_discovery::source::{TermsRecord, TermsRecordParts, TermsRegister};
use serde::Deserialize;

use super::csv_file::{CsvFile, CsvFormat};
use super::error::{FileError, MapError};
use super::row::RawRow;

/// What is in a file of leads: where its rows come from and on whose terms, what its columns
/// hold where the values do not say it themselves, and what to take for granted.
///
/// ```toml
/// [file]
/// encoding = "utf-8"              # or "latin1"
///
/// [columns]
/// source = "List"                 # which list a row is from
/// row_id = "id"                   # what tells rows of a list apart
/// region = "Country"              # which `[[region]]` a row lies in
/// ignore = ["Internal note"]      # not even addresses are taken from these
///
/// [roles]                         # only where the values mislead
/// name = ["Shop"]
///
/// [defaults]
/// country = "DE"
/// zone = "Europe/Berlin"
/// currency = "EUR"
/// language = "de"
/// sector = "bakeries"
///
/// [[region]]                      # what holds instead where the rows are from several
/// cell = "Austria"                # what stands in the region column
/// country = "AT"
/// zone = "Europe/Vienna"
///
/// [[source]]                      # the terms of each list, read by a person
/// cell = "City register 2026"     # what stands in the source column
/// source = "city-register"
/// allowed = ["find_leads", "enrich"]
/// automation = false
/// storage_days = 365
/// attribution = "City register"
/// review_by = "2027-12-31"
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportMap {
    format: CsvFormat,
    source: Option<String>,
    row_id: Option<String>,
    region: Option<String>,
    ignore: Vec<String>,
    roles: BTreeMap<Role, Vec<String>>,
    defaults: Defaults,
    regions: BTreeMap<String, Defaults>,
    cells: BTreeMap<String, SourceName>,
    terms: TermsRegister,
}

/// What holds for every row that does not say otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Defaults {
    /// Where the rows' addresses and telephone numbers are.
    pub country: Option<Country>,
    /// What their clocks show.
    pub zone: Option<Zone>,
    /// What they pay in.
    pub currency: Option<Currency>,
    /// What they read.
    pub language: Option<Language>,
    /// What they do.
    pub sector: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MapParts {
    #[serde(default)]
    file: CsvFormat,
    #[serde(default)]
    columns: ColumnParts,
    #[serde(default)]
    roles: BTreeMap<Role, Vec<String>>,
    #[serde(default)]
    defaults: Defaults,
    #[serde(default)]
    region: Vec<RegionParts>,
    #[serde(default)]
    source: Vec<SourceParts>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ColumnParts {
    source: Option<String>,
    row_id: Option<String>,
    region: Option<String>,
    ignore: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionParts {
    cell: String,
    country: Option<Country>,
    zone: Option<Zone>,
    currency: Option<Currency>,
    language: Option<Language>,
    sector: Option<String>,
}

impl RegionParts {
    /// What it does not say itself holds as everywhere.
    fn over(self, everywhere: &Defaults) -> Defaults {
        Defaults {
            country: self.country.or(everywhere.country),
            zone: self.zone.or(everywhere.zone),
            currency: self.currency.or(everywhere.currency),
            language: self.language.or(everywhere.language),
            sector: self.sector.or_else(|| everywhere.sector.clone()),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceParts {
    #[serde(default)]
    cell: Option<String>,
    source: SourceName,
    allowed: BTreeSet<FetchPurpose>,
    automation: bool,
    storage_days: u32,
    #[serde(default)]
    attribution: String,
    /// Written as a text: `"2027-12-31"`.
    review_by: NaiveDate,
}

impl ImportMap {
    /// Reads a map.
    ///
    /// # Errors
    ///
    /// [`MapError`], all but the variants that need a file or a row.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let parts: MapParts = toml::from_str(text).map_err(|error| form(text, &error))?;
        let columns = parts.columns;
        if !parts.region.is_empty() && columns.region.is_none() {
            return Err(MapError::NoRegionColumn(parts.region.len()));
        }
        let mut regions = BTreeMap::new();
        for region in parts.region {
            let cell = region.cell.trim().to_owned();
            let defaults = region.over(&parts.defaults);
            if regions.insert(cell.clone(), defaults).is_some() {
                return Err(MapError::TwiceRegion(cell));
            }
        }
        let reserved = [&columns.source, &columns.row_id];
        for (role, headings) in &parts.roles {
            let clash = headings.iter().find(|heading| {
                reserved
                    .iter()
                    .any(|own| own.as_deref() == Some(heading.as_str()))
            });
            if let Some(heading) = clash {
                return Err(MapError::Reserved {
                    heading: heading.clone(),
                    role: *role,
                });
            }
        }
        if parts.source.len() > 1 && columns.source.is_none() {
            return Err(MapError::NoSourceColumn(parts.source.len()));
        }
        let mut cells = BTreeMap::new();
        let mut records = Vec::new();
        for source in parts.source {
            let cell = source
                .cell
                .unwrap_or_else(|| source.source.as_str().to_owned());
            let cell = cell.trim().to_owned();
            if cells.insert(cell.clone(), source.source.clone()).is_some() {
                return Err(MapError::TwiceCell(cell));
            }
            records.push(TermsRecord::check(TermsRecordParts {
                source: source.source,
                allowed: source.allowed,
                automation: source.automation,
                storage_days: source.storage_days,
                attribution: source.attribution,
                review_by: source.review_by,
            })?);
        }
        Ok(Self {
            format: parts.file,
            source: columns.source,
            row_id: columns.row_id,
            region: columns.region,
            ignore: columns.ignore,
            roles: parts.roles,
            defaults: parts.defaults,
            regions,
            cells,
            terms: TermsRegister::new(records)?,
        })
    }

    /// How the file is written.
    #[must_use]
    pub fn format(&self) -> CsvFormat {
        self.format
    }

    /// What holds for every row that does not say otherwise.
    #[must_use]
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// What holds for one row: by its region, else as for every row.
    #[must_use]
    pub fn defaults_of(&self, row: &RawRow) -> &Defaults {
        let cell = self.region.as_deref().and_then(|column| row.cell(column));
        cell.and_then(|cell| self.regions.get(cell))
            .unwrap_or(&self.defaults)
    }

    /// The terms of every list in the file.
    #[must_use]
    pub fn terms(&self) -> &TermsRegister {
        &self.terms
    }

    /// The column that says which list a row is from.
    #[must_use]
    pub fn source_column(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// The column that tells rows of a list apart; the line does where there is none.
    #[must_use]
    pub fn row_id_column(&self) -> Option<&str> {
        self.row_id.as_deref()
    }

    /// Columns that are left out.
    #[must_use]
    pub fn ignored(&self) -> &[String] {
        &self.ignore
    }

    /// Checks that every column the map names is in the file.
    ///
    /// # Errors
    ///
    /// [`FileError::NoColumn`] naming the column and those there are.
    pub fn check_columns(&self, file: &CsvFile) -> Result<(), FileError> {
        let named = self.source.iter().chain(&self.row_id).chain(&self.ignore);
        file.require(
            named
                .chain(&self.region)
                .chain(self.roles.values().flatten())
                .map(String::as_str),
        )
    }

    /// What each column holds: found from the values, then as the map says.
    ///
    /// A role that the map gives to columns is theirs alone. `ignore` names columns to leave out
    /// besides those of the map.
    ///
    /// # Errors
    ///
    /// [`MapError::Plan`] for columns that are not there, or if nothing can be compared.
    pub fn plan<'a>(
        &self,
        headings: &[String],
        rows: impl IntoIterator<Item = &'a RawRow>,
        ignore: &[String],
    ) -> Result<CheckedPlan, MapError> {
        let mut plan = Plan::infer(headings, rows.into_iter().map(RawRow::values));
        for (role, columns) in &self.roles {
            plan = plan.without_role(*role);
            if *role == Role::Name {
                plan = plan.without_role(Role::NamePart);
            }
            for heading in columns {
                plan = plan.with(heading, *role)?;
            }
        }
        for heading in self
            .source
            .iter()
            .chain(&self.row_id)
            .chain(&self.ignore)
            .chain(ignore)
        {
            plan = plan.ignore(heading)?;
        }
        Ok(plan.check()?)
    }

    /// The list a row is from. `given` is what the caller was told for the whole file; a
    /// source column wins over it.
    ///
    /// # Errors
    ///
    /// [`MapError::UnknownSource`] where the row names a list without terms,
    /// [`MapError::NotInMap`] where `given` has none, [`MapError::NoSource`] where nothing
    /// names a list.
    pub fn source_of(
        &self,
        row: &RawRow,
        given: Option<&SourceName>,
    ) -> Result<SourceName, MapError> {
        if let Some(column) = &self.source {
            let cell = row.cell(column).unwrap_or_default();
            return self
                .cells
                .get(cell)
                .cloned()
                .ok_or_else(|| MapError::UnknownSource {
                    cell: cell.chars().filter(|c| !c.is_control()).take(60).collect(),
                });
        }
        match given {
            Some(name) if self.terms.record(name).is_some() => Ok(name.clone()),
            Some(name) => Err(MapError::NotInMap(name.clone())),
            None => self
                .cells
                .values()
                .next()
                .cloned()
                .ok_or(MapError::NoSource),
        }
    }

    /// What tells a row from others of its list: the cell of the id column, else the line.
    #[must_use]
    pub fn key_of(&self, row: &RawRow) -> String {
        let cell = self.row_id.as_deref().and_then(|column| row.cell(column));
        cell.map_or_else(|| format!("line {}", row.line()), str::to_owned)
    }
}

/// One line of what the TOML reader says in several.
fn form(text: &str, error: &toml::de::Error) -> MapError {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or_default();
    MapError::Form {
        line: before.matches('\n').count() + 1,
        column: before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1,
        why: error.message().lines().collect::<Vec<_>>().join(" "),
    }
}
