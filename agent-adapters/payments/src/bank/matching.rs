//! Which invoice a payment is for, with the reasons, and never by guess.

use std::fmt;

use chrono::NaiveDate;
use dealwright_core::id::InvoiceId;
use dealwright_core::money::Money;
use dealwright_core::personal::Personal;
use serde::{Deserialize, Serialize};

use super::compare::Seen;
use super::reference::CreditorReference;
use super::statement::Incoming;
use crate::fact::MoneyFact;

/// An invoice that is not paid yet.
#[derive(Clone, Debug)]
pub struct OpenInvoice {
    pub(super) invoice: InvoiceId,
    pub(super) number: String,
    pub(super) reference: CreditorReference,
    pub(super) open: Money,
    pub(super) issued: NaiveDate,
    pub(super) due: NaiveDate,
    pub(super) payers: Vec<Personal<String>>,
    pub(super) accounts: Vec<Personal<String>>,
}

impl OpenInvoice {
    /// `open` is what is still to be paid of it.
    #[must_use]
    pub fn new(
        invoice: InvoiceId,
        number: impl Into<String>,
        reference: CreditorReference,
        open: Money,
        (issued, due): (NaiveDate, NaiveDate),
    ) -> Self {
        Self {
            invoice,
            number: number.into(),
            reference,
            open,
            issued,
            due,
            payers: Vec::new(),
            accounts: Vec::new(),
        }
    }

    /// A name under which the client may pay.
    #[must_use]
    pub fn with_payer(mut self, name: Personal<String>) -> Self {
        self.payers.push(name);
        self
    }

    /// An IBAN from which the client has paid before.
    #[must_use]
    pub fn with_account(mut self, iban: Personal<String>) -> Self {
        self.accounts.push(iban);
        self
    }

    /// The invoice.
    #[must_use]
    pub fn invoice(&self) -> InvoiceId {
        self.invoice
    }

    /// What is still to be paid.
    #[must_use]
    pub fn open(&self) -> Money {
        self.open
    }
}

/// What a match must come to, before it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MatchParams {
    /// Points out of 100 below which a person decides, 50 to 100.
    pub at_least: u8,
    /// Points by which the best must lead the next, 1 to 50.
    pub lead: u8,
}

impl Default for MatchParams {
    fn default() -> Self {
        Self {
            at_least: 75,
            lead: 20,
        }
    }
}

/// Why the parameters are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is {given}, it must be {least} to {most}")]
pub struct MatchParamsError {
    name: &'static str,
    given: u8,
    least: u8,
    most: u8,
}

/// Checked [`MatchParams`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatchPolicy(MatchParams);

impl MatchParams {
    /// Checks the ranges.
    ///
    /// # Errors
    ///
    /// [`MatchParamsError`] names the first parameter outside its range.
    pub fn check(self) -> Result<MatchPolicy, MatchParamsError> {
        for (name, given, least, most) in [
            ("at_least", self.at_least, 50, 100),
            ("lead", self.lead, 1, 50),
        ] {
            if !(least..=most).contains(&given) {
                return Err(MatchParamsError {
                    name,
                    given,
                    least,
                    most,
                });
            }
        }
        Ok(MatchPolicy(self))
    }
}

/// One reason for or against a match, with the points that it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it is.
    pub why: Why,
    /// What it counts.
    pub points: i16,
}

/// What speaks for or against a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// The payment names the invoice's reference.
    Reference,
    /// The invoice's reference stands in the text.
    ReferenceInText,
    /// The invoice's number stands in the text.
    Number,
    /// It is what is open, to the minor unit.
    Amount,
    /// It is less than what is open.
    Part,
    /// It is more than what is open.
    Over,
    /// It is what several open invoices come to, and no other choice of them does.
    Sum,
    /// Who paid is called as the client is.
    Name,
    /// Who paid is called otherwise.
    OtherName,
    /// It comes from an account that the client paid from before.
    Account,
    /// It came between the invoice and a year after its due date.
    Date,
    /// It came before the invoice, or long after.
    OtherDate,
    /// It names several invoices, and what they come to is another amount.
    OtherSum,
    /// It is a payment of ours that came back.
    Reversal,
}

impl Why {
    pub(super) fn points(self) -> i16 {
        match self {
            Self::Reference => 75,
            Self::ReferenceInText => 70,
            Self::Number => 45,
            Self::Amount => 25,
            Self::Sum => 20,
            Self::Name => 15,
            Self::Account => 15,
            Self::Date => 5,
            Self::Part | Self::Over => 0,
            Self::OtherName => -5,
            Self::OtherDate => -20,
            Self::OtherSum => -60,
            Self::Reversal => -100,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.why {
            Why::Reference => "it names the invoice's reference",
            Why::ReferenceInText => "the invoice's reference stands in its text",
            Why::Number => "the invoice's number stands in its text",
            Why::Amount => "it is what is open",
            Why::Part => "it is a part of what is open",
            Why::Over => "it is more than what is open",
            Why::Sum => "several open invoices come to it, and no others do",
            Why::Name => "who paid is called as the client is",
            Why::OtherName => "who paid is called otherwise",
            Why::Account => "it comes from an account the client paid from before",
            Why::Date => "it came when a payment was to be expected",
            Why::OtherDate => "it came before the invoice or long after",
            Why::OtherSum => "the invoices it names come to another amount",
            Why::Reversal => "it is a payment of ours that came back",
        };
        write!(f, "{words} ({:+})", self.points)
    }
}

/// What of a payment is for which invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// The invoice.
    pub invoice: InvoiceId,
    /// How much.
    pub amount: Money,
}

/// The best that can be said of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    pub(super) allocations: Vec<Allocation>,
    pub(super) over: Money,
    pub(super) confidence: u8,
    pub(super) reasons: Vec<Reason>,
    pub(super) sure: bool,
}

impl Match {
    /// What is for which invoice; empty where nothing fits.
    #[must_use]
    pub fn allocations(&self) -> &[Allocation] {
        &self.allocations
    }

    /// What is left of the payment: the client's, until somebody says what for.
    #[must_use]
    pub fn over(&self) -> Money {
        self.over
    }

    /// The sum of the reasons' points, 0 to 100.
    #[must_use]
    pub fn confidence(&self) -> u8 {
        self.confidence
    }

    /// Why.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// Whether it may be entered without a person.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.sure
    }

    /// What it makes true of money, where it is sure.
    #[must_use]
    pub fn facts(&self, incoming: &Incoming) -> Vec<MoneyFact> {
        if !self.sure {
            return Vec::new();
        }
        self.decided(incoming)
    }

    /// What it makes true of money once a person said yes to it.
    #[must_use]
    pub fn decided(&self, incoming: &Incoming) -> Vec<MoneyFact> {
        let at = incoming.booked.and_time(chrono::NaiveTime::MIN).and_utc();
        self.allocations
            .iter()
            .map(|part| MoneyFact::Paid {
                invoice: part.invoice,
                payment: format!("bank-{}:{}", incoming.id, part.invoice),
                amount: part.amount,
                at,
            })
            .collect()
    }
}

/// Finds what a payment is for among the open invoices, best first by its reasons.
///
/// Only invoices of the payment's currency with something open count. What is not sure by the
/// policy is a proposal for a person. After each match, what is open must be brought up to date
/// before the next payment is looked at.
#[must_use]
pub fn find_match(policy: MatchPolicy, incoming: &Incoming, open: &[OpenInvoice]) -> Match {
    let seen = Seen::of(incoming);
    let open: Vec<&OpenInvoice> = open
        .iter()
        .filter(|o| o.open.currency() == incoming.amount.currency() && o.open.is_positive())
        .collect();
    let named: Vec<&OpenInvoice> = open
        .iter()
        .copied()
        .filter(|o| seen.names(o).is_some())
        .collect();
    let mut found: Vec<Match> = match named.as_slice() {
        [] | [_] => {
            let singles = open.iter().map(|o| seen.single(o));
            singles.chain(seen.sum(&open)).collect()
        }
        // It says what it is for, so nothing else is tried.
        several => vec![seen.several(several)],
    };
    found.retain(|one| one.confidence > 0);
    // The earlier in the list wins a tie, and a tie is never sure.
    found.sort_by_key(|one| std::cmp::Reverse(one.confidence));
    let next = found.get(1).map_or(0, |second| second.confidence);
    let Some(mut best) = found.into_iter().next() else {
        return Match {
            allocations: Vec::new(),
            over: incoming.amount,
            confidence: 0,
            reasons: Vec::new(),
            sure: false,
        };
    };
    let MatchParams { at_least, lead } = policy.0;
    best.sure = best.confidence >= at_least && best.confidence.saturating_sub(next) >= lead;
    best
}
