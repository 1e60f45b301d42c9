use serde::{Deserialize, Serialize};

use super::Intent;
use crate::canonical::Digest32;
use crate::party::EmailAddress;
use crate::personal::Personal;
use crate::process::{ProcessKey, Unsettled};
use crate::text::Untrusted;
use crate::time::Timestamp;
use crate::trust::{
    Approval, AskSend, Consent, LintFinding, News, Receipt, SlotAnswer, Suppression, Withdraw,
};

/// What can happen to a recipient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "an input is read once for each step and never kept in numbers"
)]
#[non_exhaustive]
pub enum RecipientInput {
    /// A process wants a letter sent.
    Ask {
        /// Who.
        asker: ProcessKey,
        /// What.
        ask: Box<AskSend>,
    },
    /// The desk answered.
    Slot(SlotAnswer),
    /// The desk takes a grant back.
    Withdraw(Withdraw),
    /// A person says yes to one content.
    Approve {
        /// Which letter.
        intent: String,
        /// The content they saw.
        hash: Digest32,
    },
    /// A person says no.
    Refuse {
        /// Which letter.
        intent: String,
        /// Why.
        why: String,
    },
    /// Nobody said yes or no in time.
    ApprovalLapsed {
        /// Which letter.
        intent: String,
        /// Which wait.
        expires: Timestamp,
    },
    /// A provider took the letter.
    Sent {
        /// Which letter.
        intent: String,
        /// Which booking.
        attempt: u32,
        /// The provider's word.
        receipt: Receipt,
    },
    /// The letter was not sent.
    Unsent {
        /// Which letter.
        intent: String,
        /// Which booking.
        attempt: u32,
        /// Why.
        how: Unsettled,
    },
    /// Something came back from the person.
    Received {
        /// What kind of thing.
        news: News,
        /// From which address.
        address: Personal<EmailAddress>,
        /// The `Message-ID` it answers, where it says so.
        answers: Option<String>,
        /// What it says, without quotes and signature.
        text: Option<Personal<Untrusted<String>>>,
        /// Its own `Message-ID`.
        message_id: Option<String>,
        /// By which way it came.
        source: String,
        /// When a person who is away is back.
        until: Option<Timestamp>,
    },
    /// They said yes to marketing.
    Consented(Consent),
    /// They are a customer now.
    BecameCustomer,
    /// They object to marketing, by a way that a person of the agency took down.
    Object {
        /// By which way.
        source: String,
    },
    /// They asked to be erased: they are never written to again, and what is on its way is off.
    Erase {
        /// By which way.
        source: String,
    },
}

/// What a recipient records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecipientEvent {
    /// A letter was asked for and passed the rules.
    Asked {
        /// Which letter.
        intent: String,
        /// All of it.
        record: Box<Intent>,
        /// The address.
        address: Personal<EmailAddress>,
    },
    /// A letter was refused.
    Refused {
        /// Which letter.
        intent: String,
        /// Who asked.
        asker: ProcessKey,
        /// The asker's own name for it.
        step: String,
        /// The rules that refused it.
        findings: Vec<LintFinding>,
    },
    /// A person said yes.
    Approved {
        /// Which letter.
        intent: String,
        /// The approval.
        approval: Approval,
    },
    /// A place was booked.
    Booked {
        /// Which letter.
        intent: String,
        /// Which booking.
        attempt: u32,
        /// Not begun after this.
        expires: Timestamp,
    },
    /// There was no room.
    Deferred {
        /// Which letter.
        intent: String,
        /// Until when.
        until: Timestamp,
    },
    /// It is proven that it did not leave, and its place is asked for once more.
    Returned {
        /// Which letter.
        intent: String,
    },
    /// The effect is being taken back.
    Stopping {
        /// Which letter.
        intent: String,
        /// The rule.
        rule: String,
        /// Why, for people.
        why: String,
    },
    /// It is off, before it left.
    Dropped {
        /// Which letter.
        intent: String,
        /// The rule.
        rule: String,
    },
    /// It left.
    Sent {
        /// Which letter.
        intent: String,
        /// Which booking.
        attempt: u32,
        /// When.
        at: Timestamp,
        /// Its `Message-ID`.
        message_id: String,
        /// The provider's id for it.
        provider_id: String,
    },
    /// It was tried and did not go.
    Failed {
        /// Which letter.
        intent: String,
        /// Which booking.
        attempt: u32,
    },
    /// The address is not written to any more.
    Suppressed(Suppression),
    /// Something came back.
    Heard {
        /// What kind of thing.
        news: News,
        /// The letter it answers, where that is known.
        intent: Option<String>,
        /// From which address.
        address: Personal<EmailAddress>,
    },
    /// They asked us something of their own accord.
    Inquired {
        /// When.
        at: Timestamp,
    },
    /// They said yes to marketing, which also lifts an earlier no to it.
    Consented(Consent),
    /// They are a customer.
    BecameCustomer {
        /// Since when.
        at: Timestamp,
    },
}
