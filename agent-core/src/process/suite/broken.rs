//! Stores that break one clause each, to show that the suite would notice.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::{Rig, clauses, run};
use crate::error::{PortError, PortErrorKind};
use crate::process::{
    Claim, Claims, Commit, Cursor, Envelope, Find, Found, Mark, MemoryStore, Offered, ProcessKey,
    Proof, Revision, Store, Stored, Work, WorkKey, WorkKind, WorkQuery, WorkState,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    LostUpdate,
    PartialCommit,
    HalfRefused,
    FeedGap,
    FeedReordered,
    CommitWithoutFence,
    MarkWithoutFence,
    StartedWithoutFence,
    IgnoredIndex,
    IgnoredUnique,
    TimerLost,
    ConsumedTwice,
    EarlyWork,
    OfferTwice,
    LapseFreesAll,
    ResolvesAnything,
}

#[derive(Debug)]
struct Broken {
    inner: MemoryStore,
    fault: Fault,
    restarted: AtomicBool,
    before_restart: Mutex<BTreeSet<WorkKey>>,
    consumed: Mutex<BTreeMap<WorkKey, Work>>,
}

impl Broken {
    fn rig(fault: Fault) -> Rig {
        let broken = Arc::new(Self {
            inner: MemoryStore::new(),
            fault,
            restarted: AtomicBool::new(false),
            before_restart: Mutex::new(BTreeSet::new()),
            consumed: Mutex::new(BTreeMap::new()),
        });
        let same = Arc::clone(&broken);
        Rig::with_reopen(broken, move |store| {
            same.restarted.store(true, Ordering::SeqCst);
            same.restart();
            store
        })
    }

    fn restart(&self) {
        let works = run(self.all());
        *self.before_restart.lock().unwrap() = works.into_iter().map(|w| w.key).collect();
    }

    async fn all(&self) -> Vec<Work> {
        self.inner
            .works(WorkQuery {
                n: 10_000,
                ..WorkQuery::default()
            })
            .await
            .unwrap()
    }

    async fn row(&self, key: &WorkKey) -> Option<Work> {
        self.all().await.into_iter().find(|w| w.key == *key)
    }
}

#[async_trait::async_trait]
impl Store for Broken {
    async fn load(&self, key: &ProcessKey) -> Result<Option<Stored>, PortError> {
        self.inner.load(key).await
    }

    async fn history(&self, key: &ProcessKey) -> Result<Vec<Envelope>, PortError> {
        self.inner.history(key).await
    }

    async fn commit(&self, mut commit: Commit) -> Result<Revision, PortError> {
        match self.fault {
            Fault::LostUpdate => {
                let now = self.inner.load(&commit.process).await?;
                commit.expected = now.map_or(Revision::default(), |s| s.revision);
            }
            Fault::PartialCommit if commit.work.len() > 2 => {
                commit.work.pop();
            }
            Fault::CommitWithoutFence => {
                if let Some(row) = self.row(&commit.consumed.key).await {
                    commit.consumed.token = row.token;
                }
            }
            Fault::IgnoredUnique => {
                for entry in &mut commit.index {
                    entry.unique = false;
                }
            }
            _ => {}
        }
        let key = commit.consumed.key.clone();
        let row = self.row(&key).await;
        let work = commit.work.clone();
        let result = self.inner.commit(commit).await;
        if self.fault == Fault::HalfRefused && result.is_err() {
            let left = work.into_iter().map(|work| Offered { work }).collect();
            self.inner.offer(left).await?;
        }
        if self.fault == Fault::ConsumedTwice
            && result.is_ok()
            && let Some(mut row) = row
        {
            row.lease = None;
            self.consumed.lock().unwrap().insert(key, row);
        }
        result
    }

    async fn offer(&self, inputs: Vec<Offered>) -> Result<Vec<bool>, PortError> {
        let answers = self.inner.offer(inputs).await?;
        if self.fault == Fault::OfferTwice {
            return Ok(answers.iter().map(|_| true).collect());
        }
        Ok(answers)
    }

    async fn claim(&self, mut claim: Claim) -> Result<Claims, PortError> {
        let now = claim.now;
        let mut lapsed = Vec::new();
        match self.fault {
            Fault::EarlyWork => claim.now += chrono::Duration::minutes(7),
            Fault::LapseFreesAll => {
                lapsed = self.all().await;
                lapsed.retain(|w| w.state == WorkState::Started);
            }
            _ => {}
        }
        let mut claims = self.inner.claim(claim.clone()).await?;
        for before in lapsed {
            let Some(row) = self.row(&before.key).await else {
                continue;
            };
            if row.state == WorkState::Unknown {
                // Freed as if it had not started.
                claims.works.push(Work {
                    state: WorkState::Ready,
                    ..row
                });
            }
        }
        if self.fault == Fault::ConsumedTwice {
            let again = std::mem::take(&mut *self.consumed.lock().unwrap());
            claims
                .works
                .extend(again.into_values().filter(|w| w.due <= now));
        }
        if self.fault == Fault::TimerLost && self.restarted.load(Ordering::SeqCst) {
            let before = self.before_restart.lock().unwrap();
            claims
                .works
                .retain(|w| w.kind != WorkKind::Timer || !before.contains(&w.key));
        }
        Ok(claims)
    }

    async fn mark(&self, key: &WorkKey, mut token: u64, mark: Mark) -> Result<(), PortError> {
        let started = matches!(mark, Mark::Started { .. });
        let unfenced = match self.fault {
            Fault::MarkWithoutFence => !started,
            Fault::StartedWithoutFence => started,
            _ => false,
        };
        if unfenced && let Some(row) = self.row(key).await {
            token = row.token;
        }
        self.inner.mark(key, token, mark).await
    }

    async fn feed(
        &self,
        after: Option<Cursor>,
        n: usize,
    ) -> Result<(Vec<Envelope>, Option<Cursor>), PortError> {
        let (mut page, next) = self.inner.feed(after, n).await?;
        match self.fault {
            // As when a position is taken before its commit and read over in between.
            Fault::FeedGap if page.len() > 1 => {
                page.remove(1);
            }
            Fault::FeedReordered => page.sort_by_key(|e| std::cmp::Reverse(e.revision)),
            _ => {}
        }
        Ok((page, next))
    }

    async fn find(&self, mut find: Find) -> Result<(Vec<Found>, Option<Cursor>), PortError> {
        if self.fault == Fault::IgnoredIndex {
            find.range.prefix.clear();
        }
        self.inner.find(find).await
    }

    async fn works(&self, query: WorkQuery) -> Result<Vec<Work>, PortError> {
        self.inner.works(query).await
    }

    async fn resolve(&self, key: &WorkKey, proof: Proof) -> Result<(), PortError> {
        match self.inner.resolve(key, proof).await {
            Err(error)
                if self.fault == Fault::ResolvesAnything
                    && error.kind() == PortErrorKind::Conflict =>
            {
                Ok(())
            }
            other => other,
        }
    }
}

/// The clauses that fail with `fault`.
fn failing(fault: Fault) -> Vec<&'static str> {
    clauses()
        .into_iter()
        .filter(|(_, clause)| {
            let rig = Broken::rig(fault);
            catch_unwind(AssertUnwindSafe(|| run(clause(rig)))).is_err()
        })
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn each_broken_store_is_caught_by_the_clause_it_breaks() {
    let table: &[(Fault, &[&str])] = &[
        (
            Fault::LostUpdate,
            &["stale_revisions_conflict", "of_two_writers_one_conflicts"],
        ),
        (Fault::PartialCommit, &["commits_are_stored_whole"]),
        (Fault::HalfRefused, &["refused_commits_change_nothing"]),
        (Fault::FeedGap, &["the_feed_is_complete_and_in_order"]),
        (Fault::FeedReordered, &["the_feed_is_complete_and_in_order"]),
        (Fault::CommitWithoutFence, &["commits_are_fenced"]),
        (Fault::MarkWithoutFence, &["marks_are_fenced"]),
        (Fault::StartedWithoutFence, &["started_marks_are_fenced"]),
        (Fault::IgnoredIndex, &["find_sees_the_last_entries"]),
        (Fault::IgnoredUnique, &["unique_keys_are_held_by_one"]),
        (Fault::TimerLost, &["rows_survive_a_restart"]),
        (Fault::ConsumedTwice, &["consumed_rows_never_come_again"]),
        (Fault::EarlyWork, &["nothing_comes_before_it_is_due"]),
        (Fault::OfferTwice, &["offers_are_taken_once"]),
        (Fault::LapseFreesAll, &["leases_lapse_by_class"]),
        (Fault::ResolvesAnything, &["only_unknowns_are_resolved"]),
    ];
    // The clauses fail by panicking; their messages would drown the answer.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let found: Vec<_> = table.iter().map(|(fault, _)| failing(*fault)).collect();
    std::panic::set_hook(hook);
    for ((fault, wanted), found) in table.iter().zip(found) {
        println!("{fault:?}: {found:?}");
        for clause in *wanted {
            assert!(
                found.contains(clause),
                "{fault:?} should break {clause}, it broke {found:?}"
            );
        }
    }
}
