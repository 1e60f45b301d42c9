//! What is sold again and again or on a page: products, prices, payment links, checkout sessions
//! and subscriptions.

use dealwright_core::error::PortError;
use dealwright_core::money::Money;

use super::client::{Call, IdempotencyKey, StripeClient};
use super::error::Stake;
use super::form::Form;
use super::objects::{
    CheckoutSession, META_STEP, Named, Page, PaymentLink, StripeId, Subscription,
};
use super::requests::{PAGE, Step, code, invalid};
use crate::pan;

/// How often a price or a subscription comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Every {
    /// Each month.
    Month,
    /// Each year.
    Year,
}

impl Every {
    fn word(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

impl StripeClient {
    /// A product under an id of ours; one that is there already is answered as it is.
    ///
    /// # Errors
    ///
    /// By the table of answers; nothing is taken.
    pub async fn product(&self, id: &StripeId, name: &str) -> Result<Named, PortError> {
        const OPERATION: &str = "find stripe product";
        let found = self.send(Call::get(format!("/v1/products/{id}"))).await;
        match found {
            Err(error) if error.status() == Some(404) => {}
            found => return found.map_err(|e| e.port(OPERATION, Stake::Nothing)),
        }
        let form = Form::new().with("id", id).with("name", pan::clean(name));
        let key = IdempotencyKey::of_words(&["product", id.as_str(), name]);
        self.post(Call::post("/v1/products", form, key))
            .await
            .map_err(|e| e.port(OPERATION, Stake::Nothing))
    }

    /// A price of a product: once, or again and again.
    ///
    /// # Errors
    ///
    /// `Invalid` for a currency whose minor units Stripe counts otherwise, and by the table of
    /// answers; nothing is taken.
    pub async fn create_price(
        &self,
        step: Step,
        product: &StripeId,
        amount: Money,
        every: Option<Every>,
    ) -> Result<Named, PortError> {
        const OPERATION: &str = "create stripe price";
        let form = Form::new()
            .with("product", product)
            .with("unit_amount", amount.minor())
            .with("currency", code(amount).map_err(|e| invalid(OPERATION, e))?)
            .with_some("recurring[interval]", every.map(Every::word))
            .with_metadata(step.metadata());
        let part = format!("price:{product}:{amount}:{every:?}");
        self.ask(OPERATION, Call::post("/v1/prices", form, step.key(&part)))
            .await
    }

    /// A page that anybody with its address can pay at: each payment through it names the step.
    ///
    /// # Errors
    ///
    /// By the table of answers; a failure takes no money.
    pub async fn create_payment_link(
        &self,
        step: Step,
        price: &StripeId,
        quantity: u32,
    ) -> Result<PaymentLink, PortError> {
        let form = Form::new()
            .with("line_items[0][price]", price)
            .with("line_items[0][quantity]", quantity)
            // One bill is paid once.
            .with_metadata(step.metadata());
        let key = step.key(&format!("link:{price}:{quantity}"));
        self.ask(
            "create stripe payment link",
            Call::post("/v1/payment_links", form, key),
        )
        .await
    }

    /// A page on which one customer pays once.
    ///
    /// # Errors
    ///
    /// By the table of answers; a failure takes no money.
    pub async fn create_checkout(
        &self,
        step: Step,
        customer: &StripeId,
        price: &StripeId,
        success: &url::Url,
    ) -> Result<CheckoutSession, PortError> {
        let form = Form::new()
            .with("mode", "payment")
            .with("customer", customer)
            .with("line_items[0][price]", price)
            .with("line_items[0][quantity]", 1)
            .with("success_url", success)
            .with_metadata(step.metadata());
        let key = step.key(&format!("checkout:{customer}:{price}"));
        self.ask(
            "create stripe checkout",
            Call::post("/v1/checkout/sessions", form, key),
        )
        .await
    }

    /// One checkout session as it stands now.
    ///
    /// # Errors
    ///
    /// By the table of answers.
    pub async fn checkout(&self, id: &StripeId) -> Result<CheckoutSession, PortError> {
        let path = format!("/v1/checkout/sessions/{id}");
        self.ask("read stripe checkout", Call::get(path)).await
    }

    /// A price that comes again and again, by invoice.
    ///
    /// # Errors
    ///
    /// By the table of answers; `Timeout` where nobody knows whether it began.
    pub async fn create_subscription(
        &self,
        step: Step,
        customer: &StripeId,
        price: &StripeId,
        due_days: u16,
    ) -> Result<Subscription, PortError> {
        let form = Form::new()
            .with("customer", customer)
            .with("items[0][price]", price)
            .with("collection_method", "send_invoice")
            .with("days_until_due", due_days)
            .with_metadata(step.metadata());
        let key = step.key(&format!("subscription:{customer}:{price}"));
        self.send(Call::post("/v1/subscriptions", form, key))
            .await
            .map_err(|e| e.port("create stripe subscription", Stake::Money))
    }

    /// The subscription that a step began, where it did: to be asked before a repeat that is older
    /// than the keys live.
    ///
    /// # Errors
    ///
    /// By the table of answers.
    pub async fn subscription_of(
        &self,
        step: Step,
        customer: &StripeId,
    ) -> Result<Option<Subscription>, PortError> {
        let query = Form::new()
            .with("customer", customer)
            .with("status", "all")
            .with("limit", PAGE);
        let page: Page<Subscription> = self
            .ask(
                "list stripe subscriptions",
                Call::get("/v1/subscriptions").query(query),
            )
            .await?;
        let key = step.key.to_hex();
        let mut found = page.data.into_iter();
        Ok(found.find(|s| s.metadata.get(META_STEP) == Some(&key)))
    }

    /// Ends a subscription.
    ///
    /// # Errors
    ///
    /// By the table of answers; `Timeout` where nobody knows whether it ended.
    pub async fn cancel_subscription(&self, id: &StripeId) -> Result<Subscription, PortError> {
        self.send(Call::delete(format!("/v1/subscriptions/{id}")))
            .await
            .map_err(|e| e.port("cancel stripe subscription", Stake::Money))
    }
}
