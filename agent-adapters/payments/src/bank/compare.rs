//! How a payment and the open invoices are compared.

use std::cmp::Ordering;

use dealwright_core::money::Money;
use dealwright_core::personal::{Personal, Purpose};
use deunicode::deunicode;

use super::matching::{Allocation, Match, OpenInvoice, Reason, Why};
use super::statement::Incoming;

/// Names that are this alike, or more, are taken for one.
const ALIKE: f64 = 0.88;
/// A payment this long after its due date is no longer plausible by its date.
const LATE_DAYS: i64 = 365;
/// Invoices of one client that are looked through for a sum.
const SUMMED: usize = 12;

/// A payment, made ready for comparing.
pub(super) struct Seen<'a> {
    incoming: &'a Incoming,
    /// The text in large letters and digits, everything else a blank.
    words: String,
    /// The same without blanks.
    solid: String,
    debtor: Option<String>,
}

impl<'a> Seen<'a> {
    pub(super) fn of(incoming: &'a Incoming) -> Self {
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
    pub(super) fn names(&self, open: &OpenInvoice) -> Option<Why> {
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

    pub(super) fn single(&self, open: &OpenInvoice) -> Match {
        let mut whys: Vec<Why> = self.names(open).into_iter().collect();
        let amount = self.incoming.amount;
        let (paid, over) = parts(amount, open.open);
        whys.push(match amount.minor().cmp(&open.open.minor()) {
            Ordering::Equal => Why::Amount,
            Ordering::Less => Why::Part,
            Ordering::Greater => Why::Over,
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
    pub(super) fn several(&self, open: &[&OpenInvoice]) -> Match {
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
    pub(super) fn sum(&self, open: &[&OpenInvoice]) -> Option<Match> {
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
