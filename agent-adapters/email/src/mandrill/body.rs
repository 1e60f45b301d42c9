use chrono::Days;
use dealwright_core::process::EffectKey;
use dealwright_core::time::Timestamp;
use serde_json::{Value, json};

use crate::Secret;
use crate::provider::{EFFECT, File, LETTER, Outgoing, with};

/// Mandrill keeps no more metadata of a letter, in bytes of JSON.
const METADATA: usize = 200;
/// How far back its activity goes.
const SEARCHED: Days = Days::new(30);

/// The body of `/messages/send`. Everything that would change the letter's parts is switched off
/// by name, whatever the account's own settings are.
pub(super) fn send(out: &Outgoing, message_id: &str, key: EffectKey, secret: &Secret) -> Value {
    let mut headers = out.header_object();
    headers.insert("Reply-To".to_owned(), json!(out.reply_to));
    let to = with(out.recipient(), "type", Some(json!("to")));
    let mut metadata = json!({ EFFECT: key.to_hex(), LETTER: message_id });
    if metadata.to_string().len() > METADATA {
        // The key alone settles; the letter is known by the address then.
        metadata = json!({ EFFECT: key.to_hex() });
    }
    let message = json!({
        "from_email": out.from,
        "from_name": out.from_name,
        "to": [to],
        "subject": out.subject,
        "text": out.text,
        "html": out.html,
        "headers": headers,
        "metadata": metadata,
        "important": false,
        "track_opens": false,
        "track_clicks": false,
        "auto_text": false,
        "auto_html": false,
        "inline_css": false,
        "url_strip_qs": false,
        "preserve_recipients": false,
        "view_content_link": false,
        // What looks like a merge tag in a letter is a word like any other.
        "merge": false,
    });
    let file = |file: &File| json!({ "type": file.media_type, "name": file.name, "content": file.content });
    let message = with(message, "attachments", out.file_list(file));
    json!({ "key": secret.reveal(), "message": message, "async": false })
}

/// The body of `/messages/search` for a letter under `key`: over all that Mandrill still knows.
pub(super) fn search(key: EffectKey, now: Timestamp, secret: &Secret) -> Value {
    let day = |at: Timestamp| at.format("%Y-%m-%d").to_string();
    json!({
        "key": secret.reveal(),
        // The key is one word, and every indexed field is searched.
        "query": key.to_hex(),
        "date_from": day(now.checked_sub_days(SEARCHED).unwrap_or(now)),
        // Its days are UTC's, and a clock may be late.
        "date_to": day(now.checked_add_days(Days::new(1)).unwrap_or(now)),
        "limit": 100,
    })
}
