use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::heard::{Field, Stated};
use super::lexicon::{DriverWords, Lexicon};
use super::reader::Page;
use super::scope::Scopes;
use crate::words::{Amount, Break, Text, number_at};

/// Words that may stand between a number and its unit.
const BETWEEN: usize = 2;
/// Numbers above this are no size of a small business's work.
const LARGEST: i64 = 10_000_000;
/// Units of time: the number before them counts nothing else.
const TIME: [&str; 22] = [
    "hours", "hour", "days", "day", "weeks", "week", "months", "month", "years", "year", "stunden",
    "tage", "wochen", "monate", "jahre", "heures", "jours", "semaines", "mois", "ans", "anos",
    "meses",
];
const ONE: [&str; 7] = ["eine", "ein", "einen", "une", "un", "una", "uno"];

/// Reads the numbers that make work larger or smaller; what was asked for is answered by a
/// bare number too. The first statement in a message counts, a later message corrects it.
pub(super) fn read(
    lexicon: &Lexicon,
    page: &Page<'_>,
    scopes: &Scopes<'_>,
    asked: Option<&Field>,
    spoken: &dyn Fn(&str) -> bool,
    drivers: &mut BTreeMap<String, Stated<i64>>,
) {
    let mut here: BTreeMap<String, Stated<i64>> = BTreeMap::new();
    for line in scopes.lines() {
        let range = line.tokens.clone();
        let amounts = Amount::find(page.text, range.clone());
        let only = lexicon.terms.only.hit(page.text, range.clone());
        for (value, tokens) in counted(page.text, range.clone(), &amounts, only) {
            let Some(driver) = driver_of(lexicon, page.text, &tokens, &range, spoken) else {
                continue;
            };
            state(
                &mut here,
                &driver.id,
                value,
                page.quote(tokens, range.clone()),
            );
        }
        languages(lexicon, page, range, &mut here);
    }
    if let Some(Field::Driver(id)) = asked
        && !here.contains_key(id)
    {
        answer(page, scopes, id, &mut here);
    }
    drivers.extend(here);
}

fn state(
    here: &mut BTreeMap<String, Stated<i64>>,
    id: &str,
    value: i64,
    quote: Option<dealwright_core::handoff::Quotation>,
) {
    if let Some(quote) = quote.filter(|_| (1..=LARGEST).contains(&value)) {
        here.entry(id.to_owned()).or_insert(Stated { value, quote });
    }
}

/// Whole numbers that are not money, with their tokens.
fn counted(
    text: &Text,
    range: Range<usize>,
    amounts: &[Amount],
    only: bool,
) -> Vec<(i64, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let number = number_at(text.tokens(), at).filter(|(_, len)| at + len <= range.end);
        let number =
            number.or_else(|| (only && ONE.contains(&text.word(at))).then_some((1_000, 1)));
        let Some((milli, len)) = number else {
            at += 1;
            continue;
        };
        let money = amounts.iter().any(|a| a.start <= at && at < a.end);
        if !money && milli % 1_000 == 0 {
            found.push((milli / 1_000, at..at + len));
        }
        at += len;
    }
    found
}

/// The driver whose unit stands behind a number: "three nail studios", "six of them".
fn driver_of<'a>(
    lexicon: &'a Lexicon,
    text: &Text,
    number: &Range<usize>,
    line: &Range<usize>,
    spoken: &dyn Fn(&str) -> bool,
) -> Option<&'a DriverWords> {
    let unit_at = |at: usize| {
        lexicon.drivers.iter().find(|driver| {
            driver.units.match_at(text, at, line.end).is_some()
                || driver.need.as_deref().is_some_and(spoken)
                    && driver.weak.match_at(text, at, line.end).is_some()
        })
    };
    if matches!(
        (text.word(number.end), text.word(number.end + 1)),
        ("of", "them" | "these" | "those") | ("d", "entre") | ("davon", _)
    ) {
        // What was named last before it.
        return (line.start..number.start).rev().find_map(unit_at);
    }
    for at in number.end..(number.end + BETWEEN + 1).min(line.end) {
        let token = text.token(at)?;
        if token.before >= Break::Clause
            || TIME.contains(&token.word.as_str())
            || number_at(text.tokens(), at).is_some()
        {
            return None;
        }
        if let Some(driver) = unit_at(at) {
            return Some(driver);
        }
        if token.before == Break::Soft {
            return None;
        }
    }
    None
}

/// Two or more languages named in one sentence.
fn languages(
    lexicon: &Lexicon,
    page: &Page<'_>,
    range: Range<usize>,
    here: &mut BTreeMap<String, Stated<i64>>,
) {
    let named: Vec<(usize, Range<usize>)> = range
        .clone()
        .filter_map(|at| {
            let which = lexicon
                .languages
                .iter()
                .position(|names| names.match_at(page.text, at, at + 1).is_some())?;
            Some((which, at..at + 1))
        })
        .collect();
    let distinct: BTreeSet<usize> = named.iter().map(|(which, _)| *which).collect();
    let (Some((_, first)), Some((_, last))) = (named.first(), named.last()) else {
        return;
    };
    if distinct.len() >= 2 && !here.contains_key("languages") {
        let count = i64::try_from(distinct.len()).unwrap_or(i64::MAX);
        state(
            here,
            "languages",
            count,
            page.quote(first.start..last.end, range),
        );
    }
}

/// The first number that answers what was asked.
fn answer(
    page: &Page<'_>,
    scopes: &Scopes<'_>,
    id: &str,
    here: &mut BTreeMap<String, Stated<i64>>,
) {
    for line in scopes.lines() {
        let range = line.tokens.clone();
        let amounts = Amount::find(page.text, range.clone());
        let taken = |tokens: &Range<usize>| TIME.contains(&page.text.word(tokens.end));
        let first = counted(page.text, range.clone(), &amounts, true)
            .into_iter()
            .find(|(_, tokens)| !taken(tokens));
        if let Some((value, tokens)) = first {
            state(here, id, value, page.quote(tokens, range));
            return;
        }
    }
}
