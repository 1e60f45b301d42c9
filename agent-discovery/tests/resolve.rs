//! Resolution of whole tables, measured against what is known to be the same.
//!
//! The shipped list is fictional. The larger ones are public data that lies beside the project,
//! or at `DEALWRIGHT_DATA`; where they are missing, their tests say so and pass.

//! The default points were settled while looking at these very sets (see `Weights::default`), so
//! the bounds here keep what was reached; they measure nothing that was held out.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use dealwright_discovery::resolve::{
    CheckedParams, Identity, Index, Label, Params, Plan, Record, Resolution, Role, learn, resolve,
};

type Rows = Vec<Vec<String>>;

fn table(path: &Path) -> (Vec<String>, Rows) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let headings = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let cells = |row: csv::StringRecord| row.iter().map(str::to_owned).collect();
    (
        headings,
        reader.records().map(|row| cells(row.unwrap())).collect(),
    )
}

/// A set of lists with what is the same in them, by places in all lists together.
struct Set {
    lists: Vec<Vec<Record>>,
    truth: BTreeSet<(usize, usize)>,
}

/// What a run found: precision and recall in ten-thousandths.
#[derive(Debug)]
struct Measure {
    precision: usize,
    recall: usize,
    groups: usize,
}

impl Set {
    fn open(files: &[PathBuf], truth: &Path, ignore: &[&str]) -> Self {
        let tables: Vec<(Vec<String>, Rows)> = files.iter().map(|file| table(file)).collect();
        let headings = &tables[0].0;
        let mut plan = Plan::infer(headings, tables.iter().flat_map(|(_, rows)| rows));
        for heading in ["id"].iter().chain(ignore) {
            plan = plan.ignore(heading).unwrap();
        }
        let plan = plan.check().unwrap();
        let mut places = BTreeMap::new();
        let mut lists = Vec::new();
        for (list, (_, rows)) in tables.iter().enumerate() {
            let mut records = Vec::new();
            for row in rows {
                places.insert((list, row[0].clone()), places.len());
                records.push(plan.record(format!("{list}:{}", row[0]), row));
            }
            lists.push(records);
        }
        let second = lists.len() - 1;
        let pair = |row: &Vec<String>| {
            let (a, b) = (
                places[&(0, row[0].clone())],
                places[&(second, row[1].clone())],
            );
            (a.min(b), a.max(b))
        };
        let truth = table(truth).1.iter().map(pair).collect();
        Self { lists, truth }
    }

    /// A set of the public data, if it is there.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may be told where the data lies"
    )]
    fn shared(name: &str) -> Option<Self> {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
        let root = std::env::var("DEALWRIGHT_DATA").unwrap_or_else(|_| beside.to_owned());
        let folder = Path::new(&root).join("er").join(name);
        if !folder.exists() {
            println!("skipped: {} is not there", folder.display());
            return None;
        }
        let one = folder.join("records.csv");
        let files = if one.exists() {
            vec![one]
        } else {
            vec![folder.join("a.csv"), folder.join("b.csv")]
        };
        Some(Self::open(&files, &folder.join("truth.csv"), &[]))
    }

    fn run(&self, params: &CheckedParams) -> (Measure, Resolution) {
        let slices: Vec<&[Record]> = self.lists.iter().map(Vec::as_slice).collect();
        let found = resolve(params, &slices).unwrap();
        let first = self.lists[0].len();
        let across = |(a, b): &(usize, usize)| self.lists.len() == 1 || (*a < first && *b >= first);
        let pairs: Vec<_> = found
            .pairs()
            .iter()
            .map(|pair| (pair.a, pair.b))
            .filter(across)
            .collect();
        (self.measure(&pairs, found.groups().count()), found)
    }

    fn measure(&self, pairs: &[(usize, usize)], groups: usize) -> Measure {
        let right = pairs
            .iter()
            .filter(|pair| self.truth.contains(pair))
            .count();
        Measure {
            precision: 10_000 * right / pairs.len().max(1),
            recall: 10_000 * right / self.truth.len(),
            groups,
        }
    }

    /// As an import does it: one record after the other, each into the group it belongs to.
    fn stream(&self, params: &CheckedParams) -> Measure {
        let mut index = Index::new(params.clone());
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, record) in self.lists.iter().flatten().enumerate() {
            let group = match index.identify(record) {
                Identity::Same(found) => found.group().to_owned(),
                Identity::New | Identity::Blocked { .. } => record.id().to_owned(),
            };
            index.insert_into(record, &group).unwrap();
            groups.entry(group).or_default().push(place);
        }
        let mut pairs = Vec::new();
        for group in groups.values() {
            for (at, a) in group.iter().enumerate() {
                pairs.extend(group[at + 1..].iter().map(|b| (*a, *b)));
            }
        }
        self.measure(&pairs, groups.len())
    }
}

fn params() -> CheckedParams {
    Params::default().check().unwrap()
}

fn fixture() -> Set {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    Set::open(
        &[folder.join("listings.csv")],
        &folder.join("listings_truth.csv"),
        &["list"],
    )
}

// covers: LG-4
#[test]
fn the_shipped_list_is_resolved() {
    let (measure, found) = fixture().run(&params());
    println!("fixture: {measure:?}");
    assert_eq!(measure.precision, 10_000);
    assert!(measure.recall >= 9_000, "{measure:?}");
    let again = fixture().run(&params()).1;
    assert_eq!(found.pairs(), again.pairs(), "twice the same");
}

// covers: LG-4
#[test]
fn importing_the_shipped_list_twice_adds_nothing() {
    let set = fixture();
    let mut index = Index::new(params());
    let mut leads = Vec::new();
    for turn in 0..2 {
        for record in set.lists.iter().flatten() {
            let mut own = Record::new(format!("{turn}:{}", record.id()));
            for (role, values) in record.fields() {
                values.iter().for_each(|value| own.add(*role, value));
            }
            let group = match index.identify(&own) {
                Identity::Same(found) => found.group().to_owned(),
                Identity::New | Identity::Blocked { .. } => {
                    leads.push((turn, own.id().to_owned()));
                    own.id().to_owned()
                }
            };
            index.insert_into(&own, &group).unwrap();
        }
    }
    assert!(leads.iter().all(|(turn, _)| *turn == 0), "{leads:?}");
}

// covers: LG-4
#[test]
fn business_listings_of_nine_lists() {
    let Some(set) = Set::shared("chicago_early_childhood") else {
        return;
    };
    let (measure, _) = set.run(&params());
    println!("chicago: {measure:?}");
    assert!(
        measure.precision >= 9_500 && measure.recall >= 9_000,
        "{measure:?}"
    );
    assert!((1_050..=1_450).contains(&measure.groups), "{measure:?}");
    let stream = set.stream(&params());
    println!("chicago, one by one: {stream:?}");
    assert!(
        stream.precision >= 9_300 && stream.recall >= 9_000,
        "{stream:?}"
    );
    assert!((1_050..=1_450).contains(&stream.groups), "{stream:?}");
    let with = set.lists[0]
        .iter()
        .filter(|record| !record.values(Role::Email).is_empty())
        .count();
    println!("chicago: {with} records have an address");
    assert!(with >= 120);
}

#[test]
fn other_public_sets_are_no_worse_than_they_were() {
    let floors = [
        ("fodors_zagat", 9_700, 9_700),
        ("febrl3", 9_950, 9_950),
        ("febrl4", 9_950, 9_950),
        ("splink_fake_1000", 9_900, 7_600),
    ];
    for (name, precision, recall) in floors {
        let Some(set) = Set::shared(name) else {
            continue;
        };
        let (measure, _) = set.run(&params());
        println!("{name}: {measure:?}");
        assert!(
            measure.precision >= precision && measure.recall >= recall,
            "{name}: {measure:?}"
        );
    }
}

#[test]
fn labels_near_the_threshold_help_where_they_fit() {
    let Some(set) = Set::shared("splink_fake_1000") else {
        return;
    };
    let wide = Params {
        floor: -30,
        ..Params::default()
    };
    let mut index = Index::new(wide.check().unwrap());
    for record in &set.lists[0] {
        index.insert(record).unwrap();
    }
    // Pairs on either side of the threshold, evenly spaced.
    let records = &set.lists[0];
    let place: BTreeMap<&str, usize> = records
        .iter()
        .enumerate()
        .map(|(at, record)| (record.id(), at))
        .collect();
    let mut near = Vec::new();
    for (at, record) in records.iter().enumerate() {
        for found in index.candidates(record) {
            let other = place[found.id()];
            if other > at && found.points() <= 20 {
                near.push((at, other));
            }
        }
    }
    let labels: Vec<Label> = near
        .iter()
        .step_by((near.len() / 180).max(1))
        .take(180)
        .map(|(a, b)| Label {
            a: records[*a].id().to_owned(),
            b: records[*b].id().to_owned(),
            same: set.truth.contains(&(*a, *b)),
        })
        .collect();
    let learned = learn(&index, &labels).unwrap();
    let (before, after) = (set.run(&params()).0, set.run(&learned).0);
    println!("180 labels: {before:?} -> {after:?}");
    assert!(
        after.recall >= before.recall && after.precision >= 9_500,
        "{after:?}"
    );
}
