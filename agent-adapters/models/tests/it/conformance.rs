//! The contract of the port, on each dialect, in a stream and in one piece.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dealwright_core::model::LanguageModel;
use dealwright_core::model::conformance::{Asked, Backend, Rig};
use dealwright_models::{Chain, ChatModel, Dialect, Patience, Retrying};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::server::{Does, Fake};

#[derive(Debug)]
struct Wired {
    fake: Fake,
    model: Arc<dyn LanguageModel>,
}

impl Wired {
    async fn new(dialect: Dialect, streams: bool) -> Self {
        Self::with(dialect, |model| {
            Arc::new(if streams { model } else { model.in_one_piece() })
        })
        .await
    }

    async fn with(
        dialect: Dialect,
        wrap: impl FnOnce(ChatModel) -> Arc<dyn LanguageModel>,
    ) -> Self {
        let fake = Fake::start(dialect).await;
        let model = wrap(fake.model());
        Self { fake, model }
    }
}

fn texts(value: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    match value {
        Value::Array(parts) => parts.iter().map(|part| text(&part["text"])).collect(),
        value => vec![text(value)],
    }
}

#[async_trait]
impl Rig for Wired {
    fn model(&self) -> Arc<dyn LanguageModel> {
        Arc::clone(&self.model)
    }

    async fn set(&self, backend: Backend) {
        self.fake.set([match backend {
            Backend::Says(text) => Does::says(&text),
            Backend::CutOff(text) => Does::Says(text, "length"),
            Backend::SaysNothing => Does::says(""),
            Backend::Refuses => Does::Says(String::new(), "refusal"),
            Backend::Down => Does::status(503, json!({"error": {"type": "overloaded_error"}})),
            Backend::Busy(wait) => Does::Answers(
                ResponseTemplate::new(429)
                    .insert_header("retry-after", wait.as_secs().to_string())
                    .set_body_json(json!({"error": {"type": "rate_limit_error"}})),
            ),
            Backend::Denies => Does::status(401, json!({"error": {"code": "invalid_api_key"}})),
            other => panic!("{other:?}"),
        }]);
    }

    async fn asked(&self) -> Vec<Asked> {
        let bodies = self.fake.asked().into_iter().map(|body| {
            let mut asked = Asked::default();
            if body.get("system").is_some() {
                asked.instructions = texts(&body["system"]);
            }
            for message in body["messages"].as_array().unwrap() {
                let to = match message["role"].as_str().unwrap() {
                    "user" => &mut asked.data,
                    _ => &mut asked.instructions,
                };
                to.extend(texts(&message["content"]));
            }
            for key in ["tools", "functions", "mcp_servers", "container"] {
                asked.tools += usize::from(body.get(key).is_some());
            }
            asked
        });
        bodies.collect()
    }
}

macro_rules! on_each {
    ($($name:ident: $make:expr;)*) => {$(
        mod $name {
            use super::*;

            dealwright_core::model_conformance!(#[tokio::test] async { $make.await });
        }
    )*};
}

on_each! {
    openai_streams: Wired::new(Dialect::OpenAi, true);
    openai_in_one_piece: Wired::new(Dialect::OpenAi, false);
    vllm_streams: Wired::new(Dialect::Vllm, true);
    llama_cpp_streams: Wired::new(Dialect::LlamaCpp, true);
    ollama_in_one_piece: Wired::new(Dialect::Ollama, false);
    anthropic_streams: Wired::new(Dialect::Anthropic, true);
    anthropic_in_one_piece: Wired::new(Dialect::Anthropic, false);
    retrying_without_patience: Wired::with(Dialect::OpenAi, |model| {
        Arc::new(Retrying::new(model, Patience::new(3, Duration::ZERO).unwrap()))
    });
    chain_of_one: Wired::with(Dialect::Anthropic, |model| Arc::new(Chain::new(model)));
}
