//! Credit notes on a part of an invoice. A whole one is
//! [`Invoice::credit_note`](dealwright_deals::pricing::Invoice::credit_note).

use dealwright_core::money::{Money, MoneyError};

/// Net and tax of an invoice or a credit note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    net: Money,
    tax: Money,
}

impl Amounts {
    /// Net and tax of one currency.
    ///
    /// # Errors
    ///
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn new(net: Money, tax: Money) -> Result<Self, MoneyError> {
        net.checked_add(tax)?;
        Ok(Self { net, tax })
    }

    /// Before tax.
    #[must_use]
    pub fn net(self) -> Money {
        self.net
    }

    /// The tax.
    #[must_use]
    pub fn tax(self) -> Money {
        self.tax
    }

    /// Both.
    ///
    /// # Errors
    ///
    /// [`MoneyError`], which [`new`](Self::new) has ruled out.
    pub fn gross(self) -> Result<Money, MoneyError> {
        self.net.checked_add(self.tax)
    }
}

/// Why no credit note was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CreditError {
    /// Not above zero.
    #[error("a credit note of {amount} is none")]
    Nothing {
        /// What was asked for.
        amount: Money,
    },
    /// More than is left of the invoice.
    #[error("{amount} cannot be credited, {left} of the invoice is left")]
    TooMuch {
        /// What was asked for.
        amount: Money,
        /// What can be.
        left: Money,
    },
    /// Amounts that do not combine.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Credits `gross` of an invoice of which `earlier` notes credited parts already.
///
/// The tax is the invoice's tax on all that was credited so far, less what was credited of it
/// before: whatever the parts, once all is credited the notes' net and tax are the invoice's, to
/// the cent.
///
/// ```
/// use dealwright_core::money::{Currency, Money};
/// use dealwright_payments::credit::{Amounts, credit};
/// let eur = |minor| Money::from_minor(minor, Currency::EUR);
/// let invoice = Amounts::new(eur(13_866), eur(2_635))?;
/// let first = credit(invoice, &[], eur(5_000))?;
/// let rest = credit(invoice, &[first], eur(11_501))?;
/// assert_eq!((first.net(), first.tax()), (eur(4_202), eur(798)));
/// assert_eq!(first.tax().checked_add(rest.tax())?, eur(2_635));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`CreditError`].
pub fn credit(invoice: Amounts, earlier: &[Amounts], gross: Money) -> Result<Amounts, CreditError> {
    let whole = invoice.gross()?;
    let mut before = Money::zero(whole.currency());
    let mut tax_before = before;
    for note in earlier {
        before = before.checked_add(note.gross()?)?;
        tax_before = tax_before.checked_add(note.tax)?;
    }
    let left = whole.checked_sub(before)?;
    gross.checked_add(left)?;
    if !gross.is_positive() {
        return Err(CreditError::Nothing { amount: gross });
    }
    if gross.minor() > left.minor() {
        return Err(CreditError::TooMuch {
            amount: gross,
            left,
        });
    }
    let now = before.checked_add(gross)?;
    let weights = [now, whole.checked_sub(now)?].map(|m| u64::try_from(m.minor()).unwrap_or(0));
    let shares = invoice.tax.allocate(&weights)?;
    let tax_now = shares.first().copied().unwrap_or(invoice.tax);
    let tax = tax_now.checked_sub(tax_before)?;
    Ok(Amounts {
        net: gross.checked_sub(tax)?,
        tax,
    })
}

#[cfg(test)]
mod tests {
    use dealwright_core::money::Currency;
    use proptest::prelude::*;

    use super::*;

    fn eur(minor: i64) -> Money {
        Money::from_minor(minor, Currency::EUR)
    }

    proptest! {
        #[test]
        fn credit_notes_in_any_parts_come_to_the_invoice(
            net in 1_i64..10_000_000,
            tax in 0_i64..3_000_000,
            parts in prop::collection::vec(1_i64..5_000_000, 1..12),
        ) {
            let invoice = Amounts::new(eur(net), eur(tax)).unwrap();
            let (mut notes, mut left) = (Vec::new(), net + tax);
            for part in parts.into_iter().chain([i64::MAX]) {
                let part = part.min(left);
                if part == 0 {
                    break;
                }
                let note = credit(invoice, &notes, eur(part)).unwrap();
                prop_assert_eq!(note.gross().unwrap(), eur(part));
                prop_assert!(!note.tax().is_negative() && !note.net().is_negative());
                notes.push(note);
                left -= part;
            }
            prop_assert_eq!(notes.iter().map(|n| n.net().minor()).sum::<i64>(), net);
            prop_assert_eq!(notes.iter().map(|n| n.tax().minor()).sum::<i64>(), tax);
            let more = credit(invoice, &notes, eur(1));
            let over = matches!(more, Err(CreditError::TooMuch { .. }));
            prop_assert!(over);
        }
    }

    #[test]
    fn nothing_and_other_currencies_are_no_credit() {
        let invoice = Amounts::new(eur(100), eur(19)).unwrap();
        for amount in [0, -1] {
            let none = credit(invoice, &[], eur(amount));
            assert!(matches!(none, Err(CreditError::Nothing { .. })));
        }
        let other = Money::from_minor(1, Currency::USD);
        let wrong = credit(invoice, &[], other);
        assert!(matches!(wrong, Err(CreditError::Money(_))));
    }
}
