use std::collections::BTreeSet;

use serde_json::Value;

use super::Host;
use crate::error::PortError;
use crate::process::codec;

/// A sealed value and where it stands in what holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonalValue {
    /// The fields down to it, `/` between them.
    pub path: String,
    /// Whose it is.
    pub subject: String,
    /// The key it was sealed under.
    pub key_id: String,
    /// What it may be used for.
    pub purposes: BTreeSet<String>,
    /// The value; `None` where it was erased.
    pub value: Option<Value>,
    /// The source that the nearest record around it names.
    pub source: Option<String>,
}

impl Host {
    /// Every personal value in a stored `body`, open, in order. `place` is what the body was
    /// sealed for: the text of a process key for states, inputs and events, that of a work key for
    /// rows of work. For whoever answers a person's own requests.
    ///
    /// # Errors
    ///
    /// Those of the sealer.
    pub fn personal_in(&self, place: &str, body: &Value) -> Result<Vec<PersonalValue>, PortError> {
        let mut found = Vec::new();
        codec::visit(body, &mut |at| {
            let opened = codec::open(&*self.shared.sealer, place, at.node)?;
            let inner = opened.get(codec::PERSONAL);
            let text = |name: &str| {
                let value = at.sealed.get(name).and_then(Value::as_str);
                value.unwrap_or_default().to_owned()
            };
            found.push(PersonalValue {
                path: at.path.join("/"),
                subject: text("subject"),
                key_id: text("key"),
                purposes: inner
                    .and_then(|i| i.get("purposes"))
                    .and_then(|p| serde_json::from_value(p.clone()).ok())
                    .unwrap_or_default(),
                value: inner.and_then(|i| i.get("value")).cloned(),
                source: at.source.map(str::to_owned),
            });
            Ok(())
        })?;
        Ok(found)
    }
}
