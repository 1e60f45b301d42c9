//! Rows and log entries of any bytes: reading them never panics, what is read is written as it
//! was, and events that are read apply.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use dealwright_core::orchestration::Lane;
use dealwright_core::process::suite::run as block_on;
use dealwright_core::process::{
    Actor, Claim, Cursor, Envelope, EventLogHash, Host, MemoryStore, NoPerformer, PlainSealer,
    Process, ProcessKey, Store, Tenant, Work, WorkQuery,
};
use dealwright_core::trust::{
    AskSend, Desk, DeskPolicy, MessengerPerformer, News, Payer, PayerEvent, Recipient,
    RecipientInput, RecipientPolicy,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::letter::draft;

fn host(store: Arc<MemoryStore>) -> Host {
    let mut policy = RecipientPolicy::default();
    policy.rules.principal = "agency".to_owned();
    Host::builder(Tenant::parse("t").expect("a tenant"), store, PlainSealer::default())
        .process::<Recipient>(policy, MessengerPerformer::new(Vec::new()))
        .and_then(|b| b.process::<Desk>(DeskPolicy::default(), NoPerformer))
        .expect("policies have a canonical form")
        .build()
}

/// Reads `data` as everything that a store keeps as JSON.
pub fn run(data: &[u8]) {
    same::<Work>(data);
    same::<Cursor>(data);
    same::<PayerEvent>(data);
    let Some(envelope) = same::<Envelope>(data) else {
        return;
    };
    let _ = EventLogHash::default().add(&envelope);
    let host = host(Arc::default());
    replay::<Recipient>(&host, &envelope);
    replay::<Desk>(&host, &envelope);
    replay::<Payer>(&host, &envelope);
    let _ = host.consumed::<Recipient>(&envelope);
    let _ = host.open(&envelope.process, &envelope.input.body);
}

fn same<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(data: &[u8]) -> Option<T> {
    let read: T = serde_json::from_slice(data).ok()?;
    let written = serde_json::to_vec(&read).expect("what was read can be written");
    let again: T = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(read, again);
    Some(read)
}

fn replay<P: Process>(host: &Host, envelope: &Envelope) {
    let Ok(events) = host.events::<P>(envelope) else {
        return;
    };
    let mut state = P::State::default();
    for event in &events {
        state = P::apply(state, event);
    }
    let _ = P::index(&state);
    let _ = P::business(&state);
}

/// The log and the rows of a small business.
pub fn seeds() -> Vec<Vec<u8>> {
    let store = Arc::new(MemoryStore::new());
    let host = host(Arc::clone(&store));
    let now: DateTime<Utc> = DateTime::UNIX_EPOCH + Duration::days(20_515) + Duration::hours(17);
    let asker = ProcessKey::new(host.tenant(), "desk", "main");
    let to = "r";
    let letters = crate::letter::seeds();
    block_on(async {
        for (n, words) in letters.iter().take(4).enumerate() {
            let mut draft = draft(words);
            draft.letter.step = format!("touch-{n}");
            let ask = RecipientInput::Ask {
                asker: asker.clone(),
                ask: Box::new(AskSend { step: format!("touch-{n}"), draft, lane: Lane::Normal }),
            };
            let _ = host.offer::<Recipient>(to, &format!("ask{n}"), Actor::Agent, now, &ask).await;
        }
        let heard = RecipientInput::Received {
            news: News::OptOut,
            address: draft(&letters[0]).letter.to,
            answers: None,
            text: None,
            message_id: Some("9@bakery.example".to_owned()),
            source: "reply".to_owned(),
            until: None,
        };
        let _ = host.offer::<Recipient>(to, "out", Actor::System, now, &heard).await;
        for _ in 0..20 {
            let claim = Claim {
                now,
                worker: "fuzz".to_owned(),
                kinds: Vec::new(),
                shares: Vec::new(),
                lease: Duration::minutes(1),
                n: 10,
                exclusive: true,
            };
            let works = store.claim(claim).await.map(|c| c.works).unwrap_or_default();
            for work in works {
                let _ = host.handle(work, now).await;
            }
        }
        let feed = store.feed(None, 100).await.map(|f| f.0).unwrap_or_default();
        let works = store.works(WorkQuery { n: 100, ..WorkQuery::default() }).await.unwrap_or_default();
        feed.iter()
            .filter_map(|e| serde_json::to_vec(e).ok())
            .chain(works.iter().filter_map(|w| serde_json::to_vec(w).ok()))
            .collect()
    })
}
