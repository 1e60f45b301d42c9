use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{
    Bug, Claim, Claims, Commit, Cursor, Envelope, Find, Found, IndexEntry, Mark, Offered,
    ProcessKey, Proof, Revision, Store, Stored, Tenant, Work, WorkKey, WorkQuery, WorkState, bug,
};
use crate::error::{PortError, PortErrorKind};
use crate::orchestration::Lane;
use crate::time::Timestamp;

/// The store that forgets when it is dropped: for tests, simulations and quick starts.
#[derive(Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    processes: BTreeMap<ProcessKey, Case>,
    works: BTreeMap<WorkKey, Work>,
    ready: BTreeMap<Lane, BTreeSet<(Timestamp, WorkKey)>>,
    leased: BTreeSet<(Timestamp, WorkKey)>,
    feed: Vec<Envelope>,
    indexes: BTreeMap<(Tenant, String, String), Index>,
    tokens: u64,
}

/// Entries by key as text and process: in the order in which they are found.
type Index = BTreeMap<(String, ProcessKey), IndexEntry>;

struct Case {
    stored: Stored,
    log: Vec<usize>,
    index: Vec<IndexEntry>,
}

impl Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        f.debug_struct("MemoryStore")
            .field("processes", &inner.processes.len())
            .field("works", &inner.works.len())
            .field("envelopes", &inner.feed.len())
            .finish_non_exhaustive()
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics half-way through a change, so a poisoned lock guards good data.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Changes one row and keeps the queues in step with it.
    fn change<T>(&mut self, key: &WorkKey, change: impl FnOnce(&mut Work) -> T) -> Option<T> {
        let work = self.works.get_mut(key)?;
        let before = place(work);
        let answer = change(work);
        let after = place(work);
        if before != after {
            self.unqueue(before, key);
            self.enqueue(after, key);
        }
        Some(answer)
    }

    fn insert(&mut self, work: Work) {
        let key = work.key.clone();
        self.enqueue(place(&work), &key);
        self.works.insert(key, work);
    }

    fn enqueue(&mut self, place: Place, key: &WorkKey) {
        match place {
            Place::Ready(lane, due) => {
                self.ready
                    .entry(lane)
                    .or_default()
                    .insert((due, key.clone()));
            }
            Place::Leased(until) => {
                self.leased.insert((until, key.clone()));
            }
            Place::Nowhere => {}
        }
    }

    fn unqueue(&mut self, place: Place, key: &WorkKey) {
        match place {
            Place::Ready(lane, due) => {
                if let Some(queue) = self.ready.get_mut(&lane) {
                    queue.remove(&(due, key.clone()));
                }
            }
            Place::Leased(until) => {
                self.leased.remove(&(until, key.clone()));
            }
            Place::Nowhere => {}
        }
    }

    fn lapse(&mut self, claim: &Claim) {
        let lapsed: Vec<WorkKey> = self
            .leased
            .iter()
            .take_while(|(until, _)| claim.exclusive || *until <= claim.now)
            .filter(|(until, key)| {
                let lease = self.works.get(key).and_then(|w| w.lease.as_ref());
                lease.is_some_and(|(worker, _)| claim.voids(worker, *until))
            })
            .map(|(_, key)| key.clone())
            .collect();
        for key in lapsed {
            self.change(&key, Work::lapse);
        }
    }

    fn reindex(&mut self, process: &ProcessKey, old: &[IndexEntry], new: &[IndexEntry]) {
        for entry in old {
            if let Some(index) = self.indexes.get_mut(&index_key(process, entry)) {
                index.remove(&(entry.sortable(), process.clone()));
            }
        }
        for entry in new {
            self.indexes
                .entry(index_key(process, entry))
                .or_default()
                .insert((entry.sortable(), process.clone()), entry.clone());
        }
    }

    fn is_taken(&self, process: &ProcessKey, entry: &IndexEntry) -> bool {
        let key = entry.sortable();
        self.indexes
            .get(&index_key(process, entry))
            .is_some_and(|index| {
                index
                    .range((key.clone(), first_key(process))..)
                    .take_while(|((sortable, _), _)| *sortable == key)
                    .any(|((_, holder), _)| holder != process)
            })
    }
}

fn index_key(process: &ProcessKey, entry: &IndexEntry) -> (Tenant, String, String) {
    (
        process.tenant().clone(),
        process.kind().to_owned(),
        entry.index.clone(),
    )
}

fn first_key(process: &ProcessKey) -> ProcessKey {
    ProcessKey::new(process.tenant(), "", "")
}

/// Which queue a row stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Ready(Lane, Timestamp),
    Leased(Timestamp),
    Nowhere,
}

fn place(work: &Work) -> Place {
    match (&work.lease, work.state) {
        (Some((_, until)), _) => Place::Leased(*until),
        (None, WorkState::Ready | WorkState::Settled) => Place::Ready(work.lane, work.due),
        _ => Place::Nowhere,
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, key: &ProcessKey) -> Result<Option<Stored>, PortError> {
        Ok(self.lock().processes.get(key).map(|c| c.stored.clone()))
    }

    async fn history(&self, key: &ProcessKey) -> Result<Vec<Envelope>, PortError> {
        let inner = self.lock();
        Ok(inner.processes.get(key).map_or_else(Vec::new, |case| {
            case.log
                .iter()
                .filter_map(|&at| inner.feed.get(at).cloned())
                .collect()
        }))
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, PortError> {
        let mut inner = self.lock();
        let fail = |kind| PortError::new("commit", kind);
        let row = inner
            .works
            .get(&commit.consumed.key)
            .ok_or_else(|| fail(PortErrorKind::LeaseLost))?;
        row.check_consumable(commit.consumed.token).map_err(fail)?;
        let process = &commit.process;
        let (revision, old_index) = inner
            .processes
            .get(process)
            .map_or((Revision::default(), Vec::new()), |case| {
                (case.stored.revision, case.index.clone())
            });
        if revision != commit.expected && !bug(Bug::RevisionUnchecked) {
            return Err(fail(PortErrorKind::Conflict));
        }
        if let Some(entry) = commit
            .index
            .iter()
            .find(|entry| entry.unique && inner.is_taken(process, entry))
        {
            return Err(fail(PortErrorKind::AlreadyExists)
                .with_source(format!("unique key of index `{}` is taken", entry.index)));
        }

        inner.change(&commit.consumed.key, Work::consume);
        for key in &commit.cancelled {
            inner.change(key, Work::cancel);
        }
        for work in &commit.work {
            let mut work = work.clone();
            if inner.works.contains_key(&work.key) {
                work = work.put_aside(commit.revision());
            }
            inner.insert(work);
        }
        inner.reindex(process, &old_index, &commit.index);
        let at = inner.feed.len();
        let case = inner
            .processes
            .entry(process.clone())
            .or_insert_with(|| Case {
                stored: Stored {
                    revision: Revision::default(),
                    state_version: 0,
                    state: serde_json::Value::Null,
                    chain: commit.envelope.chain,
                },
                log: Vec::new(),
                index: Vec::new(),
            });
        case.stored = Stored {
            revision: commit.expected.next(),
            state_version: commit.state_version,
            state: commit.state,
            chain: commit.envelope.chain,
        };
        case.log.push(at);
        case.index = commit.index;
        inner.feed.push(commit.envelope);
        Ok(commit.expected.next())
    }

    async fn offer(&self, inputs: Vec<Offered>) -> Result<Vec<bool>, PortError> {
        let mut inner = self.lock();
        Ok(inputs
            .into_iter()
            .map(|offered| {
                let new = !inner.works.contains_key(&offered.work.key);
                if new {
                    inner.insert(offered.work);
                }
                new
            })
            .collect())
    }

    async fn claim(&self, claim: Claim) -> Result<Claims, PortError> {
        let mut inner = self.lock();
        inner.lapse(&claim);
        let wanted = |work: &Work| {
            claim.kinds.is_empty() || claim.kinds.iter().any(|k| k == work.receiver.kind())
        };
        let mut keys = Vec::new();
        let mut next_due: Option<Timestamp> = None;
        for (lane, queue) in &inner.ready {
            let share = claim.share(*lane);
            let mut taken = 0;
            for (due, key) in queue {
                let Some(work) = inner.works.get(key) else {
                    continue;
                };
                if !wanted(work) {
                    continue;
                }
                if *due > claim.now {
                    next_due = Some(next_due.map_or(*due, |next| next.min(*due)));
                    break;
                }
                if keys.len() >= claim.n || taken >= share {
                    next_due = Some(claim.now);
                    break;
                }
                taken += 1;
                keys.push(key.clone());
            }
        }
        let until = claim.until();
        let mut works = Vec::with_capacity(keys.len());
        for key in keys {
            inner.tokens = inner.tokens.saturating_add(1);
            let token = inner.tokens;
            let leased = inner.change(&key, |work| {
                work.token = token;
                work.lease = Some((claim.worker.clone(), until));
                work.clone()
            });
            works.extend(leased);
        }
        Ok(Claims { works, next_due })
    }

    async fn mark(&self, key: &WorkKey, token: u64, mark: Mark) -> Result<(), PortError> {
        let mut inner = self.lock();
        inner
            .change(key, |work| work.apply_mark(token, mark))
            .unwrap_or(Err(PortErrorKind::LeaseLost))
            .map_err(|kind| PortError::new("mark", kind))
    }

    async fn feed(
        &self,
        after: Option<Cursor>,
        n: usize,
    ) -> Result<(Vec<Envelope>, Option<Cursor>), PortError> {
        let start: usize = match &after {
            Some(cursor) => cursor
                .as_str()
                .parse()
                .map_err(|e| PortError::new("feed", PortErrorKind::Invalid).with_source(e))?,
            None => 0,
        };
        let inner = self.lock();
        let page: Vec<_> = inner.feed.iter().skip(start).take(n).cloned().collect();
        let end = start.saturating_add(page.len());
        let next = if page.is_empty() {
            after
        } else {
            Some(Cursor::new(end.to_string()))
        };
        Ok((page, next))
    }

    async fn find(&self, find: Find) -> Result<(Vec<Found>, Option<Cursor>), PortError> {
        let inner = self.lock();
        let Some(index) =
            inner
                .indexes
                .get(&(find.tenant.clone(), find.kind.clone(), find.index.clone()))
        else {
            return Ok((Vec::new(), None));
        };
        let prefix = find.range.sortable_prefix();
        let position = |(key, process): &(String, ProcessKey)| format!("{key}\u{1}{process}");
        let matching = index
            .iter()
            .filter(|((key, _), _)| key.starts_with(&prefix));
        let ordered: Box<dyn Iterator<Item = _>> = if find.range.descending {
            Box::new(matching.rev())
        } else {
            Box::new(matching)
        };
        let mut found = Vec::new();
        let mut last = None;
        for (key, entry) in ordered.skip_while(|(key, _)| {
            find.after.as_ref().is_some_and(|after| {
                let here = position(key);
                if find.range.descending {
                    here.as_str() >= after.as_str()
                } else {
                    here.as_str() <= after.as_str()
                }
            })
        }) {
            if found.len() == find.n {
                return Ok((found, last.map(Cursor::new)));
            }
            last = Some(position(key));
            found.push(Found {
                process: key.1.clone(),
                parts: entry.parts.clone(),
            });
        }
        Ok((found, None))
    }

    async fn works(&self, query: WorkQuery) -> Result<Vec<Work>, PortError> {
        let inner = self.lock();
        Ok(inner
            .works
            .values()
            .filter(|work| query.after.as_ref().is_none_or(|after| work.key > *after))
            .filter(|work| query.state.is_none_or(|state| work.state == state))
            .filter(|work| query.receiver.as_ref().is_none_or(|r| work.receiver == *r))
            .take(query.n)
            .cloned()
            .collect())
    }

    async fn resolve(&self, key: &WorkKey, proof: Proof) -> Result<(), PortError> {
        let mut inner = self.lock();
        inner
            .change(key, |work| work.apply_proof(proof))
            .unwrap_or(Err(PortErrorKind::NotFound))
            .map_err(|kind| PortError::new("resolve", kind))
    }
}
