use dealwright_core::process::EffectKey;
use serde_json::{Value, json};

use crate::provider::{EFFECT, File, LETTER, Outgoing, with};

/// The body of `/v3/mail/send`. Everything that would change the letter's parts is switched off
/// by name, whatever the account's own settings are.
pub(super) fn body(out: &Outgoing, message_id: &str, key: EffectKey, sandbox: bool) -> Value {
    let body = json!({
        "personalizations": [{
            "to": [out.recipient()],
            "custom_args": { EFFECT: key.to_hex(), LETTER: message_id },
        }],
        "from": { "email": out.from, "name": out.from_name },
        "reply_to": { "email": out.reply_to },
        "subject": out.subject,
        "content": [
            { "type": "text/plain", "value": out.text },
            { "type": "text/html", "value": out.html },
        ],
        "headers": out.header_object(),
        "mail_settings": {
            "footer": { "enable": false },
            "sandbox_mode": { "enable": sandbox },
        },
        "tracking_settings": {
            "click_tracking": { "enable": false, "enable_text": false },
            "open_tracking": { "enable": false },
            // It would set a `List-Unsubscribe` of its own beside the letter's.
            "subscription_tracking": { "enable": false },
            "ganalytics": { "enable": false },
        },
    });
    let file = |file: &File| {
        json!({
            "content": file.content,
            "type": file.media_type,
            "filename": file.name,
            "disposition": "attachment",
        })
    };
    with(body, "attachments", out.file_list(file))
}
