use super::text::{fold, words};

/// Forms of firms: they come and go from list to list.
const LEGAL: &[&str] = &[
    "inc",
    "incorporated",
    "llc",
    "llp",
    "ltd",
    "limited",
    "corp",
    "corporation",
    "co",
    "company",
    "gmbh",
    "mbh",
    "ag",
    "kg",
    "kgaa",
    "ohg",
    "ug",
    "gbr",
    "ek",
    "ev",
    "eg",
    "ggmbh",
    "se",
    "sarl",
    "sas",
    "sa",
    "srl",
    "spa",
    "sl",
    "slu",
    "bv",
    "nv",
    "vof",
    "ab",
    "oy",
    "oyj",
    "aps",
    "plc",
    "pty",
    "pte",
    "pllc",
    "pc",
    "lp",
    "lllp",
    "kft",
    "doo",
    "sro",
];

/// Words that say nothing.
const STOP: &[&str] = &[
    "the", "of", "and", "a", "an", "at", "in", "for", "on", "by", "und", "der", "die", "das", "et",
    "s", "y",
];

/// Short and other ways to write a word, and the one that is kept.
const SPELLINGS: &[(&str, &str)] = &[
    ("acad", "academy"),
    ("assn", "association"),
    ("asso", "association"),
    ("assoc", "association"),
    ("associates", "associate"),
    ("ave", "avenue"),
    ("bldg", "building"),
    ("bros", "brothers"),
    ("centre", "center"),
    ("cntr", "center"),
    ("ctr", "center"),
    ("cmty", "community"),
    ("comm", "community"),
    ("dept", "department"),
    ("dev", "development"),
    ("devel", "development"),
    ("develop", "development"),
    ("elem", "elementary"),
    ("govt", "government"),
    ("hosp", "hospital"),
    ("hs", "high school"),
    ("inst", "institute"),
    ("intl", "international"),
    ("mfg", "manufacturing"),
    ("mgmt", "management"),
    ("mt", "mount"),
    ("natl", "national"),
    ("neigh", "neighborhood"),
    ("neighbourhood", "neighborhood"),
    ("org", "organization"),
    ("prog", "program"),
    ("programme", "program"),
    ("sch", "school"),
    ("schl", "school"),
    ("schule", "school"),
    ("soc", "society"),
    ("st", "saint"),
    ("svc", "service"),
    ("svcs", "service"),
    ("svs", "service"),
    ("theatre", "theater"),
    ("univ", "university"),
    ("daycare", "day care"),
    ("childcare", "child care"),
    ("str", "strasse"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("first", "1"),
    ("second", "2"),
    ("third", "3"),
    ("1st", "1"),
    ("2nd", "2"),
    ("3rd", "3"),
    ("i", "1"),
    ("ii", "2"),
    ("iii", "3"),
    ("iv", "4"),
];

/// Words that many firms carry. They count as common before a corpus shows it.
const GENERIC: &[&str] = &[
    "academy",
    "agency",
    "apotheke",
    "association",
    "backerei",
    "bakery",
    "bar",
    "bau",
    "cafe",
    "care",
    "center",
    "child",
    "children",
    "church",
    "city",
    "clinic",
    "club",
    "college",
    "community",
    "consulting",
    "day",
    "design",
    "development",
    "family",
    "garage",
    "garden",
    "group",
    "handel",
    "haus",
    "health",
    "home",
    "hotel",
    "house",
    "institute",
    "international",
    "learning",
    "management",
    "market",
    "new",
    "park",
    "pizza",
    "praxis",
    "program",
    "project",
    "restaurant",
    "salon",
    "school",
    "service",
    "shop",
    "society",
    "solution",
    "store",
    "street",
    "studio",
    "system",
    "technology",
    "university",
    "young",
];

/// The words of a name in its order, each once: spelled one way, plurals as singulars,
/// without legal forms and stop words unless nothing else is left.
pub(in crate::resolve) fn name_words(text: &str) -> Vec<String> {
    let all = words(&fold(text));
    let mut kept: Vec<String> = Vec::with_capacity(all.len());
    for word in &all {
        let spelled = SPELLINGS
            .iter()
            .find(|(from, _)| from == word)
            .map(|(_, to)| *to);
        for part in spelled.unwrap_or(word).split(' ') {
            let part = singular(part);
            let idle = LEGAL.contains(&part) || STOP.contains(&part);
            if !idle && !kept.iter().any(|known| known == part) {
                kept.push(part.to_owned());
            }
        }
    }
    if kept.is_empty() {
        kept = all;
        kept.dedup();
    }
    kept
}

/// Whether a word of [`name_words`] says little about who it is.
pub(in crate::resolve) fn is_generic(word: &str) -> bool {
    GENERIC.contains(&word)
}

fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(rest) if rest.len() >= 4 && !rest.ends_with(['s', 'u', 'i']) => rest,
        _ => word,
    }
}
