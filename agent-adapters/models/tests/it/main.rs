//! What models behind servers owe, on servers of the tests' own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

mod budgets;
mod cassettes;
mod chain;
mod conformance;
mod injection;
mod local;
mod personal;
mod server;
mod specification;
mod stream;
mod trouble;

use dealwright_core::model::ReadRequest;
use dealwright_core::money::Currency;
use dealwright_core::text::Untrusted;
use dealwright_models::{ChatModel, Dialect, PriceTable, Server, TokenPrice};

const MODEL: &str = "small-2026-01-15";
const GOOD: &str =
    r#"{"intent":"interested","needs":[{"need":"website-audit","quote":"Our site is slow"}]}"#;
const DIALECTS: [Dialect; 5] = [
    Dialect::OpenAi,
    Dialect::Vllm,
    Dialect::LlamaCpp,
    Dialect::Ollama,
    Dialect::Anthropic,
];

/// A dollar for a million tokens in, four for a million out.
fn prices() -> PriceTable {
    let price = TokenPrice {
        input: 1.into(),
        output: 4.into(),
    };
    PriceTable::new(Currency::USD).with(MODEL, price).unwrap()
}

fn model_at(dialect: Dialect, base: &str) -> ChatModel {
    let server = Server::new(dialect, base).unwrap();
    ChatModel::new(server, MODEL, &prices()).unwrap()
}

fn asking(text: &str) -> ReadRequest {
    let text = Untrusted::new(text.to_owned());
    ReadRequest::new(
        &text,
        ["website-audit".to_owned(), "website-redesign".to_owned()],
    )
}

fn request() -> ReadRequest {
    asking("Our site is slow. What can you do?")
}
