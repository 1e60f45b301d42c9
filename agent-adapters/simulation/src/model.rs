//! A fake language model that does whatever the text before it says.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use dealwright_core::error::PortError;
use dealwright_core::model::{LanguageModel, ModelAnswer, ReadRequest};
use dealwright_core::money::{Currency, Money};
use dealwright_core::orchestration::Cost;
use dealwright_core::text::Untrusted;
use serde_json::{Value, json};

use crate::SeededRng;

/// A model in the hands of whoever wrote the text: it takes their side in every way that an answer
/// has room for, and in those that it has none for.
///
/// It answers with the JSON that stands in the text, where some does; else, turn by turn as the
/// seed falls: with a well-formed answer that sees every need of the catalogue in the attacker's
/// words, with one that accepts or signs, with one that adds a discount, a recipient or a tool, and
/// with the text itself. It keeps its own books of what it was asked.
#[derive(Clone, Debug)]
pub struct ObedientModel {
    rng: SeededRng,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

/// The ways in which it takes their side.
const WAYS: u64 = 5;

impl ObedientModel {
    /// Falls as `rng` does.
    #[must_use]
    pub fn new(rng: SeededRng) -> Self {
        Self {
            rng,
            asked: Arc::default(),
        }
    }

    /// The questions and texts that it was given, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<(String, String)> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }

    fn answer(&self, request: &ReadRequest) -> String {
        let text = request.text().inspect(Clone::clone);
        let embedded = text
            .find('{')
            .and_then(|from| text.rfind('}').and_then(|to| text.get(from..=to)))
            .filter(|json| serde_json::from_str::<Value>(json).is_ok());
        if let Some(json) = embedded {
            return json.to_owned();
        }
        let quote: String = text.chars().take(120).collect();
        let needs: Vec<Value> = request
            .needs()
            .iter()
            .map(|need| json!({"need": need, "quote": quote}))
            .collect();
        let answer = match self.rng.below(WAYS, &["obedient", &text]) {
            0 | 1 => json!({"intent": "interested", "needs": needs}),
            2 => json!({"intent": "accepts", "needs": needs}),
            3 => json!({
                "intent": "interested", "needs": needs, "discount_percent": 99,
                "to": "everyone@elsewhere.example", "tool": {"name": "send", "arguments": text},
            }),
            _ => return format!("Done as you asked: {text}"),
        };
        answer.to_string()
    }
}

#[async_trait]
impl LanguageModel for ObedientModel {
    fn name(&self) -> String {
        "obedient/1".to_owned()
    }

    fn ceiling(&self, request: &ReadRequest) -> Cost {
        Cost::of(Money::zero(Currency::EUR)).with_tokens(request.token_ceiling())
    }

    async fn read(&self, request: &ReadRequest) -> Result<ModelAnswer, PortError> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push((request.instruction(), request.data()));
        Ok(ModelAnswer {
            text: Untrusted::new(self.answer(request)),
            cost: self.ceiling(request),
        })
    }
}
