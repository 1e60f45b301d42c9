use std::fmt::Debug;

/// What is wrong with the form of a part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatFault {
    /// Nothing in it.
    #[error("part `{name}` is empty")]
    Empty {
        /// The part.
        name: String,
    },
    /// More than may be delivered.
    #[error("part `{name}` has {bytes} bytes, at most {most} are delivered")]
    TooLarge {
        /// The part.
        name: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// The bytes are not of the type that the part claims.
    #[error("part `{name}` is no {media_type}: {what}")]
    Malformed {
        /// The part.
        name: String,
        /// The type it claims.
        media_type: String,
        /// What does not hold.
        what: String,
    },
    /// Something that people with a disability need is missing.
    #[error("part `{name}` cannot be used by everybody: {what}")]
    Inaccessible {
        /// The part.
        name: String,
        /// What is missing.
        what: &'static str,
    },
}

/// A check of the form of parts of one media type; services add their own, for a schema say.
pub trait FormatCheck: Debug + Send + Sync {
    /// The media type it is for, without parameters; `*` for all.
    fn media_type(&self) -> &str;

    /// What is wrong, in words that say what to do.
    ///
    /// # Errors
    ///
    /// The [`FormatFault`], first things first.
    fn check(&self, name: &str, bytes: &[u8]) -> Result<(), FormatFault>;
}

/// The checks that parts go through before a draft is made of them.
#[derive(Debug)]
pub struct Formats {
    most: usize,
    checks: Vec<Box<dyn FormatCheck>>,
}

impl Default for Formats {
    /// The shipped checks: JSON, CSV, HTML, SVG and PDF, at most 32 MiB each.
    fn default() -> Self {
        let shipped =
            |media_type, check| Box::new(Shipped { media_type, check }) as Box<dyn FormatCheck>;
        Self {
            most: 32 << 20,
            checks: vec![
                shipped("application/json", json),
                shipped("application/ld+json", json),
                shipped("text/csv", csv),
                shipped("text/html", html),
                shipped("image/svg+xml", svg),
                shipped("application/pdf", pdf),
            ],
        }
    }
}

impl Formats {
    /// Adds a check; all checks of a type are made.
    #[must_use]
    pub fn with(mut self, check: impl FormatCheck + 'static) -> Self {
        self.checks.push(Box::new(check));
        self
    }

    /// Sets the largest size in bytes.
    #[must_use]
    pub fn at_most(mut self, bytes: usize) -> Self {
        self.most = bytes;
        self
    }

    /// Checks one part: not empty, not too large, and what its media type asks for. A type
    /// without a check passes.
    ///
    /// # Errors
    ///
    /// The first [`FormatFault`].
    pub fn check(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<(), FormatFault> {
        let name_of = || name.to_owned();
        if bytes.is_empty() {
            return Err(FormatFault::Empty { name: name_of() });
        }
        if bytes.len() > self.most {
            return Err(FormatFault::TooLarge {
                name: name_of(),
                bytes: bytes.len(),
                most: self.most,
            });
        }
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        self.checks
            .iter()
            .filter(|c| c.media_type() == "*" || c.media_type() == essence)
            .try_for_each(|c| c.check(name, bytes))
    }
}

type Check = fn(&str) -> Result<(), Wrong>;

/// What a shipped check found.
enum Wrong {
    Malformed(String),
    Inaccessible(&'static str),
}

#[derive(Debug)]
struct Shipped {
    media_type: &'static str,
    check: Check,
}

impl FormatCheck for Shipped {
    fn media_type(&self) -> &str {
        self.media_type
    }

    fn check(&self, name: &str, bytes: &[u8]) -> Result<(), FormatFault> {
        let malformed = |what: String| FormatFault::Malformed {
            name: name.to_owned(),
            media_type: self.media_type.to_owned(),
            what,
        };
        // A PDF is not text; its frame is.
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) if self.media_type == "application/pdf" => {
                String::from_utf8_lossy(bytes).into_owned()
            }
            Err(error) => return Err(malformed(format!("not UTF-8: {error}"))),
        };
        (self.check)(&text).map_err(|wrong| match wrong {
            Wrong::Malformed(what) => malformed(what),
            Wrong::Inaccessible(what) => FormatFault::Inaccessible {
                name: name.to_owned(),
                what,
            },
        })
    }
}

fn json(text: &str) -> Result<(), Wrong> {
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map(|_| ())
        .map_err(|error| Wrong::Malformed(error.to_string()))
}

/// Every record has as many fields as the first; quotes are closed.
fn csv(text: &str) -> Result<(), Wrong> {
    let (mut quoted, mut fields, mut record) = (false, 1_usize, 1_usize);
    let mut width = None;
    let mut blank = true;
    for c in text.trim_start_matches('\u{feff}').chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields += 1,
            '\n' if !quoted => {
                if *width.get_or_insert(fields) != fields {
                    let wide = width.unwrap_or(0);
                    let what = format!("record {record} has {fields} fields, the first {wide}");
                    return Err(Wrong::Malformed(what));
                }
                record += 1;
                fields = 1;
                blank = true;
                continue;
            }
            _ => {}
        }
        blank = blank && c == '\r';
    }
    if quoted {
        return Err(Wrong::Malformed(
            "a quotation mark is not closed".to_owned(),
        ));
    }
    match width {
        Some(wide) if !blank && wide != fields => Err(Wrong::Malformed(format!(
            "record {record} has {fields} fields, the first {wide}"
        ))),
        _ => Ok(()),
    }
}

/// A doctype, a language, a title, and an `alt` on each picture; runs no script.
fn html(text: &str) -> Result<(), Wrong> {
    let lower = text.to_ascii_lowercase();
    if !lower.trim_start().starts_with("<!doctype html") {
        return Err(Wrong::Malformed(
            "it does not begin with `<!doctype html>`".to_owned(),
        ));
    }
    if tags(&lower, "script").any(|tag| !tag.contains("application/ld+json")) {
        return Err(Wrong::Malformed("it carries a script".to_owned()));
    }
    if !tags(&lower, "html").any(|tag| tag.contains("lang=")) {
        return Err(Wrong::Inaccessible("`<html>` names no language"));
    }
    let title = lower
        .split_once("<title>")
        .and_then(|(_, rest)| rest.split_once("</title>"));
    if title.is_none_or(|(title, _)| title.trim().is_empty()) {
        return Err(Wrong::Inaccessible("it has no title"));
    }
    if tags(&lower, "img").any(|tag| !tag.contains("alt=")) {
        return Err(Wrong::Inaccessible("a picture has no alternative text"));
    }
    Ok(())
}

fn svg(text: &str) -> Result<(), Wrong> {
    if !text.contains("<svg") || !text.trim_end().ends_with("</svg>") {
        return Err(Wrong::Malformed("it is not one `<svg>` element".to_owned()));
    }
    let lower = text.to_ascii_lowercase();
    if lower.contains("<script") {
        return Err(Wrong::Malformed("it carries a script".to_owned()));
    }
    if !lower.contains("<title>") && !lower.contains("aria-label=") {
        return Err(Wrong::Inaccessible("the picture has no title"));
    }
    Ok(())
}

fn pdf(text: &str) -> Result<(), Wrong> {
    if !text.starts_with("%PDF-1.") && !text.starts_with("%PDF-2.") {
        return Err(Wrong::Malformed(
            "it does not begin with `%PDF-`".to_owned(),
        ));
    }
    if !text.trim_end().ends_with("%%EOF") {
        return Err(Wrong::Malformed("it is cut off before `%%EOF`".to_owned()));
    }
    Ok(())
}

/// The text between `<name` and `>` of every tag of that name.
fn tags<'a>(html: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    html.split('<').skip(1).filter_map(move |piece| {
        let rest = piece.strip_prefix(name)?;
        let ends = rest.starts_with(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/');
        ends.then(|| rest.split('>').next().unwrap_or_default())
    })
}
