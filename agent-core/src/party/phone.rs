use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Country, PartyError};

/// How a country writes its own numbers.
struct Plan {
    country: &'static str,
    /// After the `+`.
    code: &'static str,
    /// Dialled before national numbers at home, dropped abroad.
    trunk: &'static str,
    /// Dialled at home before a number abroad.
    exits: &'static [&'static str],
    /// Digits of a national number without the trunk prefix.
    shortest: usize,
    longest: usize,
}

/// The countries whose national numbers are understood. Lengths are those of geographic and
/// mobile numbers of the national plans (ITU-T E.164 annexes); NANP is +1 for US and CA.
const PLANS: [Plan; 7] = [
    Plan {
        country: "US",
        code: "1",
        trunk: "1",
        exits: &["011"],
        shortest: 10,
        longest: 10,
    },
    Plan {
        country: "CA",
        code: "1",
        trunk: "1",
        exits: &["011"],
        shortest: 10,
        longest: 10,
    },
    Plan {
        country: "GB",
        code: "44",
        trunk: "0",
        exits: &["00"],
        shortest: 9,
        longest: 10,
    },
    Plan {
        country: "DE",
        code: "49",
        trunk: "0",
        exits: &["00"],
        shortest: 5,
        longest: 13,
    },
    Plan {
        country: "AT",
        code: "43",
        trunk: "0",
        exits: &["00"],
        shortest: 4,
        longest: 13,
    },
    Plan {
        country: "CH",
        code: "41",
        trunk: "0",
        exits: &["00"],
        shortest: 9,
        longest: 9,
    },
    Plan {
        country: "FR",
        code: "33",
        trunk: "0",
        exits: &["00"],
        shortest: 9,
        longest: 9,
    },
];

/// Words before an extension, lower case.
const EXTENSIONS: [&str; 8] = [
    "extension",
    "durchwahl",
    "ext.",
    "ext",
    "dw",
    "poste",
    "x",
    "#",
];

/// A telephone number: E.164 where the country is known, else its bare digits.
///
/// ```
/// use dealwright_core::party::{Country, PhoneNumber};
/// let phone = PhoneNumber::parse("(030) 23125-042 ext. 7", Some(Country::DE))?;
/// assert_eq!((phone.as_str(), phone.extension()), ("+493023125042", Some("7")));
/// # Ok::<(), dealwright_core::party::PartyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct PhoneNumber {
    number: String,
    extension: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    number: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extension: Option<String>,
}

impl crate::personal::Placeholder for PhoneNumber {
    /// A number under a country code that no country has.
    fn placeholder() -> Self {
        Self {
            number: "+0000000".to_owned(),
            extension: None,
        }
    }
}

impl PhoneNumber {
    /// Reads a number as people write it; `home` is the country it was found in.
    ///
    /// Known plans are US, CA, GB, DE, AT, CH and FR. With another country, or none, a number
    /// without `+` keeps its digits as they are.
    ///
    /// # Errors
    ///
    /// [`PartyError::Phone`]: other characters than numbers are written with, fewer than 4 or
    /// more than 15 digits, or another length than the country's plan has.
    pub fn parse(text: &str, home: Option<Country>) -> Result<Self, PartyError> {
        let (number, extension) = split_extension(text);
        let number = number.trim();
        let written = |c: char| c.is_ascii_digit() || " \u{a0}-–./()+\t".contains(c);
        if !number.chars().all(written) {
            return bad("it holds characters that numbers are not written with");
        }
        // "+49 (0)30": the zero in brackets is for callers at home.
        let number = number.replace("(0)", if number.starts_with('+') { "" } else { "0" });
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let plan = home.and_then(|home| PLANS.iter().find(|plan| plan.country == home.code()));
        let number = if number.starts_with('+') {
            abroad(&digits)?
        } else {
            match plan {
                Some(plan) => national(&digits, plan)?,
                None => digits
                    .strip_prefix("00")
                    .map_or_else(|| Ok(digits.clone()), abroad)?,
            }
        };
        let count = number.bytes().filter(u8::is_ascii_digit).count();
        if !(4..=15).contains(&count) {
            return bad("a number has 4 to 15 digits");
        }
        Ok(Self { number, extension })
    }

    /// `+` and digits where the country is known, else digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.number
    }

    /// What is dialled after the connection is made.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// Whether the country is known.
    #[must_use]
    pub fn is_international(&self) -> bool {
        self.number.starts_with('+')
    }
}

fn bad<T>(reason: &'static str) -> Result<T, PartyError> {
    Err(PartyError::Phone { reason })
}

fn abroad(digits: &str) -> Result<String, PartyError> {
    if digits.starts_with('0') {
        return bad("no country code begins with 0");
    }
    // The longest code that fits first would matter for overlapping codes; these have none.
    match PLANS.iter().find(|plan| digits.starts_with(plan.code)) {
        Some(plan) => {
            let rest = digits.strip_prefix(plan.code).unwrap_or_default();
            within(rest, plan)
        }
        None => Ok(format!("+{digits}")),
    }
}

fn national(digits: &str, plan: &Plan) -> Result<String, PartyError> {
    let exit = plan.exits.iter().find_map(|exit| digits.strip_prefix(exit));
    if let Some(rest) = exit {
        return abroad(rest);
    }
    within(digits.strip_prefix(plan.trunk).unwrap_or(digits), plan)
}

fn within(rest: &str, plan: &Plan) -> Result<String, PartyError> {
    if (plan.shortest..=plan.longest).contains(&rest.len()) {
        Ok(format!("+{}{rest}", plan.code))
    } else {
        bad("it has another length than numbers of its country have")
    }
}

fn split_extension(text: &str) -> (&str, Option<String>) {
    let lower = text.to_ascii_lowercase();
    for word in EXTENSIONS {
        let Some(at) = lower.rfind(word) else {
            continue;
        };
        let (number, rest) = (text.get(..at), text.get(at + word.len()..));
        let (Some(number), Some(rest)) = (number, rest) else {
            continue;
        };
        let digits = rest.trim_matches([' ', ':', '.', ')', '-', '\u{a0}']);
        let fits = (1..=7).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if fits {
            return (
                number.trim_end_matches([' ', ',', ';', '(']),
                Some(digits.to_owned()),
            );
        }
    }
    (text, None)
}

impl FromStr for PhoneNumber {
    type Err = PartyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text, None)
    }
}

impl TryFrom<Stored> for PhoneNumber {
    type Error = PartyError;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let mut number = Self::parse(&stored.number, None)?;
        let fits = |text: &String| text.len() <= 7 && text.bytes().all(|b| b.is_ascii_digit());
        if stored.extension.as_ref().is_some_and(|text| !fits(text)) {
            return bad("an extension has up to 7 digits");
        }
        number.extension = stored.extension;
        Ok(number)
    }
}

impl From<PhoneNumber> for Stored {
    fn from(phone: PhoneNumber) -> Self {
        Self {
            number: phone.number,
            extension: phone.extension,
        }
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.number)?;
        match &self.extension {
            Some(extension) => write!(f, " ext. {extension}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[telephone number]")
    }
}
