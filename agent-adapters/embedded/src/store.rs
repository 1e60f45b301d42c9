use std::fmt::{self, Debug};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::orchestration::Lane;
use dealwright_core::process::{
    Claim, Claims, Commit, Cursor, Envelope, Find, Found, IndexEntry, Mark, Offered, ProcessKey,
    Proof, Revision, Store, Stored, Work, WorkKey, WorkQuery, WorkState,
};
use dealwright_core::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{corrupt, map};
use crate::jobs::{Leases, Writer};
use crate::rows::{self, micros, read_work, write_work};
use crate::schema;

/// How a store is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The most pages (of 4 KiB) the file may have; unlimited where none is given.
    pub max_pages: Option<u32>,
}

/// Processes, log, work and indexes in one SQLite file.
pub struct EmbeddedStore {
    path: PathBuf,
    writer: Writer,
    readers: [Mutex<Connection>; 2],
    owner: bool,
    // Held as long as the store is open; the lock ends with the file.
    _lock: Option<File>,
}

impl Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("path", &self.path)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

impl EmbeddedStore {
    /// Opens or creates the store as its owner: the one process that runs its work.
    ///
    /// Work that had started under an earlier owner is free again or `Unknown`, by its class. Every
    /// page is read before anything is written, so opening takes longer as the file grows.
    ///
    /// # Errors
    ///
    /// `Unavailable` where another process owns it, `Corrupt` where the file is damaged or of a
    /// later version.
    pub fn open(path: &Path, options: Options) -> Result<Self, PortError> {
        Self::open_as(path, options, true)
    }

    /// Opens the store beside its owner, to look and to offer inputs. Claims, commits and marks
    /// are refused.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), but for the owner's lock.
    pub fn open_beside(path: &Path, options: Options) -> Result<Self, PortError> {
        Self::open_as(path, options, false)
    }

    fn open_as(path: &Path, options: Options, owner: bool) -> Result<Self, PortError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| {
                PortError::new("open store", PortErrorKind::PermissionDenied).with_source(e)
            })?;
        }
        let lock = if owner { Some(lock(path)?) } else { None };
        emptied(path)?;
        Self::open_locked(path, options, owner, lock).map_err(|e| at_path(&e, path))
    }

    fn open_locked(
        path: &Path,
        options: Options,
        owner: bool,
        lock: Option<File>,
    ) -> Result<Self, PortError> {
        let db = Connection::open(path).map_err(|e| map("open store", e))?;
        // Looks before it touches: a file that is damaged or somebody else's stays as it is.
        let version = schema::check(&db, owner)?;
        schema::prepare(&db)?;
        if let Some(pages) = options.max_pages {
            db.pragma_update(None, "max_page_count", pages)
                .map_err(|e| map("open store", e))?;
        }
        schema::migrate(&db, version)?;
        let mut leases = Leases::default();
        if owner {
            leases = Leases::after(schema::next_epoch(&db)? << 40);
            lapse_started(&db)?;
        }
        let reader = || {
            let reader = Connection::open(path).map_err(|e| map("open store", e))?;
            schema::prepare(&reader)?;
            Ok::<_, PortError>(Mutex::new(reader))
        };
        let store = Self {
            path: path.to_owned(),
            readers: [reader()?, reader()?],
            writer: Writer::start(path.to_owned(), db, leases)?,
            owner,
            _lock: lock,
        };
        if let Some(lock) = &store._lock {
            made(lock);
        }
        Ok(store)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        let [first, second] = &self.readers;
        first
            .try_lock()
            .unwrap_or_else(|_| second.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn own(&self, operation: &'static str) -> Result<(), PortError> {
        if self.owner {
            Ok(())
        } else {
            Err(PortError::new(operation, PortErrorKind::PermissionDenied)
                .with_source("the store was opened beside its owner"))
        }
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    PathBuf::from(beside)
}

fn lock(path: &Path) -> Result<File, PortError> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    let file = options.open(lock_path(path)).map_err(|e| {
        PortError::new("open store", PortErrorKind::PermissionDenied).with_source(e)
    })?;
    file.try_lock().map_err(|_| {
        PortError::new("open store", PortErrorKind::Unavailable).with_source(format!(
            "`{}` is in use by another process; stop that one first",
            path.display()
        ))
    })?;
    Ok(file)
}

/// Notes beside the store that it was made. Best effort: without the note an emptied file is taken
/// for a new one, as before.
fn made(mut lock: &File) {
    if lock.metadata().is_ok_and(|m| m.len() == 0) {
        let _ = lock.write_all(b"made\n");
    }
}

/// Refuses a file without a byte in it where a store was made before: SQLite would take it for a
/// new one, and all would seem to be gone.
fn emptied(path: &Path) -> Result<(), PortError> {
    let len = |path: &Path| fs::metadata(path).map(|m| m.len());
    let was = len(&lock_path(path)).is_ok_and(|len| len > 0);
    if was && len(path).is_ok_and(|len| len == 0) {
        return Err(corrupt(
            "open store",
            format!("`{}` is empty, though it was not before", path.display()),
        ));
    }
    Ok(())
}

/// The same error, saying which file it is about.
fn at_path(error: &PortError, path: &Path) -> PortError {
    let cause = std::error::Error::source(error).map_or_else(String::new, |c| format!(": {c}"));
    PortError::new("open store", error.kind()).with_source(format!("`{}`{cause}", path.display()))
}

/// What a crash makes of effects that had started.
fn lapse_started(db: &Connection) -> Result<(), PortError> {
    let started: Vec<String> = db
        .prepare("select row from work where state = 'started'")
        .and_then(|mut s| s.query_map([], rows::text_of)?.collect())
        .map_err(|e| map("open store", e))?;
    db.execute_batch("begin immediate")
        .map_err(|e| map("open store", e))?;
    for text in started {
        let mut work = rows::work(&text)?;
        work.lapse();
        write_work(db, &work)?;
    }
    db.execute_batch("commit").map_err(|e| map("open store", e))
}

#[async_trait]
impl Store for EmbeddedStore {
    async fn load(&self, key: &ProcessKey) -> Result<Option<Stored>, PortError> {
        rows::load(&self.reader(), key)
    }

    async fn history(&self, key: &ProcessKey) -> Result<Vec<Envelope>, PortError> {
        let texts: Vec<String> = self
            .reader()
            .prepare_cached("select envelope from log where process = ?1 order by revision")
            .and_then(|mut s| s.query_map([key.to_string()], rows::text_of)?.collect())
            .map_err(|e| map("history", e))?;
        texts.iter().map(|text| rows::envelope(text)).collect()
    }

    async fn commit(&self, commit: Commit) -> Result<Revision, PortError> {
        self.own("commit")?;
        self.writer
            .run("commit", move |db, leases| apply(db, leases, &commit))
            .await
    }

    async fn offer(&self, inputs: Vec<Offered>) -> Result<Vec<bool>, PortError> {
        self.writer
            .run("offer", move |db, _| {
                let mut fresh = Vec::with_capacity(inputs.len());
                for input in &inputs {
                    let new = read_work(db, input.work().key.as_str())?.is_none();
                    if new {
                        write_work(db, input.work())?;
                    }
                    fresh.push(new);
                }
                Ok(Ok(fresh))
            })
            .await
    }

    async fn claim(&self, claim: Claim) -> Result<Claims, PortError> {
        self.own("claim")?;
        self.writer
            .run("claim", move |db, leases| take(db, leases, &claim).map(Ok))
            .await
    }

    async fn mark(&self, key: &WorkKey, token: u64, mark: Mark) -> Result<(), PortError> {
        self.own("mark")?;
        let key = key.clone();
        self.writer
            .run("mark", move |db, leases| {
                let lost = |kind| Ok(Err(PortError::new("mark", kind)));
                let Some(mut work) = read_work(db, key.as_str())? else {
                    return lost(PortErrorKind::LeaseLost);
                };
                leases.dress(&mut work);
                if let Err(kind) = work.apply_mark(token, mark) {
                    return lost(kind);
                }
                match &work.lease {
                    Some((worker, until)) => leases.hold(key, (worker.clone(), *until, token)),
                    None => leases.release(&key),
                }
                write_work(db, &work)?;
                Ok(Ok(()))
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
        let limit = i64::try_from(n).unwrap_or(i64::MAX);
        let page: Vec<(i64, String)> = self
            .reader()
            .prepare_cached(
                "select position, envelope from log where position > ?1 order by position limit ?2",
            )
            .and_then(|mut s| {
                s.query_map([start, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect()
            })
            .map_err(|e| map("feed", e))?;
        let next = page
            .last()
            .map(|(at, _)| Cursor::new(at.to_string()))
            .or(after);
        let page = page
            .iter()
            .map(|(_, text)| rows::envelope(text))
            .collect::<Result<_, _>>()?;
        Ok((page, next))
    }

    async fn find(&self, find: Find) -> Result<(Vec<Found>, Option<Cursor>), PortError> {
        let scope = format!("{}/{}/{}", find.tenant, find.kind, find.index);
        let prefix = find.range.sortable_prefix().into_bytes();
        let mut end = prefix.clone();
        end.push(0xff);
        let limit = i64::try_from(find.n.saturating_add(1)).unwrap_or(i64::MAX);
        let (after_key, after_process) = match &find.after {
            Some(cursor) => {
                let (key, process) = cursor.as_str().split_once('|').ok_or_else(|| {
                    PortError::new("find", PortErrorKind::Invalid)
                        .with_source("not a cursor of this store")
                })?;
                let key = hex::decode(key)
                    .map_err(|e| PortError::new("find", PortErrorKind::Invalid).with_source(e))?;
                (Some(key), process.to_owned())
            }
            None => (None, String::new()),
        };
        let (order, than) = if find.range.descending {
            ("desc", "<")
        } else {
            ("asc", ">")
        };
        let sql = format!(
            "select sortable, process, parts from entry
             where scope = ?1 and sortable >= ?2 and sortable <= ?3
               and (?4 is null or (sortable, process) {than} (?4, ?5))
             order by sortable {order}, process {order} limit ?6"
        );
        let mut page: Vec<(Vec<u8>, String, String)> = self
            .reader()
            .prepare_cached(&sql)
            .and_then(|mut s| {
                s.query_map(
                    params![scope, prefix, end, after_key, after_process, limit],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )?
                .collect()
            })
            .map_err(|e| map("find", e))?;
        let more = page.len() > find.n;
        page.truncate(find.n);
        let next = page
            .last()
            .filter(|_| more)
            .map(|(key, process, _)| Cursor::new(format!("{}|{process}", hex::encode(key))));
        let found = page
            .iter()
            .map(|(_, process, parts)| {
                Ok(Found {
                    process: rows::parse_key(process)?,
                    parts: serde_json::from_str(parts).map_err(|e| corrupt("find", e))?,
                })
            })
            .collect::<Result<_, PortError>>()?;
        Ok((found, next))
    }

    async fn works(&self, query: WorkQuery) -> Result<Vec<Work>, PortError> {
        let limit = i64::try_from(query.n).unwrap_or(i64::MAX);
        let after = query.after.as_ref().map_or("", |k| k.as_str()).to_owned();
        let texts: Vec<String> = match (&query.receiver, query.state) {
            (Some(receiver), state) => self
                .reader()
                .prepare_cached(
                    "select row from work where key > ?1 || '/' and key < ?1 || '0' and receiver = ?1
                     and key > ?2 and (?3 is null or state = ?3) order by key limit ?4",
                )
                .and_then(|mut s| {
                    s.query_map(
                        params![receiver.to_string(), after, state.map(WorkState::name), limit],
                        rows::text_of,
                    )?
                    .collect()
                }),
            (None, Some(state)) => {
                // The index of the few leaves out the many; saying so again lets SQLite use it.
                let few = match state {
                    WorkState::Applied | WorkState::Ready => "",
                    _ => "and state not in ('applied', 'ready')",
                };
                self.reader()
                    .prepare_cached(&format!(
                        "select row from work where state = ?1 {few} and key > ?2 order by key limit ?3"
                    ))
                    .and_then(|mut s| {
                        s.query_map(params![state.name(), after, limit], rows::text_of)?
                            .collect()
                    })
            }
            (None, None) => self
                .reader()
                .prepare_cached("select row from work where key > ?1 order by key limit ?2")
                .and_then(|mut s| s.query_map(params![after, limit], rows::text_of)?.collect()),
        }
        .map_err(|e| map("works", e))?;
        texts.iter().map(|text| rows::work(text)).collect()
    }

    async fn resolve(&self, key: &WorkKey, proof: Proof) -> Result<(), PortError> {
        let key = key.clone();
        self.writer
            .run("resolve", move |db, _| {
                let Some(mut work) = read_work(db, key.as_str())? else {
                    return Ok(Err(PortError::new("resolve", PortErrorKind::NotFound)));
                };
                if let Err(kind) = work.apply_proof(proof) {
                    return Ok(Err(PortError::new("resolve", kind)));
                }
                write_work(db, &work)?;
                Ok(Ok(()))
            })
            .await
    }
}

fn apply(
    db: &Connection,
    leases: &mut Leases,
    commit: &Commit,
) -> Result<Result<Revision, PortError>, PortError> {
    let refuse = |kind| Ok(Err(PortError::new("commit", kind)));
    let consumed = commit.consumed();
    let Some(mut row) = read_work(db, consumed.key.as_str())? else {
        return refuse(PortErrorKind::LeaseLost);
    };
    leases.dress(&mut row);
    if let Err(kind) = row.check_consumable(consumed.token) {
        return refuse(kind);
    }
    let process = commit.process();
    let key = process.to_string();
    let revision: i64 = db
        .prepare_cached("select revision from process where key = ?1")
        .and_then(|mut s| s.query_row([&key], |row| row.get(0)).optional())
        .map_err(|e| map("commit", e))?
        .unwrap_or(0);
    if u64::try_from(revision).unwrap_or(0) != commit.expected().number() {
        return refuse(PortErrorKind::Conflict);
    }
    for entry in commit.index().iter().filter(|entry| entry.unique) {
        if is_taken(db, process, entry)? {
            return Ok(Err(PortError::new("commit", PortErrorKind::AlreadyExists)
                .with_source(format!(
                    "unique key of index `{}` is taken",
                    entry.index
                ))));
        }
    }

    // All checks are behind us: from here on only the disk can fail, and that spoils the
    // transaction as a whole.
    row.consume();
    write_work(db, &row)?;
    leases.release(&consumed.key);
    for cancelled in commit.cancelled() {
        if let Some(mut work) = read_work(db, cancelled.as_str())? {
            leases.dress(&mut work);
            if work.cancel() {
                if work.lease.is_none() {
                    leases.release(cancelled);
                }
                write_work(db, &work)?;
            }
        }
    }
    for work in commit.work() {
        if read_work(db, work.key.as_str())?.is_some() {
            write_work(db, &work.clone().put_aside(commit.revision()))?;
        } else {
            write_work(db, work)?;
        }
    }
    write_index(db, process, commit.index())?;
    let to_text = |value: &serde_json::Value| value.to_string();
    let number = i64::try_from(commit.revision().number()).map_err(|e| corrupt("commit", e))?;
    db.prepare_cached(
        "insert into process (key, revision, state_version, state, chain) values (?1, ?2, ?3, ?4, ?5)
         on conflict (key) do update set revision = ?2, state_version = ?3, state = ?4, chain = ?5",
    )
    .and_then(|mut s| {
        s.execute(params![
            key,
            number,
            commit.state_version(),
            to_text(commit.state()),
            commit.chain().to_hex()
        ])
    })
    .map_err(|e| map("commit", e))?;
    let envelope = serde_json::to_string(commit.envelope()).map_err(|e| corrupt("commit", e))?;
    db.prepare_cached("insert into log (process, revision, envelope) values (?1, ?2, ?3)")
        .and_then(|mut s| s.execute(params![key, number, envelope]))
        .map_err(|e| map("commit", e))?;
    Ok(Ok(commit.revision()))
}

fn scope(process: &ProcessKey, index: &str) -> String {
    format!("{}/{}/{index}", process.tenant(), process.kind())
}

fn is_taken(db: &Connection, process: &ProcessKey, entry: &IndexEntry) -> Result<bool, PortError> {
    db.prepare_cached(
        "select 1 from entry where scope = ?1 and sortable = ?2 and process <> ?3 limit 1",
    )
    .and_then(|mut s| {
        s.exists(params![
            scope(process, &entry.index),
            entry.sortable().into_bytes(),
            process.to_string()
        ])
    })
    .map_err(|e| map("commit", e))
}

fn write_index(
    db: &Connection,
    process: &ProcessKey,
    entries: &[IndexEntry],
) -> Result<(), PortError> {
    let key = process.to_string();
    let failed = |e| map("index", e);
    let mut wanted = std::collections::BTreeMap::new();
    for entry in entries {
        let parts = serde_json::to_string(&entry.parts).map_err(|e| corrupt("index", e))?;
        wanted.insert(
            (scope(process, &entry.index), entry.sortable().into_bytes()),
            (parts, entry.unique),
        );
    }
    let old: Vec<(String, Vec<u8>)> = db
        .prepare_cached("select scope, sortable from entry where process = ?1")
        .and_then(|mut s| {
            s.query_map([&key], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .map_err(failed)?;
    // Most steps leave most entries as they are: write only what changed.
    for place in old {
        if wanted.remove(&place).is_none() {
            db.prepare_cached(
                "delete from entry where scope = ?1 and sortable = ?2 and process = ?3",
            )
            .and_then(|mut s| s.execute(params![place.0, place.1, key]))
            .map_err(failed)?;
        }
    }
    for ((scope, sortable), (parts, unique)) in wanted {
        db.prepare_cached(
            "insert into entry (scope, sortable, process, parts, uniq) values (?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut s| s.execute(params![scope, sortable, key, parts, unique]))
        .map_err(failed)?;
    }
    Ok(())
}

fn take(db: &Connection, leases: &mut Leases, claim: &Claim) -> Result<Claims, PortError> {
    let lapsed: Vec<WorkKey> = leases
        .iter()
        .filter(|(_, (worker, until, _))| claim.voids(worker, *until))
        .map(|(key, _)| key.clone())
        .collect();
    for key in lapsed {
        leases.release(&key);
        if let Some(mut work) = read_work(db, key.as_str())?
            && work.state == WorkState::Started
        {
            work.lapse();
            write_work(db, &work)?;
        }
    }
    let mut claims = Claims::default();
    for lane in Lane::ALL {
        take_lane(db, leases, claim, lane, &mut claims)?;
    }
    Ok(claims)
}

fn take_lane(
    db: &Connection,
    leases: &mut Leases,
    claim: &Claim,
    lane: Lane,
    claims: &mut Claims,
) -> Result<(), PortError> {
    let failed = |e| map("claim", e);
    let mut statement = db
        .prepare_cached(
            "select key, due, kind, row from work
             where state in ('ready', 'settled') and lane = ?1 order by lane, due, key",
        )
        .map_err(failed)?;
    let mut found = statement.query([lane.place()]).map_err(failed)?;
    let now = micros(claim.now);
    let (until, share) = (claim.until(), claim.share(lane));
    let mut taken = 0;
    while let Some(row) = found.next().map_err(failed)? {
        let key = WorkKey::from_stored(row.get::<_, String>(0).map_err(failed)?);
        let due: i64 = row.get(1).map_err(failed)?;
        let kind: String = row.get(2).map_err(failed)?;
        if leases.is_held(&key) {
            continue;
        }
        if !claim.kinds.is_empty() && !claim.kinds.contains(&kind) {
            continue;
        }
        if due > now || claims.works.len() >= claim.n || taken >= share {
            let due = Timestamp::from_timestamp_micros(due.max(now)).unwrap_or(claim.now);
            claims.next_due = Some(claims.next_due.map_or(due, |next| next.min(due)));
            return Ok(());
        }
        let mut work = rows::work(&row.get::<_, String>(3).map_err(failed)?)?;
        work.token = leases.token();
        work.lease = Some((claim.worker.clone(), until));
        leases.hold(key, (claim.worker.clone(), until, work.token));
        claims.works.push(work);
        taken += 1;
    }
    Ok(())
}
