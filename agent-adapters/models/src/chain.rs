//! One model after another.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use dealwright_core::error::{PortError, PortErrorKind, Retry};
use dealwright_core::model::{LanguageModel, ModelAnswer, ReadRequest, Suggestion};
use dealwright_core::money::{Currency, Money};
use dealwright_core::orchestration::Cost;
use dealwright_core::text::Untrusted;

use crate::endpoint::SetupError;
use crate::error::{Fault, ModelError, READ, cost_of, fault_of};

/// Models that are asked in turn, until one answers with a suggestion.
///
/// Whatever went wrong with one, the next is asked, as long as all of them together stay within
/// the tokens that [`ReadRequest::token_ceiling`] sets aside; what the failed ones cost is in the
/// cost of the answer. Where none has a suggestion, an answer that is none is handed on before an
/// error. [`tallies`](Self::tallies) tells who answered, so that a first model that has been
/// refusing its key for a week is seen.
#[derive(Clone, Debug)]
pub struct Chain {
    members: Vec<Arc<dyn LanguageModel>>,
    tallies: Arc<Mutex<Vec<Tally>>>,
}

/// How often a model of a chain was asked, and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Which model.
    pub name: String,
    /// Readings that it gave a suggestion for.
    pub suggestions: u64,
    /// Readings that it answered with something else.
    pub others: u64,
    /// Readings that it failed.
    pub failures: u64,
    /// The last failure.
    pub last_failure: Option<String>,
}

impl Chain {
    /// A chain of one.
    #[must_use]
    pub fn new(first: impl LanguageModel + 'static) -> Self {
        let tally = Tally {
            name: first.name(),
            ..Tally::default()
        };
        Self {
            members: vec![Arc::new(first)],
            tallies: Arc::new(Mutex::new(vec![tally])),
        }
    }

    /// The next model, for what those before it do not answer.
    ///
    /// # Errors
    ///
    /// [`SetupError::Currencies`] where it is paid in another currency, unless it is free.
    pub fn or(mut self, next: impl LanguageModel + 'static) -> Result<Self, SetupError> {
        let nothing = ReadRequest::new(&Untrusted::new(String::new()), []);
        let so_far = self.ceiling(&nothing);
        plus(so_far, next.ceiling(&nothing)).ok_or(SetupError::Currencies)?;
        self.with(|tallies| {
            tallies.push(Tally {
                name: next.name(),
                ..Tally::default()
            });
        });
        self.members.push(Arc::new(next));
        Ok(self)
    }

    /// Who was asked and answered, in the order of the chain.
    #[must_use]
    pub fn tallies(&self) -> Vec<Tally> {
        self.with(|tallies| tallies.clone())
    }

    fn with<R>(&self, look: impl FnOnce(&mut Vec<Tally>) -> R) -> R {
        look(&mut self.tallies.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn count(&self, place: usize, how: impl FnOnce(&mut Tally)) {
        self.with(|tallies| {
            if let Some(tally) = tallies.get_mut(place) {
                how(tally);
            }
        });
    }
}

/// Both costs; `None` for two currencies, or a sum that cannot be kept. What is free has none.
fn plus(one: Cost, other: Cost) -> Option<Cost> {
    let money = match (one.money.is_zero(), other.money.is_zero()) {
        (true, _) => other.money,
        (_, true) => one.money,
        _ => one.money.checked_add(other.money).ok()?,
    };
    Some(Cost {
        money,
        tokens: one.tokens.checked_add(other.tokens)?,
        calls: one.calls.checked_add(other.calls)?,
    })
}

fn nothing(like: Cost) -> Cost {
    Cost {
        money: Money::zero(like.money.currency()),
        tokens: 0,
        calls: 0,
    }
}

#[async_trait]
impl LanguageModel for Chain {
    fn name(&self) -> String {
        let names: Vec<String> = self.members.iter().map(|m| m.name()).collect();
        names.join(" or ")
    }

    fn ceiling(&self, request: &ReadRequest) -> Cost {
        let mut ceilings = self.members.iter().map(|m| m.ceiling(request));
        let first = ceilings.next().unwrap_or(Cost {
            money: Money::zero(Currency::EUR),
            tokens: 0,
            calls: 0,
        });
        let mut all = ceilings.fold(first, |all, next| plus(all, next).unwrap_or(all));
        // Later ones are asked within it only; one alone may have a ceiling of its own.
        all.tokens = all.tokens.min(request.token_ceiling().max(first.tokens));
        all
    }

    async fn read(&self, request: &ReadRequest) -> Result<ModelAnswer, PortError> {
        let mut spent: Option<Cost> = None;
        let mut answered: Option<ModelAnswer> = None;
        let mut errors: Vec<(String, PortError)> = Vec::new();
        for (place, model) in self.members.iter().enumerate() {
            let most = model.ceiling(request);
            let so_far = spent.unwrap_or(nothing(most));
            let within = so_far.tokens.checked_add(most.tokens);
            if so_far.tokens > 0 && within.is_none_or(|all| all > request.token_ceiling()) {
                continue;
            }
            let (cost, answer) = match model.read(request).await {
                Ok(answer) => (answer.cost, Ok(answer)),
                Err(error) => (cost_of(&error).unwrap_or(most), Err(error)),
            };
            let total = plus(so_far, cost).unwrap_or(so_far);
            spent = Some(total);
            match answer {
                Ok(answer) if Suggestion::parse(&answer.text, request).is_ok() => {
                    self.count(place, |tally| tally.suggestions += 1);
                    return Ok(ModelAnswer {
                        cost: total,
                        ..answer
                    });
                }
                Ok(answer) => {
                    self.count(place, |tally| tally.others += 1);
                    answered = Some(answer);
                }
                Err(error) => {
                    self.count(place, |tally| {
                        tally.failures += 1;
                        tally.last_failure = Some(error.chain());
                    });
                    errors.push((model.name(), error));
                }
            }
        }
        let total = spent.unwrap_or_else(|| nothing(self.ceiling(request)));
        match answered {
            Some(answer) => Ok(ModelAnswer {
                cost: total,
                ..answer
            }),
            None => Err(none_answered(errors, total)),
        }
    }
}

/// One error of all. It may pass where one of them may, no sooner than the first of these.
fn none_answered(errors: Vec<(String, PortError)>, cost: Cost) -> PortError {
    let said: Vec<String> = errors
        .iter()
        .map(
            |(name, error)| match fault_of(error).map(ModelError::fault) {
                Some(fault) => format!("{name}: {}, {fault}", error.kind()),
                None => format!("{name}: {}", error.kind()),
            },
        )
        .collect();
    let passing = errors
        .iter()
        .filter_map(|(_, error)| match error.retry() {
            Retry::Transient { after } => Some((after, error.kind())),
            Retry::Never => None,
        })
        .min_by_key(|(after, _)| after.unwrap_or_default());
    let last = errors.last().map(|(_, error)| error.kind());
    let (kind, wait) = match passing {
        Some((after, kind)) => (kind, after),
        None => (last.unwrap_or(PortErrorKind::Unexpected), None),
    };
    let error = PortError::new(READ, kind);
    let error = match wait {
        Some(wait) => error.retry_after(wait),
        None => error,
    };
    error.with_source(ModelError::new(Fault::Chain(said.join("; ")), cost))
}
