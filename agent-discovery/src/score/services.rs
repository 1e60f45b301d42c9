use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CheckedScoringParams, Dimension, Reason, Score};
use crate::facts::Facts;

/// How the results of delivery move the rank of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PriorParams {
    /// Whether they do at all.
    pub enabled: bool,
    /// Delivered projects below which a service's results move nothing.
    pub sample_floor: u32,
    /// How many projects of the target margin and of middling satisfaction the results are smoothed with.
    pub smoothing: u32,
    /// The margin, in parts per thousand of revenue, that moves nothing.
    pub target_margin: i32,
    /// Points for each hundred parts per thousand of margin above the target, and against for each below.
    pub points_per_margin: i32,
    /// Points for each step of satisfaction above 3 on the scale of 1 to 5, and against for each below.
    pub points_per_satisfaction: i32,
    /// The most points results may give or take.
    pub most: i32,
}

impl Default for PriorParams {
    fn default() -> Self {
        Self {
            enabled: true,
            sample_floor: 2,
            smoothing: 2,
            target_margin: 300,
            points_per_margin: 5,
            points_per_satisfaction: 5,
            most: 60,
        }
    }
}

/// What one delivered project taught about one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceFeedback {
    /// What was left of the revenue, in parts per thousand of it; negative for a loss.
    pub margin: i32,
    /// The client's answer from 1 to 5; `None` where they did not answer.
    pub satisfaction: Option<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Results {
    projects: u32,
    margin: i64,
    answers: u32,
    satisfaction: i64,
}

/// What delivery has taught about each service, by slug: sums, so that the order of reports does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServicePriors(BTreeMap<String, Results>);

impl ServicePriors {
    /// Nothing learnt yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one project's result. A margin counts within -100 % and 100 %, an answer outside 1 to 5 not at all.
    pub fn learn(&mut self, service: &str, feedback: ServiceFeedback) {
        let results = self.0.entry(service.to_owned()).or_default();
        results.projects = results.projects.saturating_add(1);
        results.margin = results
            .margin
            .saturating_add(i64::from(feedback.margin.clamp(-1_000, 1_000)));
        if let Some(answer) = feedback.satisfaction.filter(|s| (1..=5).contains(s)) {
            results.answers = results.answers.saturating_add(1);
            results.satisfaction = results.satisfaction.saturating_add(i64::from(answer));
        }
    }

    /// The points that the results of a service give or take, with what they rest on; `None` below the floor.
    #[must_use]
    pub fn points(&self, service: &str, params: &PriorParams) -> Option<(i32, String)> {
        let results = self
            .0
            .get(service)
            .filter(|r| params.enabled && r.projects >= params.sample_floor.max(1))?;
        let smoothing = i64::from(params.smoothing);
        let projects = i64::from(results.projects) + smoothing;
        let margin = (results.margin + smoothing * i64::from(params.target_margin)) / projects;
        // Satisfaction in thousandths of a step above 3.
        let answers = (i64::from(results.answers) + smoothing).max(1);
        let above = (results.satisfaction - 3 * i64::from(results.answers)) * 1_000 / answers;
        let points =
            (margin - i64::from(params.target_margin)) * i64::from(params.points_per_margin) / 100
                + above * i64::from(params.points_per_satisfaction) / 1_000;
        let most = i64::from(params.most.max(0));
        let real = results.margin / i64::from(results.projects);
        let sign = if real < 0 { "-" } else { "" };
        Some((
            i32::try_from(points.clamp(-most, most)).unwrap_or(0),
            format!(
                "{} delivered, real margin {sign}{}.{} %, {} answered",
                results.projects,
                real.abs() / 10,
                real.abs() % 10,
                results.answers
            ),
        ))
    }
}

/// A service worth offering, with what speaks for and against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recommendation {
    service: String,
    weight: Score,
}

impl Recommendation {
    /// The service's slug.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The rank weight; more is better.
    #[must_use]
    pub fn points(&self) -> i64 {
        self.weight.total()
    }

    /// What the weight is made of; it sums to [`points`](Self::points).
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        self.weight.reasons()
    }
}

impl CheckedScoringParams {
    /// The services that at least one rule speaks for, best first, equals by slug.
    #[must_use]
    pub fn recommend(&self, facts: &Facts, priors: &ServicePriors) -> Vec<Recommendation> {
        let mut reasons: BTreeMap<&str, Vec<Reason>> = BTreeMap::new();
        for rule in &self.params().services {
            let Some(fact) = facts.fact(&rule.field) else {
                continue;
            };
            if rule.when.test(fact.value()) == Some(true) {
                reasons.entry(&rule.service).or_default().push(
                    Reason::new(
                        &rule.id,
                        Dimension::Intent,
                        rule.field.as_str(),
                        rule.points,
                    )
                    .with_input(fact.value().to_string())
                    .with_evidence(format!(
                        "{}: {}",
                        rule.because,
                        fact.evidence()
                    )),
                );
            }
        }
        let mut ranked: Vec<Recommendation> = reasons
            .into_iter()
            .map(|(service, mut reasons)| {
                if let Some((points, evidence)) = priors.points(service, &self.params().priors) {
                    let prior =
                        Reason::new("prior.delivery", Dimension::Learned, "delivery", points);
                    reasons.push(prior.with_evidence(evidence));
                }
                Recommendation {
                    service: service.to_owned(),
                    weight: Score::from_reasons(reasons),
                }
            })
            .collect();
        // The sort is stable and the services stand by slug.
        ranked.sort_by_key(|r| std::cmp::Reverse(r.points()));
        ranked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Fact, FactName};
    use crate::score::ScoringParams;

    fn rules(feedback: bool) -> CheckedScoringParams {
        let json = format!(
            r#"{{"version": 1, "priors": {{"enabled": {feedback}}}, "services": [
              {{"id": "offer.audit", "service": "website-audit", "field": "website.https", "when": {{"flag": false}}, "points": 40, "because": "their pages are not encrypted"}},
              {{"id": "offer.listing", "service": "listing-repair", "field": "listings.conflicts", "when": {{"at_least": 1}}, "points": 30, "because": "directories disagree"}},
              {{"id": "offer.ads", "service": "ads", "field": "sector", "when": {{"one_of": ["retail"]}}, "points": 90, "because": "sells to the street"}}
            ]}}"#
        );
        serde_json::from_str::<ScoringParams>(&json)
            .unwrap()
            .check()
            .unwrap()
    }

    fn lead() -> Facts {
        let name = |n: &str| FactName::parse(n).unwrap();
        Facts::new()
            .with(name("website.https"), Fact::new(false, "fetched page"))
            .with(
                name("listings.conflicts"),
                Fact::new(2, "directories A and B"),
            )
    }

    fn order(rules: &CheckedScoringParams, priors: &ServicePriors) -> Vec<String> {
        rules
            .recommend(&lead(), priors)
            .iter()
            .map(|r| r.service().to_owned())
            .collect()
    }

    // covers: SC-7
    #[test]
    fn the_service_a_need_asks_for_comes_first_and_names_it() {
        let ranked = rules(true).recommend(&lead(), &ServicePriors::new());
        assert_eq!(
            ranked.len(),
            2,
            "the sector is unknown, so ads are not offered"
        );
        assert_eq!(ranked[0].service(), "website-audit");
        assert!(ranked[0].reasons()[0].evidence().contains("fetched page"));
        assert_eq!(
            ranked[0].reasons().iter().map(Reason::points).sum::<i64>(),
            ranked[0].points()
        );
    }

    #[test]
    fn a_service_that_loses_money_drops_in_rank_within_three_projects() {
        let mut priors = ServicePriors::new();
        assert_eq!(
            order(&rules(true), &priors),
            ["website-audit", "listing-repair"]
        );
        for _ in 0..3 {
            priors.learn(
                "website-audit",
                ServiceFeedback {
                    margin: -250,
                    satisfaction: Some(3),
                },
            );
            priors.learn(
                "listing-repair",
                ServiceFeedback {
                    margin: 450,
                    satisfaction: Some(5),
                },
            );
        }
        assert_eq!(
            order(&rules(true), &priors),
            ["listing-repair", "website-audit"]
        );
        assert_eq!(
            order(&rules(false), &priors),
            ["website-audit", "listing-repair"],
            "feedback is off"
        );
        let audit = &rules(true).recommend(&lead(), &priors)[1];
        assert!(audit.reasons()[1].points() < 0);
        assert!(
            audit.reasons()[1].evidence().contains("-25.0 %"),
            "{}",
            audit.reasons()[1].evidence()
        );
    }

    #[test]
    fn one_project_moves_nothing_and_the_order_of_reports_does_not_matter() {
        let bad = ServiceFeedback {
            margin: -900,
            satisfaction: Some(1),
        };
        let good = ServiceFeedback {
            margin: 600,
            satisfaction: None,
        };
        let mut priors = ServicePriors::new();
        priors.learn("website-audit", bad);
        assert_eq!(
            priors.points("website-audit", &PriorParams::default()),
            None
        );
        let mut forth = priors.clone();
        forth.learn("website-audit", good);
        let mut back = ServicePriors::new();
        back.learn("website-audit", good);
        back.learn("website-audit", bad);
        assert_eq!(forth, back);
    }
}
