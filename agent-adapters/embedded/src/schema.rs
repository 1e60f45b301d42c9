use dealwright_core::error::PortError;
use rusqlite::Connection;

use crate::error::{corrupt, map};

/// Grows by one with each change below; a file of a later version is refused.
const VERSION: i64 = 1;

const TABLES: &str = "
create table if not exists process (
    key text primary key, revision integer not null, state_version integer not null,
    state text not null, chain text not null
) without rowid;
create table if not exists log (
    position integer primary key, process text not null, revision integer not null,
    envelope text not null
);
create unique index if not exists log_by_process on log (process, revision);
create table if not exists work (
    key text primary key, lane integer not null, due integer not null, state text not null,
    receiver text not null, kind text not null, row text not null
) without rowid;
create index if not exists work_ready on work (lane, due, key) where state in ('ready', 'settled');
create index if not exists work_by_state on work (state, key) where state not in ('applied', 'ready');
create index if not exists work_by_receiver on work (receiver, key);
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
            "pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000;
             pragma foreign_keys = off; pragma cache_size = -16000; pragma temp_store = memory;
             pragma wal_autocheckpoint = 4000;",
        )
        .map_err(|e| map("open store", e))
}

/// Creates the tables where they are missing and checks the version of those that are there.
pub(crate) fn migrate(connection: &Connection) -> Result<(), PortError> {
    let version: i64 = connection
        .query_row("pragma user_version", [], |row| row.get(0))
        .map_err(|e| map("open store", e))?;
    if version > VERSION {
        return Err(corrupt(
            "open store",
            format!("the file is of version {version}, this program knows {VERSION}; use a newer one"),
        ));
    }
    connection
        .execute_batch(&format!("begin immediate; {TABLES} pragma user_version = {VERSION}; commit;"))
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
