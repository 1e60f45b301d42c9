use std::ops::Range;

use super::fold;

/// Most tokens that are read of one text; what stands behind them is not looked at.
const MOST_TOKENS: usize = 6_000;

/// What stands between a word and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Break {
    /// Space or a hyphen.
    None,
    /// A comma, a bracket, a line's end.
    Soft,
    /// A semicolon, colon or dash.
    Clause,
    /// The end of a sentence, or a new item of a list.
    Sentence,
    /// An empty line.
    Paragraph,
}

/// A word, number or sign with its place.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// First byte in the text.
    pub(crate) start: usize,
    /// First byte after it.
    pub(crate) end: usize,
    /// As phrases compare it; see [`fold`].
    pub(crate) word: String,
    /// What stands before it.
    pub(crate) before: Break,
    /// The clause it stands in, counted through the whole text.
    pub(crate) clause: usize,
}

/// A sentence, or an item of a list.
#[derive(Clone, Debug)]
pub(crate) struct Sentence {
    /// Its tokens.
    pub(crate) tokens: Range<usize>,
    /// Whether it is an item of a list.
    pub(crate) item: bool,
    /// The paragraph it stands in.
    pub(crate) paragraph: usize,
}

/// A text taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    tokens: Vec<Token>,
    sentences: Vec<Sentence>,
}

/// Words after which a new clause begins, whatever the punctuation.
const TURNS: [&str; 17] = [
    "but", "however", "although", "aber", "sondern", "jedoch", "dafur", "mais", "pero", "sino",
    "ma", "pero", "maar", "mas", "ale", "instead", "so",
];
/// Words that do not end a sentence with their full stop.
const SHORT: [&str; 38] = [
    "dr", "mr", "mrs", "ms", "st", "no", "nr", "ca", "approx", "etc", "inc", "ltd", "z", "b", "d",
    "h", "u", "a", "e", "g", "i", "bzw", "inkl", "zzgl", "mme", "mlle", "sr", "sra", "tel", "str",
    "usw", "evtl", "min", "max", "vs", "co", "ggf", "max",
];
/// Prefixes that French and Italian tie to the next word with an apostrophe.
const ELIDED: [&str; 18] = [
    "l", "d", "j", "n", "m", "t", "s", "c", "qu", "jusqu", "lorsqu", "puisqu", "aujourd", "dell",
    "all", "nell", "sull", "un",
];

impl Text {
    pub(crate) fn read(raw: &str) -> Self {
        let mut tokens = tokenize(raw);
        let sentences = split(raw, &mut tokens);
        Self { tokens, sentences }
    }

    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    pub(crate) fn sentences(&self) -> &[Sentence] {
        &self.sentences
    }

    pub(crate) fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at)
    }

    /// The word at a place; empty beyond the end.
    pub(crate) fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |t| t.word.as_str())
    }

    pub(crate) fn slice(&self, range: Range<usize>) -> &[Token] {
        self.tokens.get(range).unwrap_or_default()
    }

    /// The bytes that a run of tokens covers; `None` where there are no such tokens.
    pub(crate) fn bytes(&self, range: Range<usize>) -> Option<Range<usize>> {
        let covered = self.tokens.get(range)?;
        Some(covered.first()?.start..covered.last()?.end)
    }
}

fn tokenize(raw: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut chars = raw.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if tokens.len() >= MOST_TOKENS {
            break;
        }
        let mut end = start + c.len_utf8();
        if matches!(c, '€' | '£' | '$' | '%' | '¥') {
            tokens.push(token(raw, start, end));
            continue;
        }
        if !is_word(c) {
            continue;
        }
        let number = c.is_ascii_digit();
        while let Some(&(at, next)) = chars.peek() {
            let after = raw
                .get(at + next.len_utf8()..)
                .and_then(|rest| rest.chars().next());
            let inner = if number {
                // 1.200, 2'500, 15.06, 09:30, 15/06, 2026-06-15
                matches!(next, '.' | ',' | '\'' | '’' | ':' | '/' | '-')
                    && after.is_some_and(|a| a.is_ascii_digit())
                    && raw.get(start..at).is_some_and(|so_far| joins(so_far, next))
            } else {
                matches!(next, '\'' | '’' | 'ʼ')
                    && after.is_some_and(char::is_alphanumeric)
                    && !raw
                        .get(start..at)
                        .is_some_and(|so_far| ELIDED.contains(&fold(so_far).as_str()))
            };
            if !(is_word(next) || inner) {
                break;
            }
            end = at + next.len_utf8();
            chars.next();
        }
        // "e-mail" is one word.
        if raw
            .get(start..end)
            .is_some_and(|w| w.eq_ignore_ascii_case("e"))
            && raw
                .get(end..end + 5)
                .is_some_and(|rest| rest.eq_ignore_ascii_case("-mail"))
        {
            let hyphen = end;
            while let Some(&(at, next)) = chars.peek() {
                if at > hyphen && !is_word(next) {
                    break;
                }
                end = at + next.len_utf8();
                chars.next();
            }
            let mut joined = token(raw, start, end);
            joined.word.retain(|c| c != '-');
            tokens.push(joined);
            continue;
        }
        tokens.push(token(raw, start, end));
    }
    tokens
}

/// A hyphen joins dates (`2026-06-15`), not ranges (`10-12`).
fn joins(so_far: &str, sign: char) -> bool {
    sign != '-' || so_far.len() == 4 || so_far.contains('-')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

fn token(raw: &str, start: usize, end: usize) -> Token {
    Token {
        start,
        end,
        word: fold(raw.get(start..end).unwrap_or_default()),
        before: Break::None,
        clause: 0,
    }
}

/// Finds the breaks between tokens and groups them into sentences.
fn split(raw: &str, tokens: &mut [Token]) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let (mut from, mut paragraph, mut clause, mut item) = (0usize, 0usize, 0usize, false);
    let mut previous: Option<(usize, String)> = None;
    for at in 0..tokens.len() {
        let next_word = tokens
            .get(at + 1)
            .map(|t| t.word.clone())
            .unwrap_or_default();
        let Some(token) = tokens.get_mut(at) else {
            break;
        };
        let between = match &previous {
            Some((end, _)) => raw.get(*end..token.start).unwrap_or_default(),
            None => raw.get(..token.start).unwrap_or_default(),
        };
        let bulleted = is_bullet(
            between,
            &token.word,
            raw.get(token.end..).unwrap_or_default(),
        );
        let last = previous.as_ref().map_or("", |(_, word)| word.as_str());
        let lower = raw
            .get(token.start..)
            .and_then(|rest| rest.chars().next())
            .is_some_and(char::is_lowercase);
        let kind = break_in(between, last, (&token.word, &next_word), lower, bulleted);
        token.before = kind;
        if previous.is_some() && (kind >= Break::Soft || TURNS.contains(&token.word.as_str())) {
            clause += 1;
        }
        token.clause = clause;
        if kind >= Break::Sentence && at > from {
            sentences.push(Sentence {
                tokens: from..at,
                item,
                paragraph,
            });
            from = at;
        }
        if kind == Break::Paragraph {
            paragraph += 1;
        }
        if at == from {
            item = bulleted;
        }
        previous = Some((token.end, token.word.clone()));
    }
    if from < tokens.len() {
        sentences.push(Sentence {
            tokens: from..tokens.len(),
            item,
            paragraph,
        });
    }
    sentences
}

fn is_bullet(between: &str, word: &str, rest: &str) -> bool {
    let Some(line) = between
        .rsplit('\n')
        .next()
        .filter(|_| between.is_empty() || between.contains('\n'))
    else {
        return false;
    };
    let signed =
        line.trim().starts_with(['-', '*', '•', '·', '–']) && !line.trim().starts_with("--");
    let numbered = word.len() <= 2
        && word.bytes().all(|b| b.is_ascii_alphanumeric())
        && rest.starts_with([')', '.'])
        && !rest.starts_with(".0")
        && (word.bytes().all(|b| b.is_ascii_digit()) || rest.starts_with(')'));
    signed || (numbered && line.trim().is_empty())
}

fn break_in(
    between: &str,
    last: &str,
    (word, next): (&str, &str),
    lower: bool,
    bulleted: bool,
) -> Break {
    let lines = between.matches('\n').count();
    if lines >= 2 && between.split('\n').skip(1).any(|l| l.trim().is_empty()) {
        return Break::Paragraph;
    }
    if between.contains(['!', '?', '¿', '¡', '…']) || bulleted {
        return Break::Sentence;
    }
    if let Some(stop) = between.find('.') {
        let spaced = between
            .get(stop + 1..)
            .is_none_or(|rest| rest.starts_with(char::is_whitespace));
        let short = SHORT.contains(&last)
            || (last.chars().count() == 1 && last.chars().all(char::is_alphabetic));
        // "15. Juni", "am 3. oder 4. Mai" and "vom 18. bis 29. Mai"
        let ordinal = last.len() <= 2
            && last.bytes().all(|b| b.is_ascii_digit())
            && (lower
                || super::dates::any_month(word).is_some()
                || super::dates::any_month(next).is_some());
        if (spaced && !short && !ordinal) || lines > 0 {
            return Break::Sentence;
        }
    }
    if between.contains([';', ':', '–', '—']) || between.contains(" - ") {
        return Break::Clause;
    }
    if lines > 0 || between.contains([',', '(', ')', '"', '„', '“', '«', '»', '<', '>', '[', ']'])
    {
        return Break::Soft;
    }
    Break::None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(raw: &str) -> Vec<String> {
        Text::read(raw)
            .tokens()
            .iter()
            .map(|t| t.word.clone())
            .collect()
    }

    fn sentences(raw: &str) -> Vec<String> {
        let text = Text::read(raw);
        text.sentences()
            .iter()
            .map(|s| raw[text.bytes(s.tokens.clone()).unwrap()].to_owned())
            .collect()
    }

    #[test]
    fn words_keep_their_numbers_and_lose_their_apostrophes() {
        assert_eq!(
            words("We don't need 1.200 € e-mails!"),
            ["we", "dont", "need", "1.200", "€", "emails"]
        );
        assert_eq!(
            words("une lettre d'information"),
            ["une", "lettre", "d", "information"]
        );
        assert_eq!(
            words("10-12 pages by 2026-06-15"),
            ["10", "12", "pages", "by", "2026-06-15"]
        );
    }

    #[test]
    fn sentences_end_where_people_end_them() {
        assert_eq!(
            sentences("Bis zum 15. Juni bitte. Dr. Noor wartet."),
            ["Bis zum 15. Juni bitte", "Dr. Noor wartet"]
        );
        assert_eq!(
            sentences("We want:\n- a site\n- a newsletter, monthly\n\nThanks"),
            ["We want", "a site", "a newsletter, monthly", "Thanks"]
        );
        let text = Text::read("Looking for\n1) a site\n2) reviews");
        assert_eq!(
            text.sentences().iter().map(|s| s.item).collect::<Vec<_>>(),
            [false, true, true]
        );
    }

    #[test]
    fn every_word_stands_where_it_says() {
        let raw = "Grüezi — «Café» 2'500 Kontakte, e-mail… ¿Qué?";
        for token in Text::read(raw).tokens() {
            assert!(raw.is_char_boundary(token.start) && raw.is_char_boundary(token.end));
            assert!(!raw[token.start..token.end].contains(' '));
        }
    }
}
