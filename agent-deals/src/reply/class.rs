use std::collections::BTreeSet;

use chrono::NaiveDate;
use dealwright_core::money::Money;
use dealwright_core::party::EmailAddress;
use dealwright_core::text::Untrusted;
use dealwright_core::time::Timestamp;
use dealwright_core::trust::News;
use serde::{Deserialize, Serialize};

/// What a mail is. A closed set: nothing else of its text has any effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every reader must decide every class"
)]
pub enum MailClass {
    /// A person answered.
    Human {
        /// What they want, first of all.
        intent: Intent,
        /// What they want besides.
        also: Vec<Intent>,
    },
    /// Somebody is away.
    OutOfOffice {
        /// The first day they are back, where it says so.
        returns: Option<NaiveDate>,
    },
    /// The person is not there any more.
    LeftCompany {
        /// Whom to write to instead, where it says so.
        referral: Option<EmailAddress>,
    },
    /// A person puts it off.
    NotNow {
        /// The first day to ask again, where it says so.
        until: Option<NaiveDate>,
    },
    /// Somebody else is responsible.
    WrongPerson {
        /// Who, where it says so.
        referral: Option<EmailAddress>,
    },
    /// The letter came back.
    Bounce {
        /// What that says about the address.
        severity: BounceSeverity,
        /// Whose letter, where it says so.
        recipient: Option<EmailAddress>,
    },
    /// They do not want to be written to.
    OptOut,
    /// They complain of the letter as abuse, themselves or through their provider.
    Complaint,
    /// Any other machine: a ticket number, a newsletter, a read receipt.
    Automatic,
}

impl MailClass {
    /// What the recipient's gate is told; `None` for machines that say nothing about the person.
    #[must_use]
    pub fn news(&self) -> Option<News> {
        Some(match self {
            Self::Human { .. } | Self::NotNow { .. } | Self::WrongPerson { .. } => News::Reply,
            Self::OutOfOffice { .. } => News::OutOfOffice,
            // Nobody reads that mailbox any more.
            Self::LeftCompany { .. } => News::HardBounce,
            Self::Bounce {
                severity: BounceSeverity::Hard,
                ..
            } => News::HardBounce,
            Self::Bounce {
                severity: BounceSeverity::Soft,
                ..
            } => News::SoftBounce,
            Self::Bounce {
                severity: BounceSeverity::Block,
                ..
            } => News::PolicyBlock,
            Self::OptOut => News::OptOut,
            Self::Complaint => News::Complaint,
            Self::Automatic => return None,
        })
    }

    /// The morning from which somebody who is away is back, in UTC, where it says so.
    #[must_use]
    pub fn back_from(&self) -> Option<Timestamp> {
        let Self::OutOfOffice { returns } = self else {
            return None;
        };
        Some(returns.as_ref()?.and_hms_opt(9, 0, 0)?.and_utc())
    }

    /// Whether a person wrote it, about whatever.
    #[must_use]
    pub fn is_from_person(&self) -> bool {
        matches!(
            self,
            Self::Human { .. } | Self::NotNow { .. } | Self::WrongPerson { .. } | Self::OptOut
        )
    }
}

/// What a returned letter says about the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every caller must decide every case"
)]
pub enum BounceSeverity {
    /// It does not exist.
    Hard,
    /// It cannot take mail for now, or why not is not known.
    Soft,
    /// Their server refuses us or the letter: says nothing about the address.
    Block,
}

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Intent {
    /// They ask whether a machine writes: the answer is the truth.
    AskIfBot,
    /// No.
    Decline(DeclineReason),
    /// Too dear.
    PriceObjection(Option<Asked>),
    /// Yes to what stands.
    Accept,
    /// They want to speak.
    Meeting,
    /// They ask something.
    Question,
    /// They want to know more.
    Interested,
    /// They say what was asked.
    ProvideInfo,
    /// The rules do not know; a person has to look.
    Unclear,
}

/// What somebody asks for who finds a price too high.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Asked {
    /// So much less, in hundredths of a percent.
    Discount(u32),
    /// This price.
    Price(Money),
}

/// Why somebody says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeclineReason {
    /// It costs too much.
    TooExpensive,
    /// Somebody else does it.
    HasSupplier,
    /// The business ends.
    Closing,
    /// They have no use for it.
    NoNeed,
    /// They do not say.
    Unstated,
}

/// Why a person has to look at a message. None of these can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "every policy must cover every rule"
)]
pub enum Escalation {
    /// They do not want to be written to.
    OptOut,
    /// They complain.
    Complaint,
    /// Lawyers, courts or authorities are named.
    Legal,
    /// The rules do not know what is meant, or something is missing.
    Unsure,
}

impl Escalation {
    /// Every rule.
    pub const ALL: [Self; 4] = [Self::OptOut, Self::Complaint, Self::Legal, Self::Unsure];
}

/// What was read of a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub(super) class: MailClass,
    pub(super) own: Untrusted<String>,
    pub(super) escalations: BTreeSet<Escalation>,
}

impl Reading {
    /// What it is.
    #[must_use]
    pub fn class(&self) -> &MailClass {
        &self.class
    }

    /// What its writer wrote now: without quotes and signature.
    #[must_use]
    pub fn own_text(&self) -> &Untrusted<String> {
        &self.own
    }

    /// Why a person has to look; empty where nobody has to.
    #[must_use]
    pub fn escalations(&self) -> &BTreeSet<Escalation> {
        &self.escalations
    }

    /// What the person wants first of all; `None` where no person answered.
    #[must_use]
    pub fn intent(&self) -> Option<&Intent> {
        match &self.class {
            MailClass::Human { intent, .. } => Some(intent),
            _ => None,
        }
    }
}
