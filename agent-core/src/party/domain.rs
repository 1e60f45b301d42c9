use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::PartyError;

/// Providers where anyone gets a mailbox, so that the domain says nothing about the firm.
const FREE_MAIL: [&str; 36] = [
    "aol.com",
    "arcor.de",
    "att.net",
    "bluewin.ch",
    "btinternet.com",
    "comcast.net",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "icloud.com",
    "laposte.net",
    "live.com",
    "mac.com",
    "mail.com",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "proton.me",
    "protonmail.com",
    "sbcglobal.net",
    "t-online.de",
    "web.de",
    "yahoo.com",
    "ymail.com",
];

/// A domain name in ASCII and lower case; international names are encoded (`xn--…`).
///
/// At least two labels; no port, path or address of a machine.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

impl DomainName {
    /// The domain of addresses that were erased; nobody can have it.
    pub(super) fn erased() -> Self {
        Self("erased.invalid".to_owned())
    }

    /// Whether anyone gets a mailbox there, so that the name says nothing about the firm.
    #[must_use]
    pub fn is_free_mail(&self) -> bool {
        FREE_MAIL.contains(&self.as_str())
    }

    /// Reads a name such as `Bäckerei.example` or `shop.example.`.
    ///
    /// # Errors
    ///
    /// [`PartyError::Domain`] saying what is wrong.
    pub fn parse(text: &str) -> Result<Self, PartyError> {
        let bad = |reason| Err(PartyError::Domain { reason });
        let text = text.trim();
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.len() > 1000 {
            return bad("too long");
        }
        // The strict list also refuses what could end a host: `/`, `@`, `:`, space, `%`.
        let Ok(name) = idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::STD3) else {
            return bad("it holds characters that a name cannot have");
        };
        let name = name.into_owned();
        if name.len() > 253 {
            return bad("too long");
        }
        let mut labels = 0;
        for label in name.split('.') {
            labels += 1;
            if label.is_empty() || label.len() > 63 {
                return bad("a label is empty or longer than 63 characters");
            }
            if label.starts_with('-') || label.ends_with('-') {
                return bad("a label begins or ends with a hyphen");
            }
        }
        if labels < 2 {
            return bad("it has no dot");
        }
        let numeric = |last: &str| last.bytes().all(|byte| byte.is_ascii_digit());
        if name.rsplit('.').next().is_some_and(numeric) {
            return bad("it ends in a number, as addresses of machines do");
        }
        Ok(Self(name))
    }

    /// The host of a web address, with or without `https://`: `https://www.shop.example/a`.
    ///
    /// # Errors
    ///
    /// [`PartyError::Domain`], also for other schemes and bare machine addresses.
    pub fn of_url(text: &str) -> Result<Self, PartyError> {
        let text = text.trim();
        let whole;
        let text = if text.contains("://") {
            text
        } else {
            whole = format!("https://{text}");
            &whole
        };
        let host = url::Url::parse(text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .and_then(|url| url.host_str().map(str::to_owned))
            .ok_or(PartyError::Domain {
                reason: "not a web address",
            })?;
        Self::parse(&host)
    }

    /// The name in ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as people write it. For display only: it may look like another one.
    #[must_use]
    pub fn to_unicode(&self) -> String {
        idna::domain_to_unicode(&self.0).0
    }

    /// The name without a leading `www.`: two records with the same site are one website.
    #[must_use]
    pub fn site(&self) -> Self {
        match self.0.strip_prefix("www.") {
            Some(rest) if rest.contains('.') => Self(rest.to_owned()),
            _ => self.clone(),
        }
    }

    /// The part that somebody registered: `shop.co.uk` of `www.shop.co.uk`, by the public
    /// suffix list. `None` where the name is a public suffix itself.
    #[must_use]
    pub fn registrable(&self) -> Option<Self> {
        psl::domain_str(&self.0).map(|name| Self(name.to_owned()))
    }

    /// Whether both belong to one registration.
    #[must_use]
    pub fn same_owner(&self, other: &Self) -> bool {
        self.registrable()
            .is_some_and(|own| other.registrable() == Some(own))
    }

    /// Whether it is `parent` or a name below it.
    #[must_use]
    pub fn is_within(&self, parent: &Self) -> bool {
        self.0
            .strip_suffix(parent.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// Whether it is kept for tests and documents and so reaches nobody (RFC 2606, RFC 6761).
    #[must_use]
    pub fn is_reserved(&self) -> bool {
        let last = self.0.rsplit('.').next().unwrap_or_default();
        matches!(last, "example" | "test" | "invalid" | "localhost")
            || ["example.com", "example.net", "example.org"]
                .iter()
                .any(|name| self.0 == *name || self.0.ends_with(&format!(".{name}")))
    }
}

impl FromStr for DomainName {
    type Err = PartyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for DomainName {
    type Error = PartyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> Self {
        name.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
