//! Rows to values and back.

use dealwright_core::error::PortError;
use dealwright_core::orchestration::Lane;
use dealwright_core::process::{Envelope, ProcessKey, Stored, Tenant, Work, WorkState};
use dealwright_core::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::{corrupt, map};

pub(crate) fn lane_number(lane: Lane) -> i64 {
    match lane {
        Lane::Urgent => 0,
        Lane::Normal => 1,
        _ => 2,
    }
}

pub(crate) fn state_word(state: WorkState) -> &'static str {
    match state {
        WorkState::Ready => "ready",
        WorkState::Started => "started",
        WorkState::Settled => "settled",
        WorkState::Applied => "applied",
        WorkState::Cancelled => "cancelled",
        WorkState::Quarantined => "quarantined",
        _ => "unknown",
    }
}

pub(crate) fn micros(at: Timestamp) -> i64 {
    at.timestamp_micros()
}

pub(crate) fn parse_key(text: &str) -> Result<ProcessKey, PortError> {
    let mut parts = text.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(tenant), Some(kind), Some(id)) => {
            let tenant = Tenant::parse(tenant).map_err(|e| corrupt("read key", e))?;
            Ok(ProcessKey::new(&tenant, kind, id))
        }
        _ => Err(corrupt(
            "read key",
            format!("`{text}` is not tenant/kind/id"),
        )),
    }
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
            lane_number(kept.lane),
            micros(kept.due),
            state_word(kept.state),
            kept.receiver.to_string(),
            kept.receiver.kind(),
            text,
        ])
    })
    .map(|_| ())
    .map_err(|e| map("write work", e))
}
