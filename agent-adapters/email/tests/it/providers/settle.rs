//! A letter of which nobody knows is settled by what the provider tells of it: by an event, and by
//! a search where there is one.

use std::sync::Arc;

use chrono::Duration;
use dealwright_core::blobs::MemoryBlobs;
use dealwright_core::id::LeadId;
use dealwright_core::mail::{MailEvent, MailEventKind};
use dealwright_core::party::EmailAddress;
use dealwright_core::process::{Actor, EffectClass};
use dealwright_core::trust::{ApprovalMode, Messenger, Recipient, SentLog as _};
use dealwright_email::ProviderNews;
use dealwright_email::mandrill::MandrillMessenger;
use dealwright_email::sendgrid::SendgridMessenger;
use dealwright_runtime::{Agency, Business, Taken, unknown_works};
use dealwright_simulation::{
    FakePaymentProvider, NoHook, SequentialDriver, VirtualClock, bakery, start,
};
use serde_json::{Value, json};

use super::fake::{Booked, Fake, Trouble};
use super::signed::{MandrillSigner, SendgridSigner};
use super::{mandrill, sendgrid};

/// An agency whose first letter to one bakery was taken, and the answer lost.
struct Lost {
    agency: Agency,
    clock: VirtualClock,
}

impl Lost {
    async fn play(messenger: impl Messenger + 'static, clock: VirtualClock) -> Self {
        let mut business = Business::starter().unwrap();
        business.law.approval = ApprovalMode::Autonomous;
        business.read_websites = false;
        let agency = Agency::builder(business)
            .messenger(messenger)
            .gateway(FakePaymentProvider::new(EffectClass::Idempotent))
            .build()
            .unwrap();
        let record = bakery(1, &address()).unwrap();
        let lead = LeadId::derive(&[record.natural_key().as_bytes()]);
        agency
            .intake(&Actor::System, lead, record, start())
            .await
            .unwrap();
        let lost = Self { agency, clock };
        lost.days(2).await;
        assert_eq!(lost.unknown().await, 1);
        lost
    }

    async fn days(&self, day: i64) {
        let end = start() + Duration::days(day);
        let mut driver = SequentialDriver::new(self.agency.host().clone(), self.clock.clone());
        driver.run_until(end, &mut NoHook).await.unwrap();
    }

    async fn unknown(&self) -> usize {
        unknown_works(self.agency.host()).await.unwrap().len()
    }

    async fn counts_as_sent(&self) -> bool {
        let host = self.agency.host();
        let state = host.state::<Recipient>(&host.recipient(&address())).await;
        let (_, state) = state.unwrap().unwrap();
        state.last_sent().is_some()
    }

    async fn tell(&self, news: &[ProviderNews]) -> Taken {
        let [ProviderNews::Event(event)] = news else {
            panic!("{news:?}")
        };
        self.agency.mail(event).await.unwrap()
    }
}

fn address() -> EmailAddress {
    EmailAddress::parse("office@amsel-bakery.example").unwrap()
}

fn sendgrid_event(booked: &Booked, event: &str) -> Value {
    let mut all = booked.along.clone();
    all["event"] = json!(event);
    all["email"] = json!(booked.to);
    all["sg_event_id"] = json!(format!("{event}-1"));
    all["sg_message_id"] = json!(format!("{}.recvd-1-2", booked.id));
    all["timestamp"] = json!(start().timestamp());
    all
}

#[tokio::test]
async fn an_event_of_sendgrid_settles_what_nobody_knew() {
    let fake = Fake::start().await;
    let clock = VirtualClock::new(start());
    let settings = sendgrid::settings(&fake.base);
    let blobs = Arc::<MemoryBlobs>::default();
    let messenger = SendgridMessenger::new(settings, blobs, clock.clone()).unwrap();
    fake.next(Trouble::LostAfter);
    let lost = Lost::play(messenger, clock).await;
    let booked = fake.world().booked[0].clone();
    let signer = SendgridSigner::new(7);
    // The event of another's letter by the same account proves nothing.
    let mut other = sendgrid_event(&booked, "processed");
    other["dealwright_effect"] = json!("00".repeat(32));
    assert_eq!(lost.tell(&signer.news(&json!([other]))).await, Taken::Noted);
    assert_eq!(lost.unknown().await, 1);
    let news = signer.news(&json!([sendgrid_event(&booked, "processed")]));
    assert!(matches!(lost.tell(&news).await, Taken::Settled(_)));
    assert_eq!(lost.tell(&news).await, Taken::Noted, "once");
    lost.days(3).await;
    assert_eq!(lost.unknown().await, 0);
    assert!(lost.counts_as_sent().await);
    assert_eq!(fake.world().taken().len(), 1, "it was not sent again");
}

#[tokio::test]
async fn an_event_of_mandrill_settles_what_nobody_knew() {
    let fake = Fake::start().await;
    let clock = VirtualClock::new(start());
    let settings = mandrill::settings(&fake.base);
    let blobs = Arc::<MemoryBlobs>::default();
    let messenger = MandrillMessenger::new(settings, blobs, clock.clone()).unwrap();
    fake.next(Trouble::LostAfter);
    let lost = Lost::play(messenger, clock).await;
    let booked = fake.world().booked[0].clone();
    let message = json!({ "_id": booked.id, "email": booked.to, "metadata": booked.along });
    let event =
        json!({ "event": "send", "_id": booked.id, "ts": start().timestamp(), "msg": message });
    let news = MandrillSigner.news(&json!([event]));
    let [
        ProviderNews::Event(MailEvent {
            what: MailEventKind::Taken { provider_id },
            ..
        }),
    ] = news.as_slice()
    else {
        panic!("{news:?}")
    };
    assert_eq!(*provider_id, booked.id);
    assert!(matches!(lost.tell(&news).await, Taken::Settled(_)));
    lost.days(3).await;
    assert_eq!(lost.unknown().await, 0);
    assert!(lost.counts_as_sent().await);
    assert_eq!(fake.world().taken().len(), 1, "it was not sent again");
}

#[tokio::test]
async fn a_search_of_mandrill_settles_what_nobody_knew() {
    let fake = Fake::start().await;
    let clock = VirtualClock::new(start());
    let blobs = Arc::<MemoryBlobs>::default();
    let new = || {
        let settings = mandrill::settings(&fake.base);
        MandrillMessenger::new(settings, blobs.clone(), clock.clone()).unwrap()
    };
    fake.next(Trouble::LostAfter);
    let lost = Lost::play(new(), clock.clone()).await;
    fake.world().booked[0].at = start();
    let host = lost.agency.host();
    let works = unknown_works(host).await.unwrap();
    let work = &works[0];
    let receipt = new().find(work.effect_key()).await.unwrap().unwrap();
    let outcome = host.effect_of::<Recipient>(work).unwrap().sent(receipt);
    let now = start() + Duration::days(2);
    host.prove_performed::<Recipient>(&Actor::System, work, &outcome, now, "mandrill's search")
        .await
        .unwrap();
    lost.days(3).await;
    assert_eq!(lost.unknown().await, 0);
    assert!(lost.counts_as_sent().await);
    assert_eq!(fake.world().taken().len(), 1, "it was not sent again");
}
