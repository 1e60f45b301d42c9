use std::fmt;

use dealwright_core::party::{Country, DomainName, EmailAddress, PhoneNumber};
use dealwright_core::personal::Personal;
use dealwright_core::provenance::{Confidence, Source};
use dealwright_core::text::{Context, Untrusted};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Something about a lead that can be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EnrichField {
    /// The name of the business.
    Name,
    /// A person there.
    Person,
    /// An address for mail.
    Email,
    /// Any telephone number.
    Phone,
    /// A number of a mobile telephone; a landline is not one.
    Mobile,
    /// The website.
    Website,
    /// Street and number.
    Street,
    /// Postal code.
    PostalCode,
    /// Place.
    Locality,
    /// Country.
    Country,
    /// Sector.
    Sector,
}

impl EnrichField {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Person => "person",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Mobile => "mobile",
            Self::Website => "website",
            Self::Street => "street",
            Self::PostalCode => "postal code",
            Self::Locality => "place",
            Self::Country => "country",
            Self::Sector => "sector",
        }
    }
}

impl fmt::Display for EnrichField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A value of a field, parsed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FieldValue {
    /// The name of the business.
    Name(String),
    /// A person there.
    Person(Personal<String>),
    /// An address for mail.
    Email(Personal<EmailAddress>),
    /// A telephone number.
    Phone(Personal<PhoneNumber>),
    /// The website.
    Website(DomainName),
    /// Street and number.
    Street(String),
    /// Postal code.
    PostalCode(String),
    /// Place.
    Locality(String),
    /// Country.
    Country(Country),
    /// Sector.
    Sector(String),
}

/// Why a text is no value of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Invalid {
    /// It does not parse.
    #[error("the text has not the form of this field")]
    Form,
    /// It stands for a missing value.
    #[error("the text only stands for a missing value")]
    Placeholder,
    /// A mailbox that no person reads.
    #[error("the mailbox belongs to a machine")]
    Machine,
    /// A number that is not, or cannot be told to be, that of a mobile telephone.
    #[error("the number is not known to be a mobile one")]
    NotMobile,
}

impl FieldValue {
    /// Whether it was a person's, and was erased.
    pub(crate) fn is_erased(&self) -> bool {
        match self {
            Self::Person(value) => value.is_erased(),
            Self::Email(value) => value.is_erased(),
            Self::Phone(value) => value.is_erased(),
            Self::Name(_)
            | Self::Website(_)
            | Self::Street(_)
            | Self::PostalCode(_)
            | Self::Locality(_)
            | Self::Country(_)
            | Self::Sector(_) => false,
        }
    }

    /// Reads a text from outside as a value of `field`. `home` is the country a national
    /// telephone number is read by, `subject` whose data it is.
    ///
    /// # Errors
    ///
    /// [`Invalid`] says why it is none.
    pub fn read(
        field: EnrichField,
        text: &Untrusted<String>,
        home: Option<Country>,
        subject: &str,
    ) -> Result<Self, Invalid> {
        if text.inspect(|text| is_placeholder(text)) {
            return Err(Invalid::Placeholder);
        }
        let line = |longest: usize| {
            // One line of printable text, however it came.
            let line = text.render_for(Context::Header);
            let line = line.trim();
            let fits = !line.is_empty()
                && line.chars().count() <= longest
                && line.chars().any(char::is_alphanumeric);
            fits.then(|| line.to_owned()).ok_or(Invalid::Form)
        };
        Ok(match field {
            EnrichField::Name => Self::Name(line(120)?),
            EnrichField::Person => Self::Person(Personal::new(line(80)?, subject)),
            EnrichField::Email => {
                let address: EmailAddress = text.parse().map_err(|_| Invalid::Form)?;
                Self::Email(Personal::new(usable(address)?, subject))
            }
            EnrichField::Phone | EnrichField::Mobile => {
                let number = text
                    .inspect(|text| PhoneNumber::parse(text, home))
                    .map_err(|_| Invalid::Form)?;
                if field == EnrichField::Mobile && is_mobile(&number) != Some(true) {
                    return Err(Invalid::NotMobile);
                }
                Self::Phone(Personal::new(number, subject))
            }
            EnrichField::Website => Self::Website(
                text.inspect(|text| DomainName::parse(text).or_else(|_| DomainName::of_url(text)))
                    .map_err(|_| Invalid::Form)?,
            ),
            EnrichField::Street => Self::Street(line(120)?),
            EnrichField::PostalCode => Self::PostalCode(line(12)?),
            EnrichField::Locality => Self::Locality(line(80)?),
            EnrichField::Country => Self::Country(
                text.inspect(|text| Country::parse(text).or_else(|_| Country::parse_name(text)))
                    .map_err(|_| Invalid::Form)?,
            ),
            EnrichField::Sector => Self::Sector(line(60)?),
        })
    }

    /// The field it is of; a number says `Phone`, mobile or not.
    #[must_use]
    pub fn field(&self) -> EnrichField {
        match self {
            Self::Name(_) => EnrichField::Name,
            Self::Person(_) => EnrichField::Person,
            Self::Email(_) => EnrichField::Email,
            Self::Phone(_) => EnrichField::Phone,
            Self::Website(_) => EnrichField::Website,
            Self::Street(_) => EnrichField::Street,
            Self::PostalCode(_) => EnrichField::PostalCode,
            Self::Locality(_) => EnrichField::Locality,
            Self::Country(_) => EnrichField::Country,
            Self::Sector(_) => EnrichField::Sector,
        }
    }
}

/// A value with where it comes from: what an event keeps of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The value.
    pub value: FieldValue,
    /// Who said it, and where exactly.
    pub source: Source,
    /// When it was read.
    pub retrieved_at: Timestamp,
    /// How sure the source is.
    pub confidence: Confidence,
    /// The words it was read from. They may name a person as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passage: Option<Personal<Untrusted<String>>>,
}

/// An address that somebody reads. A heading says nothing: the text itself has to be one.
fn usable(address: EmailAddress) -> Result<EmailAddress, Invalid> {
    const MACHINES: [&str; 12] = [
        "noreply",
        "donotreply",
        "mailerdaemon",
        "postmaster",
        "abuse",
        "bounce",
        "bounces",
        "hostmaster",
        "unsubscribe",
        "daemon",
        "nobody",
        "root",
    ];
    let local = address
        .local()
        .to_ascii_lowercase()
        .replace(['-', '_', '.'], "");
    if MACHINES.contains(&local.as_str()) {
        return Err(Invalid::Machine);
    }
    const NOBODY: [&str; 8] = [
        "email",
        "youremail",
        "yourname",
        "name",
        "test",
        "user",
        "username",
        "firstnamelastname",
    ];
    const NOWHERE: [&str; 7] = [
        "example.com",
        "example.org",
        "example.net",
        "domain.com",
        "yourdomain.com",
        "email.com",
        "mysite.com",
    ];
    if NOBODY.contains(&local.as_str()) || NOWHERE.contains(&address.domain().as_str()) {
        return Err(Invalid::Placeholder);
    }
    Ok(address)
}

/// Whether a text only says that nothing is known.
pub(super) fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 15] = [
        "", "-", "--", "n/a", "na", "none", "null", "nil", "unknown", "test", "tbd", "xxx", "asdf",
        "keine", "k.a.",
    ];
    let text = text.trim().to_lowercase();
    WORDS.contains(&text.as_str())
}

/// Whether a number is that of a mobile telephone, by the national numbering plans; `None`
/// where the plan does not set mobile numbers apart (as in North America) or is not known here.
#[must_use]
pub fn is_mobile(number: &PhoneNumber) -> Option<bool> {
    /// Country code and the digits that mobile numbers begin with behind it.
    const PLANS: [(&str, &[&str]); 5] = [
        ("49", &["15", "16", "17"]),
        ("44", &["71", "72", "73", "74", "75", "77", "78", "79"]),
        ("43", &["64", "65", "66", "67", "68", "69"]),
        ("41", &["74", "75", "76", "77", "78", "79"]),
        ("33", &["6", "7"]),
    ];
    let digits = number.as_str().strip_prefix('+')?;
    PLANS.iter().find_map(|(code, begins)| {
        let rest = digits.strip_prefix(code)?;
        Some(begins.iter().any(|begin| rest.starts_with(begin)))
    })
}
