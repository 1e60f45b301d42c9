//! Documents to values and back.

use dealwright_core::error::{PortError, PortErrorKind};
use dealwright_core::process::{
    Envelope, ProcessKey, ProcessKeyError, Revision, Stored, Work, WorkState,
};
use dealwright_core::time::Timestamp;
use mongodb::bson::{Bson, Document, doc};
use serde_json::Value;

use crate::error::corrupt;
use crate::values::{from_bson, from_document, to_bson};

/// A row of work and the number of its last change, by which changes exclude each other.
pub(crate) struct Row {
    pub(crate) work: Work,
    pub(crate) change: i64,
}

/// The rows that a claim may take, and those that somebody holds.
pub(crate) const OPEN: &str = "open";
pub(crate) const LEASED: &str = "leased";

pub(crate) fn parse_key(text: &str) -> Result<ProcessKey, PortError> {
    text.parse()
        .map_err(|e: ProcessKeyError| corrupt("read key", e))
}

/// The row as a document: its own fields, and beside them what the indexes sort by (`queue`,
/// `lane_no`, `due_us`, `until_us` in microseconds, `to`, `to_kind`).
pub(crate) fn work_document(work: &Work, change: i64) -> Result<Document, PortError> {
    let value = serde_json::to_value(work).map_err(|e| corrupt("write work", e))?;
    let Bson::Document(mut fields) = to_bson(&value) else {
        return Err(corrupt("write work", "a row is a document"));
    };
    fields.remove("key");
    let queue = match (&work.lease, work.state) {
        (Some(_), _) => Some(LEASED),
        (None, WorkState::Ready | WorkState::Settled) => Some(OPEN),
        _ => None,
    };
    let mut document = doc! {
        "_id": work.key.as_str(),
        "change": change,
        "queue": queue,
        "lane_no": i32::from(work.lane.place()),
        "due_us": work.due.timestamp_micros(),
        "until_us": work.lease.as_ref().map(|(_, until)| until.timestamp_micros()),
        "to": work.receiver.to_string(),
        "to_kind": work.receiver.kind(),
    };
    document.extend(fields);
    Ok(document)
}

pub(crate) fn row(document: &Document) -> Result<Row, PortError> {
    let change = document
        .get_i64("change")
        .map_err(|e| corrupt("read work", e))?;
    let mut fields = document.clone();
    let key = fields
        .remove("_id")
        .ok_or_else(|| corrupt("read work", "no _id"))?;
    let mut value = from_document(&fields)?;
    if let Value::Object(map) = &mut value {
        map.insert("key".to_owned(), from_bson(&key)?);
    }
    let work = serde_json::from_value(value).map_err(|e| corrupt("read work", e))?;
    Ok(Row { work, change })
}

/// The entry of the log; the sequencer gives `position` to those that are `waiting` for it.
pub(crate) fn log_document(envelope: &Envelope) -> Result<Document, PortError> {
    let value = serde_json::to_value(envelope).map_err(|e| corrupt("write log", e))?;
    let mut document = doc! {
        "_id": envelope.id(),
        "case": envelope.process.to_string(),
        "number": number(envelope.revision)?,
        "waiting": true,
    };
    if let Bson::Document(fields) = to_bson(&value) {
        document.extend(fields);
    }
    Ok(document)
}

pub(crate) fn envelope(document: &Document) -> Result<Envelope, PortError> {
    let mut fields = document.clone();
    for ours in ["_id", "case", "number", "position", "waiting"] {
        fields.remove(ours);
    }
    serde_json::from_value(from_document(&fields)?).map_err(|e| corrupt("read log", e))
}

pub(crate) fn number(revision: Revision) -> Result<i64, PortError> {
    i64::try_from(revision.number())
        .map_err(|e| PortError::new("write", PortErrorKind::Invalid).with_source(e))
}

pub(crate) fn stored(document: &Document) -> Result<Stored, PortError> {
    let bad = |e| corrupt("load", e);
    let whole = |name: &str| document.get_i64(name).map_err(|e| bad(e.to_string()));
    let state = document.get("state").unwrap_or(&Bson::Null);
    Ok(Stored {
        revision: Revision::new(u64::try_from(whole("revision")?).map_err(|e| bad(e.to_string()))?),
        state_version: u32::try_from(whole("state_version")?).map_err(|e| bad(e.to_string()))?,
        state: from_bson(state)?,
        chain: document
            .get_str("chain")
            .map_err(|e| bad(e.to_string()))?
            .parse()
            .map_err(|e| corrupt("load", e))?,
    })
}

pub(crate) fn instant(micros: i64) -> Result<Timestamp, PortError> {
    Timestamp::from_timestamp_micros(micros)
        .ok_or_else(|| corrupt("read work", format!("{micros} is no time")))
}
