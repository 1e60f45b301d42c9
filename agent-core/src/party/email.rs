use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{DomainName, PartyError};

/// Mailboxes of a function rather than a person, by their local part.
const ROLES: [&str; 38] = [
    "abuse",
    "accounting",
    "admin",
    "anfrage",
    "billing",
    "bookings",
    "buchhaltung",
    "buero",
    "careers",
    "contact",
    "customerservice",
    "enquiries",
    "hello",
    "help",
    "hi",
    "hostmaster",
    "hr",
    "info",
    "inquiries",
    "jobs",
    "kontakt",
    "mail",
    "marketing",
    "noreply",
    "office",
    "orders",
    "post",
    "postmaster",
    "praxis",
    "press",
    "privacy",
    "reception",
    "sales",
    "service",
    "support",
    "team",
    "verwaltung",
    "webmaster",
];

/// An e-mail address that can stand in an envelope: `local@domain`, the domain in ASCII.
///
/// Refused although RFC 5321 has them: quoted local parts, letters beyond ASCII before the
/// `@` and addresses of machines after it. No mailbox a business publishes needs them, and
/// they are where header injection and smuggling live.
///
/// `Debug` hides the address; `Display` writes it, for the envelope.
///
/// ```
/// use dealwright_core::party::EmailAddress;
/// let address = EmailAddress::parse("Info+web@Bäckerei.example")?;
/// assert_eq!(address.as_str(), "Info+web@xn--bckerei-5wa.example");
/// assert_eq!(address.identity_key(), "info@xn--bckerei-5wa.example");
/// # Ok::<(), dealwright_core::party::PartyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    local: String,
    domain: DomainName,
    text: String,
}

impl crate::personal::Placeholder for EmailAddress {
    /// An address in a domain that is set aside so that nobody ever has it (RFC 2606).
    fn placeholder() -> Self {
        Self {
            local: "erased".to_owned(),
            domain: DomainName::erased(),
            text: "erased@erased.invalid".to_owned(),
        }
    }
}

impl EmailAddress {
    /// Reads an address; the whole text has to be one. Space around it does not matter.
    ///
    /// # Errors
    ///
    /// [`PartyError::Email`] saying what is wrong.
    pub fn parse(text: &str) -> Result<Self, PartyError> {
        let bad = |reason| Err(PartyError::Email { reason });
        let text = text.trim_matches([' ', '\t']);
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return bad("it holds space or control characters");
        }
        let Some((local, domain)) = text.rsplit_once('@') else {
            return bad("it has no @");
        };
        if local.is_empty() || local.len() > 64 {
            return bad("the part before the @ is empty or longer than 64 characters");
        }
        if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return bad("a dot begins, ends or doubles in the part before the @");
        }
        // The atoms of RFC 5322 without `%`, `!` and `|`, by which old relays are told to
        // send on to somebody else.
        let atom = |c: char| c.is_ascii_alphanumeric() || ".#$&'*+-/=?^_`{}~".contains(c);
        if !local.chars().all(atom) {
            return bad("the part before the @ holds characters that mailboxes do not have");
        }
        let domain = DomainName::parse(domain).map_err(|error| match error {
            PartyError::Domain { reason } => PartyError::Email { reason },
            other => other,
        })?;
        let text = format!("{local}@{domain}");
        if text.len() > 254 {
            return bad("longer than 254 characters");
        }
        Ok(Self {
            local: local.to_owned(),
            domain,
            text,
        })
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`, as it was given.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after it.
    #[must_use]
    pub fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// What suppression and dedupe compare: lower case, without `+tag`, and for Google's
    /// mailboxes without dots.
    ///
    /// Coarse on purpose: who opted out as `ada+news@` is not written to as `Ada@`. Never
    /// send to it.
    #[must_use]
    pub fn identity_key(&self) -> String {
        let local = self.local.to_ascii_lowercase();
        let base = match local.split_once('+') {
            Some((base, _)) if !base.is_empty() => base,
            _ => &local,
        };
        if matches!(self.domain.as_str(), "gmail.com" | "googlemail.com") {
            format!("{}@gmail.com", base.replace('.', ""))
        } else {
            format!("{base}@{}", self.domain)
        }
    }

    /// Whether it is the mailbox of a function (`info@`, `office@`), not of a person.
    #[must_use]
    pub fn is_role(&self) -> bool {
        let local = self.local.to_ascii_lowercase();
        let base = local.split('+').next().unwrap_or_default();
        let base = base.replace(['-', '_', '.'], "");
        ROLES.contains(&base.as_str())
    }

    /// Whether the domain is a mailbox provider's, so that it does not name the firm.
    #[must_use]
    pub fn is_free_mail(&self) -> bool {
        self.domain.is_free_mail()
    }
}

impl FromStr for EmailAddress {
    type Err = PartyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = PartyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.text
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[address at {}]", self.domain)
    }
}
