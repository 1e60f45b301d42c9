//! Asking again, for a while.

use std::time::Duration;

use async_trait::async_trait;
use dealwright_core::error::{PortError, Retry};
use dealwright_core::model::{LanguageModel, ModelAnswer, ReadRequest};
use dealwright_core::orchestration::Cost;

use crate::endpoint::SetupError;
use crate::error::cost_of;

/// How often and how long: at most so many tries, and so much waiting in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    tries: u32,
    wait: Duration,
}

impl Patience {
    /// At most `tries` calls, 1 to 10, and `wait` between them in all, up to 600 seconds.
    ///
    /// # Errors
    ///
    /// [`SetupError::Limit`] outside these ranges.
    pub fn new(tries: u32, wait: Duration) -> Result<Self, SetupError> {
        SetupError::within("tries", u64::from(tries), 1, 10)?;
        SetupError::within("wait", wait.as_secs(), 0, 600)?;
        Ok(Self { tries, wait })
    }
}

/// A model that is asked again where the trouble may pass and nothing was paid.
///
/// The wait that the server asks for is honoured; where it is longer than what is left, the error
/// goes to the caller at once, with the wait in it. A call that may have been paid is not repeated
/// here, so a reading costs no more than one of the model's.
#[derive(Clone, Debug)]
pub struct Retrying<M> {
    model: M,
    patience: Patience,
}

impl<M: LanguageModel> Retrying<M> {
    /// Asks `model` with patience.
    #[must_use]
    pub fn new(model: M, patience: Patience) -> Self {
        Self { model, patience }
    }
}

#[async_trait]
impl<M: LanguageModel> LanguageModel for Retrying<M> {
    fn name(&self) -> String {
        self.model.name()
    }

    fn ceiling(&self, request: &ReadRequest) -> Cost {
        self.model.ceiling(request)
    }

    async fn read(&self, request: &ReadRequest) -> Result<ModelAnswer, PortError> {
        let mut left = self.patience.wait;
        let mut pause = Duration::from_secs(1);
        for _ in 1..self.patience.tries {
            let error = match self.model.read(request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let Retry::Transient { after } = error.retry() else {
                return Err(error);
            };
            let free = cost_of(&error).is_some_and(|c| c.money.is_zero() && c.tokens == 0);
            let wait = after.unwrap_or(pause);
            if !free || wait > left {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            left -= wait;
            pause *= 2;
        }
        self.model.read(request).await
    }
}
