use super::text::{fold, words};

/// Kinds of ways, in the spellings lists use. They are left out of comparisons: half the
/// lists leave them out as well.
const KINDS: &[&str] = &[
    "alley",
    "aly",
    "av",
    "ave",
    "avenue",
    "avn",
    "blv",
    "blvd",
    "boulevard",
    "bvd",
    "cct",
    "cir",
    "circle",
    "circuit",
    "cl",
    "close",
    "court",
    "cr",
    "cres",
    "crescent",
    "crt",
    "ct",
    "dr",
    "drive",
    "expressway",
    "expy",
    "gr",
    "grove",
    "highway",
    "hwy",
    "lane",
    "ln",
    "loop",
    "parade",
    "parkway",
    "pde",
    "pike",
    "pkwy",
    "pkw",
    "pl",
    "place",
    "plaza",
    "plz",
    "rd",
    "ro",
    "road",
    "route",
    "row",
    "rte",
    "rue",
    "sq",
    "square",
    "st",
    "str",
    "strasse",
    "street",
    "streets",
    "ter",
    "terrace",
    "tpke",
    "trail",
    "trl",
    "turnpike",
    "way",
    "weg",
    "platz",
];

/// Words after which a part of a building is named.
const UNITS: &[&str] = &[
    "apartment",
    "apmnt",
    "apt",
    "bldg",
    "box",
    "building",
    "fl",
    "flat",
    "floor",
    "lot",
    "level",
    "lvl",
    "po",
    "rear",
    "rm",
    "room",
    "ste",
    "suite",
    "unit",
    "villa",
];

/// Numbers written as words, up to where streets are counted so.
const ORDINALS: &[(&str, &str)] = &[
    ("first", "1"),
    ("second", "2"),
    ("third", "3"),
    ("fourth", "4"),
    ("fifth", "5"),
    ("sixth", "6"),
    ("seventh", "7"),
    ("eighth", "8"),
    ("ninth", "9"),
    ("tenth", "10"),
];

/// A place on a street.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::resolve) struct Address {
    /// First and last house number, where there is one.
    pub(in crate::resolve) houses: Option<(u32, u32)>,
    /// `n`, `e`, `s`, `w` or two of them.
    pub(in crate::resolve) direction: Option<String>,
    /// The words of the street without kind and direction; never empty.
    pub(in crate::resolve) street: Vec<String>,
}

/// Whether a folded word is a kind of way.
pub(in crate::resolve) fn is_street_word(word: &str) -> bool {
    KINDS.contains(&word) || (word.len() > 6 && has_street_ending(word))
}

/// Reads the first line that holds a street: `3449 W. Arthington St`, `Lindenallee 12a`,
/// `9208-9214 South Cottage Grove`. What follows the street (town, post code, floor) is left.
pub(in crate::resolve) fn address(text: &str) -> Option<Address> {
    let mut parts = text
        .split(['\n', '\r', ',', ';'])
        .filter(|part| !part.trim().is_empty());
    let mut read = line(parts.next()?);
    // `Suite 4, 12 Main Street` and `Building A\n12 Main Street`: look on for a number.
    for part in parts {
        if read
            .as_ref()
            .is_some_and(|address| address.houses.is_some())
        {
            break;
        }
        if let Some(next) = line(part).filter(|next| next.houses.is_some()) {
            read = Some(next);
        }
    }
    read
}

fn line(text: &str) -> Option<Address> {
    let dashed = text.contains('-');
    let folded = words(&fold(text));
    let mut rest = folded.iter().map(String::as_str).peekable();
    let mut houses = None;
    if let Some(first) = rest.peek().and_then(|word| number(word)) {
        rest.next();
        houses = Some((first, first));
        let last = rest.peek().and_then(|word| word.parse::<u32>().ok());
        if let Some(last) = last.filter(|last| dashed && *last > first && *last - first < 200) {
            rest.next();
            houses = Some((first, last));
        }
    }
    let mut direction: Option<String> = None;
    let mut kinds: Vec<&str> = Vec::new();
    let mut street: Vec<String> = Vec::new();
    let mut skip = false;
    for word in rest {
        if skip {
            skip = false;
        } else if UNITS.contains(&word) {
            skip = true;
        } else if let Some(way) = heading(word) {
            match &mut direction {
                None => direction = Some(way.to_owned()),
                Some(known) if street.is_empty() && known.len() == 1 => known.push_str(way),
                Some(_) => {}
            }
        } else if word == "st" && street.is_empty() && houses.is_some() {
            kinds.push("saint");
        } else if KINDS.contains(&word) {
            kinds.push(word);
        } else if houses.is_none() && !street.is_empty() && number(word).is_some() {
            houses = number(word).map(|number| (number, number));
        } else if word.len() > 1 || word.bytes().all(|b| b.is_ascii_digit()) {
            street.push(spelled(word));
        }
    }
    if street.is_empty() {
        // `12 Park Place` of which only kinds are left, or `100 North`.
        street = kinds.into_iter().map(str::to_owned).collect();
    }
    if street.is_empty() {
        street.extend(direction.take());
    }
    (!street.is_empty()).then_some(Address {
        houses,
        direction,
        street,
    })
}

/// A house number: up to six digits and at most one letter.
fn number(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    if digits.is_empty() || digits.len() > 6 || word.len() - digits.len() > 1 {
        return None;
    }
    digits.parse().ok()
}

fn heading(word: &str) -> Option<&str> {
    Some(match word {
        "n" | "north" => "n",
        "e" | "east" => "e",
        "s" | "south" | "so" => "s",
        "w" | "west" => "w",
        "ne" | "northeast" => "ne",
        "nw" | "northwest" => "nw",
        "se" | "southeast" => "se",
        "sw" | "southwest" => "sw",
        _ => return None,
    })
}

fn spelled(word: &str) -> String {
    if let Some((_, number)) = ORDINALS.iter().find(|(text, _)| *text == word) {
        return (*number).to_owned();
    }
    let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let ordinal = word
        .strip_prefix(digits)
        .is_some_and(|end| matches!(end, "st" | "nd" | "rd" | "th"));
    if !digits.is_empty() && ordinal {
        return digits.to_owned();
    }
    for ending in ["strasse", "str"] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() > 2) {
            return stem.to_owned();
        }
    }
    word.to_owned()
}

fn has_street_ending(word: &str) -> bool {
    ["strasse", "str", "weg", "platz", "allee", "gasse"]
        .iter()
        .any(|end| word.ends_with(end))
}
