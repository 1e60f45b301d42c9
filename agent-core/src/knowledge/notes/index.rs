use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::words::{paragraphs, sentences, words};
use super::{Citation, Note, Passage, Retrieval};

/// Fixed point: one is 65,536.
const ONE: u64 = 1 << 16;
/// BM25's k1 and b, in thousandths.
const K1: u64 = 1_200;
const B: u64 = 750;

/// The words of every paragraph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    paragraphs: Vec<Entry>,
    /// In how many paragraphs a word stands.
    spread: BTreeMap<String, u64>,
    /// Words of all paragraphs together.
    total: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    note: usize,
    number: u32,
    range: Range<usize>,
    counts: BTreeMap<String, u64>,
    length: u64,
}

impl Index {
    pub(super) fn new(notes: &[Note]) -> Self {
        let mut index = Self {
            paragraphs: Vec::new(),
            spread: BTreeMap::new(),
            total: 0,
        };
        for (note, source) in notes.iter().enumerate() {
            // The title belongs to what each paragraph speaks of.
            let title = words(&source.title);
            for (number, range) in paragraphs(&source.text).into_iter().enumerate() {
                let text = source.text.get(range.clone()).unwrap_or_default();
                let mut counts = BTreeMap::new();
                for word in words(text).into_iter().chain(title.iter().cloned()) {
                    *counts.entry(word).or_insert(0_u64) += 1;
                }
                for word in counts.keys() {
                    *index.spread.entry(word.clone()).or_insert(0) += 1;
                }
                let length = counts.values().sum();
                index.total += length;
                index.paragraphs.push(Entry {
                    note,
                    number: u32::try_from(number).unwrap_or(u32::MAX),
                    range,
                    counts,
                    length,
                });
            }
        }
        index
    }

    pub(super) fn find(&self, notes: &[Note], question: &str, most: usize, floor: u8) -> Retrieval {
        let asked: BTreeMap<String, u64> = words(question)
            .into_iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|word| (word.clone(), self.rarity(&word)))
            .collect();
        let weight: u64 = asked.values().sum();
        if weight == 0 {
            return Retrieval::NotFound { best: 0 };
        }
        let mut ranked: Vec<(u8, u64, &Entry)> = self
            .paragraphs
            .iter()
            .map(|entry| {
                let spoken = asked.iter().filter(|(w, _)| entry.counts.contains_key(*w));
                let spoken: u64 = spoken.map(|(_, rarity)| rarity).sum();
                let relevance = u8::try_from(spoken * 100 / weight).unwrap_or(100);
                (relevance, self.score(entry, &asked), entry)
            })
            .collect();
        let best = ranked.iter().map(|(relevance, _, _)| *relevance).max();
        ranked.retain(|(relevance, _, _)| *relevance >= floor);
        ranked.sort_by(|left, right| {
            let place = |e: &Entry| (notes.get(e.note).map(|n| n.id.clone()), e.number);
            (right.1.cmp(&left.1)).then_with(|| place(left.2).cmp(&place(right.2)))
        });
        let found: Vec<Passage> = ranked
            .into_iter()
            .take(most)
            .filter_map(|(relevance, score, entry)| {
                passage(notes.get(entry.note)?, entry, &asked, score, relevance)
            })
            .collect();
        if found.is_empty() {
            Retrieval::NotFound {
                best: best.unwrap_or(0),
            }
        } else {
            Retrieval::Found(found)
        }
    }

    /// BM25's inverse document frequency, `log2(1 + (N - n + 0.5) / (n + 0.5))`; a word that
    /// stands nowhere weighs most.
    fn rarity(&self, word: &str) -> u64 {
        let all = self.paragraphs.len() as u64;
        let with = self.spread.get(word).copied().unwrap_or(0);
        let above = (2 * all.saturating_sub(with) + 1) * ONE;
        log2(ONE + above / (2 * with + 1))
    }

    fn score(&self, entry: &Entry, asked: &BTreeMap<String, u64>) -> u64 {
        // Length against the average, in thousandths.
        let all = self.paragraphs.len() as u64;
        let longer = (entry.length * all * 1_000)
            .checked_div(self.total)
            .unwrap_or(1_000);
        let norm = K1 * (1_000 - B + B * longer / 1_000) / 1_000;
        asked
            .iter()
            .filter_map(|(word, rarity)| {
                let count = entry.counts.get(word)?;
                Some(rarity * count * (K1 + 1_000) / (count * 1_000 + norm))
            })
            .sum()
    }
}

fn passage(
    note: &Note,
    entry: &Entry,
    asked: &BTreeMap<String, u64>,
    score: u64,
    relevance: u8,
) -> Option<Passage> {
    let text = note.text.get(entry.range.clone())?;
    let mut best: Option<(u64, Range<usize>)> = None;
    for range in sentences(text) {
        let spoken: BTreeSet<String> = words(text.get(range.clone())?).into_iter().collect();
        let weight = spoken.iter().filter_map(|w| asked.get(w)).sum();
        if best.as_ref().is_none_or(|(most, _)| weight > *most) {
            best = Some((weight, range));
        }
    }
    let (_, sentence) = best?;
    let byte = |at: usize| u32::try_from(entry.range.start + at).ok();
    Some(Passage {
        citation: Citation {
            note: note.id.clone(),
            paragraph: entry.number,
            start: byte(sentence.start)?,
            end: byte(sentence.end)?,
        },
        title: note.title.clone(),
        paragraph: text.to_owned(),
        sentence: text.get(sentence)?.to_owned(),
        score,
        relevance,
    })
}

/// Base-2 logarithm in fixed point of a fixed-point number of at least one: the whole part is
/// the place of the highest bit, each further bit comes from squaring.
fn log2(number: u64) -> u64 {
    let whole = u64::from(number.max(ONE).ilog2()) - 16;
    let mut rest = number.max(ONE) >> whole;
    let mut log = whole * ONE;
    let mut bit = ONE / 2;
    while bit > 0 {
        rest = rest * rest / ONE;
        if rest >= 2 * ONE {
            rest /= 2;
            log += bit;
        }
        bit /= 2;
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_that_of_the_textbook() {
        for (number, log) in [
            (1, 0),
            (2, 65_536),
            (3, 103_872),
            (10, 217_706),
            (1_000, 653_118),
        ] {
            let ours = log2(number * ONE);
            assert!(
                ours.abs_diff(log) <= 8,
                "log2({number}) = {ours}, should be {log}"
            );
        }
    }
}
