use dealwright_core::party::{DomainName, EmailAddress};

/// The digits of a text.
pub(in crate::resolve) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The digits by which numbers are compared: the last ten at most, the first if several
/// stand in a cell. `None` for fewer than six, which name no line.
pub(in crate::resolve) fn phone(text: &str) -> Option<String> {
    let number = text
        .split(['/', ';', ',', '\n'])
        .map(digits)
        .find(|digits| digits.len() >= 6);
    // `310/246-1501`: a slash may also stand after the area code.
    let whole = digits(text);
    let digits = if (7..=15).contains(&whole.len()) {
        whole
    } else {
        number?
    };
    if !(6..=20).contains(&digits.len()) {
        return None;
    }
    let from = digits.len().saturating_sub(10);
    digits.get(from..).map(str::to_owned)
}

/// The identity of an address: case, `+tag` and the spelling of the domain do not matter.
pub(in crate::resolve) fn email(text: &str) -> Option<EmailAddress> {
    if !text.contains('@') {
        return None;
    }
    let text = text
        .trim()
        .trim_matches(['<', '>', '"', '\'', '.', ',', ';', '(', ')']);
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    EmailAddress::parse(text).ok()
}

/// The registered part of a web address or domain; of a plain text only if it begins
/// with `www.` or `http`.
pub(in crate::resolve) fn website(text: &str, plain: bool) -> Option<String> {
    let text = text.trim();
    let head = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    let marked =
        head.starts_with("http://") || head.starts_with("https://") || head.starts_with("www.");
    if !(marked || plain) || text.contains([' ', '@', '\n']) {
        return None;
    }
    DomainName::of_url(text).ok().map(|name| domain_of(&name))
}

/// The registered part of a domain; a site below it on a shared host counts alone, by the
/// public suffix list.
pub(in crate::resolve) fn domain_of(name: &DomainName) -> String {
    let owner = name.registrable().unwrap_or_else(|| name.site());
    owner.as_str().to_owned()
}

/// A day, year first.
pub(in crate::resolve) type Day = (u16, u8, u8);

/// Reads `1994-11-27`, `19941127`, `27.11.1994` and `11/27/1994`; where both readings of the
/// last two fit, day before month with dots and month before day with slashes.
pub(in crate::resolve) fn day(text: &str) -> Option<Day> {
    let text = text.trim();
    let text = text.split(['T', ' ']).next().unwrap_or(text);
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse().ok());
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return check(part(0..4)?, part(4..6)?, part(6..8)?);
    }
    let sign = text.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(sign, '-' | '.' | '/') {
        return None;
    }
    let mut parts = text.split(sign).map(|part| part.parse::<u16>().ok());
    let (a, b, c) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    if a > 31 {
        return check(a, b, c);
    }
    let year = match c {
        0..=29 => c + 2000,
        30..=99 => c + 1900,
        _ => c,
    };
    if sign == '/' {
        check(year, a, b).or_else(|| check(year, b, a))
    } else {
        check(year, b, a).or_else(|| check(year, a, b))
    }
}

fn check(year: u16, month: u16, day: u16) -> Option<Day> {
    let fits =
        (1800..=2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    fits.then_some((year, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}
