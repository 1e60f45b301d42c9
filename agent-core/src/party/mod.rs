//! Who we deal with: accounts, contacts, and the ways to reach them.

mod account;
mod contact;
mod country;
mod domain;
mod email;
mod iban;
mod language;
mod legal_form;
mod phone;
mod postal;

pub use account::Account;
pub use contact::{BuyingRole, Channel, Contact, ContactPoint, Reach, Reachability};
pub use country::Country;
pub use domain::DomainName;
pub use email::EmailAddress;
pub use iban::Iban;
pub use language::Language;
pub use legal_form::{LegalForm, spoken_name};
pub use phone::PhoneNumber;
pub use postal::PostalAddress;

/// Why a text does not name a party or a way to reach one.
///
/// Messages carry no more than the kind of fault: the text itself is somebody's data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartyError {
    /// Not an e-mail address that can be written to.
    #[error("not an e-mail address: {reason}")]
    Email {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a domain name.
    #[error("not a domain name: {reason}")]
    Domain {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a telephone number.
    #[error("not a telephone number: {reason}")]
    Phone {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not an account number.
    #[error("not an iban: {reason}")]
    Iban {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Not a country code.
    #[error("`{code}` is not a country; use a two-letter code of iso 3166 such as DE")]
    Country {
        /// What was given.
        code: String,
    },
    /// Not a language code.
    #[error("`{code}` is not a language; use a two-letter code of iso 639 such as de")]
    Language {
        /// What was given.
        code: String,
    },
    /// Not an address that a letter can be sent to.
    #[error("not a postal address: {reason}")]
    Postal {
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The first characters of outside text that may stand in an error: letters, digits, signs.
fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(16).collect()
}

#[cfg(test)]
mod tests;
