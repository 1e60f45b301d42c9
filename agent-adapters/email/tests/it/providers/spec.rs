//! Every request that is made here against the provider's published specification, and for each
//! endpoint requests that must not pass.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use dealwright_core::blobs::MemoryBlobs;
use dealwright_core::trust::SentLog as _;
use serde_json::{Value, json};

use super::fake::{Fake, Seen};
use super::office::{Office, letter, rich};
use super::{mandrill, sendgrid};

/// A specification, or a line that says what is skipped.
fn spec(file: &str) -> Option<Value> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let data = std::env::var("DEALWRIGHT_DATA").unwrap_or_else(|_| beside.to_owned());
    match std::fs::read(PathBuf::from(data).join("openapi").join(file)) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(_) => {
            println!("skipped: no shared data at openapi/{file}");
            None
        }
    }
}

/// The schema of an endpoint's body, references resolved, alternatives of `allOf` made one, and
/// closed: what it does not name does not pass.
fn schema(spec: &Value, path: &str) -> Value {
    let body = resolve(spec, &spec["paths"][path]["post"]["requestBody"]);
    let schema = &body["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "no schema for {path}");
    close(spec, schema)
}

fn resolve<'a>(spec: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(at) => spec.pointer(at.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

fn close(spec: &Value, schema: &Value) -> Value {
    let mut schema = resolve(spec, schema).clone();
    if let Some(all) = schema.get("allOf").and_then(Value::as_array).cloned() {
        let mut one = json!({ "type": "object", "properties": {}, "required": [] });
        for part in &all {
            let part = resolve(spec, part);
            let names = part["properties"].as_object().unwrap();
            one["properties"]
                .as_object_mut()
                .unwrap()
                .extend(names.clone());
            let required = part["required"].as_array().cloned().unwrap_or_default();
            one["required"].as_array_mut().unwrap().extend(required);
        }
        schema = one;
    }
    if let Some(names) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for inner in names.values_mut() {
            *inner = close(spec, inner);
        }
        schema["additionalProperties"] = json!(false);
    }
    if schema.get("items").is_some() {
        schema["items"] = close(spec, &schema["items"]);
    }
    schema
}

fn check(schema: &Value, body: &Value) -> Result<(), String> {
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(schema).unwrap();
    validator.validate(body).map_err(|e| e.to_string())
}

/// Requests made from a good one that are not: at each place one field more, one of another kind,
/// one that must be there and is not.
fn spoiled(schema: &Value, body: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    walk(schema, body, "", &mut |at, schema| {
        let place = body.pointer(at).unwrap();
        let mut put = |what: String, value: Value| {
            let mut wrong = body.clone();
            *wrong.pointer_mut(at).unwrap() = value;
            all.push((format!("{at}: {what}"), wrong));
        };
        if schema["additionalProperties"] == false {
            let mut more = place.clone();
            more["dealwright"] = json!(1);
            put("one field more".to_owned(), more);
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str().unwrap();
                let mut less = place.clone();
                less.as_object_mut().unwrap().remove(name);
                put(format!("no `{name}`"), less);
            }
        }
        if schema.get("type").is_some() {
            let other = if place.is_array() {
                json!(7)
            } else {
                json!([7])
            };
            put("of another kind".to_owned(), other);
        }
        if schema.get("enum").is_some() {
            put("another word".to_owned(), json!("no such thing"));
        }
        if schema["format"] == "email" {
            put("no address".to_owned(), json!("at nobody"));
        }
    });
    all
}

fn walk(schema: &Value, body: &Value, at: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(at, schema);
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = body.get(name) {
            walk(inner, value, &format!("{at}/{name}"), visit);
        }
    }
    if let Some(items) = schema.get("items") {
        for (n, value) in body.as_array().into_iter().flatten().enumerate() {
            walk(items, value, &format!("{at}/{n}"), visit);
        }
    }
}

fn judge(file: &str, base: &str, seen: &[Seen], endpoints: usize) {
    let Some(spec) = spec(file) else {
        return;
    };
    let (mut schemas, mut controls) = (BTreeMap::new(), BTreeMap::<String, usize>::new());
    for one in seen {
        let path = one.path.strip_prefix(base).unwrap();
        let schema = schemas
            .entry(path.to_owned())
            .or_insert_with(|| schema(&spec, path));
        check(schema, &one.body).unwrap_or_else(|e| panic!("{path}: {e}\n{}", one.body));
        for (what, wrong) in spoiled(schema, &one.body) {
            assert!(
                check(schema, &wrong).is_err(),
                "{path}{what} passed: {wrong}"
            );
            *controls.entry(path.to_owned()).or_default() += 1;
        }
    }
    println!(
        "{file}: {} requests, spoiled ones refused: {controls:?}",
        seen.len()
    );
    assert_eq!(controls.len(), endpoints, "{controls:?}");
}

#[tokio::test]
async fn requests_to_sendgrid_are_as_published_and_spoiled_ones_are_not() {
    let fake = Fake::start().await;
    let blobs = Arc::<MemoryBlobs>::default();
    for sandbox in [false, true] {
        let mut settings = sendgrid::settings(&fake.base);
        settings.sandbox = sandbox;
        let office = Office::new(sendgrid::messenger(settings, &blobs).unwrap());
        office.send(letter("plain")).await.outcome.unwrap();
        office
            .send(rich("rich", &blobs).await)
            .await
            .outcome
            .unwrap();
    }
    let seen = fake.world().seen.clone();
    assert_eq!(seen.len(), 4);
    judge("sendgrid_mail_v3.json", "", &seen, 1);
}

#[tokio::test]
async fn requests_to_mandrill_are_as_published_and_spoiled_ones_are_not() {
    let fake = Fake::start().await;
    let blobs = Arc::<MemoryBlobs>::default();
    let log = mandrill::messenger(mandrill::settings(&fake.base), &blobs);
    let office = Office::new(mandrill::messenger(mandrill::settings(&fake.base), &blobs));
    office.send(letter("plain")).await.outcome.unwrap();
    let tried = office.send(rich("rich", &blobs).await).await;
    log.find(tried.key).await.unwrap().unwrap();
    let seen = fake.world().seen.clone();
    assert_eq!(seen.len(), 3);
    judge("mandrill.trim.json", "/api/1.0", &seen, 2);
}
