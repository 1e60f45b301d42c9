//! What is asked of Stripe, one function an endpoint. Each maker of an object names the step it
//! is made for, in the idempotency key and in the object's metadata.

use dealwright_core::error::PortError;
use dealwright_core::id::InvoiceId;
use dealwright_core::money::Money;
use dealwright_core::party::EmailAddress;
use dealwright_core::personal::{Personal, Purpose};
use dealwright_core::process::EffectKey;
use dealwright_core::time::Timestamp;
use serde::Deserialize;

use super::client::{Call, IdempotencyKey, StripeClient};
use super::error::{CallError, Stake};
use super::form::Form;
use super::objects::{
    AmountError, Customer, Invoice, InvoiceItem, META_CUSTOMER, META_INVOICE, META_LINE, META_STEP,
    Page, PaymentIntent, Refund, StripeId, own_currency,
};
use crate::pan;

/// Which step an object is made for, and for which invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub(crate) key: EffectKey,
    invoice: InvoiceId,
}

impl Step {
    /// The step under `key`, for `invoice`.
    #[must_use]
    pub fn new(key: EffectKey, invoice: InvoiceId) -> Self {
        Self { key, invoice }
    }

    pub(crate) fn key(&self, part: &str) -> IdempotencyKey {
        IdempotencyKey::of(self.key, part)
    }

    pub(crate) fn metadata(&self) -> [(&'static str, String); 2] {
        [
            (META_STEP, self.key.to_hex()),
            (META_INVOICE, self.invoice.to_string()),
        ]
    }
}

/// Who owes the money, as Stripe is told.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    id: String,
    name: Personal<String>,
    email: Personal<EmailAddress>,
}

impl NewCustomer {
    /// A customer of ours under our own `id`, which is opaque: the same id is one customer.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        name: Personal<String>,
        email: Personal<EmailAddress>,
    ) -> Self {
        Self {
            id: id.into(),
            name,
            email,
        }
    }
}

pub(crate) const PAGE: u32 = 100;

pub(crate) fn code(amount: Money) -> Result<String, AmountError> {
    let currency = own_currency(amount.currency().code())?;
    Ok(currency.code().to_ascii_lowercase())
}

pub(crate) fn invalid(
    operation: &'static str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> PortError {
    PortError::new(operation, dealwright_core::error::PortErrorKind::Invalid).with_source(error)
}

impl StripeClient {
    /// The customer under our own id, made where there is none.
    ///
    /// It is looked for by address in the list, which is up to date, and not in the search
    /// index, which is not.
    ///
    /// # Errors
    ///
    /// By the table of answers; a failure takes no money and asks nobody for any.
    pub async fn customer(&self, new: &NewCustomer) -> Result<Customer, PortError> {
        const OPERATION: &str = "find stripe customer";
        let email = new.email.reveal(Purpose::Invoice);
        let mut after: Option<StripeId> = None;
        for _ in 0..20 {
            let query = Form::new()
                .with("email", email)
                .with("limit", PAGE)
                .with_some("starting_after", after.as_ref());
            let page: Page<Customer> = self
                .ask(OPERATION, Call::get("/v1/customers").query(query))
                .await?;
            let mine = |c: &&Customer| c.metadata.get(META_CUSTOMER) == Some(&new.id);
            if let Some(found) = page.data.iter().find(mine) {
                return Ok(found.clone());
            }
            after = page.data.last().map(|c| c.id.clone());
            if !page.has_more || after.is_none() {
                break;
            }
        }
        let name = new.name.reveal(Purpose::Invoice);
        let form = Form::new()
            .with("name", name)
            .with("email", email)
            .with_metadata([(META_CUSTOMER, new.id.clone())]);
        // Another name or address is another request, and so another key.
        let words = ["customer", &new.id, name, &email.to_string()];
        let key = IdempotencyKey::of_words(&words);
        self.post(Call::post("/v1/customers", form, key))
            .await
            .map_err(|e| e.port(OPERATION, Stake::Nothing))
    }

    /// A draft of an invoice, which no client sees; with whether an earlier try made it. `part`
    /// is one for each draft of a step.
    pub(crate) async fn create_draft(
        &self,
        step: Step,
        part: &str,
        customer: &StripeId,
        currency: &str,
        number: &str,
        due: Option<Timestamp>,
    ) -> Result<(Invoice, bool), CallError> {
        let form = Form::new()
            .with("customer", customer)
            .with("currency", currency)
            // Stripe neither finalises, nor mails, nor charges by itself: that is for the gates.
            .with("auto_advance", false)
            .with("collection_method", "send_invoice")
            .with_some("due_date", due.map(|at| at.timestamp()))
            .with_some("days_until_due", due.is_none().then_some(1))
            .with("description", pan::clean(number))
            // What else waits for the customer is not this bill's.
            .with("pending_invoice_items_behavior", "exclude")
            .with_metadata(step.metadata());
        self.post_marked(Call::post("/v1/invoices", form, step.key(part)))
            .await
    }

    /// One line of a draft.
    pub(crate) async fn create_item(
        &self,
        step: Step,
        draft: &Invoice,
        customer: &StripeId,
        line: usize,
        item: &NewItem,
    ) -> Result<InvoiceItem, CallError> {
        let form = Form::new()
            .with("customer", customer)
            .with("invoice", &draft.id)
            .with("amount", item.amount.minor())
            .with("currency", &draft.currency)
            .with("description", pan::clean(&item.description))
            .with_some("tax_rates[0]", item.tax_rate.as_ref())
            .with_metadata(step.metadata())
            .with_metadata([(META_LINE, line.to_string())]);
        let part = format!("item:{}:{line}", draft.id);
        self.post(Call::post("/v1/invoiceitems", form, step.key(&part)))
            .await
    }

    /// The lines that a draft has.
    pub(crate) async fn items(&self, invoice: &StripeId) -> Result<Vec<InvoiceItem>, PortError> {
        let query = Form::new().with("invoice", invoice).with("limit", PAGE);
        let page: Page<InvoiceItem> = self
            .ask(
                "list stripe items",
                Call::get("/v1/invoiceitems").query(query),
            )
            .await?;
        Ok(page.data)
    }

    /// Asks the client: from here on the invoice stands.
    pub(crate) async fn finalize(
        &self,
        step: Step,
        draft: &StripeId,
    ) -> Result<Invoice, CallError> {
        let form = Form::new().with("auto_advance", false);
        let path = format!("/v1/invoices/{draft}/finalize");
        let part = format!("finalize:{draft}");
        self.post(Call::post(path, form, step.key(&part))).await
    }

    /// One invoice as it stands now.
    ///
    /// # Errors
    ///
    /// By the table of answers.
    pub async fn invoice(&self, id: &StripeId) -> Result<Invoice, PortError> {
        self.ask(
            "read stripe invoice",
            Call::get(format!("/v1/invoices/{id}")),
        )
        .await
    }

    /// Strikes a draft, so that nobody can be asked by it any more.
    pub(crate) async fn delete_draft(&self, id: &StripeId) -> Result<(), CallError> {
        #[derive(Deserialize)]
        struct Deleted {
            deleted: bool,
        }
        let gone: Deleted = self
            .send(Call::delete(format!("/v1/invoices/{id}")))
            .await?;
        match gone.deleted {
            true => Ok(()),
            false => Err(CallError::Unreadable {
                status: 200,
                why: "a draft that was not deleted".to_owned(),
            }),
        }
    }

    /// Takes an invoice back that was asked for and not paid.
    ///
    /// # Errors
    ///
    /// By the table of answers; `Timeout` where nobody knows whether it stands.
    pub async fn void(&self, step: Step, id: &StripeId) -> Result<Invoice, PortError> {
        let path = format!("/v1/invoices/{id}/void");
        let part = format!("void:{id}");
        self.send(Call::post(path, Form::new(), step.key(&part)))
            .await
            .map_err(|e| e.port("void stripe invoice", Stake::Money))
    }

    /// A page of invoices, newest first: of one customer, and made from `since` on, where said.
    ///
    /// # Errors
    ///
    /// By the table of answers.
    pub async fn invoices(
        &self,
        customer: Option<&StripeId>,
        since: Option<Timestamp>,
        after: Option<&StripeId>,
    ) -> Result<Page<Invoice>, PortError> {
        let query = Form::new()
            .with_some("customer", customer)
            .with_some("created[gte]", since.map(|at| at.timestamp()))
            .with_some("starting_after", after)
            .with("limit", PAGE);
        self.ask(
            "list stripe invoices",
            Call::get("/v1/invoices").query(query),
        )
        .await
    }

    /// A page of refunds, newest first: of one payment, and made from `since` on, where said.
    ///
    /// # Errors
    ///
    /// By the table of answers.
    pub async fn refunds(
        &self,
        payment: Option<&StripeId>,
        since: Option<Timestamp>,
        after: Option<&StripeId>,
    ) -> Result<Page<Refund>, PortError> {
        let query = Form::new()
            .with_some("payment_intent", payment)
            .with_some("created[gte]", since.map(|at| at.timestamp()))
            .with_some("starting_after", after)
            .with("limit", PAGE);
        self.ask("list stripe refunds", Call::get("/v1/refunds").query(query))
            .await
    }

    /// The refunds of one charge.
    pub(crate) async fn refunds_of_charge(
        &self,
        charge: &StripeId,
    ) -> Result<Vec<Refund>, PortError> {
        let query = Form::new().with("charge", charge).with("limit", PAGE);
        let page: Page<Refund> = self
            .ask("list stripe refunds", Call::get("/v1/refunds").query(query))
            .await?;
        Ok(page.data)
    }

    /// One refund as it stands now.
    ///
    /// # Errors
    ///
    /// By the table of answers.
    pub async fn refund(&self, id: &StripeId) -> Result<Refund, PortError> {
        self.ask("read stripe refund", Call::get(format!("/v1/refunds/{id}")))
            .await
    }

    /// Sends money back.
    pub(crate) async fn create_refund(
        &self,
        step: Step,
        payment: &StripeId,
        amount: Money,
    ) -> Result<Refund, CallError> {
        let form = Form::new()
            .with("payment_intent", payment)
            .with("amount", amount.minor())
            .with_metadata(step.metadata());
        self.post(Call::post("/v1/refunds", form, step.key("refund")))
            .await
    }

    /// One payment as it stands now.
    ///
    /// # Errors
    ///
    /// By the table of answers.
    pub async fn payment(&self, id: &StripeId) -> Result<PaymentIntent, PortError> {
        let path = format!("/v1/payment_intents/{id}");
        self.ask("read stripe payment", Call::get(path)).await
    }
}

/// A line of a draft, as Stripe is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewItem {
    pub(crate) description: String,
    pub(crate) amount: Money,
    pub(crate) tax_rate: Option<StripeId>,
}
