//! When two records are so surely of one business that what one says may be used for the other.
//!
//! Points say how likely a match is; in a small town many firms share a street, a trade and half
//! of a name, and a letter that goes to the neighbour's address is worse than two entries for one
//! firm. So beside the points something must agree that only one firm has, and no more of it may
//! disagree.

use super::compare::Step;
use super::matches::Level;
use super::params::COMPARED;
use super::points::Points;
use super::record::Role;

/// What two records of businesses are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sameness {
    /// Different firms.
    Apart,
    /// A person should look.
    Doubtful,
    /// One firm.
    Same,
}

/// What a firm has of its own.
const ANCHORS: [Role; 5] = [
    Role::Street,
    Role::Phone,
    Role::Email,
    Role::Website,
    Role::Registration,
];

/// Judges a comparison that came to `points`. `contrary` counts what else speaks against it.
pub(super) fn sameness(steps: &[Step], points: Points, sure: Points, contrary: usize) -> Sameness {
    let level = |role: Role| {
        let step = steps.iter().find(|s| COMPARED.get(s.field) == Some(&role));
        step.map(|step| step.level)
    };
    let named =
        level(Role::Name).map(|l| matches!(l, Level::Same | Level::Close | Level::Contained));
    let count = |wanted: fn(Level) -> bool| {
        ANCHORS
            .iter()
            .filter(|role| level(**role).is_some_and(wanted))
            .count()
    };
    let agree = count(|level| level == Level::Same);
    // A number or a house that is a slip off is no proof of anything in a town.
    let differ = contrary + count(|level| matches!(level, Level::Different | Level::Partial));
    let there = |role| level(role).is_some_and(|l| matches!(l, Level::Same | Level::Implied));
    let own = [Role::Website, Role::Email, Role::Registration]
        .iter()
        .any(|role| level(*role) == Some(Level::Same));
    let enough = match named {
        Some(true) if agree == 0 => {
            // A name alone is proof only of what nothing is said against, in the same place.
            differ == 0
                && level(Role::Name) == Some(Level::Same)
                && (there(Role::City) || there(Role::PostalCode))
        }
        // A domain, a mailbox and a register's number move with the firm.
        Some(true) => own || agree >= differ,
        Some(false) => agree >= 2 && agree > differ,
        None => agree >= 1 && agree > differ,
    };
    match () {
        () if enough && points >= sure => Sameness::Same,
        () if named == Some(true) || agree > 0 => Sameness::Doubtful,
        () => Sameness::Apart,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::{Index, Params, Record};

    type Row<'a> = &'a [(Role, &'a str)];

    fn judged(one: Row<'_>, other: Row<'_>, contrary: usize) -> Sameness {
        let mut index = Index::new(Params::default().check().unwrap());
        let record = |id: &str, row: Row<'_>| {
            row.iter()
                .fold(Record::new(id), |r, (role, value)| r.with(*role, *value))
        };
        index.insert(&record("a", one)).unwrap();
        index.insert(&record("b", other)).unwrap();
        let steps = index.steps(0, 1);
        // What the points say is tested with them; here it is what agrees.
        sameness(&steps, 100, 10, contrary)
    }

    #[test]
    fn half_a_name_and_a_street_make_no_firm() {
        let ruskamp = [
            (Role::Name, "Ruskamp Plumbing & Heating"),
            (Role::Street, "139 Main Street"),
            (Role::Phone, "(231) 555-0106"),
            (Role::Email, "dispatch@ruskamp-plumbing.example"),
        ];
        let vanderhoef = [
            (Role::Name, "Vanderhoef Plumbing LLC"),
            (Role::Street, "150 Main St"),
            (Role::Phone, "(231) 555-0133"),
            (Role::Email, "vanderhoef.plumbing@quickpost.example"),
        ];
        assert_eq!(judged(&ruskamp, &vanderhoef, 0), Sameness::Apart);
    }

    #[test]
    fn a_name_and_a_number_that_agree_outweigh_a_move() {
        let before = [
            (Role::Name, "Halvorsen Hair Studio"),
            (Role::Street, "47 Mill Road"),
            (Role::Phone, "(906) 555-0182"),
        ];
        let after = [
            (Role::Name, "Halvorsen Hair Studio Inc."),
            (Role::Street, "70 Lighthouse Drive"),
            (Role::Phone, "(906) 555-0182"),
        ];
        assert_eq!(judged(&before, &after, 0), Sameness::Same);
        assert_eq!(judged(&before, &after, 1), Sameness::Doubtful);
    }

    #[test]
    fn a_name_without_anything_beside_it_is_for_a_person() {
        let one = [
            (Role::Name, "Halvorsen Bakery"),
            (Role::Street, "14 Harbor Street"),
            (Role::Phone, "(906) 555-0134"),
        ];
        let other = [
            (Role::Name, "Halvorsen Bakery LLC"),
            (Role::Street, "44 Birchwood Lane"),
            (Role::Phone, "(906) 555-0136"),
        ];
        assert_eq!(judged(&one, &other, 0), Sameness::Doubtful);
        let shared_line = [
            (Role::Name, "Copper Harbor Grill"),
            (Role::Phone, "(906) 555-0134"),
        ];
        assert_eq!(judged(&one, &shared_line, 0), Sameness::Doubtful);
    }

    #[test]
    fn a_post_that_names_a_firm_in_its_town_is_of_it() {
        let listed = [
            (Role::Name, "Osprey Bistro"),
            (Role::City, "Alder Falls"),
            (Role::Street, "4 Quay"),
        ];
        let post = [(Role::Name, "Osprey Bistro"), (Role::City, "Alder Falls")];
        assert_eq!(judged(&listed, &post, 0), Sameness::Same);
        let elsewhere = [(Role::Name, "Osprey Bistro"), (Role::City, "Merrau")];
        assert_eq!(judged(&listed, &elsewhere, 0), Sameness::Doubtful);
    }
}
