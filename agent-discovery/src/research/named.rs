use dealwright_core::party::{DomainName, EmailAddress};
use dealwright_core::text::{Context, Untrusted};

use super::Lexicon;
use super::phrase::{Word, words};
use super::recognise::joined;
use crate::enrich::is_dud_host;
use crate::source::RawSignal;

/// A firm that an entry speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedFirm {
    /// Its name, as the title has it.
    pub name: Option<String>,
    /// Its website, where one stands in the entry.
    pub website: Option<DomainName>,
    /// An address that stands in the entry.
    pub email: Option<EmailAddress>,
}

/// Words that begin a title and are nobody's name.
const NOT_NAMES: [&str; 34] = [
    "a", "an", "the", "we", "i", "our", "my", "who", "does", "do", "can", "could", "any", "how",
    "looking", "need", "help", "new", "now", "is", "wer", "wir", "ich", "suche", "kann", "hat",
    "die", "der", "das", "le", "la", "les", "qui", "nous",
];

/// The most words of a name.
const LONGEST: usize = 6;

/// The firm that an entry names, by a website or an address in its words, or by capitalised words
/// that begin its title before what happened: `Amsel Bakery opens a second shop`.
///
/// The source's own host and platforms where anybody has a page are no firm's website. `None`
/// where nothing is named.
#[must_use]
pub fn named_firm(entry: &RawSignal, lexicon: &Lexicon) -> Option<NamedFirm> {
    let host = entry
        .link
        .as_ref()
        .and_then(|link| DomainName::of_url(link.as_str()).ok());
    let own = |domain: &DomainName| {
        !is_dud_host(domain) && !host.as_ref().is_some_and(|host| host.same_owner(domain))
    };
    let text = joined(entry);
    let (email, website) = text.inspect(|text| {
        let tokens = || text.split(|c: char| c.is_whitespace() || "<>()[]\"',;".contains(c));
        let trimmed = tokens().map(|token| token.trim_matches(['.', ':', '!', '?', '-']));
        let email = trimmed
            .clone()
            .filter(|token| token.contains('@'))
            .find_map(|token| {
                let token = token.strip_prefix("mailto:").unwrap_or(token);
                EmailAddress::parse(token).ok()
            });
        let website = trimmed
            .filter(|token| token.contains('.') && !token.contains('@'))
            .filter_map(site)
            .find(own);
        (email, website)
    });
    let of_mail = email
        .as_ref()
        .filter(|email| !email.is_free_mail() && own(email.domain()))
        .map(|email| email.domain().site());
    let named = NamedFirm {
        name: entry.title.inspect(|title| name(title, lexicon)),
        website: website.or(of_mail),
        email,
    };
    (named != NamedFirm::default()).then_some(named)
}

/// A token that is a web address or a bare domain that somebody can register.
fn site(token: &str) -> Option<DomainName> {
    let domain = if token.contains("://") {
        DomainName::of_url(token).ok()?
    } else {
        let host = token.split('/').next()?;
        let letters = host.rsplit('.').next()?;
        let bare = letters.len() >= 2 && letters.chars().all(|c| c.is_ascii_lowercase());
        DomainName::parse(host).ok().filter(|_| bare)?
    };
    domain.registrable().map(|_| domain.site())
}

fn name(title: &str, lexicon: &Lexicon) -> Option<String> {
    let words = words(title);
    let first = lexicon
        .kinds
        .iter()
        .flat_map(|kind| &kind.any)
        .filter_map(|phrase| phrase.find(&words))
        .map(|(at, _)| at)
        .min()?;
    let before = words.get(..first)?;
    let plain = |word: &Word| title.get(word.start..word.end).unwrap_or_default();
    let capital = |word: &Word| {
        let text = plain(word);
        text.chars()
            .next()
            .is_some_and(|c| c.is_uppercase() || c.is_ascii_digit())
            || matches!(
                word.folded.as_str(),
                "and" | "und" | "et" | "of" | "de" | "du" | "am"
            )
    };
    let is_name = (2..=LONGEST).contains(&before.len())
        && before.iter().all(capital)
        && before
            .first()
            .is_some_and(|word| !NOT_NAMES.contains(&word.folded.as_str()));
    if !is_name {
        return None;
    }
    let (from, to) = (before.first()?.start, before.last()?.end);
    let text = Untrusted::new(title.get(from..to)?.to_owned());
    Some(text.render_for(Context::Header))
}
