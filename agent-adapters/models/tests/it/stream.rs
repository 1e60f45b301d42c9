//! Streams that stop, stall, drip and say odd things, over a bare socket.

use std::time::{Duration, Instant};

use dealwright_core::error::{PortError, PortErrorKind, Retry};
use dealwright_core::model::{LanguageModel, Suggestion};
use dealwright_models::{ChatModel, Dialect, LimitParams, cost_of};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{READ, WROTE, events, stream};
use crate::{DIALECTS, GOOD, model_at, request};

/// A part of an answer, and the wait before it.
type Part = (u64, Vec<u8>);

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                    connection: close\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                       transfer-encoding: chunked\r\n\r\n";

/// Answers one call part by part, and hangs up.
async fn socket(parts: Vec<Part>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        read_request(&mut socket).await;
        for (wait, part) in parts {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            if socket.write_all(&part).await.is_err() {
                return;
            }
        }
        let _ = socket.shutdown().await;
    });
    base
}

async fn read_request(socket: &mut TcpStream) {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&all).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1).unwrap();
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if body.len() >= length {
                return;
            }
        }
        let read = socket.read(&mut buffer).await.unwrap();
        all.extend_from_slice(&buffer[..read]);
    }
}

fn part(wait: u64, text: impl Into<Vec<u8>>) -> Part {
    (wait, text.into())
}

/// A model that has so many milliseconds without a byte, and in all.
fn within(dialect: Dialect, base: &str, idle_ms: u64, answer_ms: u64) -> ChatModel {
    let limits = LimitParams {
        idle_ms,
        answer_ms,
        ..LimitParams::default()
    };
    let model = model_at(dialect, base);
    model.with_limits(limits.check().unwrap()).unwrap()
}

fn quick(dialect: Dialect, base: &str) -> ChatModel {
    within(dialect, base, 400, 1_500)
}

fn patient(dialect: Dialect, base: &str) -> ChatModel {
    within(dialect, base, 20_000, 60_000)
}

async fn failed(dialect: Dialect, parts: Vec<Part>) -> PortError {
    let base = socket(parts).await;
    let model = patient(dialect, &base);
    model.read(&request()).await.unwrap_err()
}

/// The error and the time that it took, of a model that has little.
async fn late(parts: Vec<Part>) -> (PortError, Duration) {
    let base = socket(parts).await;
    let begun = Instant::now();
    let error = quick(Dialect::OpenAi, &base).read(&request()).await;
    (error.unwrap_err(), begun.elapsed())
}

fn assert_passing(error: &PortError, says: &str) {
    assert_eq!(
        error.kind(),
        PortErrorKind::Unavailable,
        "{}",
        error.chain()
    );
    assert!(matches!(error.retry(), Retry::Transient { .. }));
    assert!(error.chain().contains(says), "{}", error.chain());
    // Whatever was made until then may be charged.
    assert!(cost_of(error).unwrap().tokens > 1_024);
}

#[tokio::test]
async fn a_stream_that_ends_in_the_middle_is_no_answer() {
    for dialect in DIALECTS {
        let whole = stream(dialect, GOOD, "stop");
        // After some words, in the middle of a line, and just before it says that it is done.
        let finish = if dialect == Dialect::Anthropic {
            "event: message_delta"
        } else {
            "\"finish_reason\":\"stop\""
        };
        let last = whole.find(finish).unwrap();
        for cut in [0, 10, whole.len() / 2, last] {
            let parts = vec![part(0, HEAD), part(0, &whole.as_bytes()[..cut])];
            assert_passing(&failed(dialect, parts).await, "stops in the middle");
        }
    }
}

#[tokio::test]
async fn so_is_one_whose_connection_breaks() {
    let some = &stream(Dialect::OpenAi, GOOD, "stop")[..300];
    // A chunk of 4,096 bytes is announced, and 300 come.
    let chunk = format!("1000\r\n{some}");
    let error = failed(Dialect::OpenAi, vec![part(0, CHUNKED), part(0, chunk)]).await;
    assert_passing(&error, "stops in the middle");
}

#[tokio::test]
async fn words_of_trouble_in_a_stream_are_told_apart() {
    for (dialect, said, kind) in [
        (
            Dialect::Anthropic,
            r#"event: error
data: {"type":"error","error":{"type":"overloaded_error","message":"Our site"}}"#,
            PortErrorKind::Unavailable,
        ),
        (
            Dialect::Vllm,
            r#"data: {"error":{"type":"invalid_request_error","message":"Our site"}}"#,
            PortErrorKind::Invalid,
        ),
        (
            Dialect::OpenAi,
            r#"data: {"error":{"code":"rate_limit_exceeded","message":"Our site"}}"#,
            PortErrorKind::RateLimited,
        ),
    ] {
        let some: String = stream(dialect, GOOD, "stop")
            .split_inclusive("\n\n")
            .take(3)
            .collect();
        let parts = vec![part(0, HEAD), part(0, some), part(0, format!("{said}\n\n"))];
        let error = failed(dialect, parts).await;
        assert_eq!(error.kind(), kind, "{}", error.chain());
        assert!(!error.chain().contains("Our site"));
    }
}

#[tokio::test]
async fn an_answer_that_stands_still_is_left() {
    let some = stream(Dialect::OpenAi, GOOD, "stop")[..300].to_owned();
    for parts in [
        vec![part(30_000, HEAD)],
        vec![part(0, HEAD), part(30_000, "data: [DONE]\n\n")],
        vec![
            part(0, HEAD),
            part(0, some),
            part(30_000, "data: [DONE]\n\n"),
        ],
    ] {
        let (error, took) = late(parts).await;
        assert_passing(&error, "no answer in time");
        assert!(took < Duration::from_secs(20), "{took:?}");
    }
}

#[tokio::test]
async fn an_answer_that_drips_for_ever_is_left_too() {
    // Each drop comes in time, all of them together do not.
    let mut parts = vec![part(0, HEAD)];
    parts.extend((0..300).map(|_| part(100, ": still here\n\n")));
    let (error, took) = late(parts).await;
    assert_passing(&error, "no answer in time");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test]
async fn a_stream_without_end_is_left() {
    let mut parts = vec![part(0, HEAD)];
    let noise = ": nothing\n".repeat(100_000);
    parts.extend((0..20).map(|_| part(0, noise.clone())));
    let error = failed(Dialect::OpenAi, parts).await;
    assert_eq!(error.kind(), PortErrorKind::Corrupt, "{}", error.chain());
    let line = vec![part(0, HEAD), part(0, "x".repeat(1024 * 1024))];
    let error = failed(Dialect::Anthropic, line).await;
    assert!(error.chain().contains("longer than"), "{}", error.chain());
}

#[tokio::test]
async fn a_slow_stream_that_keeps_on_is_read() {
    for dialect in [Dialect::OpenAi, Dialect::Anthropic] {
        let whole = stream(dialect, GOOD, "stop");
        let bytes = whole.as_bytes();
        // Cut anywhere, characters and lines included.
        let pieces = bytes
            .chunks(bytes.len() / 9 + 1)
            .map(|piece| part(100, piece));
        let mut parts = vec![part(0, HEAD)];
        parts.extend(pieces);
        let answer = patient(dialect, &socket(parts).await)
            .read(&request())
            .await
            .unwrap();
        assert!(Suggestion::parse(&answer.text, &request()).is_ok());
        assert_eq!(answer.cost.tokens, READ + WROTE);
    }
}

#[tokio::test]
async fn servers_that_end_without_a_word_of_it_are_understood() {
    // Some leave out the last mark, some the counts, some hang up without ending the chunks.
    let whole = stream(Dialect::Ollama, GOOD, "stop");
    let unmarked = whole.replace("data: [DONE]\n\n", "");
    let answer = patient(
        Dialect::Ollama,
        &socket(vec![part(0, HEAD), part(0, unmarked)]).await,
    );
    let answer = answer.read(&request()).await.unwrap();
    assert_eq!(answer.cost.tokens, READ + WROTE);
    let last = events(Dialect::Ollama, GOOD, "stop").pop().unwrap().1;
    let uncounted = whole.replace(&format!("data: {last}\n\n"), "");
    let chunk = format!("{:x}\r\n{uncounted}\r\n", uncounted.len());
    let chunk = chunk.replace("data: [DONE]\n\n", "");
    let base = socket(vec![part(0, CHUNKED), part(0, chunk)]).await;
    let answer = patient(Dialect::Ollama, &base).read(&request()).await;
    // The length of the chunk is now wrong on purpose.
    let answer = answer.unwrap();
    assert!(Suggestion::parse(&answer.text, &request()).is_ok());
    assert!(answer.cost.tokens > 1_024, "uncounted: the most it can be");
}
