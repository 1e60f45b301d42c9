use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::id::InvoiceId;
use dealwright_core::time::Timestamp;

use super::client::StripeClient;
use super::objects::{
    AmountError, Invoice, InvoiceStatus, META_INVOICE, Refund, StripeId, instant, money,
};
use super::webhook::StripeEvent;
use crate::fact::{MoneyFact, RefundState};

const OPERATION: &str = "confirm stripe event";

/// What Stripe's own object says about an event.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Confirmed {
    /// What is true of money now; nothing where none moved.
    Facts(Vec<MoneyFact>),
    /// It is about an object that is not one of ours.
    Foreign,
    /// An event that nobody here knows: to be kept as it came.
    Unknown,
}

/// Asks Stripe for the object that an event is about and says what is true of money now.
///
/// Nothing of the event counts but the object's id: events come late, twice and out of order,
/// and what is fetched is the same whichever of them asked.
///
/// # Errors
///
/// By the table of answers; the event is then to be confirmed again. `Corrupt` where the object
/// says what cannot be.
pub async fn confirm(client: &StripeClient, event: &StripeEvent) -> Result<Confirmed, PortError> {
    let Some((kind, id)) = event.object() else {
        return Ok(Confirmed::Unknown);
    };
    let found = match kind {
        "invoice" => of_invoice(client.invoice(id).await),
        "refund" => match client.refund(id).await {
            Ok(refund) => of_refunds(client, vec![refund]).await,
            Err(error) => Err(error),
        },
        "charge" if event.kind().contains("refund") => match client.refunds_of_charge(id).await {
            Ok(refunds) => of_refunds(client, refunds).await,
            Err(error) => Err(error),
        },
        "payment_intent" => match client.payment(id).await {
            Ok(payment) => match payment.invoice {
                Some(invoice) => of_invoice(client.invoice(&invoice).await),
                // What a payment link or a session brings is told by its session.
                None => Ok(Confirmed::Facts(Vec::new())),
            },
            Err(error) => Err(error),
        },
        "checkout.session" => of_session(client, id).await,
        _ => return Ok(Confirmed::Unknown),
    };
    match found {
        // Signed, and Stripe has it not: of another account, or a draft that is gone.
        Err(error) if error.kind() == PortErrorKind::NotFound => Ok(Confirmed::Foreign),
        found => found,
    }
}

fn of_invoice(invoice: Result<Invoice, PortError>) -> Result<Confirmed, PortError> {
    let invoice = invoice?;
    let Some(ours) = invoice.metadata.get(META_INVOICE) else {
        return Ok(Confirmed::Foreign);
    };
    let ours = ours_of(ours)?;
    let mut facts = Vec::new();
    if invoice.status == Some(InvoiceStatus::Paid) && invoice.amount_paid > 0 {
        let payment = invoice.payment_intent.as_ref().or(invoice.charge.as_ref());
        // Paid by other means and marked so by a person: the invoice itself is the receipt.
        let payment = payment.unwrap_or(&invoice.id).to_string();
        facts.push(MoneyFact::Paid {
            invoice: ours,
            payment,
            amount: invoice.paid().map_err(amount)?,
            at: time(
                invoice
                    .status_transitions
                    .paid_at
                    .unwrap_or(invoice.created),
            )?,
        });
    }
    Ok(Confirmed::Facts(facts))
}

async fn of_session(client: &StripeClient, id: &StripeId) -> Result<Confirmed, PortError> {
    let session = client.checkout(id).await?;
    if let Some(invoice) = &session.invoice {
        return of_invoice(client.invoice(invoice).await);
    }
    let Some(ours) = session.metadata.get(META_INVOICE) else {
        return Ok(Confirmed::Foreign);
    };
    let ours = ours_of(ours)?;
    let (Some("paid"), Some(minor), Some(currency)) = (
        session.payment_status.as_deref(),
        session.amount_total.filter(|minor| *minor > 0),
        session.currency.as_deref(),
    ) else {
        return Ok(Confirmed::Facts(Vec::new()));
    };
    let payment = session.payment_intent.as_ref().unwrap_or(&session.id);
    Ok(Confirmed::Facts(vec![MoneyFact::Paid {
        invoice: ours,
        payment: payment.to_string(),
        amount: money(minor, currency).map_err(amount)?,
        at: time(session.created)?,
    }]))
}

async fn of_refunds(client: &StripeClient, refunds: Vec<Refund>) -> Result<Confirmed, PortError> {
    let mut facts = Vec::new();
    let mut foreign = true;
    for refund in refunds {
        let Some(ours) = invoice_of(client, &refund).await? else {
            continue;
        };
        foreign = false;
        facts.push(MoneyFact::Returned {
            invoice: ours,
            refund: refund.id.to_string(),
            amount: refund.money().map_err(amount)?,
            at: time(refund.created)?,
            state: match (refund.is_done(), refund.is_off()) {
                (true, _) => RefundState::Done,
                (false, true) => RefundState::Off,
                (false, false) => RefundState::Pending,
            },
        });
    }
    Ok(if foreign {
        Confirmed::Foreign
    } else {
        Confirmed::Facts(facts)
    })
}

/// The invoice that a refund is of: as we wrote on it, or, where a person made it on Stripe's
/// pages, by its payment.
async fn invoice_of(
    client: &StripeClient,
    refund: &Refund,
) -> Result<Option<InvoiceId>, PortError> {
    if let Some(ours) = refund.metadata.get(META_INVOICE) {
        return ours_of(ours).map(Some);
    }
    let Some(payment) = &refund.payment_intent else {
        return Ok(None);
    };
    let payment = client.payment(payment).await?;
    if let Some(ours) = payment.metadata.get(META_INVOICE) {
        return ours_of(ours).map(Some);
    }
    let Some(invoice) = payment.invoice else {
        return Ok(None);
    };
    let invoice = client.invoice(&invoice).await?;
    invoice
        .metadata
        .get(META_INVOICE)
        .map(|o| ours_of(o))
        .transpose()
}

fn ours_of(text: &str) -> Result<InvoiceId, PortError> {
    text.parse()
        .map_err(|_| corrupt("an object names an invoice that is none"))
}

fn amount(error: AmountError) -> PortError {
    PortError::new(OPERATION, PortErrorKind::Corrupt).with_source(error)
}

fn time(seconds: i64) -> Result<Timestamp, PortError> {
    instant(seconds).ok_or_else(|| corrupt("an object has a time that is none"))
}

fn corrupt(why: &'static str) -> PortError {
    PortError::new(OPERATION, PortErrorKind::Corrupt).with_source(why)
}
