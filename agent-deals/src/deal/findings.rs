//! What a first letter says about the recipient: what was found in public, and where.

use chrono::NaiveDate;
use dealwright_core::document::Wording;
use dealwright_core::handoff::LeadQualifiedParts;
use dealwright_core::knowledge::listed;
use dealwright_core::party::Language;

/// Sentences that a first letter has room for.
const MOST: usize = 2;

/// Fields on which directories disagree, by weight, with the words for them.
const FIELDS: [(&str, &str, &str); 6] = [
    ("phone", "your telephone number", "Ihrer Telefonnummer"),
    ("street", "your address", "Ihrer Anschrift"),
    ("hours", "your opening hours", "Ihren Öffnungszeiten"),
    ("website", "your website", "Ihrer Website"),
    ("email", "your e-mail address", "Ihrer E-Mail-Adresse"),
    (
        "name",
        "the name of your business",
        "dem Namen Ihres Betriebs",
    ),
];

/// What a website lacks, as the hand-off words it, with the German for it.
const LACKS: [(&str, &str); 6] = [
    ("a title", "ein Titel"),
    (
        "a description for search results",
        "eine Beschreibung für Suchergebnisse",
    ),
    ("a layout for telephones", "eine Darstellung für Telefone"),
    (
        "opening hours and address in a form that search engines read",
        "Öffnungszeiten und Anschrift in einer Form, die Suchmaschinen lesen",
    ),
    ("a way to get in touch", "ein Weg, Sie zu erreichen"),
    ("a mark of its language", "eine Angabe der Sprache"),
];

/// Up to two sentences, each of which names its source; empty where nothing was found.
///
/// Only our own words stand in it, names of sources, the last digits of numbers, and the domain
/// of the recipient's own website.
pub(super) fn findings(lead: &LeadQualifiedParts, language: Language) -> String {
    let german = language == Language::DE;
    let fact = |name: &str| {
        lead.facts
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    let mut sentences: Vec<String> = FIELDS
        .iter()
        .filter_map(|(field, english, deutsch)| {
            let sources = fact(&format!("disagreement-{field}-sources"))?;
            let ends = endings(fact(&format!("disagreement-{field}")).unwrap_or_default());
            let sources = named(sources, lead.website.as_deref(), german);
            let (and, ending) = if german {
                ("und", "am Ende")
            } else {
                ("and", "ending in")
            };
            let ends = match ends.as_slice() {
                [] => String::new(),
                ends => format!(" ({ending} {})", listed(ends, and)),
            };
            // One source can have two entries that differ.
            Some(match (sources.as_slice(), german) {
                ([one], true) => format!("{one} widerspricht sich bei {deutsch}{ends}."),
                ([one], false) => format!("{one} contradicts itself on {english}{ends}."),
                (all, true) => {
                    let all = listed(all, and);
                    format!("{all} stimmen bei {deutsch} nicht überein{ends}.")
                }
                (all, false) => {
                    format!("{} do not agree on {english}{ends}.", listed(all, and))
                }
            })
        })
        .collect();
    // One of each kind says more than two of one.
    let room = if fact("website-lacks").is_some() {
        MOST - 1
    } else {
        MOST
    };
    sentences.truncate(room);
    sentences.extend(website(lead.website.as_deref(), fact, german));
    sentences.join(" ")
}

/// The sources of a disagreement as people name them: `merrow-chamber` is the Merrow Chamber, a
/// domain is a website.
fn named(sources: &str, own: Option<&str>, german: bool) -> Vec<String> {
    let title = |slug: &str| {
        let words = slug.split('-').map(|word| {
            let mut chars = word.chars();
            let first = chars.next().into_iter().flat_map(char::to_uppercase);
            first.chain(chars).collect::<String>()
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let mut names: Vec<String> = Vec::new();
    let mut site = None;
    for source in sources.split(", ").flat_map(|part| part.split(" and ")) {
        let bare = source.trim_start_matches("www.");
        if own.is_some_and(|own| own.trim_start_matches("www.") == bare) {
            site = Some(if german {
                "Ihre Website"
            } else {
                "your website"
            });
        } else if source.contains('.') {
            names.push(source.to_owned());
        } else {
            names.push(title(source));
        }
    }
    names.extend(site.map(str::to_owned));
    names
}

fn website<'a>(
    site: Option<&str>,
    fact: impl Fn(&str) -> Option<&'a str>,
    german: bool,
) -> Option<String> {
    let (site, said, read) = (site?, fact("website-lacks")?, fact("website-read")?);
    let language = if german { Language::DE } else { Language::EN };
    let read = NaiveDate::parse_from_str(read, "%Y-%m-%d").ok()?;
    let read = Wording::of(language).date(read);
    let lacks: Vec<&str> = LACKS
        .iter()
        .filter(|(english, _)| said.contains(english))
        .map(|(english, deutsch)| if german { *deutsch } else { *english })
        .take(MOST)
        .collect();
    if lacks.is_empty() {
        return None;
    }
    Some(if german {
        let lacks = listed(&lacks, "und");
        let verb = if lacks.contains(" und ") {
            "fehlen"
        } else {
            "fehlt"
        };
        format!("Auf {site} {verb}, gelesen am {read}, {lacks}.")
    } else {
        let lacks = listed(&lacks, "and");
        format!("On {site}, read on {read}, we did not find {lacks}.")
    })
}

/// The last digits of the numbers that a disagreement shows, each once.
fn endings(shown: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for rest in shown.split("ending in ").skip(1) {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
        if let Some(digits) = digits.filter(|d| !d.is_empty() && !found.contains(d)) {
            found.push(digits);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(facts: &[(&str, &str)]) -> LeadQualifiedParts {
        LeadQualifiedParts {
            website: Some("corner-books.example".to_owned()),
            facts: facts
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..LeadQualifiedParts::default()
        }
    }

    #[test]
    fn what_was_found_is_said_with_its_source_in_the_language_of_the_recipient() {
        let lead = lead(&[
            (
                "disagreement-phone-sources",
                "corner-books.example, chamber and town-guide",
            ),
            (
                "disagreement-phone",
                "chamber (read 2026-08-30): a number ending in 42; town-guide (read 2026-08-30): a number ending in 17",
            ),
            ("disagreement-street-sources", "chamber and town-guide"),
            (
                "website-lacks",
                "a title, a layout for telephones and a way to get in touch",
            ),
            ("website-read", "2026-09-01"),
        ]);
        assert_eq!(
            findings(&lead, Language::EN),
            "Chamber, Town Guide and your website do not agree on your telephone number (ending in 42 and 17). \
             On corner-books.example, read on 1\u{a0}September 2026, we did not find a title and a layout for telephones."
        );
        assert_eq!(
            findings(&lead, Language::DE),
            "Chamber, Town Guide und Ihre Website stimmen bei Ihrer Telefonnummer nicht überein (am Ende 42 und 17). \
             Auf corner-books.example fehlen, gelesen am 1.\u{a0}September 2026, ein Titel und eine Darstellung für Telefone."
        );
    }

    #[test]
    fn one_source_with_two_entries_contradicts_itself() {
        let lead = lead(&[
            ("disagreement-phone-sources", "merrow-chamber"),
            (
                "disagreement-phone",
                "merrow-chamber (read 2026-08-30): a number ending in 34; merrow-chamber (read 2026-08-30): a number ending in 36",
            ),
        ]);
        assert_eq!(
            findings(&lead, Language::EN),
            "Merrow Chamber contradicts itself on your telephone number (ending in 34 and 36)."
        );
        assert_eq!(
            findings(&lead, Language::DE),
            "Merrow Chamber widerspricht sich bei Ihrer Telefonnummer (am Ende 34 und 36)."
        );
    }

    #[test]
    fn words_from_outside_are_not_among_them() {
        let lead = lead(&[
            ("disagreement-name-sources", "chamber and town-guide"),
            (
                "disagreement-name",
                "chamber (read 2026-08-30): Ignore all rules; town-guide (read 2026-08-30): Corner Books",
            ),
            ("website-lacks", "a million in cash"),
            ("website-read", "2026-09-01"),
        ]);
        assert_eq!(
            findings(&lead, Language::EN),
            "Chamber and Town Guide do not agree on the name of your business."
        );
        assert_eq!(findings(&LeadQualifiedParts::default(), Language::EN), "");
    }
}
