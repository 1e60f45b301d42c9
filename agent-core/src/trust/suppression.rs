use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How far a suppression reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every rule must decide both classes"
)]
pub enum SuppressionClass {
    /// A fact about the mailbox: it is gone, or its owner complained. Stops everything.
    Mailbox,
    /// A choice about marketing: stops marketing, not what a contract needs.
    Marketing,
}

/// Why an address is not written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// How far it reaches.
    pub class: SuppressionClass,
    /// A short reason: `opt-out`, `hard bounce`, `complaint`, `objection`.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
    /// By which way it came.
    pub source: String,
}

/// Something that came back from a recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum News {
    /// A person answered.
    Reply,
    /// A machine answered for a person who is away.
    OutOfOffice,
    /// The mailbox does not exist.
    HardBounce,
    /// The mailbox cannot take mail for now.
    SoftBounce,
    /// Their server refuses us, not the person: says nothing about the mailbox.
    PolicyBlock,
    /// They do not want marketing any more.
    OptOut,
    /// They reported the mail as abuse.
    Complaint,
    /// They object to any use of their data for marketing.
    Objection,
}

impl News {
    /// The suppression that follows at once, if one does.
    #[must_use]
    pub fn suppression(&self) -> Option<SuppressionClass> {
        match self {
            Self::HardBounce | Self::Complaint => Some(SuppressionClass::Mailbox),
            Self::OptOut | Self::Objection => Some(SuppressionClass::Marketing),
            Self::Reply | Self::OutOfOffice | Self::SoftBounce | Self::PolicyBlock => None,
        }
    }

    /// The word for it in reasons and counters.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::OutOfOffice => "out of office",
            Self::HardBounce => "hard bounce",
            Self::SoftBounce => "soft bounce",
            Self::PolicyBlock => "policy block",
            Self::OptOut => "opt-out",
            Self::Complaint => "complaint",
            Self::Objection => "objection",
        }
    }
}
