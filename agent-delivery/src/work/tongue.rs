use dealwright_core::party::Language;

/// A language that reports of this module can be written in; others read English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tongue {
    English,
    German,
}

impl Tongue {
    /// The closest to a language.
    pub(super) fn of(language: Language) -> Self {
        if language == Language::DE {
            Self::German
        } else {
            Self::English
        }
    }

    /// The language it is.
    pub(super) fn language(self) -> Language {
        match self {
            Self::English => Language::EN,
            Self::German => Language::DE,
        }
    }

    /// The one of two texts that is in this language.
    pub(super) fn say(self, english: &'static str, german: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }
}
