use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Country, PartyError, excerpt};

/// ISO 639-1.
const CODES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs \
    cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht \
    hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg \
    li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa \
    pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti \
    tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// A language of ISO 639-1, by its two letters; regions are dropped (`de-AT` is `de`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Language(&'static str);

impl Language {
    /// German.
    pub const DE: Self = Self("de");
    /// English.
    pub const EN: Self = Self("en");
    /// Spanish.
    pub const ES: Self = Self("es");
    /// French.
    pub const FR: Self = Self("fr");

    /// Reads `de`, `de-AT` or `de_AT`.
    ///
    /// # Errors
    ///
    /// [`PartyError::Language`] where the first part is not a code of ISO 639-1.
    pub fn parse(tag: &str) -> Result<Self, PartyError> {
        let wanted = tag
            .trim()
            .split(['-', '_'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        CODES
            .split(' ')
            .find(|known| *known == wanted)
            .map(Self)
            .ok_or_else(|| PartyError::Language { code: excerpt(tag) })
    }

    /// The language most business is done in; `None` where several have a claim (CH, BE, CA)
    /// or none is known.
    #[must_use]
    pub fn of_country(country: Country) -> Option<Self> {
        let code = match country.code() {
            "DE" | "AT" | "LI" => "de",
            "US" | "GB" | "IE" | "AU" | "NZ" => "en",
            "FR" | "MC" => "fr",
            "ES" | "MX" | "AR" | "CL" | "CO" | "PE" => "es",
            "IT" | "SM" | "VA" => "it",
            "NL" => "nl",
            "PT" | "BR" => "pt",
            "PL" => "pl",
            "DK" => "da",
            "SE" => "sv",
            _ => return None,
        };
        Some(Self(code))
    }

    /// The two letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0
    }
}

impl FromStr for Language {
    type Err = PartyError;

    fn from_str(tag: &str) -> Result<Self, Self::Err> {
        Self::parse(tag)
    }
}

// By hand: for a field of `&'static str` the derive would ask for input that lives as long.
impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).map_err(de::Error::custom)
    }
}

impl TryFrom<String> for Language {
    type Error = PartyError;

    fn try_from(tag: String) -> Result<Self, Self::Error> {
        Self::parse(&tag)
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0.to_owned()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
