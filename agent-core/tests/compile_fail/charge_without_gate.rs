//! A gateway takes a `Charge` and nothing else.
use dealwright_core::trust::{Bill, PaymentGateway};

async fn bill_it(gateway: &dyn PaymentGateway, bill: Bill) {
    let _ = gateway.charge(bill).await;
}

fn main() {}
