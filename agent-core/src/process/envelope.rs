use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ProcessKey, Revision, WorkKey};
use crate::canonical::Digest32;
use crate::time::Timestamp;

/// On whose behalf an input was offered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Actor {
    /// The library itself: a timer, an outcome, a message of another process.
    System,
    /// The AI agent. It may propose; it may never approve.
    Agent,
    /// A person who works for the agency, by their account name.
    Person(String),
    /// Somebody outside: a client, a recipient, a provider, by channel.
    Outside(String),
}

impl Actor {
    /// A person of the agency, by account name.
    #[must_use]
    pub fn person(name: impl Into<String>) -> Self {
        Self::Person(name.into())
    }

    /// What a key calls it: a person's account name, or what else it is.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::System => "system",
            Self::Agent => "agent",
            Self::Person(name) => name,
            Self::Outside(channel) => channel,
        }
    }

    /// Whether this is a person of the agency.
    #[must_use]
    pub fn is_person(&self) -> bool {
        matches!(self, Self::Person(_))
    }
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// The schema version it was written in.
    pub version: u32,
    /// The event, personal fields sealed.
    pub body: Value,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The decision's events, in order; they may be none.
    Decided(Vec<Recorded>),
    /// The input was refused; `apply` never sees this.
    Refused {
        /// The rule that refused it.
        rule: String,
        /// Why, for people.
        reason: String,
    },
}

/// The input that a step consumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputRecord {
    /// The row it came from.
    pub key: WorkKey,
    /// On whose behalf.
    pub actor: Actor,
    /// The input, personal fields sealed.
    pub body: Value,
}

/// One commit of one process: what came in, and what came of it. This is the log's entry and the
/// audit's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// The process.
    pub process: ProcessKey,
    /// Its revision after this commit; with the process it is the envelope's id.
    pub revision: Revision,
    /// When it was decided.
    pub at: Timestamp,
    /// The hash of the policy it was decided under.
    pub policy: Digest32,
    /// What was decided on.
    pub input: InputRecord,
    /// What came of it.
    pub outcome: Outcome,
    /// The chain over this and all earlier envelopes of the process.
    pub chain: Digest32,
}

impl Envelope {
    /// The id consumers dedupe by.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}@{}", self.process, self.revision)
    }
}
