use chrono::Duration;
use dealwright_core::canonical::Digest32;
use dealwright_core::personal::Personal;
use dealwright_core::text::Untrusted;

use super::Lexicon;
use super::phrase::{Phrase, Word, words};
use crate::market::{MarketSignal, SignalKind};
use crate::source::RawSignal;

/// Characters kept on either side of the words that made a signal.
const AROUND: usize = 100;

/// The signals that an entry is, in the order of the lexicon's rules and one of a kind at most;
/// none where no rule fits.
///
/// A signal is dated by its publication, or by its reading where the source gives no date, and
/// counts from then for as many days as its rule says. Old news that is found late has expired
/// already.
#[must_use]
pub fn recognise(entry: &RawSignal, lexicon: &Lexicon) -> Vec<MarketSignal> {
    let text = joined(entry);
    text.inspect(|text| {
        let words = words(text);
        let stands = |phrases: &[Phrase]| phrases.iter().find_map(|phrase| phrase.find(&words));
        let selling = stands(&lexicon.selling).is_some();
        let sector = sector(entry, &words, lexicon);
        let mut found: Vec<MarketSignal> = Vec::new();
        for rule in &lexicon.kinds {
            let taken = found.iter().any(|signal| signal.kind == rule.kind);
            let offers = selling && rule.kind == SignalKind::Demand;
            let Some(place) = stands(&rule.any).filter(|_| !taken && !offers) else {
                continue;
            };
            let lacks = !rule.with.is_empty() && stands(&rule.with).is_none();
            if lacks || stands(&rule.none).is_some() {
                continue;
            }
            let since = entry
                .published_at
                .map_or(entry.observed_at, |at| at.min(entry.observed_at));
            let subject = Digest32::of(format!("{}#{}", entry.source, entry.key).as_bytes());
            found.push(MarketSignal {
                key: format!("{}#{}#{}", entry.source, entry.key, rule.kind.word()),
                kind: rule.kind,
                sector: sector.clone(),
                source: entry.source.clone(),
                observed_at: since,
                expires_at: since + Duration::days(i64::from(rule.days)),
                evidence: entry.evidence,
                rule: rule.id.clone(),
                link: entry.link.as_ref().map(|link| link.as_str().to_owned()),
                passage: passage(text, &words, place)
                    .map(|text| Personal::new(text, subject.to_hex())),
            });
        }
        found
    })
}

/// Title and text as one.
pub(super) fn joined(entry: &RawSignal) -> Untrusted<String> {
    entry.title.to_owned_text().map(|title| {
        entry.text.inspect(|text| {
            if text.is_empty() {
                title
            } else {
                format!("{title}\n{text}")
            }
        })
    })
}

/// What the source files it under speaks before its words do.
fn sector(entry: &RawSignal, text: &[Word], lexicon: &Lexicon) -> Option<String> {
    let named = |words: &[Word]| {
        lexicon
            .sectors
            .iter()
            .filter_map(|(name, phrases)| {
                let first = phrases.iter().filter_map(|p| p.find(words)).min()?;
                Some((first, name))
            })
            .min()
            .map(|(_, name)| name.clone())
    };
    entry
        .categories
        .iter()
        .find_map(|category| category.inspect(|text| named(&words(text))))
        .or_else(|| named(text))
}

fn passage(text: &str, words: &[Word], place: (usize, usize)) -> Option<Untrusted<String>> {
    let start = words.get(place.0)?.start;
    let end = words.get(place.1)?.end;
    let before = text.get(..start)?;
    let from = before.char_indices().rev().take(AROUND).last();
    let from = from.map_or(start, |(at, _)| at);
    let after: String = text
        .get(start..)?
        .chars()
        .take(end - start + AROUND)
        .collect();
    let whole = format!("{}{after}", text.get(from..start)?);
    let folded = whole.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Untrusted::new(folded))
}
