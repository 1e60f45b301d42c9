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
        customer: NewCustomer,
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
            customer,
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
