//! Cuts off what would make an HTML parser slow: a tag with hundreds of attributes
//! (each new one is compared with all before it) and absurd nesting.

/// Attributes, roughly, that a tag may have.
const ATTRIBUTES: usize = 256;
/// Opened tags more than closed ones.
const NESTING: usize = 4096;

/// The part of the document before the first thing no sane page has.
pub(super) fn sound_part(html: &str) -> &str {
    let bytes = html.as_bytes();
    let (mut at, mut depth) = (0usize, 0usize);
    while let Some(open) = next(bytes, at, b"<") {
        let tail = bytes.get(open + 1..).unwrap_or_default();
        if tail.starts_with(b"!--") {
            at = next(bytes, open + 4, b"-->").unwrap_or(bytes.len());
            continue;
        }
        let closing = tail.first() == Some(&b'/');
        if !closing && !tail.first().is_some_and(u8::is_ascii_alphabetic) {
            at = open + 1;
            continue;
        }
        let Some(end) = end_of_tag(bytes, open) else {
            return html.get(..open).unwrap_or(html);
        };
        depth = if closing {
            depth.saturating_sub(1)
        } else {
            depth + 1
        };
        let selfish = bytes.get(end.saturating_sub(1)) == Some(&b'/');
        if (selfish || is_void(tail)) && !closing {
            depth = depth.saturating_sub(1);
        }
        if depth > NESTING {
            return html.get(..open).unwrap_or(html);
        }
        at = end + 1;
        if let Some(stop) = raw_text_end(tail) {
            at = next(bytes, at, stop).unwrap_or(bytes.len());
        }
    }
    html
}

/// Where the `>` of the tag that opens at `open` stands; `None` where the tag has too
/// many attributes. A tag that never ends ends with the text.
fn end_of_tag(bytes: &[u8], open: usize) -> Option<usize> {
    let (mut quote, mut words, mut blank) = (None, 0usize, false);
    for (offset, byte) in bytes.get(open..).unwrap_or_default().iter().enumerate() {
        match (quote, byte) {
            (Some(q), b) if *b == q => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'>') => return Some(open + offset),
            (None, b) => {
                // A slash parts attributes as a blank does.
                let gap = b.is_ascii_whitespace() || *b == b'/';
                if blank && !gap {
                    words += 1;
                }
                blank = gap;
                if words > ATTRIBUTES {
                    return None;
                }
            }
        }
    }
    Some(bytes.len())
}

fn next(bytes: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let first = needle.first()?;
    let mut at = 0;
    while let Some(step) = rest.get(at..)?.iter().position(|b| b == first) {
        if rest.get(at + step..)?.starts_with(needle) {
            return Some(from + at + step);
        }
        at += step + 1;
    }
    None
}

/// What ends the raw text behind such an opening tag.
fn raw_text_end(tail: &[u8]) -> Option<&'static [u8]> {
    let is = |name: &[u8]| {
        tail.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
            && !tail.get(name.len()).is_some_and(u8::is_ascii_alphanumeric)
    };
    if is(b"script") {
        Some(b"</")
    } else if is(b"style") {
        Some(b"</")
    } else {
        None
    }
}

fn is_void(tail: &[u8]) -> bool {
    let name: Vec<u8> = tail
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric())
        .take(8)
        .map(u8::to_ascii_lowercase)
        .collect();
    matches!(
        name.as_slice(),
        b"area"
            | b"base"
            | b"br"
            | b"col"
            | b"embed"
            | b"hr"
            | b"img"
            | b"input"
            | b"link"
            | b"meta"
            | b"source"
            | b"track"
            | b"wbr"
            | b"p"
            | b"li"
            | b"dt"
            | b"dd"
            | b"td"
            | b"th"
            | b"tr"
            | b"option"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_bombs_and_leaves_pages() {
        let page = "<p a='>' b=\"x y z\">1 < 2 <!-- <b> --><script>if(a<b){}</script></p><br/>";
        assert_eq!(sound_part(page), page);
        let wide = format!("ok<div {}>", "a b c ".repeat(200));
        assert_eq!(sound_part(&wide), "ok");
        let deep = format!("ok{}", "<div>".repeat(10_000));
        assert_eq!(sound_part(&deep).len(), 2 + 5 * NESTING);
        let flat = "<li>x".repeat(10_000);
        assert_eq!(sound_part(&flat).len(), flat.len());
        for odd in [
            "<",
            "<a",
            "<a b='",
            "<!--",
            "<script>",
            "</",
            "<script>x</",
            "",
        ] {
            assert_eq!(sound_part(odd), odd);
        }
    }
}
