//! What goes over the wire: no read and no write leaves without its concern.

use std::sync::{Arc, Mutex};

use dealwright_core::process::{Find, IndexRange, Store, Tenant, WorkQuery};
use dealwright_mongodb::{MongoStore, Options};
use mongodb::bson::{Bson, Document};
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use mongodb::options::ClientOptions;

use super::server::{runtime, shared};
use super::{host, step};

const READS: [&str; 3] = ["find", "aggregate", "count"];
const WRITES: [&str; 5] = [
    "insert",
    "update",
    "delete",
    "findAndModify",
    "createIndexes",
];

fn whole(concern: Option<&Bson>) -> bool {
    let concern = concern.and_then(Bson::as_document);
    concern.is_some_and(|c| c.get_str("w").ok() == Some("majority") && is_true(c, "j"))
}

fn is_true(document: &Document, name: &str) -> bool {
    document.get_bool(name).unwrap_or(false)
}

fn level(command: &Document) -> Option<&str> {
    command
        .get_document("readConcern")
        .ok()?
        .get_str("level")
        .ok()
}

#[test]
fn every_command_carries_its_concern() {
    let Some(server) = shared() else {
        return;
    };
    let seen: Arc<Mutex<Vec<(String, Document)>>> = Arc::default();
    let watch = Arc::clone(&seen);
    let uri = server.database("commands");
    runtime().block_on(async {
        let mut driver = ClientOptions::parse(&uri).await.unwrap();
        driver.command_event_handler = Some(EventHandler::callback(move |event| {
            if let CommandEvent::Started(started) = event {
                let one = (started.command_name, started.command);
                watch.lock().unwrap().push(one);
            }
        }));
        let store = Arc::new(
            MongoStore::open_with(driver, Options::default())
                .await
                .unwrap(),
        );
        let host = host(Arc::clone(&store));
        for note in ["one", "two", "three"] {
            step(&host, "a", note).await.unwrap();
        }
        store.feed(None, 10).await.unwrap();
        store
            .works(WorkQuery {
                n: 10,
                ..WorkQuery::default()
            })
            .await
            .unwrap();
        let find = Find {
            tenant: Tenant::parse("t").unwrap(),
            kind: "probe".to_owned(),
            index: "place".to_owned(),
            range: IndexRange {
                prefix: Vec::new(),
                descending: false,
            },
            after: None,
            n: 10,
        };
        store.find(find).await.unwrap();
    });
    let seen = seen.lock().unwrap();
    let mut counted = (0, 0, 0);
    for (name, command) in seen.iter() {
        let inside = command.contains_key("autocommit");
        let begins = is_true(command, "startTransaction");
        if begins {
            assert_eq!(level(command), Some("snapshot"), "{command}");
            counted.0 += 1;
        }
        if inside && name != "commitTransaction" {
            continue;
        }
        if name == "commitTransaction" || WRITES.contains(&name.as_str()) {
            assert!(whole(command.get("writeConcern")), "{command}");
            counted.1 += 1;
        }
        if READS.contains(&name.as_str()) {
            assert_eq!(level(command), Some("majority"), "{command}");
            counted.2 += 1;
        }
    }
    let (begun, written, read) = counted;
    assert!(begun >= 3 && written > 10 && read > 10, "{counted:?}");
}
