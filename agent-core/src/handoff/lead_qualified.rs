use serde::{Deserialize, Serialize};

use super::{Contract, HandOffError, Listed, Requirement};
use crate::id::{AccountId, ContactId, LeadId};
use crate::party::{Channel, Country, EmailAddress, Language, LegalForm};
use crate::personal::Personal;
use crate::provenance::Confidence;
use crate::trust::LegalBasis;

/// One reason of a score: a rule and the points it gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonPoints {
    /// The rule.
    pub rule: String,
    /// What it looked at, for people.
    pub because: String,
    /// What it gave.
    pub points: i64,
}

/// A service worth offering, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecommendedService {
    /// A slug of the catalogue.
    pub service: String,
    /// Rank weight; more is better.
    pub points: i64,
    /// What the points rest on.
    pub reasons: Vec<ReasonPoints>,
}

/// The parts of [`LeadQualified`], any of which may still be missing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeadQualifiedParts {
    /// The lead.
    pub lead: Option<LeadId>,
    /// Which sale to this lead it is, from 1; a client who buys again starts a new one.
    pub occurrence: u32,
    /// The organisation.
    pub account: Option<AccountId>,
    /// Its name as it may stand in a letter.
    pub account_name: Option<String>,
    /// Its legal form, where known; unknown is treated as a sole person.
    pub legal_form: Option<LegalForm>,
    /// The person or mailbox to write to.
    pub contact: Option<ContactId>,
    /// How to address them; `None` where no name is known.
    pub contact_name: Option<Personal<String>>,
    /// The address to write to.
    pub address: Option<Personal<EmailAddress>>,
    /// The country whose law applies; `None` means the strictest rules.
    pub country: Option<Country>,
    /// The zone of the recipient, an IANA name, where known.
    pub zone: Option<String>,
    /// The language to write in.
    pub language: Option<Language>,
    /// The channel they prefer or the policy's default.
    pub channel: Option<Channel>,
    /// Where the address came from, in words fit for the recipient.
    pub source_notice: Option<String>,
    /// The source's name in the terms register.
    pub source: Option<String>,
    /// Whether they wrote to us first (an inquiry) or we found them.
    pub inbound: bool,
    /// The website, where known.
    pub website: Option<String>,
    /// The score.
    pub score: Option<i64>,
    /// The reasons; they sum to the score.
    pub reasons: Vec<ReasonPoints>,
    /// Win probability in parts per million, with how sure the model is.
    pub win_probability: Option<(u32, Confidence)>,
    /// What to offer, best first.
    pub services: Vec<RecommendedService>,
    /// What is already known of their needs.
    pub requirements: Vec<Requirement>,
    /// Facts about the business that may be cited to them, name and value.
    pub facts: Vec<(String, String)>,
    /// What public sources say of the business, each with when it was read. Since
    /// version 2.
    #[serde(default)]
    pub listings: Option<Personal<Vec<Listed>>>,
    /// Why we may write to them.
    pub basis: Option<LegalBasis>,
}

/// Discovery to deals: a lead worth a deal, with all that a first letter needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "LeadQualifiedParts", into = "LeadQualifiedParts")]
pub struct LeadQualified {
    lead: LeadId,
    address: Personal<EmailAddress>,
    score: i64,
    parts: LeadQualifiedParts,
}

impl LeadQualified {
    /// The lead.
    #[must_use]
    pub fn lead(&self) -> LeadId {
        self.lead
    }

    /// The address to write to.
    #[must_use]
    pub fn address(&self) -> &Personal<EmailAddress> {
        &self.address
    }

    /// The score; [`LeadQualifiedParts::reasons`] sum to it.
    #[must_use]
    pub fn score(&self) -> i64 {
        self.score
    }

    /// Everything else, known to be complete.
    #[must_use]
    pub fn parts(&self) -> &LeadQualifiedParts {
        &self.parts
    }
}

impl TryFrom<LeadQualifiedParts> for LeadQualified {
    type Error = HandOffError;

    fn try_from(parts: LeadQualifiedParts) -> Result<Self, Self::Error> {
        let missing = |part| HandOffError::Missing {
            contract: Self::NAME,
            part,
        };
        if parts.occurrence == 0 {
            return Err(missing("occurrence"));
        }
        if parts.account.is_none() {
            return Err(missing("account"));
        }
        if parts
            .account_name
            .as_deref()
            .is_none_or(|n| n.trim().is_empty())
        {
            return Err(missing("account_name"));
        }
        if parts.contact.is_none() {
            return Err(missing("contact"));
        }
        if parts.language.is_none() {
            return Err(missing("language"));
        }
        if parts.channel.is_none() {
            return Err(missing("channel"));
        }
        if parts
            .source_notice
            .as_deref()
            .is_none_or(|n| n.trim().is_empty())
        {
            return Err(missing("source_notice"));
        }
        if parts.source.is_none() {
            return Err(missing("source"));
        }
        if parts.services.is_empty() {
            return Err(missing("services"));
        }
        if parts.reasons.is_empty() {
            return Err(missing("reasons"));
        }
        if parts.basis.is_none() {
            return Err(missing("basis"));
        }
        let score = parts.score.ok_or_else(|| missing("score"))?;
        let sum: i64 = parts.reasons.iter().map(|r| r.points).sum();
        if sum != score {
            return Err(HandOffError::Contradiction {
                contract: Self::NAME,
                what: format!("the reasons sum to {sum}, the score is {score}"),
            });
        }
        Ok(Self {
            lead: parts.lead.ok_or_else(|| missing("lead"))?,
            address: parts.address.clone().ok_or_else(|| missing("address"))?,
            score,
            parts,
        })
    }
}

impl From<LeadQualified> for LeadQualifiedParts {
    fn from(whole: LeadQualified) -> Self {
        whole.parts
    }
}

impl Contract for LeadQualified {
    const NAME: &'static str = "lead-qualified";
    const VERSION: u32 = 2;
}
