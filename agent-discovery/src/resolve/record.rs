use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What a value says about the one it describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The name of a firm or site, or the whole name of a person.
    Name,
    /// A part of a person's name; all parts together are compared as one name.
    NamePart,
    /// A person to speak to there. Not compared: people move.
    ContactName,
    /// A house number that stands apart from its street.
    HouseNumber,
    /// A street, with or without house number, town and post code.
    Street,
    /// A town, suburb or quarter.
    City,
    /// A state or province. Not compared: the post code says more.
    Region,
    /// A post code.
    PostalCode,
    /// A country. Not compared.
    Country,
    /// A telephone or fax number.
    Phone,
    /// An e-mail address.
    Email,
    /// A website or domain.
    Website,
    /// A date of birth or founding.
    BirthDate,
    /// A number that an authority gave: register, tax, social security.
    Registration,
    /// One of a few words that sort records. Not compared: lists sort differently.
    Category,
    /// Anything else. Not compared.
    Other,
}

impl Role {
    /// Every role, in the order of this enum.
    pub const ALL: [Self; 16] = [
        Self::Name,
        Self::NamePart,
        Self::ContactName,
        Self::HouseNumber,
        Self::Street,
        Self::City,
        Self::Region,
        Self::PostalCode,
        Self::Country,
        Self::Phone,
        Self::Email,
        Self::Website,
        Self::BirthDate,
        Self::Registration,
        Self::Category,
        Self::Other,
    ];

    /// The word for it in map files and reasons.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::NamePart => "name_part",
            Self::ContactName => "contact_name",
            Self::HouseNumber => "house_number",
            Self::Street => "street",
            Self::City => "city",
            Self::Region => "region",
            Self::PostalCode => "postal_code",
            Self::Country => "country",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Website => "website",
            Self::BirthDate => "birth_date",
            Self::Registration => "registration",
            Self::Category => "category",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One description of somebody, value by value as written; a role may have several values.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    id: String,
    fields: BTreeMap<Role, Vec<String>>,
}

impl Record {
    /// A record without values. Ids are the caller's and distinct within an index.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            fields: BTreeMap::new(),
        }
    }

    /// Adds a value; a blank one, or one that is there already, adds nothing.
    #[must_use]
    pub fn with(mut self, role: Role, value: impl AsRef<str>) -> Self {
        self.add(role, value.as_ref());
        self
    }

    /// Adds a value in place, as [`Record::with`] does.
    pub fn add(&mut self, role: Role, value: &str) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        let values = self.fields.entry(role).or_default();
        if !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
        }
    }

    /// The caller's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// All values by role.
    #[must_use]
    pub fn fields(&self) -> &BTreeMap<Role, Vec<String>> {
        &self.fields
    }

    /// The values of one role, in the order they came.
    #[must_use]
    pub fn values(&self, role: Role) -> &[String] {
        self.fields.get(&role).map_or(&[], Vec::as_slice)
    }
}

/// Shows the id and which roles have values; the values may be personal.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: BTreeMap<Role, usize> = self
            .fields
            .iter()
            .map(|(role, values)| (*role, values.len()))
            .collect();
        f.debug_struct("Record")
            .field("id", &self.id)
            .field("values", &counts)
            .finish()
    }
}
