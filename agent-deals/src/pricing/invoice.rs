use std::fmt;

use chrono::{Days, NaiveDate};
use dealwright_core::id::{ContractId, DealId, InvoiceId, LineId, RequirementId};
use dealwright_core::knowledge::{Slug, TaxCategory};
use dealwright_core::money::{Money, MoneyError, Rate, Rounding};
use serde::{Deserialize, Serialize};

use super::{InstalmentKind, Line, PaymentPlan, PricingError, Quote, Shortfall};

/// The number of an invoice or credit note: 1 to 20 letters, digits and `-/.`; who numbers
/// them sees to it that no number is left out or used twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InvoiceNumber(String);

impl InvoiceNumber {
    /// Reads a number such as `2026-0001`.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::Number`] for other characters or lengths.
    pub fn parse(text: &str) -> Result<Self, InvoiceError> {
        let clean = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/' | b'.');
        if (1..=20).contains(&text.len()) && text.bytes().all(clean) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvoiceError::Number)
        }
    }

    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for InvoiceNumber {
    type Error = InvoiceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<InvoiceNumber> for String {
    fn from(number: InvoiceNumber) -> Self {
        number.0
    }
}

impl fmt::Display for InvoiceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether it asks for money or takes an invoice back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum InvoiceKind {
    /// It asks for an instalment.
    Invoice,
    /// It takes back an invoice; its amounts are negative.
    CreditNote {
        /// The invoice.
        corrects: InvoiceNumber,
    },
}

/// One row: the part of a priced line that is billed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// The line of the accepted quote.
    pub line: LineId,
    /// The service.
    pub service: Slug,
    /// What is paid for, as in the quote.
    pub label: String,
    /// The requirements it answers.
    pub requirements: Vec<RequirementId>,
    /// The line's price in the quote, before tax.
    pub whole: Money,
    /// The part billed here, before tax.
    pub net: Money,
    /// The tax rule that decides on it.
    pub tax_rule: Slug,
}

/// The tax of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceTax {
    /// The rule.
    pub rule: Slug,
    /// How it is taxed.
    pub category: TaxCategory,
    /// The rate.
    pub rate: Rate,
    /// The words that must stand on the invoice.
    pub note: Option<String>,
    /// The net sum of its lines.
    pub base: Money,
    /// The tax.
    pub tax: Money,
}

/// A bill for one instalment, or what takes one back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    id: InvoiceId,
    number: InvoiceNumber,
    kind: InvoiceKind,
    deal: DealId,
    instalment: u32,
    occasion: InstalmentKind,
    issued: NaiveDate,
    due: NaiveDate,
    lines: Vec<InvoiceLine>,
    taxes: Vec<InvoiceTax>,
    net: Money,
    tax: Money,
    gross: Money,
}

/// Why no invoice could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvoiceError {
    /// Not a number.
    #[error("an invoice number has 1 to 20 letters, digits and `-/.`")]
    Number,
    /// The plan has no such instalment.
    #[error("the payment plan has no instalment {number}")]
    NoInstalment {
        /// The number.
        number: u32,
    },
    /// The plan is not that of the quote.
    #[error("the payment plan belongs to another quote")]
    OtherQuote,
    /// A credit note cannot be taken back by another.
    #[error("`{number}` is a credit note; write a new invoice instead")]
    Credited {
        /// Its number.
        number: InvoiceNumber,
    },
    /// More is taken off than is billed.
    #[error("more is to be taken off than this invoice bills; write a credit note")]
    Shortfall,
    /// The date cannot be reckoned.
    #[error("the due date lies beyond the calendar")]
    Date,
    /// An amount that does not fit.
    #[error(transparent)]
    Pricing(#[from] PricingError),
}

impl From<MoneyError> for InvoiceError {
    fn from(error: MoneyError) -> Self {
        Self::Pricing(error.into())
    }
}

impl Invoice {
    /// The id of the invoice for an instalment of a contract; the same two give the same, so
    /// that an acceptance heard twice yields one invoice.
    #[must_use]
    pub fn id_for(contract: ContractId, instalment: u32) -> InvoiceId {
        InvoiceId::derive(&[contract.uuid().as_bytes(), &instalment.to_be_bytes()])
    }

    /// The invoice for one instalment, mirroring the lines of the quote.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::NoInstalment`], [`InvoiceError::OtherQuote`], [`InvoiceError::Date`].
    pub fn for_instalment(
        contract: ContractId,
        quote: &Quote,
        plan: &PaymentPlan,
        instalment: u32,
        number: InvoiceNumber,
        issued: NaiveDate,
    ) -> Result<Self, InvoiceError> {
        let part = plan.instalment(instalment);
        let part = part.ok_or(InvoiceError::NoInstalment { number: instalment })?;
        let mut lines = Vec::new();
        for billed in &part.lines {
            let line = quote.line(billed.line).ok_or(InvoiceError::OtherQuote)?;
            lines.push(InvoiceLine {
                line: line.id,
                service: line.service.clone(),
                label: line.label.clone(),
                requirements: line.requirements.clone(),
                whole: line.net,
                net: billed.net,
                tax_rule: line.tax_rule.clone(),
            });
        }
        let mut taxes = Vec::new();
        for billed in &part.taxes {
            let rule = quote.taxes().iter().find(|t| t.rule == billed.rule);
            let rule = rule.ok_or(InvoiceError::OtherQuote)?;
            taxes.push(InvoiceTax {
                rule: rule.rule.clone(),
                category: rule.category,
                rate: rule.rate,
                note: rule.note.clone(),
                base: billed.base,
                tax: billed.tax,
            });
        }
        Ok(Self {
            id: Self::id_for(contract, instalment),
            number,
            kind: InvoiceKind::Invoice,
            deal: quote.request().deal,
            instalment,
            occasion: part.kind.clone(),
            issued,
            due: issued
                .checked_add_days(Days::new(u64::from(part.due_days)))
                .ok_or(InvoiceError::Date)?,
            lines,
            taxes,
            net: part.net,
            tax: part.tax,
            gross: part.gross,
        })
    }

    /// The invoice with something taken off, since there was less to do than was ordered: a row
    /// below nothing for each shortfall, called by `label`, and the tax of what is left.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::OtherQuote`] for a line that `quote` does not have,
    /// [`InvoiceError::Shortfall`] where more would be taken off than is billed.
    pub fn less(
        mut self,
        quote: &Quote,
        shortfalls: &[Shortfall],
        rounding: Rounding,
        label: impl Fn(&Line, &Shortfall) -> String,
    ) -> Result<Self, InvoiceError> {
        for shortfall in shortfalls {
            let line = quote.line(shortfall.line).ok_or(InvoiceError::OtherQuote)?;
            let net = shortfall.net.checked_neg()?;
            self.lines.push(InvoiceLine {
                line: line.id,
                service: line.service.clone(),
                label: label(line, shortfall),
                requirements: line.requirements.clone(),
                whole: net,
                net,
                tax_rule: line.tax_rule.clone(),
            });
            self.net = self.net.checked_add(net)?;
            let tax = self.taxes.iter_mut().find(|t| t.rule == line.tax_rule);
            let tax = tax.ok_or(InvoiceError::OtherQuote)?;
            tax.base = tax.base.checked_add(net)?;
            if tax.base.is_negative() {
                return Err(InvoiceError::Shortfall);
            }
        }
        if shortfalls.is_empty() {
            return Ok(self);
        }
        self.tax = Money::zero(self.net.currency());
        for tax in &mut self.taxes {
            let touched =
                |s: &&Shortfall| quote.line(s.line).is_some_and(|l| l.tax_rule == tax.rule);
            if shortfalls.iter().find(touched).is_some() {
                tax.tax = tax.base.apply(tax.rate, rounding)?;
            }
            self.tax = self.tax.checked_add(tax.tax)?;
        }
        self.gross = self.net.checked_add(self.tax)?;
        if self.gross.minor() <= 0 {
            return Err(InvoiceError::Shortfall);
        }
        Ok(self)
    }

    /// What takes this invoice back as a whole: the same rows with the sign turned.
    ///
    /// # Errors
    ///
    /// [`InvoiceError::Credited`] for a credit note.
    pub fn credit_note(
        &self,
        number: InvoiceNumber,
        issued: NaiveDate,
    ) -> Result<Self, InvoiceError> {
        if self.kind != InvoiceKind::Invoice {
            return Err(InvoiceError::Credited {
                number: self.number.clone(),
            });
        }
        let mut note = self.clone();
        note.id = InvoiceId::derive(&[b"credit note", self.id.uuid().as_bytes()]);
        note.kind = InvoiceKind::CreditNote {
            corrects: self.number.clone(),
        };
        note.number = number;
        note.issued = issued;
        note.due = issued;
        for line in &mut note.lines {
            line.net = line.net.checked_neg()?;
        }
        for tax in &mut note.taxes {
            tax.base = tax.base.checked_neg()?;
            tax.tax = tax.tax.checked_neg()?;
        }
        note.net = note.net.checked_neg()?;
        note.tax = note.tax.checked_neg()?;
        note.gross = note.gross.checked_neg()?;
        Ok(note)
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> InvoiceId {
        self.id
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> &InvoiceNumber {
        &self.number
    }

    /// Whether it asks for money or takes an invoice back.
    #[must_use]
    pub fn kind(&self) -> &InvoiceKind {
        &self.kind
    }

    /// The deal.
    #[must_use]
    pub fn deal(&self) -> DealId {
        self.deal
    }

    /// The number of the instalment.
    #[must_use]
    pub fn instalment(&self) -> u32 {
        self.instalment
    }

    /// What made it due.
    #[must_use]
    pub fn occasion(&self) -> &InstalmentKind {
        &self.occasion
    }

    /// The day it was issued.
    #[must_use]
    pub fn issued(&self) -> NaiveDate {
        self.issued
    }

    /// The last day to pay.
    #[must_use]
    pub fn due(&self) -> NaiveDate {
        self.due
    }

    /// The rows.
    #[must_use]
    pub fn lines(&self) -> &[InvoiceLine] {
        &self.lines
    }

    /// The taxes by rule.
    #[must_use]
    pub fn taxes(&self) -> &[InvoiceTax] {
        &self.taxes
    }

    /// Before tax.
    #[must_use]
    pub fn net(&self) -> Money {
        self.net
    }

    /// The tax.
    #[must_use]
    pub fn tax(&self) -> Money {
        self.tax
    }

    /// What is to be paid; negative on a credit note.
    #[must_use]
    pub fn gross(&self) -> Money {
        self.gross
    }
}
