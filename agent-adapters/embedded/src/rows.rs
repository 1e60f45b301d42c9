//! Rows to values and back.

use dealwright_core::error::PortError;
use dealwright_core::process::{Envelope, ProcessKey, ProcessKeyError, Stored, Work};
use dealwright_core::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::{corrupt, map};

pub(crate) fn micros(at: Timestamp) -> i64 {
    at.timestamp_micros()
}

pub(crate) fn parse_key(text: &str) -> Result<ProcessKey, PortError> {
    text.parse()
        .map_err(|e: ProcessKeyError| corrupt("read key", e))
}

pub(crate) fn envelope(text: &str) -> Result<Envelope, PortError> {
    serde_json::from_str(text).map_err(|e| corrupt("read log", e))
}

pub(crate) fn work(text: &str) -> Result<Work, PortError> {
    serde_json::from_str(text).map_err(|e| corrupt("read work", e))
}

pub(crate) fn text_of(row: &Row<'_>) -> rusqlite::Result<String> {
    row.get(0)
}

pub(crate) fn load(db: &Connection, key: &ProcessKey) -> Result<Option<Stored>, PortError> {
    let found: Option<(i64, i64, String, String)> = db
        .prepare_cached("select revision, state_version, state, chain from process where key = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([key.to_string()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .optional()
        })
        .map_err(|e| map("load", e))?;
    found
        .map(|(revision, state_version, state, chain)| {
            Ok(Stored {
                revision: dealwright_core::process::Revision::new(
                    u64::try_from(revision).map_err(|e| corrupt("load", e))?,
                ),
                state_version: u32::try_from(state_version).map_err(|e| corrupt("load", e))?,
                state: serde_json::from_str(&state).map_err(|e| corrupt("load", e))?,
                chain: chain.parse().map_err(|e| corrupt("load", e))?,
            })
        })
        .transpose()
}

pub(crate) fn read_work(db: &Connection, key: &str) -> Result<Option<Work>, PortError> {
    let text: Option<String> = db
        .prepare_cached("select row from work where key = ?1")
        .and_then(|mut s| s.query_row([key], text_of).optional())
        .map_err(|e| map("read work", e))?;
    text.as_deref().map(work).transpose()
}

/// Writes a row without its lease, which lives in memory.
pub(crate) fn write_work(db: &Connection, row: &Work) -> Result<(), PortError> {
    let mut kept = row.clone();
    kept.lease = None;
    let text = serde_json::to_string(&kept).map_err(|e| corrupt("write work", e))?;
    db.prepare_cached(
        "insert into work (key, lane, due, state, receiver, kind, row)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         on conflict (key) do update set lane = ?2, due = ?3, state = ?4, row = ?7",
    )
    .and_then(|mut s| {
        s.execute(params![
            kept.key.as_str(),
            kept.lane.place(),
            micros(kept.due),
            kept.state.name(),
            kept.receiver.to_string(),
            kept.receiver.kind(),
            text,
        ])
    })
    .map(|_| ())
    .map_err(|e| map("write work", e))
}
