use std::ops::Range;

use chrono::{Days, NaiveDate};
use dealwright_core::money::{Currency, Money};

use super::heard::{Budget, Role, Stated};
use super::lexicon::Lexicon;
use super::reader::Page;
use super::scope::{Line, Scopes};
use crate::words::{Amount, DateReader, Dated, Phrases, Text, number_at};

/// Words before an amount that may change its meaning.
const AHEAD: usize = 5;
/// Words that join the two ends of a range.
const TO: [&str; 9] = ["to", "and", "bis", "und", "a", "et", "y", "or", "oder"];
/// A range of so many days is a month or more, not a week.
const LONG: i64 = 27;

/// Reads what there is to spend. What something cost before is no budget.
pub(super) fn budget(
    lexicon: &Lexicon,
    page: &Page<'_>,
    scopes: &Scopes<'_>,
    (dollar, plain): (Option<Currency>, Option<Currency>),
    budget: &mut Option<Stated<Budget>>,
) {
    let words = &lexicon.terms;
    for line in scopes.lines() {
        let range = line.tokens.clone();
        let mut amounts = Amount::find(page.text, range.clone());
        if amounts.is_empty() && plain.is_some() {
            amounts = bare(page.text, &range);
        }
        let Some(last) = amounts.first().cloned() else {
            continue;
        };
        let clause = scopes.clause(line, last.start);
        if words.no_budget.hit(page.text, clause.clone()) {
            continue;
        }
        let (low, high, end) = ends(page.text, &range, &amounts, last);
        let open = |amount: &Amount| {
            page.text
                .slice(amount.start..amount.end)
                .iter()
                .any(|t| t.word == "$" || t.word.starts_with("dollar"))
        };
        let currency = high
            .currency
            .or(low.currency)
            .or(if open(&low) || open(&high) {
                dollar
            } else {
                plain.or(dollar)
            });
        let Some(currency) = currency else { continue };
        let (Some(from), Some(to)) = (low.money(currency), high.money(currency)) else {
            continue;
        };
        let ahead = low.start.saturating_sub(AHEAD).max(clause.start)..low.start;
        let behind = end..(end + 3).min(range.end);
        let (from, to) = span(
            words_about(words, page.text, ahead, behind.clone()),
            from,
            to,
        );
        let monthly = words.monthly.hit(page.text, end..(end + 3).min(range.end));
        let Some(quote) = page.quote(low.start..end, range) else {
            continue;
        };
        *budget = Some(Stated {
            value: Budget { from, to, monthly },
            quote,
        });
        return;
    }
}

/// Numbers beside the word "budget", for clients whose currency is known.
fn bare(text: &Text, range: &Range<usize>) -> Vec<Amount> {
    if !text
        .slice(range.clone())
        .iter()
        .any(|t| t.word.starts_with("budget") || t.word == "presupuesto")
    {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = range.start;
    while at < range.end {
        match number_at(text.tokens(), at).filter(|(milli, _)| *milli >= 50_000) {
            Some((milli, len)) => {
                found.push(Amount {
                    milli,
                    currency: None,
                    start: at,
                    end: at + len,
                });
                at += len;
            }
            None => at += 1,
        }
    }
    found
}

/// Finds the two ends of "2,000 to 3,000 euros", where the currency stands at one of them.
fn ends(
    text: &Text,
    range: &Range<usize>,
    amounts: &[Amount],
    first: Amount,
) -> (Amount, Amount, usize) {
    // "4,000 to 6,000" behind a currency before the first.
    let join = |at: usize| TO.contains(&text.word(at));
    if let Some(next) = amounts
        .get(1)
        .filter(|n| n.start == first.end + 1 && join(first.end) || n.start == first.end)
    {
        let end = next.end;
        return (first, next.clone(), end);
    }
    let behind = first.end + usize::from(join(first.end));
    if let Some((milli, len)) = number_at(text.tokens(), behind)
        .filter(|(milli, len)| *milli > first.milli && behind + len <= range.end)
    {
        let high = Amount {
            milli,
            currency: first.currency,
            start: behind,
            end: behind + len,
        };
        return (first, high, behind + len);
    }
    // "2,000 and 3,000 euros": the first number has no currency of its own.
    for len in 1..=3usize {
        let gap = usize::from(first.start.checked_sub(1).is_some_and(join));
        let Some(at) = first
            .start
            .checked_sub(len + gap)
            .filter(|at| *at >= range.start)
        else {
            break;
        };
        if let Some((milli, used)) = number_at(text.tokens(), at) {
            let hyphen = gap == 1
                || text
                    .token(first.start)
                    .is_some_and(|t| t.before != crate::words::Break::Soft);
            if used == len && milli < first.milli && milli * 20 >= first.milli && hyphen {
                let low = Amount {
                    milli,
                    currency: first.currency,
                    start: at,
                    end: at + used,
                };
                let end = first.end;
                return (low, first, end);
            }
        }
    }
    let end = first.end;
    (first.clone(), first, end)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    About,
    AtMost,
    AtLeast,
}

fn words_about(
    words: &super::lexicon::TermWords,
    text: &Text,
    ahead: Range<usize>,
    behind: Range<usize>,
) -> Bound {
    if words.at_most.hit(text, ahead.clone()) || words.at_most_after.hit(text, behind.clone()) {
        Bound::AtMost
    } else if words.at_least.hit(text, ahead) || words.at_least_after.hit(text, behind) {
        Bound::AtLeast
    } else {
        Bound::About
    }
}

fn span(bound: Bound, from: Money, to: Money) -> (Option<Money>, Option<Money>) {
    if from != to {
        return (Some(from), Some(to));
    }
    match bound {
        Bound::About => (Some(from), Some(to)),
        Bound::AtMost => (None, Some(to)),
        Bound::AtLeast => (Some(from), None),
    }
}

/// Reads by when it has to be ready.
pub(super) fn deadline(
    lexicon: &Lexicon,
    page: &Page<'_>,
    scopes: &Scopes<'_>,
    deadline: &mut Option<Stated<NaiveDate>>,
) {
    let reader = DateReader::new(page.message.at.date_naive());
    let words = &lexicon.terms;
    let mut seen: Option<(Dated, Range<usize>)> = None;
    let mut best: Option<(bool, NaiveDate, Range<usize>, Range<usize>)> = None;
    for line in scopes.lines() {
        let range = line.tokens.clone();
        for dated in reader.find(page.text, range.clone()) {
            let clause = scopes.clause(line, dated.tokens.start);
            let led = led_by(&words.by, page.text, &clause, dated.tokens.start);
            let ready = words.ready.hit(page.text, clause.clone());
            let other = words.not_ready.hit(page.text, clause);
            if (led || ready)
                && !other
                && best.as_ref().is_none_or(|(had_lead, ..)| led && !had_lead)
            {
                let before = led_by(
                    &words.before,
                    page.text,
                    &scopes.clause(line, dated.tokens.start),
                    dated.tokens.start,
                );
                best = Some((
                    led,
                    day_of(&dated, before, led),
                    dated.tokens.clone(),
                    range.clone(),
                ));
            }
            seen = Some((dated, range.clone()));
        }
        if let (None, Some((dated, at))) = (&best, &seen)
            && words.by_then.hit(page.text, range.clone())
        {
            best = Some((true, dated.last, dated.tokens.clone(), at.clone()));
        }
    }
    if let Some((_, value, tokens, sentence)) = best
        && let Some(quote) = page.quote(tokens, sentence)
    {
        *deadline = Some(Stated { value, quote });
    }
}

/// Whether one of the phrases ends directly before `at`.
fn led_by(phrases: &Phrases, text: &Text, clause: &Range<usize>, at: usize) -> bool {
    (at.saturating_sub(4).max(clause.start)..at).any(|from| {
        phrases.match_at(text, from, at).is_some_and(|hit| {
            hit.end + 1 >= at && (hit.end == at || is_article(text.word(hit.end)))
        })
    })
}

fn is_article(word: &str) -> bool {
    matches!(
        word,
        "the" | "den" | "dem" | "le" | "la" | "el" | "l" | "zum" | "friday" | "next"
    )
}

/// The day that a stretch of days means for a deadline.
fn day_of(dated: &Dated, before: bool, led: bool) -> NaiveDate {
    let long = (dated.last - dated.first).num_days() >= LONG;
    match (before && dated.first < dated.last, long && led) {
        (true, _) => dated
            .first
            .checked_sub_days(Days::new(1))
            .unwrap_or(dated.first),
        (false, true) => dated.first,
        (false, false) => dated.last,
    }
}

/// Reads who decides; who only passes it on says so most clearly.
pub(super) fn role(
    lexicon: &Lexicon,
    page: &Page<'_>,
    scopes: &Scopes<'_>,
    role: &mut Option<Stated<Role>>,
) {
    let words = &lexicon.roles;
    let find = |phrases: &Phrases| -> Option<(Range<usize>, &Line)> {
        scopes.lines().iter().find_map(|line| {
            phrases
                .first(page.text, line.tokens.clone())
                .map(|hit| (hit, line))
        })
    };
    let table = [
        (Role::PassesOn, &words.passes_on),
        (Role::AsksOthers, &words.asks_others),
        (Role::Decides, &words.decides),
    ];
    let found = table
        .into_iter()
        .find_map(|(value, phrases)| find(phrases).map(|hit| (value, hit)));
    if let Some((value, (tokens, line))) = found
        && let Some(quote) = page.quote(tokens, line.tokens.clone())
    {
        *role = Some(Stated { value, quote });
    }
}
