//! Which invoice a payment is for, with the reasons, and never by guess.

use std::fmt;

use chrono::NaiveDate;
use dealwright_core::id::InvoiceId;
use dealwright_core::money::Money;
use dealwright_core::personal::{Personal, Purpose};
use deunicode::deunicode;
use serde::{Deserialize, Serialize};

use super::reference::CreditorReference;
use super::statement::Incoming;
use crate::fact::MoneyFact;

/// Names that are this alike, or more, are taken for one.
const ALIKE: f64 = 0.88;
/// A payment this long after its due date is no longer plausible by its date.
const LATE_DAYS: i64 = 365;
/// Invoices of one client that are looked through for a sum.
const SUMMED: usize = 12;

/// An invoice that is not paid yet.
#[derive(Clone, Debug)]
pub struct OpenInvoice {
    invoice: InvoiceId,
    number: String,
    reference: CreditorReference,
    open: Money,
    issued: NaiveDate,
    due: NaiveDate,
    payers: Vec<Personal<String>>,
    accounts: Vec<Personal<String>>,
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
    fn points(self) -> i16 {
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
    allocations: Vec<Allocation>,
    over: Money,
    confidence: u8,
    reasons: Vec<Reason>,
    sure: bool,
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
    found.sort_by(|left, right| right.confidence.cmp(&left.confidence));
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

/// A payment, made ready for comparing.
struct Seen<'a> {
    incoming: &'a Incoming,
    /// The text in large letters and digits, everything else a blank.
    words: String,
    /// The same without blanks.
    solid: String,
    debtor: Option<String>,
}

impl<'a> Seen<'a> {
    fn of(incoming: &'a Incoming) -> Self {
        let text = incoming.text.reveal(Purpose::Invoice);
        let words = text.inspect(|text| plain(text));
        let debtor = incoming.debtor.as_ref();
        Self {
            incoming,
            solid: words.replace(' ', ""),
            words: format!(" {words} "),
            debtor: debtor.map(|name| firm(name.reveal(Purpose::Invoice))),
        }
    }

    /// How the payment names an invoice, where it does.
    fn names(&self, open: &OpenInvoice) -> Option<Why> {
        match &self.incoming.reference {
            Some(named) if *named == open.reference => return Some(Why::Reference),
            // It names another: a number in the text is not stronger than that.
            Some(_) => return None,
            None => {}
        }
        if self.solid.contains(open.reference.as_str()) {
            return Some(Why::ReferenceInText);
        }
        // A number of one or two characters stands in every text. It must stand alone: 2026-1 is
        // not in 2026-11. Its separators may be left out or blanks.
        let number = plain(&open.number);
        let long = number.len() >= 4 && number.bytes().any(|b| b.is_ascii_digit());
        let joined = number.replace(' ', "");
        let there = self.words.contains(&format!(" {number} "))
            || self.words.contains(&format!(" {joined} "));
        (long && there).then_some(Why::Number)
    }

    /// What speaks for one client and time, whatever the amount.
    fn around(&self, open: &OpenInvoice) -> Vec<Why> {
        let mut whys = Vec::new();
        if self.incoming.reversal {
            whys.push(Why::Reversal);
        }
        if let Some(debtor) = self.debtor.as_ref().filter(|name| !name.is_empty()) {
            let alike = |name: &Personal<String>| {
                similar(debtor, &firm(name.reveal(Purpose::Invoice))) >= ALIKE
            };
            match open.payers.as_slice() {
                [] => {}
                payers if payers.iter().any(alike) => whys.push(Why::Name),
                _ => whys.push(Why::OtherName),
            }
        }
        if let Some(iban) = &self.incoming.debtor_account {
            let iban = iban.reveal(Purpose::Invoice);
            let same = |known: &Personal<String>| {
                let known = known.reveal(Purpose::Invoice);
                known
                    .chars()
                    .filter(|c| !c.is_whitespace())
                    .eq(iban.chars())
            };
            if open.accounts.iter().any(same) {
                whys.push(Why::Account);
            }
        }
        let days = (self.incoming.booked - open.due).num_days();
        let expected = self.incoming.booked >= open.issued && days <= LATE_DAYS;
        whys.push(if expected { Why::Date } else { Why::OtherDate });
        whys
    }

    fn single(&self, open: &OpenInvoice) -> Match {
        let mut whys: Vec<Why> = self.names(open).into_iter().collect();
        let amount = self.incoming.amount;
        let (paid, over) = parts(amount, open.open);
        whys.push(match amount.minor().cmp(&open.open.minor()) {
            std::cmp::Ordering::Equal => Why::Amount,
            std::cmp::Ordering::Less => Why::Part,
            std::cmp::Ordering::Greater => Why::Over,
        });
        whys.extend(self.around(open));
        let allocation = Allocation {
            invoice: open.invoice,
            amount: paid,
        };
        rated(vec![allocation], over, whys)
    }

    /// A payment that names several invoices pays them all where it comes to their sum. Where it
    /// does not, a person says which; the oldest first is what is proposed.
    fn several(&self, open: &[&OpenInvoice]) -> Match {
        let mut open = open.to_vec();
        open.sort_by_key(|o| (o.due, o.invoice));
        let mut whys: Vec<Why> = open.iter().filter_map(|o| self.names(o)).collect();
        // Several names are not more certain than their weakest.
        whys.sort_by_key(|why| why.points());
        whys.truncate(1);
        let mut left = self.incoming.amount;
        let mut allocations = Vec::new();
        for o in &open {
            let (paid, over) = parts(left, o.open);
            if paid.is_positive() {
                allocations.push(Allocation {
                    invoice: o.invoice,
                    amount: paid,
                });
            }
            left = over;
        }
        let sum = open
            .iter()
            .try_fold(0_i64, |sum, o| sum.checked_add(o.open.minor()));
        if sum == Some(self.incoming.amount.minor()) {
            whys.push(Why::Amount);
            whys.push(Why::Sum);
        } else {
            whys.push(Why::OtherSum);
        }
        whys.extend(self.agreed(&open));
        rated(allocations, left, whys)
    }

    /// A payment that names none: the one choice of this client's invoices that comes to it.
    fn sum(&self, open: &[&OpenInvoice]) -> Option<Match> {
        let mut theirs: Vec<&OpenInvoice> = open
            .iter()
            .copied()
            .filter(|o| {
                let whys = self.around(o);
                whys.contains(&Why::Name) || whys.contains(&Why::Account)
            })
            .collect();
        if theirs.len() < 2 || theirs.len() > SUMMED {
            return None;
        }
        theirs.sort_by_key(|o| (o.due, o.invoice));
        let mut choices = (1_u32..1 << theirs.len())
            .filter(|choice| choice.count_ones() > 1)
            .filter(|choice| {
                let chosen = theirs
                    .iter()
                    .enumerate()
                    .filter(|(place, _)| choice >> place & 1 == 1);
                let mut amounts = chosen.map(|(_, o)| o.open.minor());
                let sum = amounts.try_fold(0_i64, |sum, minor| sum.checked_add(minor));
                sum == Some(self.incoming.amount.minor())
            });
        let (choice, None) = (choices.next()?, choices.next()) else {
            return None;
        };
        let chosen: Vec<&OpenInvoice> = theirs
            .into_iter()
            .enumerate()
            .filter(|(place, _)| choice >> place & 1 == 1)
            .map(|(_, o)| o)
            .collect();
        let allocations = chosen.iter().map(|o| Allocation {
            invoice: o.invoice,
            amount: o.open,
        });
        let mut whys = vec![Why::Sum];
        whys.extend(self.agreed(&chosen));
        let nothing = Money::zero(self.incoming.amount.currency());
        Some(rated(allocations.collect(), nothing, whys))
    }

    /// What speaks for every one of several, and what speaks against any.
    fn agreed(&self, open: &[&OpenInvoice]) -> Vec<Why> {
        let all: Vec<Vec<Why>> = open.iter().map(|o| self.around(o)).collect();
        let mut whys: Vec<Why> = Vec::new();
        for why in all.iter().flatten() {
            let fits = why.points() < 0 || all.iter().all(|one| one.contains(why));
            if fits && !whys.contains(why) {
                whys.push(*why);
            }
        }
        whys
    }
}

fn rated(allocations: Vec<Allocation>, over: Money, whys: Vec<Why>) -> Match {
    let reasons: Vec<Reason> = whys
        .into_iter()
        .map(|why| Reason {
            points: why.points(),
            why,
        })
        .collect();
    let sum: i16 = reasons.iter().map(|reason| reason.points).sum();
    Match {
        allocations,
        over,
        confidence: u8::try_from(sum.clamp(0, 100)).unwrap_or(0),
        reasons,
        sure: false,
    }
}

/// What of `amount` goes to `open`, and what is left; both of one currency.
fn parts(amount: Money, open: Money) -> (Money, Money) {
    let paid = amount.minor().min(open.minor());
    let of = |minor| Money::from_minor(minor, amount.currency());
    (of(paid), of(amount.minor() - paid))
}

/// Large letters and digits, and single blanks for all else.
fn plain(text: &str) -> String {
    let ascii = deunicode(text).to_ascii_uppercase();
    let words = ascii.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A name without what companies are called besides it, its words in order of the alphabet:
/// banks write `Example, Ada` where clients write `Ada Example`.
fn firm(name: &str) -> String {
    const FORMS: [&str; 16] = [
        "GMBH", "MBH", "UG", "AG", "KG", "OHG", "EK", "LTD", "LIMITED", "LLC", "INC", "CO", "SA",
        "SARL", "BV", "PLC",
    ];
    let plain = plain(name);
    let mut words: Vec<&str> = plain.split(' ').filter(|w| !FORMS.contains(w)).collect();
    words.sort_unstable();
    words.join(" ")
}

fn similar(left: &str, right: &str) -> f64 {
    if left.is_empty() || right.is_empty() {
        return 0.0;
    }
    rapidfuzz::distance::jaro_winkler::similarity(left.chars(), right.chars())
}
