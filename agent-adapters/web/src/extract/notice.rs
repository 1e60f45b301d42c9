//! Notices that forbid harvesting addresses or writing to them unasked.

use scraper::Html;

use super::{fold, meta};

/// Phrases in lower case that say so, in the languages of our markets. A site that only
/// promises not to send junk itself uses other words.
const PHRASES: [&str; 38] = [
    "no unsolicited",
    "not send unsolicited",
    "don't send unsolicited",
    "unsolicited e-mail is not",
    "unsolicited email is not",
    "unsolicited emails are not",
    "unsolicited commercial",
    "not for solicitation",
    "no solicitation",
    "no soliciting",
    "no cold calls",
    "no cold emails",
    "no cold e-mails",
    "no sales calls",
    "no sales emails",
    "no sales enquiries",
    "no marketing emails",
    "no marketing enquiries",
    "no spam please",
    "may not be harvested",
    "harvesting of e",
    "not be used for marketing",
    "not be used for advertising",
    "keine werbung",
    "keine werbe",
    "keine unverlangte",
    "unverlangt zugesandte",
    "unverlangten zusendung",
    "nicht ausdrücklich angeforderte",
    "nicht angeforderter werbung",
    "werbung wird hiermit",
    "keine akquise",
    "keine kaltakquise",
    "pas de démarchage",
    "aucun démarchage",
    "publicité non sollicitée",
    "geen acquisitie",
    "acquisitie wordt niet",
];

/// The passage that forbids it, up to 240 characters, or the tag that does.
pub(super) fn find(document: &Html, text: &str) -> Option<String> {
    if let Some(content) = meta(document, "no-email-collection") {
        return Some(fold(&format!("no-email-collection {content}"), 240));
    }
    let blocked = ["robots", "dealwright"].iter().find_map(|name| {
        let content = meta(document, name)?;
        let words = content.to_ascii_lowercase();
        let hit = words
            .split(',')
            .map(str::trim)
            .any(|w| w == "nocontact" || w == "noemail");
        hit.then(|| fold(&format!("{name} {content}"), 240))
    });
    blocked.or_else(|| passage(text))
}

fn passage(text: &str) -> Option<String> {
    // Lower-casing may change lengths, so the passage is quoted from the lowered text's
    // line number, where lines are the same ones.
    let number = text.lines().position(|line| {
        let line = line.to_lowercase().replace('\u{2019}', "'");
        PHRASES.iter().any(|phrase| line.contains(phrase))
    })?;
    text.lines().nth(number).map(|line| fold(line, 240))
}
