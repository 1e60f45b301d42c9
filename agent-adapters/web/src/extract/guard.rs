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
        if let Some(name) = raw_text(tail) {
            at = end_of_raw_text(bytes, at, name);
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

/// The name of the element whose content is raw text, where `tail` opens one.
fn raw_text(tail: &[u8]) -> Option<&'static [u8]> {
    [b"script".as_slice(), b"style"].into_iter().find(|name| {
        starts_with(tail, name) && !tail.get(name.len()).is_some_and(u8::is_ascii_alphanumeric)
    })
}

/// Where the closing tag of that name begins, or the end.
fn end_of_raw_text(bytes: &[u8], mut from: usize, name: &[u8]) -> usize {
    while let Some(at) = next(bytes, from, b"</") {
        if starts_with(bytes.get(at + 2..).unwrap_or_default(), name) {
            return at;
        }
        from = at + 2;
    }
    bytes.len()
}

fn starts_with(text: &[u8], name: &[u8]) -> bool {
    text.get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name))
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
        let page =
            "<p a='>' b=\"x y z\">1 < 2 <!-- <b> --><script>if(a<b){'</b>'}</SCRIPT></p><br/>";
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
