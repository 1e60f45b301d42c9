//! Stripe's objects, as far as they are read here. Fields that nobody here reads are passed over,
//! so that newer versions of an object decode too.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::DateTime;
use dealwright_core::money::{Currency, Money, MoneyError};
use dealwright_core::time::Timestamp;
use serde::{Deserialize, Deserializer};

/// The name of one of our invoices in an object's metadata.
pub(crate) const META_INVOICE: &str = "dealwright_invoice";
/// The key of the step that made an object, in its metadata.
pub(crate) const META_STEP: &str = "dealwright_step";
/// Which line of the bill an item is, in its metadata.
pub(crate) const META_LINE: &str = "dealwright_line";
/// Our own id of a customer, in its metadata.
pub(crate) const META_CUSTOMER: &str = "dealwright_customer";

/// An id of Stripe's: 1 to 255 letters, digits, `_` and `-`, so that it can stand in a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct StripeId(String);

/// Why a text is no id of Stripe's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id of stripe's has 1 to 255 letters, digits, `_` and `-`")]
pub struct StripeIdError;

impl StripeId {
    /// Reads an id such as `in_1Pgc6t`.
    ///
    /// # Errors
    ///
    /// [`StripeIdError`] for other characters or lengths.
    pub fn parse(text: &str) -> Result<Self, StripeIdError> {
        let clean = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if (1..=255).contains(&text.len()) && text.bytes().all(clean) {
            Ok(Self(text.to_owned()))
        } else {
            Err(StripeIdError)
        }
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for StripeId {
    type Error = StripeIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl FromStr for StripeId {
    type Err = StripeIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for StripeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A page of a list, newest first.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Page<T> {
    /// The objects.
    pub data: Vec<T>,
    /// Whether older ones follow.
    #[serde(default)]
    pub has_more: bool,
}

/// A customer. Names and addresses are not read back.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Customer {
    /// Its id.
    pub id: StripeId,
    /// What we wrote on it.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
}

/// A product, a price or a subscription's item: what counts is its id.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Named {
    /// Its id.
    pub id: StripeId,
}

/// Where an invoice stands at Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InvoiceStatus {
    /// It can still be changed, and no client sees it.
    Draft,
    /// The client is asked for the money.
    Open,
    /// It is paid.
    Paid,
    /// It was given up.
    Uncollectible,
    /// It was taken back.
    Void,
    /// One that this version does not know.
    #[serde(other)]
    Other,
}

/// An invoice.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Invoice {
    /// Its id.
    pub id: StripeId,
    /// Where it stands.
    #[serde(default, deserialize_with = "or_none")]
    pub status: Option<InvoiceStatus>,
    /// What it asks for, in minor units.
    pub total: i64,
    /// What was paid, in minor units.
    pub amount_paid: i64,
    /// The currency, in small letters.
    pub currency: String,
    /// When it was made, in seconds.
    pub created: i64,
    /// Whether real money moves.
    #[serde(default)]
    pub livemode: bool,
    /// Who owes it.
    #[serde(default, deserialize_with = "expandable")]
    pub customer: Option<StripeId>,
    /// The payment that pays it.
    #[serde(default, deserialize_with = "expandable")]
    pub payment_intent: Option<StripeId>,
    /// The charge that paid it.
    #[serde(default, deserialize_with = "expandable")]
    pub charge: Option<StripeId>,
    /// The page on which the client pays.
    #[serde(default)]
    pub hosted_invoice_url: Option<String>,
    /// When it moved on.
    #[serde(default, deserialize_with = "or_default")]
    pub status_transitions: Transitions,
    /// What we wrote on it.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
}

/// When an invoice moved on, in seconds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct Transitions {
    /// When the client was asked.
    #[serde(default)]
    pub finalized_at: Option<i64>,
    /// When it was paid.
    #[serde(default)]
    pub paid_at: Option<i64>,
}

impl Invoice {
    /// What it asks for.
    ///
    /// # Errors
    ///
    /// [`AmountError`] for a currency that is not known or counted otherwise.
    pub fn asked(&self) -> Result<Money, AmountError> {
        money(self.total, &self.currency)
    }

    /// What was paid.
    ///
    /// # Errors
    ///
    /// As [`asked`](Self::asked).
    pub fn paid(&self) -> Result<Money, AmountError> {
        money(self.amount_paid, &self.currency)
    }
}

/// An item of an invoice.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct InvoiceItem {
    /// Its id.
    pub id: StripeId,
    /// In minor units.
    pub amount: i64,
    /// What we wrote on it.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
}

/// A payment link.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct PaymentLink {
    /// Its id.
    pub id: StripeId,
    /// The page.
    pub url: String,
    /// Whether it can be paid.
    #[serde(default)]
    pub active: bool,
}

/// A checkout session.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct CheckoutSession {
    /// Its id.
    pub id: StripeId,
    /// The page, while it is open.
    #[serde(default)]
    pub url: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`.
    #[serde(default)]
    pub payment_status: Option<String>,
    /// In minor units.
    #[serde(default)]
    pub amount_total: Option<i64>,
    /// The currency, in small letters.
    #[serde(default)]
    pub currency: Option<String>,
    /// When it was made, in seconds.
    #[serde(default)]
    pub created: i64,
    /// The payment.
    #[serde(default, deserialize_with = "expandable")]
    pub payment_intent: Option<StripeId>,
    /// The invoice that it pays, where it makes one.
    #[serde(default, deserialize_with = "expandable")]
    pub invoice: Option<StripeId>,
    /// What we wrote on it.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
}

/// A subscription.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Subscription {
    /// Its id.
    pub id: StripeId,
    /// Where it stands, in Stripe's words.
    pub status: String,
    /// What we wrote on it.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
}

/// A payment.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct PaymentIntent {
    /// Its id.
    pub id: StripeId,
    /// What came in, in minor units.
    #[serde(default)]
    pub amount_received: i64,
    /// The currency, in small letters.
    pub currency: String,
    /// The invoice that it pays.
    #[serde(default, deserialize_with = "expandable")]
    pub invoice: Option<StripeId>,
    /// What we wrote on it.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
}

/// Money on its way back.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Refund {
    /// Its id.
    pub id: StripeId,
    /// In minor units.
    pub amount: i64,
    /// The currency, in small letters.
    pub currency: String,
    /// When it was made, in seconds.
    pub created: i64,
    /// `pending`, `requires_action`, `succeeded`, `failed` or `canceled`.
    #[serde(default)]
    pub status: Option<String>,
    /// The payment that it gives back.
    #[serde(default, deserialize_with = "expandable")]
    pub payment_intent: Option<StripeId>,
    /// What we wrote on it.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
}

impl Refund {
    /// What goes back.
    ///
    /// # Errors
    ///
    /// [`AmountError`] for a currency that is not known or counted otherwise.
    pub fn money(&self) -> Result<Money, AmountError> {
        money(self.amount, &self.currency)
    }

    /// Whether it did not, and will not, go back.
    #[must_use]
    pub fn is_off(&self) -> bool {
        matches!(self.status.as_deref(), Some("failed" | "canceled"))
    }

    /// Whether it went back.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.status.as_deref() == Some("succeeded")
    }
}

/// Why an amount cannot go to Stripe or be read from there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AmountError {
    /// The currency is not known.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Stripe counts the currency in other minor units than ISO 4217.
    #[error("stripe counts {code} in other minor units than iso 4217; ask for it by bank transfer")]
    Digits {
        /// The currency.
        code: &'static str,
    },
}

/// Where Stripe's minor units are not those of ISO 4217: read as if they were, an amount would be
/// a hundred times too large or too small.
const OWN_DIGITS: [&str; 3] = ["ISK", "UGX", "MGA"];

/// An amount in Stripe's minor units.
pub(crate) fn money(minor: i64, currency: &str) -> Result<Money, AmountError> {
    Ok(Money::from_minor(minor, own_currency(currency)?))
}

/// A currency whose minor units are the same here and at Stripe.
pub(crate) fn own_currency(code: &str) -> Result<Currency, AmountError> {
    let currency = Currency::parse(code)?;
    if OWN_DIGITS.contains(&currency.code()) {
        return Err(AmountError::Digits {
            code: currency.code(),
        });
    }
    Ok(currency)
}

/// An instant from Stripe's seconds; none outside the calendar.
pub(crate) fn instant(seconds: i64) -> Option<Timestamp> {
    DateTime::from_timestamp(seconds, 0)
}

/// A reference to another object: its id, or the object itself where it was expanded.
fn expandable<'de, D: Deserializer<'de>>(input: D) -> Result<Option<StripeId>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Reference {
        Id(StripeId),
        Object { id: StripeId },
    }
    Ok(
        Option::<Reference>::deserialize(input)?.map(|found| match found {
            Reference::Id(id) | Reference::Object { id } => id,
        }),
    )
}

fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    input: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(input)?.unwrap_or_default())
}

fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    input: D,
) -> Result<Option<T>, D::Error> {
    Option::<T>::deserialize(input)
}
