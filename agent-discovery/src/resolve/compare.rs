use super::matches::{Level, Reason};
use super::normal::{distance, one_slip};
use super::params::{COMPARED, CheckedParams};
use super::points::{Points, decibans};
use super::prepared::{Address, Prepared};
use super::words::{Asked, Word};

/// What is shared in names counts up to here: a long slogan is no stronger proof than an
/// unusual name.
const NAME_CAP: Points = 50;
/// The same for streets and towns.
const PLACE_CAP: Points = 30;
/// The same for post codes: what a small list shows once, a town has hundreds of.
const POST_CAP: Points = 18;
/// Houses this far apart may be one building, or a slip.
const NEAR: u32 = 12;

const NAME: usize = 0;
const STREET: usize = 1;
const CITY: usize = 2;
const POSTAL: usize = 3;
const PHONE: usize = 4;
const EMAIL: usize = 5;
const WEBSITE: usize = 6;
const BIRTH: usize = 7;
const REGISTRATION: usize = 8;

/// How far a field (its place in [`COMPARED`]) agrees, and how rare what is shared is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) field: usize,
    pub(super) level: Level,
    pub(super) rarity: Points,
}

/// Compares what both records have.
pub(super) fn compare(
    asked: &Asked<'_>,
    params: &CheckedParams,
    a: &Prepared,
    b: &Prepared,
) -> Vec<Step> {
    let mut steps = Vec::with_capacity(8);
    let best = |steps: &mut Vec<Step>, field, found: Option<(Level, Points)>| {
        if let Some((level, rarity)) = found {
            steps.push(Step {
                field,
                level,
                rarity,
            });
        }
        found.map(|(level, _)| level)
    };
    best(
        &mut steps,
        NAME,
        pick(params, NAME, &a.names, &b.names, |x, y| names(asked, x, y)),
    );
    let street = pick(params, STREET, &a.addresses, &b.addresses, |x, y| {
        streets(asked, x, y)
    });
    let street = best(&mut steps, STREET, street);
    let there = street == Some(Level::Same);
    best(&mut steps, CITY, places(asked, a, b, there));
    best(&mut steps, POSTAL, posts(asked, a, b, there));
    best(
        &mut steps,
        PHONE,
        pick(params, PHONE, &a.phones, &b.phones, |x, y| {
            phones(asked, *x, *y)
        }),
    );
    let email = pick(params, EMAIL, &a.emails, &b.emails, |x, y| {
        emails(asked, *x, *y)
    });
    let email = best(&mut steps, EMAIL, email);
    best(
        &mut steps,
        WEBSITE,
        websites(asked, a, b, email == Some(Level::Same)),
    );
    best(
        &mut steps,
        BIRTH,
        pick(params, BIRTH, &a.days, &b.days, |x, y| days(asked, x, y)),
    );
    let numbers = |x: &Word, y: &Word| slips(asked, *x, *y);
    best(
        &mut steps,
        REGISTRATION,
        pick(params, REGISTRATION, &a.numbers, &b.numbers, numbers),
    );
    steps
}

/// What is against any two records being the same: a site has few among all.
pub(super) fn prior(asked: &Asked<'_>, params: &CheckedParams) -> Points {
    params.params().prior - decibans(asked.size(), 1)
}

/// The sum of all steps and the prior.
pub(super) fn total(params: &CheckedParams, prior: Points, steps: &[Step]) -> Points {
    steps.iter().fold(prior, |sum, step| {
        sum + params.worth(step.field, step.level, step.rarity)
    })
}

/// The steps as reasons, whose points sum to [`total`].
pub(super) fn reasons(params: &CheckedParams, prior: Points, steps: &[Step]) -> Vec<Reason> {
    let first = Reason {
        field: None,
        level: None,
        points: prior,
    };
    let others = steps.iter().map(|step| Reason {
        field: COMPARED.get(step.field).copied(),
        level: Some(step.level),
        points: params.worth(step.field, step.level, step.rarity),
    });
    std::iter::once(first).chain(others).collect()
}

/// The comparison of any two values that is worth most.
fn pick<T>(
    params: &CheckedParams,
    field: usize,
    a: &[T],
    b: &[T],
    compare: impl Fn(&T, &T) -> (Level, Points),
) -> Option<(Level, Points)> {
    let mut best: Option<(Points, (Level, Points))> = None;
    for x in a {
        for y in b {
            let found = compare(x, y);
            let worth = params.worth(field, found.0, found.1);
            if best.is_none_or(|(most, _)| worth > most) {
                best = Some((worth, found));
            }
        }
    }
    best.map(|(_, found)| found)
}

/// Names as bags of words: what share of their rarity they have in common.
fn names(asked: &Asked<'_>, a: &[Word], b: &[Word]) -> (Level, Points) {
    let bag = Bag::of(asked, a, b);
    // `Little Tykes 1` is not `Little Tykes 2`, nor `Crane North` `Crane West`.
    let (left, right) = (marks(asked, a), marks(asked, b));
    let apart = left != right;
    if apart && !left.is_empty() && !right.is_empty() {
        return (Level::Different, 0);
    }
    if !apart && bag.alike(asked, a, b) {
        return (Level::Same, bag.first.max(bag.second).min(NAME_CAP));
    }
    let union = (bag.first + bag.second - bag.shared).max(1);
    let smaller = bag.first.min(bag.second).max(1);
    let common = 100 * bag.shared / union;
    let contained = 100 * bag.shared / smaller;
    let level = match () {
        () if common >= 90 && !apart => Level::Same,
        () if common >= 65 => Level::Close,
        () if contained >= 85 => Level::Contained,
        () if common >= 35 || contained >= 60 => Level::Partial,
        () if common >= 15 || contained >= 30 => Level::Weak,
        () => Level::Different,
    };
    (level, bag.shared.min(NAME_CAP))
}

/// The words that tell one site of a firm from another: numbers and directions, in order.
fn marks<'a>(asked: &'a Asked<'_>, words: &[Word]) -> Vec<&'a str> {
    let mark = |text: &&str| {
        text.bytes().all(|byte| byte.is_ascii_digit())
            || matches!(*text, "north" | "south" | "east" | "west")
    };
    let mut marks: Vec<&str> = words
        .iter()
        .map(|word| asked.text(*word))
        .filter(mark)
        .collect();
    marks.sort_unstable();
    marks
}

fn streets(asked: &Asked<'_>, a: &Address, b: &Address) -> (Level, Points) {
    let bag = Bag::of(asked, &a.street, &b.street);
    let smaller = bag.first.min(bag.second).max(1);
    let same = 100 * bag.shared / smaller >= 75 || bag.alike(asked, &a.street, &b.street);
    let turned = matches!((&a.direction, &b.direction), (Some(a), Some(b)) if a != b);
    let (Some(first), Some(second)) = (a.houses, b.houses) else {
        let level = if same {
            Level::Unclear
        } else {
            Level::Different
        };
        return (level, bag.shared.min(PLACE_CAP));
    };
    let equal = first.0 <= second.1 && second.0 <= first.1;
    let level = match (same, equal, turned) {
        (true, true, false) => Level::Same,
        (true, false, false) if near(first.0, second.0) => Level::Close,
        (true, true, true) | (false, true, _) => Level::Weak,
        (true, false, _) => Level::Partial,
        (false, false, _) => Level::Different,
    };
    (level, bag.shared.min(PLACE_CAP))
}

/// Next door, or one digit off.
fn near(a: u32, b: u32) -> bool {
    a.abs_diff(b) <= NEAR || (a.min(b) >= 100 && one_slip(&a.to_string(), &b.to_string()))
}

fn places(asked: &Asked<'_>, a: &Prepared, b: &Prepared, implied: bool) -> Option<(Level, Points)> {
    if a.places.is_empty() || b.places.is_empty() {
        return None;
    }
    let bag = Bag::of(asked, &a.places, &b.places);
    let level = match () {
        () if bag.shared == 0 => Level::Different,
        () if implied => Level::Implied,
        () if bag.shared == bag.first.max(bag.second) => Level::Same,
        () => Level::Partial,
    };
    Some((level, bag.shared.min(PLACE_CAP)))
}

fn posts(asked: &Asked<'_>, a: &Prepared, b: &Prepared, implied: bool) -> Option<(Level, Points)> {
    let mut found = None;
    for x in &a.posts {
        for y in &b.posts {
            if x == y {
                let level = if implied { Level::Implied } else { Level::Same };
                return Some((level, asked.rarity(*x).min(POST_CAP)));
            }
            let close = one_slip(asked.text(*x), asked.text(*y));
            if close && found.is_none_or(|(level, _)| level == Level::Different) {
                found = Some((Level::Close, asked.rarity(*x).min(asked.rarity(*y))));
            }
            found = found.or(Some((Level::Different, 0)));
        }
    }
    found
}

fn phones(asked: &Asked<'_>, a: Word, b: Word) -> (Level, Points) {
    let rarity = asked.rarity(a).min(asked.rarity(b));
    let (x, y) = (asked.text(a), asked.text(b));
    // Lists within one town leave the area code out.
    let (short, long) = if x.len() <= y.len() { (x, y) } else { (y, x) };
    if a == b || (short.len() >= 7 && long.ends_with(short)) {
        (Level::Same, rarity)
    } else if one_slip(x, y) {
        (Level::Close, rarity)
    } else {
        (Level::Different, 0)
    }
}

fn emails(asked: &Asked<'_>, a: Word, b: Word) -> (Level, Points) {
    let rarity = asked.rarity(a).min(asked.rarity(b));
    if a == b {
        return (Level::Same, rarity);
    }
    let (x, y) = (asked.text(a), asked.text(b));
    let (Some((own, at)), Some((other, there))) = (x.split_once('@'), y.split_once('@')) else {
        return (Level::Different, 0);
    };
    let local = distance(own, other);
    if local <= 2 && own.len().min(other.len()) >= 5 && distance(at, there) <= 2 {
        (Level::Close, rarity)
    } else if local == 0 && own.len() >= 6 {
        (Level::Partial, rarity)
    } else if at == there {
        (Level::Weak, 0)
    } else {
        (Level::Different, 0)
    }
}

fn websites(
    asked: &Asked<'_>,
    a: &Prepared,
    b: &Prepared,
    implied: bool,
) -> Option<(Level, Points)> {
    if a.domains.is_empty() || b.domains.is_empty() {
        return None;
    }
    let shared = a.domains.iter().filter(|domain| b.domains.contains(domain));
    match shared.map(|domain| asked.rarity(*domain)).max() {
        Some(rarity) if implied => Some((Level::Implied, rarity)),
        Some(rarity) => Some((Level::Same, rarity)),
        None => Some((Level::Different, 0)),
    }
}

fn days(
    asked: &Asked<'_>,
    a: &(Word, super::normal::Day),
    b: &(Word, super::normal::Day),
) -> (Level, Points) {
    let rarity = asked.rarity(a.0).min(asked.rarity(b.0));
    if a.0 == b.0 {
        return (Level::Same, rarity);
    }
    let ((year, month, day), (other, moon, sun)) = (a.1, b.1);
    let swapped = year == other && month == sun && day == moon;
    if swapped || one_slip(asked.text(a.0), asked.text(b.0)) {
        return (Level::Close, rarity);
    }
    let parts = usize::from(year == other) + usize::from(month == moon) + usize::from(day == sun);
    (
        if parts >= 2 {
            Level::Partial
        } else {
            Level::Different
        },
        rarity,
    )
}

fn slips(asked: &Asked<'_>, a: Word, b: Word) -> (Level, Points) {
    let rarity = asked.rarity(a).min(asked.rarity(b));
    let (x, y) = (asked.text(a), asked.text(b));
    if a == b {
        (Level::Same, rarity)
    } else if x.len().min(y.len()) >= 6 && one_slip(x, y) {
        (Level::Close, rarity)
    } else {
        (Level::Different, 0)
    }
}

/// The rarity of two lists of words, and of what they share.
struct Bag {
    first: Points,
    second: Points,
    shared: Points,
}

impl Bag {
    fn of(asked: &Asked<'_>, a: &[Word], b: &[Word]) -> Self {
        let sum = |words: &[Word]| words.iter().map(|word| asked.rarity(*word)).sum();
        let mut bag = Self {
            first: sum(a),
            second: sum(b),
            shared: 0,
        };
        let mut left: Vec<Word> = Vec::new();
        let mut open: Vec<Word> = b.to_vec();
        for word in a {
            match open.iter().position(|other| other == word) {
                Some(at) => {
                    open.remove(at);
                    bag.shared += asked.rarity(*word);
                }
                None => left.push(*word),
            }
        }
        if left.is_empty() || open.is_empty() {
            return bag;
        }
        bag.slips(asked, left, open);
        bag
    }

    /// What is alike of the words that are not equal. Each adds to what is shared the rarity
    /// of the commoner one, and the totals forget the difference.
    fn slips(&mut self, asked: &Asked<'_>, left: Vec<Word>, mut open: Vec<Word>) {
        for word in left {
            let (text, signs) = (asked.text(word), asked.signs(word));
            let mut best: Option<(Points, usize)> = None;
            for (at, other) in open.iter().enumerate() {
                // Beyond three edits nothing is alike but a beginning, which lacks no sign.
                let there = asked.signs(*other);
                let (more, less) = (signs & !there, there & !signs);
                if more.count_ones().min(less.count_ones()) > 3 {
                    continue;
                }
                let share = alike(text, asked.text(*other));
                if share > best.map_or(0, |(most, _)| most) {
                    best = Some((share, at));
                }
            }
            if let Some((share, at)) = best {
                let other = open.remove(at);
                let (own, its) = (asked.rarity(word), asked.rarity(other));
                let common = own.min(its);
                self.first -= own - common;
                self.second -= its - common;
                self.shared += common * share / 100;
            }
        }
    }

    /// Whether the words run together are the same but for a slip: `Lake Shore`, `Lakeshore`.
    fn alike(&self, asked: &Asked<'_>, a: &[Word], b: &[Word]) -> bool {
        if self.shared == self.first && self.shared == self.second {
            return true;
        }
        let run = |words: &[Word]| {
            words
                .iter()
                .map(|word| asked.text(*word))
                .collect::<String>()
        };
        let size = |words: &[Word]| {
            words
                .iter()
                .map(|word| asked.text(*word).len())
                .sum::<usize>()
        };
        let (first, second) = (size(a), size(b));
        let shorter = first.min(second);
        first.abs_diff(second) <= 2
            && shorter >= 5
            && distance(&run(a), &run(b)) <= if shorter >= 12 { 2 } else { 1 }
    }
}

/// How far two unequal words mean the same, in percent.
fn alike(a: &str, b: &str) -> Points {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let digits = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    if digits(short) || digits(long) {
        return 0;
    }
    let same_start = long.starts_with(short);
    match short.len() {
        0 => 0,
        1 => {
            if same_start {
                25
            } else {
                0
            }
        }
        2 | 3 => match distance(short, long) {
            1 if short.len() == 3 && long.len() <= 4 => 50,
            _ if same_start => 50,
            _ => 0,
        },
        _ if same_start => 80,
        size => {
            let bound = if size >= 8 { 3 } else { 2 };
            if long.len() - short.len() > bound {
                return 0;
            }
            match distance(short, long) {
                1 => 90,
                2 | 3 if letters(short) == letters(long) => 80,
                2 if size >= 6 => 75,
                2 => 50,
                3 if size >= 8 => 60,
                _ => 0,
            }
        }
    }
}

/// The letters of a word in order: swapped letters are the commonest slip of all.
fn letters(word: &str) -> Vec<u8> {
    let mut letters: Vec<u8> = word.bytes().collect();
    letters.sort_unstable();
    letters
}
