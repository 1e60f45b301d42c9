use std::fmt;

use dealwright_core::party::{DomainName, EmailAddress};
use serde::{Deserialize, Serialize};

use super::field::is_placeholder;

/// Why a lead is not worth a paid call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Junk {
    /// There is no name, or one that stands for none.
    NoName,
    /// The name looks like somebody's login.
    UsernameLike,
    /// The website belongs to a platform or to nobody.
    DudHost,
    /// All there is to find it by is a private or a machine's mailbox.
    MailOnly,
    /// There is nothing to find it by: no website, no street, no address.
    NoAnchor,
    /// It fails a criterion already.
    NotAClient,
}

impl fmt::Display for Junk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoName => "it has no name",
            Self::UsernameLike => "its name looks like a login",
            Self::DudHost => "its website is a platform's or nobody's",
            Self::MailOnly => "a private or a machine's mailbox is all there is of it",
            Self::NoAnchor => "there is nothing to find it by",
            Self::NotAClient => "it fails a criterion already",
        })
    }
}

/// Hosts on which anybody has a page: the page says nothing of a firm's own site.
const PLATFORMS: [&str; 24] = [
    "facebook.com",
    "fb.com",
    "instagram.com",
    "linkedin.com",
    "x.com",
    "twitter.com",
    "tiktok.com",
    "youtube.com",
    "yelp.com",
    "google.com",
    "goo.gl",
    "linktr.ee",
    "wa.me",
    "t.me",
    "bit.ly",
    "tinyurl.com",
    "etsy.com",
    "ebay.com",
    "amazon.com",
    "github.com",
    "blogspot.com",
    "wordpress.com",
    "wixsite.com",
    "medium.com",
];

/// Mailboxes of machines.
const MACHINES: [&str; 7] = [
    "noreply",
    "no-reply",
    "donotreply",
    "mailer-daemon",
    "postmaster",
    "abuse",
    "bounces",
];

/// What speaks against paying for a look-up, from what is there already and at no cost; empty
/// where nothing does.
#[must_use]
pub fn prescreen(
    name: Option<&str>,
    website: Option<&DomainName>,
    email: Option<&EmailAddress>,
    street: Option<&str>,
) -> Vec<Junk> {
    let mut junk = Vec::new();
    match name.map(str::trim).filter(|name| !is_placeholder(name)) {
        None => junk.push(Junk::NoName),
        Some(name) if looks_like_a_login(name) => junk.push(Junk::UsernameLike),
        Some(_) => {}
    }
    let street = street.is_some_and(|street| !is_placeholder(street));
    let dud = website.is_some_and(is_dud_host);
    if dud && !street {
        junk.push(Junk::DudHost);
    }
    let site = website.is_some() && !dud;
    if !site && !street {
        match email {
            Some(email) if says_nothing(email) => junk.push(Junk::MailOnly),
            None => junk.push(Junk::NoAnchor),
            Some(_) => {}
        }
    }
    junk
}

/// Whether a host belongs to a platform where anybody has a page, or to nobody.
#[must_use]
pub fn is_dud_host(host: &DomainName) -> bool {
    let site = host.site();
    let name = site.as_str();
    let last = name.rsplit('.').next().unwrap_or_default();
    matches!(last, "localhost" | "invalid" | "local" | "test")
        || PLATFORMS.iter().any(|platform| {
            name == *platform
                || name
                    .strip_suffix(platform)
                    .is_some_and(|rest| rest.ends_with('.'))
        })
}

/// A free mailbox may be anybody's; a machine's is nobody's.
fn says_nothing(email: &EmailAddress) -> bool {
    let local = email.local().to_ascii_lowercase();
    email.is_free_mail() || MACHINES.contains(&local.as_str()) || is_dud_host(email.domain())
}

/// One word with digits at its end, or with underscores, or a handle: no firm is called so.
fn looks_like_a_login(name: &str) -> bool {
    if name.contains(char::is_whitespace) {
        return false;
    }
    let digits = name.chars().rev().take_while(char::is_ascii_digit).count();
    let lower = name.chars().all(|c| !c.is_uppercase());
    name.starts_with('@')
        || name.contains('_')
        || (lower && digits >= 2)
        || (lower && name.contains('.') && !name.ends_with('.') && name.len() < 24 && digits > 0)
}
