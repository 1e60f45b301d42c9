//! A budget a day over everything that one model is asked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use dealwright_core::error::PortError;
use dealwright_core::model::{LanguageModel, ModelAnswer, ReadRequest};
use dealwright_core::orchestration::{Budget, BudgetLedger, Cost};
use dealwright_core::time::{Clock, Timestamp};

use crate::error::{Fault, cost_of, map};

/// A model with a budget for each day of UTC.
///
/// The most that a reading can cost is held before it is asked, and what it did cost is booked
/// after, of failed readings too. A failure that does not say what it cost, and a reading that was
/// dropped in the middle, count with the most they can have cost. Where a day has too little
/// left nothing is sent, and the error says how long until the next.
///
/// The book is in memory; keep [`ledger`](Self::ledger) where a day must outlive the process, and
/// [`resume`](Self::resume) from it.
#[derive(Clone, Debug)]
pub struct Budgeted<M> {
    model: M,
    a_day: Budget,
    clock: Arc<dyn Clock>,
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    ledger: BudgetLedger,
    calls: u64,
}

fn scope(now: Timestamp) -> String {
    format!("day:{}", now.format("%Y-%m-%d"))
}

impl<M: LanguageModel> Budgeted<M> {
    /// Spends at most `a_day` on `model` each day.
    #[must_use]
    pub fn new(model: M, a_day: Budget, clock: impl Clock + 'static) -> Self {
        Self::resume(model, a_day, clock, BudgetLedger::new())
    }

    /// Goes on from a ledger of before. What it holds for calls that nobody waits for any more
    /// stays held.
    #[must_use]
    pub fn resume(
        model: M,
        a_day: Budget,
        clock: impl Clock + 'static,
        ledger: BudgetLedger,
    ) -> Self {
        // Keys of calls that are still held are not taken again.
        let calls = ledger
            .under_way()
            .filter_map(|key| key.strip_prefix("call-")?.parse::<u64>().ok())
            .max()
            .map_or(0, |last| last.saturating_add(1));
        Self {
            model,
            a_day,
            clock: Arc::new(clock),
            book: Arc::new(Mutex::new(Book { ledger, calls })),
        }
    }

    /// What was spent and is held, by day.
    #[must_use]
    pub fn ledger(&self) -> BudgetLedger {
        self.with(|book| book.ledger.clone())
    }

    fn with<R>(&self, look: impl FnOnce(&mut Book) -> R) -> R {
        look(&mut self.book.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hold(&self, most: Cost) -> Result<String, PortError> {
        let now = self.clock.now();
        let today = scope(now);
        self.with(|book| {
            let key = format!("call-{}", book.calls);
            book.calls = book.calls.saturating_add(1);
            book.ledger.set(today.as_str(), self.a_day);
            match book.ledger.reserve(&key, [today.as_str()], most) {
                Ok(()) => Ok(key),
                Err(error) => {
                    let mut nothing = most;
                    nothing.tokens = 0;
                    nothing.calls = 0;
                    nothing.money = dealwright_core::money::Money::zero(most.money.currency());
                    Err(map(
                        Fault::Budget(error),
                        Some(until_tomorrow(now)),
                        nothing,
                    ))
                }
            }
        })
    }
}

fn until_tomorrow(now: Timestamp) -> Duration {
    let seconds = now.timestamp().rem_euclid(86_400).unsigned_abs();
    Duration::from_secs(86_400 - seconds)
}

#[async_trait]
impl<M: LanguageModel> LanguageModel for Budgeted<M> {
    fn name(&self) -> String {
        self.model.name()
    }

    fn ceiling(&self, request: &ReadRequest) -> Cost {
        self.model.ceiling(request)
    }

    async fn read(&self, request: &ReadRequest) -> Result<ModelAnswer, PortError> {
        let most = self.model.ceiling(request);
        let key = self.hold(most)?;
        let answer = self.model.read(request).await;
        let cost = match &answer {
            Ok(answer) => answer.cost,
            Err(error) => cost_of(error).unwrap_or(most),
        };
        // A cost that cannot be booked stays held with the most it could be.
        let _ = self.with(|book| book.ledger.settle(&key, cost));
        answer
    }
}
