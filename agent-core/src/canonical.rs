//! One way to write a JSON value, so that equal values have equal hashes (RFC 8785).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The value as canonical JSON: keys sorted by UTF-16 code units, no space, shortest escapes.
///
/// Numbers are integers. Floats are refused rather than formatted: nothing that is hashed
/// here may rest on one; write decimals as strings.
///
/// ```
/// use dealwright_core::canonical::to_string;
/// let value = serde_json::json!({"b": [1, true, null], "a": "x"});
/// assert_eq!(to_string(&value)?, r#"{"a":"x","b":[1,true,null]}"#);
/// # Ok::<(), dealwright_core::canonical::CanonicalError>(())
/// ```
///
/// # Errors
///
/// [`CanonicalError`] naming the place of a float, or of an integer that other readers of
/// JSON would round.
pub fn to_string(value: &Value) -> Result<String, CanonicalError> {
    let mut out = String::new();
    write(value, &mut Vec::new(), &mut out)?;
    Ok(out)
}

/// SHA-256 of the canonical JSON.
///
/// # Errors
///
/// As [`to_string`].
pub fn hash(value: &Value) -> Result<Digest32, CanonicalError> {
    to_string(value).map(|text| Digest32::of(text.as_bytes()))
}

/// SHA-256 of the canonical JSON of anything that can be serialised.
///
/// # Errors
///
/// As [`to_string`]; [`CanonicalError::NotJson`] where serialising itself fails.
pub fn hash_of<T: Serialize + ?Sized>(value: &T) -> Result<Digest32, CanonicalError> {
    let value = serde_json::to_value(value).map_err(|error| CanonicalError::NotJson {
        reason: error.to_string(),
    })?;
    hash(&value)
}

/// Why a value has no canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    /// A number that is not an integer.
    #[error("`{at}` is a fractional number; write it as a string or in smaller units")]
    Float {
        /// Where, as a path of keys and places.
        at: String,
    },
    /// The value cannot be written as JSON.
    #[error("the value cannot be written as json: {reason}")]
    NotJson {
        /// What the serialiser said.
        reason: String,
    },
}

fn write(value: &Value, path: &mut Vec<String>, out: &mut String) -> Result<(), CanonicalError> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            out.push_str(&number.to_string());
        }
        Value::Number(_) => {
            return Err(CanonicalError::Float { at: path.join(".") });
        }
        Value::String(text) => write_text(text, out),
        Value::Array(items) => write_items(items, path, out)?,
        Value::Object(fields) => write_fields(fields, path, out)?,
    }
    Ok(())
}

fn write_items(
    items: &[Value],
    path: &mut Vec<String>,
    out: &mut String,
) -> Result<(), CanonicalError> {
    out.push('[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        path.push(place.to_string());
        write(item, path, out)?;
        path.pop();
    }
    out.push(']');
    Ok(())
}

fn write_fields(
    fields: &Map<String, Value>,
    path: &mut Vec<String>,
    out: &mut String,
) -> Result<(), CanonicalError> {
    let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
    sorted.sort_by(|left, right| left.0.encode_utf16().cmp(right.0.encode_utf16()));
    out.push('{');
    for (place, (key, value)) in sorted.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_text(key, out);
        out.push(':');
        path.push(key.clone());
        write(value, path, out)?;
        path.pop();
    }
    out.push('}');
    Ok(())
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// A SHA-256 digest; text form and JSON are 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest32([u8; 32]);

impl Digest32 {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of length-prefixed `parts`, so that `["ab","c"]` and `["a","bc"]` differ.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// Wraps bytes that are a digest already.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl From<[u8; 32]> for Digest32 {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits")]
pub struct ParseDigestError;

impl FromStr for Digest32 {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseDigestError)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Digest32 {
    type Error = ParseDigestError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Digest32> for String {
    fn from(digest: Digest32) -> Self {
        digest.to_hex()
    }
}

impl fmt::Display for Digest32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Digest32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_by_utf_16_as_rfc_8785_shows() {
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control", "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        let text = to_string(&value).unwrap();
        let order = [
            "Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew",
        ];
        let places: Vec<usize> = order.iter().map(|word| text.find(word).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn text_is_escaped_no_more_than_it_must_be() {
        let text = to_string(&json!("€$\u{f}\nA'B\"\\\\\"/\u{7f}")).unwrap();
        assert_eq!(text, "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\u{7f}\"");
    }

    #[test]
    fn floats_are_refused_by_place() {
        let error = to_string(&json!({"a": [1, {"b": 0.5}]})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`a.1.b` is a fractional number; write it as a string or in smaller units"
        );
        assert!(hash_of(&1.0_f64).is_err());
        assert_eq!(
            to_string(&json!([i64::MIN, u64::MAX])).unwrap(),
            "[-9223372036854775808,18446744073709551615]"
        );
    }

    #[test]
    fn digests_are_hexadecimal_and_parts_do_not_run_together() {
        let digest = Digest32::of(b"abc");
        assert_eq!(
            digest.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<Digest32>(&json).unwrap(), digest);
        assert!("abc".parse::<Digest32>().is_err());
        assert_ne!(
            Digest32::of_parts(&[b"ab", b"c"]),
            Digest32::of_parts(&[b"a", b"bc"])
        );
        assert_eq!(
            hash(&json!({"b": 1, "a": 2})),
            hash_of(&json!({"a": 2, "b": 1}))
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("\\PC{0,4}", inner, 0..4)
                    .prop_map(|fields| Value::from(Map::from_iter(fields))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_and_is_written_the_same(value in any_json()) {
            let text = to_string(&value).unwrap();
            let read: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &value);
            prop_assert_eq!(to_string(&read).unwrap(), text);
        }
    }
}
