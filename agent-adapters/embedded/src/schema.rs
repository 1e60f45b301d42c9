use dealwright_core::error::PortError;
use rusqlite::Connection;

use crate::error::{corrupt, map};

/// Grows by one with each change below; a file of a later version is refused.
const VERSION: i64 = 1;

// Tables are in order of arrival, with narrow indexes beside them: keys arrive in no order, and a
// table in key order would touch a page of its own for each row. A row's key begins with its
// receiver, so that the index of keys finds rows by receiver as well.
const TABLES: &str = "
create table if not exists process (
    id integer primary key, key text not null unique, revision integer not null,
    state_version integer not null, state text not null, chain text not null
);
create table if not exists log (
    position integer primary key, process text not null, revision integer not null,
    envelope text not null
);
create unique index if not exists log_by_process on log (process, revision);
create table if not exists work (
    id integer primary key, key text not null unique, lane integer not null, due integer not null,
    state text not null, receiver text not null, kind text not null, row text not null
);
create index if not exists work_ready on work (lane, due, key) where state in ('ready', 'settled');
create index if not exists work_by_state on work (state, key) where state not in ('applied', 'ready');
create table if not exists entry (
    scope text not null, sortable blob not null, process text not null, parts text not null,
    uniq integer not null, primary key (scope, sortable, process)
) without rowid;
create index if not exists entry_by_process on entry (process);
create table if not exists meta (name text primary key, value integer not null) without rowid;
";

/// Settings every connection needs.
pub(crate) fn prepare(connection: &Connection) -> Result<(), PortError> {
    connection
        .execute_batch(
            "pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full;
             pragma foreign_keys = off; pragma cache_size = -64000; pragma temp_store = memory;
             pragma wal_autocheckpoint = 8000;",
        )
        .map_err(|e| map("open store", e))
}

/// Reads what the file says of itself, without a change to it; answers its version, 0 for a new
/// one. With `every_page` all of it is read, so that no work begins on a file that is damaged
/// anywhere.
pub(crate) fn check(connection: &Connection, every_page: bool) -> Result<i64, PortError> {
    let failed = |e| map("open store", e);
    connection
        .execute_batch("pragma busy_timeout = 5000")
        .map_err(failed)?;
    let version: i64 = connection
        .query_row("pragma user_version", [], |row| row.get(0))
        .map_err(failed)?;
    if version > VERSION {
        return Err(corrupt(
            "open store",
            format!(
                "the file is of version {version}, this program knows {VERSION}; use a newer one"
            ),
        ));
    }
    let tables: Vec<String> = connection
        .prepare("select name from sqlite_schema where type = 'table'")
        .and_then(|mut s| s.query_map([], |row| row.get(0))?.collect())
        .map_err(failed)?;
    let ours = ["process", "log", "work", "entry", "meta"];
    let whole = ours.iter().all(|name| tables.iter().any(|t| t == name));
    if (version == 0 && !tables.is_empty()) || (version > 0 && !whole) {
        return Err(corrupt(
            "open store",
            "it is a database, but not one of this program; name another file",
        ));
    }
    for name in ours.iter().filter(|_| version > 0) {
        // Touches the root of each table, so that gross damage shows here and not in mid-work.
        connection
            .query_row(
                &format!("select count(*) from (select 1 from {name} limit 1)"),
                [],
                |_| Ok(()),
            )
            .map_err(failed)?;
    }
    if every_page && version > 0 {
        let word: String = connection
            .query_row("pragma quick_check(1)", [], |row| row.get(0))
            .map_err(failed)?;
        if word != "ok" {
            let word = word.lines().map(str::trim).collect::<Vec<_>>().join(" ");
            return Err(corrupt("open store", word));
        }
    }
    Ok(version)
}

/// Creates the tables in a file of an older version.
pub(crate) fn migrate(connection: &Connection, version: i64) -> Result<(), PortError> {
    if version == VERSION {
        return Ok(());
    }
    connection
        .execute_batch(&format!(
            "begin immediate; {TABLES} pragma user_version = {VERSION}; commit;"
        ))
        .map_err(|e| map("open store", e))
}

/// Counts this opening, so that no token of an earlier one is ever given again.
pub(crate) fn next_epoch(connection: &Connection) -> Result<u64, PortError> {
    let epoch: i64 = connection
        .query_row(
            "insert into meta (name, value) values ('epoch', 1)
             on conflict (name) do update set value = value + 1 returning value",
            [],
            |row| row.get(0),
        )
        .map_err(|e| map("open store", e))?;
    Ok(u64::try_from(epoch).unwrap_or(1))
}
