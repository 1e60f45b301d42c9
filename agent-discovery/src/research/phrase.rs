/// Words between the parts of a phrase that `..` may stand for.
const GAP: usize = 4;

/// A word of a text with the bytes it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    /// In ASCII and lower case.
    pub(super) folded: String,
}

/// The words of a text: letters and digits; apostrophes join.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    let joins = |c: char| c.is_alphanumeric() || c == '\'' || c == '\u{2019}';
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (joins(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                start = None;
                let folded = fold(text.get(from..at).unwrap_or_default());
                if !folded.is_empty() {
                    words.push(Word {
                        start: from,
                        end: at,
                        folded,
                    });
                }
            }
            _ => {}
        }
    }
    words
}

fn fold(word: &str) -> String {
    deunicode::deunicode(word)
        .to_lowercase()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect()
}

/// Words in a row: `a|b` either, `bak*` begins so, `*shop` ends so, `..` up to four words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Phrase(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Word(Vec<Glob>),
    Gap,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Glob {
    Is(String),
    Begins(String),
    Ends(String),
}

impl Phrase {
    /// Reads a phrase; `None` where it is empty or a part of it says nothing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Option<Vec<Part>> = text
            .split_whitespace()
            .map(|part| match part {
                ".." => Some(Part::Gap),
                words => words
                    .split('|')
                    .map(glob)
                    .collect::<Option<Vec<_>>>()
                    .map(Part::Word),
            })
            .collect();
        let parts = parts?;
        let ends = |part: Option<&Part>| matches!(part, Some(Part::Word(_)));
        (ends(parts.first()) && ends(parts.last())).then_some(Self(parts))
    }

    /// The first place where the phrase stands: first and last word, by index.
    pub(super) fn find(&self, words: &[Word]) -> Option<(usize, usize)> {
        (0..words.len()).find_map(|at| {
            let rest = words.get(at..)?;
            ends(&self.0, rest).map(|length| (at, at + length - 1))
        })
    }
}

fn glob(text: &str) -> Option<Glob> {
    let glob = match (text.strip_suffix('*'), text.strip_prefix('*')) {
        (Some(begin), _) => Glob::Begins(fold(begin)),
        (None, Some(end)) => Glob::Ends(fold(end)),
        (None, None) => Glob::Is(fold(text)),
    };
    let (Glob::Is(word) | Glob::Begins(word) | Glob::Ends(word)) = &glob;
    (!word.is_empty()).then_some(glob)
}

/// How many words the parts take at the beginning of `words`.
fn ends(parts: &[Part], words: &[Word]) -> Option<usize> {
    let Some((first, rest)) = parts.split_first() else {
        return Some(0);
    };
    match first {
        Part::Word(globs) => {
            let (word, others) = words.split_first()?;
            let fits = globs.iter().any(|glob| match glob {
                Glob::Is(text) => word.folded == *text,
                Glob::Begins(text) => word.folded.starts_with(text.as_str()),
                Glob::Ends(text) => word.folded.ends_with(text.as_str()),
            });
            if fits {
                ends(rest, others).map(|more| more + 1)
            } else {
                None
            }
        }
        Part::Gap => (0..=GAP).find_map(|skip| {
            let others = words.get(skip..)?;
            ends(rest, others).map(|more| more + skip)
        }),
    }
}
