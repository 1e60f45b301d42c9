use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::canonical::{self, CanonicalError, Digest32};
use dealwright_core::error::PortError;
use dealwright_core::handoff::Listed;
use dealwright_core::id::{ProjectId, TaskId};
use dealwright_core::money::Money;
use dealwright_core::personal::Personal;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Who does or judges work. A task that a tool made and the tool again judges is not reviewed;
/// [`differs_from`](Self::differs_from) says what counts as somebody else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkerIdentity {
    /// A person of the agency, by account name.
    Person {
        /// The account name.
        name: String,
    },
    /// A language model.
    Model {
        /// Who made it and which line it is of, for example `family-a`.
        family: String,
        /// Which one of the family.
        name: String,
    },
    /// Code without a model.
    Tool {
        /// Its name in the registry of workers, a slug such as `website-audit`.
        name: String,
        /// Its version.
        version: String,
    },
}

impl WorkerIdentity {
    /// A person.
    #[must_use]
    pub fn person(name: impl Into<String>) -> Self {
        Self::Person { name: name.into() }
    }

    /// A model of a family.
    #[must_use]
    pub fn model(family: impl Into<String>, name: impl Into<String>) -> Self {
        Self::Model {
            family: family.into(),
            name: name.into(),
        }
    }

    /// A tool in a version.
    #[must_use]
    pub fn tool(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self::Tool {
            name: name.into(),
            version: version.into(),
        }
    }

    /// Whether this is somebody else for the purpose of a review: another person, another
    /// family of models, another tool or version, or another kind of worker.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Model { family: ours, .. }, Self::Model { family: theirs, .. }) => {
                ours != theirs
            }
            _ => self != other,
        }
    }

    /// Whether it is a language model, so that what it makes must be marked.
    #[must_use]
    pub fn is_model(&self) -> bool {
        matches!(self, Self::Model { .. })
    }

    /// Whether it is a person.
    #[must_use]
    pub fn is_person(&self) -> bool {
        matches!(self, Self::Person { .. })
    }
}

impl fmt::Display for WorkerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person { name } => write!(f, "person:{name}"),
            Self::Model { family, name } => write!(f, "model:{family}/{name}"),
            Self::Tool { name, version } => write!(f, "tool:{name}@{version}"),
        }
    }
}

/// What a worker says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerProfile {
    /// Who it is.
    pub identity: WorkerIdentity,
    /// The skills it has, by the catalogue's names.
    pub skills: BTreeSet<String>,
    /// How many tasks it can do at a time.
    pub parallel: u32,
}

/// A task as a worker gets it: everything it may know and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskOrder {
    /// The project.
    pub project: ProjectId,
    /// The task.
    pub task: TaskId,
    /// Which try it is, from 1. With the task it is the order's key.
    pub attempt: u32,
    /// The service it belongs to, a slug.
    pub service: String,
    /// The template it was made from, a slug within the service.
    pub template: String,
    /// The skill it needs.
    pub skill: String,
    /// What to tick off.
    pub checklist: Vec<String>,
    /// What makes the work larger or smaller.
    pub drivers: BTreeMap<String, i64>,
    /// The options that were chosen.
    pub options: Vec<String>,
    /// Facts it needs by name, for example `website`.
    pub facts: BTreeMap<String, String>,
    /// What public sources say of the client, each with when it was read.
    #[serde(default)]
    pub listings: Option<Personal<Vec<Listed>>>,
    /// Inputs by name; the bytes lie in `Blobs`.
    pub inputs: BTreeMap<String, Digest32>,
    /// The names of inputs and facts without which it cannot be done.
    pub requires: BTreeSet<String>,
    /// The deliverables it is to yield, slugs within the service.
    pub produces: Vec<String>,
    /// The language of what it yields, ISO 639.
    pub language: String,
    /// What was found wrong with the last try, where this is rework.
    pub faults: Vec<String>,
    /// It must be done by then.
    pub due: Timestamp,
    /// It must not cost more than this.
    pub limit: Money,
}

impl TaskOrder {
    /// The hash of everything the work rests on; attempt, due time and limit are not part of it,
    /// nor what directories say of the client: a plain hash would tell who it is.
    ///
    /// # Errors
    ///
    /// [`CanonicalError`], which does not occur with the types at hand.
    pub fn input_hash(&self) -> Result<Digest32, CanonicalError> {
        canonical::hash_of(&(
            (&self.task, &self.service, &self.template, &self.language),
            (&self.drivers, &self.options, &self.facts, &self.inputs),
            (&self.produces, &self.faults),
        ))
    }

    /// The names it requires and does not have.
    #[must_use]
    pub fn missing(&self) -> BTreeSet<&str> {
        self.requires
            .iter()
            .filter(|name| !self.facts.contains_key(*name) && !self.inputs.contains_key(*name))
            .map(String::as_str)
            .collect()
    }
}

/// A measured or observed value that criteria are checked against.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(
    clippy::exhaustive_enums,
    reason = "predicates decide every kind of value"
)]
pub enum FactValue {
    /// A count, a flag (0 or 1), an amount in whole units.
    Number(i64),
    /// A word or name.
    Text(String),
}

impl From<i64> for FactValue {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for FactValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Measured values by name.
pub type Facts = BTreeMap<String, FactValue>;

/// What begins the name of a fact that counts a driver of the order, as `counted-pages`: what
/// there was, which may be less than was ordered and is then all that is paid for.
pub const COUNTED: &str = "counted-";

/// A file that a task yielded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProducedPart {
    /// The deliverable it is of, a slug within the service.
    pub deliverable: String,
    /// Its file name.
    pub name: String,
    /// Its media type, for example `application/pdf`.
    pub media_type: String,
    /// The hash of its bytes, which lie in `Blobs`.
    pub digest: Digest32,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What something cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Money: wages, model calls, tools.
    pub money: Money,
    /// Minutes of work; a figure of the worker's, never a measured duration of a machine.
    pub minutes: i64,
    /// Tokens of language models.
    pub tokens: u64,
}

/// How the work was done, for the decision log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// The method that was chosen, for example `crawl-and-measure`.
    pub name: String,
    /// Why this one.
    pub why: String,
    /// What else was thought of.
    pub instead_of: Vec<String>,
}

/// What came of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskResult {
    /// The files it yielded; none where it only measures or decides.
    pub parts: Vec<ProducedPart>,
    /// What was measured.
    pub facts: Facts,
    /// How it was done.
    pub method: Method,
    /// What it cost.
    pub spent: Spent,
}

impl TaskResult {
    /// The hash of parts and facts.
    ///
    /// # Errors
    ///
    /// [`CanonicalError`], which does not occur with the types at hand.
    pub fn output_hash(&self) -> Result<Digest32, CanonicalError> {
        canonical::hash_of(&(&self.parts, &self.facts))
    }
}

/// Port: whoever does a task, be it a person behind a form, a language model or a tool.
///
/// # Contract
///
/// - `describe` answers the same for as long as the worker lives.
/// - The same order twice yields the same parts and facts: the second call repeats the answer
///   of the first or does work that comes to the same.
/// - An order whose required inputs are missing, or whose skill the worker has not, is refused
///   as `Invalid` without any work.
/// - A result names its method and why, costs no more than the limit, and is in its currency.
///
/// The lease on the task is renewed by the runtime while the call is under way; a worker that
/// is dropped mid-way leaves nothing behind that a second one would trip over.
///
/// Implementors prove this with [`worker_conformance!`](crate::worker_conformance).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Worker: Debug + Send + Sync {
    /// What it is and can do.
    fn describe(&self) -> WorkerProfile;

    /// Does one task.
    async fn work(&self, order: TaskOrder) -> Result<TaskResult, PortError>;
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: Worker + ?Sized> Worker for $pointer {
            fn describe(&self) -> WorkerProfile {
                (**self).describe()
            }

            async fn work(&self, order: TaskOrder) -> Result<TaskResult, PortError> {
                (**self).work(order).await
            }
        }
    )*};
}

forward!(&T, Arc<T>, Box<T>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_model_of_the_family_is_nobody_else() {
        let model = WorkerIdentity::model;
        assert!(!model("a", "small").differs_from(&model("a", "large")));
        assert!(model("a", "small").differs_from(&model("b", "small")));
        let tool = WorkerIdentity::tool;
        assert!(!tool("audit", "1").differs_from(&tool("audit", "1")));
        assert!(tool("audit", "1").differs_from(&tool("audit", "2")));
        let person = WorkerIdentity::person;
        assert!(!person("kim").differs_from(&person("kim")));
        assert!(person("kim").differs_from(&tool("kim", "1")));
    }
}
