//! What is wrong with input, key, server and line is told clearly, and nothing is lost by it.

use std::time::Duration;

use dealwright_core::error::{PortErrorKind, Retry};
use dealwright_core::trust::{ChargeLog, PaymentGateway};
use dealwright_payments::stripe::{
    ApiKey, Confirmed, Delivery, StripeClient, StripeGateway, confirm,
};
use dealwright_payments::testing::{Fault, Till, bill, morning};
use serde_json::{Value, json};

use crate::conformance::{TwoLines, ada};
use crate::fake::{Fake, Trouble};
use crate::webhooks::{door, instant, sign};

#[tokio::test]
async fn a_wrong_key_and_a_server_that_is_not_there_are_told_apart() {
    let fake = Fake::start().await;
    let wrong = fake.client_with("sk_test_wrong", Duration::from_secs(20));
    let gateway = StripeGateway::new(wrong, TwoLines);
    let error = gateway
        .charge(Till::new(bill(1)).charge(morning()).await)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::PermissionDenied);
    assert_eq!(error.retry(), Retry::Never);
    let nobody = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let client = StripeClient::at(&nobody, ApiKey::parse("sk_test_x").unwrap()).unwrap();
    let gateway = StripeGateway::new(client, TwoLines);
    let error = gateway
        .charge(Till::new(bill(1)).charge(morning()).await)
        .await
        .unwrap_err();
    assert_eq!(
        error.kind(),
        PortErrorKind::Unavailable,
        "{}",
        error.chain()
    );
    assert_eq!(error.retry(), Retry::Transient { after: None });
}

#[tokio::test]
async fn an_encrypted_line_to_what_speaks_none_sends_nothing() {
    use tokio::io::AsyncReadExt;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut line, _) = listener.accept().await.unwrap();
        let mut hello = [0_u8; 3];
        line.read_exact(&mut hello).await.unwrap();
        hello
    });
    let key = ApiKey::parse("sk_test_secret").unwrap();
    let client = match StripeClient::at(&address, key) {
        Ok(client) => client,
        Err(error) => {
            println!(
                "skipped: no encrypted line on this machine: {}",
                error.chain()
            );
            return;
        }
    };
    let error = client.customer(&ada()).await.unwrap_err();
    assert_eq!(
        error.kind(),
        PortErrorKind::Unavailable,
        "{}",
        error.chain()
    );
    // A handshake by TLS, and not the request.
    let hello = heard.await.unwrap();
    assert_eq!((hello[0], hello[1]), (0x16, 0x03));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_unknown_where_money_is_asked_for() {
    let fake = Fake::start().await;
    let patience = Duration::from_millis(1_500);
    let gateway = StripeGateway::new(fake.client_with("sk_test_fake", patience), TwoLines);
    let till = Till::new(bill(1));
    let charge = till.charge(morning()).await;
    let key = charge.key();
    fake.fail_next(Trouble::Slow(patience * 2));
    // The invoice itself is asked then, and says that the client was asked.
    let receipt = gateway.charge(charge).await.unwrap();
    assert_eq!(gateway.find_charge(key).await.unwrap(), Some(receipt));
    // Where that cannot be asked either, nobody knows.
    for trouble in [
        Trouble::Garbage,
        Trouble::Flood,
        Trouble::Of(Fault::SilentAfter),
    ] {
        let fake = Fake::start().await;
        let gateway = StripeGateway::new(fake.client(), TwoLines);
        let till = Till::new(bill(1));
        fake.fail_next(trouble);
        fake.fail_after_next();
        let error = gateway
            .charge(till.charge(morning()).await)
            .await
            .unwrap_err();
        let wanted = match trouble {
            Trouble::Of(_) => PortErrorKind::Timeout,
            _ => PortErrorKind::Corrupt,
        };
        assert_eq!(error.kind(), wanted, "{trouble:?}: {}", error.chain());
        fake.weather(1, 0);
        let later = till.charge(morning() + chrono::Duration::hours(25)).await;
        gateway.charge(later).await.unwrap();
        let world = fake.world();
        assert_eq!(world.all("invoice").len(), 1, "{trouble:?}");
    }
}

#[tokio::test]
async fn a_busy_provider_says_when_to_come_back() {
    let fake = Fake::start().await;
    let gateway = StripeGateway::new(fake.client(), TwoLines);
    fake.fail_next(Trouble::Of(Fault::Busy));
    let error = gateway
        .charge(Till::new(bill(1)).charge(morning()).await)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::RateLimited);
    let after = Some(Duration::from_secs(2));
    assert_eq!(error.retry(), Retry::Transient { after });
}

#[tokio::test]
async fn no_error_repeats_what_it_was_told_of_a_person() {
    let fake = Fake::start().await;
    let client = fake.client();
    for trouble in [
        Trouble::Of(Fault::Refused),
        Trouble::Of(Fault::ErrorBefore),
        Trouble::UnderWay,
        Trouble::Page,
        Trouble::Garbage,
        Trouble::Of(Fault::SilentAfter),
    ] {
        fake.every_call(Some(trouble));
        let error = client.customer(&ada()).await.unwrap_err();
        let told = format!("{} {error:?}", error.chain());
        let lower = told.to_lowercase();
        assert!(
            !lower.contains("ada") && !lower.contains("example.com"),
            "{told}"
        );
        assert!(!told.contains("sk_test_fake"), "{told}");
    }
}

#[tokio::test]
async fn a_bill_that_does_not_come_out_to_the_cent_asks_nobody() {
    use async_trait::async_trait;
    use dealwright_core::error::PortError;
    use dealwright_core::money::Money;
    use dealwright_core::trust::Bill;
    use dealwright_payments::{BillBook, BillDetails, BillLine};

    #[derive(Debug)]
    struct OneCentLess;

    #[async_trait]
    impl BillBook for OneCentLess {
        async fn details(&self, bill: &Bill) -> Result<BillDetails, PortError> {
            let net = Money::from_minor(bill.amount.minor() - 1, bill.amount.currency());
            Ok(BillDetails::Invoice {
                customer: Box::new(ada()),
                lines: vec![BillLine::new("A website", net)],
                taxes: Vec::new(),
            })
        }
    }
    let fake = Fake::start().await;
    let gateway = StripeGateway::new(fake.client(), OneCentLess);
    let error = gateway
        .charge(Till::new(bill(1)).charge(morning()).await)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Invalid);
    assert!(error.chain().contains("1190.77 EUR"), "{}", error.chain());
    assert!(fake.world().seen.is_empty(), "nothing was asked of stripe");
    // And where it is Stripe that reckons otherwise, the draft is struck.
    let gateway = StripeGateway::new(fake.client(), TwoLines);
    fake.world().surcharge = 1;
    let error = gateway
        .charge(Till::new(bill(1)).charge(morning()).await)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Invalid, "{}", error.chain());
    assert!(fake.world().all("invoice").is_empty());
}

/// Signs an event and lets it in.
async fn take(fake: &Fake, event: &Value) -> (Confirmed, Value) {
    let (body, now) = (event.to_string().into_bytes(), 1_772_442_000);
    let received = door()
        .receive(&sign(&body, now), &body, instant(now))
        .unwrap();
    let Delivery::Fresh(event) = received else {
        panic!("it is new");
    };
    let confirmed = confirm(&fake.client(), &event).await.unwrap();
    (confirmed, event.raw().clone())
}

#[tokio::test]
async fn unknown_and_foreign_events_are_kept_and_move_no_money() {
    let fake = Fake::start().await;
    let event = |kind: &str, object: Value| {
        json!({"id": "evt_1", "type": kind, "created": 1_772_442_000, "livemode": false,
            "data": {"object": object}})
    };
    let unknown = [
        event(
            "terminal.reader.danced",
            json!({"id": "tmr_1", "object": "terminal.reader"}),
        ),
        event("invoice.paid", json!({"object": "invoice"})),
        // An id that would lead elsewhere is none.
        event(
            "invoice.paid",
            json!({"id": "../customers", "object": "invoice"}),
        ),
        event(
            "invoice.paid",
            json!({"id": "in_1?x=", "object": "invoice"}),
        ),
        event("x", json!("text")),
    ];
    for event in unknown {
        let (confirmed, raw) = take(&fake, &event).await;
        assert_eq!(confirmed, Confirmed::Unknown, "{event}");
        assert_eq!(raw, event);
    }
    assert!(fake.world().seen.is_empty(), "nothing was asked of stripe");
    // Signed, says that much was paid, and Stripe has it not.
    let forged = event(
        "invoice.paid",
        json!({"id": "in_9", "object": "invoice", "status": "paid", "amount_paid": 9_999_900,
            "currency": "eur", "metadata": {"dealwright_invoice": bill(1).invoice.to_string()}}),
    );
    assert_eq!(take(&fake, &forged).await.0, Confirmed::Foreign);
    // Stripe has it and it is not paid, whatever the event says.
    let gateway = StripeGateway::new(fake.client(), TwoLines);
    let till = Till::new(bill(1));
    let receipt = gateway.charge(till.charge(morning()).await).await.unwrap();
    let mut early = forged.clone();
    early["data"]["object"]["id"] = json!(receipt.provider_id);
    assert_eq!(take(&fake, &early).await.0, Confirmed::Facts(Vec::new()));
}
