use std::collections::BTreeMap;

use serde::Deserialize;

use crate::words::{PatternError, Phrases};

/// Phrases by language code. All languages are looked for at once; the codes are for people.
type ByLanguage = BTreeMap<String, Vec<String>>;

/// A lexicon as it is written in a file; see `lexicon.toml` beside this module for the form.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LexiconParams {
    cues: CueParams,
    need: Vec<NeedParams>,
    driver: Vec<DriverParams>,
    terms: TermParams,
    roles: RoleParams,
    languages: LanguageParams,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CueParams {
    wish: ByLanguage,
    refuse: ByLanguage,
    refuse_near: ByLanguage,
    refuse_after: ByLanguage,
    neutral: ByLanguage,
    content: ByLanguage,
    later: ByLanguage,
    other: ByLanguage,
    selling: ByLanguage,
    machine: ByLanguage,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct NeedParams {
    id: String,
    statement: String,
    drivers: Vec<String>,
    #[serde(default)]
    ask: ByLanguage,
    #[serde(default)]
    topic: ByLanguage,
    #[serde(default)]
    trouble: ByLanguage,
    #[serde(default)]
    mention: ByLanguage,
    #[serde(default)]
    together: Vec<TogetherParams>,
}

/// Things that mean the need where one sentence, or one and the next, speaks of all of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct TogetherParams {
    /// `topic`: wanted where the sentences wish. `trouble`: from which it follows.
    says: Says,
    /// One list of phrases for each thing.
    of: Vec<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Says {
    Topic,
    Trouble,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct DriverParams {
    id: String,
    units: Vec<String>,
    #[serde(default)]
    weak: Vec<String>,
    need: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermParams {
    at_most: Vec<String>,
    at_most_after: Vec<String>,
    at_least: Vec<String>,
    at_least_after: Vec<String>,
    no_budget: Vec<String>,
    monthly: Vec<String>,
    by: Vec<String>,
    before: Vec<String>,
    ready: Vec<String>,
    not_ready: Vec<String>,
    by_then: Vec<String>,
    only: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleParams {
    decides: Vec<String>,
    asks_others: Vec<String>,
    passes_on: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct LanguageParams {
    names: Vec<String>,
}

/// Why a lexicon was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LexiconError {
    /// The file has not the form of a lexicon.
    #[error("the needs lexicon cannot be read: {0}")]
    Form(String),
    /// A phrase cannot be read.
    #[error("the needs lexicon, under `{place}`: {why}")]
    Phrase {
        /// Where it stands.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// A name is used that is not defined, or defined twice.
    #[error("the needs lexicon names `{name}` {what}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// The words by which needs are recognised, checked and ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lexicon {
    pub(super) cues: Cues,
    pub(super) needs: Vec<NeedWords>,
    pub(super) drivers: Vec<DriverWords>,
    pub(super) terms: TermWords,
    pub(super) roles: RoleWords,
    pub(super) languages: Vec<Phrases>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cues {
    pub(super) wish: Phrases,
    pub(super) refuse: Phrases,
    pub(super) refuse_near: Phrases,
    pub(super) refuse_after: Phrases,
    pub(super) neutral: Phrases,
    pub(super) content: Phrases,
    pub(super) later: Phrases,
    pub(super) other: Phrases,
    pub(super) selling: Phrases,
    pub(super) machine: Phrases,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NeedWords {
    pub(super) id: String,
    pub(super) statement: String,
    pub(super) drivers: Vec<String>,
    pub(super) ask: Phrases,
    pub(super) topic: Phrases,
    pub(super) trouble: Phrases,
    pub(super) mention: Phrases,
    pub(super) together: Vec<(Says, Vec<Phrases>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DriverWords {
    pub(super) id: String,
    pub(super) units: Phrases,
    pub(super) weak: Phrases,
    /// The need that must be spoken of before a weak unit counts.
    pub(super) need: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TermWords {
    pub(super) at_most: Phrases,
    pub(super) at_most_after: Phrases,
    pub(super) at_least: Phrases,
    pub(super) at_least_after: Phrases,
    pub(super) no_budget: Phrases,
    pub(super) monthly: Phrases,
    pub(super) by: Phrases,
    pub(super) before: Phrases,
    pub(super) ready: Phrases,
    pub(super) not_ready: Phrases,
    pub(super) by_then: Phrases,
    pub(super) only: Phrases,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoleWords {
    pub(super) decides: Phrases,
    pub(super) asks_others: Phrases,
    pub(super) passes_on: Phrases,
}

impl Lexicon {
    /// The lexicon that comes with the library: six needs of small businesses, in English,
    /// German, French and Spanish.
    ///
    /// # Errors
    ///
    /// None in a released version; a test reads it.
    pub fn standard() -> Result<Self, LexiconError> {
        Self::parse(include_str!("lexicon.toml"))
    }

    /// Reads and checks a lexicon written as TOML.
    ///
    /// # Errors
    ///
    /// [`LexiconError`] for the first thing that does not hold.
    pub fn parse(toml: &str) -> Result<Self, LexiconError> {
        toml::from_str::<LexiconParams>(toml)
            .map_err(|error| LexiconError::Form(error.to_string()))?
            .check()
    }

    /// The slugs of the needs it knows, in its order.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        self.needs.iter().map(|need| need.id.as_str())
    }

    /// The drivers of a need.
    #[must_use]
    pub fn drivers_of(&self, need: &str) -> &[String] {
        self.needs
            .iter()
            .find(|known| known.id == need)
            .map(|known| known.drivers.as_slice())
            .unwrap_or_default()
    }
}

impl LexiconParams {
    /// Checks every phrase and name.
    ///
    /// # Errors
    ///
    /// [`LexiconError`] for the first thing that does not hold.
    pub fn check(self) -> Result<Lexicon, LexiconError> {
        self.check_names()?;
        let cues = self.cues;
        Ok(Lexicon {
            cues: Cues {
                wish: languages("cues.wish", &cues.wish)?,
                refuse: languages("cues.refuse", &cues.refuse)?,
                refuse_near: languages("cues.refuse_near", &cues.refuse_near)?,
                refuse_after: languages("cues.refuse_after", &cues.refuse_after)?,
                neutral: languages("cues.neutral", &cues.neutral)?,
                content: languages("cues.content", &cues.content)?,
                later: languages("cues.later", &cues.later)?,
                other: languages("cues.other", &cues.other)?,
                selling: languages("cues.selling", &cues.selling)?,
                machine: languages("cues.machine", &cues.machine)?,
            },
            needs: self.need.into_iter().map(need).collect::<Result<_, _>>()?,
            drivers: self
                .driver
                .into_iter()
                .map(driver)
                .collect::<Result<_, _>>()?,
            terms: TermWords {
                at_most: list("terms.at_most", &self.terms.at_most)?,
                at_most_after: list("terms.at_most_after", &self.terms.at_most_after)?,
                at_least: list("terms.at_least", &self.terms.at_least)?,
                at_least_after: list("terms.at_least_after", &self.terms.at_least_after)?,
                no_budget: list("terms.no_budget", &self.terms.no_budget)?,
                monthly: list("terms.monthly", &self.terms.monthly)?,
                by: list("terms.by", &self.terms.by)?,
                before: list("terms.before", &self.terms.before)?,
                ready: list("terms.ready", &self.terms.ready)?,
                not_ready: list("terms.not_ready", &self.terms.not_ready)?,
                by_then: list("terms.by_then", &self.terms.by_then)?,
                only: list("terms.only", &self.terms.only)?,
            },
            roles: RoleWords {
                decides: list("roles.decides", &self.roles.decides)?,
                asks_others: list("roles.asks_others", &self.roles.asks_others)?,
                passes_on: list("roles.passes_on", &self.roles.passes_on)?,
            },
            languages: self
                .languages
                .names
                .iter()
                .map(|names| list("languages.names", std::slice::from_ref(names)))
                .collect::<Result<_, _>>()?,
        })
    }

    fn check_names(&self) -> Result<(), LexiconError> {
        let wrong = |name: &str, what| {
            Err(LexiconError::Name {
                name: name.to_owned(),
                what,
            })
        };
        let mut seen = std::collections::BTreeSet::new();
        for id in self
            .need
            .iter()
            .map(|n| &n.id)
            .chain(self.driver.iter().map(|d| &d.id))
        {
            if !seen.insert(id) {
                return wrong(id, "twice; give each need and driver its own name");
            }
        }
        for id in self.need.iter().flat_map(|n| &n.drivers) {
            if !self.driver.iter().any(|d| d.id == *id) {
                return wrong(id, "as a driver, but does not define it under `driver`");
            }
        }
        for id in self.driver.iter().filter_map(|d| d.need.as_ref()) {
            if !self.need.iter().any(|n| n.id == *id) {
                return wrong(
                    id,
                    "as the need of a driver, but does not define it under `need`",
                );
            }
        }
        Ok(())
    }
}

fn need(params: NeedParams) -> Result<NeedWords, LexiconError> {
    let place = |part: &str| format!("need {}.{part}", params.id);
    Ok(NeedWords {
        ask: languages(&place("ask"), &params.ask)?,
        topic: languages(&place("topic"), &params.topic)?,
        trouble: languages(&place("trouble"), &params.trouble)?,
        mention: languages(&place("mention"), &params.mention)?,
        together: params
            .together
            .iter()
            .map(|rule| {
                if rule.of.len() < 2 {
                    return Err(LexiconError::Name {
                        name: params.id.clone(),
                        what: "with a `together` of fewer than two lists; one alone is a phrase",
                    });
                }
                let lists = rule.of.iter().map(|l| list(&place("together"), l));
                Ok((rule.says, lists.collect::<Result<_, _>>()?))
            })
            .collect::<Result<_, _>>()?,
        id: params.id,
        statement: params.statement,
        drivers: params.drivers,
    })
}

fn driver(params: DriverParams) -> Result<DriverWords, LexiconError> {
    Ok(DriverWords {
        units: list(&format!("driver {}.units", params.id), &params.units)?,
        weak: list(&format!("driver {}.weak", params.id), &params.weak)?,
        id: params.id,
        need: params.need,
    })
}

fn languages(place: &str, phrases: &ByLanguage) -> Result<Phrases, LexiconError> {
    let all: Vec<String> = phrases.values().flatten().cloned().collect();
    list(place, &all)
}

fn list(place: &str, phrases: &[String]) -> Result<Phrases, LexiconError> {
    Phrases::parse(phrases.iter().map(String::as_str)).map_err(|why: PatternError| {
        LexiconError::Phrase {
            place: place.to_owned(),
            why: why.to_string(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_lexicon_knows_six_needs() {
        let lexicon = Lexicon::standard().unwrap();
        assert_eq!(
            lexicon.needs().collect::<Vec<_>>(),
            [
                "website-audit",
                "listing-repair",
                "website-refresh",
                "online-booking",
                "review-management",
                "newsletter-setup"
            ]
        );
        assert_eq!(
            lexicon.drivers_of("newsletter-setup"),
            ["templates", "contacts", "languages"]
        );
        assert!(lexicon.drivers_of("logo").is_empty());
    }

    #[test]
    fn a_broken_phrase_is_named_with_its_place() {
        let broken =
            include_str!("lexicon.toml").replace("\"newsletter*\", \"lettre", "\"..\", \"lettre");
        let error = Lexicon::parse(&broken).unwrap_err().to_string();
        assert!(
            error.contains("need newsletter-setup.topic") && error.contains("`..`"),
            "{error}"
        );
        let unknown = include_str!("lexicon.toml").replace(
            "drivers = [\"pages\", \"languages\"]",
            "drivers = [\"rooms\"]",
        );
        assert!(
            Lexicon::parse(&unknown)
                .unwrap_err()
                .to_string()
                .contains("`rooms`")
        );
    }
}
