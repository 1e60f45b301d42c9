use super::*;
use crate::facts::{Fact, FactName, Facts};
use crate::score::{Bin, FeatureKind};

fn name(text: &str) -> FactName {
    FactName::parse(text).unwrap()
}

/// 2,000 rows: the outcome follows from `visits` and `sector`, `noise` says nothing, `same` never varies.
pub(super) fn table(flipped: bool) -> TrainingTable {
    let (mut visits, mut sector, mut noise, mut outcomes) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for row in 0..2_000 {
        let draw = |salt: u64, n: u64| folds::mix(salt, row) % n;
        let v = draw(1, 12);
        let s = ["dentist", "florist", ""][usize::try_from(draw(2, 3)).unwrap()];
        let chance = 10 + 6 * v + if s == "dentist" { 15 } else { 0 };
        visits.push(if draw(3, 10) == 0 {
            String::new()
        } else {
            v.to_string()
        });
        sector.push(s.to_owned());
        noise.push(draw(4, 5).to_string());
        outcomes.push((draw(5, 100) < chance) != flipped);
    }
    let columns = vec![
        TrainingColumn::new(name("visits"), visits),
        TrainingColumn::new(name("sector"), sector),
        TrainingColumn::new(name("noise"), noise).with_kind(ColumnKind::Categorical),
        TrainingColumn::new(name("same"), vec!["x".into(); 2_000]),
    ];
    TrainingTable::new(columns, outcomes).unwrap()
}

fn trained(table: &TrainingTable) -> Trained {
    train("won", table, &TrainParams::default().check().unwrap()).unwrap()
}

#[test]
fn what_made_the_outcome_gets_the_points() {
    let (card, report) = trained(&table(false)).into_parts();
    assert_eq!(report.left_out, ["same"]);
    assert_eq!(card.features().len(), 3);
    assert!(report.auc_ppm > 680_000, "{report:?}");
    let visits = &card.features()[0];
    assert!(matches!(visits.kind(), FeatureKind::Numeric { .. }));
    assert!(visits.points().first() < visits.points().last());
    let sector = &card.features()[1];
    assert!(
        sector.points_of(sector.bin_of_text("dentist"))
            > sector.points_of(sector.bin_of_text("florist"))
    );
    assert_eq!(
        sector.points_of(Bin::Other),
        0,
        "never seen, so it says nothing"
    );
    for row in &report.calibration {
        assert!(row.foretold_ppm.abs_diff(row.seen_ppm) < 120_000, "{row:?}");
    }
}

#[test]
fn the_rarer_class_may_be_either_one() {
    let (straight, flipped) = (trained(&table(false)), trained(&table(true)));
    assert!(straight.report().auc_ppm.abs_diff(flipped.report().auc_ppm) < 5_000);
    let lead = |visits: &str| Facts::new().with(name("visits"), Fact::new(visits, "log"));
    let gains = |card: &Scorecard| card.score(&lead("11")).total() > card.score(&lead("0")).total();
    assert!(gains(straight.card()));
    assert!(!gains(flipped.card()));
}

#[test]
fn the_same_table_gives_the_same_card_and_another_seed_other_folds() {
    let once = trained(&table(false));
    assert_eq!(once, trained(&table(false)));
    let params = TrainParams {
        seed: 2,
        ..TrainParams::default()
    };
    let other = train("won", &table(false), &params.check().unwrap()).unwrap();
    assert_ne!(other.report().log_loss_micro, once.report().log_loss_micro);
}

#[test]
fn a_table_that_is_too_large_is_thinned_and_says_so() {
    let params = TrainParams {
        rows: 500,
        ..TrainParams::default()
    };
    let trained = train("won", &table(false), &params.check().unwrap()).unwrap();
    assert_eq!((trained.report().rows, trained.report().used), (2_000, 500));
}

#[test]
fn what_cannot_be_learnt_from_is_refused() {
    let params = TrainParams::default().check().unwrap();
    let column = |values: &[&str]| {
        TrainingColumn::new(name("x"), values.iter().map(|v| (*v).to_owned()).collect())
    };
    let short = TrainingTable::new(vec![column(&["1"])], vec![true, false]);
    assert!(matches!(short, Err(TrainError::Shape { .. })));
    let twice = TrainingTable::new(vec![column(&["1"]), column(&["1"])], vec![true]);
    assert!(matches!(twice, Err(TrainError::Twice { .. })));
    let halves: Vec<bool> = (0..100).map(|row| row % 2 == 0).collect();
    let of = |column: TrainingColumn, outcomes: Vec<bool>| {
        train(
            "y",
            &TrainingTable::new(vec![column], outcomes).unwrap(),
            &params,
        )
        .unwrap_err()
    };
    assert!(matches!(
        of(column(&["a"; 100]), vec![true; 100]),
        TrainError::TooFew { .. }
    ));
    assert!(matches!(
        of(column(&["a"; 100]), halves.clone()),
        TrainError::NoFeatures
    ));
    let words = column(&["a"; 100]).with_kind(ColumnKind::Numeric);
    assert!(matches!(of(words, halves), TrainError::NotNumeric { .. }));
    let wild = TrainParams {
        folds: 1,
        ..TrainParams::default()
    };
    assert!(matches!(
        wild.check(),
        Err(TrainError::Param { name: "folds", .. })
    ));
}

#[test]
fn what_only_two_columns_say_together_is_learnt_as_a_pair_and_noise_is_not() {
    assert!(
        trained(&table(false)).card().pairs().is_empty(),
        "nothing to join"
    );
    let (mut one, mut other, mut noise, mut outcomes) = (vec![], vec![], vec![], vec![]);
    for row in 0..4_000 {
        let draw = |salt: u64, n: u64| folds::mix(salt, row) % n;
        let (a, b) = (draw(1, 2), draw(2, 2));
        one.push(a.to_string());
        other.push(b.to_string());
        noise.push(draw(3, 6).to_string());
        outcomes.push(draw(4, 100) < if a == b { 65 } else { 25 });
    }
    let word =
        |text, values| TrainingColumn::new(name(text), values).with_kind(ColumnKind::Categorical);
    let columns = vec![word("one", one), word("other", other), word("noise", noise)];
    let table = TrainingTable::new(columns, outcomes).unwrap();
    let (card, report) = trained(&table).into_parts();
    assert_eq!(card.pairs()[0].features(), (&name("one"), &name("other")));
    assert!(report.auc_ppm > 660_000, "{report:?}");
    assert_eq!(trained(&table).card(), &card, "twice the same");
    let facts = |a: &str, b: &str| {
        Facts::new()
            .with(name("one"), Fact::new(a, "x"))
            .with(name("other"), Fact::new(b, "x"))
    };
    let score = card.score(&facts("1", "1"));
    assert!(score.total() > card.score(&facts("1", "0")).total() + 100);
    let sum: i64 = score
        .reasons()
        .iter()
        .map(crate::score::Reason::points)
        .sum();
    assert_eq!(sum, score.total());
}
