use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Text, Token, fold, number_at};

/// Tokens that `..` may stand for.
const GAP: usize = 5;

/// A phrase to look for, written as data.
///
/// Words stand with one space between. `a|b` is either, `buch*` begins so, `*termin*` holds it,
/// `?our` may be missing, `#` is a number, `..` is up to five words of any kind, and `_` is a
/// space within one of several: `isnt|is_not`. Accents, case and apostrophes do not matter, and
/// a phrase never runs over the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    items: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Words { any: Vec<Vec<Word>>, optional: bool },
    Gap,
    Number,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    text: String,
    open_left: bool,
    open_right: bool,
}

/// Why a phrase cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the phrase `{phrase}` {what}")]
pub(crate) struct PatternError {
    phrase: String,
    what: &'static str,
}

impl Pattern {
    pub(crate) fn parse(phrase: &str) -> Result<Self, PatternError> {
        let wrong = |what| PatternError {
            phrase: phrase.chars().take(80).collect(),
            what,
        };
        let mut items = Vec::new();
        for part in phrase.split_whitespace() {
            items.push(match part {
                ".." => Item::Gap,
                "#" => Item::Number,
                _ => {
                    let (part, optional) =
                        part.strip_prefix('?').map_or((part, false), |p| (p, true));
                    let any: Vec<Vec<Word>> = part
                        .split('|')
                        .map(|words| words.split('_').map(Word::parse).collect())
                        .collect();
                    if any.iter().flatten().any(|w| w.text.is_empty()) {
                        return Err(wrong(
                            "has an empty word; write words, `|`, `*`, `?`, `#` and `..`",
                        ));
                    }
                    Item::Words { any, optional }
                }
            });
        }
        let firm = |item: Option<&Item>| match item {
            Some(Item::Words { optional, .. }) => !optional,
            Some(Item::Number) => true,
            Some(Item::Gap) | None => false,
        };
        if !firm(items.first()) || matches!(items.last(), Some(Item::Gap)) {
            return Err(wrong(
                "must begin with a word that cannot be missing, and not end with `..`",
            ));
        }
        Ok(Self { items })
    }

    /// The tokens of the first match that begins at `at` and ends before `end`.
    pub(crate) fn match_at(&self, text: &Text, at: usize, end: usize) -> Option<Range<usize>> {
        run(&self.items, text.tokens(), at, end).map(|to| at..to)
    }
}

impl Word {
    fn parse(text: &str) -> Self {
        let (open_left, text) = text.strip_prefix('*').map_or((false, text), |t| (true, t));
        let (open_right, text) = text.strip_suffix('*').map_or((false, text), |t| (true, t));
        Self {
            text: fold(text),
            open_left,
            open_right,
        }
    }

    fn fits(&self, word: &str) -> bool {
        match (self.open_left, self.open_right) {
            (false, false) => word == self.text,
            (false, true) => word.starts_with(&self.text),
            (true, false) => word.ends_with(&self.text),
            (true, true) => word.contains(&self.text),
        }
    }
}

fn run(items: &[Item], tokens: &[Token], at: usize, end: usize) -> Option<usize> {
    let Some((item, rest)) = items.split_first() else {
        return Some(at);
    };
    match item {
        Item::Gap => (0..=GAP)
            .take_while(|skip| at + skip <= end)
            .find_map(|skip| run(rest, tokens, at + skip, end)),
        Item::Number => {
            let (_, len) = number_at(tokens, at)?;
            (at + len <= end)
                .then(|| run(rest, tokens, at + len, end))
                .flatten()
        }
        Item::Words { any, optional } => any
            .iter()
            .filter_map(|words| {
                let here = tokens.get(at..(at + words.len()).min(end))?;
                let fits = here.len() == words.len()
                    && words
                        .iter()
                        .zip(here)
                        .all(|(word, token)| word.fits(&token.word));
                fits.then(|| run(rest, tokens, at + words.len(), end))
                    .flatten()
            })
            .max()
            .or_else(|| optional.then(|| run(rest, tokens, at, end)).flatten()),
    }
}

/// A set of phrases that mean one thing, with an index by their first word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Phrases {
    by_word: BTreeMap<String, Vec<Pattern>>,
    other: Vec<Pattern>,
}

impl Phrases {
    pub(crate) fn parse<'a>(
        phrases: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, PatternError> {
        let mut set = Self::default();
        for phrase in phrases {
            set.push(Pattern::parse(phrase)?);
        }
        Ok(set)
    }

    fn push(&mut self, pattern: Pattern) {
        let first = match pattern.items.first() {
            Some(Item::Words { any, .. })
                if any.iter().flatten().all(|w| !w.open_left && !w.open_right) =>
            {
                any.clone()
            }
            _ => {
                self.other.push(pattern);
                return;
            }
        };
        let first: BTreeSet<String> = first
            .into_iter()
            .filter_map(|words| Some(words.into_iter().next()?.text))
            .collect();
        for word in first {
            self.by_word.entry(word).or_default().push(pattern.clone());
        }
    }

    /// Every match within `range`: for each beginning the longest.
    pub(crate) fn find(&self, text: &Text, range: Range<usize>) -> Vec<Range<usize>> {
        let end = range.end;
        range
            .filter_map(|at| self.match_at(text, at, end))
            .collect()
    }

    /// The longest match that begins at `at` and ends before `end`.
    pub(crate) fn match_at(&self, text: &Text, at: usize, end: usize) -> Option<Range<usize>> {
        let listed = self
            .by_word
            .get(text.word(at))
            .map(Vec::as_slice)
            .unwrap_or_default();
        listed
            .iter()
            .chain(&self.other)
            .filter_map(|pattern| pattern.match_at(text, at, end))
            .max_by_key(|found| found.end)
    }

    /// Whether anything matches within `range`.
    pub(crate) fn hit(&self, text: &Text, range: Range<usize>) -> bool {
        self.first(text, range).is_some()
    }

    /// The first match within `range`.
    pub(crate) fn first(&self, text: &Text, range: Range<usize>) -> Option<Range<usize>> {
        let end = range.end;
        range
            .into_iter()
            .find_map(|at| self.match_at(text, at, end))
    }

    /// The first match in any sentence.
    pub(crate) fn first_in(&self, text: &Text) -> Option<Range<usize>> {
        text.sentences()
            .iter()
            .find_map(|s| self.first(text, s.tokens.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(phrase: &str, raw: &str) -> bool {
        Phrases::parse([phrase])
            .unwrap()
            .first_in(&Text::read(raw))
            .is_some()
    }

    #[test]
    fn phrases_say_what_may_stand_between() {
        assert!(hits(
            "new ?company website|site",
            "Our new company site is up"
        ));
        assert!(hits("redo .. website", "please redo our whole old website"));
        assert!(!hits(
            "redo .. website",
            "please redo it. Our website is old"
        ));
        assert!(hits("*termin* online", "unsere Arzttermine online"));
        assert!(hits("isnt|is_not needed", "a site is not needed"));
        assert!(hits("# pages", "about twenty-five pages"));
    }

    #[test]
    fn a_phrase_that_could_match_nothing_is_refused() {
        for phrase in ["", "..", "?maybe", "a .. ", "a||b", "*"] {
            assert!(Pattern::parse(phrase).is_err(), "{phrase}");
        }
    }
}
