//! What a bill does not say itself: who owes it and what for.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use dealwright_core::error::PortError;
use dealwright_core::money::{Money, MoneyError};
use dealwright_core::trust::Bill;
use dealwright_deals::pricing::Invoice;

use crate::stripe::{NewCustomer, StripeId};

/// One line of an invoice, before tax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillLine {
    description: String,
    net: Money,
    tax_rule: Option<String>,
}

impl BillLine {
    /// A line that no tax is on.
    #[must_use]
    pub fn new(description: impl Into<String>, net: Money) -> Self {
        Self {
            description: description.into(),
            net,
            tax_rule: None,
        }
    }

    /// Says which rule taxes it.
    #[must_use]
    pub fn taxed_by(mut self, rule: impl Into<String>) -> Self {
        self.tax_rule = Some(rule.into());
        self
    }

    /// What is paid for.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Before tax.
    #[must_use]
    pub fn net(&self) -> Money {
        self.net
    }

    /// The rule that taxes it.
    #[must_use]
    pub fn tax_rule(&self) -> Option<&str> {
        self.tax_rule.as_deref()
    }
}

/// The tax of one rule on an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillTax {
    rule: String,
    label: String,
    tax: Money,
}

impl BillTax {
    /// The tax of `rule`, called `label` on the invoice.
    #[must_use]
    pub fn new(rule: impl Into<String>, label: impl Into<String>, tax: Money) -> Self {
        Self {
            rule: rule.into(),
            label: label.into(),
            tax,
        }
    }

    /// The rule.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// What it is called on the invoice.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// How much.
    #[must_use]
    pub fn tax(&self) -> Money {
        self.tax
    }
}

/// Who owes a bill and what for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BillDetails {
    /// It asks for money.
    Invoice {
        /// Who owes it.
        customer: Box<NewCustomer>,
        /// What for.
        lines: Vec<BillLine>,
        /// The taxes on it.
        taxes: Vec<BillTax>,
    },
    /// It gives money back.
    Refund {
        /// The payment that is given back, in part or as a whole.
        payment: StripeId,
    },
}

impl BillDetails {
    /// The lines and taxes of an invoice of ours.
    #[must_use]
    pub fn of_invoice(customer: NewCustomer, invoice: &Invoice) -> Self {
        let lines = invoice
            .lines()
            .iter()
            .map(|line| BillLine::new(&line.label, line.net).taxed_by(line.tax_rule.as_str()));
        let taxes = invoice
            .taxes()
            .iter()
            .filter(|tax| !tax.tax.is_zero())
            .map(|tax| {
                let label = format!("{} {} %", tax.rule.as_str(), tax.rate.percent().normalize());
                BillTax::new(tax.rule.as_str(), label, tax.tax)
            });
        Self::Invoice {
            customer: Box::new(customer),
            lines: lines.collect(),
            taxes: taxes.collect(),
        }
    }
}

/// What the lines and taxes come to.
pub(crate) fn total(
    lines: &[BillLine],
    taxes: &[BillTax],
    like: Money,
) -> Result<Money, MoneyError> {
    let nets = lines.iter().map(|line| line.net);
    Money::sum(like.currency(), nets.chain(taxes.iter().map(|tax| tax.tax)))
}

/// Port: tells a gateway who owes a bill and what for.
///
/// # Contract
///
/// - The same bill has the same details always: a gateway asks again when it repeats.
/// - Lines and taxes of an invoice sum to the bill's amount; a gateway refuses them where not.
#[async_trait]
pub trait BillBook: Debug + Send + Sync {
    /// The details of a bill; `NotFound` where there are none.
    async fn details(&self, bill: &Bill) -> Result<BillDetails, PortError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: BillBook + ?Sized> BillBook for Arc<T> {
    async fn details(&self, bill: &Bill) -> Result<BillDetails, PortError> {
        (**self).details(bill).await
    }
}

#[cfg(test)]
mod tests {
    use dealwright_core::id::{DealId, InvoiceId, LineId};
    use dealwright_core::knowledge::{Slug, TaxCategory};
    use dealwright_core::money::{Currency, Rate};
    use dealwright_core::party::EmailAddress;
    use dealwright_core::personal::Personal;
    use dealwright_deals::pricing::{InvoiceLine, InvoiceTax};
    use serde_json::json;

    use super::*;

    fn eur(minor: i64) -> Money {
        Money::from_minor(minor, Currency::EUR)
    }

    #[test]
    fn an_invoice_of_ours_comes_to_its_amount_line_by_line() {
        let slug = |text: &str| Slug::parse(text).unwrap();
        let line = |n: u8, net: i64, rule: &str| InvoiceLine {
            line: LineId::derive(&[&[n]]),
            service: slug("website"),
            label: format!("Part {n}"),
            requirements: Vec::new(),
            whole: eur(net),
            net: eur(net),
            tax_rule: slug(rule),
        };
        let tax = |rule: &str, percent: &str, base: i64, tax: i64| InvoiceTax {
            rule: slug(rule),
            category: TaxCategory::Standard,
            rate: Rate::parse_percent(percent).unwrap(),
            note: None,
            base: eur(base),
            tax: eur(tax),
        };
        let invoice: Invoice = serde_json::from_value(json!({
            "id": InvoiceId::derive(&[b"i"]), "number": "2026-0001", "kind": {"kind": "invoice"},
            "deal": DealId::derive(&[b"d"]), "instalment": 1, "occasion": {"kind": "deposit"},
            "issued": "2026-03-02", "due": "2026-03-16",
            "lines": [line(1, 10_000, "de-19"), line(2, 3_866, "de-19"), line(3, 500, "none")],
            "taxes": [tax("de-19", "19", 13_866, 2_635), tax("none", "0", 500, 0)],
            "net": eur(14_366), "tax": eur(2_635), "gross": eur(17_001),
        }))
        .unwrap();
        let email = EmailAddress::parse("ada@example.com").unwrap();
        let customer = NewCustomer::new(
            "account_1",
            Personal::new("Ada Example".to_owned(), "contact_1"),
            Personal::new(email, "contact_1"),
        );
        let BillDetails::Invoice { lines, taxes, .. } = BillDetails::of_invoice(customer, &invoice)
        else {
            panic!("it asks for money");
        };
        assert_eq!(total(&lines, &taxes, eur(0)), Ok(invoice.gross()));
        assert_eq!(
            (lines.len(), taxes.len()),
            (3, 1),
            "no line for a tax of nothing"
        );
        assert_eq!(taxes[0].label(), "de-19 19 %");
        assert_eq!(lines[1].tax_rule(), Some("de-19"));
    }
}
