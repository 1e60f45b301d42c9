//! A server of models that says what it is told to, in each dialect.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use dealwright_models::{ChatModel, Dialect};
use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::{MODEL, model_at};

/// What the server does with one call.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// Says this and ends as told: `stop`, `length`, `refusal`, `tool`.
    Says(String, &'static str),
    /// Says what this makes of the request.
    Minds(fn(&Value) -> String),
    /// Answers with this.
    Answers(ResponseTemplate),
}

impl Does {
    pub(crate) fn says(text: &str) -> Self {
        Self::Says(text.to_owned(), "stop")
    }

    pub(crate) fn status(status: u16, error: Value) -> Self {
        Self::Answers(ResponseTemplate::new(status).set_body_json(error))
    }
}

type Books = Arc<Mutex<(VecDeque<Does>, Vec<Value>)>>;

#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) dialect: Dialect,
    mock: MockServer,
    books: Books,
}

struct Answering(Dialect, Books);

impl Respond for Answering {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(&request.body).expect("a request of JSON");
        let streams = body["stream"] == true;
        let mut books = self.1.lock().unwrap();
        books.1.push(body.clone());
        // The last one is kept for all that follow.
        let does = match books.0.len() {
            0 => return ResponseTemplate::new(500),
            1 => books.0.front().cloned(),
            _ => books.0.pop_front(),
        };
        let does = match does.unwrap() {
            Does::Minds(answer) => Does::Says(answer(&body), "stop"),
            does => does,
        };
        match does {
            Does::Answers(template) => template,
            Does::Minds(_) => ResponseTemplate::new(500),
            Does::Says(text, end) if streams => {
                let body = stream(self.0, &text, end);
                ResponseTemplate::new(200).set_body_raw(body, "text/event-stream")
            }
            Does::Says(text, end) => {
                ResponseTemplate::new(200).set_body_json(whole(self.0, &text, end))
            }
        }
    }
}

impl Fake {
    pub(crate) async fn start(dialect: Dialect) -> Self {
        let (mock, books) = (MockServer::start().await, Books::default());
        Mock::given(method("POST"))
            .respond_with(Answering(dialect, Arc::clone(&books)))
            .mount(&mock)
            .await;
        Self {
            dialect,
            mock,
            books,
        }
    }

    /// Does these one after the other, and the last from then on.
    pub(crate) async fn doing(dialect: Dialect, does: impl IntoIterator<Item = Does>) -> Self {
        let fake = Self::start(dialect).await;
        fake.set(does);
        fake
    }

    pub(crate) fn set(&self, does: impl IntoIterator<Item = Does>) {
        self.books.lock().unwrap().0 = does.into_iter().collect();
    }

    pub(crate) fn model(&self) -> ChatModel {
        model_at(self.dialect, &self.base())
    }

    pub(crate) fn base(&self) -> String {
        format!("{}/v1", self.mock.uri())
    }

    /// The bodies of the requests since this was called last.
    pub(crate) fn asked(&self) -> Vec<Value> {
        std::mem::take(&mut self.books.lock().unwrap().1)
    }

    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.mock.received_requests().await.unwrap()
    }
}

/// Tokens that the server says it counted.
pub(crate) const READ: u64 = 120;
pub(crate) const WROTE: u64 = 40;

pub(crate) fn whole(dialect: Dialect, text: &str, end: &str) -> Value {
    if dialect == Dialect::Anthropic {
        let content = match end {
            "tool" => json!([{"type": "tool_use", "id": "t1", "name": "send", "input": {}}]),
            _ => json!([{"type": "text", "text": text}]),
        };
        return json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": MODEL,
            "content": content, "stop_reason": reason(dialect, end), "stop_sequence": null,
            "usage": {"input_tokens": READ, "output_tokens": WROTE},
        });
    }
    let mut message = json!({"role": "assistant", "content": text, "refusal": null});
    if end == "refusal" {
        message["content"] = Value::Null;
        message["refusal"] = json!("I cannot help with that.");
    }
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_767_225_600, "model": MODEL,
        "choices": [{
            "index": 0, "message": message, "logprobs": null,
            "finish_reason": reason(dialect, end),
        }],
        "usage": {
            "prompt_tokens": READ, "completion_tokens": WROTE, "total_tokens": READ + WROTE,
        },
    })
}

fn reason(dialect: Dialect, end: &str) -> &'static str {
    match (dialect, end) {
        (Dialect::Anthropic, "stop") => "end_turn",
        (Dialect::Anthropic, "length") => "max_tokens",
        (Dialect::Anthropic, "tool") => "tool_use",
        (Dialect::Anthropic, "refusal") => "refusal",
        (_, "length") => "length",
        (_, "tool") => "tool_calls",
        _ => "stop",
    }
}

/// The events of a stream as JSON, with their names where the dialect has them.
pub(crate) fn events(dialect: Dialect, text: &str, end: &str) -> Vec<(&'static str, Value)> {
    let letters: Vec<char> = text.chars().collect();
    let pieces = letters
        .chunks(7)
        .map(|piece| piece.iter().collect::<String>());
    if dialect == Dialect::Anthropic {
        let mut message = whole(dialect, "", end);
        message["content"] = json!([]);
        message["stop_reason"] = Value::Null;
        message["usage"]["output_tokens"] = json!(1);
        let block = match end {
            "tool" => json!({"type": "tool_use", "id": "t1", "name": "send", "input": {}}),
            _ => json!({"type": "text", "text": ""}),
        };
        let mut all = vec![
            (
                "message_start",
                json!({"type": "message_start", "message": message}),
            ),
            (
                "content_block_start",
                json!({"type": "content_block_start", "index": 0, "content_block": block}),
            ),
            ("ping", json!({"type": "ping"})),
        ];
        all.extend(pieces.map(|piece| {
            let delta = json!({"type": "text_delta", "text": piece});
            (
                "content_block_delta",
                json!({"type": "content_block_delta", "index": 0, "delta": delta}),
            )
        }));
        let last = json!({
            "type": "message_delta",
            "delta": {"stop_reason": reason(dialect, end), "stop_sequence": null},
            "usage": {"output_tokens": WROTE},
        });
        all.extend([
            (
                "content_block_stop",
                json!({"type": "content_block_stop", "index": 0}),
            ),
            ("message_delta", last),
            ("message_stop", json!({"type": "message_stop"})),
        ]);
        return all;
    }
    let chunk = |choices: Value, usage: Value| {
        let body = json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_767_225_600,
            "model": MODEL, "choices": choices, "usage": usage,
        });
        ("", body)
    };
    let choice = |delta: Value, finish: Value| json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]);
    let mut all = vec![chunk(
        choice(json!({"role": "assistant", "content": ""}), Value::Null),
        Value::Null,
    )];
    if end == "refusal" {
        let delta = json!({"refusal": "I cannot help with that."});
        all.push(chunk(choice(delta, Value::Null), Value::Null));
    } else {
        all.extend(
            pieces.map(|piece| chunk(choice(json!({"content": piece}), Value::Null), Value::Null)),
        );
    }
    let usage = whole(dialect, "", "stop")["usage"].clone();
    all.push(chunk(
        choice(json!({}), json!(reason(dialect, end))),
        Value::Null,
    ));
    all.push(chunk(json!([]), usage));
    all
}

pub(crate) fn stream(dialect: Dialect, text: &str, end: &str) -> String {
    let mut body: String = events(dialect, text, end)
        .into_iter()
        .map(|(name, data)| match name {
            "" => format!("data: {data}\n\n"),
            name => format!("event: {name}\ndata: {data}\n\n"),
        })
        .collect();
    if dialect != Dialect::Anthropic {
        body.push_str("data: [DONE]\n\n");
    }
    body
}
