use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest name of a thing in the knowledge files, in bytes.
const LONGEST: usize = 64;

/// The name by which knowledge files refer to a thing: lower-case letters, digits and single
/// hyphens, such as `website-audit`. Underscores are read as hyphens.
///
/// ```
/// use dealwright_core::knowledge::Slug;
/// assert_eq!(Slug::parse("website_audit")?.as_str(), "website-audit");
/// assert!(Slug::parse("Website audit").is_err());
/// # Ok::<(), dealwright_core::knowledge::SlugError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Why a text is not a [`Slug`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a name of the form `website-audit`; use up to 64 lower-case letters, \
     digits and single hyphens"
)]
pub struct SlugError {
    given: String,
}

impl Slug {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// [`SlugError`] where it is empty, too long, or has other characters.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        let name = text.replace('_', "-");
        let clean = !name.is_empty()
            && name.len() <= LONGEST
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-')
            && !name.contains("--");
        if clean {
            Ok(Self(name))
        } else {
            Err(SlugError {
                given: text.chars().filter(|c| !c.is_control()).take(64).collect(),
            })
        }
    }

    /// A name that stands in the code and keeps the rules by inspection.
    pub(super) fn literal(name: &'static str) -> Self {
        debug_assert!(Self::parse(name).is_ok());
        Self(name.to_owned())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Slug {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Slug {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl PartialEq<str> for Slug {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
