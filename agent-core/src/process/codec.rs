//! Values on their way into the store and out of it: personal fields are sealed after the
//! decision and opened before it, and hashes see commitments in their place.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Sealed, Sealer};
use crate::canonical;
use crate::error::{PortError, PortErrorKind};
use crate::personal;

pub(crate) const PERSONAL: &str = crate::personal::STORED_KEY;
const SEALED: &str = "$sealed";
/// In place of a key's id, where what was sealed is gone and only its commitment is left.
const ERASED: &str = "erased";

/// A value as it is kept, from a value in use. `place` binds each sealed field to where it
/// stands.
pub(crate) fn encode<T: Serialize>(
    sealer: &dyn Sealer,
    place: &str,
    value: &T,
) -> Result<Value, PortError> {
    let plain = personal::stored(|| serde_json::to_value(value))
        .map_err(|e| PortError::new("encode", PortErrorKind::Invalid).with_source(e))?;
    seal(sealer, place, plain)
}

/// The reverse of [`encode`].
pub(crate) fn decode<T: DeserializeOwned>(
    sealer: &dyn Sealer,
    place: &str,
    value: &Value,
) -> Result<T, PortError> {
    decode_owned(sealer, place, value.clone())
}

/// The same for a value that is not needed any more.
pub(crate) fn decode_owned<T: DeserializeOwned>(
    sealer: &dyn Sealer,
    place: &str,
    mut value: Value,
) -> Result<T, PortError> {
    open_in(sealer, place, &mut value)?;
    T::deserialize(value)
        .map_err(|e| PortError::new("decode", PortErrorKind::Corrupt).with_source(e))
}

/// Seals every personal field of `value`.
pub(crate) fn seal(sealer: &dyn Sealer, place: &str, mut value: Value) -> Result<Value, PortError> {
    seal_in(sealer, place, &mut value)?;
    Ok(value)
}

// Values are large and personal fields few, so these walk in place and build nothing anew.
fn seal_in(sealer: &dyn Sealer, place: &str, value: &mut Value) -> Result<(), PortError> {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .try_for_each(|item| seal_in(sealer, place, item)),
        Value::Object(map) => {
            if map.len() == 1
                && let Some(inner) = map.get(PERSONAL)
            {
                *value = seal_one(sealer, place, inner)?;
                return Ok(());
            }
            map.values_mut()
                .try_for_each(|item| seal_in(sealer, place, item))
        }
        _ => Ok(()),
    }
}

fn seal_one(sealer: &dyn Sealer, place: &str, inner: &Value) -> Result<Value, PortError> {
    let subject = inner.get("subject").and_then(Value::as_str).unwrap_or("");
    let gone = |commitment: Value| {
        json!({ SEALED: {
            "subject": subject,
            "key": ERASED,
            "commitment": commitment,
            "data": "",
        }})
    };
    if let Some(commitment) = inner.get("erased") {
        return Ok(gone(commitment.clone()));
    }
    let plain = serde_json::to_vec(inner)
        .map_err(|e| PortError::new("seal", PortErrorKind::Invalid).with_source(e))?;
    let commitment = hex::encode(sealer.commit(&plain));
    match sealer.seal(subject, place.as_bytes(), &plain) {
        Ok(sealed) => Ok(json!({ SEALED: {
            "subject": subject,
            "key": sealed.key_id,
            "commitment": commitment,
            "data": hex::encode(sealed.bytes),
        }})),
        // Erased while the value was in use: it is not written, and hashes stay what they were.
        Err(error) if error.kind() == PortErrorKind::NotFound => Ok(gone(commitment.into())),
        Err(error) => Err(error),
    }
}

/// Opens every sealed field of `value`.
pub(crate) fn open(sealer: &dyn Sealer, place: &str, value: &Value) -> Result<Value, PortError> {
    let mut opened = value.clone();
    open_in(sealer, place, &mut opened)?;
    Ok(opened)
}

fn open_in(sealer: &dyn Sealer, place: &str, value: &mut Value) -> Result<(), PortError> {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .try_for_each(|item| open_in(sealer, place, item)),
        Value::Object(map) => {
            if map.len() == 1
                && let Some(inner) = map.get(SEALED)
            {
                *value = open_one(sealer, place, inner)?;
                return Ok(());
            }
            map.values_mut()
                .try_for_each(|item| open_in(sealer, place, item))
        }
        _ => Ok(()),
    }
}

fn open_one(sealer: &dyn Sealer, place: &str, inner: &Value) -> Result<Value, PortError> {
    let corrupt = || PortError::new("open", PortErrorKind::Corrupt);
    let text = |name: &str| inner.get(name).and_then(Value::as_str).ok_or_else(corrupt);
    let gone = || {
        Ok(json!({ PERSONAL: {
            "subject": text("subject")?,
            "purposes": [],
            "erased": text("commitment")?,
        }}))
    };
    if text("key")? == ERASED {
        return gone();
    }
    let sealed = Sealed {
        key_id: text("key")?.to_owned(),
        bytes: hex::decode(text("data")?).map_err(|e| corrupt().with_source(e))?,
    };
    let plain = match sealer.open(text("subject")?, place.as_bytes(), &sealed) {
        Ok(plain) => plain,
        // Erased: a placeholder stands there, so that a process outlives the data of its subject.
        Err(error) if error.kind() == PortErrorKind::NotFound => return gone(),
        Err(error) => return Err(error),
    };
    let inner: Value = serde_json::from_slice(&plain).map_err(|e| corrupt().with_source(e))?;
    Ok(json!({ PERSONAL: inner }))
}

/// Whether anything in `value`, which is open, was erased.
pub(crate) fn holds_erased(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_erased),
        Value::Object(map) => match map.get(PERSONAL) {
            Some(inner) if map.len() == 1 => inner.get("erased").is_some(),
            _ => map.values().any(holds_erased),
        },
        _ => false,
    }
}

/// A sealed value where it stands.
pub(crate) struct Place<'a> {
    /// The fields down to it.
    pub(crate) path: &'a [String],
    /// The whole of it.
    pub(crate) node: &'a Value,
    /// What is inside: subject, key, commitment, data.
    pub(crate) sealed: &'a Value,
    /// The nearest `source` around it.
    pub(crate) source: Option<&'a str>,
}

/// Shows every sealed value in `value`, in order.
pub(crate) fn visit(
    value: &Value,
    see: &mut impl FnMut(&Place<'_>) -> Result<(), PortError>,
) -> Result<(), PortError> {
    visit_in(value, &mut Vec::new(), None, see)
}

fn visit_in(
    value: &Value,
    path: &mut Vec<String>,
    source: Option<&str>,
    see: &mut impl FnMut(&Place<'_>) -> Result<(), PortError>,
) -> Result<(), PortError> {
    match value {
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                path.push(place.to_string());
                visit_in(item, path, source, see)?;
                path.pop();
            }
            Ok(())
        }
        Value::Object(map) => {
            if map.len() == 1
                && let Some(sealed) = map.get(SEALED)
            {
                return see(&Place {
                    path,
                    node: value,
                    sealed,
                    source,
                });
            }
            let source = map.get("source").and_then(Value::as_str).or(source);
            for (name, item) in map {
                path.push(name.clone());
                visit_in(item, path, source, see)?;
                path.pop();
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The canonical form that stands for `value` in hashes: sealed fields by their commitments.
pub(crate) fn hash_form(mut value: Value) -> Value {
    commit_in(&mut value);
    value
}

fn commit_in(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(commit_in),
        Value::Object(map) => {
            if map.len() == 1
                && let Some(inner) = map.get(SEALED)
            {
                *value = json!({ "$commitment": inner.get("commitment").unwrap_or(&Value::Null) });
                return;
            }
            map.values_mut().for_each(commit_in);
        }
        _ => {}
    }
}

/// Hashes a value in its [`hash_form`].
pub(crate) fn digest(value: Value) -> Result<canonical::Digest32, PortError> {
    canonical::hash(&hash_form(value))
        .map_err(|e| PortError::new("hash", PortErrorKind::Invalid).with_source(e))
}
