use super::*;
use crate::facts::Fact;

fn card() -> Scorecard {
    let name = |n: &str| FactName::parse(n).unwrap();
    Scorecard::try_from(ScorecardParts {
        format: FORMAT.into(),
        version: VERSION,
        target: "won".into(),
        points_per_unit: 100,
        base: -40,
        features: vec![
            Feature::new(
                name("employees"),
                FeatureKind::Numeric {
                    edges: vec![Decimal::from(5), Decimal::new(205, 1)],
                },
                vec![-30, 10, 45],
                -3,
                0,
            ),
            Feature::new(
                name("sector"),
                FeatureKind::Categorical {
                    levels: vec!["dentist".into(), "childcare".into()],
                },
                vec![20, 35],
                -7,
                -11,
            ),
            Feature::new(
                name("website"),
                FeatureKind::Categorical {
                    levels: vec!["yes".into(), "no".into()],
                },
                vec![4, -9],
                0,
                0,
            ),
        ],
        pairs: Vec::new(),
        calibration: vec![(-100, 20_000), (0, 300_000), (100, 900_000)],
        origin: BTreeMap::new(),
    })
    .unwrap()
}

#[test]
fn bins_are_cut_by_decimal_value_and_not_by_spelling() {
    let card = card();
    let employees = &card.features()[0];
    for (text, points) in [
        ("4.999", -30),
        ("5.0", 10),
        ("20.49", 10),
        ("20.50", 45),
        ("1e3", 45),
        ("", -3),
        ("many", 0),
    ] {
        assert_eq!(
            employees.points_of(employees.bin_of_text(text)),
            points,
            "{text}"
        );
    }
}

#[test]
fn a_bound_row_scores_as_the_facts_do() {
    let card = card();
    let facts = Facts::new()
        .with(
            FactName::parse("employees").unwrap(),
            Fact::new(12, "row 1"),
        )
        .with(
            FactName::parse("website").unwrap(),
            Fact::new(true, "row 1"),
        );
    let score = card.score(&facts);
    let bound = card.bind(&["website", "sector", "employees"]).unwrap();
    let row = bound.score(|column| ["yes", "", "12"].get(column).copied());
    assert_eq!(score.total(), -40 + 10 - 7 + 4);
    assert_eq!(row.total(), score.total());
    assert_eq!(row.parts().map(|(_, p)| p).sum::<i64>(), row.total());
    assert_eq!(score.reasons()[1].evidence(), "5 up to below 20.5: row 1");
}

// covers: SC-1
#[test]
fn a_hundred_thousand_random_leads_score_the_sum_of_their_reasons() {
    let card = card();
    let mut state = 7_u64;
    let mut draw = |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut seen = BTreeSet::new();
    for _ in 0..100_000 {
        let mut facts = Facts::new();
        if draw(4) > 0 {
            facts.set(
                FactName::parse("employees").unwrap(),
                Fact::new(draw(40).cast_signed(), "census"),
            );
        }
        if draw(4) > 0 {
            let sector = ["dentist", "childcare", "florist"][usize::try_from(draw(3)).unwrap()];
            facts.set(
                FactName::parse("sector").unwrap(),
                Fact::new(sector, "directory"),
            );
        }
        if draw(4) > 0 {
            facts.set(
                FactName::parse("website").unwrap(),
                Fact::new(draw(2) == 0, "fetch"),
            );
        }
        let score = card.score(&facts);
        assert_eq!(
            score.reasons().iter().map(Reason::points).sum::<i64>(),
            score.total()
        );
        assert_eq!(score.reasons().len(), 4);
        assert!(
            score
                .reasons()
                .iter()
                .all(|r| !r.rule().is_empty() && !r.evidence().is_empty())
        );
        seen.insert(score.total());
    }
    assert!(seen.len() > 20, "the leads were not varied: {seen:?}");
    assert!(
        no_floats(&serde_json::to_value(&card).unwrap()),
        "a float in the card"
    );
    assert!(
        no_floats(&serde_json::to_value(card.score(&Facts::new())).unwrap()),
        "a float in the score"
    );
}

fn no_floats(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Number(n) => n.is_i64() || n.is_u64(),
        serde_json::Value::Array(items) => items.iter().all(no_floats),
        serde_json::Value::Object(fields) => fields.values().all(no_floats),
        _ => true,
    }
}

#[test]
fn what_is_not_a_sound_card_is_refused() {
    let parts = ScorecardParts::from(card());
    assert_eq!(Scorecard::try_from(parts.clone()).unwrap(), card());
    let broken = |change: fn(&mut ScorecardParts)| {
        let mut parts = parts.clone();
        change(&mut parts);
        Scorecard::try_from(parts).unwrap_err()
    };
    assert!(matches!(
        broken(|p| p.format = "other".into()),
        CardError::Format { .. }
    ));
    assert!(matches!(
        broken(|p| p.version = 2),
        CardError::Version { found: 2 }
    ));
    assert!(matches!(
        broken(|p| p.features[1] = p.features[0].clone()),
        CardError::Twice { .. }
    ));
    assert!(matches!(
        broken(|p| p.features[0].points.truncate(2)),
        CardError::Points { bins: 3, .. }
    ));
    assert!(matches!(
        broken(|p| p.calibration.reverse()),
        CardError::Calibration(_)
    ));
    let edges = broken(|p| {
        p.features[0].kind = FeatureKind::Numeric {
            edges: vec![1.into(), 1.into()],
        }
    });
    assert!(matches!(edges, CardError::Edges { .. }));
    assert!(matches!(
        card().bind(&["sector"]),
        Err(CardError::Column { .. })
    ));
}

#[test]
fn the_stored_form_is_stable() {
    insta::assert_json_snapshot!(card());
}

/// The card with points for a sector and a website together.
fn paired() -> Scorecard {
    let name = |n: &str| FactName::parse(n).unwrap();
    let mut parts = ScorecardParts::from(card());
    parts.pairs = vec![Pair::new(
        name("sector & website"),
        (name("sector"), name("website")),
        // Dentists, all other sectors; a website, none known to be there.
        (vec![0, 1, 1, 1], vec![0, 1, 1, 1]),
        vec![12, -6, -2, 1],
    )];
    Scorecard::try_from(parts).unwrap()
}

// covers: SC-1
#[test]
fn a_pair_gives_its_own_points_with_its_own_reason() {
    let name = |n: &str| FactName::parse(n).unwrap();
    let dentist = Facts::new()
        .with(name("sector"), Fact::new("dentist", "list"))
        .with(name("website"), Fact::new("yes", "list"));
    let alone = card().score(&dentist).total();
    let score = paired().score(&dentist);
    assert_eq!(score.total(), alone + 12);
    let sum: i64 = score.reasons().iter().map(Reason::points).sum();
    assert_eq!(sum, score.total());
    let reason = score.reasons().last().unwrap();
    assert_eq!(reason.rule(), "card.sector & website");
    assert_eq!(reason.evidence(), "together: dentist and yes");
    assert_eq!(
        paired().score(&Facts::new()).total(),
        card().score(&Facts::new()).total() + 1
    );
    let columns = ["website", "employees", "sector"];
    let row = ["yes", "", "dentist"];
    let whole = paired();
    let bound = whole.bind(&columns).unwrap();
    let scored = bound.score(|column| row.get(column).copied());
    assert_eq!(scored.total(), score.total());
    assert_eq!(
        scored.parts().map(|(_, points)| points).sum::<i64>(),
        scored.total()
    );
    let text = serde_json::to_string(&whole).unwrap();
    assert_eq!(serde_json::from_str::<Scorecard>(&text).unwrap(), whole);
}

#[test]
fn a_pair_that_does_not_fit_is_refused() {
    let name = |n: &str| FactName::parse(n).unwrap();
    let good = || ScorecardParts::from(paired());
    let refused = |pair: Pair| {
        let mut parts = good();
        parts.pairs = vec![pair];
        matches!(Scorecard::try_from(parts), Err(CardError::Pair { .. }))
    };
    let groups = || (vec![0, 1, 1, 1], vec![0, 1, 1, 1]);
    let both = (name("sector"), name("website"));
    let label = || name("x");
    assert!(refused(Pair::new(
        label(),
        both.clone(),
        groups(),
        vec![1, 2, 3]
    )));
    assert!(refused(Pair::new(
        label(),
        both,
        (vec![0], vec![0, 1, 1, 1]),
        vec![1, 2]
    )));
    let other = (name("sector"), name("elsewhere"));
    assert!(refused(Pair::new(
        label(),
        other,
        groups(),
        vec![1, 2, 3, 4]
    )));
    let same = (name("sector"), name("sector"));
    assert!(refused(Pair::new(
        label(),
        same,
        groups(),
        vec![1, 2, 3, 4]
    )));
    let mut twice = good();
    twice.pairs.push(twice.pairs[0].clone());
    assert!(matches!(
        Scorecard::try_from(twice),
        Err(CardError::Twice { .. })
    ));
}
