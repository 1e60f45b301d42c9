//! Stripe: a thin client, the gateway over it, and its webhooks.

mod client;
mod error;
mod events;
mod form;
mod gateway;
mod objects;
mod requests;
mod sales;
mod webhook;

pub use client::{ApiKey, ApiKeyError, IdempotencyKey, STRIPE_VERSION, StripeClient};
pub use events::{Confirmed, confirm};
pub use gateway::StripeGateway;
pub use objects::{
    AmountError, CheckoutSession, Customer, Invoice, InvoiceItem, InvoiceStatus, Named, Page,
    PaymentIntent, PaymentLink, Refund, StripeId, StripeIdError, Subscription, Transitions,
};
pub use requests::{NewCustomer, Step};
pub use sales::Every;
pub use webhook::{
    Delivery, SigningSecret, StripeEvent, WebhookDoor, WebhookRefusal, verify_standard,
};
