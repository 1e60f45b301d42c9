use std::collections::BTreeMap;

use serde::Deserialize;

use crate::words::Phrases;

type ByLanguage = BTreeMap<String, Vec<String>>;

/// Why the phrases of answers were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyPhrasesError {
    /// The file has not the form of such phrases.
    #[error("the phrases of answers cannot be read: {0}")]
    Form(String),
    /// A phrase cannot be read.
    #[error("the phrases of answers, under `{place}`: {why}")]
    Phrase {
        /// Where it stands.
        place: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

macro_rules! phrases {
    ($($(#[$doc:meta])* $field:ident),* $(,)?) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Params { $($field: ByLanguage,)* }

        /// The words by which answers are recognised, checked and ready.
        ///
        /// The lists can be longer in a file of one's own; none can be left out, so the words
        /// of an opt-out, a complaint or a lawyer are always looked for.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct ReplyPhrases { $(pub(super) $field: Phrases,)* }

        impl ReplyPhrases {
            /// Reads and checks phrases written as TOML; those of the library are added to each
            /// list.
            ///
            /// # Errors
            ///
            /// [`ReplyPhrasesError`] for the first thing that does not hold.
            pub fn parse(toml: &str) -> Result<Self, ReplyPhrasesError> {
                let own: Params = toml::from_str(STANDARD).map_err(|e| ReplyPhrasesError::Form(e.to_string()))?;
                let more: Params = toml::from_str(toml).map_err(|e| ReplyPhrasesError::Form(e.to_string()))?;
                Ok(Self { $($field: list(stringify!($field), &own.$field, &more.$field)?,)* })
            }
        }
    };
}

phrases! {
    opt_out, opt_out_alone, opt_out_not, complaint, legal, bot, away, left, wrong_person, not_now, accept, price,
    decline, decline_supplier, decline_no_need, decline_closing, meeting, interested, provides, automatic, bounce,
    bounce_block, bounce_soft, bounce_hard,
}

const STANDARD: &str = include_str!("phrases.toml");

impl ReplyPhrases {
    /// The phrases that come with the library, in English, German, French, Spanish, Italian,
    /// Dutch, Portuguese and Polish.
    ///
    /// # Errors
    ///
    /// None in a released version; a test reads them.
    pub fn standard() -> Result<Self, ReplyPhrasesError> {
        Self::parse(STANDARD)
    }
}

fn list(
    place: &'static str,
    own: &ByLanguage,
    more: &ByLanguage,
) -> Result<Phrases, ReplyPhrasesError> {
    let mut all: Vec<&str> = own
        .values()
        .chain(more.values())
        .flatten()
        .map(String::as_str)
        .collect();
    all.sort_unstable();
    all.dedup();
    Phrases::parse(all).map_err(|why| ReplyPhrasesError::Phrase {
        place,
        why: why.to_string(),
    })
}
