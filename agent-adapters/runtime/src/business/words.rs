//! The languages that a business speaks: each of them wholly, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use dealwright_core::knowledge::{TemplatesParams, Words};
use dealwright_core::party::Language;
use dealwright_deals::contract::Clause;
use dealwright_deals::deal::Notice;
use serde::Deserialize;

use super::{BusinessError, letters, part};

/// A file of `words/`: the catalogue and the rate card in one language.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Translation {
    pub(super) catalogue: Words,
    pub(super) rates: Words,
}

/// The language of a file `words/de.toml`.
pub(super) fn language_of(file: &str) -> Result<Language, BusinessError> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let tag = name.strip_suffix(".toml").unwrap_or(name);
    Language::parse(tag)
        .map_err(|e| part("words")(&format!("`{file}` is named for no language: {e}")))
}

/// Refuses a language in which something that clients read would come in another one.
pub(super) fn check(
    own: Language,
    others: &BTreeSet<Language>,
    templates: &TemplatesParams,
    needed: &BTreeSet<String>,
    clauses: &[Clause],
    notices: &BTreeMap<String, Notice>,
) -> Result<(), BusinessError> {
    let ids: BTreeSet<&str> = templates.templates.iter().map(|t| t.id.as_str()).collect();
    for language in others {
        let lacks = |what: String, place: &str| {
            Err(part("words")(&format!(
                "the agency speaks `{language}`, but {what}; add it to {place}, or take \
                 `words/{language}.toml` away"
            )))
        };
        for id in needed {
            if !ids.contains(format!("{id}-{language}").as_str()) {
                return lacks(
                    format!("the letter `{id}` is not written in it"),
                    &format!("`templates/{language}.toml` as `{id}-{language}`"),
                );
            }
        }
        if !notices.contains_key(language.code()) {
            return lacks(
                "the sentences that law asks for are not".to_owned(),
                &format!("`[notices.{language}]` of agency.toml"),
            );
        }
        let in_language = |language: Language| -> BTreeSet<_> {
            let there = clauses.iter().filter(|c| c.language == language);
            there.map(|c| (&c.id, c.standing)).collect()
        };
        let (ours, theirs) = (in_language(own), in_language(*language));
        if let Some((id, _)) = ours.symmetric_difference(&theirs).next() {
            return lacks(
                format!("the clause `{id}` does not stand in both `{own}` and `{language}`"),
                "`[[clauses]]` of agency.toml",
            );
        }
    }
    // A letter in a language without words would quote prices and services in another.
    for (id, _, language) in letters::translated(templates, needed) {
        if language != own && !others.contains(&language) {
            return Err(part("words")(&format!(
                "the letter `{id}` is written in `{language}`, but services and prices are not; \
                 add `words/{language}.toml`, or take the letter away"
            )));
        }
    }
    Ok(())
}
