use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::money::Money;
use dealwright_core::process::{EffectClass, EffectKey};
use dealwright_core::time::Timestamp;
use dealwright_core::trust::{Bill, Charge, ChargeLog, ChargeReceipt, PaymentGateway};

use super::client::StripeClient;
use super::error::{CallError, Stake};
use super::objects::{Invoice, InvoiceStatus, META_LINE, META_STEP, Refund, StripeId, instant};
use super::requests::{NewCustomer, NewItem, Step, code};
use crate::details::{self, BillBook, BillDetails, BillLine, BillTax};

const CHARGE: &str = "charge by stripe";
const FIND: &str = "find stripe charge";

/// Stripe takes 250; what has more is no invoice of an agency.
const LINES: usize = 100;
/// Pages of a list that are read before a search says that it does not know: 100,000 objects.
const PAGES: usize = 1_000;
/// Drafts of one step that may have been struck.
const STRUCK: usize = 8;
/// How soon something can be due at Stripe, whose clock is not ours.
const SOON: Duration = Duration::hours(1);

/// Asks for money by invoices of Stripe's, and gives it back.
///
/// A charge makes a draft, fills it, compares its total with the bill, and only then finalises
/// it: that one call is the effect. Every call carries a key that follows from the step, and
/// every object carries the step in its metadata. Every try first lists the customer's invoices
/// and goes on with the one that names its step, since Stripe may have forgotten the keys after
/// a day, and replays an answer of 500 until it has.
///
/// Stripe sends no mail: the invoice's page is in [`Invoice::hosted_invoice_url`], for a letter
/// that goes through the gate.
#[derive(Clone, Debug)]
pub struct StripeGateway {
    client: StripeClient,
    book: Arc<dyn BillBook>,
    tax_rates: BTreeMap<String, StripeId>,
    since: Option<Timestamp>,
}

impl StripeGateway {
    /// Charges by `client` what `book` knows the details of.
    #[must_use]
    pub fn new(client: StripeClient, book: impl BillBook + 'static) -> Self {
        Self {
            client,
            book: Arc::new(book),
            tax_rates: BTreeMap::new(),
            since: None,
        }
    }

    /// Names Stripe's own tax rate for a rule of ours; it must be an inclusive one. Lines by that
    /// rule are asked for with their tax inside. The taxes of other rules are lines of their own.
    #[must_use]
    pub fn with_tax_rate(mut self, rule: impl Into<String>, rate: StripeId) -> Self {
        self.tax_rates.insert(rule.into(), rate);
        self
    }

    /// Says that no charge was made before `since`, so that a search for one ends there.
    #[must_use]
    pub fn with_since(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }

    /// The client it speaks by.
    #[must_use]
    pub fn client(&self) -> &StripeClient {
        &self.client
    }

    async fn ask(&self, charge: &Charge, wanted: &Wanted) -> Result<ChargeReceipt, PortError> {
        let bill = charge.bill();
        let step = Step::new(charge.key(), bill.invoice);
        let customer = self.client.customer(&wanted.customer).await?.id;
        // Always, and of any age: of a try that surely took nothing the host keeps no mark, and
        // still it may have left a draft.
        let earlier = self.earlier(&customer, charge.key()).await?;
        let draft = match earlier {
            Some(found) => found,
            None => self.draft(charge, step, &customer, wanted).await?,
        };
        if draft.status != Some(InvoiceStatus::Draft) {
            return receipt(&draft);
        }
        self.fill(step, &draft, &customer, wanted).await?;
        self.compare(&draft.id, bill).await?;
        self.finalize(step, &draft.id).await
    }

    /// A draft as it stands now: a repeat by key is answered with the draft as it was made.
    async fn draft(
        &self,
        charge: &Charge,
        step: Step,
        customer: &StripeId,
        wanted: &Wanted,
    ) -> Result<Invoice, PortError> {
        // What is in the past cannot be due at Stripe. A time of now would differ at each repeat,
        // and Stripe compares a repeat's fields with the first request's.
        let bill = charge.bill();
        let due = Some(bill.due).filter(|due| *due > charge.opened_at() + SOON);
        let number = format!("Invoice {}", bill.number);
        let mut part = "draft".to_owned();
        for _ in 0..STRUCK {
            let (draft, repeated) = self
                .client
                .create_draft(step, &part, customer, &wanted.currency, &number, due)
                .await
                .map_err(harmless)?;
            match self.client.invoice(&draft.id).await {
                // The draft of an earlier try, struck since then: the next has another key. One
                // that was made just now and is gone was struck by whoever said that nothing
                // was taken, and so nothing may be.
                Err(gone) if gone.kind() == PortErrorKind::NotFound && repeated => {
                    part = format!("draft after {}", draft.id);
                }
                found => return found,
            }
        }
        Err(
            PortError::new(CHARGE, PortErrorKind::Unavailable).with_source(format!(
                "{STRUCK} drafts of this bill were struck within a day"
            )),
        )
    }

    /// The invoice that an earlier try made, by the customer's list and not by a search index,
    /// which lags.
    async fn earlier(
        &self,
        customer: &StripeId,
        key: EffectKey,
    ) -> Result<Option<Invoice>, PortError> {
        let mut after = None;
        for _ in 0..PAGES {
            let page = self
                .client
                .invoices(Some(customer), self.since, after.as_ref())
                .await?;
            if let Some(found) = of_step(page.data.iter(), key) {
                return Ok(Some(found.clone()));
            }
            after = page.data.last().map(|invoice| invoice.id.clone());
            if !page.has_more || after.is_none() {
                return Ok(None);
            }
        }
        Err(too_many(CHARGE))
    }

    /// Adds the lines that the draft does not have.
    async fn fill(
        &self,
        step: Step,
        draft: &Invoice,
        customer: &StripeId,
        wanted: &Wanted,
    ) -> Result<(), PortError> {
        let there: BTreeSet<String> = self
            .client
            .items(&draft.id)
            .await?
            .into_iter()
            .filter_map(|item| item.metadata.get(META_LINE).cloned())
            .collect();
        for (line, item) in wanted.items.iter().enumerate() {
            if !there.contains(&line.to_string()) {
                self.client
                    .create_item(step, draft, customer, line, item)
                    .await
                    .map_err(harmless)?;
            }
        }
        Ok(())
    }

    /// Strikes a draft that does not ask for the bill's amount, to the minor unit.
    async fn compare(&self, draft: &StripeId, bill: &Bill) -> Result<(), PortError> {
        let filled = self.client.invoice(draft).await?;
        let asked = filled.asked().map_err(|e| invalid(e.to_string()))?;
        if asked == bill.amount {
            return Ok(());
        }
        self.client.delete_draft(draft).await.map_err(harmless)?;
        Err(invalid(format!(
            "stripe would ask for {asked}, the bill says {}",
            bill.amount
        )))
    }

    /// The effect itself. Where the answer does not say whether it happened, the invoice does.
    async fn finalize(&self, step: Step, draft: &StripeId) -> Result<ChargeReceipt, PortError> {
        let error = match self.client.finalize(step, draft).await {
            Ok(invoice) => return receipt(&invoice),
            Err(error) => error,
        };
        // Another try may have been first, which Stripe answers as a bad request.
        if error.is_open() || error.status() == Some(400) {
            match self.client.invoice(draft).await {
                Ok(now) if now.status != Some(InvoiceStatus::Draft) => return receipt(&now),
                // A call that was cut off may still get there, so a draft proves nothing.
                Ok(_) | Err(_) => {}
            }
        }
        Err(error.port(CHARGE, Stake::Money))
    }

    async fn give_back(
        &self,
        charge: &Charge,
        payment: &StripeId,
    ) -> Result<ChargeReceipt, PortError> {
        let bill = charge.bill();
        let step = Step::new(charge.key(), bill.invoice);
        let earlier = self.refund_of(charge.key(), Some(payment)).await?;
        if let Some(found) = earlier {
            return refund_receipt(&found);
        }
        let amount = bill
            .amount
            .checked_neg()
            .map_err(|e| invalid(e.to_string()))?;
        code(amount).map_err(|e| invalid(e.to_string()))?;
        let refund = self
            .client
            .create_refund(step, payment, amount)
            .await
            .map_err(|e| e.port(CHARGE, Stake::Money))?;
        refund_receipt(&refund)
    }

    async fn refund_of(
        &self,
        key: EffectKey,
        payment: Option<&StripeId>,
    ) -> Result<Option<Refund>, PortError> {
        let key = key.to_hex();
        let mut after = None;
        for _ in 0..PAGES {
            let page = self
                .client
                .refunds(payment, self.since, after.as_ref())
                .await?;
            let mut mine = page.data.iter();
            if let Some(found) = mine.find(|r| r.metadata.get(META_STEP) == Some(&key)) {
                return Ok(Some(found.clone()));
            }
            after = page.data.last().map(|refund| refund.id.clone());
            if !page.has_more || after.is_none() {
                return Ok(None);
            }
        }
        Err(too_many(FIND))
    }

    /// The invoice of a step that the client was asked by. A draft is struck, so that it cannot
    /// be finalised after it was said that nothing was taken.
    async fn invoice_of(&self, key: EffectKey) -> Result<Option<Invoice>, PortError> {
        let mut after = None;
        for _ in 0..PAGES {
            let page = self
                .client
                .invoices(None, self.since, after.as_ref())
                .await?;
            if let Some(found) = of_step(page.data.iter(), key) {
                if found.status != Some(InvoiceStatus::Draft) {
                    return Ok(Some(found.clone()));
                }
                let Err(error) = self.client.delete_draft(&found.id).await else {
                    return Ok(None);
                };
                // Finalised in between: then it is no draft, and cannot be struck.
                let now = self.client.invoice(&found.id).await;
                return match now {
                    Ok(now) if now.status != Some(InvoiceStatus::Draft) => Ok(Some(now)),
                    Err(gone) if gone.kind() == PortErrorKind::NotFound => Ok(None),
                    Ok(_) | Err(_) => Err(error.port(FIND, Stake::Nothing)),
                };
            }
            after = page.data.last().map(|invoice| invoice.id.clone());
            if !page.has_more || after.is_none() {
                return Ok(None);
            }
        }
        Err(too_many(FIND))
    }
}

#[async_trait]
impl PaymentGateway for StripeGateway {
    fn class(&self) -> EffectClass {
        EffectClass::Idempotent
    }

    async fn charge(&self, charge: Charge) -> Result<ChargeReceipt, PortError> {
        let bill = charge.bill();
        match self.book.details(bill).await? {
            BillDetails::Refund { payment } if bill.amount.is_negative() => {
                self.give_back(&charge, &payment).await
            }
            BillDetails::Invoice {
                customer,
                lines,
                taxes,
            } if bill.amount.is_positive() => {
                let items = items(&lines, &taxes, bill.amount, &self.tax_rates)?;
                let wanted = Wanted {
                    customer,
                    currency: code(bill.amount).map_err(|e| invalid(e.to_string()))?,
                    items,
                };
                self.ask(&charge, &wanted).await
            }
            BillDetails::Invoice { .. } | BillDetails::Refund { .. } => Err(invalid(format!(
                "a bill of {} has details of another kind",
                bill.amount
            ))),
        }
    }
}

#[async_trait]
impl ChargeLog for StripeGateway {
    async fn find_charge(&self, key: EffectKey) -> Result<Option<ChargeReceipt>, PortError> {
        if let Some(invoice) = self.invoice_of(key).await? {
            return receipt(&invoice).map(Some);
        }
        match self.refund_of(key, None).await? {
            Some(refund) if refund.is_off() => Ok(None),
            Some(refund) => refund_receipt(&refund).map(Some),
            None => Ok(None),
        }
    }
}

/// What an invoice has to say.
struct Wanted {
    customer: Box<NewCustomer>,
    currency: String,
    items: Vec<NewItem>,
}

/// The items of an invoice. Where Stripe has a tax rate for a rule, the rule's tax is shared over
/// its lines and asked for inside them, so that Stripe's rounding has nothing to decide.
fn items(
    lines: &[BillLine],
    taxes: &[BillTax],
    amount: Money,
    rates: &BTreeMap<String, StripeId>,
) -> Result<Vec<NewItem>, PortError> {
    let wrong = |e: dealwright_core::money::MoneyError| invalid(e.to_string());
    let total = details::total(lines, taxes, amount).map_err(wrong)?;
    if total != amount {
        return Err(invalid(format!(
            "lines and taxes come to {total}, the bill says {amount}"
        )));
    }
    if lines.is_empty() || lines.len() + taxes.len() > LINES {
        return Err(invalid(format!("an invoice has 1 to {LINES} lines")));
    }
    let mut items: Vec<NewItem> = lines
        .iter()
        .map(|line| NewItem {
            description: line.description().to_owned(),
            amount: line.net(),
            tax_rate: None,
        })
        .collect();
    for tax in taxes {
        let mine: Vec<usize> = lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.tax_rule() == Some(tax.rule()))
            .map(|(place, _)| place)
            .collect();
        let weights: Vec<u64> = mine
            .iter()
            .filter_map(|place| lines.get(*place))
            .map(|line| u64::try_from(line.net().minor()).unwrap_or(0))
            .collect();
        let Some(rate) = rates
            .get(tax.rule())
            .filter(|_| weights.iter().any(|weight| *weight > 0))
        else {
            items.push(NewItem {
                description: tax.label().to_owned(),
                amount: tax.tax(),
                tax_rate: None,
            });
            continue;
        };
        let shares = tax.tax().allocate(&weights).map_err(wrong)?;
        for (place, share) in mine.into_iter().zip(shares) {
            if let Some(item) = items.get_mut(place) {
                item.amount = item.amount.checked_add(share).map_err(wrong)?;
                item.tax_rate = Some(rate.clone());
            }
        }
    }
    Ok(items)
}

fn of_step<'a>(
    mut invoices: impl Iterator<Item = &'a Invoice>,
    key: EffectKey,
) -> Option<&'a Invoice> {
    let key = key.to_hex();
    invoices.find(|invoice| invoice.metadata.get(META_STEP) == Some(&key))
}

/// Stripe's own time, so that each repeat has the same receipt.
fn receipt(invoice: &Invoice) -> Result<ChargeReceipt, PortError> {
    let at = invoice.status_transitions.finalized_at;
    let at =
        instant(at.unwrap_or(invoice.created)).ok_or_else(|| corrupt("a time that is none"))?;
    Ok(ChargeReceipt {
        provider_id: invoice.id.to_string(),
        at,
    })
}

fn refund_receipt(refund: &Refund) -> Result<ChargeReceipt, PortError> {
    if refund.is_off() {
        return Err(invalid("stripe could not give the money back".to_owned()));
    }
    let at = instant(refund.created).ok_or_else(|| corrupt("a time that is none"))?;
    Ok(ChargeReceipt {
        provider_id: refund.id.to_string(),
        at,
    })
}

/// What failed before anybody was asked.
fn harmless(error: CallError) -> PortError {
    error.port(CHARGE, Stake::Nothing)
}

fn invalid(why: String) -> PortError {
    PortError::new(CHARGE, PortErrorKind::Invalid).with_source(why)
}

fn corrupt(why: &'static str) -> PortError {
    PortError::new(CHARGE, PortErrorKind::Corrupt).with_source(why)
}

fn too_many(operation: &'static str) -> PortError {
    PortError::new(operation, PortErrorKind::Unexpected).with_source(format!(
        "not found among {} objects, and there are more; say since when there are charges",
        PAGES * 100
    ))
}
