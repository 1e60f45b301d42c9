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
