use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Words that say nothing about what is asked, in the languages we meet most.
const STOP: &str = " a an and any are as at be been but by can could did do does for from had has have \
    how i if in into is it its just many me much my not of on or our please shall should so some \
    tell than that the their them then there these they this those to us was we were what when \
    where which who why will with would you your yours \
    aber als am auch auf aus bei bin bis bitte da das dass dem den der des die doch du ein eine \
    einem einen einer eines er es fur gibt hat haben ich ihr ihre im ist ja kann konnen lange mein \
    meine mich mir mit nach nicht noch nur oder sein sich sie sind so uber um und uns unser viel viele \
    unsere vom von vor wann warum was wer werden wie wieso wir wird wo zu zum zur \
    au aux avec ce ces cette dans de du elle en est et il ils je la le les leur mais mes mon ne \
    nous ou par pas pour que qui sa se ses son sont sur tu un une vos votre vous ";

/// The words of a text as they are compared: lower case, without marks, plural ends or words
/// that say nothing.
pub(super) fn words(text: &str) -> Vec<String> {
    let plain: String = text
        .to_lowercase()
        .replace('ß', "ss")
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .collect();
    plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !STOP.contains(&format!(" {word} ")))
        .map(stem)
        .collect()
}

/// Takes off the ends that most often differ between question and answer; both sides lose
/// them alike, so a wrong cut only merges two words.
fn stem(word: &str) -> String {
    for end in ["ing", "ies", "es", "ed", "en", "s", "e", "n", "y"] {
        if let Some(rest) = word.strip_suffix(end)
            && rest.chars().count() >= 4
        {
            return rest.to_owned();
        }
    }
    word.to_owned()
}

/// The paragraphs of a text, as ranges of bytes without surrounding space.
pub(super) fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start: Option<usize> = None;
    let mut end = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            if let Some(first) = start.take() {
                found.push(first..end);
            }
        } else {
            let lead = line.len() - line.trim_start().len();
            start.get_or_insert(at + lead);
            end = at + line.trim_end().len();
        }
        at += line.len();
    }
    if let Some(first) = start {
        found.push(first..end);
    }
    found
}

/// The sentences of a paragraph, as ranges of bytes within it.
pub(super) fn sentences(paragraph: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut ended = false;
    for (at, c) in paragraph.char_indices() {
        // An end counts only before a space, so that 3.5 and example.org stay whole.
        if ended && c.is_whitespace() {
            push(paragraph, start..at, &mut found);
            start = at;
        }
        ended = matches!(c, '.' | '!' | '?' | ';') || (ended && matches!(c, ')' | '"' | '”'));
    }
    push(paragraph, start..paragraph.len(), &mut found);
    found
}

fn push(text: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    let part = text.get(range.clone()).unwrap_or_default();
    let lead = part.len() - part.trim_start().len();
    let range = range.start + lead..range.start + part.trim_end().len();
    if !range.is_empty() {
        found.push(range);
    }
}
