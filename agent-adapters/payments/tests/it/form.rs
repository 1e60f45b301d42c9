//! Forms as Stripe reads them: brackets nest, digits in them are places of a list.

use serde_json::{Map, Value};

/// The form as an object whose leaves are texts.
pub(crate) fn decode(encoded: &str) -> Value {
    let mut root = Value::Object(Map::new());
    for (name, value) in url::form_urlencoded::parse(encoded.as_bytes()) {
        let (head, rest) = name.split_once('[').unwrap_or((&name, ""));
        let mut path = vec![head.to_owned()];
        path.extend(
            rest.split('[')
                .filter(|part| !part.is_empty())
                .map(|part| part.trim_end_matches(']').to_owned()),
        );
        let mut at = &mut root;
        for part in &path {
            at = at
                .as_object_mut()
                .expect("a field is not both a text and an object")
                .entry(part.clone())
                .or_insert_with(|| Value::Object(Map::new()));
        }
        *at = Value::String(value.into_owned());
    }
    lists(root)
}

fn lists(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let numbered = !fields.is_empty() && fields.keys().all(|k| k.parse::<usize>().is_ok());
            if numbered {
                let mut places: Vec<(usize, Value)> = fields
                    .into_iter()
                    .map(|(k, v)| (k.parse().unwrap(), lists(v)))
                    .collect();
                places.sort_by_key(|(place, _)| *place);
                Value::Array(places.into_iter().map(|(_, v)| v).collect())
            } else {
                Value::Object(fields.into_iter().map(|(k, v)| (k, lists(v))).collect())
            }
        }
        other => other,
    }
}

/// The texts as what the schema says they are, where they can be.
pub(crate) fn typed(value: &Value, schema: &Value) -> Value {
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let mut tried = choices.iter().map(|choice| (typed(value, choice), choice));
        return tried
            .find(|(made, choice)| jsonschema::is_valid(choice, made))
            .map_or_else(|| value.clone(), |(made, _)| made);
    }
    match (value, schema.get("type").and_then(Value::as_str)) {
        (Value::String(text), Some("integer")) => text
            .parse::<i64>()
            .map_or_else(|_| value.clone(), Value::from),
        (Value::String(text), Some("boolean")) => match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => value.clone(),
        },
        (Value::Array(items), Some("array")) => {
            let of = schema.get("items").cloned().unwrap_or_default();
            Value::Array(items.iter().map(|item| typed(item, &of)).collect())
        }
        (Value::Object(fields), _) => Value::Object(
            fields
                .iter()
                .map(|(name, field)| {
                    let of = schema
                        .get("properties")
                        .and_then(|all| all.get(name))
                        .or_else(|| schema.get("additionalProperties").filter(|s| s.is_object()))
                        .cloned()
                        .unwrap_or_default();
                    (name.clone(), typed(field, &of))
                })
                .collect(),
        ),
        _ => value.clone(),
    }
}
