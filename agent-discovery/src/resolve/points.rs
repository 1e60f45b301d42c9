use std::fmt;

use serde::{Deserialize, Serialize};

/// Weight of evidence in deci-bans: ten times the decimal logarithm of the odds.
pub type Points = i32;

/// `10^(k/10)` for k = 0 to 9, in thousandths.
const STEPS: [u64; 10] = [1000, 1259, 1585, 1995, 2512, 3162, 3981, 5012, 6310, 7943];

/// Ten times the decimal logarithm of `many / few`, rounded down; 0 where `few` is not less.
pub(super) fn decibans(many: u64, few: u64) -> Points {
    let mut few = u128::from(few.max(1));
    let many = u128::from(many);
    if many <= few {
        return 0;
    }
    let mut points = 0;
    while many >= few * 10 {
        few *= 10;
        points += 10;
    }
    let below = STEPS
        .iter()
        .skip(1)
        .take_while(|step| many * 1000 >= few * u128::from(**step));
    points + i32::try_from(below.count()).unwrap_or(9)
}

/// How likely a match is, in millionths; made from points, for output only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Probability(u32);

impl Probability {
    /// What odds of `points` deci-bans mean; 0 points are one half.
    #[must_use]
    pub fn of(points: Points) -> Self {
        // Beyond six nines nothing is left to print.
        let size = points.unsigned_abs().min(70);
        let step = STEPS.get((size % 10) as usize).copied().unwrap_or(1000);
        let odds = step * 10_u64.pow(size / 10);
        let likely = odds * 1_000_000 / (odds + 1000);
        let likely = u32::try_from(likely).unwrap_or(1_000_000).min(1_000_000);
        Self(if points < 0 {
            1_000_000 - likely
        } else {
            likely
        })
    }

    /// In millionths, 0 to 1,000,000.
    #[must_use]
    pub fn millionths(self) -> u32 {
        self.0
    }
}

/// Six places: `0.990099`.
impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}
