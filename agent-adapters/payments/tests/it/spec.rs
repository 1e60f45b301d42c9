//! Every request that is made here against Stripe's published specification, in the version that
//! is pinned and in a later one, and for each endpoint requests that must not pass.

use std::collections::BTreeMap;

use chrono::Duration;
use dealwright_core::money::{Currency, Money};
use dealwright_core::trust::{Bill, ChargeLog, PaymentGateway};
use dealwright_payments::stripe::{Every, STRIPE_VERSION, Step, StripeGateway};
use dealwright_payments::testing::{Till, bill, morning};
use serde_json::{Value, json};

use crate::conformance::{TwoLines, ada};
use crate::fake::{Fake, Seen};
use crate::refunds::{Paid, Returns, paid};
use crate::{form, shared};

/// Everything that can be asked of Stripe, once.
async fn everything(fake: &Fake) -> Vec<Seen> {
    let client = fake.client();
    let gateway = StripeGateway::new(client.clone(), TwoLines)
        .with_tax_rate("de-19", "txr_1".parse().unwrap())
        .with_since(morning() - Duration::days(9));
    let payment = paid(fake).await;
    let till = Till::new(bill(2));
    let key = till.charge(morning()).await.key();
    let again = till.charge(morning() + Duration::hours(1)).await;
    let receipt = gateway.charge(again).await.unwrap();
    // What is past due already is due in a day.
    let late = Bill {
        due: morning() - Duration::days(3),
        ..bill(5)
    };
    let late = Till::new(late).charge(morning()).await;
    gateway.charge(late).await.unwrap();
    let back = StripeGateway::new(client.clone(), Paid(payment.clone()));
    let returns = Returns::new(700);
    let _ = returns.charge(morning()).await;
    let again = returns.charge(morning() + Duration::hours(1)).await;
    let refund = back.charge(again).await.unwrap();
    assert!(gateway.find_charge(key).await.unwrap().is_some());
    let never = Till::new(bill(3)).charge(morning()).await.key();
    assert!(gateway.find_charge(never).await.unwrap().is_none());
    let step = Step::new(key, bill(2).invoice);
    let product = "prod_retainer".parse().unwrap();
    let product = client.product(&product, "Retainer").await.unwrap().id;
    let amount = Money::from_minor(49_900, Currency::EUR);
    let once = client
        .create_price(step, &product, amount, None)
        .await
        .unwrap()
        .id;
    let every = Some(Every::Month);
    let monthly = client
        .create_price(step, &product, amount, every)
        .await
        .unwrap()
        .id;
    let customer = client.customer(&ada()).await.unwrap().id;
    client.create_payment_link(step, &once, 1).await.unwrap();
    let success = "https://agency.example/thanks?x={CHECKOUT_SESSION_ID}"
        .parse()
        .unwrap();
    let session = client
        .create_checkout(step, &customer, &once, &success)
        .await
        .unwrap();
    client.checkout(&session.id).await.unwrap();
    let made = client
        .create_subscription(step, &customer, &monthly, 14)
        .await
        .unwrap();
    let found = client
        .subscription_of(step, &customer)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, made.id);
    client.cancel_subscription(&made.id).await.unwrap();
    client.payment(&payment).await.unwrap();
    client
        .refund(&refund.provider_id.parse().unwrap())
        .await
        .unwrap();
    client
        .void(step, &receipt.provider_id.parse().unwrap())
        .await
        .unwrap();
    // A draft that does not come to the bill is struck.
    let draft = Till::new(bill(4)).charge(morning()).await;
    fake.fail_next(crate::fake::Trouble::Of(
        dealwright_payments::testing::Fault::ErrorBefore,
    ));
    let key = draft.key();
    gateway.charge(draft).await.unwrap_err();
    assert!(gateway.find_charge(key).await.unwrap().is_none());
    fake.world().seen.clone()
}

/// The specification's path that a request's path is one of, and its operation.
fn operation<'a>(spec: &'a Value, seen: &Seen) -> Option<(&'a str, &'a Value)> {
    let paths = spec["paths"].as_object().unwrap();
    let fits = |template: &str| {
        let (left, right): (Vec<&str>, Vec<&str>) = (
            template.split('/').collect(),
            seen.path.split('/').collect(),
        );
        left.len() == right.len()
            && left
                .iter()
                .zip(&right)
                .all(|(l, r)| l == r || l.starts_with('{'))
    };
    // The one with the fewest placeholders: `/v1/invoices/upcoming` is not an invoice.
    let mut found: Vec<(&String, &Value)> = paths.iter().filter(|(t, _)| fits(t)).collect();
    found.sort_by_key(|(template, _)| template.matches('{').count());
    let (template, path) = found.first()?;
    let operation = path.get(seen.method.to_ascii_lowercase())?;
    Some((template.as_str(), operation))
}

fn body_schema(operation: &Value) -> Value {
    operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"].clone()
}

/// Whether a request's body and query are as the specification has them.
fn check(operation: &Value, query: &Value, body: &Value) -> Result<(), String> {
    let schema = body_schema(operation);
    let wrong = |e: jsonschema::ValidationError<'_>| e.to_string();
    if schema.is_object() {
        jsonschema::validate(&schema, &form::typed(body, &schema)).map_err(wrong)?;
    } else if body.as_object().is_some_and(|fields| !fields.is_empty()) {
        return Err("it takes no body".to_owned());
    }
    let parameters = operation["parameters"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    for (name, value) in query.as_object().unwrap() {
        let known = parameters
            .iter()
            .find(|p| p["in"] == "query" && p["name"] == name.as_str());
        let schema = &known.ok_or(format!("it knows no `{name}`"))?["schema"];
        jsonschema::validate(schema, &form::typed(value, schema)).map_err(wrong)?;
    }
    Ok(())
}

/// Requests made from a good one that are not: an unknown field, a field of another kind, one
/// that must be there and is not.
fn spoiled(operation: &Value, query: &Value, body: &Value) -> Vec<(String, Value, Value)> {
    let mut all = Vec::new();
    let schema = body_schema(operation);
    let with = |to: &Value, name: &str, value: Value| {
        let mut to = to.clone();
        to[name] = value;
        to
    };
    all.push((
        "unknown field".to_owned(),
        query.clone(),
        with(body, "dealwright", json!("1")),
    ));
    all.push((
        "unknown parameter".to_owned(),
        with(query, "dealwright", json!("1")),
        body.clone(),
    ));
    for (name, value) in body.as_object().unwrap() {
        let of = &schema["properties"][name];
        let strict = matches!(of["type"].as_str(), Some("integer" | "boolean" | "array"))
            || of.get("enum").is_some();
        if strict && !value.is_object() {
            all.push((
                format!("`{name}` of another kind"),
                query.clone(),
                with(body, name, json!("no such thing")),
            ));
        }
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        let mut less = body.clone();
        less.as_object_mut().unwrap().remove(name.as_str().unwrap());
        all.push((format!("no `{name}`"), query.clone(), less));
    }
    if query.get("limit").is_some() {
        let wrong = with(query, "limit", json!("many"));
        all.push(("`limit` of another kind".to_owned(), wrong, body.clone()));
    }
    all
}

#[tokio::test]
async fn every_request_is_as_the_specification_has_it_and_spoiled_ones_are_not() {
    let fake = Fake::start().await;
    let seen = everything(&fake).await;
    for file in ["stripe_2023-08-16.trim.json", "stripe_2025.trim.json"] {
        let Some(spec) = shared(&format!("openapi/{file}")) else {
            return;
        };
        if file.contains(STRIPE_VERSION) {
            assert_eq!(spec["info"]["version"], STRIPE_VERSION);
        }
        let (mut endpoints, mut controls) = (BTreeMap::new(), 0);
        for one in &seen {
            let (template, operation) =
                operation(&spec, one).unwrap_or_else(|| panic!("{} {}", one.method, one.path));
            let (query, body) = (form::decode(&one.query), form::decode(&one.body));
            check(operation, &query, &body)
                .unwrap_or_else(|e| panic!("{} {}: {e}\n{body}\n{query}", one.method, one.path));
            let negative = spoiled(operation, &query, &body);
            *endpoints
                .entry(format!("{} {template}", one.method))
                .or_insert(0) += negative.len();
            for (what, query, body) in negative {
                let passed = check(operation, &query, &body).is_ok();
                assert!(!passed, "{what} passed: {} {}", one.method, one.path);
                controls += 1;
            }
        }
        println!(
            "{file}: {} requests to {} endpoints, {controls} spoiled ones refused",
            seen.len(),
            endpoints.len()
        );
        assert_eq!(endpoints.len(), 23, "{endpoints:#?}");
        assert!(endpoints.values().all(|controls| *controls > 0));
    }
}
