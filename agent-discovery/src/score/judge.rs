use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Change, CheckedScoringParams, OutcomeBook, Recommendation, Score, Scorecard, ScoringError,
    ServicePriors, WinEstimate, smallest_change,
};
use crate::facts::Facts;

/// Which source of points made a score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Basis {
    /// The rules alone, since there are too few outcomes for a card, or no card.
    Rules {
        /// Closed deals so far.
        outcomes: u64,
        /// Closed deals needed.
        floor: u32,
    },
    /// The rules, and the points of a card learnt from outcomes.
    RulesAndCard {
        /// Closed deals so far.
        outcomes: u64,
    },
}

/// Puts rules, a learnt card, outcomes and what delivery taught together.
///
/// The combination is a plain sum: the rules' reasons, and once there are as many closed deals as the sample floor
/// asks, the card's reasons after them. The win probability is then the card's, before that the counted one, and below
/// the floor there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judge {
    rules: CheckedScoringParams,
    #[serde(default)]
    card: Option<Scorecard>,
    #[serde(default)]
    outcomes: OutcomeBook,
    #[serde(default)]
    priors: ServicePriors,
}

impl Judge {
    /// Rules alone.
    #[must_use]
    pub fn new(rules: CheckedScoringParams) -> Self {
        Self {
            rules,
            card: None,
            outcomes: OutcomeBook::new(),
            priors: ServicePriors::new(),
        }
    }

    /// Adds a learnt card.
    ///
    /// # Errors
    ///
    /// [`ScoringError::Banned`] where the card reads an input that no score of a lead may use.
    pub fn with_card(mut self, card: Scorecard) -> Result<Self, ScoringError> {
        if let Some((input, because)) = card.banned_inputs(self.rules.banned()).into_iter().next() {
            return Err(ScoringError::Banned {
                rule: format!("card.{input}"),
                input,
                because,
            });
        }
        self.card = Some(card);
        Ok(self)
    }

    /// Sets the closed deals so far.
    #[must_use]
    pub fn with_outcomes(mut self, outcomes: OutcomeBook) -> Self {
        self.outcomes = outcomes;
        self
    }

    /// Sets what delivery has taught.
    #[must_use]
    pub fn with_priors(mut self, priors: ServicePriors) -> Self {
        self.priors = priors;
        self
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &CheckedScoringParams {
        &self.rules
    }

    /// Scores a lead as things stood at `now`.
    #[must_use]
    pub fn judge(&self, facts: &Facts, now: DateTime<Utc>) -> Judged {
        let win = &self.rules.params().win;
        let (_, outcomes) = self.outcomes.totals();
        let facts = &facts.as_of(now);
        let by_rules = self.rules.score(facts, now);
        let card = self
            .card
            .as_ref()
            .filter(|_| outcomes >= u64::from(win.sample_floor));
        let (score, basis, chance) = match card {
            None => {
                let basis = Basis::Rules {
                    outcomes,
                    floor: win.sample_floor,
                };
                let chance = self.outcomes.estimate(by_rules.total(), win);
                (by_rules, basis, chance)
            }
            Some(card) => {
                let learnt = card.score(facts);
                let chance = WinEstimate::Learned {
                    ppm: card.probability_ppm(learnt.total()),
                    outcomes,
                };
                let reasons = [by_rules.reasons(), learnt.reasons()].concat();
                (
                    Score::from_reasons(reasons),
                    Basis::RulesAndCard { outcomes },
                    chance,
                )
            }
        };
        Judged {
            tier: self.rules.tier(score.total()).map(str::to_owned),
            score,
            basis,
            rules: self.rules.version(),
            win: chance,
            services: self.rules.recommend(facts, &self.priors),
        }
    }

    /// The fewest facts that would have to be otherwise for the lead to have the tier of that name; see
    /// [`smallest_change`]. `None` where there is no such tier or no change of up to three facts leads there.
    #[must_use]
    pub fn change_for_tier(&self, facts: &Facts, now: DateTime<Utc>, tier: &str) -> Option<Change> {
        self.rules.threshold(tier)?;
        let known = facts.as_of(now);
        let rules = self.rules.params().rules.iter();
        let options = rules
            .filter_map(|rule| Some((rule.field.clone(), rule.when.witness()?)))
            .chain(self.card.iter().flat_map(|card| {
                let of = |f: &super::Feature| {
                    f.witnesses()
                        .into_iter()
                        .map(|v| (f.name().clone(), v))
                        .collect::<Vec<_>>()
                };
                card.features().iter().flat_map(of).collect::<Vec<_>>()
            }));
        smallest_change(&known, options, |facts| {
            self.judge(facts, now).tier() == Some(tier)
        })
    }
}

/// A lead's score and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    score: Score,
    tier: Option<String>,
    basis: Basis,
    rules: u32,
    win: WinEstimate,
    services: Vec<Recommendation>,
}

impl Judged {
    /// The score with its reasons.
    #[must_use]
    pub fn score(&self) -> &Score {
        &self.score
    }

    /// The tier its total reaches.
    #[must_use]
    pub fn tier(&self) -> Option<&str> {
        self.tier.as_deref()
    }

    /// What the points rest on.
    #[must_use]
    pub fn basis(&self) -> &Basis {
        &self.basis
    }

    /// The version of the rules that made it.
    #[must_use]
    pub fn rules_version(&self) -> u32 {
        self.rules
    }

    /// The chance to win, or why there is no figure.
    #[must_use]
    pub fn win(&self) -> &WinEstimate {
        &self.win
    }

    /// What to offer, best first.
    #[must_use]
    pub fn services(&self) -> &[Recommendation] {
        &self.services
    }
}
