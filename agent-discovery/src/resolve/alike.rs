use super::normal::{address, distance, fold, name_words, one_slip, words};

/// From how many letters on one slip does not make another word: `backerei` and `baeckerei`.
const LONG: usize = 6;

/// Whether two spellings may be one name: the telling words of one are all among those of the
/// other, whatever legal form, case and accents say.
pub(crate) fn same_name(one: &str, other: &str) -> bool {
    let alike = |a: &String, b: &String| a == b || (a.len().min(b.len()) >= LONG && one_slip(a, b));
    let within = |some: &[String], all: &[String]| {
        some.iter()
            .all(|word| all.iter().any(|known| alike(word, known)))
    };
    let (one, other) = (name_words(one), name_words(other));
    !one.is_empty() && !other.is_empty() && (within(&one, &other) || within(&other, &one))
}

/// [`same_name`], or the same but for two slips of the pen anywhere: still one business, though a
/// directory that writes so should be told.
pub(crate) fn alike_name(one: &str, other: &str) -> bool {
    let run = |name: &str| name_words(name).concat();
    let (first, second) = (run(one), run(other));
    let long = first.chars().count().min(second.chars().count()) >= 8;
    same_name(one, other) || (long && distance(&first, &second) <= 2)
}

/// Whether two spellings may be one place on a street: `12 N. Main St` and `12 North Main
/// Street, Suite 4`. Where one leaves out the direction, nothing is said against it.
pub(crate) fn same_street(one: &str, other: &str) -> bool {
    match (address(one), address(other)) {
        (Some(one), Some(other)) => {
            let within = |houses: Option<(u32, u32)>, of: Option<(u32, u32)>| match (houses, of) {
                (Some((first, last)), Some((from, to))) => from <= first && last <= to,
                (None, None) => true,
                _ => false,
            };
            let directions = match (&one.direction, &other.direction) {
                (Some(one), Some(other)) => one == other,
                _ => true,
            };
            directions
                && (within(one.houses, other.houses) || within(other.houses, one.houses))
                && one.street == other.street
        }
        _ => words(&fold(one)) == words(&fold(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_thing_are_not_taken_for_two() {
        assert!(same_name("Amsel Bakery Ltd", "AMSEL BAKERY"));
        assert!(same_name("Bäckerei Amsel", "Baeckerei Amsel GmbH"));
        assert!(!same_name("Amsel Bakery", "Drossel Bakery"));
        assert!(alike_name("Old eDpot Bistro Inc.", "Old Depot Bistro"));
        assert!(!same_name("Old eDpot Bistro Inc.", "Old Depot Bistro"));
        assert!(!alike_name("Old Depot Books", "Old Depot Landscaping"));
        assert!(same_street("12 N. Main St", "12 North Main Street"));
        assert!(same_street("Lindenweg 4", "Lindenweg 4"));
        assert!(!same_street("12 Main St", "14 Main St"));
        assert!(!same_street("12 Main St", "12 Oak St"));
    }
}
