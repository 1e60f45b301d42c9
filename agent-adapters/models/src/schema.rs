//! The form of an answer, for servers that hold a model to it.

use dealwright_core::model::{Intent, ReadRequest};
use serde_json::{Value, json};

/// The most needs and the longest quotation in characters, as the instruction says.
const NEEDS: usize = 16;
const QUOTE: usize = 300;

/// The JSON schema of an answer to `request`.
///
/// `bounds` adds the lengths. OpenAI and Anthropic refuse a schema with them; local servers make a
/// grammar of them, and a small model stops talking then. The schema is help for the model only:
/// what an answer is taken for is decided by `Suggestion::parse`, which is stricter.
pub(crate) fn of_answer(request: &ReadRequest, bounds: bool) -> Value {
    let intents: Vec<&str> = Intent::ALL.iter().map(|i| i.word()).collect();
    let needs: Vec<&String> = request.needs().iter().collect();
    let mut need = json!({ "type": "string" });
    // An empty choice is no schema.
    if !needs.is_empty() {
        set(&mut need, "enum", json!(needs));
    }
    let mut quote = json!({ "type": "string" });
    let mut list = json!({ "type": "array" });
    if bounds {
        set(&mut quote, "minLength", json!(1));
        set(&mut quote, "maxLength", json!(QUOTE));
        set(
            &mut list,
            "maxItems",
            json!(if needs.is_empty() { 0 } else { NEEDS }),
        );
    }
    set(
        &mut list,
        "items",
        json!({
            "type": "object",
            "properties": { "need": need, "quote": quote },
            "required": ["need", "quote"],
            "additionalProperties": false,
        }),
    );
    json!({
        "type": "object",
        "properties": {
            "intent": { "type": "string", "enum": intents },
            "needs": list,
        },
        "required": ["intent", "needs"],
        "additionalProperties": false,
    })
}

/// Sets a field of an object.
pub(crate) fn set(object: &mut Value, field: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(field.to_owned(), value);
    }
}
