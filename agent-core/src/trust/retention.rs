//! How long papers are kept by law, against a wish to be erased.

use chrono::{Datelike, NaiveDate};

use crate::party::Country;
use crate::time::Timestamp;

/// A paper that the law wants kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Paper {
    /// An invoice, and what shows that it was paid.
    Invoice,
    /// A contract and the letters that made it.
    Contract,
}

impl Paper {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::Contract => "contract",
        }
    }
}

/// How long, and by which law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Whole years after the end of the year that the paper is of.
    pub years: i32,
    /// Where that is written.
    pub source: &'static str,
}

/// How long an agency in `country` keeps a paper. Where this family knows no rule of the country,
/// it is ten years, the longest of those it knows.
#[must_use]
pub fn retention(country: Country, paper: Paper) -> Retention {
    let (years, source) = match (country.code(), paper) {
        ("DE", Paper::Invoice) => (8, "UStG § 14b(1), AO § 147(3)"),
        ("DE", Paper::Contract) => (6, "HGB § 257(1) no. 2 and 3, (4)"),
        ("AT", _) => (7, "BAO § 132(1)"),
        ("CH", _) => (10, "OR Art. 958f"),
        ("FR", Paper::Invoice) => (10, "Code de commerce L123-22"),
        ("FR", Paper::Contract) => (5, "Code de commerce L110-4"),
        ("GB", _) => (6, "VATA 1994 Sch. 11 para. 6; FA 1998 Sch. 18 para. 21"),
        _ => (
            10,
            "no rule of this country is known here; the longest known one",
        ),
    };
    Retention { years, source }
}

impl Retention {
    /// The last day on which a paper of this time is kept.
    #[must_use]
    pub fn until(&self, of: Timestamp) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(of.year().checked_add(self.years)?, 12, 31)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;

    #[test]
    fn a_paper_is_kept_to_the_end_of_its_last_year() {
        let at = Utc.with_ymd_and_hms(2026, 3, 4, 0, 0, 0).unwrap();
        for (country, paper, until) in [
            ("DE", Paper::Invoice, 2034),
            ("DE", Paper::Contract, 2032),
            ("AT", Paper::Invoice, 2033),
            ("FR", Paper::Contract, 2031),
            ("JP", Paper::Invoice, 2036),
        ] {
            let rule = retention(Country::parse(country).unwrap(), paper);
            assert_eq!(
                rule.until(at),
                NaiveDate::from_ymd_opt(until, 12, 31),
                "{country} {}",
                paper.word()
            );
        }
    }
}
