use std::fmt;

use dealwright_core::party::{DomainName, EmailAddress, PhoneNumber};
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::provenance::{Field, SourceKind, Sourced};
use dealwright_core::time::Timestamp;

use super::Profile;
use crate::resolve::{same_name, same_street};

/// Sources that say different things of one field, so that a person could look and see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// The field.
    pub field: &'static str,
    /// What each says, by source; two of one source are two of its records.
    pub said: Vec<Statement>,
}

/// What one source says. Of a number or an address only so much is shown as tells them apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// The source.
    pub source: String,
    /// What it says.
    pub shown: String,
    /// When it was read.
    pub at: Timestamp,
}

impl fmt::Display for Disagreement {
    /// `phone: city-guide says a number ending in 42, trade-list says a number ending in 17`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.field)?;
        for (at, said) in self.said.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{} says {}", said.source, said.shown)?;
        }
        Ok(())
    }
}

/// Where the public sources of a lead really disagree: another spelling of the same is no
/// disagreement, and neither is what a person here or a provider says.
pub(super) fn of(profile: &Profile) -> Vec<Disagreement> {
    let number = |phone: &Personal<PhoneNumber>| {
        let digits = phone.reveal(Purpose::Display).as_str();
        let from = digits.len().saturating_sub(2);
        format!(
            "a number ending in {}",
            digits.get(from..).unwrap_or_default()
        )
    };
    let domain = |email: &Personal<EmailAddress>| {
        let email = email.reveal(Purpose::Display);
        format!("an address at {}", email.domain())
    };
    let same_number = |one: &Personal<PhoneNumber>, other: &Personal<PhoneNumber>| {
        let tail = |phone: &Personal<PhoneNumber>| {
            let digits = phone
                .reveal(Purpose::Matching)
                .as_str()
                .trim_start_matches('+');
            let from = digits.len().saturating_sub(9);
            digits.get(from..).unwrap_or_default().to_owned()
        };
        tail(one) == tail(other)
    };
    [
        between("name", &profile.name, |a, b| same_name(a, b), Clone::clone),
        between("phone", &profile.phone, same_number, number),
        between(
            "email",
            &profile.email,
            |a, b| {
                a.reveal(Purpose::Matching).identity_key()
                    == b.reveal(Purpose::Matching).identity_key()
            },
            domain,
        ),
        between(
            "website",
            &profile.website,
            |a, b| a.site() == b.site() || a.same_owner(b),
            DomainName::to_unicode,
        ),
        between(
            "street",
            &profile.street,
            |a, b| same_street(a, b),
            Clone::clone,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn between<T: PartialEq>(
    field: &'static str,
    values: &Field<T>,
    same: impl Fn(&T, &T) -> bool,
    show: impl Fn(&T) -> String,
) -> Option<Disagreement> {
    let public = |value: &&Sourced<T>| {
        matches!(
            value.source().kind(),
            SourceKind::Directory | SourceKind::Website | SourceKind::Register
        )
    };
    let values: Vec<&Sourced<T>> = values.values().iter().filter(public).collect();
    let first = values.first()?;
    if values
        .iter()
        .all(|value| same(first.value(), value.value()))
    {
        return None;
    }
    let mut said: Vec<Statement> = values
        .iter()
        .map(|value| Statement {
            source: value.source().name().to_owned(),
            shown: show(value.value()),
            at: value.retrieved_at(),
        })
        .collect();
    said.sort();
    said.dedup_by(|a, b| a.source == b.source && a.shown == b.shown);
    Some(Disagreement { field, said })
}
