use serde::{Deserialize, Serialize};

use super::infer::{Profile, infer};
use super::normal::{email, website};
use super::params::COMPARED;
use super::record::{Record, Role};

/// What the columns of a table hold; [`Plan::check`] makes it usable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    heading: String,
    role: Role,
    #[serde(default)]
    ignored: bool,
}

impl Plan {
    /// A plan of columns whose roles are known, in their order.
    #[must_use]
    pub fn new<H: Into<String>>(columns: impl IntoIterator<Item = (H, Role)>) -> Self {
        let column = |(heading, role): (H, Role)| Column {
            heading: heading.into(),
            role,
            ignored: false,
        };
        Self {
            columns: columns.into_iter().map(column).collect(),
        }
    }

    /// Finds the roles from the values alone: headings lie. A row with fewer cells than there
    /// are headings has blanks at its end.
    #[must_use]
    pub fn infer<R, S>(headings: &[String], rows: impl IntoIterator<Item = R>) -> Self
    where
        R: AsRef<[S]>,
        S: AsRef<str>,
    {
        let mut profiles = vec![Profile::default(); headings.len()];
        for row in rows {
            let mut cells = row.as_ref().iter().map(AsRef::as_ref);
            for profile in &mut profiles {
                profile.see(cells.next().unwrap_or(""));
            }
        }
        Self::new(headings.iter().cloned().zip(infer(&profiles)))
    }

    /// Says what a column holds, whatever was found.
    ///
    /// # Errors
    ///
    /// [`PlanError::NoColumn`] where no column has the heading.
    pub fn with(mut self, heading: &str, role: Role) -> Result<Self, PlanError> {
        self.column(heading)?.role = role;
        Ok(self)
    }

    /// Gives up a role that was found, so that only columns named by [`Plan::with`] have it.
    #[must_use]
    pub fn without_role(mut self, role: Role) -> Self {
        for column in self.columns.iter_mut().filter(|column| column.role == role) {
            column.role = Role::Other;
        }
        self
    }

    /// Leaves a column out; not even addresses in it are taken.
    ///
    /// # Errors
    ///
    /// [`PlanError::NoColumn`] where no column has the heading.
    pub fn ignore(mut self, heading: &str) -> Result<Self, PlanError> {
        self.column(heading)?.ignored = true;
        Ok(self)
    }

    fn column(&mut self, heading: &str) -> Result<&mut Column, PlanError> {
        let there = self
            .columns
            .iter()
            .map(|column| column.heading.trim().to_owned())
            .collect::<Vec<_>>();
        self.columns
            .iter_mut()
            .find(|column| column.heading.trim() == heading.trim())
            .ok_or_else(|| PlanError::NoColumn {
                heading: heading.trim().to_owned(),
                there: there.join("`, `"),
            })
    }

    /// Checks that there is something to compare.
    ///
    /// # Errors
    ///
    /// [`PlanError::NothingToCompare`].
    pub fn check(self) -> Result<CheckedPlan, PlanError> {
        let compared = |column: &Column| {
            !column.ignored && (COMPARED.contains(&column.role) || column.role == Role::NamePart)
        };
        if self.columns.iter().any(compared) {
            Ok(CheckedPlan(self))
        } else {
            Err(PlanError::NothingToCompare)
        }
    }
}

/// A plan by which rows become records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedPlan(Plan);

impl CheckedPlan {
    /// Headings and roles, in the order of the columns; ignored ones are left out.
    pub fn roles(&self) -> impl Iterator<Item = (&str, Role)> {
        let kept = self.0.columns.iter().filter(|column| !column.ignored);
        kept.map(|column| (column.heading.as_str(), column.role))
    }

    /// The record of a row, whose cells stand in the order of the columns.
    ///
    /// What is an e-mail address or a web address is taken as one, whatever its column holds,
    /// also where several stand in a cell; what is none is none, whatever its heading says.
    #[must_use]
    pub fn record<S: AsRef<str>>(&self, id: impl Into<String>, cells: &[S]) -> Record {
        let mut record = Record::new(id);
        for (column, cell) in self.0.columns.iter().zip(cells) {
            let cell = cell.as_ref().trim();
            if column.ignored || cell.is_empty() {
                continue;
            }
            let role = match column.role {
                Role::Email if !cell.contains('@') => Role::Other,
                Role::Website if website(cell, true).is_none() => Role::Other,
                role => role,
            };
            if website(cell, false).is_some() {
                record.add(Role::Website, cell);
            } else if !addresses(&mut record, cell) {
                record.add(role, cell);
            }
        }
        record
    }
}

/// Takes the e-mail addresses of a cell; whether there was one.
fn addresses(record: &mut Record, cell: &str) -> bool {
    if !cell.contains('@') {
        return false;
    }
    let mut found = false;
    for part in cell.split([' ', ';', ',', '\n', '\t', '/']) {
        if let Some(address) = email(part) {
            record.add(Role::Email, address.as_str());
            found = true;
        }
    }
    found
}

/// Why a plan cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A column that is not there.
    #[error("there is no column `{heading}`; there are `{there}`")]
    NoColumn {
        /// What was named.
        heading: String,
        /// The headings there are.
        there: String,
    },
    /// No column has a role that is compared.
    #[error("no column holds names, addresses or numbers to compare; name some in a map")]
    NothingToCompare,
}
