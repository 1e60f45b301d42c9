use std::fs;
use std::path::Path;

use chrono::{DateTime, Duration};
use dealwright_core::error::PortErrorKind;
use dealwright_core::process::suite::{Probe, Script, run};
use dealwright_core::process::{Actor, Claim, Handled, Host, Store, WorkQuery, event_log_hash};
use dealwright_core::time::Timestamp;
use dealwright_embedded::{EmbeddedStore, FileBlobs, Options};

use super::{host, open};

pub(crate) fn now() -> Timestamp {
    DateTime::UNIX_EPOCH + Duration::days(20_000)
}

pub(crate) fn claim(n: usize) -> Claim {
    Claim {
        now: now(),
        worker: "one".to_owned(),
        kinds: Vec::new(),
        shares: Vec::new(),
        lease: Duration::minutes(5),
        n,
        exclusive: false,
    }
}

pub(crate) fn step(host: &Host, id: &str, dedupe: &str, script: &Script) -> Handled {
    run(async {
        assert!(
            host.offer::<Probe>(id, dedupe, Actor::System, now(), script)
                .await
                .unwrap()
        );
        let work = host.store().claim(claim(1)).await.unwrap().works.remove(0);
        host.handle(work, now()).await.unwrap()
    })
}

#[test]
fn a_second_owner_is_turned_away_with_the_file_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agency.db");
    let first = open(&path);
    let error = EmbeddedStore::open(&path, Options::default()).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Unavailable);
    let line = error.chain();
    assert!(
        line.contains("agency.db") && line.contains("in use"),
        "{line}"
    );
    assert!(!line.contains('\n'), "{line}");
    drop(first);
    // The lock goes with its owner.
    open(&path);
}

#[test]
fn a_store_opened_beside_can_offer_and_look_but_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agency.db");
    let owner = host(open(&path));
    step(&owner, "a", "first", &Script::note("first"));
    let beside = host(EmbeddedStore::open_beside(&path, Options::default()).unwrap());
    run(async {
        let seen = beside
            .state::<Probe>(&beside.key::<Probe>("a"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(seen.1.notes(), ["first"]);
        let note = Script::note("beside");
        let offered = beside.offer::<Probe>("a", "beside", Actor::System, now(), &note);
        assert!(offered.await.unwrap());
        let refused = beside.store().claim(claim(1)).await.unwrap_err();
        assert_eq!(refused.kind(), PortErrorKind::PermissionDenied);
        let work = owner.store().claim(claim(1)).await.unwrap().works.remove(0);
        owner.handle(work, now()).await.unwrap();
        let seen = beside
            .state::<Probe>(&beside.key::<Probe>("a"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(seen.1.notes(), ["first", "beside"]);
    });
}

fn filled(path: &Path) {
    let host = host(open(path));
    for n in 0..20 {
        step(
            &host,
            &format!("p{n}"),
            "in",
            &Script::note("x".repeat(500)),
        );
    }
}

fn damage(path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, &bytes).unwrap();
    bytes
}

#[test]
fn a_damaged_file_is_named_and_left_as_it_is() {
    type Change = fn(&mut Vec<u8>);
    let changes: [(&str, Change); 4] = [
        ("header", |b| b[..64].fill(0x5a)),
        ("first page", |b| b[100..4_000].fill(0x5a)),
        ("all pages but the first", |b| b[4_096..].fill(0x5a)),
        ("no database", |b| {
            *b = b"<html>not a database</html>".repeat(400)
        }),
    ];
    for (what, change) in changes {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agency.db");
        filled(&path);
        let bytes = damage(&path, change);
        let error = EmbeddedStore::open(&path, Options::default()).unwrap_err();
        assert_eq!(
            error.kind(),
            PortErrorKind::Corrupt,
            "{what}: {}",
            error.chain()
        );
        let line = error.chain();
        assert!(
            line.contains("agency.db") && !line.contains('\n'),
            "{what}: {line}"
        );
        assert!(
            fs::read(&path).unwrap() == bytes,
            "{what}: the file has changed"
        );
    }
}

#[test]
fn damage_deep_inside_is_an_error_and_never_a_wrong_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agency.db");
    filled(&path);
    let whole = fs::read(&path).unwrap();
    let expected = run(event_log_hash(&open(&path))).unwrap().finish();
    let pages = whole.len() / 4_096;
    assert!(pages > 8, "too small to damage");
    for page in 1..pages {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agency.db");
        let mut bytes = whole.clone();
        bytes[page * 4_096..(page + 1) * 4_096].fill(0xff);
        fs::write(&path, bytes).unwrap();
        let read = EmbeddedStore::open(&path, Options::default())
            .and_then(|store| run(event_log_hash(&store)));
        match read {
            Ok(hash) => assert_eq!(hash.finish(), expected, "page {page}"),
            Err(error) => assert_eq!(
                error.kind(),
                PortErrorKind::Corrupt,
                "page {page}: {}",
                error.chain()
            ),
        }
    }
}

#[test]
fn another_programs_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("create table ledger (id integer)")
        .unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    let error = EmbeddedStore::open(&path, Options::default()).unwrap_err();
    assert_eq!(error.kind(), PortErrorKind::Corrupt);
    assert!(
        error.chain().contains("not one of this program"),
        "{}",
        error.chain()
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    // A later version is refused as well.
    let path = folder.path().join("later.db");
    filled(&path);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("pragma user_version = 9").unwrap();
    drop(other);
    let error = EmbeddedStore::open(&path, Options::default()).unwrap_err();
    assert!(error.chain().contains("version 9"), "{}", error.chain());
}

#[test]
fn a_full_disk_writes_nothing_by_halves_and_work_goes_on_with_more_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agency.db");
    let small = Options {
        max_pages: Some(40),
    };
    let store = host(EmbeddedStore::open(&path, small).unwrap());
    let big = Script::note("y".repeat(3_000)).timer("tick", now() + Duration::days(1));
    let mut done = 0;
    let (full, waiting) = run(async {
        loop {
            let dedupe = format!("in{done}");
            let offered = store
                .offer::<Probe>("a", &dedupe, Actor::System, now(), &big)
                .await;
            if let Err(error) = offered {
                break (error, None);
            }
            let work = store.store().claim(claim(1)).await.unwrap().works.remove(0);
            if let Err(error) = store.handle(work.clone(), now()).await {
                break (error, Some(work));
            }
            done += 1;
            assert!(done < 1_000, "the limit never showed");
        }
    });
    assert_eq!(full.kind(), PortErrorKind::Full, "{}", full.chain());
    let all = WorkQuery {
        n: 10_000,
        ..WorkQuery::default()
    };
    run(async {
        let hash = event_log_hash(&**store.store()).await.unwrap();
        assert_eq!(hash.envelopes(), done, "nothing of the last step is there");
        let works = store.store().works(all.clone()).await.unwrap();
        let ready = works.iter().filter(|w| w.step.starts_with("in")).count();
        assert_eq!(
            ready,
            usize::try_from(done).unwrap() + usize::from(waiting.is_some())
        );
        // The same step may be tried again under the lease it has.
        if let Some(work) = waiting.clone() {
            assert_eq!(
                store.handle(work, now()).await.unwrap_err().kind(),
                PortErrorKind::Full
            );
        }
    });
    drop(store);
    let store = host(open(&path));
    run(async {
        let dedupe = format!("in{done}");
        let offered = store
            .offer::<Probe>("a", &dedupe, Actor::System, now(), &big)
            .await
            .unwrap();
        assert_eq!(offered, waiting.is_none(), "what was taken is still there");
        let work = store.store().claim(claim(1)).await.unwrap().works.remove(0);
        assert!(matches!(
            store.handle(work, now()).await.unwrap(),
            Handled::Stepped { .. }
        ));
        assert_eq!(
            event_log_hash(&**store.store()).await.unwrap().envelopes(),
            done + 1
        );
    });
}

#[test]
fn a_changed_blob_is_an_error() {
    use dealwright_core::blobs::Blobs;
    let folder = tempfile::tempdir().unwrap();
    let blobs = FileBlobs::open(folder.path()).unwrap();
    let address = run(blobs.put(b"a contract".to_vec())).unwrap();
    let hex = address.to_hex();
    fs::write(
        folder.path().join(&hex[..2]).join(&hex[2..]),
        b"another contract",
    )
    .unwrap();
    assert_eq!(
        run(blobs.get(address)).unwrap_err().kind(),
        PortErrorKind::Corrupt
    );
}
