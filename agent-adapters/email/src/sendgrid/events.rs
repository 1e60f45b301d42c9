use dealwright_core::mail::{BounceClass, MailEvent, MailEventKind};
use dealwright_core::time::Timestamp;
use serde_json::Value;

use super::NAME;
use crate::inbound::{StatusCode, class_of};
use crate::provider::{EventRefusal, Fields, letters};

/// The events of a delivery that say something of a letter.
pub(super) fn read(body: &[u8], now: Timestamp) -> Result<Vec<MailEvent>, EventRefusal> {
    let all: Vec<Value> = serde_json::from_slice(body)
        .map_err(|_| EventRefusal::Malformed("the body is no JSON list of events"))?;
    let events = all.iter().filter_map(Fields::of);
    Ok(events.filter_map(|fields| event(fields, now)).collect())
}

fn event(fields: Fields<'_>, now: Timestamp) -> Option<MailEvent> {
    Some(MailEvent {
        what: what(fields)?,
        key: fields.key(fields.text("sg_event_id")),
        letters: letters([fields.letter(), fields.text("smtp-id")]),
        effect: fields.effect(),
        address: fields.address("email"),
        at: fields.time("timestamp").unwrap_or(now),
        source: NAME.to_owned(),
    })
}

fn what(fields: Fields<'_>) -> Option<MailEventKind> {
    Some(match fields.text("event")? {
        "processed" => MailEventKind::Taken {
            provider_id: message_id(fields.text("sg_message_id").unwrap_or_default()),
        },
        "deferred" => MailEventKind::Delayed,
        "delivered" => MailEventKind::Delivered,
        "bounce" => MailEventKind::Bounced(bounced(fields)),
        "dropped" => dropped(fields.text("reason").unwrap_or_default()),
        "spamreport" => MailEventKind::Complained,
        "unsubscribe" | "group_unsubscribe" => MailEventKind::OptedOut,
        // Opens, clicks, taking an unsubscribe back, changes of the account.
        _ => return None,
    })
}

/// The id that the answer to the request gave: the event's own goes on with where it was filtered.
fn message_id(id: &str) -> String {
    let end = [".filter", ".recv"].iter().filter_map(|mark| id.find(mark));
    let end = end.min().unwrap_or(id.len());
    id.get(..end).unwrap_or(id).to_owned()
}

/// SendGrid's own class where it has one, else what the other server said.
fn bounced(fields: Fields<'_>) -> BounceClass {
    let kind = fields.text("type").unwrap_or("bounce");
    let reason = fields.text("reason").unwrap_or_default();
    let status = fields.text("status").and_then(StatusCode::find);
    let status = status.or_else(|| StatusCode::find(reason));
    let said = class_of(status, &reason.to_lowercase(), false);
    let class = match fields.text("bounce_classification").unwrap_or_default() {
        "Invalid Address" => BounceClass::Hard,
        "Content" | "Reputation" | "Frequency or Volume Too High" => BounceClass::Block,
        "Technical" => BounceClass::Soft,
        _ => said,
    };
    match kind {
        // It was tried for three days.
        "expired" => BounceClass::Soft,
        // In SendGrid's words nothing is wrong with the address.
        "blocked" if class == BounceClass::Hard => BounceClass::Block,
        _ => class,
    }
}

/// A letter that SendGrid took and then kept back: mostly by a list of its own.
fn dropped(reason: &str) -> MailEventKind {
    match reason {
        "Unsubscribed Address" | "Group Unsubscribe" => MailEventKind::OptedOut,
        "Spam Reporting Address" => MailEventKind::Complained,
        "Bounced Address" | "Invalid" => MailEventKind::Bounced(BounceClass::Hard),
        _ => MailEventKind::Bounced(BounceClass::Block),
    }
}
