//! The text that visitors see, line by line.

use scraper::{ElementRef, Html, Node};

use super::fold;

/// The most characters of visible text that are kept.
const TEXT: usize = 40_000;
/// The most lines, and characters of one, that are looked at.
const LINES: usize = 4_000;
const LINE: usize = 600;

/// Elements whose text nobody sees.
fn is_hidden(name: &str) -> bool {
    matches!(
        name,
        "script" | "style" | "noscript" | "template" | "head" | "svg" | "iframe" | "object"
    )
}

/// Elements that stay within a line.
fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "cite"
            | "code"
            | "em"
            | "i"
            | "kbd"
            | "mark"
            | "q"
            | "s"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "u"
            | "wbr"
            | "font"
            | "label"
            | "data"
            | "ins"
            | "del"
    )
}

/// The lines of the document's visible text, blanks folded, empty ones left out.
pub(super) fn lines(document: &Html) -> Vec<String> {
    collect(document.root_element())
}

/// The lines as one text, and whether it was cut.
pub(super) fn text(lines: &[String]) -> (String, bool) {
    let whole = lines.join("\n");
    match whole.char_indices().nth(TEXT) {
        Some((end, _)) => (whole.get(..end).unwrap_or_default().to_owned(), true),
        None => (whole, false),
    }
}

/// The visible text of one element, on one line.
pub(super) fn text_in(element: ElementRef<'_>) -> String {
    collect(element).join(" ")
}

/// The visible text of a piece of markup, on one line.
pub(crate) fn text_of_markup(markup: &str) -> String {
    let fragment = Html::parse_fragment(super::guard::sound_part(markup));
    text_in(fragment.root_element())
}

/// Walks the tree with a stack of its own: depth is the page's choice, not ours.
fn collect(root: ElementRef<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut stack = vec![(*root, false)];
    while let Some((node, leaving)) = stack.pop() {
        if lines.len() >= LINES {
            break;
        }
        match node.value() {
            Node::Text(text) if !leaving => line.push_str(text),
            Node::Element(element) if !is_hidden(element.name()) => {
                if !is_inline(element.name()) {
                    finish(&mut line, &mut lines);
                }
                if !leaving {
                    stack.push((node, true));
                    stack.extend(node.children().rev().map(|child| (child, false)));
                }
            }
            Node::Document | Node::Fragment if !leaving => {
                stack.extend(node.children().rev().map(|child| (child, false)));
            }
            _ => {}
        }
    }
    finish(&mut line, &mut lines);
    lines
}

fn finish(line: &mut String, lines: &mut Vec<String>) {
    let folded = fold(line, LINE);
    line.clear();
    if !folded.is_empty() {
        lines.push(folded);
    }
}
