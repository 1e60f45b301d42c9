use proptest::prelude::*;

use super::normal::{address, day, distance, fold, name_words, one_slip, phone, sound, website};
use super::points::decibans;
use super::*;

fn params() -> CheckedParams {
    Params::default().check().unwrap()
}

fn firm(id: &str, name: &str, street: &str, phone: &str, web: &str) -> Record {
    Record::new(id)
        .with(Role::Name, name)
        .with(Role::Street, street)
        .with(Role::Phone, phone)
        .with(Role::Website, web)
}

#[test]
fn folding_takes_case_accents_signs_and_wrong_decodings() {
    assert_eq!(
        fold("  Bäckerei LINDENHOF & Söhne "),
        "backerei lindenhof sohne"
    );
    assert_eq!(fold("Children’s / Children's"), "childrens childrens");
    assert_eq!(fold("West¬¨‚Ä†1st Street"), "west 1st street");
    assert_eq!(fold("Straße"), "strasse");
}

#[test]
fn names_lose_forms_and_spell_one_way() {
    assert_eq!(
        name_words("The Lakeview Ctr. of Gardens, Inc."),
        ["lakeview", "center", "garden"]
    );
    assert_eq!(name_words("Lindenhof GmbH & Co. KG"), ["lindenhof"]);
    assert_eq!(name_words("A.B.C. Daycare II"), ["abc", "day", "care", "2"]);
    // Nothing but forms: then those are the name.
    assert_eq!(name_words("The Company"), ["the", "company"]);
}

#[test]
fn addresses_are_read_in_many_spellings() {
    let read = |text: &str| address(text).unwrap();
    assert_eq!(
        read("3449 W. Arthington St "),
        read("3449 West Arthington Street, Floor 2")
    );
    assert_eq!(read("12 First Ave"), read("12 1st Avenue"));
    assert_eq!(
        read("9208-9214 South Cottage Grove").houses,
        Some((9208, 9214))
    );
    assert_eq!(
        read("489-27th Street, East Moline").houses,
        Some((489, 489))
    );
    assert_eq!(
        read("Lindenstr. 12a, 10115 Berlin"),
        read("Lindenstraße 12 a")
    );
    assert_eq!(read("Building C\n14 Main Street").houses, Some((14, 14)));
    assert_eq!(address(" , "), None);
}

#[test]
fn ways_to_reach_are_read() {
    assert_eq!(phone("310/555-0123").as_deref(), Some("3105550123"));
    assert_eq!(phone("+1 (310) 555-0123").as_deref(), Some("3105550123"));
    assert_eq!(phone("none"), None);
    assert_eq!(
        website("HTTPS://WWW.Shop.example/a?b", false).as_deref(),
        Some("shop.example")
    );
    assert_eq!(
        website("lindenhof.example", false),
        None,
        "a plain word is no address"
    );
    assert_eq!(day("27.11.1994"), day("1994-11-27"));
    assert_eq!(day("11/27/1994"), day("19941127"));
    assert_eq!(day("1994-13-40"), None);
}

#[test]
fn points_are_whole_and_probabilities_follow() {
    assert_eq!(
        (decibans(1000, 1), decibans(2000, 1), decibans(5, 9)),
        (30, 33, 0)
    );
    assert_eq!(Probability::of(0).to_string(), "0.500000");
    assert_eq!(Probability::of(20).to_string(), "0.990099");
    assert_eq!(
        Probability::of(-20).millionths() + Probability::of(20).millionths(),
        1_000_000
    );
}

// covers: LG-4
#[test]
fn variants_of_case_www_and_international_names_are_one_record() {
    let variants = [
        firm(
            "1",
            "Bäckerei Lindenhof",
            "Lindenstr. 12",
            "030 23125 042",
            "https://www.bäckerei-lindenhof.example/",
        ),
        firm(
            "2",
            "BAECKEREI LINDENHOF GMBH",
            "Lindenstraße 12",
            "+49 30 23125-042",
            "XN--BCKEREI-LINDENHOF-QQB.EXAMPLE",
        ),
        firm(
            "3",
            "bäckerei lindenhof",
            "",
            "",
            "http://Bäckerei-Lindenhof.example",
        ),
        Record::new("4")
            .with(Role::Name, "Lindenhof")
            .with(Role::Email, "INFO@bäckerei-lindenhof.example"),
        Record::new("5")
            .with(Role::Name, "Lindenhof Bäckerei")
            .with(Role::Email, "info+shop@Bäckerei-Lindenhof.example"),
    ];
    let mut index = Index::new(params());
    let mut leads = 0;
    for record in &variants {
        let group = match index.identify(record) {
            Identity::Same(found) => found.group().to_owned(),
            Identity::New | Identity::Blocked { .. } => {
                leads += 1;
                record.id().to_owned()
            }
        };
        index.insert_into(record, &group).unwrap();
    }
    assert_eq!(leads, 1);
    assert_eq!(
        resolve(&params(), &[&variants[..]])
            .unwrap()
            .groups()
            .count(),
        1
    );
}

// covers: LG-4
#[test]
fn the_same_file_twice_adds_nothing() {
    let rows: Vec<Record> = (0..40)
        .map(|n| {
            firm(
                &n.to_string(),
                &format!("Shop {n} Lindenhof"),
                &format!("{} Main Street", n * 40),
                &format!("+1 555 01{n:02} 7{n:02}"),
                "",
            )
        })
        .collect();
    let mut index = Index::new(params());
    for row in &rows {
        assert_eq!(index.identify(row), Identity::New, "{row:?}");
        index.insert(row).unwrap();
    }
    for row in &rows {
        let mut again = Record::new(format!("again-{}", row.id()));
        for (role, values) in row.fields() {
            values.iter().for_each(|value| again.add(*role, value));
        }
        match index.identify(&again) {
            Identity::Same(found) => assert_eq!(found.id(), row.id()),
            other => panic!("{other:?}"),
        }
    }
}

// covers: EN-3
#[test]
fn same_name_with_another_domain_or_registration_is_blocked() {
    let ours = firm(
        "ours",
        "Northwind Roofing LLC",
        "12 Main Street",
        "+1 555 0101 100",
        "northwind-roofing.example",
    );
    let theirs = firm(
        "found",
        "Northwind Roofing",
        "",
        "",
        "www.northwindroofs.example",
    );
    let Identity::Blocked { like, anchors } = identify(&params(), &ours, &theirs) else {
        panic!("not blocked");
    };
    assert_eq!((like.id(), anchors[0].role), ("ours", Role::Website));
    assert_eq!(anchors[0].theirs, ["northwindroofs.example"]);

    // The gate is strict even where place and telephone agree; intake is not.
    let moved = firm(
        "found",
        "Northwind Roofing",
        "12 Main Street",
        "+1 555 0101 100",
        "northwindroofs.example",
    );
    assert!(matches!(
        identify(&params(), &ours, &moved),
        Identity::Blocked { .. }
    ));
    let mut index = Index::new(params());
    index.insert(&ours).unwrap();
    assert!(matches!(index.identify(&moved), Identity::Same(_)));
    assert!(matches!(index.identify(&theirs), Identity::Blocked { .. }));

    let register = |id: &str, number: &str| {
        Record::new(id)
            .with(Role::Name, "Lindenhof Bau GmbH")
            .with(Role::Registration, number)
    };
    let other = identify(
        &params(),
        &register("a", "HRB 104455 B"),
        &register("b", "HRB 998877 B"),
    );
    assert!(matches!(other, Identity::Blocked { .. }));
    let same = identify(
        &params(),
        &register("a", "HRB 104455 B"),
        &register("b", "hrb104455b"),
    );
    assert!(matches!(same, Identity::Same(_)));
}

#[test]
fn numbered_sites_of_one_firm_stay_apart() {
    let records = [
        firm(
            "1",
            "Sunny Meadows Little Tykes I",
            "1711 W 35th St",
            "555 0147",
            "",
        ),
        firm(
            "2",
            "Sunny Meadows Little Tykes II",
            "1723 W 35th Street",
            "555 0191",
            "",
        ),
    ];
    assert_eq!(
        resolve(&params(), &[&records[..]])
            .unwrap()
            .groups()
            .count(),
        2
    );
}

#[test]
fn a_chain_of_likenesses_is_not_one_site() {
    // Two far sites of a firm and a listing that mixes them.
    let records = [
        firm("1", "Harbour Bikes", "12 Main Street", "555 0111", ""),
        firm("2", "Harbour Bikes", "88 Quay Road", "555 0122", ""),
        Record::new("3")
            .with(Role::Name, "Harbour Bikes")
            .with(Role::Street, "12 Main Street")
            .with(Role::Phone, "555 0111"),
    ];
    let groups: Vec<Vec<usize>> = resolve(&params(), &[&records[..]])
        .unwrap()
        .groups()
        .collect();
    assert_eq!(groups, [vec![0, 2], vec![1]]);
}

#[test]
fn a_list_names_one_seldom_twice() {
    let shop = |id: &str, name: &str| firm(id, name, "128 Fremont St", "702 555 0160", "");
    let first = [
        shop("a1", "Golden Anchor Buffet"),
        shop("a2", "Lilly's Noodles"),
    ];
    let second = [shop("b1", "Lillys Noodle House")];
    let lists = resolve(&params(), &[&first, &second]).unwrap();
    assert_eq!(
        lists
            .pairs()
            .iter()
            .map(|pair| (pair.a, pair.b))
            .collect::<Vec<_>>(),
        [(1, 2)]
    );
}

#[test]
fn roles_are_found_from_values_under_lying_headings() {
    let headings: Vec<String> = ["E-mail", "Fax", "Notes", "Zip", "Phone"]
        .iter()
        .map(ToString::to_string)
        .collect();
    let rows: Vec<Vec<String>> = (0..60)
        .map(|n| {
            vec![
                format!(
                    "Lindenhof {} Studio",
                    ["Amber", "Birch", "Cedar", "Delta"][n % 4].repeat(1 + n / 4)
                ),
                format!("{} West Elm Street", 100 + n),
                if n % 2 == 0 {
                    format!("office{n}@shop{n}.example")
                } else {
                    "call before noon".into()
                },
                format!("555 01{n:02}"),
                format!("10{:03}", 100 + n % 30),
            ]
        })
        .collect();
    let plan = Plan::infer(&headings, &rows).check().unwrap();
    let roles: Vec<Role> = plan.roles().map(|(_, role)| role).collect();
    assert_eq!(roles[..2], [Role::Name, Role::Street]);
    assert_eq!(roles[3..], [Role::Phone, Role::PostalCode]);
    let record = plan.record("0", &rows[0]);
    assert_eq!(record.values(Role::Email), ["office0@shop0.example"]);
    assert!(plan.record("1", &rows[1]).values(Role::Email).is_empty());
}

#[test]
fn plans_and_parameters_name_what_is_wrong() {
    let plan = Plan::new([("Name", Role::Name), ("Ort", Role::City)]);
    let error = plan.clone().with("Naem", Role::Name).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no column `Naem`; there are `Name`, `Ort`"
    );
    let idle = Plan::new([("Note", Role::Other)]).check();
    assert_eq!(idle.unwrap_err(), PlanError::NothingToCompare);
    let block = Params {
        block: 1,
        ..Params::default()
    };
    assert_eq!(block.check().unwrap_err(), ParamsError::Block(1));
    let floor = Params {
        floor: 9,
        ..Params::default()
    };
    assert!(matches!(
        floor.check().unwrap_err(),
        ParamsError::Floor { .. }
    ));
    let mut index = Index::new(params());
    index
        .insert(&Record::new("a").with(Role::Name, "Ada"))
        .unwrap();
    assert_eq!(
        index.insert(&Record::new("a")),
        Err(IndexError::Twice("a".into()))
    );
    assert!(index.remove("a") && !index.remove("a") && index.is_empty());
}

#[test]
fn labels_move_weights_and_unknown_ones_are_named() {
    // A list in which telephones are shared by strangers and names are unique.
    let records: Vec<Record> = (0..60)
        .map(|n| {
            let owner = n / 2;
            let town = ["Amber", "Birch", "Cedar", "Dahlia", "Elder", "Fern"][owner % 6];
            Record::new(n.to_string())
                .with(Role::Name, format!("{town}{owner:02} Works"))
                .with(Role::Phone, format!("555 01{:02}", owner / 3))
        })
        .collect();
    let mut index = Index::new(params());
    for record in &records {
        index.insert(record).unwrap();
    }
    let mut labels = Vec::new();
    for n in (0..54).step_by(2) {
        let label = |b: usize, same| Label {
            a: n.to_string(),
            b: b.to_string(),
            same,
        };
        labels.extend([label(n + 1, true), label(n + 2, false)]);
    }
    let learned = learn(&index, &labels).unwrap();
    let worth =
        |params: &CheckedParams| params.params().weights.weight(Role::Name, Level::Same).base;
    assert!(worth(&learned) > worth(&params()));
    assert_eq!(learned, learn(&index, &labels).unwrap(), "twice the same");
    assert!(matches!(
        learn(&index, &labels[..4]),
        Err(LearnError::Few { .. })
    ));
    labels[0].b = "nobody".into();
    assert_eq!(
        learn(&index, &labels).unwrap_err(),
        LearnError::Unknown("nobody".into())
    );
}

/// The same as [`distance`], by the book.
fn slow_distance(a: &str, b: &str) -> u32 {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut rows = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, j) => j as u32,
                (i, 0) => i as u32,
                _ => {
                    let changed = rows[i - 1][j - 1] + u32::from(a[i - 1] != b[j - 1]);
                    let mut least = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        least = least.min(rows[i - 2][j - 2] + 1);
                    }
                    least
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let record = (0..6_usize, 0..4_usize, 0..5_usize, any::<bool>());
    prop::collection::vec(record, 1..24).prop_map(|rows| {
        rows.into_iter()
            .enumerate()
            .map(|(at, (name, street, phone, web))| {
                let name = [
                    "Lindenhof",
                    "Harbour Bikes",
                    "Amber Works",
                    "Bike Harbor",
                    "Amber",
                    "",
                ][name];
                let street = ["12 Main St", "12 Main Street", "88 Quay Road", ""][street];
                let phone = ["555 0101", "5550101", "555 0102", "555 0199", ""][phone];
                firm(
                    &at.to_string(),
                    name,
                    street,
                    phone,
                    if web { "lindenhof.example" } else { "" },
                )
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn distance_is_what_the_book_says(a in "[a-d]{0,12}", b in "[a-d]{0,12}") {
        prop_assert_eq!(distance(&a, &b), slow_distance(&a, &b));
        prop_assert_eq!(distance(&a, &b), distance(&b, &a));
        prop_assert_eq!(one_slip(&a, &b), slow_distance(&a, &b) <= 1);
    }

    #[test]
    fn folding_is_stable_and_nothing_panics(text in any::<String>()) {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded.clone());
        prop_assert!(folded.is_ascii());
        let _ = (name_words(&text), address(&text), phone(&text), day(&text), website(&text, true), sound(&folded));
    }

    #[test]
    fn reasons_sum_to_points_and_matches_are_ordered(records in records()) {
        let mut index = Index::new(params());
        for record in &records {
            let found = index.candidates(record);
            for one in &found {
                prop_assert_eq!(one.points(), one.reasons().iter().map(|reason| reason.points).sum::<i32>());
            }
            let keys: Vec<_> = found.iter().map(|one| (-one.points(), one.id())).collect();
            prop_assert!(keys.is_sorted());
            index.insert(record).unwrap();
        }
    }

    #[test]
    fn every_record_is_in_one_group_twice_the_same(records in records()) {
        let first = resolve(&params(), &[&records[..]]).unwrap();
        let mut members: Vec<usize> = first.groups().flatten().collect();
        members.sort_unstable();
        prop_assert_eq!(members, (0..records.len()).collect::<Vec<_>>());
        let second = resolve(&params(), &[&records[..]]).unwrap();
        prop_assert_eq!(first.pairs(), second.pairs());
        prop_assert!(first.pairs().iter().all(|pair| pair.points >= params().params().threshold));
    }

    #[test]
    fn comparing_is_symmetric(records in records()) {
        let mut index = Index::new(params());
        for record in &records {
            index.insert(record).unwrap();
        }
        for a in &records {
            for b in &records {
                let there = index.explain(a.id(), b.id()).unwrap().points();
                prop_assert_eq!(there, index.explain(b.id(), a.id()).unwrap().points());
            }
        }
    }
}
