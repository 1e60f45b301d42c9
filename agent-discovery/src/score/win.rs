use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::WinParams;

/// How often leads of each score were won: closed deals by band of the score at qualification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeBook {
    bands: BTreeMap<i64, Closed>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Closed {
    won: u32,
    lost: u32,
}

impl OutcomeBook {
    /// No outcomes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a closed deal whose lead had `score`.
    pub fn record(&mut self, score: i64, won: bool, params: &WinParams) {
        let band = self.bands.entry(band(score, params)).or_default();
        let count = if won { &mut band.won } else { &mut band.lost };
        *count = count.saturating_add(1);
    }

    /// Deals won, and deals closed in all.
    #[must_use]
    pub fn totals(&self) -> (u64, u64) {
        self.bands.values().fold((0, 0), |(won, closed), band| {
            let (w, l) = (u64::from(band.won), u64::from(band.lost));
            (won + w, closed + w + l)
        })
    }

    /// The chance to win a lead of `score`: its band's rate, drawn towards the overall rate by as many deals as the
    /// smoothing says, and that rate itself towards one half by two. Below the sample floor there is none.
    #[must_use]
    pub fn estimate(&self, score: i64, params: &WinParams) -> WinEstimate {
        let (won, closed) = self.totals();
        if closed < u64::from(params.sample_floor) || closed == 0 {
            return WinEstimate::RulesOnly {
                outcomes: closed,
                floor: params.sample_floor,
            };
        }
        let overall = (won + 1) * 1_000_000 / (closed + 2);
        let here = self
            .bands
            .get(&band(score, params))
            .copied()
            .unwrap_or_default();
        let deals = u64::from(here.won) + u64::from(here.lost);
        let weight = u64::from(params.smoothing);
        let ppm = (u64::from(here.won) * 1_000_000 + weight * overall)
            .checked_div(deals + weight)
            .unwrap_or(overall);
        WinEstimate::Counted {
            ppm: u32::try_from(ppm).unwrap_or(1_000_000),
            deals,
            outcomes: closed,
        }
    }
}

fn band(score: i64, params: &WinParams) -> i64 {
    score.div_euclid(i64::from(params.band.max(1)))
}

/// The chance to win a lead, or why there is no figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WinEstimate {
    /// Too few closed deals: the rules decide alone.
    RulesOnly {
        /// Closed deals so far.
        outcomes: u64,
        /// Closed deals needed.
        floor: u32,
    },
    /// Counted from closed deals of leads with a like score.
    Counted {
        /// Parts per million.
        ppm: u32,
        /// Closed deals of a like score.
        deals: u64,
        /// Closed deals in all.
        outcomes: u64,
    },
    /// Foretold by a scorecard learnt from outcomes.
    Learned {
        /// Parts per million.
        ppm: u32,
        /// Closed deals in all.
        outcomes: u64,
    },
}

impl WinEstimate {
    /// The figure in parts per million, where there is one.
    #[must_use]
    pub fn ppm(&self) -> Option<u32> {
        match self {
            Self::RulesOnly { .. } => None,
            Self::Counted { ppm, .. } | Self::Learned { ppm, .. } => Some(*ppm),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_the_floor_the_rules_are_alone_and_say_so() {
        let params = WinParams {
            sample_floor: 4,
            smoothing: 2,
            band: 10,
        };
        let mut book = OutcomeBook::new();
        for _ in 0..3 {
            book.record(5, true, &params);
        }
        assert_eq!(
            book.estimate(5, &params),
            WinEstimate::RulesOnly {
                outcomes: 3,
                floor: 4
            }
        );
        book.record(-5, false, &params);
        // Overall (3 + 1) / (4 + 2); the band 3 of 3, with two deals of that rate.
        assert_eq!(book.estimate(9, &params).ppm(), Some(866_666));
        assert_eq!(book.estimate(-1, &params).ppm(), Some(444_444));
        assert_eq!(book.estimate(500, &params).ppm(), Some(666_666));
    }
}
