//! `multipart/form-data` (RFC 7578), as far as a mail that was posted needs it.

use crate::provider::EventRefusal;

/// The longest boundary (RFC 2046).
const BOUNDARY: usize = 70;
/// The most parts: a posted mail has a dozen.
const PARTS: usize = 64;

/// The bytes of the field `name`.
///
/// # Errors
///
/// `Malformed` where the form is none or has not exactly one such field.
pub(super) fn field<'a>(
    media_type: &str,
    body: &'a [u8],
    name: &str,
) -> Result<&'a [u8], EventRefusal> {
    let boundary =
        boundary(media_type).ok_or(EventRefusal::Malformed("the form names no boundary"))?;
    let mut found = None;
    for part in parts(body, &boundary) {
        let Some(end) = find(part, b"\r\n\r\n") else {
            continue;
        };
        let (head, value) = part.split_at(end);
        if named(head, name) {
            if found.is_some() {
                return Err(EventRefusal::Malformed("the form holds two mails"));
            }
            found = value.get(4..);
        }
    }
    found.ok_or(EventRefusal::Malformed(
        "the form holds no raw mail; turn on that the raw, full MIME message is posted",
    ))
}

fn boundary(media_type: &str) -> Option<Vec<u8>> {
    let mut parameters = media_type.split(';').skip(1);
    let value = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then_some(value)
    })?;
    let value = value.trim().trim_matches('"');
    let fits =
        (1..=BOUNDARY).contains(&value.len()) && value.bytes().all(|b| (32..127).contains(&b));
    fits.then(|| format!("\r\n--{value}").into_bytes())
}

/// What stands between boundaries: head, an empty line, value.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    // The first boundary may stand at the very beginning, without a line end before it.
    let first = boundary.get(2..).unwrap_or_default();
    let mut rest = match body.strip_prefix(first) {
        Some(rest) => rest,
        None => match find(body, boundary) {
            Some(at) => body.get(at + boundary.len()..).unwrap_or_default(),
            None => return Vec::new(),
        },
    };
    let mut parts = Vec::new();
    while parts.len() < PARTS && !rest.starts_with(b"--") {
        let Some(end) = find(rest, boundary) else {
            break;
        };
        let (part, next) = rest.split_at(end);
        parts.push(part);
        rest = next.get(boundary.len()..).unwrap_or_default();
    }
    parts
}

fn named(head: &[u8], name: &str) -> bool {
    let head = String::from_utf8_lossy(head);
    head.lines().any(|line| {
        let Some((field, value)) = line.split_once(':') else {
            return false;
        };
        field.trim().eq_ignore_ascii_case("content-disposition")
            && value.split(';').skip(1).any(|parameter| {
                parameter.split_once('=').is_some_and(|(key, value)| {
                    key.trim().eq_ignore_ascii_case("name")
                        && value.trim().trim_matches('"') == name
                })
            })
    })
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|part| part == what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=\"xYzZY\"";

    fn form(mail: &str) -> Vec<u8> {
        format!(
            "--xYzZY\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\nus@agency.example\r\n\
             --xYzZY\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n{mail}\r\n--xYzZY--\r\n"
        )
        .into_bytes()
    }

    #[test]
    fn a_field_comes_out_byte_for_byte() {
        let mail = "From: a@b.example\r\n\r\nHello\r\n--not a boundary\r\n\r\n";
        assert_eq!(field(TYPE, &form(mail), "email").unwrap(), mail.as_bytes());
        assert_eq!(
            field(TYPE, &form(mail), "to").unwrap(),
            b"us@agency.example"
        );
        assert!(field(TYPE, &form(mail), "subject").is_err());
    }

    #[test]
    fn a_form_that_means_two_things_is_refused() {
        let twice = "x\r\n--xYzZY\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\ny";
        let two = Err(EventRefusal::Malformed("the form holds two mails"));
        assert_eq!(field(TYPE, &form(twice), "email"), two);
        assert!(field("multipart/form-data", &form("x"), "email").is_err());
        let cut = form("x");
        let cut = cut.get(..cut.len() - 12).unwrap();
        assert!(field(TYPE, cut, "email").is_err(), "it broke off");
    }

    proptest! {
        #[test]
        fn any_mail_comes_through_and_any_bytes_are_survived(
            mail in "[ -~\r\n]{0,300}",
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            prop_assume!(!mail.contains("--xYzZY"));
            let form = form(&mail);
            prop_assert_eq!(field(TYPE, &form, "email").unwrap(), mail.as_bytes());
            let _ = field(TYPE, &bytes, "email");
        }
    }
}
