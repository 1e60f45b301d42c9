use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::facts::{Fact, FactName, FactValue, Facts};

/// The most facts a change may touch.
const MOST_FACTS: usize = 3;
/// The most trials before the search gives up.
const MOST_TRIALS: usize = 50_000;

/// Facts that would have to be otherwise, with the values that would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change(Vec<(FactName, FactValue)>);

impl Change {
    /// The facts and the values, ordered by name.
    #[must_use]
    pub fn facts(&self) -> &[(FactName, FactValue)] {
        &self.0
    }

    /// The lead's facts with the change made.
    #[must_use]
    pub fn apply(&self, facts: &Facts) -> Facts {
        let mut changed = facts.clone();
        for (name, value) in &self.0 {
            changed.set(name.clone(), Fact::new(value.clone(), "supposed"));
        }
        changed
    }
}

/// The fewest facts, set to values out of `options`, that make `wanted` true; among equally few the first by name and
/// value. Tries every set of one fact, then of two, then of three, so no smaller one does.
///
/// `None` where none of up to three facts does or the trials (50,000) run out.
pub fn smallest_change(
    facts: &Facts,
    options: impl IntoIterator<Item = (FactName, FactValue)>,
    wanted: impl Fn(&Facts) -> bool,
) -> Option<Change> {
    if wanted(facts) {
        return Some(Change(Vec::new()));
    }
    let mut by_fact: BTreeMap<FactName, BTreeSet<FactValue>> = BTreeMap::new();
    for (name, value) in options {
        if facts.fact(&name).is_none_or(|fact| fact.value() != &value) {
            by_fact.entry(name).or_default().insert(value);
        }
    }
    let levers: Vec<_> = by_fact.into_iter().collect();
    let mut trials = MOST_TRIALS;
    (1..=MOST_FACTS.min(levers.len()))
        .find_map(|size| search(facts, &levers, size, &mut Vec::new(), &wanted, &mut trials))
}

fn search(
    facts: &Facts,
    levers: &[(FactName, BTreeSet<FactValue>)],
    size: usize,
    chosen: &mut Vec<(FactName, FactValue)>,
    wanted: &impl Fn(&Facts) -> bool,
    trials: &mut usize,
) -> Option<Change> {
    if chosen.len() == size {
        *trials = trials.checked_sub(1)?;
        let change = Change(chosen.clone());
        return wanted(&change.apply(facts)).then_some(change);
    }
    let mut rest = levers;
    while let Some(((name, values), after)) = rest.split_first() {
        for value in values {
            chosen.push((name.clone(), value.clone()));
            let found = search(facts, after, size, chosen, wanted, trials);
            chosen.pop();
            if found.is_some() {
                return found;
            }
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::score::{Judge, ScoringParams};

    fn judge() -> Judge {
        let params: ScoringParams = serde_json::from_str(
            r#"{"version": 1,
                "rules": [
                  {"id": "a", "field": "sector", "dimension": "fit", "when": {"one_of": ["dentist"]}, "points": 20, "because": "x"},
                  {"id": "b", "field": "employees", "dimension": "fit", "when": {"at_least": 5}, "points": 15, "because": "x"},
                  {"id": "c", "field": "employees", "dimension": "risk", "when": {"at_least": 100}, "points": -30, "because": "x"},
                  {"id": "d", "field": "need", "dimension": "intent", "when": {"contains": "site"}, "points": 35, "because": "x"},
                  {"id": "e", "field": "insolvent", "dimension": "risk", "when": {"flag": true}, "points": -50, "because": "x"}
                ],
                "caps": {"fit": {"most": 30}},
                "tiers": [{"name": "A", "from": 60}, {"name": "B", "from": 30}, {"name": "C", "from": -1000}]}"#,
        )
        .unwrap();
        Judge::new(params.check().unwrap())
    }

    fn name(text: &str) -> FactName {
        FactName::parse(text).unwrap()
    }

    /// Every value any rule names, or no change, for each of the four facts.
    fn every_change() -> Vec<Vec<(FactName, FactValue)>> {
        let options: [(&str, Vec<FactValue>); 4] = [
            ("sector", vec!["dentist".into()]),
            ("employees", vec![5.into(), 100.into()]),
            ("need", vec!["site".into()]),
            ("insolvent", vec![true.into()]),
        ];
        let mut all = vec![Vec::new()];
        for (field, values) in options {
            let mut more = all.clone();
            for value in values {
                more.extend(
                    all.iter()
                        .map(|c: &Vec<_>| [c.clone(), vec![(name(field), value.clone())]].concat()),
                );
            }
            all = more;
        }
        all
    }

    // covers: X-4
    #[test]
    fn the_stated_change_flips_the_tier_and_no_smaller_one_does() {
        let now = DateTime::UNIX_EPOCH;
        let mut found = 0;
        for start in every_change() {
            let facts = Change(start).apply(&Facts::new());
            let before = judge().judge(&facts, now);
            assert_eq!(
                before
                    .score()
                    .reasons()
                    .iter()
                    .map(crate::score::Reason::points)
                    .sum::<i64>(),
                before.score().total()
            );
            for tier in ["A", "B", "C"] {
                let brute = every_change()
                    .into_iter()
                    .filter(|c| {
                        judge().judge(&Change(c.clone()).apply(&facts), now).tier() == Some(tier)
                    })
                    .map(|c| c.len())
                    .min();
                let change = judge().change_for_tier(&facts, now, tier);
                assert_eq!(
                    change.as_ref().map(|c| c.facts().len()),
                    brute.filter(|n| *n <= MOST_FACTS),
                    "{tier}"
                );
                if let Some(change) = change {
                    assert_eq!(judge().judge(&change.apply(&facts), now).tier(), Some(tier));
                    found += 1;
                }
            }
        }
        assert!(found > 30, "{found}");
        assert_eq!(
            judge().change_for_tier(&Facts::new(), now, "no such tier"),
            None
        );
    }
}
