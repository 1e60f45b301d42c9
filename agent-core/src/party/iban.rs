use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::PartyError;

/// An account by its number of ISO 13616: country, two check digits, account.
///
/// The check digits are verified, so that a slip in one place is found before money goes
/// elsewhere. It prints in groups of four, as on paper.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Iban(String);

impl Iban {
    /// Reads `DE89 3704 0044 0532 0130 00`; spaces and case do not matter.
    ///
    /// # Errors
    ///
    /// [`PartyError::Iban`] where it has not 15 to 34 letters and digits behind a country, or its
    /// check digits do not fit.
    pub fn parse(text: &str) -> Result<Self, PartyError> {
        let number: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let refuse = |reason| Err(PartyError::Iban { reason });
        if !(15..=34).contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return refuse("give its 15 to 34 letters and digits");
        }
        let (head, account) = number.split_at(4);
        let (country, check) = head.split_at(2);
        let letters = country.bytes().all(|b| b.is_ascii_uppercase());
        if !letters || !check.bytes().all(|b| b.is_ascii_digit()) {
            return refuse("it begins with a country and two check digits");
        }
        // The number with its head behind it, letters as 10 to 35, leaves 1 when divided by 97.
        let rest = account.chars().chain(head.chars()).fold(0_u32, |rest, c| {
            let value = c.to_digit(36).unwrap_or(0);
            let shift = if value > 9 { 100 } else { 10 };
            (rest * shift + value) % 97
        });
        if rest != 1 {
            return refuse("its check digits do not fit; look for a slip");
        }
        Ok(Self(number))
    }

    /// Letters and digits without spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, c) in self.0.chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                f.write_str(" ")?;
            }
            write!(f, "{c}")?;
        }
        Ok(())
    }
}

/// Without the account: a number of somebody's is theirs.
impl fmt::Debug for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Iban({}…)", self.0.get(..4).unwrap_or_default())
    }
}

impl FromStr for Iban {
    type Err = PartyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Serialize for Iban {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Iban {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found() {
        let iban = Iban::parse("de89 3704 0044 0532 0130 00").unwrap();
        assert_eq!(iban.to_string(), "DE89 3704 0044 0532 0130 00");
        assert_eq!(format!("{iban:?}"), "Iban(DE89…)");
        for right in [
            "GB82 WEST 1234 5698 7654 32",
            "GB29NWBK60161331926819",
            "DE89370400440532013000",
        ] {
            assert!(Iban::parse(right).is_ok(), "{right}");
        }
        for wrong in [
            "DE89 3704 0044 0532 0130 01",
            "DE98 3704 0044 0532 0130 00",
            "DE89 3704 0404 0532 0130 00",
            "89DE 3704 0044 0532 0130 00",
            "DE89370400440532013001",
            "DE89",
            "DE8937",
            "Bank details are on file",
            "",
        ] {
            assert!(Iban::parse(wrong).is_err(), "{wrong}");
        }
    }
}
