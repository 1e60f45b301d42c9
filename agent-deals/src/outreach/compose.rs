use std::collections::BTreeMap;

use dealwright_core::handoff::{Quotation, RecommendedService};
use dealwright_core::knowledge::{Catalogue, SequenceStep, Slug};
use dealwright_core::provenance::Source;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Services that a first letter names at most.
const MOST_SERVICES: usize = 2;
/// Longest value of a fact, in characters.
const LONGEST: usize = 300;

/// What a fact in a letter rests on. There is no other way to put one there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Evidence {
    /// A source said it.
    Source {
        /// Which.
        source: Source,
        /// When it was read.
        at: Timestamp,
    },
    /// The client wrote it.
    Client(Quotation),
    /// It is about ourselves: our name, our prices.
    Ours,
}

/// One thing that a letter may say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it says.
    pub value: String,
    /// What it rests on.
    pub evidence: Evidence,
}

/// The things that a letter may say, by the name of their variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts(BTreeMap<String, Fact>);

impl Facts {
    /// Adds a fact; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>, evidence: Evidence) -> Self {
        self.0.insert(
            name.to_owned(),
            Fact {
                value: value.into(),
                evidence,
            },
        );
        self
    }
}

/// What a template renders, and what each of its words rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterInput {
    /// The template.
    pub template: Slug,
    /// Its variables.
    pub variables: Value,
    /// What each fact rests on, by variable.
    pub evidence: BTreeMap<String, Evidence>,
    /// What the letter recommends: `service:website-audit`, best first. Answers are counted by
    /// these.
    pub tags: Vec<String>,
}

/// Why a letter cannot be composed; nothing is rendered or sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// A variable is not known.
    #[error(
        "step `{step}` needs `{variable}`, for which there is no fact; find it out or give the template a fallback"
    )]
    Missing {
        /// The step.
        step: Slug,
        /// The variable.
        variable: String,
    },
    /// A variable is known as nothing.
    #[error("step `{step}` needs `{variable}`, which is empty")]
    Empty {
        /// The step.
        step: Slug,
        /// The variable.
        variable: String,
    },
    /// A value is no fact but a text, or holds more than one line.
    #[error("step `{step}`: `{variable}` is longer than 300 characters or has more than one line")]
    Form {
        /// The step.
        step: Slug,
        /// The variable.
        variable: String,
    },
    /// The first letter has nothing to recommend.
    #[error(
        "step `{step}` is the first letter and no recommended service has a reason; do not write"
    )]
    NoReason {
        /// The step.
        step: Slug,
    },
}

/// Composes what a step's template renders: the facts it needs, each with its evidence, and in
/// the first letter up to two recommended services with the reason for each.
///
/// # Errors
///
/// [`ComposeError`] for the first variable of `needs` that is unknown, empty or not one line.
pub fn compose(
    step: &SequenceStep,
    first: bool,
    needs: &[&str],
    facts: &Facts,
    recommended: &[RecommendedService],
    catalogue: &Catalogue,
) -> Result<LetterInput, ComposeError> {
    let mut variables = Map::new();
    let mut evidence = BTreeMap::new();
    for name in needs {
        let variable = (*name).to_owned();
        let Some(fact) = facts.0.get(*name) else {
            return Err(ComposeError::Missing {
                step: step.id.clone(),
                variable,
            });
        };
        let value = fact.value.trim();
        if value.is_empty() {
            return Err(ComposeError::Empty {
                step: step.id.clone(),
                variable,
            });
        }
        if value.chars().count() > LONGEST || value.chars().any(char::is_control) {
            return Err(ComposeError::Form {
                step: step.id.clone(),
                variable,
            });
        }
        variables.insert(variable.clone(), Value::from(value));
        evidence.insert(variable, fact.evidence.clone());
    }
    let mut tags = Vec::new();
    if first {
        let services = services(recommended, catalogue);
        if services.is_empty() {
            return Err(ComposeError::NoReason {
                step: step.id.clone(),
            });
        }
        tags = services
            .iter()
            .map(|(id, ..)| format!("service:{id}"))
            .collect();
        let listed: Vec<Value> = services
            .iter()
            .map(|(id, name, because)| json!({ "id": id, "name": name, "because": because }))
            .collect();
        variables.insert("services".to_owned(), Value::from(listed));
    }
    Ok(LetterInput {
        template: step.template.clone(),
        variables: Value::Object(variables),
        evidence,
        tags,
    })
}

/// The best services that are on offer and have a reason: most points first, then by name.
fn services(
    recommended: &[RecommendedService],
    catalogue: &Catalogue,
) -> Vec<(String, String, String)> {
    let mut ranked: Vec<&RecommendedService> = recommended.iter().collect();
    ranked.sort_by(|a, b| {
        b.points
            .cmp(&a.points)
            .then_with(|| a.service.cmp(&b.service))
    });
    ranked
        .into_iter()
        .filter_map(|found| {
            let service = catalogue.service(&found.service)?;
            let reason = found
                .reasons
                .iter()
                .filter(|r| r.points > 0)
                .max_by(|a, b| a.points.cmp(&b.points).then_with(|| b.rule.cmp(&a.rule)))?;
            Some((
                found.service.clone(),
                service.name.clone(),
                reason.because.clone(),
            ))
        })
        .take(MOST_SERVICES)
        .collect()
}
