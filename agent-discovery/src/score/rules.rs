use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{CheckedScoringParams, Dimension, Reason, Score, SignalRuleParams};
use crate::facts::{Facts, Signal};

/// Seconds of a day.
const DAY: i64 = 86_400;

impl CheckedScoringParams {
    /// Scores a lead by the rules, as things stood at `now`: later facts and signals are left out.
    ///
    /// Only rules that gave or took points are listed, in the order they are written; then what caps took or gave.
    #[must_use]
    pub fn score(&self, facts: &Facts, now: DateTime<Utc>) -> Score {
        let mut reasons: Vec<Reason> = Vec::new();
        for rule in &self.params().rules {
            let Some(fact) = facts.fact(&rule.field) else {
                continue;
            };
            if fact.observed().is_some_and(|at| at > now)
                || rule.when.test(fact.value()) != Some(true)
            {
                continue;
            }
            reasons.push(
                Reason::new(&rule.id, rule.dimension, rule.field.as_str(), rule.points)
                    .with_input(fact.value().to_string())
                    .with_evidence(format!("{}: {}", rule.because, fact.evidence())),
            );
        }
        for rule in &self.params().signals {
            reasons.extend(signal_reasons(rule, facts.signals(), now));
        }
        reasons.extend(self.cap_reasons(&reasons));
        Score::from_reasons(reasons)
    }

    fn cap_reasons(&self, reasons: &[Reason]) -> Vec<Reason> {
        let mut sums: BTreeMap<Dimension, i64> = BTreeMap::new();
        for reason in reasons {
            *sums.entry(reason.dimension()).or_default() += reason.points();
        }
        self.params()
            .caps
            .iter()
            .filter_map(|(dimension, cap)| {
                let sum = sums.get(dimension).copied().unwrap_or(0);
                let least = cap.least.map_or(i64::MIN, i64::from);
                let most = cap.most.map_or(i64::MAX, i64::from);
                let points = i32::try_from(sum.clamp(least, most) - sum)
                    .ok()
                    .filter(|p| *p != 0)?;
                Some(
                    Reason::new(
                        format!("cap.{dimension}"),
                        *dimension,
                        dimension.to_string(),
                        points,
                    )
                    .with_input(sum.to_string())
                    .with_evidence("the bounds of this dimension"),
                )
            })
            .collect()
    }
}

/// One reason a signal that counts, the youngest first.
fn signal_reasons<'a>(
    rule: &'a SignalRuleParams,
    signals: &'a [Signal],
    now: DateTime<Utc>,
) -> impl Iterator<Item = Reason> + 'a {
    signals
        .iter()
        .rev()
        .filter(move |s| s.name() == &rule.signal && s.at() <= now && !s.is_automatic())
        .take(usize::try_from(rule.at_most).unwrap_or(usize::MAX))
        .filter_map(move |signal| {
            let age = now.signed_duration_since(signal.at()).num_seconds();
            let points = decayed(rule.points, age, rule.half_life_days);
            (points != 0).then(|| {
                Reason::new(&rule.id, rule.dimension, rule.signal.as_str(), points)
                    .with_input(format!("{} days old", age / DAY))
                    .with_evidence(format!("{}: {}", rule.because, signal.evidence()))
            })
        })
}

/// `points` after `age` seconds: halved every `half_life` days, on a straight line between, rounded towards zero.
fn decayed(points: i32, age: i64, half_life: u32) -> i32 {
    let span = i64::from(half_life) * DAY;
    if span == 0 || age <= 0 {
        return points;
    }
    let (halvings, rest) = (age / span, age % span);
    if halvings >= 31 {
        return 0;
    }
    // At the start of the span `2 * span` parts of `2 * span`, at its end `span` of them.
    let parts = i128::from(points) * i128::from(2 * span - rest) / i128::from(2 * span);
    i32::try_from(parts / (1_i128 << halvings)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::facts::{Fact, FactName};
    use crate::score::{ScoringError, ScoringParams};

    fn name(text: &str) -> FactName {
        FactName::parse(text).unwrap()
    }

    fn params(json: &str) -> Result<CheckedScoringParams, ScoringError> {
        serde_json::from_str::<ScoringParams>(json).unwrap().check()
    }

    fn rules() -> CheckedScoringParams {
        params(
            r#"{"version": 3,
                "rules": [
                  {"id": "fit.size", "field": "employees", "dimension": "fit", "when": {"between": [3, 50]}, "points": 15, "because": "a size we serve"},
                  {"id": "intent.need", "field": "need", "dimension": "intent", "when": {"contains": "website"}, "points": 30, "because": "voiced a need"},
                  {"id": "risk.debt", "field": "insolvent", "dimension": "risk", "when": {"flag": true}, "points": -80, "because": "cannot pay"}
                ],
                "signals": [
                  {"id": "engagement.visit", "signal": "visit", "dimension": "engagement", "points": 10, "half_life_days": 14, "at_most": 5, "because": "came to our pages"}
                ],
                "caps": {"engagement": {"most": 25}}}"#,
        )
        .unwrap()
    }

    #[test]
    fn points_halve_with_age_and_never_rise() {
        assert_eq!(decayed(100, 0, 10), 100);
        assert_eq!(decayed(100, 10 * DAY, 10), 50);
        assert_eq!(decayed(100, 5 * DAY, 10), 75);
        assert_eq!(decayed(-100, 20 * DAY, 10), -25);
        assert_eq!(decayed(100, 400 * DAY, 10), 0);
        assert_eq!(decayed(100, 400 * DAY, 0), 100);
        let mut last = i32::MAX;
        for age in (0..200 * DAY).step_by(3_600) {
            let now = decayed(1_000, age, 7);
            assert!(now <= last);
            last = now;
        }
    }

    // covers: SC-3
    #[test]
    fn a_score_as_of_today_is_the_same_when_asked_next_month() {
        let today = DateTime::UNIX_EPOCH + TimeDelta::days(100);
        let mut facts = Facts::new().with(name("employees"), Fact::new(8, "register"));
        facts.record(Signal::new(
            name("visit"),
            today - TimeDelta::days(14),
            "log 1",
        ));
        let recorded = rules().score(&facts, today);
        assert_eq!(recorded.total(), 15 + 5);
        facts.record(Signal::new(
            name("visit"),
            today + TimeDelta::days(9),
            "log 2",
        ));
        facts.set(
            name("need"),
            Fact::new("a new website", "mail").observed_at(today + TimeDelta::days(10)),
        );
        assert_eq!(rules().score(&facts, today), recorded);
        assert_ne!(rules().score(&facts, today + TimeDelta::days(30)), recorded);
    }

    // covers: SC-4
    #[test]
    fn a_visit_moves_engagement_and_nothing_else() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(5);
        let mut facts = Facts::new()
            .with(name("employees"), Fact::new(8, "register"))
            .with(name("need"), Fact::new("our website is slow", "forum"))
            .with(name("insolvent"), Fact::new(true, "court notice"));
        let before = rules().score(&facts, now);
        facts.record(Signal::new(name("visit"), now, "log"));
        let after = rules().score(&facts, now);
        for same in [Dimension::Fit, Dimension::Intent, Dimension::Risk] {
            assert_eq!(before.subtotal(same), after.subtotal(same));
        }
        assert_eq!(
            after.subtotal(Dimension::Engagement) - before.subtotal(Dimension::Engagement),
            10
        );
        assert_eq!(after.total() - before.total(), 10);
    }

    #[test]
    fn machines_give_nothing_and_caps_are_reasons_of_their_own() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(5);
        let mut facts = Facts::new();
        for second in 0..20 {
            let at = now - TimeDelta::seconds(second);
            facts.record(Signal::new(name("visit"), at, "gateway").automatic());
        }
        assert_eq!(rules().score(&facts, now).reasons(), []);
        for second in 0..20 {
            facts.record(Signal::new(
                name("visit"),
                now - TimeDelta::seconds(second),
                "person",
            ));
        }
        let score = rules().score(&facts, now);
        assert_eq!(score.total(), 25);
        assert_eq!(score.reasons().last().unwrap().rule(), "cap.engagement");
        assert_eq!(score.reasons().iter().map(Reason::points).sum::<i64>(), 25);
    }

    // covers: CO-8
    #[test]
    fn a_rule_on_a_protected_trait_is_refused_at_load() {
        for field in [
            "age",
            "owner_gender",
            "Religion",
            "contact.nationality",
            "first_name",
        ] {
            let json = format!(
                r#"{{"version": 1, "rules": [{{"id": "r", "field": "{field}", "dimension": "fit", "when": "known", "points": 1, "because": "x"}}]}}"#
            );
            assert!(
                matches!(params(&json), Err(ScoringError::Banned { .. })),
                "{field}"
            );
            assert!(
                serde_json::from_str::<CheckedScoringParams>(&json).is_err(),
                "{field}"
            );
        }
        let own = r#"{"version": 1, "banned": [{"because": "house rule", "names": ["postcode"]}],
            "services": [{"id": "s", "service": "seo", "field": "postcode", "when": "known", "points": 1, "because": "x"}]}"#;
        let error = params(own).unwrap_err().to_string();
        assert!(
            error.contains("postcode") && error.contains("house rule"),
            "{error}"
        );
    }

    #[test]
    fn rules_that_cannot_work_are_refused() {
        let rule = |id: &str, when: &str, points: i64| {
            format!(
                r#"{{"id": "{id}", "field": "f", "dimension": "fit", "when": {when}, "points": {points}, "because": "x"}}"#
            )
        };
        let of = |rules: &[String], rest: &str| {
            params(&format!(
                r#"{{"version": 1, "rules": [{}] {rest}}}"#,
                rules.join(",")
            ))
        };
        let sound = rule("a", "\"known\"", 1);
        assert!(of(std::slice::from_ref(&sound), "").is_ok());
        assert!(matches!(
            of(&[sound.clone(), sound.clone()], ""),
            Err(ScoringError::Id { .. })
        ));
        assert!(matches!(
            of(&[rule("cap.fit", "\"known\"", 1)], ""),
            Err(ScoringError::Id { .. })
        ));
        assert!(matches!(
            of(&[rule("a", "{\"one_of\": []}", 1)], ""),
            Err(ScoringError::Predicate { .. })
        ));
        assert!(matches!(
            of(&[rule("a", "\"known\"", 2_000_000)], ""),
            Err(ScoringError::Points { .. })
        ));
        let caps = r#", "caps": {"fit": {"least": 2, "most": 1}}"#;
        assert!(matches!(
            of(std::slice::from_ref(&sound), caps),
            Err(ScoringError::Cap { .. })
        ));
        let tiers = r#", "tiers": [{"name": "A", "from": 1}, {"name": "B", "from": 1}]"#;
        assert!(matches!(of(&[sound], tiers), Err(ScoringError::Tiers)));
    }
}
