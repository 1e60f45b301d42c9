use std::collections::BTreeMap;

use chrono::NaiveDate;
use dealwright_core::handoff::{Quotation, Requirement};
use dealwright_core::id::MessageId;
use dealwright_core::money::Money;
use dealwright_core::party::BuyingRole;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that an assessment wants to know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Field {
    /// What the client needs at all.
    Needs,
    /// Whether a need that was inferred, or called in doubt, is one.
    Confirm(String),
    /// A number that makes the work larger or smaller, by its slug.
    Driver(String),
    /// Who decides.
    Decider,
    /// What there is to spend.
    Budget,
    /// By when it has to be ready.
    Deadline,
}

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a message is from the client or from us"
)]
pub enum Speaker {
    /// The client.
    Client,
    /// We did, asking for that.
    Us {
        /// What the message asks for: the client's next words answer it.
        asks: Option<Field>,
    },
}

/// One message of a dialogue, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id; quotations name it.
    pub id: MessageId,
    /// When it was written: dates in it count from there.
    pub at: Timestamp,
    /// Who wrote it.
    pub by: Speaker,
    /// The stored text; quotations are places in it.
    pub text: Untrusted<String>,
}

/// A value that the client stated, with the words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated<T> {
    /// What it was read as.
    pub value: T,
    /// Where it stands.
    pub quote: Quotation,
}

/// What a client has to spend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// At least that, where said.
    pub from: Option<Money>,
    /// At most that, where said; equal to `from` for "about 800".
    pub to: Option<Money>,
    /// Whether it comes again each month.
    pub monthly: bool,
}

/// What the writer says about who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// The writer decides.
    Decides,
    /// Somebody else has to agree.
    AsksOthers,
    /// The writer only passes it on.
    PassesOn,
}

impl Role {
    /// The buying role that this makes likely.
    #[must_use]
    pub const fn buying_role(self) -> BuyingRole {
        match self {
            Self::Decides => BuyingRole::DecisionMaker,
            Self::AsksOthers => BuyingRole::Champion,
            Self::PassesOn => BuyingRole::Gatekeeper,
        }
    }
}

/// Why something that was spoken of is not a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Declined {
    /// The client does not want it.
    Refused,
    /// They have it and are content.
    Content,
    /// Perhaps later.
    Later,
}

/// Everything that was read out of a dialogue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Heard {
    pub(super) requirements: Vec<Requirement>,
    pub(super) declined: BTreeMap<String, Stated<Declined>>,
    pub(super) drivers: BTreeMap<String, Stated<i64>>,
    pub(super) budget: Option<Stated<Budget>>,
    pub(super) deadline: Option<Stated<NaiveDate>>,
    pub(super) role: Option<Stated<Role>>,
    pub(super) machine_text: bool,
    pub(super) selling: bool,
}

impl Heard {
    /// What the client needs, by slug; each with the words it rests on.
    #[must_use]
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// What was spoken of and is not wanted, by slug.
    #[must_use]
    pub fn declined(&self) -> &BTreeMap<String, Stated<Declined>> {
        &self.declined
    }

    /// The numbers that were stated, by driver.
    #[must_use]
    pub fn drivers(&self) -> &BTreeMap<String, Stated<i64>> {
        &self.drivers
    }

    /// What there is to spend.
    #[must_use]
    pub fn budget(&self) -> Option<&Stated<Budget>> {
        self.budget.as_ref()
    }

    /// By when it has to be ready.
    #[must_use]
    pub fn deadline(&self) -> Option<&Stated<NaiveDate>> {
        self.deadline.as_ref()
    }

    /// Who decides.
    #[must_use]
    pub fn role(&self) -> Option<&Stated<Role>> {
        self.role.as_ref()
    }

    /// Whether a message speaks to a machine. What those words ask for was not read; a person
    /// should look at the rest.
    #[must_use]
    pub fn has_machine_text(&self) -> bool {
        self.machine_text
    }

    /// Whether a message sells us something; nothing was read from it.
    #[must_use]
    pub fn is_selling(&self) -> bool {
        self.selling
    }

    /// Every quotation that anything here rests on.
    pub fn quotations(&self) -> impl Iterator<Item = &Quotation> {
        self.requirements
            .iter()
            .flat_map(|r| &r.evidence)
            .chain(self.declined.values().map(|s| &s.quote))
            .chain(self.drivers.values().map(|s| &s.quote))
            .chain(self.budget.iter().map(|s| &s.quote))
            .chain(self.deadline.iter().map(|s| &s.quote))
            .chain(self.role.iter().map(|s| &s.quote))
    }
}
