use std::ops::Range;

use super::heard::Declined;
use super::lexicon::{Cues, Lexicon, NeedWords, Says};
use crate::words::{Break, Phrases, Sentence, Text};

/// How far a plain "no" reaches, in words; how far behind a need its refusal may stand.
const NEAR: usize = 3;
const BEHIND: usize = 7;
/// A clause of at most so many words inherits the refusal of the one before it.
const SHORT_CLAUSE: usize = 5;
/// Words that tie a sentence to the wish of the one before.
const ALSO: [&str; 18] = [
    "and",
    "also",
    "plus",
    "additionally",
    "second",
    "secondly",
    "und",
    "auch",
    "ausserdem",
    "zusatzlich",
    "zudem",
    "et",
    "aussi",
    "y",
    "tambien",
    "ademas",
    "then",
    "furthermore",
];
/// Words that point back to what was just named.
const BACK: [&str; 22] = [
    "that", "thats", "it", "its", "which", "these", "those", "they", "theyre", "one", "der", "die",
    "das", "den", "il", "elle", "ce", "c", "ya", "esta", "la", "this",
];

/// Words that set what follows against what was just refused: it is what is wanted instead.
const INSTEAD: [&str; 14] = [
    "only",
    "just",
    "rather",
    "instead",
    "nur",
    "bloss",
    "sondern",
    "lieber",
    "seulement",
    "juste",
    "plutot",
    "solo",
    "solamente",
    "sino",
];
/// Words that end a refusal without saying what is wanted.
const BUT: [&str; 6] = ["but", "aber", "mais", "pero", "except", "ausser"];

/// Words with which a message says yes to a letter.
const AGREES: &[&str] = &[
    "yes",
    "yep",
    "yeah",
    "sure",
    "ok",
    "okay",
    "fine",
    "great",
    "good",
    "perfect",
    "gladly",
    "please",
    "ja",
    "gern",
    "gerne",
    "klar",
    "oui",
    "volontiers",
    "si",
    "claro",
    "vale",
];
/// Words of a sentence that tells something instead of listing what is wanted.
const TELLS: &[&str] = &[
    "we", "i", "you", "they", "he", "she", "it", "that", "who", "is", "are", "was", "were", "have",
    "had", "has", "did", "does", "do", "got", "know", "think", "costs", "wir", "ich", "sie", "ist",
    "sind", "war", "haben", "hatten", "hat", "es", "nous", "je", "vous", "il", "est", "sont",
    "avons", "tenemos", "son",
];
/// Words that begin a question for the price.
const ASKING: &[&str] = &[
    "what", "whats", "how", "and", "price", "prices", "cost", "quote", "was", "wie", "preis",
    "kosten", "combien", "quel", "prix", "ca", "cuanto", "que", "precio",
];
/// What such a question is about.
const PRICE: &[&str] = &[
    "price", "prices", "cost", "charge", "much", "rate", "quote", "preis", "kosten", "kostet",
    "prix", "combien", "coute", "tarif", "precio", "cuanto", "cuesta",
];
/// The longest list and the longest bare question for a price, in words.
const LIST: usize = 16;
const BARE_QUESTION: usize = 6;

/// What a sentence says about a need that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stance {
    /// Asked for in a phrase of its own.
    Asked,
    /// Named where something is wished for.
    Wished,
    /// A trouble from which it follows.
    Implied,
    /// Not wanted.
    Declined(Declined),
}

/// A need that is named.
#[derive(Clone, Debug)]
pub(super) struct Mention {
    pub(super) stance: Stance,
    pub(super) tokens: Range<usize>,
    pub(super) sentence: Range<usize>,
}

/// A message's sentences with their wishes and refusals.
#[derive(Debug)]
pub(super) struct Scopes<'a> {
    text: &'a Text,
    cues: &'a Cues,
    lines: Vec<Line>,
    machine_text: bool,
    selling: bool,
}

/// One sentence that may be read.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) tokens: Range<usize>,
    wishes: Vec<Range<usize>>,
    refusals: Vec<Range<usize>>,
    near: Vec<Range<usize>>,
    /// The wish of the sentence before reaches into this one.
    inherits_wish: bool,
    /// The refusal of the sentence that introduces this list reaches into it.
    inherits_refusal: bool,
}

impl<'a> Scopes<'a> {
    pub(super) fn read(lexicon: &'a Lexicon, text: &'a Text) -> Self {
        let cues = &lexicon.cues;
        let mut scopes = Self {
            text,
            cues,
            lines: Vec::new(),
            machine_text: false,
            selling: false,
        };
        let mut muted: Option<usize> = None;
        let mut intro: Option<usize> = None;
        for sentence in text.sentences() {
            let range = sentence.tokens.clone();
            if cues.machine.hit(text, range.clone()) {
                scopes.machine_text = true;
                muted = Some(sentence.paragraph);
            }
            if muted == Some(sentence.paragraph) {
                continue;
            }
            scopes.selling |= cues.selling.hit(text, range);
            let line = scopes.line(sentence, intro);
            scopes.lines.push(line);
            if !sentence.item {
                intro = Some(scopes.lines.len() - 1);
            }
        }
        scopes.read_lists();
        scopes
    }

    /// A list of things is a wish where a yes leads to it or a question for the price follows it:
    /// "Yes: an audit. What would it cost?" has no word that wishes.
    fn read_lists(&mut self) {
        let word = |at: usize| self.text.word(at);
        let lists = |line: &Line| {
            line.tokens.len() <= LIST && !line.tokens.clone().any(|at| TELLS.contains(&word(at)))
        };
        let agrees = |line: &Line| AGREES.contains(&word(line.tokens.start));
        let only_agrees = |line: &Line| line.tokens.clone().all(|at| AGREES.contains(&word(at)));
        let asks_price = |line: &Line| {
            line.tokens.len() <= BARE_QUESTION
                && ASKING.contains(&word(line.tokens.start))
                && line.tokens.clone().any(|at| PRICE.contains(&word(at)))
        };
        let mut wished = Vec::new();
        for (place, line) in self.lines.iter().enumerate() {
            let first = self.lines.first();
            let led = place == 0 && agrees(line) || place == 1 && first.is_some_and(&only_agrees);
            let next = place.checked_add(1).and_then(|at| self.lines.get(at));
            let last = line.tokens.end.saturating_sub(1);
            let priced = next.is_some_and(asks_price) || PRICE.contains(&word(last));
            if lists(line) && (led || priced) {
                wished.push(place);
            }
        }
        for place in wished {
            if let Some(line) = self.lines.get_mut(place) {
                line.inherits_wish = true;
            }
        }
    }

    pub(super) fn has_machine_text(&self) -> bool {
        self.machine_text
    }

    pub(super) fn is_selling(&self) -> bool {
        self.selling
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// A yes or no that a message begins with, behind a greeting at most.
    pub(super) fn yes_or_no(&self) -> Option<(bool, Range<usize>, Range<usize>)> {
        const YES: [&str; 17] = [
            "yes",
            "yep",
            "yeah",
            "sure",
            "correct",
            "right",
            "exactly",
            "definitely",
            "absolutely",
            "ja",
            "genau",
            "richtig",
            "stimmt",
            "oui",
            "si",
            "claro",
            "exact",
        ];
        const NO: [&str; 7] = ["no", "nope", "nein", "nee", "non", "not", "nicht"];
        self.lines.iter().take(2).find_map(|line| {
            let at = line.tokens.start;
            let word = self.text.word(at);
            let answer = if YES.contains(&word) {
                true
            } else if NO.contains(&word) {
                false
            } else {
                return None;
            };
            Some((answer, at..at + 1, line.tokens.clone()))
        })
    }

    /// The tokens of the clause that a token stands in, within its sentence.
    pub(super) fn clause(&self, line: &Line, at: usize) -> Range<usize> {
        let Some(wanted) = self.text.token(at).map(|t| t.clause) else {
            return at..at;
        };
        let same = |i: &usize| self.text.token(*i).is_some_and(|t| t.clause == wanted);
        let start = (line.tokens.start..at)
            .rev()
            .take_while(same)
            .last()
            .unwrap_or(at);
        let end = (at..line.tokens.end)
            .take_while(same)
            .last()
            .map_or(at, |last| last + 1);
        start..end
    }

    fn line(&self, sentence: &Sentence, intro: Option<usize>) -> Line {
        let (text, range) = (self.text, sentence.tokens.clone());
        let mut neutral = self.cues.neutral.find(text, range.clone());
        let free = |hit: &Range<usize>, taken: &[Range<usize>]| {
            !taken
                .iter()
                .any(|other| other.start < hit.end && hit.start < other.end)
        };
        let mut refusals = self.cues.refuse.find(text, range.clone());
        // The longer phrase counts: "no longer" refuses nothing, "no longer need" does.
        neutral.retain(|hit| {
            !refusals
                .iter()
                .any(|other| other.start <= hit.start && hit.end < other.end)
        });
        refusals.retain(|hit| free(hit, &neutral));
        let mut near = self.cues.refuse_near.find(text, range.clone());
        near.retain(|hit| free(hit, &neutral) && free(hit, &refusals));
        let mut wishes = self.cues.wish.find(text, range.clone());
        let behind = self.cues.refuse_after.find(text, range.clone());
        wishes.retain(|hit| free(hit, &refusals) && free(hit, &neutral) && free(hit, &behind));
        let before = if sentence.item {
            intro.and_then(|i| self.lines.get(i))
        } else {
            self.lines.last()
        };
        let tied = sentence.item || ALSO.contains(&text.word(range.start));
        let before = before.filter(|_| tied);
        Line {
            inherits_wish: before.is_some_and(Line::wishes_something),
            inherits_refusal: sentence.item
                && before.is_some_and(|b| b.wishes.is_empty() && !b.refusals.is_empty()),
            tokens: range,
            wishes,
            refusals,
            near,
        }
    }

    /// Every mention of a need, in the order of the text.
    pub(super) fn mentions(&self, need: &NeedWords) -> Vec<Mention> {
        let mut all = Vec::new();
        for line in &self.lines {
            let range = line.tokens.clone();
            let asks = need
                .ask
                .find(self.text, range.clone())
                .into_iter()
                .map(|t| (t, Word::Ask));
            let topics = need
                .topic
                .find(self.text, range.clone())
                .into_iter()
                .map(|t| (t, Word::Topic));
            let troubles = need
                .trouble
                .find(self.text, range.clone())
                .into_iter()
                .map(|t| (t, Word::Trouble));
            let named = need
                .mention
                .find(self.text, range.clone())
                .into_iter()
                .map(|t| (t, Word::Mention));
            let mut here: Vec<_> = asks
                .chain(topics)
                .chain(troubles)
                .chain(named)
                .filter_map(|(tokens, word)| {
                    let stance = self.stance(line, &tokens, word)?;
                    Some(Mention {
                        stance,
                        tokens,
                        sentence: range.clone(),
                    })
                })
                .collect();
            here.extend(
                need.together
                    .iter()
                    .filter_map(|rule| self.together(line, rule)),
            );
            here.sort_by_key(|m| (m.tokens.start, m.tokens.end));
            all.extend(here);
        }
        all
    }

    /// A need that is spoken of by several things together. A wish may stand in this sentence or
    /// beside it; nothing of them may be refused.
    fn together(&self, line: &Line, (says, lists): &(Says, Vec<Phrases>)) -> Option<Mention> {
        let range = line.tokens.clone();
        let hits: Vec<Range<usize>> = lists
            .iter()
            .map(|list| list.first(self.text, range.clone()))
            .collect::<Option<_>>()?;
        let declined = hits.iter().any(|hit| self.declined(line, hit).is_some());
        let stance = match says {
            Says::Trouble if !self.is_content(line, &hits) => Stance::Implied,
            Says::Topic if !declined && self.wishes_nearby(line) => Stance::Wished,
            Says::Trouble | Says::Topic => return None,
        };
        let start = hits.iter().map(|hit| hit.start).min()?;
        let end = hits.iter().map(|hit| hit.end).max()?;
        if self.cues.other.hit(self.text, self.clause(line, start)) {
            return None;
        }
        Some(Mention {
            stance,
            tokens: start..end,
            sentence: range,
        })
    }

    fn is_content(&self, line: &Line, hits: &[Range<usize>]) -> bool {
        hits.iter().any(|hit| {
            self.cues
                .content
                .hit(self.text, self.clause(line, hit.start))
        })
    }

    /// Whether this sentence, or the one before or behind it, wishes for something.
    fn wishes_nearby(&self, line: &Line) -> bool {
        if line.wishes_something() {
            return true;
        }
        let place = self
            .lines
            .iter()
            .position(|other| other.tokens == line.tokens);
        place.is_some_and(|at| {
            let beside = [at.checked_sub(1), at.checked_add(1)];
            beside
                .into_iter()
                .flatten()
                .filter_map(|i| self.lines.get(i))
                .any(|l| !l.wishes.is_empty())
        })
    }

    fn stance(&self, line: &Line, tokens: &Range<usize>, word: Word) -> Option<Stance> {
        if self
            .cues
            .other
            .hit(self.text, self.clause(line, tokens.start))
        {
            return None;
        }
        if word == Word::Trouble {
            return Some(Stance::Implied);
        }
        if let Some(why) = self.declined(line, tokens) {
            return Some(Stance::Declined(why));
        }
        match word {
            Word::Ask => Some(Stance::Asked),
            Word::Topic if line.wishes_something() || self.instead(line, tokens) => {
                Some(Stance::Wished)
            }
            Word::Topic | Word::Mention | Word::Trouble => None,
        }
    }

    fn declined(&self, line: &Line, tokens: &Range<usize>) -> Option<Declined> {
        let clause = self.clause(line, tokens.start);
        let wished_between = |from: usize| {
            line.wishes
                .iter()
                .any(|w| w.start >= from && w.end <= tokens.start)
        };
        let refuses = |hit: &&Range<usize>| {
            hit.start <= tokens.start
                && self.reaches(line, hit.start, tokens.start)
                && !wished_between(hit.end)
        };
        let nearly = |hit: &&Range<usize>| {
            hit.start <= tokens.start
                && hit.start >= clause.start
                && hit.end + NEAR > tokens.start
                && !wished_between(hit.end)
        };
        let behind = tokens.start..clause.end.min(tokens.end + BEHIND);
        if line.refusals.iter().any(|hit| refuses(&hit))
            || line.near.iter().any(|hit| nearly(&hit))
            || self.cues.refuse_after.hit(self.text, behind)
            || line.inherits_refusal && line.wishes.is_empty()
        {
            return Some(Declined::Refused);
        }
        let wished_here = line
            .wishes
            .iter()
            .any(|w| w.start >= clause.start && w.end <= clause.end);
        if !wished_here && self.said_of(line, &clause, |at| self.cues.content.hit(self.text, at)) {
            return Some(Declined::Content);
        }
        let rest = tokens.start..line.tokens.end;
        if self.cues.later.hit(self.text, clause) || self.later_behind(rest) {
            return Some(Declined::Later);
        }
        None
    }

    /// Whether a refusal at `from` reaches `to`: within the clause, and on into short clauses
    /// that add to it ("no logo, website or shop").
    fn reaches(&self, line: &Line, from: usize, to: usize) -> bool {
        let mut clause = self.clause(line, from);
        while to >= clause.end {
            let next = self.clause(line, clause.end);
            let wished = line
                .wishes
                .iter()
                .any(|w| w.start >= next.start && w.end <= next.end);
            let soft = self
                .text
                .token(next.start)
                .is_some_and(|t| t.before == Break::Soft);
            let first = self.text.word(next.start);
            let against = INSTEAD.contains(&first) || BUT.contains(&first);
            if next.is_empty() || next.len() > SHORT_CLAUSE || wished || !soft || against {
                return false;
            }
            clause = next;
        }
        true
    }

    /// Whether a need is named as what is wanted instead of what the clause before refuses.
    fn instead(&self, line: &Line, tokens: &Range<usize>) -> bool {
        let clause = self.clause(line, tokens.start);
        let refused = |hit: &Range<usize>| hit.end <= clause.start;
        INSTEAD.contains(&self.text.word(clause.start)) && line.refusals.iter().any(refused)
    }

    /// Whether something holds of a clause, or of the one behind it that points back.
    fn said_of(
        &self,
        line: &Line,
        clause: &Range<usize>,
        holds: impl Fn(Range<usize>) -> bool,
    ) -> bool {
        if holds(clause.clone()) {
            return true;
        }
        let next = self.clause(line, clause.end);
        clause.end < line.tokens.end && BACK.contains(&self.text.word(next.start)) && holds(next)
    }

    fn later_behind(&self, rest: Range<usize>) -> bool {
        let end = rest.end;
        self.cues.later.first(self.text, rest).is_some_and(|hit| {
            // "... for next year, not now" closes the sentence.
            hit.end + 2 >= end
        })
    }
}

impl Line {
    pub(super) fn wishes_something(&self) -> bool {
        !self.wishes.is_empty() || self.inherits_wish
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Ask,
    Topic,
    Trouble,
    Mention,
}
