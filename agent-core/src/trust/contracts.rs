//! What the gates and their askers tell each other.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::payment::Bill;
use super::{Draft, LetterClass, News, Scope};
use crate::contract;
use crate::money::Money;
use crate::orchestration::Lane;
use crate::party::{Channel, DomainName};
use crate::personal::Personal;
use crate::text::Untrusted;
use crate::time::Timestamp;

/// Asker to recipient: may this go?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskSend {
    /// The asker's own name for the wish; comes back in the answer.
    pub step: String,
    /// The letter and what the rules need.
    pub draft: Draft,
    /// How urgent it is.
    pub lane: Lane,
}
contract!(AskSend, "ask-send");

/// Recipient to asker: what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendAnswer {
    /// The asker's own name for the wish.
    pub step: String,
    /// What came of it.
    pub outcome: SendOutcome,
}
contract!(SendAnswer, "send-answer");

/// What came of a wish to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every asker must decide every case"
)]
pub enum SendOutcome {
    /// A person must approve it first; another answer follows.
    AwaitsApproval,
    /// It left.
    Sent {
        /// When.
        at: Timestamp,
        /// Its `Message-ID`.
        message_id: String,
        /// The provider's id for it.
        provider_id: String,
    },
    /// There is no room now; ask again, no sooner than `until`.
    Deferred {
        /// When there is room.
        until: Timestamp,
        /// Why not now.
        why: String,
    },
    /// It may not go.
    Refused {
        /// The first rule that refused it.
        rule: String,
        /// Why, for people.
        why: String,
    },
    /// It was tried and did not go.
    Failed {
        /// Why, for people.
        why: String,
    },
}

/// Recipient to asker: something came back from the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// What kind of thing.
    pub news: News,
    /// The step it answers, where that is known.
    pub step: Option<String>,
    /// When it came.
    pub at: Timestamp,
    /// What it says, without quotes and signature.
    pub text: Option<Personal<Untrusted<String>>>,
    /// The `Message-ID` of what came.
    pub message_id: Option<String>,
    /// When the person is back, for answers of machines.
    pub until: Option<Timestamp>,
}
contract!(Heard, "heard");

/// When somebody wrote within a day up to their last message: what tells that two machines write
/// to each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeardLately(Vec<Timestamp>);

impl HeardLately {
    /// Takes a message into account, and forgets what came a day or more before it.
    pub fn add(&mut self, at: Timestamp) {
        let day_before = at - Duration::days(1);
        self.0.retain(|earlier| *earlier > day_before);
        self.0.push(at);
    }

    /// How many messages they are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
}

/// Recipient to desk: is there room?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskSlot {
    /// The recipient's name for the wish.
    pub intent: String,
    /// Which of the recipient's bookings it is.
    pub attempt: u32,
    /// What it is for.
    pub class: LetterClass,
    /// The channel.
    pub channel: Channel,
    /// The scopes whose caps it counts against.
    pub scopes: Vec<Scope>,
    /// The recipient's zone, where known.
    pub zone: Option<String>,
    /// The recipient's country, where known.
    pub country: Option<crate::party::Country>,
}
contract!(AskSlot, "ask-slot");

/// Desk to recipient: the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotAnswer {
    /// The recipient's name for the wish.
    pub intent: String,
    /// Which booking.
    pub attempt: u32,
    /// The answer.
    pub verdict: SlotVerdict,
}
contract!(SlotAnswer, "slot-answer");

/// Whether there is room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the recipient must decide every case"
)]
pub enum SlotVerdict {
    /// Yes, until then.
    Granted {
        /// Not after this.
        expires: Timestamp,
    },
    /// Not now; a place is kept for then.
    Deferred {
        /// From when.
        until: Timestamp,
        /// What is full or closed.
        why: String,
    },
    /// No.
    Denied {
        /// The rule.
        rule: String,
        /// Why, for people.
        why: String,
    },
}

/// Recipient to desk: a granted slot is done with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotDone {
    /// The recipient's name for the wish.
    pub intent: String,
    /// Which booking.
    pub attempt: u32,
    /// Whether a letter left on it.
    pub used: bool,
}
contract!(SlotDone, "slot-done");

/// Desk to recipient: a grant is taken back. [`SlotDone`] acknowledges it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdraw {
    /// The recipient's name for the wish.
    pub intent: String,
    /// Which booking.
    pub attempt: u32,
    /// The rule.
    pub rule: String,
    /// Why, for people.
    pub why: String,
}
contract!(Withdraw, "withdraw");

/// Recipient to desk: what came back, for the circuit breakers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskNews {
    /// What kind of thing.
    pub news: News,
    /// When.
    pub at: Timestamp,
    /// The scopes of the letter it answers.
    pub scopes: Vec<Scope>,
}
contract!(DeskNews, "desk-news");

/// Asker to desk: somebody at a company wants no advertising for all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaveCompany {
    /// The company's domain.
    pub company: DomainName,
    /// What was heard, and from whom.
    pub reason: String,
}
contract!(LeaveCompany, "leave-company");

/// Asker to payer: may this be charged or refunded?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskCharge {
    /// The asker's own name for the wish; comes back in the answer.
    pub step: String,
    /// What is to be charged, and on what it rests.
    pub bill: Bill,
    /// The total that was accepted, tax included; all charges under the contract stay within it.
    pub accepted_total: Money,
}
contract!(AskCharge, "ask-charge");

/// Payer to asker: what came of it, now or later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeAnswer {
    /// The asker's own name for the wish.
    pub step: String,
    /// What came of it.
    pub outcome: ChargeOutcome,
}
contract!(ChargeAnswer, "charge-answer");

/// What came of a wish to charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every asker must decide every case"
)]
pub enum ChargeOutcome {
    /// A person must approve it first; another answer follows.
    AwaitsApproval,
    /// The client was asked for the money.
    Requested {
        /// When.
        at: Timestamp,
        /// The provider's id for it.
        provider_id: String,
    },
    /// The money came, all of it.
    Paid {
        /// When.
        at: Timestamp,
        /// How much came in all.
        amount: Money,
    },
    /// The money went back.
    Refunded {
        /// When.
        at: Timestamp,
        /// How much.
        amount: Money,
    },
    /// It may not be charged.
    Refused {
        /// The rule.
        rule: String,
        /// Why, for people.
        why: String,
    },
    /// It was tried and did not go.
    Failed {
        /// Why, for people.
        why: String,
    },
}

/// How long a slot stays granted.
#[must_use]
pub(super) fn grant_life() -> Duration {
    Duration::minutes(15)
}
