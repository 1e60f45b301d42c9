//! Requests and the tests' own answers, held against what the providers specify.
//!
//! OpenAI's is the official specification (openai/openai-openapi, MIT), which the data folder
//! has. For Anthropic there is none to be had; `tests/anthropic.schema.json` was written for this
//! crate after the types of the official client, and names them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use dealwright_core::model::conformance::BEYOND;
use dealwright_core::model::{LanguageModel, ReadRequest, Suggestion};
use dealwright_core::text::Untrusted;
use dealwright_models::Dialect;
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::server::{Does, Fake, events, whole};
use crate::{GOOD, request};

const ENDS: [&str; 4] = ["stop", "length", "refusal", "tool"];

fn openai() -> Option<Value> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let root = std::env::var("DEALWRIGHT_DATA").unwrap_or_else(|_| beside.to_owned());
    let path = PathBuf::from(root).join("openapi/openai.trim.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no specification of OpenAI at {}", path.display());
        return None;
    };
    let mut all = serde_json::from_str(&text).unwrap();
    nullable(&mut all);
    Some(all)
}

/// OpenAPI 3.0 says `nullable` where JSON schema says that null is another type.
fn nullable(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(nullable),
        Value::Object(all) => {
            all.values_mut().for_each(nullable);
            if all.remove("nullable") == Some(json!(true)) {
                let inner = Value::Object(std::mem::take(all));
                *value = json!({"anyOf": [inner, {"type": "null"}]});
            }
        }
        _ => {}
    }
}

fn of_openai(all: &Value, name: &str) -> Validator {
    let schema = json!({
        "$ref": format!("#/components/schemas/{name}"),
        "components": all["components"],
    });
    jsonschema::validator_for(&schema).unwrap()
}

fn of_anthropic(name: &str) -> Validator {
    let text = include_str!("../anthropic.schema.json");
    let all: Value = serde_json::from_str(text).unwrap();
    let schema = json!({ "$ref": format!("#/$defs/{name}"), "$defs": all["$defs"] });
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_valid(validator: &Validator, instance: &Value) {
    let wrong: Vec<String> = validator
        .iter_errors(instance)
        .map(|e| e.to_string())
        .collect();
    assert!(wrong.is_empty(), "{wrong:?} in {instance}");
}

/// Every kind of request that a model of this dialect sends.
async fn requests(dialect: Dialect) -> Vec<Value> {
    let fake = Fake::doing(dialect, [Does::says("no suggestion")]).await;
    let none = ReadRequest::new(&Untrusted::new("Hello".to_owned()), []);
    for model in [fake.model(), fake.model().in_one_piece()] {
        for request in [&request(), &none] {
            model.read(request).await.unwrap();
        }
    }
    let asked = fake.asked();
    assert_eq!(asked.len(), 8, "two calls each");
    asked
}

#[tokio::test]
async fn requests_are_as_openai_specifies() {
    let Some(all) = openai() else { return };
    let validator = of_openai(&all, "CreateChatCompletionRequest");
    let known = properties(
        &all,
        &all["components"]["schemas"]["CreateChatCompletionRequest"],
    );
    for dialect in [
        Dialect::OpenAi,
        Dialect::Vllm,
        Dialect::LlamaCpp,
        Dialect::Ollama,
    ] {
        for body in requests(dialect).await {
            assert_valid(&validator, &body);
            // The specification allows what it does not know; we send nothing that it does not.
            for key in body.as_object().unwrap().keys() {
                assert!(known.contains(key), "`{key}` is not specified");
            }
            for wrong in [
                ("/messages", Value::Null),
                ("/messages", json!("text")),
                ("/messages/0/role", json!("narrator")),
                ("/messages/0/content", json!(7)),
                ("/model", json!(["x"])),
                ("/response_format/type", json!("yaml")),
                ("/response_format/json_schema/name", Value::Null),
                ("/response_format/json_schema/schema", json!("x")),
                ("/stream", json!("yes")),
            ] {
                let mut body = body.clone();
                *body.pointer_mut(wrong.0).unwrap() = wrong.1.clone();
                assert!(!validator.is_valid(&body), "{wrong:?} is let through");
            }
        }
    }
}

/// The names of the fields of an object, through what it is composed of.
fn properties(all: &Value, schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.strip_prefix('#').unwrap();
        found.extend(properties(all, all.pointer(pointer).unwrap()));
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        found.extend(properties(all, part));
    }
    let own = schema["properties"].as_object();
    found.extend(own.into_iter().flat_map(|own| own.keys().cloned()));
    found
}

#[test]
fn the_tests_own_server_answers_as_openai_specifies() {
    let Some(all) = openai() else { return };
    let body = of_openai(&all, "CreateChatCompletionResponse");
    let chunk = of_openai(&all, "CreateChatCompletionStreamResponse");
    for end in ENDS {
        let text = if end == "refusal" { "" } else { GOOD };
        let one = whole(Dialect::OpenAi, text, end);
        assert_valid(&body, &one);
        let mut wrong = one.clone();
        wrong["choices"][0]["finish_reason"] = json!("elsewhere");
        assert!(!body.is_valid(&wrong));
        for (_, event) in events(Dialect::OpenAi, text, end) {
            assert_valid(&chunk, &event);
            let mut wrong = event.clone();
            wrong["object"] = json!("chat.completion");
            assert!(!chunk.is_valid(&wrong));
        }
    }
}

#[tokio::test]
async fn requests_are_as_anthropics_client_types_say() {
    let validator = of_anthropic("request");
    for body in requests(Dialect::Anthropic).await {
        assert_valid(&validator, &body);
        for wrong in [
            ("/max_tokens", json!(0.5)),
            ("/max_tokens", json!("many")),
            ("/messages", json!([])),
            ("/messages/0/role", json!("narrator")),
            ("/messages/0/content", json!(7)),
            ("/system/0/type", json!("words")),
            ("/output_config/format/type", json!("yaml")),
            ("/output_config/format/schema", json!("x")),
            ("/stream", json!("yes")),
        ] {
            let mut body = body.clone();
            *body.pointer_mut(wrong.0).unwrap() = wrong.1.clone();
            assert!(!validator.is_valid(&body), "{wrong:?} is let through");
        }
        for missing in ["model", "max_tokens", "messages"] {
            let mut body = body.clone();
            body.as_object_mut().unwrap().remove(missing);
            assert!(!validator.is_valid(&body), "without {missing}");
        }
        let mut more = body.clone();
        more["max_completion_tokens"] = json!(5);
        assert!(!validator.is_valid(&more));
    }
}

#[test]
fn the_tests_own_server_answers_as_anthropics_client_types_say() {
    let (body, event) = (of_anthropic("message"), of_anthropic("event"));
    for end in ENDS {
        let text = if end == "refusal" { "" } else { GOOD };
        let one = whole(Dialect::Anthropic, text, end);
        assert_valid(&body, &one);
        let mut wrong = one.clone();
        wrong["stop_reason"] = json!("elsewhere");
        assert!(!body.is_valid(&wrong));
        for (name, said) in events(Dialect::Anthropic, text, end) {
            assert_eq!(said["type"], name);
            assert_valid(&event, &said);
        }
        assert!(!event.is_valid(&json!({"type": "message_begin"})));
    }
}

#[tokio::test]
async fn the_schema_of_an_answer_takes_what_is_taken_and_little_else() {
    for dialect in [Dialect::OpenAi, Dialect::LlamaCpp, Dialect::Anthropic] {
        let sent = requests(dialect).await.remove(0);
        let schema = match dialect {
            Dialect::Anthropic => &sent["output_config"]["format"]["schema"],
            _ => &sent["response_format"]["json_schema"]["schema"],
        };
        let text = schema.to_string();
        // Neither takes lengths; the others make a grammar of them.
        let bounded = text.contains("maxLength") && text.contains("maxItems");
        assert_eq!(bounded, dialect == Dialect::LlamaCpp);
        let validator = jsonschema::validator_for(schema).unwrap();
        let request = request();
        let taken =
            |said: &str| Suggestion::parse(&Untrusted::new(said.to_owned()), &request).is_ok();
        let none = r#"{"intent":"not_now","needs":[]}"#;
        for said in [GOOD, none] {
            assert!(taken(said) && validator.is_valid(&serde_json::from_str(said).unwrap()));
        }
        for said in BEYOND {
            assert!(!taken(said), "{said}");
        }
        for said in &BEYOND[..6] {
            let value = serde_json::from_str(said).unwrap();
            assert!(!validator.is_valid(&value), "{said}");
        }
    }
}
