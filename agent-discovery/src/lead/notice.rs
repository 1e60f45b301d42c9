//! What a first letter says of where the address came from, in the reader's language.

use dealwright_core::document::Wording;
use dealwright_core::party::Language;
use dealwright_core::time::Timestamp;

/// Where an address came from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whence<'a> {
    /// They wrote first.
    Wrote(Timestamp),
    /// A source, by the words that it asks to be named with.
    Source(&'a str),
    /// Their own website.
    Site(&'a str),
    /// A person here.
    Person,
}

impl Whence<'_> {
    /// One sentence, German in German and English otherwise.
    pub(super) fn say(self, language: Language) -> String {
        let german = language == Language::DE;
        match (self, german) {
            (Self::Wrote(at), true) => {
                let day = Wording::of(language).date(at.date_naive());
                format!("Sie haben uns am {day} geschrieben.")
            }
            (Self::Wrote(at), false) => {
                let day = Wording::of(Language::EN).date(at.date_naive());
                format!("You wrote to us on {day}.")
            }
            (Self::Source(named), true) => format!("Ihre Adresse fanden wir hier: {named}."),
            (Self::Source(named), false) => format!("We found your address in: {named}."),
            (Self::Site(site), true) => format!("Ihre Adresse steht auf Ihrer Website {site}."),
            (Self::Site(site), false) => format!("Your address stands on your website {site}."),
            (Self::Person, true) => {
                "Ihre Adresse hat ein Mensch in unserer Agentur eingetragen.".to_owned()
            }
            (Self::Person, false) => {
                "Your address was entered by a person at our company.".to_owned()
            }
        }
    }
}
