//! A process that dies leaves its files as they are at that moment. These tests take the files
//! of a running store, whole or cut, and open them as the next owner would.

use std::fs;
use std::path::Path;

use chrono::Duration;
use dealwright_core::process::suite::{Probe, Script, run};
use dealwright_core::process::{
    Actor, EffectClass, Envelope, Host, Mark, Process, Revision, Store, Work, WorkQuery, WorkState,
    event_log_hash,
};

use super::bad_input::{claim, now};
use super::{host, open};

/// What a kill would leave: the file and its log of changes, but no lock.
fn corpse(from: &Path, to: &Path) {
    for end in ["", "-wal"] {
        let name = format!("store.db{end}");
        let path = from.join(&name);
        if path.exists() {
            fs::copy(path, to.join(name)).unwrap();
        }
    }
}

async fn feed(store: &dyn Store) -> Vec<Envelope> {
    store.feed(None, 100_000).await.unwrap().0
}

/// Everything in the store fits together.
async fn is_whole(host: &Host) {
    let log = feed(&**host.store()).await;
    event_log_hash(&**host.store()).await.unwrap();
    let works = host
        .store()
        .works(WorkQuery {
            n: 100_000,
            ..WorkQuery::default()
        })
        .await
        .unwrap();
    let mut notes = std::collections::BTreeMap::<_, Vec<String>>::new();
    for envelope in &log {
        let row = works
            .iter()
            .find(|w| w.key == envelope.input.key)
            .expect("its row");
        assert_eq!(row.state, WorkState::Applied, "{}", envelope.id());
        let input = host.consumed::<Probe>(envelope).unwrap();
        let note = serde_json::to_value(&input).unwrap()["note"]
            .as_str()
            .unwrap()
            .to_owned();
        notes
            .entry(envelope.process.clone())
            .or_default()
            .push(note);
    }
    for (process, notes) in notes {
        let (revision, state) = host.state::<Probe>(&process).await.unwrap().unwrap();
        assert_eq!(revision, Revision::new(notes.len() as u64), "{process}");
        assert_eq!(
            Probe::business(&state),
            serde_json::json!(notes),
            "{process}"
        );
        assert_eq!(host.redecide(&process).await.unwrap(), None, "{process}");
    }
}

// covers: OR-1
#[test]
fn nothing_that_was_answered_is_lost_when_the_process_dies() {
    let folder = tempfile::tempdir().unwrap();
    let alive = host(open(&folder.path().join("store.db")));
    let mut answered = 0;
    let die = |answered: usize, ready: usize, started: usize| {
        let grave = tempfile::tempdir().unwrap();
        corpse(folder.path(), grave.path());
        let next = host(open(&grave.path().join("store.db")));
        run(async {
            is_whole(&next).await;
            assert_eq!(feed(&**next.store()).await.len(), answered);
            let works = next
                .store()
                .works(WorkQuery {
                    n: 1_000,
                    ..WorkQuery::default()
                })
                .await
                .unwrap();
            let count = |state| works.iter().filter(|w| w.state == state).count();
            assert_eq!(count(WorkState::Ready) + count(WorkState::Settled), ready);
            assert_eq!(
                count(WorkState::Unknown),
                started,
                "what had started is unknown"
            );
            assert_eq!(count(WorkState::Started), 0);
            let free = next.store().claim(claim(100)).await.unwrap().works;
            assert_eq!(free.len(), ready, "leases of the dead are void");
        });
    };
    run(async {
        for turn in 0..6 {
            let script = Script::note(format!("{turn}"))
                .effect(&format!("act{turn}"), EffectClass::AtMostOnce);
            alive
                .offer::<Probe>("a", &format!("in{turn}"), Actor::System, now(), &script)
                .await
                .unwrap();
            die(answered, 1, 0);
            let work = alive
                .store()
                .claim(claim(10))
                .await
                .unwrap()
                .works
                .remove(0);
            die(answered, 1, 0);
            alive.handle(work, now()).await.unwrap();
            answered += 1;
            die(answered, 1, 0);
            let act = alive
                .store()
                .claim(claim(10))
                .await
                .unwrap()
                .works
                .remove(0);
            alive
                .store()
                .mark(&act.key, act.token, Mark::Started { at: now() })
                .await
                .unwrap();
            die(answered, 0, 1);
            settle(&alive, &act).await;
            die(answered, 1, 0);
            let settled = alive
                .store()
                .claim(claim(10))
                .await
                .unwrap()
                .works
                .remove(0);
            alive.handle(settled, now()).await.unwrap();
            answered += 1;
            die(answered, 0, 0);
        }
    });
}

/// Stores the outcome of an effect that was performed elsewhere.
async fn settle(host: &Host, act: &Work) {
    let unknown = Mark::Unknown {
        note: "asked elsewhere".to_owned(),
    };
    host.store()
        .mark(&act.key, act.token, unknown)
        .await
        .unwrap();
    let outcome = Script::note(format!("{} done", act.step));
    host.prove_performed::<Probe>(&Actor::System, act, &outcome, now(), "seen")
        .await
        .unwrap();
}

// covers: OR-1
#[test]
fn a_change_log_cut_anywhere_holds_whole_commits_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let alive = host(open(&path));
    run(async {
        for turn in 0..12 {
            let id = if turn % 2 == 0 { "a" } else { "b" };
            let script = Script::note(format!("{turn}"))
                .timer(&format!("t{turn}"), now() + Duration::days(9));
            alive
                .offer::<Probe>(id, &format!("in{turn}"), Actor::System, now(), &script)
                .await
                .unwrap();
            let work = alive.store().claim(claim(1)).await.unwrap().works.remove(0);
            alive.handle(work, now()).await.unwrap();
        }
    });
    let whole = run(feed(&**alive.store()));
    let log = fs::read(folder.path().join("store.db-wal")).unwrap();
    assert!(
        log.len() > 50_000,
        "the change log is too small to cut: {}",
        log.len()
    );
    let mut lengths = std::collections::BTreeSet::new();
    for cut in (0..=48).map(|n| log.len() * n / 48) {
        let grave = tempfile::tempdir().unwrap();
        corpse(folder.path(), grave.path());
        fs::write(grave.path().join("store.db-wal"), &log[..cut]).unwrap();
        let next = host(open(&grave.path().join("store.db")));
        run(async {
            is_whole(&next).await;
            let left = feed(&**next.store()).await;
            assert_eq!(left, whole[..left.len()], "cut at {cut}");
            let timers = next
                .store()
                .works(WorkQuery {
                    state: Some(WorkState::Ready),
                    n: 1_000,
                    ..WorkQuery::default()
                })
                .await
                .unwrap();
            let timers = timers.iter().filter(|w| w.step.starts_with('t')).count();
            assert_eq!(
                timers,
                left.len(),
                "each commit left its timer, cut at {cut}"
            );
            lengths.insert(left.len());
        });
    }
    assert!(
        lengths.len() > 8,
        "the cuts fell between too few commits: {lengths:?}"
    );
    assert_eq!(lengths.last(), Some(&whole.len()));
}
