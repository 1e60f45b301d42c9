//! The kit over every gateway here, and over those that it must catch.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::Duration;
use dealwright_core::error::PortError;
use dealwright_core::money::{Money, Rate, Rounding};
use dealwright_core::party::EmailAddress;
use dealwright_core::personal::Personal;
use dealwright_core::trust::{Bill, ChargeLog, PaymentGateway};
use dealwright_payments::bank::TransferGateway;
use dealwright_payments::payment_conformance;
use dealwright_payments::stripe::{NewCustomer, StripeGateway};
use dealwright_payments::testing::flawed::{Flaw, MemoryGateway};
use dealwright_payments::testing::{Fault, PaymentRig, Till, bill, clauses, morning};
use dealwright_payments::{BillBook, BillDetails, BillLine, BillTax};

use crate::fake::{Fake, Trouble};

/// Details of any bill: two lines with 19 % on both, to the cent.
#[derive(Clone, Debug)]
pub(crate) struct TwoLines;

pub(crate) fn ada() -> NewCustomer {
    NewCustomer::new(
        "account_1",
        Personal::new("Ada Example".to_owned(), "contact_1"),
        Personal::new(EmailAddress::parse("ada@example.com").unwrap(), "contact_1"),
    )
}

#[async_trait]
impl BillBook for TwoLines {
    async fn details(&self, bill: &Bill) -> Result<BillDetails, PortError> {
        let rate = Rate::parse_percent("19").unwrap();
        let net = bill.amount.net_of(rate, Rounding::HalfUp).unwrap();
        let parts = net.allocate(&[2, 1]).unwrap();
        Ok(BillDetails::Invoice {
            customer: Box::new(ada()),
            lines: parts
                .into_iter()
                .map(|part| BillLine::new("A website, a part of it", part).taxed_by("de-19"))
                .collect(),
            taxes: vec![BillTax::new(
                "de-19",
                "VAT 19 %",
                bill.amount.checked_sub(net).unwrap(),
            )],
        })
    }
}

#[derive(Debug)]
struct StripeRig {
    fake: Fake,
    gateway: Arc<StripeGateway>,
}

impl StripeRig {
    async fn start(inclusive: bool) -> Arc<dyn PaymentRig> {
        let fake = Fake::start().await;
        let mut gateway = StripeGateway::new(fake.client(), TwoLines);
        if inclusive {
            gateway = gateway.with_tax_rate("de-19", "txr_1".parse().unwrap());
        }
        Arc::new(Self {
            gateway: Arc::new(gateway),
            fake,
        })
    }
}

#[async_trait]
impl PaymentRig for StripeRig {
    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::clone(&self.gateway) as _
    }

    fn log(&self) -> Arc<dyn ChargeLog> {
        Arc::clone(&self.gateway) as _
    }

    async fn asked(&self, bill: &Bill) -> Vec<Money> {
        let id = bill.invoice.to_string();
        let world = self.fake.world();
        let mine = world.all("invoice").iter().filter(|i| {
            i["metadata"]["dealwright_invoice"] == id.as_str() && i["status"] != "draft"
        });
        mine.map(|i| Money::from_minor(i["total"].as_i64().unwrap(), bill.amount.currency()))
            .collect()
    }

    async fn forget_keys(&self) {
        self.fake.forget_keys();
    }

    async fn fail_next(&self, how: Fault) -> bool {
        self.fake.fail_next(Trouble::Of(how));
        true
    }
}

/// A transfer gateway: nothing leaves by it, so that its own book is the provider's.
#[derive(Debug)]
struct TransferRig {
    gateway: TransferGateway,
    _folder: Option<tempfile::TempDir>,
}

impl TransferRig {
    async fn in_file() -> Arc<dyn PaymentRig> {
        let folder = tempfile::tempdir().unwrap();
        let gateway = TransferGateway::open(folder.path().join("transfers.jsonl")).await;
        Arc::new(Self {
            gateway: gateway.unwrap(),
            _folder: Some(folder),
        })
    }
}

#[async_trait]
impl PaymentRig for TransferRig {
    fn gateway(&self) -> Arc<dyn PaymentGateway> {
        Arc::new(self.gateway.clone())
    }

    fn log(&self) -> Arc<dyn ChargeLog> {
        Arc::new(self.gateway.clone())
    }

    async fn asked(&self, bill: &Bill) -> Vec<Money> {
        let asked = self.gateway.asked().unwrap();
        let mine = asked.iter().filter(|a| a.bill.invoice == bill.invoice);
        mine.map(|a| a.bill.amount).collect()
    }

    async fn forget_keys(&self) {}

    async fn fail_next(&self, _: Fault) -> bool {
        false
    }
}

mod stripe {
    use super::*;
    // covers: IN-1, IN-3
    payment_conformance!(
        #[tokio::test]
        async {
            StripeRig::start(false).await
        }
    );
}

mod stripe_with_tax_inside {
    use super::*;
    payment_conformance!(
        #[tokio::test]
        async {
            StripeRig::start(true).await
        }
    );
}

mod transfer {
    use super::*;
    // covers: IN-3
    payment_conformance!(
        #[tokio::test]
        async {
            Arc::new(TransferRig {
                gateway: TransferGateway::in_memory(),
                _folder: None,
            })
        }
    );
}

mod transfer_in_a_file {
    use super::*;
    payment_conformance!(
        #[tokio::test]
        async {
            TransferRig::in_file().await
        }
    );
}

mod memory {
    use super::*;
    // covers: IN-3
    payment_conformance!(
        #[tokio::test]
        async {
            Arc::new(MemoryGateway::default())
        }
    );
}

// covers: IN-1
#[tokio::test]
async fn the_kit_catches_every_flaw() {
    let mut caught = 0;
    for flaw in Flaw::ALL {
        let mut by = Vec::new();
        for (name, clause) in clauses() {
            let rig = Arc::new(MemoryGateway::with(flaw));
            if tokio::spawn(clause(rig)).await.is_err() {
                by.push(name);
            }
        }
        println!("{flaw:?}: {}", by.join(", "));
        assert!(!by.is_empty(), "{flaw:?} went unseen");
        caught += 1;
    }
    assert_eq!(caught, 8);
}

#[tokio::test]
async fn a_transfer_book_survives_a_restart_and_a_line_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("transfers.jsonl");
    let till = Till::new(bill(1));
    let key = till.charge(morning()).await.key();
    let gateway = TransferGateway::open(&path).await.unwrap();
    let first = gateway.charge(till.charge(morning()).await).await.unwrap();
    let locked = TransferGateway::open(&path).await.unwrap_err();
    assert!(
        locked.chain().contains("another process"),
        "{}",
        locked.chain()
    );
    drop(gateway);
    let whole = std::fs::read(&path).unwrap();
    let torn = [whole.as_slice(), &whole[..whole.len() / 2]].concat();
    std::fs::write(&path, torn).unwrap();
    let gateway = TransferGateway::open(&path).await.unwrap();
    assert_eq!(gateway.find_charge(key).await.unwrap(), Some(first.clone()));
    let later = morning() + Duration::days(60);
    let again = gateway.charge(till.charge(later).await).await.unwrap();
    assert_eq!(again, first);
    drop(gateway);
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    std::fs::write(&path, [b"nonsense\n", whole.as_slice()].concat()).unwrap();
    let broken = TransferGateway::open(&path).await.unwrap_err();
    assert!(broken.chain().contains("line 1"), "{}", broken.chain());
}
