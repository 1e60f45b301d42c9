//! The gates: nothing reaches a person and no money moves except through here.
//!
//! What decides on one message spans more than one record, so it is split by who owns it, and no
//! transaction ever spans two processes:
//!
//! ```text
//! asker -> Recipient (may this person be written to, is the letter right?)
//!       -> Desk      (is there room: caps, windows, budgets, kill switch?)
//!       -> Recipient (books the intent) -> effect -> gate::open -> Messenger
//!       -> outcome -> asker; slots that were not used go back to the desk
//! ```
//!
//! A person's opt-out that commits before the effect is marked started always wins.
//! [`Payer`] does the same for money.

mod approval;
mod basis;
mod breaker;
mod contracts;
mod desk;
pub mod gate;
mod letter;
mod lint;
mod messenger;
mod payer;
mod payment;
mod recipient;
mod retention;
pub mod rules;
mod suppression;

#[cfg(test)]
mod tests;

pub use approval::{Approval, ApprovalMode};
pub use basis::{Consent, LegalBasis};
pub use breaker::{Breaker, BreakerLimits, Tally, Trip};
pub use contracts::{
    AskCharge, AskSend, AskSlot, ChargeAnswer, ChargeOutcome, DeskNews, Heard, HeardLately,
    LeaveCompany, SendAnswer, SendOutcome, SlotAnswer, SlotDone, SlotVerdict, Withdraw,
};
pub use desk::{
    Caps, Desk, DeskEvent, DeskInput, DeskPolicy, DeskState, PlaceRecord, Scope, WideSuppression,
};
pub use letter::{
    Attachment, Content, Draft, Letter, LetterClass, Notices, OptOut, Paragraph, RecipientFacts,
    Sender, Thread,
};
pub use lint::{LintFinding, lint};
pub use messenger::{Messenger, MessengerPerformer, Receipt, Sendable, SentLog};
pub use payer::{
    ChargeEffect, Instalment, InstalmentPhase, Payer, PayerEvent, PayerInput, PayerPolicy,
    PayerState,
};
pub use payment::{Bill, Charge, ChargeLog, ChargeReceipt, PayerPerformer, PaymentGateway};
pub use recipient::{
    Intent, Phase, Recipient, RecipientEvent, RecipientInput, RecipientPolicy, RecipientState,
    SendEffect,
};
pub use retention::{Paper, Retention, retention};
pub use suppression::{News, Suppression, SuppressionClass};
