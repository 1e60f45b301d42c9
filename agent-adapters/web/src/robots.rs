//! robots.txt by RFC 9309.

#[cfg(test)]
mod tests;

use std::time::Duration;

/// Bytes of a robots.txt that are read; the RFC asks for at least 500 KiB.
pub const ROBOTS_BYTES: usize = 512 * 1024;

/// Bytes of one line that are read.
const LINE_BYTES: usize = 16 * 1024;

/// A parsed robots.txt. Anything can be parsed; what is no rule is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Robots {
    groups: Vec<Group>,
    sitemaps: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Group {
    /// Product tokens in lower case; `*` for everybody.
    agents: Vec<String>,
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allow: bool,
    /// In its normal form, see [`normal`].
    pattern: Vec<u8>,
}

impl Robots {
    /// Reads the first [`ROBOTS_BYTES`] of a file.
    ///
    /// A line without a colon whose two words make a rule counts as one, and so do the
    /// usual misspellings of `disallow`: both only forbid more than the letter does.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let bytes = bytes.get(..ROBOTS_BYTES).unwrap_or(bytes);
        let mut robots = Self::default();
        let mut naming = false;
        for line in without_bom(bytes).split(|b| matches!(b, b'\n' | b'\r')) {
            let line = line.get(..LINE_BYTES).unwrap_or(line);
            let Some((key, value)) = record(line) else {
                continue;
            };
            match key {
                Key::Agent => {
                    if !naming {
                        robots.groups.push(Group::default());
                        naming = true;
                    }
                    if let Some(group) = robots.groups.last_mut() {
                        group.agents.extend(product_token(value));
                    }
                }
                Key::Allow | Key::Disallow => {
                    naming = false;
                    if let Some(group) = robots.groups.last_mut() {
                        group.rules.push(Rule {
                            allow: key == Key::Allow,
                            pattern: normal(value),
                        });
                    }
                }
                // Not in the RFC, so it ends no group; where it stands it is honoured.
                Key::CrawlDelay => {
                    if let (Some(group), Some(delay)) = (robots.groups.last_mut(), seconds(value)) {
                        group.crawl_delay = group.crawl_delay.max(Some(delay));
                    }
                }
                Key::Sitemap => {
                    if let Ok(text) = std::str::from_utf8(value) {
                        robots.sitemaps.push(text.to_owned());
                    }
                }
            }
        }
        robots
    }

    /// Whether the agent with this product token may fetch this path and query.
    ///
    /// The rules are those of all groups that name the token, or else of all groups for
    /// `*`. The longest pattern that matches decides; allow wins a tie.
    #[must_use]
    pub fn allows(&self, token: &str, path_and_query: &str) -> bool {
        let path = normal(path_and_query.as_bytes());
        let (mut allow, mut disallow) = (0, 0);
        for rule in self.groups_for(token).flat_map(|group| &group.rules) {
            let longest = if rule.allow {
                &mut allow
            } else {
                &mut disallow
            };
            if rule.pattern.len() > *longest && matches(&rule.pattern, &path) {
                *longest = rule.pattern.len();
            }
        }
        disallow <= allow
    }

    /// The pause that the agent is asked to keep between two requests.
    #[must_use]
    pub fn crawl_delay(&self, token: &str) -> Option<Duration> {
        self.groups_for(token)
            .filter_map(|group| group.crawl_delay)
            .max()
    }

    /// The sitemaps it names, as written.
    #[must_use]
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    fn groups_for<'a>(&'a self, token: &str) -> impl Iterator<Item = &'a Group> {
        let named = |name: &str| {
            let name = name.to_ascii_lowercase();
            move |group: &&Group| group.agents.contains(&name)
        };
        let own = self.groups.iter().any(|group| named(token)(&group));
        self.groups
            .iter()
            .filter(named(if own { token } else { "*" }))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
    Agent,
    Allow,
    Disallow,
    CrawlDelay,
    Sitemap,
}

/// Editors put the byte order mark there, some only a part of it.
fn without_bom(mut bytes: &[u8]) -> &[u8] {
    for byte in [0xef, 0xbb, 0xbf] {
        match bytes.split_first() {
            Some((first, rest)) if *first == byte => bytes = rest,
            _ => break,
        }
    }
    bytes
}

fn record(line: &[u8]) -> Option<(Key, &[u8])> {
    let line = line.split(|b| *b == b'#').next()?.trim_ascii();
    let (key, value) = match line.iter().position(|b| *b == b':') {
        Some(colon) => (line.get(..colon)?, line.get(colon + 1..)?),
        None => {
            let blank = line.iter().position(u8::is_ascii_whitespace)?;
            let value = line.get(blank..)?.trim_ascii();
            // With a third word it is prose.
            if value.iter().any(u8::is_ascii_whitespace) {
                return None;
            }
            (line.get(..blank)?, value)
        }
    };
    let key = match key.trim_ascii().to_ascii_lowercase().as_slice() {
        b"user-agent" | b"useragent" | b"user agent" => Key::Agent,
        b"allow" => Key::Allow,
        b"disallow" | b"dissallow" | b"dissalow" | b"disalow" | b"diasllow" | b"disallaw" => {
            Key::Disallow
        }
        b"crawl-delay" => Key::CrawlDelay,
        b"sitemap" | b"site-map" => Key::Sitemap,
        _ => return None,
    };
    Some((key, value.trim_ascii()))
}

/// `*`, or the letters, dashes and underscores at the beginning: a version behind them
/// or a second word does not change who is meant.
fn product_token(value: &[u8]) -> Option<String> {
    if let Some((b'*', rest)) = value.split_first()
        && rest.first().is_none_or(u8::is_ascii_whitespace)
    {
        return Some("*".to_owned());
    }
    let token: String = value
        .iter()
        .take_while(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_'))
        .map(|b| char::from(b.to_ascii_lowercase()))
        .collect();
    (!token.is_empty()).then_some(token)
}

/// Whole or tenth seconds, at most a day.
fn seconds(value: &[u8]) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?;
    let (whole, tenths) = text.split_once('.').unwrap_or((text, "0"));
    let tenths: u64 = tenths.get(..1)?.parse().ok()?;
    let millis = whole.parse::<u64>().ok()?.saturating_mul(1000) + tenths * 100;
    Some(Duration::from_millis(millis.min(86_400_000)))
}

/// The form in which patterns and paths are compared: octets beyond ASCII are
/// percent-encoded, encoded ones that need no encoding are decoded, hexadecimal digits
/// are upper case. What is reserved stays as it is written.
fn normal(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail) {
            (b'%', [high, low, ..]) => match (hex(*high), hex(*low)) {
                (Some(h), Some(l)) => {
                    rest = tail.get(2..).unwrap_or_default();
                    let octet = h * 16 + l;
                    if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
                        out.push(octet);
                    } else {
                        encode(octet, &mut out);
                    }
                }
                _ => out.push(byte),
            },
            _ if byte.is_ascii() => out.push(byte),
            _ => encode(byte, &mut out),
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

fn encode(octet: u8, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("%{octet:02X}").as_bytes());
}

/// Whether a pattern matches from the path's beginning: `*` is any run of octets, `$` at
/// the end is the path's end. Linear in the pattern times the path, whatever either says.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (pattern, anchored) = match pattern.split_last() {
        Some((b'$', rest)) => (rest, true),
        _ => (pattern, false),
    };
    let mut parts = pattern.split(|b| *b == b'*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&[u8]> = parts.collect();
    let Some((last, inner)) = parts.split_last() else {
        return !anchored || rest.is_empty();
    };
    for part in inner {
        match find(rest, part) {
            Some(end) => rest = rest.get(end..).unwrap_or_default(),
            None => return false,
        }
    }
    if anchored {
        rest.ends_with(last)
    } else {
        find(rest, last).is_some()
    }
}

/// Where the first occurrence of `part` ends.
fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    let at = text.windows(part.len()).position(|window| window == part)?;
    Some(at + part.len())
}
