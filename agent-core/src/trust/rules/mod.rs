//! Rules of law and of mail, as data.
//!
//! Each rule has an id, the profiles it belongs to, its source, the day it took effect and a
//! predicate. A decision on a letter lists the ids it passed; the first that refuses is the
//! reason. The embedding company is the controller and sender; the library supplies the mechanism
//! and refuses by default. This is not legal advice.

mod letter;
mod person;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    ApprovalMode, Consent, Draft, LegalBasis, LetterClass, LintFinding, Suppression,
    SuppressionClass,
};
use crate::party::{Country, DomainName};
use crate::personal::Purpose;
use crate::process::{Bug, bug};
use crate::time::Timestamp;

pub use letter::denies_being_a_machine;

/// A body of law that is applied as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Profile {
    /// United States: CAN-SPAM.
    Us,
    /// European Union and EEA: GDPR, ePrivacy.
    Eu,
    /// United Kingdom: UK GDPR, PECR.
    Uk,
    /// Germany: the EU's and the UWG.
    De,
    /// Canada: CASL.
    Ca,
}

impl Profile {
    /// All of them: what applies where the country is unknown or has no profile here.
    pub const STRICTEST: [Self; 5] = [Self::Us, Self::Eu, Self::Uk, Self::De, Self::Ca];

    /// The profiles that apply to a recipient in `country`.
    #[must_use]
    pub fn of(country: Option<Country>) -> &'static [Self] {
        match country {
            Some(c) if c.code() == "US" => &[Self::Us],
            Some(c) if c.code() == "CA" => &[Self::Ca],
            Some(c) if c.code() == "GB" => &[Self::Uk],
            Some(c) if c.code() == "DE" => &[Self::De, Self::Eu],
            Some(c) if c.is_eea() => &[Self::Eu],
            _ => &Self::STRICTEST,
        }
    }
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum About {
    /// The letter alone.
    Letter,
    /// Whether this person may be written to.
    Person,
}

/// What people set for the rules.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RulesPolicy {
    /// The embedding company's id.
    pub principal: String,
    /// Domains that are proven to be ours.
    pub verified_domains: BTreeSet<DomainName>,
    /// Recorded interest assessments that campaigns may cite.
    pub assessments: BTreeSet<String>,
    /// Who must say yes, where a campaign says nothing else.
    pub approval: ApprovalMode,
    /// Promotional share in percent above which a letter counts as marketing.
    pub promotional_percent: u32,
}

/// What is known of a recipient from before.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// What stands against writing.
    pub suppressions: Vec<Suppression>,
    /// What they agreed to and did not withdraw.
    pub consents: Vec<Consent>,
    /// When they last asked us something.
    pub inquiry: Option<Timestamp>,
    /// Since or until when they are a customer, the later one.
    pub customer: Option<Timestamp>,
    /// Whether we have written to them before.
    pub contacted: bool,
}

/// All that a rule may look at.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The letter and what the asker knows.
    pub draft: &'a Draft,
    /// What is known from before.
    pub past: &'a Past,
    /// What people set.
    pub policy: &'a RulesPolicy,
    /// The time.
    pub now: Timestamp,
}

impl Question<'_> {
    /// The letter's class by its primary purpose: one that sells enough is marketing, whatever it
    /// says of itself.
    #[must_use]
    pub fn class(&self) -> LetterClass {
        let letter = &self.draft.letter;
        let percent = letter
            .content
            .reveal(Purpose::Contact)
            .promotional_percent();
        if letter.class != LetterClass::Marketing && percent > self.policy.promotional_percent {
            LetterClass::Marketing
        } else {
            letter.class
        }
    }

    fn is_marketing(&self) -> bool {
        self.class() == LetterClass::Marketing
    }

    fn has_consent(&self) -> bool {
        !self.past.consents.is_empty()
    }

    fn is_customer(&self) -> bool {
        self.past.customer.is_some()
            || matches!(self.draft.facts.basis, Some(LegalBasis::Customer { .. }))
    }

    fn is_in_both_parts(&self, words: &str) -> bool {
        use crate::text::{Context, Untrusted};
        if words.trim().is_empty() {
            return false;
        }
        let letter = &self.draft.letter;
        let (text, html) = (letter.text(), letter.html());
        text.contains(words)
            && words.lines().all(|line| {
                html.contains(&Untrusted::new(line.to_owned()).render_for(Context::HtmlText))
            })
    }
}

/// One rule.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its id, as decisions and documents cite it.
    pub id: &'static str,
    /// What it asks for, in a few words.
    pub title: &'static str,
    /// Where it applies; empty means everywhere.
    pub profiles: &'static [Profile],
    /// The law, standard or decision it rests on.
    pub source: &'static str,
    /// Since when it applies, as a date; rules of our own since the first version.
    pub effective: &'static str,
    /// What it looks at.
    pub about: About,
    /// Says what is wrong, or nothing.
    pub check: fn(&Question<'_>) -> Result<(), String>,
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Rule {
    /// Whether it applies to the recipient.
    #[must_use]
    pub fn applies(&self, question: &Question<'_>) -> bool {
        self.profiles.is_empty()
            || Profile::of(question.draft.facts.country)
                .iter()
                .any(|p| self.profiles.contains(p))
    }

    /// What it finds wrong, where it applies.
    #[must_use]
    pub fn refuses(&self, question: &Question<'_>) -> Option<LintFinding> {
        if !self.applies(question) {
            return None;
        }
        (self.check)(question).err().map(|what| LintFinding {
            rule: self.id.to_owned(),
            what,
        })
    }
}

/// What the rules say of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The ids of the rules that were applied and passed, in order.
    pub passed: Vec<String>,
    /// What refused it, in order; empty means it may go.
    pub refused: Vec<LintFinding>,
}

/// Every rule, in order: first whether the person may be written to, then the letter.
#[must_use]
pub fn all() -> Vec<Rule> {
    let mut rules = person::RULES.to_vec();
    rules.extend_from_slice(letter::RULES);
    rules
}

/// Asks every rule.
#[must_use]
pub fn judge(question: &Question<'_>) -> Verdict {
    let mut verdict = Verdict {
        passed: Vec::new(),
        refused: Vec::new(),
    };
    for rule in all() {
        if !rule.applies(question) {
            continue;
        }
        if bug(Bug::LintSkipped) && rule.about == About::Letter {
            continue;
        }
        match rule.refuses(question) {
            Some(finding) => verdict.refused.push(finding),
            None => verdict.passed.push(rule.id.to_owned()),
        }
    }
    verdict
}

/// The suppression that stops a letter of `class`, if one does.
#[must_use]
pub fn stopping(suppressions: &[Suppression], class: LetterClass) -> Option<&Suppression> {
    suppressions.iter().find(|s| match s.class {
        SuppressionClass::Mailbox => true,
        SuppressionClass::Marketing => class == LetterClass::Marketing,
    })
}
