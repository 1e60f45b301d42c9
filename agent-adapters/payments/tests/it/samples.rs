//! Stripe's own sample objects decode, in their newest form.

use dealwright_payments::stripe::{
    CheckoutSession, Customer, Invoice, InvoiceItem, InvoiceStatus, Named, PaymentIntent,
    PaymentLink, Refund, StripeEvent, StripeId, Subscription,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::shared;

fn read<T: DeserializeOwned>(all: &Value, name: &str) -> T {
    let sample = all[name].clone();
    assert!(sample.is_object(), "no sample of {name}");
    serde_json::from_value(sample).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn official_sample_objects_decode() {
    let Some(file) = shared("openapi/stripe_fixtures3.json") else {
        return;
    };
    let all = &file["resources"];
    let invoice: Invoice = read(all, "invoice");
    assert_eq!(invoice.asked().unwrap().to_string(), "10.00 USD");
    assert_eq!(invoice.status, Some(InvoiceStatus::Draft));
    let customer: Customer = read(all, "customer");
    assert_eq!(invoice.customer, Some(customer.id));
    let refund: Refund = read(all, "refund");
    assert!(refund.is_done() && !refund.is_off());
    assert_eq!(refund.money().unwrap().to_string(), "1.00 USD");
    let session: CheckoutSession = read(all, "checkout.session");
    assert_eq!(session.payment_status.as_deref(), Some("unpaid"));
    let link: PaymentLink = read(all, "payment_link");
    assert!(link.active && link.url.starts_with("https://"));
    let item: InvoiceItem = read(all, "invoiceitem");
    assert_eq!(item.amount, 1_000);
    let subscription: Subscription = read(all, "subscription");
    assert!(subscription.id.as_str().starts_with("sub_"));
    let payment: PaymentIntent = read(all, "payment_intent");
    assert_eq!(payment.amount_received, 0);
    for name in ["product", "price", "subscription_item"] {
        let _: Named = read(all, name);
    }
}

#[test]
fn an_event_about_any_sample_is_parsed_and_kept_as_it_came() {
    let Some(file) = shared("openapi/stripe_fixtures3.json") else {
        return;
    };
    let all = file["resources"].as_object().unwrap();
    let (sample, _) = StripeEvent::parse(all["event"].to_string().as_bytes()).unwrap();
    assert_eq!(sample.kind(), "plan.created");
    for (name, object) in all {
        let event = json!({
            "id": "evt_1", "object": "event", "created": 1_772_442_000, "livemode": false,
            "type": format!("{name}.updated"), "data": {"object": object},
        });
        let (parsed, live) = StripeEvent::parse(event.to_string().as_bytes())
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!live);
        assert_eq!(parsed.raw(), &event, "{name}");
        // A few ids could not stand in a path, and are none here.
        let id = object["id"]
            .as_str()
            .filter(|id| StripeId::parse(id).is_ok());
        assert_eq!(parsed.object().map(|(_, id)| id.as_str()), id, "{name}");
    }
    println!("{} samples", all.len());
    assert!(all.len() >= 170);
}
