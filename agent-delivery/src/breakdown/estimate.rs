use std::iter::Sum;

use dealwright_core::knowledge::Effort;
use serde::{Deserialize, Serialize};

/// What three guesses come to (PERT), exactly: the mean in sixths of a minute, the variance in
/// thirty-sixths of a square minute.
///
/// Estimates of different tasks add up: means and variances are summed, as if tasks went well or
/// badly each for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Estimate {
    mean_sixths: i64,
    variance_36ths: i64,
}

impl Estimate {
    /// The estimate of one effort: mean `(min + 4 likely + max) / 6`, standard deviation
    /// `(max - min) / 6`.
    #[must_use]
    pub fn of(effort: Effort) -> Self {
        let spread = effort.max.saturating_sub(effort.min);
        Self {
            mean_sixths: effort.expected_sixths(),
            variance_36ths: spread.saturating_mul(spread),
        }
    }

    /// The expected minutes, times six.
    #[must_use]
    pub fn mean_sixths(self) -> i64 {
        self.mean_sixths
    }

    /// The variance in square minutes, times thirty-six.
    #[must_use]
    pub fn variance_36ths(self) -> i64 {
        self.variance_36ths
    }

    /// The expected minutes, rounded up.
    #[must_use]
    pub fn mean(self) -> i64 {
        sixths_up(self.mean_sixths)
    }

    /// The standard deviation in minutes, rounded down.
    #[must_use]
    pub fn deviation(self) -> i64 {
        root(self.variance_36ths) / 6
    }

    /// Minutes that are enough in about four of five cases, rounded up: the mean and .8416
    /// deviations, as if the sum were normally distributed. Not calibrated yet.
    #[must_use]
    pub fn safe(self) -> i64 {
        let more = root(self.variance_36ths).saturating_mul(8_416) / 10_000;
        sixths_up(self.mean_sixths.saturating_add(more))
    }
}

impl Sum for Estimate {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            mean_sixths: sum.mean_sixths.saturating_add(one.mean_sixths),
            variance_36ths: sum.variance_36ths.saturating_add(one.variance_36ths),
        })
    }
}

fn sixths_up(sixths: i64) -> i64 {
    sixths.saturating_add(5).div_euclid(6)
}

/// The square root, rounded down.
fn root(square: i64) -> i64 {
    square.max(0).isqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_estimates_do_not_round() {
        let one = Estimate::of(Effort {
            min: 10,
            likely: 20,
            max: 31,
        });
        assert_eq!((one.mean_sixths(), one.variance_36ths()), (121, 441));
        assert_eq!((one.mean(), one.deviation(), one.safe()), (21, 3, 23));
        let six: Estimate = std::iter::repeat_n(one, 6).sum();
        // Six means of 20 and a sixth are 121, not six times 21.
        assert_eq!((six.mean(), six.variance_36ths()), (121, 6 * 441));
        // The deviation grows with the root only.
        assert_eq!(six.deviation(), 8);
    }
}
