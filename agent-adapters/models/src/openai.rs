//! Chat completions, as OpenAI specifies them and others follow.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::endpoint::Dialect;
use crate::error::Fault;
use crate::fold::{self, Fold, Stop};
use crate::plan::Prompt;
use crate::schema::set;
use crate::sse::Event;

/// The body of a request. Ours in messages of the system, theirs in one of the user; no tools.
pub(crate) fn body(dialect: Dialect, model: &str, prompt: &Prompt, stream: bool) -> Value {
    let mut messages = vec![json!({ "role": "system", "content": prompt.instruction })];
    if let Some(note) = &prompt.note {
        messages.push(json!({ "role": "system", "content": note }));
    }
    messages.push(json!({ "role": "user", "content": prompt.data }));
    let mut body = json!({
        "model": model,
        "messages": messages,
        "response_format": {
            "type": "json_schema",
            "json_schema": { "name": "answer", "strict": true, "schema": prompt.schema },
        },
        "stream": stream,
    });
    if stream {
        set(
            &mut body,
            "stream_options",
            json!({ "include_usage": true }),
        );
    }
    match dialect {
        // Its models of today know no other field for the limit, some no temperature, and what a
        // client wrote is not to be kept there.
        Dialect::OpenAi => {
            set(
                &mut body,
                "max_completion_tokens",
                json!(prompt.answer_tokens),
            );
            set(&mut body, "store", json!(false));
        }
        _ => {
            set(&mut body, "max_tokens", json!(prompt.answer_tokens));
            set(&mut body, "temperature", json!(0));
        }
    }
    body
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Words,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Chunk {
    choices: Vec<Piece>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Piece {
    #[serde(default)]
    index: u32,
    delta: Words,
    finish_reason: Option<String>,
}

#[derive(Default, Deserialize)]
struct Words {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

pub(crate) fn whole(fold: &mut Fold, body: &Value) -> Result<(), Fault> {
    if body.get("error").is_some_and(|e| !e.is_null()) {
        return Err(Fault::BrokeOff {
            code: fold::code(body),
        });
    }
    let read = Completion::deserialize(body)
        .map_err(|_| Fault::Malformed("the body is no chat completion"))?;
    count(fold, read.usage.as_ref());
    let choice = read.choices.into_iter().next();
    let choice = choice.ok_or(Fault::Malformed("there is no choice"))?;
    take(fold, &choice.message, choice.finish_reason.as_deref())?;
    fold.ended = true;
    Ok(())
}

pub(crate) fn event(fold: &mut Fold, event: &Event) -> Result<(), Fault> {
    if event.data.trim() == "[DONE]" {
        fold.ended = true;
        return Ok(());
    }
    let value: Value = fold::read(&event.data, "an event is no JSON")?;
    if event.name == "error" || value.get("error").is_some_and(|e| !e.is_null()) {
        return Err(Fault::BrokeOff {
            code: fold::code(&value),
        });
    }
    let chunk = Chunk::deserialize(&value)
        .map_err(|_| Fault::Malformed("an event is no chunk of a chat completion"))?;
    count(fold, chunk.usage.as_ref());
    for piece in chunk.choices.iter().filter(|piece| piece.index == 0) {
        take(fold, &piece.delta, piece.finish_reason.as_deref())?;
    }
    Ok(())
}

fn count(fold: &mut Fold, usage: Option<&Usage>) {
    if let Some(usage) = usage {
        fold.count(usage.prompt_tokens, usage.completion_tokens);
    }
}

fn take(fold: &mut Fold, words: &Words, finish: Option<&str>) -> Result<(), Fault> {
    if words.refusal.as_deref().is_some_and(|r| !r.is_empty()) {
        fold.refused = true;
    }
    fold.say(words.content.as_deref().unwrap_or_default())?;
    if let Some(finish) = finish {
        fold.stop = Some(match finish {
            "stop" => Stop::Done,
            "length" => Stop::Length,
            "content_filter" => Stop::Refused,
            "tool_calls" | "function_call" => Stop::Tool,
            _ => return Err(Fault::Malformed("the reason for the end is unknown")),
        });
    }
    Ok(())
}
