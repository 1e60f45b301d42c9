use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Language, PartyError, excerpt};

/// ISO 3166-1 alpha-2, as assigned.
const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM \
    BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM \
    DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW \
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA \
    LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ \
    NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR \
    TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// The member states of the European Union (27, since 2020).
const EU: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";

/// Names that files really carry, lower case, beside the codes.
const NAMES: [(&str, &str); 46] = [
    ("austria", "AT"),
    ("österreich", "AT"),
    ("australia", "AU"),
    ("belgium", "BE"),
    ("belgien", "BE"),
    ("canada", "CA"),
    ("kanada", "CA"),
    ("switzerland", "CH"),
    ("schweiz", "CH"),
    ("suisse", "CH"),
    ("germany", "DE"),
    ("deutschland", "DE"),
    ("allemagne", "DE"),
    ("denmark", "DK"),
    ("dänemark", "DK"),
    ("spain", "ES"),
    ("españa", "ES"),
    ("spanien", "ES"),
    ("finland", "FI"),
    ("france", "FR"),
    ("frankreich", "FR"),
    ("united kingdom", "GB"),
    ("great britain", "GB"),
    ("england", "GB"),
    ("scotland", "GB"),
    ("wales", "GB"),
    ("northern ireland", "GB"),
    ("u.k.", "GB"),
    ("uk", "GB"),
    ("ireland", "IE"),
    ("italy", "IT"),
    ("italia", "IT"),
    ("italien", "IT"),
    ("luxembourg", "LU"),
    ("netherlands", "NL"),
    ("nederland", "NL"),
    ("niederlande", "NL"),
    ("norway", "NO"),
    ("poland", "PL"),
    ("portugal", "PT"),
    ("sweden", "SE"),
    ("united states", "US"),
    ("united states of america", "US"),
    ("u.s.a.", "US"),
    ("u.s.", "US"),
    ("usa", "US"),
];

/// Code, English and German name of the countries that business is mostly done with.
const SHOWN: [(&str, &str, &str); 36] = [
    ("AT", "Austria", "Österreich"),
    ("AU", "Australia", "Australien"),
    ("BE", "Belgium", "Belgien"),
    ("BG", "Bulgaria", "Bulgarien"),
    ("CA", "Canada", "Kanada"),
    ("CH", "Switzerland", "Schweiz"),
    ("CY", "Cyprus", "Zypern"),
    ("CZ", "Czechia", "Tschechien"),
    ("DE", "Germany", "Deutschland"),
    ("DK", "Denmark", "Dänemark"),
    ("EE", "Estonia", "Estland"),
    ("ES", "Spain", "Spanien"),
    ("FI", "Finland", "Finnland"),
    ("FR", "France", "Frankreich"),
    ("GB", "United Kingdom", "Vereinigtes Königreich"),
    ("GR", "Greece", "Griechenland"),
    ("HR", "Croatia", "Kroatien"),
    ("HU", "Hungary", "Ungarn"),
    ("IE", "Ireland", "Irland"),
    ("IS", "Iceland", "Island"),
    ("IT", "Italy", "Italien"),
    ("LI", "Liechtenstein", "Liechtenstein"),
    ("LT", "Lithuania", "Litauen"),
    ("LU", "Luxembourg", "Luxemburg"),
    ("LV", "Latvia", "Lettland"),
    ("MT", "Malta", "Malta"),
    ("NL", "Netherlands", "Niederlande"),
    ("NO", "Norway", "Norwegen"),
    ("NZ", "New Zealand", "Neuseeland"),
    ("PL", "Poland", "Polen"),
    ("PT", "Portugal", "Portugal"),
    ("RO", "Romania", "Rumänien"),
    ("SE", "Sweden", "Schweden"),
    ("SI", "Slovenia", "Slowenien"),
    ("SK", "Slovakia", "Slowakei"),
    ("US", "United States", "Vereinigte Staaten"),
];

/// A country of ISO 3166-1, by its two letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Country(&'static str);

impl Country {
    /// Austria.
    pub const AT: Self = Self("AT");
    /// Canada.
    pub const CA: Self = Self("CA");
    /// Switzerland.
    pub const CH: Self = Self("CH");
    /// Germany.
    pub const DE: Self = Self("DE");
    /// France.
    pub const FR: Self = Self("FR");
    /// The United Kingdom.
    pub const GB: Self = Self("GB");
    /// The United States.
    pub const US: Self = Self("US");

    /// Reads a code such as `DE`; case and surrounding space do not matter.
    ///
    /// # Errors
    ///
    /// [`PartyError::Country`] for anything that is not an assigned code.
    pub fn parse(code: &str) -> Result<Self, PartyError> {
        let wanted = code.trim().to_ascii_uppercase();
        CODES
            .split(' ')
            .find(|known| *known == wanted)
            .map(Self)
            .ok_or_else(|| PartyError::Country {
                code: excerpt(code),
            })
    }

    /// Reads a code or a name as it stands in files: `Deutschland`, `USA`, `UK`.
    ///
    /// # Errors
    ///
    /// [`PartyError::Country`] for a name that is not in the table.
    pub fn parse_name(name: &str) -> Result<Self, PartyError> {
        let wanted = name.trim().to_lowercase();
        NAMES
            .iter()
            .find(|(known, _)| *known == wanted)
            .map_or_else(|| Self::parse(name), |(_, code)| Self::parse(code))
    }

    /// The two letters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0
    }

    /// Its name for people: German in German, otherwise English, as post between countries
    /// takes it; the code where no name is known here.
    #[must_use]
    pub fn name(self, language: Language) -> &'static str {
        let shown = SHOWN.iter().find(|(code, _, _)| *code == self.0);
        shown.map_or(self.0, |(_, english, german)| {
            if language == Language::DE {
                german
            } else {
                english
            }
        })
    }

    /// Whether the law of the European Union applies there.
    #[must_use]
    pub fn is_eu(self) -> bool {
        EU.split(' ').any(|member| member == self.0)
    }

    /// Whether GDPR applies there: the Union, Iceland, Liechtenstein and Norway.
    #[must_use]
    pub fn is_eea(self) -> bool {
        self.is_eu() || matches!(self.0, "IS" | "LI" | "NO")
    }
}

impl FromStr for Country {
    type Err = PartyError;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::parse(code)
    }
}

// By hand: for a field of `&'static str` the derive would ask for input that lives as long.
impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).map_err(de::Error::custom)
    }
}

impl TryFrom<String> for Country {
    type Error = PartyError;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        Self::parse(&code)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.0.to_owned()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
