//! A model behind a server, as the port has it.

use async_trait::async_trait;
use dealwright_core::error::PortError;
use dealwright_core::model::{
    LanguageModel, ModelAnswer, ReadRequest, Suggestion, SuggestionError,
};
use dealwright_core::money::Money;
use dealwright_core::orchestration::Cost;
use dealwright_core::text::Untrusted;
use serde_json::{Value, json};

use crate::cassette::Cassettes;
use crate::endpoint::{ApiKey, Dialect, Server, SetupError};
use crate::error::{Fault, map};
use crate::limits::Limits;
use crate::plan::{Plan, Prompt};
use crate::price::{Price, PriceTable, Usage};
use crate::wire::{Outcome, Paid, Wire};
use crate::{anthropic, openai};

/// A language model behind a server.
///
/// One reading is one call, and a second one where the first answer is no
/// [`Suggestion`]; never more, and never more tokens than [`ReadRequest::token_ceiling`] has set
/// aside. What comes back after that is handed on as it was said, for the caller's own
/// [`Suggestion::parse`] to refuse and to put on record. All else that goes wrong is an error
/// whose source is a [`ModelError`](crate::ModelError).
#[derive(Clone, Debug)]
pub struct ChatModel {
    wire: Wire,
    model: String,
    price: Price,
    key: Option<ApiKey>,
    streams: bool,
    cassettes: Option<Cassettes>,
}

impl ChatModel {
    /// Asks `model` of `server`, paid as the table says. Name a dated version where the server
    /// has them: the name goes on record with each suggestion.
    ///
    /// # Errors
    ///
    /// [`SetupError::NoPrice`] where the table does not know the model,
    /// [`SetupError::Client`] where the system has no usable TLS.
    pub fn new(server: Server, model: &str, prices: &PriceTable) -> Result<Self, SetupError> {
        Ok(Self {
            price: prices.of(model)?,
            wire: Wire::new(server, None, Limits::default())?,
            model: model.to_owned(),
            key: None,
            streams: true,
            cassettes: None,
        })
    }

    /// Shows the server a key.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_key(self, key: ApiKey) -> Result<Self, SetupError> {
        let wire = Wire::new(self.wire.server().clone(), Some(&key), self.wire.limits())?;
        Ok(Self {
            wire,
            key: Some(key),
            ..self
        })
    }

    /// Sets other limits than the default's.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_limits(self, limits: Limits) -> Result<Self, SetupError> {
        let wire = Wire::new(self.wire.server().clone(), self.key.as_ref(), limits)?;
        Ok(Self { wire, ..self })
    }

    /// Asks for answers in one piece. Streams are the default: an answer that grows too long or
    /// stands still is left, and not paid to its end.
    #[must_use]
    pub fn in_one_piece(self) -> Self {
        Self {
            streams: false,
            ..self
        }
    }

    /// Answers from cassettes.
    #[must_use]
    pub fn with_cassettes(self, cassettes: Cassettes) -> Self {
        Self {
            cassettes: Some(cassettes),
            ..self
        }
    }

    fn plan(&self, request: &ReadRequest) -> Plan {
        Plan::new(request, self.wire.server().dialect(), self.wire.limits())
    }

    fn body(&self, prompt: &Prompt) -> Value {
        match self.wire.server().dialect() {
            Dialect::Anthropic => anthropic::body(&self.model, prompt, self.streams),
            dialect => openai::body(dialect, &self.model, prompt, self.streams),
        }
    }

    async fn ask(&self, prompt: &Prompt) -> Outcome {
        let body = self.body(prompt);
        let Some(cassettes) = &self.cassettes else {
            return self.wire.post(&body, |_| {}).await;
        };
        let server = self.wire.server();
        let dialect = server.dialect();
        let request = json!({ "dialect": dialect.word(), "path": server.path(), "body": body });
        match cassettes.find(&request) {
            Err(fault) => Outcome::failed(fault, Paid::Nothing),
            Ok(Some(answer)) => answer.play(dialect, prompt.answer_tokens),
            Ok(None) if !cassettes.records() => {
                Outcome::failed(cassettes.miss(&request), Paid::Nothing)
            }
            Ok(None) => {
                let mut kept = Ok(());
                let outcome = self
                    .wire
                    .post(&body, |answer| kept = cassettes.keep(&request, answer))
                    .await;
                match kept {
                    Ok(()) => outcome,
                    Err(fault) => Outcome::failed(fault, outcome.paid),
                }
            }
        }
    }

    fn cost(&self, usage: Usage, calls: u64) -> Result<Cost, PortError> {
        let money = self.price.of(usage).ok_or_else(|| {
            let free = Cost::of(Money::zero(self.price.currency()));
            map(Fault::Price(usage.total()), None, free)
        })?;
        let mut cost = Cost::of(money).with_tokens(usage.total());
        cost.calls = calls;
        Ok(cost)
    }
}

fn used(paid: Paid, prompt: &Prompt) -> Usage {
    match paid {
        Paid::Nothing => Usage::default(),
        Paid::Known(usage) => usage,
        Paid::Unknown => prompt.most(),
    }
}

#[async_trait]
impl LanguageModel for ChatModel {
    fn name(&self) -> String {
        format!("{}/{}", self.wire.server().dialect().word(), self.model)
    }

    fn ceiling(&self, request: &ReadRequest) -> Cost {
        let (most, calls) = self.plan(request).most();
        let money = self.price.of(most);
        let money = money.unwrap_or(Money::from_minor(i64::MAX, self.price.currency()));
        let mut cost = Cost::of(money).with_tokens(most.total());
        cost.calls = calls;
        cost
    }

    async fn read(&self, request: &ReadRequest) -> Result<ModelAnswer, PortError> {
        let plan = self.plan(request);
        if let Some(over) = plan.over() {
            let nothing = self.cost(Usage::default(), 0)?;
            return Err(map(Fault::TooManyNeeds(over), None, nothing));
        }
        let outcome = self.ask(plan.first()).await;
        let spent = used(outcome.paid, plan.first());
        let first = match outcome.words {
            Ok(words) => plan.redacted.put_back(words),
            Err(fault) => return Err(map(fault, outcome.wait, self.cost(spent, 1)?)),
        };
        let first = Untrusted::new(first);
        let second = match Suggestion::parse(&first, request) {
            // A longer answer is not made shorter by being asked again.
            Ok(_) | Err(SuggestionError::TooLong(_)) => None,
            Err(wrong) => plan.second(&wrong),
        };
        let Some(second) = second else {
            let cost = self.cost(spent, 1)?;
            return Ok(ModelAnswer { text: first, cost });
        };
        let outcome = self.ask(&second).await;
        let cost = self.cost(spent.plus(used(outcome.paid, &second)), 2)?;
        // Where the second call fails, what was said first stands: it is refused, and on record.
        let text = match outcome.words {
            Ok(words) => Untrusted::new(plan.redacted.put_back(words)),
            Err(_) => first,
        };
        Ok(ModelAnswer { text, cost })
    }
}
