//! A step as one transaction, and the numbers of the feed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{Commit, IndexEntry, Revision};
use futures::TryStreamExt;
use mongodb::ClientSession;
use mongodb::action::Find;
use mongodb::bson::{Bson, Document, doc};
use mongodb::error::{Error, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use mongodb::options::{ReadConcern, ReadPreference, SelectionCriteria};

use crate::error::{corrupt, is_duplicate, is_transient, map};
use crate::rows::{self, Row, work_document};
use crate::store::{MongoStore, durable};
use crate::values::to_bson;

/// How often a transaction that met another one is tried again.
const ROUNDS: u32 = 30;

/// Why a transaction ended without a commit.
enum Stop {
    /// Another one was in the way; the whole of it may be tried again.
    Again(Error),
    /// It would be refused again.
    Refused(PortError),
}

impl From<PortError> for Stop {
    fn from(error: PortError) -> Self {
        Self::Refused(error)
    }
}

fn stop(operation: &'static str) -> impl Fn(Error) -> Stop {
    move |error| {
        if is_transient(&error) {
            Stop::Again(error)
        } else {
            Stop::Refused(map(operation, error))
        }
    }
}

impl MongoStore {
    pub(crate) async fn commit_step(&self, commit: &Commit) -> Result<Revision, PortError> {
        let mut met = None;
        let mut held = match &self.alone {
            Some(owner) => Some(owner.session.lock().await),
            None => None,
        };
        for round in 0..ROUNDS {
            let mut fresh;
            let session = match &mut held {
                Some(session) => {
                    start(session, "commit").await?;
                    &mut **session
                }
                None => {
                    fresh = self.begin("commit").await?;
                    &mut fresh
                }
            };
            match self.apply(session, commit).await {
                Ok(()) => match finish(session, "commit").await {
                    Ok(()) => return Ok(commit.revision()),
                    Err(Stop::Again(error)) => met = Some(error),
                    Err(Stop::Refused(error)) => return Err(error),
                },
                Err(reason) => {
                    // A failed abort means that the server has dropped it already.
                    let _ = session.abort_transaction().await;
                    match reason {
                        Stop::Again(error) => met = Some(error),
                        Stop::Refused(error) => return Err(error),
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(u64::from(round) * 5)).await;
        }
        Err(met.map_or_else(
            || PortError::new("commit", PortErrorKind::Unavailable),
            |error| PortError::new("commit", PortErrorKind::Unavailable).with_source(error),
        ))
    }

    async fn begin(&self, operation: &'static str) -> Result<ClientSession, PortError> {
        let mut session = self
            .client
            .start_session()
            .await
            .map_err(|e| map(operation, e))?;
        start(&mut session, operation).await?;
        Ok(session)
    }

    async fn apply(&self, session: &mut ClientSession, commit: &Commit) -> Result<(), Stop> {
        let failed = stop("commit");
        let refuse = |kind| Stop::Refused(PortError::new("commit", kind));
        let consumed = commit.consumed();
        let mut row = self
            .row_in(session, consumed.key.as_str())
            .await?
            .ok_or_else(|| refuse(PortErrorKind::LeaseLost))?;
        row.work.check_consumable(consumed.token).map_err(refuse)?;
        row.work.consume();
        self.write_case(session, commit).await?;
        self.replace_in(session, &row).await?;
        self.write_entries(session, commit).await?;
        for key in commit.cancelled() {
            if let Some(mut row) = self.row_in(session, key.as_str()).await?
                && row.work.cancel()
            {
                self.replace_in(session, &row).await?;
            }
        }
        self.write_works(session, commit).await?;
        self.collection("log")
            .insert_one(rows::log_document(commit.envelope())?)
            .session(&mut *session)
            .await
            .map_err(failed)?;
        if let Some(owner) = &self.alone {
            self.still_owner(session, owner.number).await?;
            // Numbered as it is committed: who works alone has the feed in the order of its steps.
            self.number_waiting(session).await?;
        }
        Ok(())
    }

    /// Refuses the step where another process has taken the store over.
    async fn still_owner(&self, session: &mut ClientSession, owner: i64) -> Result<(), Stop> {
        let found = self
            .collection("meta")
            .find_one_and_update(
                doc! {"_id": "owner", "last": owner},
                doc! {"$inc": {"commits": 1_i64}},
            )
            .session(&mut *session)
            .await
            .map_err(stop("commit"))?;
        found.map(|_| ()).ok_or_else(|| taken_over("commit").into())
    }

    async fn row_in(&self, session: &mut ClientSession, key: &str) -> Result<Option<Row>, Stop> {
        let found = self
            .collection("works")
            .find_one(doc! {"_id": key})
            .session(&mut *session)
            .await
            .map_err(stop("commit"))?;
        Ok(found.map(|found| rows::row(&found)).transpose()?)
    }

    async fn replace_in(&self, session: &mut ClientSession, row: &Row) -> Result<(), Stop> {
        let document = work_document(&row.work, row.change.saturating_add(1))?;
        let done = self
            .collection("works")
            .replace_one(
                doc! {"_id": row.work.key.as_str(), "change": row.change},
                document,
            )
            .session(&mut *session)
            .await
            .map_err(stop("commit"))?;
        if done.matched_count == 1 {
            Ok(())
        } else {
            Err(PortError::new("commit", PortErrorKind::LeaseLost).into())
        }
    }

    async fn write_case(&self, session: &mut ClientSession, commit: &Commit) -> Result<(), Stop> {
        let process = commit.process();
        let key = process.to_string();
        let cases = self.cases(process.kind());
        let expected = rows::number(commit.expected())?;
        let conflict = || Stop::Refused(PortError::new("commit", PortErrorKind::Conflict));
        let document = doc! {
            "_id": key.as_str(),
            "tenant": process.tenant().as_str(),
            "id": process.id(),
            "revision": rows::number(commit.revision())?,
            "state_version": i64::from(commit.state_version()),
            "state": to_bson(commit.state()),
            "chain": commit.chain().to_hex(),
        };
        if expected == 0 {
            return match cases.insert_one(document).session(&mut *session).await {
                Ok(_) => Ok(()),
                Err(error) if is_duplicate(&error) => Err(conflict()),
                Err(error) => Err(stop("commit")(error)),
            };
        }
        let done = cases
            .replace_one(doc! {"_id": key.as_str(), "revision": expected}, document)
            .session(&mut *session)
            .await
            .map_err(stop("commit"))?;
        if done.matched_count == 1 {
            Ok(())
        } else {
            Err(conflict())
        }
    }

    async fn write_entries(
        &self,
        session: &mut ClientSession,
        commit: &Commit,
    ) -> Result<(), Stop> {
        let failed = stop("commit");
        let process = commit.process();
        let case = process.to_string();
        let mut wanted: BTreeMap<String, &IndexEntry> = BTreeMap::new();
        let id = |entry: &IndexEntry| {
            let key = hex::encode(entry.sortable());
            format!("{case}|{}|{key}", entry.index)
        };
        for entry in commit.index() {
            wanted.insert(id(entry), entry);
        }
        let entries = self.collection("entries");
        let old = all_in(
            session,
            entries.find(doc! {"case": case.as_str()}),
            "commit",
        )
        .await?;
        // Most steps leave most entries as they are: write only what changed.
        let mut gone = Vec::new();
        for entry in &old {
            let id = entry.get_str("_id").map_err(|e| corrupt("commit", e))?;
            let unique = entry.get_bool("unique").unwrap_or(false);
            if wanted.get(id).is_some_and(|w| w.unique == unique) {
                wanted.remove(id);
            } else {
                gone.push(Bson::from(id));
            }
        }
        if !gone.is_empty() {
            entries
                .delete_many(doc! {"_id": {"$in": gone}})
                .session(&mut *session)
                .await
                .map_err(&failed)?;
        }
        for (id, entry) in wanted {
            let parts = serde_json::to_value(&entry.parts).map_err(|e| corrupt("commit", e))?;
            let document = doc! {
                "_id": id,
                "scope": format!("{}/{}/{}", process.tenant(), process.kind(), entry.index),
                "key": hex::encode(entry.sortable()),
                "case": case.as_str(),
                "parts": to_bson(&parts),
                "unique": entry.unique,
            };
            match entries.insert_one(document).session(&mut *session).await {
                Ok(_) => {}
                Err(error) if is_duplicate(&error) => {
                    return Err(PortError::new("commit", PortErrorKind::AlreadyExists)
                        .with_source(format!("unique key of index `{}` is taken", entry.index))
                        .into());
                }
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }

    async fn write_works(&self, session: &mut ClientSession, commit: &Commit) -> Result<(), Stop> {
        if commit.work().is_empty() {
            return Ok(());
        }
        let failed = stop("commit");
        let works = self.collection("works");
        let keys: Vec<&str> = commit.work().iter().map(|w| w.key.as_str()).collect();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let found = all_in(session, works.find(doc! {"_id": {"$in": keys}}), "commit").await?;
        for row in &found {
            taken.insert(
                row.get_str("_id")
                    .map_err(|e| corrupt("commit", e))?
                    .to_owned(),
            );
        }
        let mut documents = Vec::with_capacity(commit.work().len());
        for work in commit.work() {
            let mut work = work.clone();
            if !taken.insert(work.key.as_str().to_owned()) {
                work = work.put_aside(commit.revision());
            }
            documents.push(work_document(&work, 0)?);
        }
        match works.insert_many(documents).session(&mut *session).await {
            Ok(_) => Ok(()),
            // Somebody offered one of the keys since: the next round sees it and puts ours aside.
            Err(error) if is_duplicate(&error) => Err(Stop::Again(error)),
            Err(error) => Err(failed(error)),
        }
    }

    /// Gives each envelope that has none its place in the feed.
    ///
    /// All who number change the one counter in a transaction, so of two at a time one starts
    /// again: that is the fence. A snapshot that has a process's later envelope has the earlier
    /// ones too, so by revision is an order in which nothing comes late.
    pub(crate) async fn number_log(&self) -> Result<(), PortError> {
        for round in 0..ROUNDS {
            let waiting = self
                .collection("log")
                .find_one(doc! {"waiting": true})
                .await
                .map_err(|e| map("feed", e))?;
            if waiting.is_none() {
                return Ok(());
            }
            let mut session = self.begin("feed").await?;
            let done = match self.number_waiting(&mut session).await {
                Ok(()) => finish(&mut session, "feed").await,
                Err(reason) => {
                    let _ = session.abort_transaction().await;
                    Err(reason)
                }
            };
            match done {
                Ok(()) => return Ok(()),
                Err(Stop::Refused(error)) => return Err(error),
                Err(Stop::Again(_)) => {
                    tokio::time::sleep(Duration::from_millis(u64::from(round) * 5)).await;
                }
            }
        }
        Err(PortError::new("feed", PortErrorKind::Unavailable)
            .with_source("others keep numbering the feed"))
    }

    async fn number_waiting(&self, session: &mut ClientSession) -> Result<(), Stop> {
        let failed = stop("feed");
        let meta = self.collection("meta");
        let log = self.collection("log");
        let waiting = log
            .find(doc! {"waiting": true})
            .sort(doc! {"number": 1, "_id": 1});
        let waiting = all_in(session, waiting, "feed").await?;
        let count = i64::try_from(waiting.len()).map_err(|e| corrupt("feed", e))?;
        let counter = meta
            .find_one_and_update(doc! {"_id": "feed"}, doc! {"$inc": {"last": count}})
            .session(&mut *session)
            .await
            .map_err(&failed)?
            .ok_or_else(|| corrupt("feed", "the counter of the feed is gone"))?;
        let mut last = counter.get_i64("last").map_err(|e| corrupt("feed", e))?;
        for entry in waiting {
            last = last.saturating_add(1);
            let id = entry.get_str("_id").map_err(|e| corrupt("feed", e))?;
            let numbered = doc! {"$set": {"position": last}, "$unset": {"waiting": ""}};
            log.update_one(doc! {"_id": id}, numbered)
                .session(&mut *session)
                .await
                .map_err(&failed)?;
        }
        Ok(())
    }
}

/// All that a query finds within a transaction.
async fn all_in(
    session: &mut ClientSession,
    query: Find<'_, Document>,
    operation: &'static str,
) -> Result<Vec<Document>, Stop> {
    let failed = stop(operation);
    query
        .session(&mut *session)
        .await
        .map_err(&failed)?
        .stream(session)
        .try_collect()
        .await
        .map_err(&failed)
}

async fn start(session: &mut ClientSession, operation: &'static str) -> Result<(), PortError> {
    session
        .start_transaction()
        .read_concern(ReadConcern::snapshot())
        .write_concern(durable())
        .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
        .await
        .map_err(|e| map(operation, e))
}

/// Commits; where the answer is lost the same commit is asked for again, which the server takes
/// as the one it had.
async fn finish(session: &mut ClientSession, operation: &'static str) -> Result<(), Stop> {
    let mut tries = 0;
    loop {
        match session.commit_transaction().await {
            Ok(()) => return Ok(()),
            Err(error) if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) && tries < 5 => {
                tries += 1;
            }
            // Whether it was kept stays unknown.
            Err(error) if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) => {
                let unknown = PortError::new(operation, PortErrorKind::Timeout);
                return Err(unknown.with_source(error).into());
            }
            Err(error) => return Err(stop(operation)(error)),
        }
    }
}

/// Another process works on this database now.
pub(crate) fn taken_over(operation: &'static str) -> PortError {
    PortError::new(operation, PortErrorKind::PermissionDenied)
        .with_source("another process has taken the store over; end this one")
}
