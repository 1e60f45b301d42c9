use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{
    Claim, Claims, Commit, Cursor, Envelope, Find, Found, Mark, Offered, ProcessKey, Proof,
    Revision, Store, Stored, Work, WorkKey, WorkQuery,
};
use futures::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::{
    ClientOptions, DatabaseOptions, ReadConcern, ReadPreference, ReturnDocument, SelectionCriteria,
    WriteConcern,
};
use mongodb::{Client, ClientSession, Collection, Database};
use tokio::sync::Mutex;

use crate::commit::taken_over;
use crate::error::{corrupt, is_duplicate, map};
use crate::rows::{self, Row, work_document};
use crate::start;
use crate::values::from_bson;

/// How often a row that somebody else changes at the same moment is read again.
const ROUNDS: usize = 50;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long to look for the server before a call is `Unavailable`.
    pub wait: Duration,
}

impl Default for Options {
    /// Five seconds.
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(5),
        }
    }
}

/// Processes, log, work and indexes in one MongoDB database.
pub struct MongoStore {
    pub(crate) client: Client,
    pub(crate) database: Database,
    /// What it has as the owner, where it works alone.
    pub(crate) alone: Option<Owner>,
    hosts: String,
}

/// Who works alone.
pub(crate) struct Owner {
    /// Its number among the owners.
    pub(crate) number: i64,
    /// Its one session, which is known to whoever comes next.
    pub(crate) session: Mutex<ClientSession>,
}

impl Debug for MongoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoStore")
            .field("hosts", &self.hosts)
            .field("database", &self.database.name())
            .finish_non_exhaustive()
    }
}

impl MongoStore {
    /// Opens or makes the store in the database that the URI names, `dealwright` where it names
    /// none.
    ///
    /// # Errors
    ///
    /// `Invalid` for a URI that cannot be read or that weakens the store's promises, and for a
    /// standalone server; `Unavailable` where no server answers; `PermissionDenied` where it
    /// refuses user or password; `Corrupt` where its layout is of a later version.
    pub async fn open(uri: &str, options: Options) -> Result<Self, PortError> {
        Self::open_with(start::parse(uri).await?, options).await
    }

    /// The same with the driver's own options, for those who watch its commands.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn open_with(driver: ClientOptions, options: Options) -> Result<Self, PortError> {
        start::check_options(&driver)?;
        Self::open_checked(&driver, &options)
            .await
            .map_err(|e| start::at(&e, &driver))
    }

    async fn open_checked(driver: &ClientOptions, options: &Options) -> Result<Self, PortError> {
        let client = start::connect(driver.clone(), options.wait)?;
        let name = driver.default_database.as_deref().unwrap_or("dealwright");
        // Set here and not left to the URI: every operation below goes with these.
        let database = client.database_with_options(
            name,
            DatabaseOptions::builder()
                .read_concern(ReadConcern::majority())
                .write_concern(durable())
                .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
                .build(),
        );
        start::check_server(&database).await?;
        start::migrate(&database).await?;
        Ok(Self {
            client,
            database,
            alone: None,
            hosts: start::hosts(driver),
        })
    }

    /// Takes the store over, to work on it alone: whoever worked on it alone before is refused
    /// from now on, and the feed comes in the order of the steps, which makes a run repeatable.
    ///
    /// # Errors
    ///
    /// Those of the server.
    pub async fn alone(mut self) -> Result<Self, PortError> {
        let failed = |e| map("open store", e);
        let gone = || corrupt("open store", "the record of its owner is gone");
        let meta = self.collection("meta");
        let before = meta
            .find_one(doc! {"_id": "owner"})
            .await
            .map_err(failed)?
            .ok_or_else(gone)?;
        if let Ok(session) = before.get_document("session") {
            // A step that its owner did not end holds what it wrote for a minute: end it now.
            self.client
                .database("admin")
                .run_command(doc! {"killSessions": [session.clone()]})
                .await
                .map_err(failed)?;
        }
        let session = self.client.start_session().await.map_err(failed)?;
        let owner = meta
            .find_one_and_update(
                doc! {"_id": "owner"},
                doc! {"$inc": {"last": 1_i64}, "$set": {"session": session.id()}},
            )
            .return_document(ReturnDocument::After)
            .await
            .map_err(failed)?
            .ok_or_else(gone)?;
        self.alone = Some(Owner {
            number: owner
                .get_i64("last")
                .map_err(|e| corrupt("open store", e))?,
            session: Mutex::new(session),
        });
        Ok(self)
    }

    /// Binds the database to one thing, such as a run or a home: the first who asks has it bound,
    /// everybody is answered what it is bound to.
    ///
    /// # Errors
    ///
    /// Those of the server.
    pub async fn bind(&self, what: &str) -> Result<String, PortError> {
        let bound = self
            .collection("meta")
            .find_one_and_update(doc! {"_id": "bound"}, doc! {"$setOnInsert": {"to": what}})
            .upsert(true)
            .return_document(ReturnDocument::After)
            .await
            .map_err(|e| map("bind store", e))?
            .ok_or_else(|| corrupt("bind store", "what it is bound to is gone"))?;
        let to = bound.get_str("to").map_err(|e| corrupt("bind store", e))?;
        Ok(to.to_owned())
    }

    /// A collection, under the database's concerns.
    pub(crate) fn collection(&self, name: &str) -> Collection<Document> {
        self.database.collection(name)
    }

    /// One collection a kind of process, so that each can be read by hand.
    pub(crate) fn cases(&self, kind: &str) -> Collection<Document> {
        self.collection(&format!("case_{kind}"))
    }

    pub(crate) async fn all(
        &self,
        operation: &'static str,
        name: &str,
        filter: Document,
        sort: Document,
        limit: usize,
    ) -> Result<Vec<Document>, PortError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        self.collection(name)
            .find(filter)
            .sort(sort)
            .limit(i64::try_from(limit).unwrap_or(0))
            .await
            .map_err(|e| map(operation, e))?
            .try_collect()
            .await
            .map_err(|e| map(operation, e))
    }

    /// Changes one row where nobody else changed it since it was read, else reads it again.
    async fn change(
        &self,
        operation: &'static str,
        key: &WorkKey,
        missing: PortErrorKind,
        change: impl Fn(&mut Work) -> Result<(), PortErrorKind> + Send + Sync,
    ) -> Result<(), PortError> {
        let works = self.collection("works");
        for _ in 0..ROUNDS {
            let found = works
                .find_one(doc! {"_id": key.as_str()})
                .await
                .map_err(|e| map(operation, e))?
                .ok_or_else(|| PortError::new(operation, missing))?;
            let mut row = rows::row(&found)?;
            let token = row.work.token;
            change(&mut row.work).map_err(|kind| PortError::new(operation, kind))?;
            if self.replace(operation, &row, token).await? {
                return Ok(());
            }
        }
        Err(PortError::new(operation, PortErrorKind::Unavailable)
            .with_source("others keep changing the row"))
    }

    /// Writes `row` where it is still as it was read; answers whether it was.
    pub(crate) async fn replace(
        &self,
        operation: &'static str,
        row: &Row,
        token: u64,
    ) -> Result<bool, PortError> {
        let document = work_document(&row.work, row.change.saturating_add(1))?;
        let token = i64::try_from(token).map_err(|e| corrupt(operation, e))?;
        self.collection("works")
            .find_one_and_replace(
                doc! {"_id": row.work.key.as_str(), "token": token, "change": row.change},
                document,
            )
            .await
            .map(|before| before.is_some())
            .map_err(|e| map(operation, e))
    }
}

/// A majority has it, and on disk.
pub(crate) fn durable() -> WriteConcern {
    let mut concern = WriteConcern::majority();
    concern.journal = Some(true);
    concern.w_timeout = Some(Duration::from_secs(10));
    concern
}

#[async_trait]
impl Store for MongoStore {
    async fn load(&self, key: &ProcessKey) -> Result<Option<Stored>, PortError> {
        self.cases(key.kind())
            .find_one(doc! {"_id": key.to_string()})
            .await
            .map_err(|e| map("load", e))?
            .map(|found| rows::stored(&found))
            .transpose()
    }

    async fn history(&self, key: &ProcessKey) -> Result<Vec<Envelope>, PortError> {
        let filter = doc! {"case": key.to_string()};
        self.all("history", "log", filter, doc! {"number": 1}, usize::MAX)
            .await?
            .iter()
            .map(rows::envelope)
            .collect()
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, PortError> {
        self.commit_step(&commit).await
    }

    async fn offer(&self, inputs: Vec<Offered>) -> Result<Vec<bool>, PortError> {
        let works = self.collection("works");
        let mut fresh = Vec::with_capacity(inputs.len());
        for input in &inputs {
            // The unique id decides, and nothing is read before.
            match works.insert_one(work_document(input.work(), 0)?).await {
                Ok(_) => fresh.push(true),
                Err(error) if is_duplicate(&error) => fresh.push(false),
                Err(error) => return Err(map("offer", error)),
            }
        }
        Ok(fresh)
    }

    async fn claim(&self, claim: Claim) -> Result<Claims, PortError> {
        if let Some(owner) = &self.alone {
            let mine = doc! {"_id": "owner", "last": owner.number};
            let found = self.collection("meta").find_one(mine).await;
            if found.map_err(|e| map("claim", e))?.is_none() {
                return Err(taken_over("claim"));
            }
        }
        self.lease(&claim).await
    }

    async fn mark(&self, key: &WorkKey, token: u64, mark: Mark) -> Result<(), PortError> {
        self.change("mark", key, PortErrorKind::LeaseLost, |work| {
            work.apply_mark(token, mark.clone())
        })
        .await
    }

    async fn feed(
        &self,
        after: Option<Cursor>,
        n: usize,
    ) -> Result<(Vec<Envelope>, Option<Cursor>), PortError> {
        let start: i64 = match &after {
            Some(cursor) => cursor
                .as_str()
                .parse()
                .map_err(|e| PortError::new("feed", PortErrorKind::Invalid).with_source(e))?,
            None => 0,
        };
        self.number_log().await?;
        let filter = doc! {"position": {"$gt": start}};
        let page = self
            .all("feed", "log", filter, doc! {"position": 1}, n)
            .await?;
        let next = match page.last() {
            Some(last) => Some(Cursor::new(
                last.get_i64("position")
                    .map_err(|e| corrupt("feed", e))?
                    .to_string(),
            )),
            None => after,
        };
        let page = page.iter().map(rows::envelope).collect::<Result<_, _>>()?;
        Ok((page, next))
    }

    async fn find(&self, find: Find) -> Result<(Vec<Found>, Option<Cursor>), PortError> {
        let invalid = || {
            PortError::new("find", PortErrorKind::Invalid).with_source("not a cursor of this store")
        };
        let scope = format!("{}/{}/{}", find.tenant, find.kind, find.index);
        let prefix = find.range.sortable_prefix();
        // Keys are kept as hex, which sorts as their bytes do; `g` comes after every digit.
        let from = hex::encode(&prefix);
        let to = format!("{from}g");
        let (order, than) = if find.range.descending {
            (-1, "$lt")
        } else {
            (1, "$gt")
        };
        let mut filter = doc! {"scope": scope, "key": {"$gte": from, "$lt": to}};
        if let Some(cursor) = &find.after {
            let (key, case) = cursor.as_str().split_once('|').ok_or_else(invalid)?;
            filter.insert(
                "$or",
                vec![
                    doc! {"key": {than: key}},
                    doc! {"key": key, "case": {than: case}},
                ],
            );
        }
        let sort = doc! {"key": order, "case": order};
        let limit = find.n.saturating_add(1);
        let mut page = self.all("find", "entries", filter, sort, limit).await?;
        let more = page.len() > find.n;
        page.truncate(find.n);
        let text = |entry: &Document, name: &str| {
            entry
                .get_str(name)
                .map(str::to_owned)
                .map_err(|e| corrupt("find", e))
        };
        let next = match page.last().filter(|_| more) {
            Some(last) => Some(Cursor::new(format!(
                "{}|{}",
                text(last, "key")?,
                text(last, "case")?
            ))),
            None => None,
        };
        let found = page
            .iter()
            .map(|entry| {
                let parts = from_bson(entry.get("parts").unwrap_or(&Bson::Null))?;
                Ok(Found {
                    process: rows::parse_key(&text(entry, "case")?)?,
                    parts: serde_json::from_value(parts).map_err(|e| corrupt("find", e))?,
                })
            })
            .collect::<Result<_, PortError>>()?;
        Ok((found, next))
    }

    async fn works(&self, query: WorkQuery) -> Result<Vec<Work>, PortError> {
        let mut filter = Document::new();
        if let Some(state) = query.state {
            filter.insert("state", state.name());
        }
        if let Some(receiver) = &query.receiver {
            filter.insert("to", receiver.to_string());
        }
        if let Some(after) = &query.after {
            filter.insert("_id", doc! {"$gt": after.as_str()});
        }
        self.all("works", "works", filter, doc! {"_id": 1}, query.n)
            .await?
            .iter()
            .map(|found| rows::row(found).map(|row| row.work))
            .collect()
    }

    async fn resolve(&self, key: &WorkKey, proof: Proof) -> Result<(), PortError> {
        self.change("resolve", key, PortErrorKind::NotFound, |work| {
            work.apply_proof(proof.clone())
        })
        .await
    }
}
