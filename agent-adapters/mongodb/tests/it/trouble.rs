//! A server that is not there, not the right one, or gone in the middle.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dealwright_core::error::PortErrorKind;
use dealwright_core::process::{Store, event_log_hash};
use dealwright_mongodb::{MongoStore, Options};

use super::instance::Instance;
use super::server::runtime;
use super::{host, step};

fn quick() -> Options {
    Options {
        wait: Duration::from_millis(800),
    }
}

/// Opens what must not open; answers the kind and the words.
fn refused(uri: &str) -> (PortErrorKind, String) {
    let error = runtime()
        .block_on(MongoStore::open(uri, quick()))
        .expect_err(uri);
    (error.kind(), error.chain())
}

#[test]
fn a_uri_that_weakens_the_promises_is_refused_before_anything_is_sent() {
    let at = "mongodb://ada:s3cret@127.0.0.1:1/agency";
    for (weak, says) in [
        ("w=1", "`w`"),
        ("w=0", "`w`"),
        ("journal=false", "journal"),
        ("readConcernLevel=local", "readConcernLevel"),
        ("readConcernLevel=available", "readConcernLevel"),
        ("readPreference=secondary", "readPreference"),
        ("readPreference=nearest", "readPreference"),
        ("retryWrites=false", "retryWrites"),
        (
            "tls=true&tlsAllowInvalidCertificates=true",
            "tlsAllowInvalidCertificates",
        ),
    ] {
        let (kind, words) = refused(&format!("{at}?{weak}"));
        assert_eq!(kind, PortErrorKind::Invalid, "{weak}: {words}");
        assert!(words.contains(says), "{weak}: {words}");
        assert!(words.contains("127.0.0.1:1"), "{words}");
        assert!(!words.contains("s3cret"), "{words}");
    }
    let (kind, words) = refused("mongo//ada:s3cret@nowhere");
    assert_eq!(kind, PortErrorKind::Invalid);
    assert!(
        words.contains("mongodb://") && !words.contains("s3cret"),
        "{words}"
    );
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let (kind, words) = refused("mongodb://127.0.0.1:1/agency");
    assert_eq!(kind, PortErrorKind::Unavailable);
    assert!(words.contains("127.0.0.1:1"), "{words}");
}

#[test]
fn a_standalone_server_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Instance::start(folder.path(), None, &["--standalone"]) else {
        return;
    };
    let (kind, words) = refused(&format!("{}/agency", server.uri()));
    assert_eq!(kind, PortErrorKind::Invalid);
    assert!(
        words.contains("standalone") && words.contains("rs.initiate"),
        "{words}"
    );
}

#[test]
fn a_layout_of_a_later_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Instance::start(folder.path(), None, &[]) else {
        return;
    };
    let uri = format!("{}/agency", server.uri());
    runtime().block_on(async {
        MongoStore::open(&uri, Options::default()).await.unwrap();
        let client = mongodb::Client::with_uri_str(&uri).await.unwrap();
        client
            .database("agency")
            .collection::<mongodb::bson::Document>("meta")
            .update_one(
                mongodb::bson::doc! {"_id": "layout"},
                mongodb::bson::doc! {"$set": {"version": 9}},
            )
            .await
            .unwrap();
    });
    let (kind, words) = refused(&uri);
    assert_eq!(kind, PortErrorKind::Corrupt);
    assert!(words.contains("version 9"), "{words}");
}

/// The server goes in the middle of the work and comes back: what was answered is there, what was
/// not is done again, and nothing twice.
#[test]
fn work_goes_on_when_the_server_is_back() {
    let folder = tempfile::tempdir().unwrap();
    // Kept on disk at each commit, so that a kill loses nothing that was answered.
    let durable = ["--sync-on-commit"];
    let Some(server) = Instance::start(folder.path(), None, &durable) else {
        return;
    };
    let (port, uri) = (server.port, format!("{}/agency", server.uri()));
    let runtime = runtime();
    let store = Arc::new(runtime.block_on(MongoStore::open(&uri, quick())).unwrap());
    let host = host(Arc::clone(&store));
    for note in ["one", "two"] {
        runtime.block_on(step(&host, "a", note)).unwrap();
    }
    drop(server);
    let gone = runtime.block_on(step(&host, "a", "three")).unwrap_err();
    assert!(
        matches!(
            gone.kind(),
            PortErrorKind::Unavailable | PortErrorKind::Timeout
        ),
        "{}",
        gone.chain()
    );
    let _back = Instance::start(folder.path(), Some(port), &durable).unwrap();
    let since = Instant::now();
    while let Err(error) = runtime.block_on(step(&host, "a", "three")) {
        assert!(
            since.elapsed() < Duration::from_secs(60),
            "{}",
            error.chain()
        );
    }
    runtime.block_on(async {
        let (envelopes, _) = store.feed(None, 100).await.unwrap();
        let notes: Vec<String> = envelopes
            .iter()
            .map(|e| e.input.key.as_str().to_owned())
            .collect();
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert_eq!(event_log_hash(&*store).await.unwrap().envelopes(), 3);
    });
}
