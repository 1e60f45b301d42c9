//! JSON values as BSON and back, without loss.
//!
//! A field's name is kept as it is, but for what the server gives a meaning to: a leading `$`
//! becomes `_` (so a sealed field reads `_sealed`), a leading `_` becomes `__`, and `.`, `%` and
//! the zero character are percent-encoded. Whole numbers are 64-bit; those beyond `i64` stand as
//! `{"%u64": "<digits>"}`, which no encoded name can be. The bytes of a sealed field are binary.

use dealwright_core::error::PortError;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, Document};
use serde_json::{Map, Number, Value};

use crate::error::corrupt;

const BIG: &str = "%u64";

pub(crate) fn to_bson(value: &Value) -> Bson {
    match value {
        Value::Null => Bson::Null,
        Value::Bool(flag) => Bson::Boolean(*flag),
        Value::Number(number) => number_to_bson(number),
        Value::String(text) => Bson::String(text.clone()),
        Value::Array(items) => Bson::Array(items.iter().map(to_bson).collect()),
        Value::Object(map) => Bson::Document(object(map)),
    }
}

fn object(map: &Map<String, Value>) -> Document {
    let sealed = map.len() == 1;
    map.iter()
        .map(|(name, value)| {
            let mut kept = to_bson(value);
            if sealed && name == "$sealed" {
                pack(&mut kept);
            }
            (encode_name(name), kept)
        })
        .collect()
}

/// The sealed bytes travel as hex and are kept as what they are.
fn pack(sealed: &mut Bson) {
    let Bson::Document(fields) = sealed else {
        return;
    };
    let Some(bytes) = fields
        .get_str("data")
        .ok()
        .and_then(|text| Some((hex::decode(text).ok()?, text)))
        .filter(|(bytes, text)| hex::encode(bytes) == *text)
        .map(|(bytes, _)| bytes)
    else {
        return;
    };
    let subtype = BinarySubtype::Generic;
    fields.insert("data", Binary { subtype, bytes });
}

fn number_to_bson(number: &Number) -> Bson {
    if let Some(whole) = number.as_i64() {
        Bson::Int64(whole)
    } else if let Some(big) = number.as_u64() {
        let mut tagged = Document::new();
        tagged.insert(BIG, big.to_string());
        Bson::Document(tagged)
    } else {
        Bson::Double(number.as_f64().unwrap_or_default())
    }
}

pub(crate) fn from_bson(kept: &Bson) -> Result<Value, PortError> {
    Ok(match kept {
        Bson::Null => Value::Null,
        Bson::Boolean(flag) => Value::Bool(*flag),
        // Whoever edits a document by hand may leave small numbers narrow.
        Bson::Int32(whole) => Value::from(*whole),
        Bson::Int64(whole) => Value::from(*whole),
        Bson::Double(number) => Number::from_f64(*number)
            .map(Value::Number)
            .ok_or_else(|| corrupt("read value", format!("`{number}` is no JSON number")))?,
        Bson::String(text) => Value::String(text.clone()),
        Bson::Binary(binary) => Value::String(hex::encode(&binary.bytes)),
        Bson::Array(items) => Value::Array(items.iter().map(from_bson).collect::<Result<_, _>>()?),
        Bson::Document(fields) => return from_document(fields),
        other => {
            return Err(corrupt(
                "read value",
                format!("a {:?} is nothing this store writes", other.element_type()),
            ));
        }
    })
}

pub(crate) fn from_document(fields: &Document) -> Result<Value, PortError> {
    if let Ok(digits) = fields.get_str(BIG) {
        let big: u64 = digits.parse().map_err(|e| corrupt("read value", e))?;
        return Ok(Value::from(big));
    }
    fields
        .iter()
        .map(|(name, kept)| Ok((decode_name(name)?, from_bson(kept)?)))
        .collect::<Result<Map<_, _>, PortError>>()
        .map(Value::Object)
}

fn encode_name(name: &str) -> String {
    let mut kept = String::with_capacity(name.len().saturating_add(1));
    for (at, c) in name.chars().enumerate() {
        match (at, c) {
            (0, '$') => kept.push('_'),
            (0, '_') => kept.push_str("__"),
            (_, '.') => kept.push_str("%2E"),
            (_, '%') => kept.push_str("%25"),
            (_, '\0') => kept.push_str("%00"),
            _ => kept.push(c),
        }
    }
    kept
}

fn decode_name(kept: &str) -> Result<String, PortError> {
    let (first, rest) = match kept.strip_prefix('_') {
        Some(rest) if rest.starts_with('_') => ("_", rest.strip_prefix('_').unwrap_or(rest)),
        Some(rest) => ("$", rest),
        None => ("", kept),
    };
    let mut name = first.to_owned();
    let mut parts = rest.split('%');
    name.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (code, tail) = part
            .split_at_checked(2)
            .ok_or_else(|| corrupt("read value", format!("`{kept}` is no field's name")))?;
        name.push(match code {
            "2E" => '.',
            "25" => '%',
            "00" => '\0',
            _ => {
                return Err(corrupt(
                    "read value",
                    format!("`{kept}` is no field's name"),
                ));
            }
        });
        name.push_str(tail);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_value_comes_back_as_it_was() {
        let value = json!({
            "": 0, "$sealed": 1, "_id": "x", "__": null, "$": {"$x": 1}, "a.b": [1.0, -0.5, true],
            "50%": i64::MIN, "big": u64::MAX, "%u64": "7", "zero\0": "\0", "_$a": {}, "%2E": [],
            "end%": "%",
        });
        assert_eq!(from_bson(&to_bson(&value)).unwrap(), value);
    }

    #[test]
    fn sealed_bytes_are_binary() {
        let value = json!({"email": {"$sealed": {"subject": "s", "key": "k", "commitment": "00", "data": "00ff10"}}});
        let kept = to_bson(&value);
        let data = kept
            .as_document()
            .and_then(|d| d.get_document("email").ok())
            .and_then(|d| d.get_document("_sealed").ok())
            .and_then(|d| d.get("data"));
        assert!(matches!(data, Some(Bson::Binary(b)) if b.bytes == [0, 255, 16]));
        assert_eq!(from_bson(&kept).unwrap(), value);
        // Upper-case digits would not come back as they were, so they stay text.
        let odd = json!({"$sealed": {"data": "00FF"}});
        assert_eq!(from_bson(&to_bson(&odd)).unwrap(), odd);
    }
}
