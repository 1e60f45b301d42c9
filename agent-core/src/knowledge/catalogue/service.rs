use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Effort, Phase};
use crate::knowledge::Slug;

/// Something a client may want, in our words, with the words by which it is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// Its name; a requirement's `need` is one of these.
    pub id: Slug,
    /// What to call it, for people.
    pub name: String,
    /// The need as one sentence of ours, used in proposals instead of outside text.
    pub statement: String,
    /// Words and phrases, in any language, that voice it; lower case.
    #[serde(default)]
    pub keywords: Vec<String>,
}

/// Who does the work of a service when nothing else is decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkerKind {
    /// A person with the task's skill.
    Person,
    /// A language model behind its port.
    Model {
        /// The worker's name in the registry of workers.
        name: Slug,
    },
    /// Code that needs no model.
    Tool {
        /// The worker's name in the registry of workers.
        name: Slug,
    },
}

/// A number that makes the work larger or smaller, asked of the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    /// Its name; services that share a name share the answer.
    pub id: Slug,
    /// What to call it, for people.
    pub name: String,
    /// Its unit, for people, in the singular.
    pub unit: String,
    /// Its unit in the plural, where it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<String>,
    /// Smallest value we take on.
    pub min: i64,
    /// Largest value we take on.
    pub max: i64,
    /// What is assumed, and said to be assumed, until the client tells.
    pub default: i64,
    /// The question that asks for it.
    pub ask: String,
}

impl Driver {
    /// The unit as it stands after a number.
    #[must_use]
    pub fn unit_of(&self, value: Decimal) -> &str {
        match &self.units {
            Some(units) if value != Decimal::ONE => units,
            _ => &self.unit,
        }
    }
}

/// Something the client may add.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionTemplate {
    /// Its name within the service.
    pub id: Slug,
    /// What to call it, for people.
    pub name: String,
    /// What it adds, one sentence.
    pub summary: String,
}

/// A result the client receives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliverableTemplate {
    /// Its name within the service.
    pub id: Slug,
    /// What to call it, for people.
    pub name: String,
    /// The form it comes in, for example `pdf` or `json`.
    pub format: Slug,
    /// The option that brings it; `None` where it always comes.
    #[serde(default)]
    pub option: Option<Slug>,
}

/// A condition that a deliverable must meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Its name within the service.
    pub id: Slug,
    /// The deliverable it judges.
    pub deliverable: Slug,
    /// What must hold, as one checkable sentence.
    pub text: String,
    /// A check that code can make, by its name; `None` where a person judges.
    #[serde(default)]
    pub check: Option<Slug>,
}

/// One service: what it is, what it is not, what makes it larger, and how it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its name.
    pub id: Slug,
    /// What to call it, for people.
    pub name: String,
    /// What it is, one or two sentences.
    pub summary: String,
    /// What the client has afterwards.
    pub outcomes: Vec<String>,
    /// What it does *not* do; printed in proposal and contract. Never empty.
    #[serde(default)]
    pub limits: Vec<String>,
    /// The needs it answers.
    pub needs: Vec<Slug>,
    /// What the client receives.
    pub deliverables: Vec<DeliverableTemplate>,
    /// What the results must meet.
    pub criteria: Vec<Criterion>,
    /// How it is done.
    pub phases: Vec<Phase>,
    /// Who does it.
    pub worker: WorkerKind,
    /// What makes it larger or smaller.
    #[serde(default)]
    pub drivers: Vec<Driver>,
    /// What may be added.
    #[serde(default)]
    pub options: Vec<OptionTemplate>,
    /// The sector packs it belongs to; empty where it is for every sector.
    #[serde(default)]
    pub packs: Vec<Slug>,
    /// Working days from the start to the last deliverable that we promise.
    pub lead_time_days: u16,
    /// Whether its results are made by a model, which then must be said on them.
    #[serde(default)]
    pub ai_made: bool,
}

impl Service {
    /// The driver of that name.
    #[must_use]
    pub fn driver(&self, id: &str) -> Option<&Driver> {
        self.drivers.iter().find(|d| d.id.as_str() == id)
    }

    /// The option of that name.
    #[must_use]
    pub fn option(&self, id: &str) -> Option<&OptionTemplate> {
        self.options.iter().find(|o| o.id.as_str() == id)
    }

    /// All task templates with their phase, in the order written.
    pub fn tasks(&self) -> impl Iterator<Item = (&Phase, &super::TaskTemplate)> {
        self.phases
            .iter()
            .flat_map(|phase| phase.tasks.iter().map(move |task| (phase, task)))
    }

    /// The effort of the chosen scope in minutes: the sum over the tasks that are always done
    /// and those of the chosen `options`; a driver that is not given counts as its default.
    #[must_use]
    pub fn effort(
        &self,
        drivers: &std::collections::BTreeMap<Slug, i64>,
        options: &std::collections::BTreeSet<Slug>,
    ) -> Effort {
        self.tasks()
            .filter(|(_, task)| task.option.as_ref().is_none_or(|o| options.contains(o)))
            .map(|(_, task)| {
                task.effort_for(|id| {
                    let given = drivers.get(id).copied();
                    given.or_else(|| self.driver(id).map(|d| d.default))
                })
            })
            .fold(Effort::default(), Effort::saturating_add)
    }
}
