use dealwright_core::mail::{BounceClass, MailEvent, MailEventKind};
use dealwright_core::time::Timestamp;
use serde_json::Value;

use super::NAME;
use crate::inbound::{StatusCode, class_of};
use crate::provider::{Fields, ProviderNews, letters};

/// The events that say something of a letter, and the mails.
pub(super) fn read(all: &[Value], now: Timestamp) -> Vec<ProviderNews> {
    let events = all.iter().filter_map(Fields::of);
    events.filter_map(|fields| news(fields, now)).collect()
}

fn news(fields: Fields<'_>, now: Timestamp) -> Option<ProviderNews> {
    let message = fields.inner("msg")?;
    let word = fields.text("event")?;
    if word == "inbound" {
        let raw = message.text("raw_msg")?;
        return Some(ProviderNews::Mail(raw.as_bytes().to_vec()));
    }
    let id = fields.text("_id").or_else(|| message.text("_id"));
    // The id is the letter's, the same in all that befalls it.
    let key = id
        .zip(fields.seconds("ts"))
        .map(|(id, at)| format!("{word}-{id}-{at}"));
    let metadata = message.inner("metadata");
    Some(ProviderNews::Event(MailEvent {
        what: what(word, message, id)?,
        key: fields.key(key.as_deref()),
        letters: letters([metadata.and_then(Fields::letter)]),
        effect: metadata.and_then(Fields::effect),
        address: message.address("email"),
        at: fields.time("ts").unwrap_or(now),
        source: NAME.to_owned(),
    }))
}

fn what(word: &str, message: Fields<'_>, id: Option<&str>) -> Option<MailEventKind> {
    Some(match word {
        "send" => MailEventKind::Taken {
            provider_id: id?.to_owned(),
        },
        "deferral" => MailEventKind::Delayed,
        "delivered" => MailEventKind::Delivered,
        "hard_bounce" => MailEventKind::Bounced(bounced(message, BounceClass::Hard)),
        "soft_bounce" => MailEventKind::Bounced(bounced(message, BounceClass::Soft)),
        "spam" => MailEventKind::Complained,
        "unsub" => MailEventKind::OptedOut,
        "reject" => rejected(message),
        // Opens, clicks, changes of the account's lists.
        _ => return None,
    })
}

/// Mandrill knows hard and soft; whether it was a matter of policy, the other server's words say.
fn bounced(message: Fields<'_>, class: BounceClass) -> BounceClass {
    let diagnosis = message.text("diag").unwrap_or_default();
    if diagnosis.is_empty() {
        return class;
    }
    let late = class == BounceClass::Soft;
    match class_of(StatusCode::find(diagnosis), &diagnosis.to_lowercase(), late) {
        BounceClass::Block => BounceClass::Block,
        _ => class,
    }
}

/// A letter that Mandrill took and then turned down: mostly by its list of addresses.
fn rejected(message: Fields<'_>) -> MailEventKind {
    let reject = message.inner("reject");
    match reject.and_then(|reject| reject.text("reason")) {
        Some("hard-bounce" | "invalid") => MailEventKind::Bounced(BounceClass::Hard),
        Some("soft-bounce") => MailEventKind::Bounced(BounceClass::Soft),
        Some("spam") => MailEventKind::Complained,
        Some("unsub") => MailEventKind::OptedOut,
        _ => MailEventKind::Bounced(BounceClass::Block),
    }
}
