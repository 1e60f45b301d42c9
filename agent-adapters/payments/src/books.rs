//! Double entry over what was asked for, paid and given back, in any order and any number of
//! times, and the comparison with the provider's own books.

use std::collections::BTreeMap;

use dealwright_core::id::InvoiceId;
use dealwright_core::money::ledger::{Account, Entry, Ledger, LedgerError, Posting};
use dealwright_core::money::{Currency, Money, MoneyError};
use dealwright_core::time::Timestamp;

use crate::credit::Amounts;
use crate::fact::{MoneyFact, RefundState};

/// The books of one provider or bank account.
///
/// | what happened | gains | loses |
/// |---|---|---|
/// | invoice issued | `receivable:I` | `revenue`, `tax` |
/// | credit note issued | `revenue`, `tax` | `receivable:I` |
/// | payment | `NAME:paid:I` | `receivable:I` |
/// | money given back | `receivable:I` | `NAME:returned:I` |
///
/// A fact that comes again changes nothing, and the balances do not depend on the order.
#[derive(Clone, Debug)]
pub struct Books {
    name: String,
    ledger: Ledger,
    refunds: BTreeMap<String, RefundState>,
}

/// What a provider says of one invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theirs {
    /// What was paid, ever.
    pub paid: Money,
    /// What went back, ever.
    pub returned: Money,
}

/// An invoice on which the books and the provider do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The invoice.
    pub invoice: InvoiceId,
    /// `paid` or `returned`.
    pub what: &'static str,
    /// By our books.
    pub ours: Money,
    /// By theirs.
    pub theirs: Money,
}

impl Books {
    /// Empty books of the provider or account `name`, such as `stripe`.
    ///
    /// # Errors
    ///
    /// [`LedgerError::BadName`].
    pub fn new(name: &str) -> Result<Self, LedgerError> {
        Account::parse(name)?;
        Ok(Self {
            name: name.to_owned(),
            ledger: Ledger::new(),
            refunds: BTreeMap::new(),
        })
    }

    /// Enters an invoice. The same again changes nothing.
    ///
    /// # Errors
    ///
    /// [`LedgerError::KeyReused`] where it was entered with other amounts.
    pub fn issue(
        &mut self,
        invoice: InvoiceId,
        amounts: Amounts,
        at: Timestamp,
    ) -> Result<bool, LedgerError> {
        let entries = vec![
            Entry::new(self.receivable(invoice)?, amounts.gross()?),
            Entry::new(Account::parse("revenue")?, amounts.net().checked_neg()?),
            Entry::new(Account::parse("tax")?, amounts.tax().checked_neg()?),
        ];
        self.ledger
            .post(Posting::new(format!("issued:{invoice}"), at, entries)?)
    }

    /// Enters a credit note on an invoice; `note` is the note's own id.
    ///
    /// # Errors
    ///
    /// As [`issue`](Self::issue).
    pub fn credit(
        &mut self,
        invoice: InvoiceId,
        note: InvoiceId,
        amounts: Amounts,
        at: Timestamp,
    ) -> Result<bool, LedgerError> {
        let entries = vec![
            Entry::new(self.receivable(invoice)?, amounts.gross()?.checked_neg()?),
            Entry::new(Account::parse("revenue")?, amounts.net()),
            Entry::new(Account::parse("tax")?, amounts.tax()),
        ];
        self.ledger
            .post(Posting::new(format!("credited:{note}"), at, entries)?)
    }

    /// Takes in what is true of money; answers whether it was new.
    ///
    /// A refund that failed after it had gone is turned back; one that is known to have failed
    /// stays so, whatever older news comes after.
    ///
    /// # Errors
    ///
    /// [`LedgerError::KeyReused`] where a payment or refund comes with another amount.
    pub fn absorb(&mut self, fact: &MoneyFact) -> Result<bool, LedgerError> {
        match fact {
            MoneyFact::Paid {
                invoice,
                payment,
                amount,
                at,
            } => self.ledger.post(Posting::transfer(
                format!("paid:{payment}"),
                *at,
                self.receivable(*invoice)?,
                self.at_provider("paid", *invoice)?,
                *amount,
            )?),
            MoneyFact::Returned {
                invoice,
                refund,
                amount,
                at,
                state,
            } => {
                let before = self.refunds.get(refund).copied();
                let (ours, theirs) = (
                    self.receivable(*invoice)?,
                    self.at_provider("returned", *invoice)?,
                );
                let new = match (before, state) {
                    (Some(RefundState::Off), _) | (_, RefundState::Pending) => false,
                    (_, RefundState::Done) => self.ledger.post(Posting::transfer(
                        format!("returned:{refund}"),
                        *at,
                        theirs,
                        ours,
                        *amount,
                    )?)?,
                    (Some(RefundState::Done), RefundState::Off) => {
                        self.ledger.post(Posting::transfer(
                            format!("returned:{refund}:off"),
                            *at,
                            ours,
                            theirs,
                            *amount,
                        )?)?
                    }
                    (None | Some(RefundState::Pending), RefundState::Off) => false,
                };
                let known = self.refunds.entry(refund.clone()).or_insert(*state);
                *known = (*known).max(*state);
                Ok(new)
            }
        }
    }

    /// What is still owed on an invoice; below zero where we owe it.
    ///
    /// # Errors
    ///
    /// [`LedgerError::BadName`], which no id brings about.
    pub fn open(&self, invoice: InvoiceId, currency: Currency) -> Result<Money, LedgerError> {
        Ok(self.ledger.balance(&self.receivable(invoice)?, currency))
    }

    /// Compares with what the provider says, invoice by invoice, in both directions.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Money`] on overflow.
    pub fn compare(
        &self,
        theirs: &BTreeMap<InvoiceId, Theirs>,
    ) -> Result<Vec<Difference>, LedgerError> {
        let mut differences = Vec::new();
        for (invoice, said) in theirs {
            let currency = said.paid.currency();
            let paid = self
                .ledger
                .balance(&self.at_provider("paid", *invoice)?, currency);
            let returned = self
                .ledger
                .balance(&self.at_provider("returned", *invoice)?, currency)
                .checked_neg()?;
            for (what, ours, theirs) in [
                ("paid", paid, said.paid),
                ("returned", returned, said.returned),
            ] {
                if ours != theirs {
                    differences.push(Difference {
                        invoice: *invoice,
                        what,
                        ours,
                        theirs,
                    });
                }
            }
        }
        // What we have and they do not.
        for (account, balance) in self.ledger.balances().filter(|(_, b)| !b.is_zero()) {
            let rest = account.name().strip_prefix(&self.name);
            for (what, start) in [("paid", ":paid:"), ("returned", ":returned:")] {
                let Some(id) = rest.and_then(|rest| rest.strip_prefix(start)) else {
                    continue;
                };
                let Ok(invoice) = id.parse::<InvoiceId>() else {
                    continue;
                };
                let said = theirs.get(&invoice);
                if said.is_none_or(|said| said.paid.currency() != balance.currency()) {
                    let ours = if what == "paid" {
                        balance
                    } else {
                        balance.checked_neg()?
                    };
                    differences.push(Difference {
                        invoice,
                        what,
                        ours,
                        theirs: Money::zero(balance.currency()),
                    });
                }
            }
        }
        Ok(differences)
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Every account that holds something: what must be the same whatever order the news came in.
    #[must_use]
    pub fn standing(&self) -> BTreeMap<(String, Currency), i64> {
        self.ledger
            .balances()
            .filter(|(_, balance)| !balance.is_zero())
            .map(|(account, b)| ((account.name().to_owned(), b.currency()), b.minor()))
            .collect()
    }

    fn receivable(&self, invoice: InvoiceId) -> Result<Account, LedgerError> {
        Account::parse(&format!("receivable:{invoice}"))
    }

    fn at_provider(&self, what: &str, invoice: InvoiceId) -> Result<Account, LedgerError> {
        Account::parse(&format!("{}:{what}:{invoice}", self.name))
    }
}

impl Theirs {
    /// Adds another object's amounts.
    ///
    /// # Errors
    ///
    /// [`MoneyError`] for another currency or on overflow.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            paid: self.paid.checked_add(other.paid)?,
            returned: self.returned.checked_add(other.returned)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn eur(minor: i64) -> Money {
        Money::from_minor(minor, Currency::EUR)
    }

    fn invoice(n: u8) -> InvoiceId {
        InvoiceId::derive(&[&[n]])
    }

    fn returned(state: RefundState) -> MoneyFact {
        MoneyFact::Returned {
            invoice: invoice(1),
            refund: "re_1".to_owned(),
            amount: eur(500),
            at: DateTime::UNIX_EPOCH,
            state,
        }
    }

    fn paid(amount: i64) -> MoneyFact {
        MoneyFact::Paid {
            invoice: invoice(1),
            payment: "pi_1".to_owned(),
            amount: eur(amount),
            at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_refund_that_failed_leaves_no_trace_in_any_order() {
        use RefundState::{Done, Off, Pending};
        let orders = [
            vec![Off],
            vec![Done, Off],
            vec![Off, Done],
            vec![Pending, Done, Off, Done, Off],
            vec![Done, Off, Pending, Done],
        ];
        for order in orders {
            let mut books = Books::new("stripe").unwrap();
            books.absorb(&paid(2_000)).unwrap();
            for state in &order {
                books.absorb(&returned(*state)).unwrap();
            }
            assert_eq!(
                books.open(invoice(1), Currency::EUR).unwrap(),
                eur(-2_000),
                "{order:?}"
            );
            assert!(
                books
                    .ledger()
                    .totals()
                    .unwrap()
                    .values()
                    .all(|t| t.is_zero())
            );
        }
    }

    #[test]
    fn what_differs_from_the_provider_is_named_from_both_sides() {
        let mut books = Books::new("stripe").unwrap();
        assert!(books.absorb(&paid(2_000)).unwrap());
        assert!(!books.absorb(&paid(2_000)).unwrap());
        assert!(matches!(
            books.absorb(&paid(2_001)),
            Err(LedgerError::KeyReused { .. })
        ));
        books.absorb(&returned(RefundState::Done)).unwrap();
        let said = |paid, returned| Theirs {
            paid: eur(paid),
            returned: eur(returned),
        };
        let same = BTreeMap::from([(invoice(1), said(2_000, 500))]);
        assert_eq!(books.compare(&same).unwrap(), []);
        let other = BTreeMap::from([(invoice(1), said(2_000, 0)), (invoice(2), said(7, 0))]);
        let found = books.compare(&other).unwrap();
        let found: Vec<_> = found.iter().map(|d| (d.invoice, d.what)).collect();
        assert!(found.contains(&(invoice(1), "returned")) && found.contains(&(invoice(2), "paid")));
        assert_eq!(found.len(), 2);
        assert_eq!(books.compare(&BTreeMap::new()).unwrap().len(), 2);
    }
}
