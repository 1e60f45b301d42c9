//! Messages, as Anthropic specifies them.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::Fault;
use crate::fold::{self, Fold, Stop};
use crate::plan::Prompt;
use crate::sse::Event;

/// The version of the interface that is spoken here.
pub(crate) const VERSION: &str = "2023-06-01";

/// The body of a request. Ours in blocks of the system part, theirs in a message of the user; no
/// tools.
pub(crate) fn body(model: &str, prompt: &Prompt, stream: bool) -> Value {
    let system: Vec<Value> = [Some(&prompt.instruction), prompt.note.as_ref()]
        .into_iter()
        .flatten()
        .map(|text| json!({ "type": "text", "text": text }))
        .collect();
    json!({
        "model": model,
        "max_tokens": prompt.answer_tokens,
        "system": system,
        "messages": [{ "role": "user", "content": prompt.data }],
        "output_config": { "format": { "type": "json_schema", "schema": prompt.schema } },
        "stream": stream,
    })
}

#[derive(Deserialize)]
struct Message {
    content: Vec<Block>,
    stop_reason: Option<String>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Usage {
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    MessageStart {
        message: Message,
    },
    ContentBlockStart {
        content_block: Block,
    },
    ContentBlockDelta {
        delta: Block,
    },
    MessageDelta {
        delta: End,
        usage: Option<Usage>,
    },
    MessageStop,
    Error {
        error: Value,
    },
    // Pings, ends of blocks, and what may be added later.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct End {
    stop_reason: Option<String>,
}

pub(crate) fn whole(fold: &mut Fold, body: &Value) -> Result<(), Fault> {
    if body.get("type").and_then(Value::as_str) == Some("error") {
        return Err(Fault::BrokeOff {
            code: fold::code(body),
        });
    }
    let read =
        Message::deserialize(body).map_err(|_| Fault::Malformed("the body is no message"))?;
    take(fold, &read)?;
    fold.ended = true;
    Ok(())
}

pub(crate) fn event(fold: &mut Fold, event: &Event) -> Result<(), Fault> {
    match fold::read(&event.data, "an event is none of a message")? {
        Said::MessageStart { message } => take(fold, &message)?,
        Said::ContentBlockStart { content_block } => say(fold, &content_block)?,
        Said::ContentBlockDelta { delta } => say(fold, &delta)?,
        Said::MessageDelta { delta, usage } => {
            count(fold, usage.as_ref());
            stop(fold, delta.stop_reason.as_deref())?;
        }
        Said::MessageStop => fold.ended = true,
        Said::Error { error } => {
            return Err(Fault::BrokeOff {
                code: fold::code(&error),
            });
        }
        Said::Other => {}
    }
    Ok(())
}

fn take(fold: &mut Fold, message: &Message) -> Result<(), Fault> {
    count(fold, message.usage.as_ref());
    for block in &message.content {
        say(fold, block)?;
    }
    stop(fold, message.stop_reason.as_deref())
}

fn say(fold: &mut Fold, block: &Block) -> Result<(), Fault> {
    match block.kind.as_str() {
        "text" | "text_delta" => fold.say(&block.text),
        "tool_use" | "server_tool_use" => Err(Fault::Tool),
        // What it thought on the way is no part of the answer.
        _ => Ok(()),
    }
}

fn stop(fold: &mut Fold, reason: Option<&str>) -> Result<(), Fault> {
    if let Some(reason) = reason {
        fold.stop = Some(match reason {
            "end_turn" | "stop_sequence" => Stop::Done,
            "max_tokens" | "model_context_window_exceeded" => Stop::Length,
            "refusal" => Stop::Refused,
            "tool_use" | "pause_turn" => Stop::Tool,
            _ => return Err(Fault::Malformed("the reason for the end is unknown")),
        });
    }
    Ok(())
}

fn count(fold: &mut Fold, usage: Option<&Usage>) {
    if let Some(usage) = usage {
        let cached = [
            usage.cache_creation_input_tokens,
            usage.cache_read_input_tokens,
        ];
        let cached: u64 = cached.into_iter().flatten().fold(0, u64::saturating_add);
        // What a cache gave is counted as if it had been read anew: dearer at most.
        let input = usage.input_tokens.map(|n| n.saturating_add(cached));
        fold.count(input, usage.output_tokens);
    }
}
